/*
 * x509.h - what the files that use OpenSSL share: certificates, keys and files of them.
 */
#ifndef WIRE_X509_H
#define WIRE_X509_H

#include <openssl/x509.h>

#include "wire/wire.h"

/* Before anything else of OpenSSL: no configuration file is read. May be called often. */
void x509_init(void);
/* Who a certificate says it is, verified against nothing. -EINVAL with *why (static). */
int x509_identity(X509 *cert, struct wire_identity *out, const char **why);
/* NULL, or what is wrong with a public key: EC P-256, EC P-384 and Ed25519 are taken. */
const char *x509_check_key(const EVP_PKEY *key);
/* The digest to sign with; NULL where the kind of key brings its own. */
const EVP_MD *x509_sign_digest(const EVP_PKEY *key);
/* SHA-256 of the public key, hex. */
void x509_key_fingerprint(EVP_PKEY *key, char out[WIRE_FINGERPRINT_LEN + 1]);

/* "FILE: WHAT: what OpenSSL said last". Owned; empties its queue of errors. */
char *x509_error(const char *file, const char *what);

/* NULL with *error set: not a regular file, a key that everybody can read, no PEM. What is encrypted is refused, nobody is asked for a password. */
EVP_PKEY *x509_read_key(const char *file, char **error);
X509 *x509_read_certificate(const char *file, char **error);
/* Writes with identity.h's care: 0600 for keys, 0644 for certificates. 0, or -errno with *error; -EEXIST: a key is
 * never replaced. */
int x509_write_key(const char *file, EVP_PKEY *key, char **error);
int x509_write_certificate(const char *file, X509 *cert, char **error);
EVP_PKEY *x509_new_key(void);			/* EC P-256 */

#endif
