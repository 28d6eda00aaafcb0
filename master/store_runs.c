/*
 * store_runs.c - the table of runs. It is kept in the order of their start, so that new rows go to one place; ids have
 * an index.
 */
#include "master/store_runs.h"

#include <errno.h>
#include <string.h>

#include "master/store.h"
#include "master/store_internal.h"

#define COLUMNS "id, agent, principal, command, run_as, epoch, reason, containment, state, code, signal, started_ms, ended_ms," \
		" since_ms, duration_ms, stdout_bytes, stderr_bytes, is_open, is_void, is_followed, is_detached, has_output"

enum {
	ID = 0, AGENT, PRINCIPAL, COMMAND, RUN_AS, EPOCH, REASON, CONTAINMENT, STATE, CODE, SIGNAL, STARTED, ENDED, SINCE,
	DURATION, STDOUT, STDERR, IS_OPEN, IS_VOID, IS_FOLLOWED, IS_DETACHED, HAS_OUTPUT
};

/* ---- writing ---- */

static void bind_texts(sqlite3_stmt *stmt, const struct run_record *r)
{
	store_bind_text(stmt, AGENT + 1, r->agent);
	store_bind_text(stmt, PRINCIPAL + 1, r->principal);
	store_bind_text(stmt, COMMAND + 1, r->command);
	store_bind_text(stmt, RUN_AS + 1, r->run_as);
	store_bind_text(stmt, EPOCH + 1, r->epoch);
	store_bind_text(stmt, REASON + 1, r->reason);
	store_bind_text(stmt, CONTAINMENT + 1, r->containment);
	store_bind_text(stmt, STATE + 1, run_state_name(r->state));
}

static void bind_numbers(sqlite3_stmt *stmt, const struct run_record *r)
{
	sqlite3_bind_int64(stmt, CODE + 1, r->code);
	sqlite3_bind_int64(stmt, SIGNAL + 1, r->signal);
	sqlite3_bind_int64(stmt, STARTED + 1, r->started_ms);
	sqlite3_bind_int64(stmt, ENDED + 1, r->ended_ms);
	sqlite3_bind_int64(stmt, SINCE + 1, r->since_ms);
	sqlite3_bind_int64(stmt, DURATION + 1, (int64_t)r->duration_ms);
	sqlite3_bind_int64(stmt, STDOUT + 1, (int64_t)r->stdout_bytes);
	sqlite3_bind_int64(stmt, STDERR + 1, (int64_t)r->stderr_bytes);
	sqlite3_bind_int(stmt, IS_OPEN + 1, r->is_open);
	sqlite3_bind_int(stmt, IS_VOID + 1, r->is_void);
	sqlite3_bind_int(stmt, IS_FOLLOWED + 1, r->is_followed);
	sqlite3_bind_int(stmt, IS_DETACHED + 1, r->is_detached);
	sqlite3_bind_int(stmt, HAS_OUTPUT + 1, r->has_output);
}

static bool has_run(struct store *s, const uint8_t id[RUN_ID_LEN])
{
	sqlite3_stmt *stmt = store_prepare(s, HAS_RUN, "SELECT 1 FROM runs WHERE id = ?1");
	bool has;

	if (!stmt)
		return false;
	sqlite3_bind_blob(stmt, 1, id, RUN_ID_LEN, SQLITE_STATIC);
	has = sqlite3_step(stmt) == SQLITE_ROW;
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return has;
}

