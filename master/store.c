/*
 * store.c - owns the SQLite connection: opening, migrations, damage, transactions. SQL is in store*.c only.
 *
 * Happy path: open, migrate, load; then transactions of prepared statements. The first error inside a
 * transaction is kept in `rc`, later statements of it do nothing, and commit rolls back.
 *
 * Failures: damage (SQLITE_CORRUPT, SQLITE_NOTADB) at any time moves the file aside with its -wal and
 * -shm and opens an empty one; everything else (full disk, I/O error, busy) is reported once when it
 * begins and once when it is over. Without a database (it could not even be opened) each transaction
 * tries to open it again. Page cache and lookaside are kept small: the registry is in memory anyway.
 */
#include "master/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "master/store_internal.h"

/* migrations[v] takes a database from user_version v to v + 1. */
static const char *const migrations[] = {
	"CREATE TABLE agents ("
	" name TEXT PRIMARY KEY NOT NULL,"
	" address TEXT NOT NULL,"
	" instance TEXT NOT NULL,"
	" version TEXT NOT NULL,"
	" shell TEXT NOT NULL,"
	" is_foreign INTEGER NOT NULL,"
	" registered_s INTEGER NOT NULL,"
	" heartbeat_s INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE facts ("
	" name TEXT PRIMARY KEY NOT NULL,"
	" collected_s INTEGER NOT NULL,"
	" json TEXT NOT NULL"
	") STRICT, WITHOUT ROWID;",

	/* One accepted key for each name; any number may ask. Columns of what is not there yet have a default. */
	"CREATE TABLE tokens ("
	" id TEXT PRIMARY KEY NOT NULL,"
	" secret_sha256 TEXT NOT NULL,"
	" role TEXT NOT NULL,"
	" name_glob TEXT NOT NULL,"
	" uses_left INTEGER NOT NULL,"
	" created_s INTEGER NOT NULL,"
	" expires_s INTEGER NOT NULL,"
	" created_by TEXT NOT NULL,"
	" is_replacing INTEGER NOT NULL,"
	" is_revoked INTEGER NOT NULL,"
	" is_ephemeral INTEGER NOT NULL DEFAULT 0,"
	" labels TEXT NOT NULL DEFAULT ''"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE identities ("
	" kind TEXT NOT NULL,"
	" name TEXT NOT NULL,"
	" key TEXT NOT NULL,"
	" state TEXT NOT NULL,"
	" trust TEXT NOT NULL,"
	" serial TEXT NOT NULL,"
	" issued_s INTEGER NOT NULL,"
	" not_after_s INTEGER NOT NULL,"
	" token TEXT NOT NULL,"
	" address TEXT NOT NULL,"
	" from_host TEXT NOT NULL,"
	" asked_s INTEGER NOT NULL,"
	" decided_s INTEGER NOT NULL,"
	" decided_by TEXT NOT NULL,"
	" is_ephemeral INTEGER NOT NULL DEFAULT 0,"
	" labels TEXT NOT NULL DEFAULT '',"
	" former_name TEXT NOT NULL DEFAULT '',"
	" PRIMARY KEY (kind, name, key)"
	") STRICT, WITHOUT ROWID;"
	"CREATE UNIQUE INDEX holders ON identities (kind, name) WHERE state = 'accepted';"
	"CREATE INDEX waiting ON identities (from_host) WHERE state IN ('pending', 'denied');"
	"CREATE TABLE certificates ("
	" serial TEXT PRIMARY KEY NOT NULL,"
	" kind TEXT NOT NULL,"
	" name TEXT NOT NULL,"
	" key TEXT NOT NULL,"
	" issued_s INTEGER NOT NULL,"
	" not_after_s INTEGER NOT NULL,"
	" der BLOB NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX certificates_of ON certificates (kind, name);"
	"CREATE TABLE revoked ("
	" serial TEXT PRIMARY KEY NOT NULL,"
	" kind TEXT NOT NULL,"
	" name TEXT NOT NULL,"
	" at_s INTEGER NOT NULL,"
	" not_after_s INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;",

	"CREATE TABLE runs ("
	" id BLOB NOT NULL,"
	" agent TEXT NOT NULL,"
	" principal TEXT NOT NULL,"
	" command TEXT NOT NULL,"
	" run_as TEXT NOT NULL,"
	" epoch TEXT NOT NULL,"
	" reason TEXT NOT NULL,"
	" containment TEXT NOT NULL,"
	" state TEXT NOT NULL,"
	" code INTEGER NOT NULL,"
	" signal INTEGER NOT NULL,"
	" started_ms INTEGER NOT NULL,"
	" ended_ms INTEGER NOT NULL,"
	" since_ms INTEGER NOT NULL,"
	" duration_ms INTEGER NOT NULL,"
	" stdout_bytes INTEGER NOT NULL,"
	" stderr_bytes INTEGER NOT NULL,"
	" is_open INTEGER NOT NULL,"
	" is_void INTEGER NOT NULL,"
	" is_followed INTEGER NOT NULL,"
	" is_detached INTEGER NOT NULL,"
	" has_output INTEGER NOT NULL,"
	" PRIMARY KEY (started_ms, id)"
	") STRICT, WITHOUT ROWID;"
	"CREATE UNIQUE INDEX runs_by_id ON runs (id);"
	"CREATE INDEX open_runs ON runs (started_ms) WHERE is_open;",

	"ALTER TABLE agents ADD COLUMN drained_s INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE agents ADD COLUMN drained_by TEXT NOT NULL DEFAULT '';",
};
enum { SCHEMA_VERSION = sizeof migrations / sizeof *migrations };

static const char settings[] =
	"PRAGMA cache_size = -96;"		/* KiB */
	"PRAGMA mmap_size = 0;"
	"PRAGMA temp_store = MEMORY;"
	"PRAGMA journal_mode = WAL;"
	"PRAGMA synchronous = NORMAL;"
	"PRAGMA wal_autocheckpoint = 1024;"	/* pages: each waits for the disk, and so does everything else */
	"PRAGMA journal_size_limit = 4194304;";

enum { BUSY_MS = 100 };		/* somebody looks at the database by hand */

/* ---- opening ---- */

static bool is_damage(int rc)
{
	return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
}

static int to_errno(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK: return 0;
	case SQLITE_FULL: return -ENOSPC;
	case SQLITE_READONLY:
	case SQLITE_PERM: return -EACCES;
	case SQLITE_BUSY: return -EBUSY;
	default: return -EIO;
	}
}

