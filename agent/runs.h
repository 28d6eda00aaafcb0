/*
 * runs.h - all runs of an agent: those that live, wait or are over, the ids of those that were, and how many there may be.
 */
#ifndef AGENT_RUNS_H
#define AGENT_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/run.h"

enum {
	RUNS_QUEUE_BYTES_MAX = 64 * 1024 * 1024,	/* of what runs in the queue are asked to do, and are sent */
	RUNS_UNACKED_MAX = 256,				/* over, and their callers have not said that they have all */
	RUNS_DETACHED_MAX = 1000,			/* over */
	RUNS_DETACHED_DAYS = 7,
	RUNS_SPOOL_MAX = 8 * 1024 * 1024, RUNS_SPOOL_MIN = 256 * 1024,
	RUNS_BUDGET_MAX = 64 * 1024 * 1024,		/* of all spools in the runtime directory */
	RUNS_FREE_MIN = 32 * 1024 * 1024		/* that stay free there */
};
#define RUNS_DETACHED_BYTES (UINT64_C(1) << 30)		/* of the spools of those that are over */

struct runs;

struct runs_config {
	size_t max, max_queued;
	void (*on_idle)(void *arg);	/* the last live run has ended */
	void *arg;
};

struct runs *runs_new(struct ev_loop *loop, const struct runs_config *config);
/*
 * Finds its directories and takes over what earlier agents have left there: runs go on, ends are read, the rest is swept
 * up. `program` is sloth-supervise, copied, NULL: nothing can be started. 0 or -errno with *where set to owned words.
 */
int runs_open(struct runs *runs, const char *runtime_dir, const char *state_dir, const char *program, char **where);
/* No run is admitted from here on, none from the queue starts; what is over stays on disk for the next agent. */
void runs_stop(struct runs *runs);
/* Lets go of all: callers are told that the agent stops, the runs go on. After runs_stop(). */
void runs_let_go(struct runs *runs);
void runs_free(struct runs *runs);

enum runs_verdict { RUNS_OK, RUNS_FULL, RUNS_STOPPING, RUNS_KNOWN };
/* May a run with this id be started, or wait? RUNS_KNOWN: one with it has been, see runs_find() and runs_past(). */
enum runs_verdict runs_admit(const struct runs *runs, const uint8_t *id);

/* One that is here: it waits, lives, or is over and not forgotten. NULL: none. */
struct run *runs_find(const struct runs *runs, const uint8_t *id);
void runs_each(struct runs *runs, void (*visit)(struct run *run, void *arg), void *arg);

size_t runs_count(const struct runs *runs);		/* live */
size_t runs_queued(const struct runs *runs);
size_t runs_max(const struct runs *runs);
size_t runs_max_queued(const struct runs *runs);
/* Runs that are there stay, however many they are. */
void runs_set_limits(struct runs *runs, size_t max, size_t max_queued);
/* May runs in the queue be sent n bytes more? */
bool runs_queue_takes(const struct runs *runs, size_t n);
void runs_cancel_all(struct runs *runs, const char *reason);
void runs_kill_all(struct runs *runs, const char *reason);
struct past *runs_past(struct runs *runs);

/* ---- for run.c, run_read.c and runs_adopt.c ---- */

struct exec_host *runs_host(struct runs *runs);
struct ev_loop *runs_loop(struct runs *runs);
struct spool_window *runs_window(struct runs *runs);
/* Where directories of runs are: the state directory's, or the runtime directory's. */
int runs_dir(const struct runs *runs, bool is_state);
const char *runs_state_path(const struct runs *runs);
const char *runs_cgroup(const struct runs *runs);	/* NULL: runs get none */

bool runs_is_stopping(const struct runs *runs);
void runs_add(struct runs *runs, struct run *run);	/* queued */
void runs_moved(struct runs *runs, struct run *run, unsigned from);
void runs_remove(struct runs *runs, struct run *run);
/* It waits, with what it is asked to do. */
void runs_queue_grew(struct runs *runs, size_t n);	/* by input of a run in it */
void runs_enqueue(struct runs *runs, struct run *run, const struct spec *spec);
bool runs_has_room(const struct runs *runs);
/* How much the spool may hold and where it is: true in the state directory. *allotted comes back with runs_remove(). */
bool runs_allot(struct runs *runs, struct spec *spec, uint64_t *allotted);
/* Of one that is over only what is held counts; one of an earlier agent counts as that has decided. */
void runs_allot_again(struct runs *runs, struct run *run, uint64_t bytes);
/* Runs that are over and kept for nobody in particular go, the oldest first. */
void runs_prune(struct runs *runs);
void runs_due(struct runs *runs, struct list *due);
/* Whether readers may go on in this turn of the loop: they all have 5 ms together, then others are served. */
bool runs_has_time(struct runs *runs);

/* In runs_adopt.c. 0, or -errno: of a run it could not be found out how it is, and it was left alone. */
int runs_adopt(struct runs *runs, bool is_state);

#endif
