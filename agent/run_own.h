/*
 * run_own.h - what run.c, run_ask.c, run_guard.c, run_read.c, runs.c and runs_adopt.c know of a run, and nobody else.
 */
#ifndef AGENT_RUN_OWN_H
#define AGENT_RUN_OWN_H

#include <ev.h>

#include "agent/run.h"
#include "common/buf.h"

enum { RUN_HEX = 2 * RUN_ID_BYTES + 1 };
enum run_state { RUN_QUEUED, RUN_STARTING, RUN_RUNNING, RUN_SWEEPING, RUN_OVER };

struct run {
	struct list link;		/* of its state's list in runs */
	struct list bucket;		/* of the table */
	struct runs *runs;
	uint8_t id[RUN_ID_BYTES];
	char hex[RUN_HEX];
	unsigned state;			/* enum run_state */

	struct buf spec, early;		/* while it is queued: its file, its input */
	char *principal, *command, *user, *cgroup;
	uint64_t reconnect_ms, timeout_ms, spool_max;
	uint64_t allotted;		/* of the budget of spools */
	bool is_detached, keeps_when_lost, is_in_state_dir;
	bool has_files;			/* a directory of its id */

	struct exec *exec;		/* NULL: queued, or let go of after the end */
	struct spool_file files;		/* after the end, while somebody reads */
	pid_t pid;
	int64_t started_ms;
	uint64_t received, taken, freed;
	bool is_input_closed, has_input_ended;

	struct run_reader *owner;
	struct list observers, waiters;
	unsigned n_observers;
	ev_timer lost;			/* without an owner */
	ev_io sweep;			/* a pidfd */
	ev_timer sweep_limit;
	ev_timer guard;			/* of a supervisor that may be stopped */
	unsigned strikes;		/* how often it was */

	struct past_outcome outcome;	/* when it is over */
	char *reason;			/* whole */
	bool is_cancelled;		/* by us */
	bool is_done_with;		/* its owner has all of it, or wants no more */
	bool is_ending;			/* everybody is being told */
	unsigned ahead;			/* runs in the queue before it */
	uint64_t disk_bytes;		/* of the spool of one that is over and detached */
};

/* ---- run.c ---- */

/* A run without a process or a place in a list yet; enters it into the table. */
struct run *run_make(struct runs *runs, const struct spec *spec);
void run_start_queued(struct run *run);
/* What an earlier agent has left: a connection and a directory, both taken; or the end. */
void run_adopt(struct run *run, int fd, int dir_fd);
void run_adopt_ended(struct run *run, const struct sup_status *status, const char *reason);
/* Nothing ran and nothing will. */
void run_end_unbegun(struct run *run, enum run_end end, const char *reason);
/* Lets go of output of a cancelled run that nobody reads. */
void run_discard(struct run *run);
/* Its supervisor is gone and has left no end: sweeps, then the end is unknown. */
void run_lose(struct run *run, int dir_fd);
/* It has ended, and who reads it, who waits, and time decide what becomes of its files. */
void run_settle(struct run *run);
/* Lets go of everything; the run itself goes on, if it does. */
void run_free(struct run *run);
const struct spool_file *run_spool(const struct run *run);
void run_result(const struct run *run, struct run_result *out);

/* ---- run_guard.c ---- */

void run_guard_init(struct run *run);
/* It has been told to start, or to end. */
void run_guard_soon(struct run *run);
/* It has started: its --timeout is seen to, if it has one. */
void run_guard_timeout(struct run *run);
void run_guard_stop(struct run *run);

/* ---- run_read.c ---- */

/* The reader has a turn soon; all of them have. */
void reader_due(struct run_reader *r);
void run_wake(struct run *run);
/* Now: from a callback of the loop. */
void run_turn(struct run *run);
void reader_turn(struct run_reader *r);
void run_let_go_all(struct run *run, enum run_let_go why);
bool run_has_readers(const struct run *run);

#endif
