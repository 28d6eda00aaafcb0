/*
 * store.c - owns the SQLite connection; the only file with SQL.
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
#include <sqlite3.h>
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
#include "master/registry.h"

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
};
enum { SCHEMA_VERSION = sizeof migrations / sizeof *migrations };

enum statement { PUT_AGENT, PUT_FACTS, PUT_SEEN, DELETE_AGENT, DELETE_FACTS, N_STATEMENTS };

static const char *const statements[N_STATEMENTS] = {
	[PUT_AGENT] = "INSERT OR REPLACE INTO agents VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[PUT_FACTS] = "INSERT OR REPLACE INTO facts VALUES (?1, ?2, ?3)",
	[PUT_SEEN] = "UPDATE agents SET heartbeat_s = ?2 WHERE name = ?1",
	[DELETE_AGENT] = "DELETE FROM agents WHERE name = ?1",
	[DELETE_FACTS] = "DELETE FROM facts WHERE name = ?1",
};

static const char settings[] =
	"PRAGMA cache_size = -96;"		/* KiB */
	"PRAGMA mmap_size = 0;"
	"PRAGMA temp_store = MEMORY;"
	"PRAGMA journal_mode = WAL;"
	"PRAGMA synchronous = NORMAL;"
	"PRAGMA wal_autocheckpoint = 256;"
	"PRAGMA journal_size_limit = 1048576;";

enum { BUSY_MS = 100 };		/* somebody looks at the database by hand */

struct store {
	char *path;
	sqlite3 *db;				/* NULL: could not be opened */
	sqlite3_stmt *stmts[N_STATEMENTS];	/* prepared at first use */
	int rc;					/* first failure of the open transaction */
	char *moved;				/* warning: a damaged database was moved aside */
	char *failing;				/* warning: writing fails */
};

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
		s->failing = mem_printf("%s cannot be written: %s: agents are kept in memory only", s->path,
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

/* ---- reading ---- */

static char *column(sqlite3_stmt *stmt, int i)
{
	const unsigned char *text = sqlite3_column_text(stmt, i);

	/* The record's strings are not changed through the borrowed record. */
	return text ? (char *)(uintptr_t)text : (char *)(uintptr_t)"";
}

int store_load(struct store *s, void (*on_record)(const struct agent_record *record, void *arg), void *arg)
{
	static const char sql[] =
		"SELECT name, address, instance, version, shell, is_foreign, registered_s, heartbeat_s,"
		" coalesce(collected_s, 0), coalesce(json, '') FROM agents LEFT JOIN facts USING (name)";
	sqlite3_stmt *stmt = NULL;
	int rc;

	rc = ensure_open(s);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);
	if (rc == SQLITE_OK) {
		while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
			const struct agent_record record = {
				column(stmt, 0), column(stmt, 1), column(stmt, 2), column(stmt, 3), column(stmt, 4),
				column(stmt, 9), sqlite3_column_int(stmt, 5) != 0, sqlite3_column_int64(stmt, 6),
				sqlite3_column_int64(stmt, 7), sqlite3_column_int64(stmt, 8)
			};
			on_record(&record, arg);
		}
	}
	sqlite3_finalize(stmt);
	if (rc == SQLITE_DONE) {
		sqlite3_db_release_memory(s->db);
		return 0;
	}
	/* Tables that are not there, columns of other names: not a database of ours, whatever it says. */
	if (is_damage(rc) || (rc & 0xff) == SQLITE_ERROR) {
		replace_database(s, rc);
		return -EUCLEAN;
	}
	report(s, rc);
	return to_errno(rc);
}

/* ---- writing ---- */

static void execute(struct store *s, const char *sql)
{
	if (s->rc == SQLITE_OK)
		s->rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
}

/* The statement ready for its arguments, NULL when the transaction has failed. */
static sqlite3_stmt *prepare(struct store *s, enum statement which)
{
	if (s->rc == SQLITE_OK && !s->stmts[which])
		s->rc = sqlite3_prepare_v3(s->db, statements[which], -1, SQLITE_PREPARE_PERSISTENT, &s->stmts[which], NULL);
	return s->rc == SQLITE_OK ? s->stmts[which] : NULL;
}

static void bind_text(sqlite3_stmt *stmt, int i, const char *text)
{
	sqlite3_bind_text(stmt, i, text, -1, SQLITE_STATIC);
}

static void run(struct store *s, sqlite3_stmt *stmt)
{
	int rc;

	sqlite3_step(stmt);
	rc = sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	if (s->rc == SQLITE_OK)
		s->rc = rc;
}

void store_begin(struct store *s)
{
	s->rc = ensure_open(s);
	execute(s, "BEGIN IMMEDIATE");
}

int store_commit(struct store *s)
{
	execute(s, "COMMIT");
	if (s->rc != SQLITE_OK && s->db && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	if (is_damage(s->rc) && replace_database(s, s->rc) == SQLITE_OK)
		return -EUCLEAN;
	report(s, s->rc);
	return to_errno(s->rc);
}

void store_put_agent(struct store *s, const struct agent_record *record)
{
	sqlite3_stmt *stmt = prepare(s, PUT_AGENT);

	if (!stmt)
		return;
	bind_text(stmt, 1, record->name);
	bind_text(stmt, 2, record->address);
	bind_text(stmt, 3, record->instance);
	bind_text(stmt, 4, record->version);
	bind_text(stmt, 5, record->shell);
	sqlite3_bind_int(stmt, 6, record->is_foreign);
	sqlite3_bind_int64(stmt, 7, record->registered_s);
	sqlite3_bind_int64(stmt, 8, record->heartbeat_s);
	run(s, stmt);
}

void store_put_facts(struct store *s, const struct agent_record *record)
{
	sqlite3_stmt *stmt = prepare(s, PUT_FACTS);

	if (!stmt)
		return;
	bind_text(stmt, 1, record->name);
	sqlite3_bind_int64(stmt, 2, record->facts_s);
	bind_text(stmt, 3, record->facts);
	run(s, stmt);
}

void store_put_seen(struct store *s, const struct agent_record *record)
{
	sqlite3_stmt *stmt = prepare(s, PUT_SEEN);

	if (!stmt)
		return;
	bind_text(stmt, 1, record->name);
	sqlite3_bind_int64(stmt, 2, record->heartbeat_s);
	run(s, stmt);
}

void store_delete(struct store *s, const char *name)
{
	static const enum statement both[] = { DELETE_AGENT, DELETE_FACTS };

	for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
		sqlite3_stmt *stmt = prepare(s, both[i]);

		if (!stmt)
			return;
		bind_text(stmt, 1, name);
		run(s, stmt);
	}
}

void store_clear(struct store *s)
{
	execute(s, "DELETE FROM agents; DELETE FROM facts");
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