bool store_put_run(struct store *s, const struct run_record *r)
{
	bool is_new = !has_run(s, r->id);
	sqlite3_stmt *stmt = store_prepare(s, PUT_RUN,
		"INSERT INTO runs (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
		" ?18, ?19, ?20, ?21, ?22) ON CONFLICT (id) DO UPDATE SET"
		" command = iif(excluded.command = '', command, excluded.command),"
		" run_as = iif(excluded.run_as = '', run_as, excluded.run_as),"
		" epoch = iif(excluded.epoch = '', epoch, excluded.epoch),"
		" principal = iif(is_void, excluded.principal, principal),"
		" reason = excluded.reason, containment = excluded.containment, state = excluded.state, code = excluded.code,"
		" signal = excluded.signal, ended_ms = excluded.ended_ms, since_ms = excluded.since_ms,"
		" duration_ms = excluded.duration_ms, stdout_bytes = excluded.stdout_bytes,"
		" stderr_bytes = excluded.stderr_bytes, is_open = excluded.is_open, is_void = excluded.is_void,"
		" has_output = excluded.has_output WHERE (is_open OR is_void) AND agent = excluded.agent");

	if (!stmt)
		return false;
	sqlite3_bind_blob(stmt, ID + 1, r->id, sizeof r->id, SQLITE_STATIC);
	bind_texts(stmt, r);
	bind_numbers(stmt, r);
	store_run(s, stmt);
	return is_new;
}

void store_put_run_removed(struct store *s, const uint8_t id[RUN_ID_LEN])
{
	sqlite3_stmt *stmt = store_prepare(s, PUT_RUN_REMOVED, "UPDATE runs SET has_output = 0 WHERE id = ?1");

	if (!stmt)
		return;
	sqlite3_bind_blob(stmt, 1, id, RUN_ID_LEN, SQLITE_STATIC);
	store_run(s, stmt);
}

unsigned store_drop_runs(struct store *s, int64_t before_ms, unsigned n)
{
	sqlite3_stmt *stmt = store_prepare(s, DROP_RUNS,
		"DELETE FROM runs WHERE (started_ms, id) IN (SELECT started_ms, id FROM runs"
		" WHERE NOT is_open AND started_ms < ?1 ORDER BY started_ms, id LIMIT ?2)");

	if (!stmt)
		return 0;
	sqlite3_bind_int64(stmt, 1, before_ms ? before_ms : INT64_MAX);	/* a bound in any case: it is where the scan ends */
	sqlite3_bind_int64(stmt, 2, n);
	store_run(s, stmt);
	return s->rc == SQLITE_OK ? (unsigned)sqlite3_changes(s->db) : 0;
}

/* ---- reading ---- */

static void take_id(sqlite3_stmt *stmt, uint8_t out[RUN_ID_LEN])
{
	const void *id = sqlite3_column_blob(stmt, ID);

	if (id && sqlite3_column_bytes(stmt, ID) == RUN_ID_LEN)
		memcpy(out, id, RUN_ID_LEN);
	else
		memset(out, 0, RUN_ID_LEN);
}

static void take(sqlite3_stmt *stmt, struct run_record *r)
{
	*r = (struct run_record){
		.agent = store_column(stmt, AGENT), .principal = store_column(stmt, PRINCIPAL),
		.command = store_column(stmt, COMMAND), .run_as = store_column(stmt, RUN_AS), .epoch = store_column(stmt, EPOCH),
		.reason = store_column(stmt, REASON), .containment = store_column(stmt, CONTAINMENT),
		.code = (uint32_t)sqlite3_column_int64(stmt, CODE), .signal = (uint32_t)sqlite3_column_int64(stmt, SIGNAL),
		.started_ms = sqlite3_column_int64(stmt, STARTED), .ended_ms = sqlite3_column_int64(stmt, ENDED),
		.since_ms = sqlite3_column_int64(stmt, SINCE), .duration_ms = (uint64_t)sqlite3_column_int64(stmt, DURATION),
		.stdout_bytes = (uint64_t)sqlite3_column_int64(stmt, STDOUT),
		.stderr_bytes = (uint64_t)sqlite3_column_int64(stmt, STDERR),
		.is_open = sqlite3_column_int(stmt, IS_OPEN) != 0, .is_void = sqlite3_column_int(stmt, IS_VOID) != 0,
		.is_followed = sqlite3_column_int(stmt, IS_FOLLOWED) != 0,
		.is_detached = sqlite3_column_int(stmt, IS_DETACHED) != 0,
		.has_output = sqlite3_column_int(stmt, HAS_OUTPUT) != 0,
	};
	take_id(stmt, r->id);
	if (!run_state_parse(store_column(stmt, STATE), &r->state))
		r->state = RUN_UNKNOWN;
}

