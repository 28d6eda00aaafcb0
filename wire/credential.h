/*
 * credential.h - what an agent or operator keeps of its identity: STEM.key, STEM.crt and ca.crt in one directory.
 *
 * A new key waits as STEM.key.new from the first request on, through restarts, until its certificate comes; both then
 * take the place of the old ones. A kill or a failure at any moment leaves, after the next credential_open() or
 * credential_recover(), the old pair or the new one. Functions return 0, or -errno with *error set to owned words.
 */
#ifndef WIRE_CREDENTIAL_H
#define WIRE_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/wire.h"

struct credential {		/* paths, owned */
	char *dir, *key, *cert, *ca, *new_key, *new_cert;
};

/* Completes what was interrupted. Nothing is made. */
int credential_open(struct credential *c, const char *dir, const char *stem, char **error);
/* The same for what credential_take() could not finish. */
int credential_recover(const struct credential *c, char **error);
void credential_done(struct credential *c);

/* There is a certificate, with its key and its CA. Whether they can be used is for wire_tls_new() to say: who took what is
 * damaged or badly protected for missing would ask for another identity under a name that has one. */
bool credential_is_complete(const struct credential *c);
/* What the certificate says. */
int credential_read(const struct credential *c, struct wire_identity *out, char **error);
/* A request for the new key, which is made when there is none; owned DER. */
int credential_request(const struct credential *c, uint8_t **csr, size_t *len, char **error);
/* SHA-256 of the public key that asks, hex. */
int credential_fingerprint(const struct credential *c, char out[WIRE_FINGERPRINT_LEN + 1], char **error);
/*
 * The certificate has come: it has to be of the new key, of that CA and of who asked, and the CA that of before if there
 * was one. Takes the place of the old one. `name` NULL: any.
 */
int credential_take(const struct credential *c, enum wire_kind kind, const char *name, const uint8_t *cert, size_t cert_len, const uint8_t *ca, size_t ca_len,
		    char **error);

/* When a certificate is to be renewed: after two thirds of its life, up to a tenth of it earlier or later by
 * `jitter` (any number, the same every time). Unix seconds. */
int64_t credential_renewal_s(const struct wire_identity *who, uint32_t jitter);

#endif
