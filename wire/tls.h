/*
 * tls.h - TLS 1.3 for connections: our own certificate, and whom we take for a peer.
 *
 * Trust is one CA. A client verifies the server's chain and who it is (wire_dial.expect); a server accepts every
 * client, with a certificate or without, and says in wire_peer what the certificate is worth: so that who is
 * turned away reads why in the status of its calls, and an expired one can renew itself.
 *
 * ALPN is "h2", or "rh2" for the reverse channel; of clients that came for a file (files.h) also "http/1.1" and
 * "http/1.0". No tickets, no early data: every connection is verified anew.
 */
#ifndef WIRE_TLS_H
#define WIRE_TLS_H

#include <stdbool.h>
#include <stdint.h>

struct wire_tls;

enum { TLS_PIN_LEN = 32 };

struct tls_config {		/* paths are copied */
	const char *cert_file;	/* PEM: our certificate; NULL: none, we are a client without one */
	const char *key_file;	/* PEM */
	const char *ca_file;	/* PEM: the one CA that is trusted; a server sends it along with its own certificate */
	/* Without a CA file, for a client that enrols: */
	const uint8_t *pin;	/* SHA-256 of the DER of the CA's certificate, TLS_PIN_LEN bytes; copied */
	bool trust_first;	/* neither: whatever CA the server shows is taken, wire_peer.ca says which */
};

/* NULL with *error set to owned words that name the file. */
struct wire_tls *wire_tls_new(const struct tls_config *config, char **error);
/* After every connection that uses it. NULL is fine. */
void wire_tls_free(struct wire_tls *tls);
/* Reads the files again. Connections stay; new ones use what was read. 0, or -errno with *error: as before. */
int wire_tls_reload(struct wire_tls *tls, char **error);
/* `serial` in lower-case hex, as in wire_identity. Asked at every handshake. */
void wire_tls_set_revoked(struct wire_tls *tls, bool (*is_revoked)(const char *serial, void *arg), void *arg);

#endif
