/*
 * ca.h - the master's certificate authority: one EC P-256 key for 10 years, and the master's own leaf.
 *
 * Files in the state directory: ca.key (may be elsewhere), ca.crt, master.key, master.crt, cluster. What is missing
 * of the leaf is made anew; a CA is only made where there is no trace of one: a key that is gone or cannot be read
 * is an error with words, never a new CA.
 *
 * Certificates: exactly one URI SAN (and for the master the DNS name "slothd-master"), built as structs and never
 * from a string that is parsed; EKU client and server; CA:FALSE; valid from 24 h ago (machines without a clock
 * battery); 128 random bits of serial number. Names and roles come from the arguments, from a request comes the
 * public key alone.
 */
#ifndef MASTER_CA_H
#define MASTER_CA_H

#include <stddef.h>
#include <stdint.h>

#include "wire/wire.h"

struct ca;

enum {
	CA_DAYS = 3650, CA_MASTER_DAYS = 90, CA_AGENT_DAYS = 90, CA_OPERATOR_DAYS = 30,
	CA_BACKDATE_S = 24 * 3600
};

/*
 * Opens the CA of a state directory, or makes it. `key_file`: NULL for ca.key there. EXIT_OK, or an exit status with
 * *error set to owned words. The directory's lock is held by the caller.
 */
int ca_open(const char *state_dir, const char *key_file, struct ca **ca, char **error);
/* The CA that is there, to be shown: it signs nothing, nothing is written, no lock is needed. As above. */
int ca_look(const char *state_dir, struct ca **ca, char **error);
void ca_free(struct ca *ca);

const char *ca_cluster(const struct ca *ca);		/* 32 hex digits */
const char *ca_fingerprint(const struct ca *ca);	/* SHA-256 of its certificate, hex */
const uint8_t *ca_certificate(const struct ca *ca, size_t *len);	/* DER */
const char *ca_cert_file(const struct ca *ca);
int64_t ca_not_before(const struct ca *ca);		/* unix seconds */
int64_t ca_not_after(const struct ca *ca);		/* unix seconds */

/* Makes the master's leaf when it is missing, of another CA, or past two thirds of its life. 1: made, 0: as it was,
 * or -errno with *error. */
int ca_refresh_leaf(struct ca *ca, int64_t now_s, char **error);
const char *ca_leaf_file(const struct ca *ca);
const char *ca_leaf_key_file(const struct ca *ca);

/*
 * Checks a PKCS#10 request: its own signature, a key of EC P-256, P-384 or Ed25519. Fills key (its fingerprint).
 * Everything else in it is ignored. -EINVAL with *why (static).
 */
int ca_check_request(const uint8_t *csr, size_t len, char key[WIRE_FINGERPRINT_LEN + 1], const char **why);
/* Signs the public key of a checked request. The certificate as owned DER; `out` says what is in it. -errno with
 * *error. */
int ca_sign(struct ca *ca, const uint8_t *csr, size_t csr_len, enum wire_kind kind, const char *name, int64_t now_s,
	    uint32_t days, uint8_t **der, size_t *len, struct wire_identity *out, char **error);

#endif
