/*
 * store_trust.c - the tables of identities, of their certificates, and of what was revoked.
 */
#include "master/store_trust.h"

#include <string.h>

#include "common/mem.h"
#include "master/store_internal.h"
#include "wire/identity.h"

const char *const identity_state_names[IDENTITY_STATES] = {
	[IDENTITY_PENDING] = "pending", [IDENTITY_DENIED] = "denied", [IDENTITY_ACCEPTED] = "accepted",
	[IDENTITY_REJECTED] = "rejected", [IDENTITY_REVOKED] = "revoked",
};
const char *const identity_trust_names[TRUST_N] = {
	[TRUST_TOKEN] = "token", [TRUST_ACCEPTED] = "accepted", [TRUST_FIRST_USE] = "first use",
};

/* What nobody knows is `otherwise`. */
static unsigned parse_name(const char *const *names, unsigned n, const char *text, unsigned otherwise)
{
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(names[i], text))
			return i;
	return otherwise;
}

/* ---- identities ---- */

#define COLUMNS "kind, name, key, state, trust, serial, issued_s, not_after_s, token, address, from_host, asked_s," \
		" decided_s, decided_by"

void store_put_identity(struct store *s, const struct identity_record *r)
{
	sqlite3_stmt *stmt = store_prepare(s, PUT_IDENTITY,
		"INSERT INTO identities (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
		" ON CONFLICT (kind, name, key) DO UPDATE SET state = ?4, trust = ?5, serial = ?6, issued_s = ?7,"
		" not_after_s = ?8, token = ?9, address = ?10, from_host = ?11, asked_s = ?12, decided_s = ?13,"
		" decided_by = ?14");

	if (!stmt)
		return;
	store_bind_text(stmt, 1, identity_kind_name(r->kind));
	store_bind_text(stmt, 2, r->name);
	store_bind_text(stmt, 3, r->key);
	store_bind_text(stmt, 4, identity_state_names[r->state]);
	store_bind_text(stmt, 5, identity_trust_names[r->trust]);
	store_bind_text(stmt, 6, r->serial);
	sqlite3_bind_int64(stmt, 7, r->issued_s);
	sqlite3_bind_int64(stmt, 8, r->not_after_s);
	store_bind_text(stmt, 9, r->token);
	store_bind_text(stmt, 10, r->address);
	store_bind_text(stmt, 11, r->from);
	sqlite3_bind_int64(stmt, 12, r->asked_s);
	sqlite3_bind_int64(stmt, 13, r->decided_s);
	store_bind_text(stmt, 14, r->decided_by);
	store_run(s, stmt);
}

static void take(sqlite3_stmt *stmt, struct identity_record *out)
{
	*out = (struct identity_record){
		.kind = identity_kind_parse(store_column(stmt, 0)),
		.state = parse_name(identity_state_names, IDENTITY_STATES, store_column(stmt, 3), IDENTITY_REVOKED),
		.trust = parse_name(identity_trust_names, TRUST_N, store_column(stmt, 4), TRUST_FIRST_USE),
		.issued_s = sqlite3_column_int64(stmt, 6),
		.not_after_s = sqlite3_column_int64(stmt, 7),
		.asked_s = sqlite3_column_int64(stmt, 11),
		.decided_s = sqlite3_column_int64(stmt, 12),
	};
	store_copy(stmt, 1, out->name, sizeof out->name);
	store_copy(stmt, 2, out->key, sizeof out->key);
	store_copy(stmt, 5, out->serial, sizeof out->serial);
	store_copy(stmt, 8, out->token, sizeof out->token);
	store_copy(stmt, 9, out->address, sizeof out->address);
	store_copy(stmt, 10, out->from, sizeof out->from);
	store_copy(stmt, 13, out->decided_by, sizeof out->decided_by);
}

/* The bound statement's only row. */
static int find(struct store *s, sqlite3_stmt *stmt, struct identity_record *out)
{
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW)
		take(stmt, out);
	return store_end_read(s, stmt, rc);
}

int store_find_identity(struct store *s, enum wire_kind kind, const char *name, const char *key, struct identity_record *out)
{
	sqlite3_stmt *stmt;

	store_ready(s);
	stmt = store_prepare(s, FIND_IDENTITY, "SELECT " COLUMNS " FROM identities WHERE kind = ?1 AND name = ?2 AND key = ?3");
	store_bind_text(stmt, 1, identity_kind_name(kind));
	store_bind_text(stmt, 2, name);
	store_bind_text(stmt, 3, key);
	return find(s, stmt, out);
}

