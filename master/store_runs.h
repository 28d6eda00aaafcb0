/*
 * store_runs.h - the history of runs on disk. See store.h for transactions and what results mean.
 *
 * Rows of runs that are over do not change, except those of runs that never began (is_void) and what `has_output`
 * says: so a caller who uses an id again does not change what was.
 */
#ifndef MASTER_STORE_RUNS_H
#define MASTER_STORE_RUNS_H

#include "master/run_record.h"

struct store;

/* Within a transaction. Texts that are empty leave those of the row as they are. True: there was no row of it. */
bool store_put_run(struct store *s, const struct run_record *r);
/* The output of a run that is over is gone. */
void store_put_run_removed(struct store *s, const uint8_t id[RUN_ID_LEN]);
/* At most n runs that are over, the oldest; with before_ms other than 0 those only that were started before it. How
 * many they are. */
unsigned store_drop_runs(struct store *s, int64_t before_ms, unsigned n);

/* Strings are borrowed until the callback returns. */
typedef void store_on_run(const struct run_record *r, void *arg);
/* 0, -ENOENT or another -errno. */
int store_find_run(struct store *s, const uint8_t id[RUN_ID_LEN], store_on_run *on_run, void *arg);
int store_each_open_run(struct store *s, store_on_run *on_run, void *arg);
int store_count_runs(struct store *s, uint64_t *n);

/* Where a list goes on. Newest first; of the same millisecond by id, the highest first. */
struct store_runs_at {
	int64_t started_ms;
	uint8_t id[RUN_ID_LEN];
};
/* At most n runs before *at that were started at or after since_ms; *at moves on. The number of them is in *n_read:
 * fewer than n are the last. */
int store_list_runs(struct store *s, struct store_runs_at *at, int64_t since_ms, unsigned n, unsigned *n_read,
		    store_on_run *on_run, void *arg);
/* At most n runs whose ids are within [low, high], newest first. */
int store_list_runs_within(struct store *s, const uint8_t low[RUN_ID_LEN], const uint8_t high[RUN_ID_LEN], unsigned n,
			   unsigned *n_read, store_on_run *on_run, void *arg);

#endif
