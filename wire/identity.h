/*
 * identity.h - keys, certificate requests and certificates of those who have a master: agents and operators.
 *
 * A key never leaves its machine and never its file but into the process that uses it; what held it in memory is
 * wiped. Files are written beside their place (O_EXCL, 0600), fsynced and renamed, the directory fsynced: at every
 * moment there is the old one or the new one. Functions return 0, or -errno with *error set to owned words that
 * name the file and say what is wrong with it.
 */
#ifndef WIRE_IDENTITY_H
#define WIRE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/wire.h"

/* "agent", "operator", "master"; "" for none. */
const char *identity_kind_name(enum wire_kind kind);
enum wire_kind identity_kind_parse(const char *name);		/* WIRE_KIND_NONE: no such kind */

/* spiffe://CLUSTER/KIND/NAME. Owned. */
char *identity_uri(const char *cluster, enum wire_kind kind, const char *name);
/* Fills kind, name and cluster. -EINVAL: no identity of ours, *why (static) says what is wrong. */
int identity_parse_uri(const char *uri, size_t len, struct wire_identity *out, const char **why);

/* A new EC P-256 key, PKCS#8 PEM. -EEXIST when there is a file already. */
int identity_make_key(const char *key_file, char **error);
/* A PKCS#10 request with the public key of key_file, an empty subject and no attributes, as owned DER. */
int identity_request(const char *key_file, uint8_t **der, size_t *len, char **error);
/* SHA-256 of the public key of key_file, hex. */
int identity_key_fingerprint(const char *key_file, char out[WIRE_FINGERPRINT_LEN + 1], char **error);

/* Writes a certificate in PEM; what is no certificate is -EINVAL. */
int identity_save_certificate(const char *cert_file, const uint8_t *der, size_t len, char **error);
/* What the certificate says, verified against nothing. */
int identity_read_certificate(const char *cert_file, struct wire_identity *out, char **error);
int identity_parse_certificate(const uint8_t *der, size_t len, struct wire_identity *out, char **error);
/* -EINVAL: the certificate is of another key. */
int identity_check_pair(const char *key_file, const char *cert_file, char **error);
/* -EINVAL: not signed by that CA's key. Times are not looked at. */
int identity_check_issuer(const uint8_t *cert, size_t cert_len, const uint8_t *ca, size_t ca_len, char **error);
/* The DER of the first certificate in a PEM file, owned. */
int identity_read_der(const char *cert_file, uint8_t **der, size_t *len, char **error);

/* SHA-256 of bytes, hex: the fingerprint of a CA is that of its certificate's DER. */
void identity_fingerprint(const uint8_t *der, size_t len, char out[WIRE_FINGERPRINT_LEN + 1]);

#endif
