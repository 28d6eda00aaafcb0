/*
 * store_trust.h - whom the master trusts, on disk: tokens, identities, their certificates, what was revoked. The
 * database is the only place of all of it, but for the file of revoked.h.
 *
 * Functions without a result belong between store_begin_durable() and store_commit(). Those with a result read, in a
 * transaction or outside; 0, or -errno: -ENOENT: there is none; -EUCLEAN: damage was met, the database was replaced
 * and is empty; another: it cannot be read at this time. Names, keys and so on are what their modules allow.
 */
#ifndef MASTER_STORE_TRUST_H
#define MASTER_STORE_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/wire.h"

struct store;

enum { TRUST_ADDRESS_MAX = 128, TRUST_HOST_MAX = 64, TRUST_WHO_MAX = 128, TRUST_TOKEN_ID_LEN = 8 };

/* ---- tokens ---- */

struct token_record {
	char id[TRUST_TOKEN_ID_LEN + 1];		/* hex */
	char secret_sha256[WIRE_FINGERPRINT_LEN + 1];	/* hex */
	enum wire_kind role;
	char name_glob[WIRE_NAME_MAX + 1];
	uint32_t uses_left;
	int64_t created_s, expires_s;
	char created_by[TRUST_WHO_MAX + 1];
	bool is_replacing, is_revoked;
};

void store_put_token(struct store *s, const struct token_record *token);
int store_find_token(struct store *s, const char *id, struct token_record *out);
/* Oldest first. The callback calls nothing of the store. */
int store_each_token(struct store *s, void (*on_token)(const struct token_record *token, void *arg), void *arg);
int store_count_tokens(struct store *s, unsigned *n);
void store_use_token(struct store *s, const char *id);		/* one use less */
void store_revoke_token(struct store *s, const char *id);
/* Those that expired before a time; with `all_ended` also those that are used up or revoked. */
void store_drop_tokens(struct store *s, int64_t expired_before_s, bool all_ended);

/* ---- identities ---- */

/* A key under a name. At most one key of a name is accepted. */
enum identity_state { IDENTITY_PENDING, IDENTITY_DENIED, IDENTITY_ACCEPTED, IDENTITY_REJECTED, IDENTITY_REVOKED, IDENTITY_STATES };
enum identity_trust { TRUST_TOKEN, TRUST_ACCEPTED, TRUST_FIRST_USE, TRUST_N };
extern const char *const identity_state_names[IDENTITY_STATES];	/* as the protocol has them */
extern const char *const identity_trust_names[TRUST_N];

struct identity_record {
	enum wire_kind kind;
	char name[WIRE_NAME_MAX + 1];
	char key[WIRE_FINGERPRINT_LEN + 1];
	enum identity_state state;
	enum identity_trust trust;
	char serial[WIRE_SERIAL_MAX + 1];		/* of its newest certificate; "": none */
	int64_t issued_s, not_after_s;			/* of that one */
	char token[TRUST_TOKEN_ID_LEN + 1];		/* that brought it in; "": none */
	char address[TRUST_ADDRESS_MAX + 1];		/* as reported */
	char from[TRUST_HOST_MAX + 1];			/* the host that asked */
	int64_t asked_s, decided_s;
	char decided_by[TRUST_WHO_MAX + 1];
};

void store_put_identity(struct store *s, const struct identity_record *identity);
void store_delete_identity(struct store *s, const struct identity_record *identity);
int store_find_identity(struct store *s, enum wire_kind kind, const char *name, const char *key,
			struct identity_record *out);
/* The accepted one. */
int store_find_holder(struct store *s, enum wire_kind kind, const char *name, struct identity_record *out);
/* By kind, name and time, the accepted one of a name first. The callback calls nothing of the store. */
int store_each_identity(struct store *s, void (*on_identity)(const struct identity_record *identity, void *arg), void *arg);
/* Pending and denied ones: of all hosts, and of one. */
int store_count_waiting(struct store *s, const char *host, unsigned *all, unsigned *of_host);
void store_drop_waiting(struct store *s, int64_t asked_before_s);
void store_drop_rejected(struct store *s, int64_t decided_before_s);

/* ---- certificates ---- */

struct certificate_record {
	struct wire_identity identity;			/* cluster is not kept */
	int64_t issued_s;
};

void store_put_certificate(struct store *s, const struct certificate_record *c, const uint8_t *der, size_t len);
/* `der` and `len` may be NULL; *der is owned, and NULL where it is not known. */
int store_find_certificate(struct store *s, const char *serial, struct certificate_record *out, uint8_t **der, size_t *len);
/* Of one identity, not expired. */
int store_count_certificates(struct store *s, enum wire_kind kind, const char *name, int64_t now_s, unsigned *n);
void store_drop_certificates(struct store *s, int64_t expired_before_s);

/* ---- what was revoked ---- */

struct revoked_record {
	char serial[WIRE_SERIAL_MAX + 1];
	enum wire_kind kind;
	char name[WIRE_NAME_MAX + 1];
	int64_t at_s, not_after_s;
};

void store_put_revoked(struct store *s, const struct revoked_record *revoked);
int store_each_revoked(struct store *s, void (*on_revoked)(const struct revoked_record *revoked, void *arg), void *arg);
/* Identities whose newest certificate is revoked are no longer accepted: for a database older than that. */
void store_apply_revoked(struct store *s);
/* The certificates of a name, of all of its keys, that are not revoked. */
int store_each_certificate(struct store *s, enum wire_kind kind, const char *name,
			   void (*on_certificate)(const struct certificate_record *c, void *arg), void *arg);

#endif
