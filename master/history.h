/*
 * history.h - the runs that went through this master, each in one honest state: those whose end is not known in memory,
 * all of them in the store.
 *
 *   begun --- call ends with the agent's word how ---------------------> over
 *     |   --- refused, or provably not begun --------------------------> over, void: the id may begin yet
 *     +------ call ends without: running, lost-contact, unreachable ---> follow.c asks the agent until it is over
 *
 * Nothing here waits for the disk: what changes is written in batches, a moment later. With the master's death the runs
 * of that moment are missing; those that are still there are entered when their agent is asked what it has. While the
 * store cannot be written, changes wait in memory up to a limit; what goes beyond is counted and said.
 */
#ifndef MASTER_HISTORY_H
#define MASTER_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/list.h"
#include "master/run_record.h"
#include "wire/wire.h"

struct agent;
struct history;
struct history_run;
struct master;

enum {
	HISTORY_DAYS = 90, HISTORY_RUNS_MAX = 100 * 1000,	/* defaults of the options */
	HISTORY_WRITE_MS = 250,
	HISTORY_BATCH_MAX = 256,		/* rows of one transaction: the loop stands still meanwhile */
	HISTORY_OPEN_MAX = 64 * 1024,		/* runs whose end is not known: agents that never come back */
	HISTORY_UNWRITTEN_MAX = 16 * 1024,	/* over, and not in the store: a full disk */
	HISTORY_TEXT_MAX = 16 * 1024 * 1024	/* bytes of their commands */
};

struct history_limits {
	uint64_t days, runs_max;
};

/* Reads the runs that are open from the store; the registry is filled. */
/* From here on. */
void history_set_limits(struct master *m, const struct history_limits *limits);
void history_open(struct master *m, const struct history_limits *limits);
/* The master ends: nobody is asked any more, and nobody waits. */
void history_stop(struct master *m);
/* Writes what is left. The store is still there, no call is. */
void history_free(struct master *m);
/* i-th thing that an operator should know; NULL past the last. */
const char *history_warning(const struct master *m, size_t i);

/* ---- the calls of a run ---- */

/* One call to an agent about a run. Zeroed: about none that is recorded. */
struct history_call {
	struct history_run *run;	/* NULL: not recorded, or told to its end */
	bool is_start;			/* it may begin the run */
	bool is_heard;			/* the agent has answered */
	bool is_past_queue;		/* with something else than that the run waits */
};

/* What is asked for: borrowed. An id of another length is none: the run gets one, which its agent does not know. */
struct history_what {
	ProtobufCBinaryData id;
	const char *principal, *command, *run_as;
	const ProtobufCBinaryData *argv;
	size_t n_argv;
	bool is_detached;
	bool is_followed;		/* the agent knows it by this id, or will: see history_call_id() */
};
/* A call that begins a run, or joins it when its id is open. `call` is empty when the id is another agent's. */
void history_begin(struct master *m, struct agent *a, const struct history_what *what, struct history_call *call);
/* A call about a run that is open on that agent; any other leaves `call` empty. */
void history_join(struct master *m, const struct agent *a, ProtobufCBinaryData id, struct history_call *call);

/* The id of its run; NULL: none is recorded. */
const uint8_t *history_call_id(const struct history_call *call);
/* It goes to the agent whose epoch that is. */
void history_call_sent(struct history_call *call, const char *epoch);
/* The agent has answered: that the run waits for its turn, or anything else. */
void history_call_heard(struct history_call *call, bool is_queued);
/* The agent's call has ended, by its agent or because the caller was there no more. Empties *call. */
struct history_end {
	struct wire_call *callee;	/* its trailers tell how the run ended; NULL: there are none */
	enum wire_code code;
	const char *why;
	bool is_by_caller;		/* it was our side that ended it */
	const Sloth__V1__RunExit *exit;	/* its last message, if it was that; else NULL */
};
void history_call_end(struct history_call *call, const struct history_end *end);
/* It never went to the agent: RUN_UNREACHABLE, RUN_REJECTED, or RUN_CANCELLED where the caller left before. */
void history_call_unsent(struct history_call *call, enum run_state state, const char *why);
/* How a run has ended that no agent can be asked about: the fields from state to stderr_bytes of `r`. */
void history_call_tell(struct history_call *call, const struct run_record *r);

/* ---- looking ---- */

/* The run as it is; strings are borrowed until the callback returns. 0, -ENOENT, or what the store says. */
int history_find(struct master *m, const uint8_t id[RUN_ID_LEN], void (*on_run)(const struct run_record *, void *),
		 void *arg);
/* Everything is in the store, for those who read it there. 0, or why not. */
int history_flush(struct master *m);
/* One step of dropping what is too old or too much, which a timer does otherwise. True: there is more. */
bool history_drop(struct master *m);
/* Its agent has forgotten its output. */
void history_removed(struct master *m, const uint8_t id[RUN_ID_LEN]);

/* Embedded in who waits for the end of an open run. Told once, from the loop; -ENOENT: there is none such. */
struct history_wait {
	struct list link;
	void (*told)(const struct run_record *r, void *arg);
	void *arg;
};
int history_wait(struct master *m, const uint8_t id[RUN_ID_LEN], struct history_wait *wait);
void history_unwait(struct history_wait *wait);		/* not waiting is fine */

#endif