int store_find_holder(struct store *s, enum wire_kind kind, const char *name, struct identity_record *out)
{
	sqlite3_stmt *stmt;

	store_ready(s);
	stmt = store_prepare(s, FIND_HOLDER, "SELECT " COLUMNS " FROM identities"
					     " WHERE kind = ?1 AND name = ?2 AND state = 'accepted'");
	store_bind_text(stmt, 1, identity_kind_name(kind));
	store_bind_text(stmt, 2, name);
	return find(s, stmt, out);
}

int store_each_identity(struct store *s, void (*on_identity)(const struct identity_record *identity, void *arg), void *arg)
{
	struct identity_record record;
	sqlite3_stmt *stmt;
	int rc;

	store_ready(s);
	stmt = store_prepare_once(s, "SELECT " COLUMNS " FROM identities"
				     " ORDER BY kind, name, state = 'accepted' DESC, asked_s, key");
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		take(stmt, &record);
		on_identity(&record, arg);
	}
	return store_end_rows(s, stmt, rc);
}

void store_delete_identity(struct store *s, const struct identity_record *r)
{
	sqlite3_stmt *stmt = store_prepare(s, DELETE_IDENTITY,
					   "DELETE FROM identities WHERE kind = ?1 AND name = ?2 AND key = ?3");

	if (!stmt)
		return;
	store_bind_text(stmt, 1, identity_kind_name(r->kind));
	store_bind_text(stmt, 2, r->name);
	store_bind_text(stmt, 3, r->key);
	store_run(s, stmt);
}

int store_count_waiting(struct store *s, const char *host, unsigned *all, unsigned *of_host)
{
	sqlite3_stmt *stmt;
	int rc;

	store_ready(s);
	stmt = store_prepare(s, COUNT_WAITING, "SELECT count(*), coalesce(sum(from_host = ?1), 0) FROM identities"
					       " WHERE state IN ('pending', 'denied')");
	store_bind_text(stmt, 1, host);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		*all = (unsigned)sqlite3_column_int(stmt, 0);
		*of_host = (unsigned)sqlite3_column_int(stmt, 1);
	}
	return store_end_read(s, stmt, rc);
}

/* Deletes what is older than a time. */
static void drop(struct store *s, enum statement which, const char *sql, int64_t before_s)
{
	sqlite3_stmt *stmt = store_prepare(s, which, sql);

	if (!stmt)
		return;
	sqlite3_bind_int64(stmt, 1, before_s);
	store_run(s, stmt);
}

void store_drop_waiting(struct store *s, int64_t asked_before_s)
{
	drop(s, DROP_WAITING, "DELETE FROM identities WHERE state IN ('pending', 'denied') AND asked_s < ?1", asked_before_s);
}

void store_drop_rejected(struct store *s, int64_t decided_before_s)
{
	drop(s, DROP_REJECTED, "DELETE FROM identities WHERE state = 'rejected' AND decided_s < ?1", decided_before_s);
}

/* ---- certificates ---- */

void store_put_certificate(struct store *s, const struct certificate_record *c, const uint8_t *der, size_t len)
{
	sqlite3_stmt *stmt = store_prepare(s, PUT_CERTIFICATE,
					   "INSERT OR REPLACE INTO certificates VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");

	if (!stmt)
		return;
	store_bind_text(stmt, 1, c->identity.serial);
	store_bind_text(stmt, 2, identity_kind_name(c->identity.kind));
	store_bind_text(stmt, 3, c->identity.name);
	store_bind_text(stmt, 4, c->identity.key);
	sqlite3_bind_int64(stmt, 5, c->issued_s);
	sqlite3_bind_int64(stmt, 6, c->identity.not_after_s);
	sqlite3_bind_blob64(stmt, 7, len ? (const void *)der : "", len, SQLITE_STATIC);
	store_run(s, stmt);
}

#define CERTIFICATE "serial, kind, name, key, issued_s, not_after_s"

static void take_certificate(sqlite3_stmt *stmt, struct certificate_record *out)
{
	*out = (struct certificate_record){
		.identity.kind = identity_kind_parse(store_column(stmt, 1)),
		.issued_s = sqlite3_column_int64(stmt, 4),
		.identity.not_after_s = sqlite3_column_int64(stmt, 5),
	};
	store_copy(stmt, 0, out->identity.serial, sizeof out->identity.serial);
	store_copy(stmt, 2, out->identity.name, sizeof out->identity.name);
	store_copy(stmt, 3, out->identity.key, sizeof out->identity.key);
}