/* All rows of a statement whose arguments are bound. */
static int read_rows(struct store *s, sqlite3_stmt *stmt, unsigned *n_read, store_on_run *on_run, void *arg)
{
	struct run_record r;
	unsigned n = 0;
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		take(stmt, &r);
		n++;
		on_run(&r, arg);
	}
	if (n_read)
		*n_read = n;
	return store_end_rows(s, stmt, rc);
}

int store_find_run(struct store *s, const uint8_t id[RUN_ID_LEN], store_on_run *on_run, void *arg)
{
	sqlite3_stmt *stmt;
	unsigned n;
	int err;

	store_ready(s);
	stmt = store_prepare(s, FIND_RUN, "SELECT " COLUMNS " FROM runs WHERE id = ?1");
	sqlite3_bind_blob(stmt, 1, id, RUN_ID_LEN, SQLITE_STATIC);
	err = read_rows(s, stmt, &n, on_run, arg);
	return err || n ? err : -ENOENT;
}

int store_each_open_run(struct store *s, store_on_run *on_run, void *arg)
{
	store_ready(s);
	return read_rows(s, store_prepare_once(s, "SELECT " COLUMNS " FROM runs WHERE is_open ORDER BY started_ms, id"), NULL,
			 on_run, arg);
}

int store_count_runs(struct store *s, uint64_t *n)
{
	sqlite3_stmt *stmt;
	int rc;

	store_ready(s);
	stmt = store_prepare(s, COUNT_RUNS, "SELECT count(*) FROM runs");
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*n = (uint64_t)sqlite3_column_int64(stmt, 0);
	return store_end_read(s, stmt, rc);
}

/* ---- lists ---- */

struct listing {
	struct store_runs_at *at;
	store_on_run *on_run;
	void *arg;
};

static void on_listed(const struct run_record *r, void *arg)
{
	struct listing *l = arg;

	l->at->started_ms = r->started_ms;
	memcpy(l->at->id, r->id, sizeof r->id);
	l->on_run(r, l->arg);
}

int store_list_runs(struct store *s, struct store_runs_at *at, int64_t since_ms, unsigned n, unsigned *n_read,
		    store_on_run *on_run, void *arg)
{
	struct listing l = { at, on_run, arg };
	struct store_runs_at from = *at;
	sqlite3_stmt *stmt;

	store_ready(s);
	stmt = store_prepare(s, LIST_RUNS, "SELECT " COLUMNS " FROM runs WHERE (started_ms, id) < (?1, ?2) AND started_ms >= ?3"
			     " ORDER BY started_ms DESC, id DESC LIMIT ?4");
	sqlite3_bind_int64(stmt, 1, from.started_ms);
	sqlite3_bind_blob(stmt, 2, from.id, RUN_ID_LEN, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, since_ms);
	sqlite3_bind_int64(stmt, 4, n);
	return read_rows(s, stmt, n_read, on_listed, &l);
}

int store_list_runs_within(struct store *s, const uint8_t low[RUN_ID_LEN], const uint8_t high[RUN_ID_LEN], unsigned n,
			   unsigned *n_read, store_on_run *on_run, void *arg)
{
	sqlite3_stmt *stmt;

	store_ready(s);
	stmt = store_prepare(s, LIST_RUNS_WITHIN, "SELECT " COLUMNS " FROM runs WHERE id BETWEEN ?1 AND ?2"
			     " ORDER BY started_ms DESC, id DESC LIMIT ?3");
	sqlite3_bind_blob(stmt, 1, low, RUN_ID_LEN, SQLITE_STATIC);
	sqlite3_bind_blob(stmt, 2, high, RUN_ID_LEN, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, n);
	return read_rows(s, stmt, n_read, on_run, arg);
}