static void close_database(struct store *s)
{
	for (size_t i = 0; i < N_STATEMENTS; i++) {
		sqlite3_finalize(s->stmts[i]);
		s->stmts[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
}

/* The single integer that a query gives. */
static int read_number(sqlite3 *db, const char *sql, int *out)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK) {
		rc = sqlite3_step(stmt);
		if (rc == SQLITE_ROW) {
			*out = sqlite3_column_int(stmt, 0);
			rc = SQLITE_OK;
		}
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* Brings the schema up to date; *version is what was found. */
static int migrate(sqlite3 *db, int *version)
{
	int rc = read_number(db, "PRAGMA user_version", version);

	if (rc == SQLITE_OK && *version < 0)
		return SQLITE_CORRUPT;
	for (int v = *version; rc == SQLITE_OK && v < SCHEMA_VERSION; v++) {
		char *sql = mem_printf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT", migrations[v], v + 1);

		rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
		if (rc != SQLITE_OK && !sqlite3_get_autocommit(db))
			sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
		free(sql);
	}
	return rc;
}

/* An SQLite code; *version 0 when it could not be read. */
static int open_database(struct store *s, int *version)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int rc, fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);	/* SQLite would make it readable for all */

	fd_close(&fd);
	rc = sqlite3_open_v2(s->path, &s->db, flags, NULL);
	*version = 0;
	if (rc == SQLITE_OK) {
		sqlite3_extended_result_codes(s->db, 1);
		sqlite3_db_config(s->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 0, 0);
		sqlite3_busy_timeout(s->db, BUSY_MS);
		rc = sqlite3_exec(s->db, settings, NULL, NULL, NULL);
	}
	if (rc == SQLITE_OK)
		rc = migrate(s->db, version);
	if (rc == SQLITE_OK && *version <= SCHEMA_VERSION)
		return rc;
	close_database(s);
	return rc;
}

