/*
 * history_internal.h - what the files of the history share; nobody else includes it.
 *
 *   history.c         the table of runs, and what becomes of one
 *   history_calls.c   what calls tell
 *   history_store.c   batches to the store, what is read at the start, what is dropped
 *   follow.c          agents are asked about runs that nobody else watches
 */
#ifndef MASTER_HISTORY_INTERNAL_H
#define MASTER_HISTORY_INTERNAL_H

#include <ev.h>

#include "common/backoff.h"
#include "master/history.h"

enum { HISTORY_BUCKETS = 1024, HISTORY_EPOCH_HEX = 2 * 16 + 1 };

struct history_run {
	struct history *h;
	struct run_record record;	/* its texts point into the fields below, or are "" */
	char *agent, *principal;
	char *command, *run_as;		/* NULL: in the store */
	char *reason, *containment;
	char epoch[HISTORY_EPOCH_HEX];
	bool is_heard;			/* its agent has answered some call about it */
	bool may_have_begun;		/* some call is not known to have come to nothing */
	bool is_urgent;			/* somebody waits: it is asked about before others */
	unsigned n_calls;		/* relayed ones that go on */
	struct list hashed;
	struct list of_agent;		/* follow.runs, or history.strays; in none: it is over */
	struct list dirty;		/* history.dirty; in none: the store has it as it is */
	struct list queued;		/* follow.queue */
	struct list waits;		/* struct history_wait */
	struct follow *follow;		/* of its agent; NULL: a stray */
	struct follow_ask *asking;	/* the agent, about it; NULL: not now */
	bool is_asked;			/* it was before, since it is followed */
};

/* The runs of one agent. Lives from the first one to the agent's deletion. */
struct follow {
	struct master *m;
	struct agent *agent;
	struct list runs;		/* every open one */
	struct list queue;		/* those to be asked about */
	unsigned n_asking;
	struct follow_ask *listing;	/* what it has: asked once */
	bool has_listed;
	struct backoff backoff;
	ev_timer again;
};

struct history {
	struct master *m;
	struct list buckets[HISTORY_BUCKETS];
	uint64_t seed;			/* callers choose ids, but not who shares a bucket */
	struct list strays;		/* open runs of agents that are not in the registry */
	struct list dirty;
	unsigned n_open, n_unwritten;	/* all open ones; those that are over and dirty */
	size_t text_bytes;		/* of commands */
	uint64_t n_missed;		/* runs, or ends of them, that were not kept */
	char *warning;
	struct history_limits limits;
	ev_timer writing, dropping;
	uint64_t n_rows;		/* in the store: counted when it was opened, which reads all of them */
	bool is_loaded;
	bool is_stopping;
	unsigned n_replaced;		/* store_replaced() at the last batch */
};

/* history.c */
struct history_run *history_lookup(struct history *h, const uint8_t id[RUN_ID_LEN]);
/* An open run with this record, whose strings are copied. `a` NULL: its agent is not in the registry. */
struct history_run *history_enter(struct history *h, struct agent *a, const struct run_record *r);
/* It is open: from here on, or again. */
void history_open_run(struct history_run *run, struct agent *a);
/* A text of the record, which is kept in its own. NULL: "". */
void history_keep_text(const char **member, char **own, const char *value);
/* It is over, as the record's fields from state on say; is_void beside it. The run may be gone afterwards. */
void history_close(struct history_run *run, const struct run_record *r);
/* The same in short. */
void history_close_as(struct history_run *run, enum run_state state, const char *reason);
/* It is not over, and in that state. */
void history_set_state(struct history_run *run, enum run_state state);
/* Contact with its agent is lost. */
void history_set_lost(struct history_run *run);
/* Frees it if nothing needs it any more. */
void history_release(struct history_run *run);
void history_free_run(struct history_run *run);

/* history_store.c */
void history_touch(struct history_run *run);	/* it is to be written */
void history_store_open(struct history *h);
void history_store_close(struct history *h);

#endif
