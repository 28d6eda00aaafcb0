/*
 * store_agents.c - the registry's tables: agents and their facts.
 */
#include <stdint.h>

#include "master/registry.h"
#include "master/store.h"
#include "master/store_internal.h"

/* The record's strings are not changed through the borrowed record. */
static char *column(sqlite3_stmt *stmt, int i)
{
	return (char *)(uintptr_t)store_column(stmt, i);
}

int store_load(struct store *s, void (*on_record)(const struct agent_record *record, void *arg), void *arg)
{
	sqlite3_stmt *stmt;
	int rc, err;

	store_ready(s);
	stmt = store_prepare_once(s, "SELECT name, address, instance, version, shell, is_foreign, registered_s, heartbeat_s,"
				     " coalesce(collected_s, 0), coalesce(json, ''), drained_s, drained_by FROM agents LEFT JOIN facts USING (name)");
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const struct agent_record record = {
			column(stmt, 0), column(stmt, 1), column(stmt, 2), column(stmt, 3), column(stmt, 4),
			column(stmt, 9), sqlite3_column_int(stmt, 5) != 0, sqlite3_column_int64(stmt, 6),
			sqlite3_column_int64(stmt, 7), sqlite3_column_int64(stmt, 8),
			sqlite3_column_int64(stmt, 10), column(stmt, 11)
		};
		on_record(&record, arg);
	}
	err = store_end_rows(s, stmt, rc);
	if (!err)
		sqlite3_db_release_memory(s->db);
	return err;
}

void store_put_agent(struct store *s, const struct agent_record *record)
{
	sqlite3_stmt *stmt = store_prepare(s, PUT_AGENT, "INSERT OR REPLACE INTO agents VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
					" ?9, ?10)");

	if (!stmt)
		return;
	store_bind_text(stmt, 1, record->name);
	store_bind_text(stmt, 2, record->address);
	store_bind_text(stmt, 3, record->instance);
	store_bind_text(stmt, 4, record->version);
	store_bind_text(stmt, 5, record->shell);
	sqlite3_bind_int(stmt, 6, record->is_foreign);
	sqlite3_bind_int64(stmt, 7, record->registered_s);
	sqlite3_bind_int64(stmt, 8, record->heartbeat_s);
	sqlite3_bind_int64(stmt, 9, record->drained_s);
	store_bind_text(stmt, 10, record->drained_by);
	store_run(s, stmt);
}

void store_put_facts(struct store *s, const struct agent_record *record)
{
	sqlite3_stmt *stmt = store_prepare(s, PUT_FACTS, "INSERT OR REPLACE INTO facts VALUES (?1, ?2, ?3)");

	if (!stmt)
		return;
	store_bind_text(stmt, 1, record->name);
	sqlite3_bind_int64(stmt, 2, record->facts_s);
	store_bind_text(stmt, 3, record->facts);
	store_run(s, stmt);
}

void store_put_seen(struct store *s, const struct agent_record *record)
{
	sqlite3_stmt *stmt = store_prepare(s, PUT_SEEN, "UPDATE agents SET heartbeat_s = ?2 WHERE name = ?1");

	if (!stmt)
		return;
	store_bind_text(stmt, 1, record->name);
	sqlite3_bind_int64(stmt, 2, record->heartbeat_s);
	store_run(s, stmt);
}

static void delete_from(struct store *s, enum statement which, const char *sql, const char *name)
{
	sqlite3_stmt *stmt = store_prepare(s, which, sql);

	if (!stmt)
		return;
	store_bind_text(stmt, 1, name);
	store_run(s, stmt);
}

void store_delete(struct store *s, const char *name)
{
	delete_from(s, DELETE_AGENT, "DELETE FROM agents WHERE name = ?1", name);
	delete_from(s, DELETE_FACTS, "DELETE FROM facts WHERE name = ?1", name);
}