int store_find_certificate(struct store *s, const char *serial, struct certificate_record *out, uint8_t **der, size_t *len)
{
	sqlite3_stmt *stmt;
	size_t n;
	int rc;

	store_ready(s);
	stmt = store_prepare(s, FIND_CERTIFICATE, "SELECT " CERTIFICATE ", der FROM certificates WHERE serial = ?1");
	store_bind_text(stmt, 1, serial);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		take_certificate(stmt, out);
		n = (size_t)sqlite3_column_bytes(stmt, 6);
		if (der)
			*der = n ? mem_dup(sqlite3_column_blob(stmt, 6), n) : NULL;
		if (len)
			*len = n;
	}
	return store_end_read(s, stmt, rc);
}

int store_count_certificates(struct store *s, enum wire_kind kind, const char *name, int64_t now_s, unsigned *n)
{
	sqlite3_stmt *stmt;
	int rc;

	store_ready(s);
	stmt = store_prepare(s, COUNT_CERTIFICATES, "SELECT count(*) FROM certificates"
						    " WHERE kind = ?1 AND name = ?2 AND not_after_s > ?3");
	store_bind_text(stmt, 1, identity_kind_name(kind));
	store_bind_text(stmt, 2, name);
	sqlite3_bind_int64(stmt, 3, now_s);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*n = (unsigned)sqlite3_column_int(stmt, 0);
	return store_end_read(s, stmt, rc);
}

int store_each_certificate(struct store *s, enum wire_kind kind, const char *name,
			   void (*on_certificate)(const struct certificate_record *c, void *arg), void *arg)
{
	struct certificate_record c;
	sqlite3_stmt *stmt;
	int rc;

	store_ready(s);
	stmt = store_prepare(s, EACH_CERTIFICATE, "SELECT " CERTIFICATE " FROM certificates"
						  " WHERE kind = ?1 AND name = ?2"
						  " AND serial NOT IN (SELECT serial FROM revoked)");
	store_bind_text(stmt, 1, identity_kind_name(kind));
	store_bind_text(stmt, 2, name);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		take_certificate(stmt, &c);
		on_certificate(&c, arg);
	}
	return store_end_rows(s, stmt, rc);
}

void store_drop_certificates(struct store *s, int64_t expired_before_s)
{
	drop(s, DROP_CERTIFICATES, "DELETE FROM certificates WHERE not_after_s < ?1", expired_before_s);
}

/* ---- what was revoked ---- */

void store_put_revoked(struct store *s, const struct revoked_record *r)
{
	sqlite3_stmt *stmt = store_prepare(s, PUT_REVOKED, "INSERT OR IGNORE INTO revoked VALUES (?1, ?2, ?3, ?4, ?5)");

	if (!stmt)
		return;
	store_bind_text(stmt, 1, r->serial);
	store_bind_text(stmt, 2, identity_kind_name(r->kind));
	store_bind_text(stmt, 3, r->name);
	sqlite3_bind_int64(stmt, 4, r->at_s);
	sqlite3_bind_int64(stmt, 5, r->not_after_s);
	store_run(s, stmt);
}

void store_apply_revoked(struct store *s)
{
	sqlite3_stmt *stmt = store_prepare(s, APPLY_REVOKED, "UPDATE identities SET state = 'revoked' WHERE state = 'accepted'"
							     " AND serial IN (SELECT serial FROM revoked)");

	if (stmt)
		store_run(s, stmt);
}

int store_each_revoked(struct store *s, void (*on_revoked)(const struct revoked_record *revoked, void *arg), void *arg)
{
	struct revoked_record r;
	sqlite3_stmt *stmt;
	int rc;

	store_ready(s);
	stmt = store_prepare_once(s, "SELECT serial, kind, name, at_s, not_after_s FROM revoked");
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		r = (struct revoked_record){
			.kind = identity_kind_parse(store_column(stmt, 1)),
			.at_s = sqlite3_column_int64(stmt, 3),
			.not_after_s = sqlite3_column_int64(stmt, 4),
		};
		store_copy(stmt, 0, r.serial, sizeof r.serial);
		store_copy(stmt, 2, r.name, sizeof r.name);
		on_revoked(&r, arg);
	}
	return store_end_rows(s, stmt, rc);
}
