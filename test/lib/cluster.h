/*
 * cluster.h - a master with a CA, TLS and enrolment, on top of world.h, and members that have keys.
 *
 * On the unix socket everybody has every role; over TLS the certificate tells: roles as the master gives them.
 */
#ifndef TEST_LIB_CLUSTER_H
#define TEST_LIB_CLUSTER_H

#include "master/ca.h"
#include "test/lib/world.h"
#include "wire/tls.h"

struct cluster {
	struct world w;
	struct wire_tls *tls;
	struct wire_listener *port;
	char dir[TMP_DIR_MAX + 32];
	const char *unknown;		/* what the last admission said of a certificate */
};

void cluster_open(struct cluster *c);
void cluster_close(struct cluster *c);
/* A file of the state directory. In a static buffer. */
const char *cluster_file(const struct cluster *c, const char *leaf);
/* The master's memory is lost; `between` does something to its files. */
void cluster_restart(struct cluster *c, void (*between)(struct cluster *c));

struct member {
	struct cluster *c;
	char key_file[200], cert_file[200], key[WIRE_FINGERPRINT_LEN + 1];
	uint8_t *csr;
	size_t csr_len;
	struct wire *wire;
	struct wire_tls *tls;
	struct wire_conn *conn;
	unsigned n_up, n_down;
	char why[200];
};

/* With a new key, not connected. */
void member_open(struct member *m, struct cluster *c);
void member_close(struct member *m);
/* Asks for a certificate on the unix socket; `token` may be "". The response is valid until the next. */
const Sloth__V1__EnrollResponse *member_enroll(struct member *m, const char *name, const char *token);
/* The same where the call is to fail. */
void member_enroll_fails(struct member *m, const char *name, const char *token, enum wire_code code, const char *words);
/* Keeps a certificate that was issued. */
void member_keep(struct member *m, const Sloth__V1__EnrollResponse *response);
/* Over TLS with the certificate, and waits until it is up. */
void member_connect(struct member *m);
/* A call on that connection. */
void member_call(struct member *m, const char *path, const ProtobufCMessage *request, struct record *r);

#endif