/* ---- what goes wrong ---- */

/* Says once that writing fails, and once that it works again. */
static void report(struct store *s, int rc)
{
	if (rc != SQLITE_OK && !s->failing) {
		s->failing = mem_printf("%s cannot be written: %s: agents are kept in memory only and nobody enrols", s->path,
					sqlite3_errstr(rc));
		log_error("%s until it can", s->failing);
	} else if (rc == SQLITE_OK && s->failing) {
		mem_set_string(&s->failing, NULL);
		log_info("%s: can be written again", s->path);
	}
}

/* A time for file names; a number is added while the name is taken. Owned. */
static char *aside_path(const char *path)
{
	time_t at = (time_t)wall_s();
	char stamp[32];
	struct tm tm;
	char *aside;

	gmtime_r(&at, &tm);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
	aside = mem_printf("%s.corrupt-%s", path, stamp);
	for (int i = 1; access(aside, F_OK) == 0; i++) {
		free(aside);
		aside = mem_printf("%s.corrupt-%s.%d", path, stamp, i);
	}
	return aside;
}

static int move_one(const char *path, const char *aside, const char *suffix)
{
	char *from = mem_printf("%s%s", path, suffix), *to = mem_printf("%s%s", aside, suffix);
	int err = rename(from, to) && errno != ENOENT ? -errno : 0;

	free(from);
	free(to);
	return err;
}

/* Moves the damaged database aside and opens an empty one. An SQLite code. */
static int replace_database(struct store *s, int damage)
{
	char *aside = aside_path(s->path);
	int version, rc, err;

	close_database(s);
	s->n_replaced++;
	err = move_one(s->path, aside, "");
	if (!err)
		err = move_one(s->path, aside, "-wal");
	if (!err)
		err = move_one(s->path, aside, "-shm");
	free(s->moved);
	s->moved = err ? mem_printf("%s is damaged (%s) and cannot be moved aside: %s", s->path,
				    sqlite3_errstr(damage), strerror(-err))
		       : mem_printf("%s was damaged (%s): moved aside to %s, a new one was begun", s->path,
				    sqlite3_errstr(damage), aside);
	log_error("%s", s->moved);
	free(aside);
	rc = err ? SQLITE_CANTOPEN : open_database(s, &version);
	report(s, rc);
	return rc;
}

struct store *store_open(const char *path, char **why)
{
	struct store *s = mem_new(struct store);
	int rc, version;

	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	s->path = mem_strdup(path);
	rc = open_database(s, &version);
	if (is_damage(rc)) {
		replace_database(s, rc);
	} else if (rc != SQLITE_OK) {
		report(s, rc);
	} else if (!s->db) {
		*why = mem_printf("%s was written by a newer version (schema %d, this one knows %d): install that version, "
				  "or move the file away", path, version, SCHEMA_VERSION);
		store_close(s);
		return NULL;
	}
	return s;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	close_database(s);
	free(s->path);
	free(s->moved);
	free(s->failing);
	free(s);
}

/* An SQLite code; a database that could not be opened may open now. */
static int ensure_open(struct store *s)
{
	int version, rc;

	if (s->db)
		return SQLITE_OK;
	rc = open_database(s, &version);
	if (rc == SQLITE_OK && !s->db)
		return SQLITE_SCHEMA;		/* another version's file has appeared */
	return is_damage(rc) ? replace_database(s, rc) : rc;
}

/* ---- statements ---- */

void store_ready(struct store *s)
{
	if (!s->in_transaction)
		s->rc = ensure_open(s);
}

sqlite3_stmt *store_prepare(struct store *s, enum statement which, const char *sql)
{
	if (s->rc == SQLITE_OK && !s->stmts[which])
		s->rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->stmts[which], NULL);
	return s->rc == SQLITE_OK ? s->stmts[which] : NULL;
}

