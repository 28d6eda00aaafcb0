/*
 * store_tokens.c - the table of tokens.
 */
#include "master/store_internal.h"
#include "master/store_trust.h"
#include "wire/identity.h"

#define COLUMNS "id, secret_sha256, role, name_glob, uses_left, created_s, expires_s, created_by, is_replacing, is_revoked"

void store_put_token(struct store *s, const struct token_record *token)
{
	sqlite3_stmt *stmt = store_prepare(s, PUT_TOKEN, "INSERT INTO tokens (" COLUMNS ")"
							 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");

	if (!stmt)
		return;
	store_bind_text(stmt, 1, token->id);
	store_bind_text(stmt, 2, token->secret_sha256);
	store_bind_text(stmt, 3, identity_kind_name(token->role));
	store_bind_text(stmt, 4, token->name_glob);
	sqlite3_bind_int64(stmt, 5, token->uses_left);
	sqlite3_bind_int64(stmt, 6, token->created_s);
	sqlite3_bind_int64(stmt, 7, token->expires_s);
	store_bind_text(stmt, 8, token->created_by);
	sqlite3_bind_int(stmt, 9, token->is_replacing);
	sqlite3_bind_int(stmt, 10, token->is_revoked);
	store_run(s, stmt);
}

static void take(sqlite3_stmt *stmt, struct token_record *out)
{
	*out = (struct token_record){
		.role = identity_kind_parse(store_column(stmt, 2)),
		.uses_left = (uint32_t)sqlite3_column_int64(stmt, 4),
		.created_s = sqlite3_column_int64(stmt, 5),
		.expires_s = sqlite3_column_int64(stmt, 6),
		.is_replacing = sqlite3_column_int(stmt, 8) != 0,
		.is_revoked = sqlite3_column_int(stmt, 9) != 0,
	};
	store_copy(stmt, 0, out->id, sizeof out->id);
	store_copy(stmt, 1, out->secret_sha256, sizeof out->secret_sha256);
	store_copy(stmt, 3, out->name_glob, sizeof out->name_glob);
	store_copy(stmt, 7, out->created_by, sizeof out->created_by);
}

int store_find_token(struct store *s, const char *id, struct token_record *out)
{
	sqlite3_stmt *stmt;
	int rc;

	store_ready(s);
	stmt = store_prepare(s, FIND_TOKEN, "SELECT " COLUMNS " FROM tokens WHERE id = ?1");
	store_bind_text(stmt, 1, id);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		take(stmt, out);
	return store_end_read(s, stmt, rc);
}

int store_each_token(struct store *s, void (*on_token)(const struct token_record *token, void *arg), void *arg)
{
	struct token_record token;
	sqlite3_stmt *stmt;
	int rc;

	store_ready(s);
	stmt = store_prepare_once(s, "SELECT " COLUMNS " FROM tokens ORDER BY created_s, id");
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		take(stmt, &token);
		on_token(&token, arg);
	}
	return store_end_rows(s, stmt, rc);
}

int store_count_tokens(struct store *s, unsigned *n)
{
	sqlite3_stmt *stmt;
	int rc;

	store_ready(s);
	stmt = store_prepare(s, COUNT_TOKENS, "SELECT count(*) FROM tokens");
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*n = (unsigned)sqlite3_column_int(stmt, 0);
	return store_end_read(s, stmt, rc);
}

static void change(struct store *s, enum statement which, const char *sql, const char *id)
{
	sqlite3_stmt *stmt = store_prepare(s, which, sql);

	if (!stmt)
		return;
	store_bind_text(stmt, 1, id);
	store_run(s, stmt);
}

void store_use_token(struct store *s, const char *id)
{
	change(s, USE_TOKEN, "UPDATE tokens SET uses_left = uses_left - 1 WHERE id = ?1 AND uses_left > 0", id);
}

void store_revoke_token(struct store *s, const char *id)
{
	change(s, REVOKE_TOKEN, "UPDATE tokens SET is_revoked = 1 WHERE id = ?1", id);
}

void store_drop_tokens(struct store *s, int64_t expired_before_s, bool all_ended)
{
	sqlite3_stmt *stmt = store_prepare(s, DROP_TOKENS, "DELETE FROM tokens WHERE expires_s < ?1"
							   " OR (?2 AND (uses_left = 0 OR is_revoked))");

	if (!stmt)
		return;
	sqlite3_bind_int64(stmt, 1, expired_before_s);
	sqlite3_bind_int(stmt, 2, all_ended);
	store_run(s, stmt);
}
