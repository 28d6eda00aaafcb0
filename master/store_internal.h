/*
 * store_internal.h - what the files of the store share; nobody else includes it.
 *
 *   store.c         the connection: opening, migrations, damage, transactions
 *   store_agents.c  the registry
 *   store_trust.c   identities, their certificates, what was revoked
 *   store_tokens.c  tokens
 *   store_runs.c    the history of runs
 */
#ifndef MASTER_STORE_INTERNAL_H
#define MASTER_STORE_INTERNAL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

/* Prepared at their first use and kept. */
enum statement {
	PUT_AGENT, PUT_FACTS, PUT_SEEN, DELETE_AGENT, DELETE_FACTS,
	PUT_TOKEN, FIND_TOKEN, USE_TOKEN, REVOKE_TOKEN, DROP_TOKENS, COUNT_TOKENS,
	PUT_IDENTITY, FIND_IDENTITY, FIND_HOLDER, DELETE_IDENTITY, DROP_WAITING, DROP_REJECTED, COUNT_WAITING,
	PUT_CERTIFICATE, FIND_CERTIFICATE, COUNT_CERTIFICATES, DROP_CERTIFICATES,
	EACH_CERTIFICATE, PUT_REVOKED, APPLY_REVOKED,
	PUT_RUN, PUT_RUN_REMOVED, HAS_RUN, DROP_RUNS, FIND_RUN, COUNT_RUNS, LIST_RUNS, LIST_RUNS_WITHIN,
	N_STATEMENTS
};

struct store {
	char *path;
	sqlite3 *db;				/* NULL: could not be opened */
	sqlite3_stmt *stmts[N_STATEMENTS];
	int rc;					/* first failure of the open transaction, or of the read at work */
	bool in_transaction;
	bool is_durable;			/* the transaction is on disk when it is committed, whatever happens */
	unsigned n_replaced;
	char *moved;				/* warning: a damaged database was moved aside */
	char *failing;				/* warning: writing fails */
};

/* Opens what could not be opened before; outside of a transaction begins anew with no failure. */
void store_ready(struct store *s);
/* The statement ready for its arguments, NULL when something has failed already. */
sqlite3_stmt *store_prepare(struct store *s, enum statement which, const char *sql);
/* A statement that is used now and then: whoever gets it finalizes it, by store_end_read(). */
sqlite3_stmt *store_prepare_once(struct store *s, const char *sql);
/* Executes one that changes something. */
void store_run(struct store *s, sqlite3_stmt *stmt);
/*
 * The end of a read; `rc`: what the last step said, SQLITE_ROW where the only row was read. 0, -ENOENT when there
 * was none (SQLITE_DONE), or -errno as of store_load(); inside a transaction the failure is also the transaction's.
 */
int store_end_read(struct store *s, sqlite3_stmt *stmt, int rc);
/* The same after all rows: none of them is fine. */
int store_end_rows(struct store *s, sqlite3_stmt *stmt, int rc);

/* Borrowed by the statement until it has run. */
void store_bind_text(sqlite3_stmt *stmt, int i, const char *text);
/* Borrowed from the statement until its next step; never NULL. */
const char *store_column(sqlite3_stmt *stmt, int i);
/* Copied; what does not fit is cut. */
void store_copy(sqlite3_stmt *stmt, int i, char *out, size_t size);

#endif
