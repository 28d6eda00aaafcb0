/*
 * tls_session.h - what tls.c, tls_io.c and tls_verify.c share.
 */
#ifndef WIRE_TLS_SESSION_H
#define WIRE_TLS_SESSION_H

#include <openssl/ssl.h>

#include "wire/guard.h"
#include "wire/tls.h"
#include "wire/transport.h"

struct tls {
	struct wire_tls face;		/* first: a struct wire_tls is one of these */
	char *cert_file, *key_file, *ca_file;
	uint8_t pin[TLS_PIN_LEN];
	bool has_pin, trust_first;
	SSL_CTX *client, *server;	/* of the files as they were read last */
	X509 *ca;			/* NULL: has_pin or trust_first */
	bool (*is_revoked)(const char *serial, void *arg);
	void *arg;
};

/* One connection's TLS. */
struct tls_session {
	struct transport t;		/* first */
	struct tls *tls;
	struct transport *below;
	SSL *ssl;
	struct transport_peer peer;
	enum wire_kind expect;
	char expect_name[WIRE_NAME_MAX + 1];	/* "": any */
	bool is_client, is_broken, is_at_end;
	size_t barren;			/* bytes taken from below since the last ones that were given */
	int io_error;			/* -errno that the socket said last; 0: none */
	int ended;			/* what read met behind bytes that it still could give */
	bool has_ended;
	bool has_more;			/* the last read has not met the end of what is there */
	bool is_dry;			/* the socket has nothing more for now */
	struct guard_bucket updates;	/* of the peer's keys */
	bool is_flooded;		/* by them */
	char why[240];
};

struct transport *tls_session_new(struct tls *tls, SSL_CTX *ctx, struct transport *below, const struct transport_wish *wish);

/*
 * Judges the certificate that a peer has shown, with those that it sent along: fills s->peer. X509_V_OK, or the
 * X509_V_ERR_* that tells the peer (and s->peer.refused) why not.
 */
int tls_verify(struct tls_session *s, X509 *leaf, STACK_OF(X509) *sent);
/* For SSL_CTX_set_cert_verify_callback(). */
int tls_verify_callback(X509_STORE_CTX *ctx, void *tls);

#endif