sqlite3_stmt *store_prepare_once(struct store *s, const char *sql)
{
	sqlite3_stmt *stmt = NULL;

	if (s->rc == SQLITE_OK)
		s->rc = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);
	return stmt;
}

void store_run(struct store *s, sqlite3_stmt *stmt)
{
	int rc;

	sqlite3_step(stmt);
	rc = sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	if (s->rc == SQLITE_OK)
		s->rc = rc;
}

static bool is_kept(const struct store *s, const sqlite3_stmt *stmt)
{
	for (size_t i = 0; i < N_STATEMENTS; i++)
		if (stmt && s->stmts[i] == stmt)
			return true;
	return false;
}

static void put_back(const struct store *s, sqlite3_stmt *stmt)
{
	if (!is_kept(s, stmt)) {
		sqlite3_finalize(stmt);
		return;
	}
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
}

int store_end_read(struct store *s, sqlite3_stmt *stmt, int rc)
{
	put_back(s, stmt);
	if (s->rc == SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE)
		s->rc = rc;
	if (s->rc == SQLITE_OK)
		return rc == SQLITE_ROW ? 0 : -ENOENT;
	if (s->in_transaction)
		return to_errno(s->rc);
	/* Tables that are not there, columns of other names: not a database of ours, whatever it says. */
	if (is_damage(s->rc) || (s->rc & 0xff) == SQLITE_ERROR) {
		replace_database(s, s->rc);
		return -EUCLEAN;
	}
	report(s, s->rc);
	return to_errno(s->rc);
}

int store_end_rows(struct store *s, sqlite3_stmt *stmt, int rc)
{
	int err = store_end_read(s, stmt, rc);

	return err == -ENOENT ? 0 : err;
}

void store_bind_text(sqlite3_stmt *stmt, int i, const char *text)
{
	sqlite3_bind_text(stmt, i, text, -1, SQLITE_STATIC);
}

const char *store_column(sqlite3_stmt *stmt, int i)
{
	const unsigned char *text = sqlite3_column_text(stmt, i);

	return text ? (const char *)text : "";
}

void store_copy(sqlite3_stmt *stmt, int i, char *out, size_t size)
{
	snprintf(out, size, "%s", store_column(stmt, i));
}

/* ---- transactions ---- */

static void execute(struct store *s, const char *sql)
{
	if (s->rc == SQLITE_OK)
		s->rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
}

void store_begin(struct store *s)
{
	store_ready(s);
	execute(s, "BEGIN IMMEDIATE");
	s->in_transaction = true;
}

void store_begin_durable(struct store *s)
{
	store_ready(s);
	execute(s, "PRAGMA synchronous = FULL");
	execute(s, "BEGIN IMMEDIATE");
	s->in_transaction = s->is_durable = true;
}

static void end_transaction(struct store *s)
{
	if (s->db && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	if (s->db && s->is_durable)
		sqlite3_exec(s->db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
	s->in_transaction = s->is_durable = false;
}

int store_commit(struct store *s)
{
	execute(s, "COMMIT");
	end_transaction(s);
	if (is_damage(s->rc) && replace_database(s, s->rc) == SQLITE_OK)
		return -EUCLEAN;
	report(s, s->rc);
	return to_errno(s->rc);
}

void store_abandon(struct store *s)
{
	if (s->rc != SQLITE_OK)
		store_commit(s);	/* commits nothing, and sees to what is wrong */
	else
		end_transaction(s);
}

void store_clear(struct store *s)
{
	execute(s, "DELETE FROM agents; DELETE FROM facts");
}

unsigned store_replaced(const struct store *s)
{
	return s->n_replaced;
}

const char *store_warning(const struct store *s, size_t i)
{
	const char *warnings[2];
	size_t n = 0;

	if (s->failing)
		warnings[n++] = s->failing;
	if (s->moved)
		warnings[n++] = s->moved;
	return i < n ? warnings[i] : NULL;
}

struct library store_library(void)
{
	return (struct library){ "SQLite", sqlite3_libversion(), SQLITE_VERSION };
}
