/*
 * run.h - one run: a command, from its start to an end that can be trusted, and the calls that are at it.
 *
 * A run has at most one owner, which sends input and whose acknowledgements free output, and some observers. Each is a
 * run_reader inside its call and reads the output at its own pace. Callbacks come from the loop only, never from inside a
 * run_* function. A reader is at its run from run_attach() to run_leave() or to on_let_go; callbacks may call run_leave(),
 * on_output may not.
 */
#ifndef AGENT_RUN_H
#define AGENT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/exec.h"
#include "agent/past.h"
#include "agent/supervise/spec.h"
#include "common/list.h"

enum {
	RUN_ID_BYTES = 16,
	RUN_GRACE_MS = 10000, RUN_GRACE_MAX_MS = 3600 * 1000,
	RUN_RECONNECT_MS = 60 * 1000, RUN_RECONNECT_MAX_MS = 24 * 3600 * 1000,
	RUN_OBSERVERS_MAX = 16,
	RUN_READ_AT_ONCE = 256 * 1024	/* of a spool, in one turn of the loop */
};

struct run;
struct runs;

/* The numbers are those of sloth.v1.RunEnd. */
enum run_end {
	RUN_END_UNKNOWN,
	RUN_END_EXITED,
	RUN_END_SIGNALLED,
	RUN_END_TIMED_OUT,
	RUN_END_CANCELLED,
	RUN_END_NOT_STARTED,
	RUN_N_ENDS
};

struct run_result {
	enum run_end end;
	int code;		/* exit status; RUN_END_SIGNALLED: the signal; NOT_STARTED: 126, 127 or 0 */
	int signal;		/* that ended the process, whatever `end` is; 0: none */
	const char *reason;	/* words for every end but an exit, else "" */
	uint64_t total[EXEC_N_STREAMS];
	uint64_t duration_ms;
	int64_t started_ms, ended_ms;	/* wall clock; 0: it was not started */
	bool output_cut;
	const char *containment;	/* "cgroup", "subreaper", "" */
};

enum run_let_go { RUN_TAKEN_OVER, RUN_AGENT_STOPS, RUN_DAMAGED /* its output, on disk */, RUN_REMOVED };

struct run_reader;

/* All but on_output, on_end and on_let_go may be NULL. */
struct run_ops {
	void (*on_queued)(struct run_reader *r, unsigned ahead);
	void (*on_started)(struct run_reader *r);
	/* False: no more until run_resume(). */
	bool (*on_output)(struct run_reader *r, enum exec_stream stream, const void *data, size_t n);
	/* Output is missing before what follows, which begins at `position`. */
	void (*on_gap)(struct run_reader *r, uint64_t position, uint64_t bytes);
	void (*on_input_taken)(struct run_reader *r, uint64_t offset, bool closed);
	/* All output has been read. `result` is borrowed; NULL: the run goes on, and the reader does not follow it. */
	void (*on_end)(struct run_reader *r, const struct run_result *result);
	/* The reader is at no run any more. */
	void (*on_let_go)(struct run_reader *r, enum run_let_go why);
};

/* The caller sets the first group and zeroes the rest. */
struct run_reader {
	const struct run_ops *ops;
	bool is_owner;
	bool follows;			/* observer: to the end of the run */
	bool frees;			/* owner: what has been given out counts as acknowledged */
	uint64_t position;		/* of output to begin with */

	struct run *run;		/* NULL: at none */
	struct list link, due;
	struct spool_reader at;
	uint64_t until;			/* observer that does not follow: the end of the spool when it came */
	unsigned ahead;			/* told */
	bool is_full, has_heard_start, has_heard_end;
};

/* spec->id is new: see runs_admit(). It is borrowed and filled in further. Starts now, or waits in the queue. */
struct run *run_new(struct runs *runs, struct spec *spec);

/* An owner that was there is let go of. False: it has as many observers as it may have. */
bool run_attach(struct run *run, struct run_reader *r);

enum run_leave {
	RUN_DONE,		/* it has all it wanted: of an owner, the end */
	RUN_LOST,		/* an owner may come back; without one the run is cancelled in its time */
	RUN_GOODBYE		/* an owner's: cancels at once */
};
/* `reason` of the cancellation, for RUN_GOODBYE. Does nothing when the reader is at no run. */
void run_leave(struct run_reader *r, enum run_leave how, const char *reason);
void run_resume(struct run_reader *r);			/* after on_output said false */

/* The owner's: input, which has to begin at run_view.received, and what it has written out. */
void run_input(struct run *run, const void *data, size_t n);
void run_input_end(struct run *run);
void run_acknowledge(struct run *run, uint64_t position);
void run_resize(struct run *run, unsigned rows, unsigned columns);
/* To the process group of a run that has started. 1 <= number <= 64. */
void run_signal(struct run *run, int number);
/* TERM, grace, KILL to all of it; the first reason given counts. One that waits in the queue does not start, and may be
 * gone afterwards. */
void run_cancel(struct run *run, const char *reason);
/* KILL at once. */
void run_kill(struct run *run, const char *reason);
/* A run that is over goes, with its output. */
void run_remove(struct run *run);

/* What is known of it. Strings are borrowed. */
struct run_view {
	const uint8_t *id;
	const char *principal, *command, *user;
	bool is_queued, is_over, is_detached, has_output;
	pid_t pid;		/* 0: none */
	int64_t started_ms;
	uint64_t received;	/* bytes of input that have come */
	uint64_t taken;		/* of these the process has taken */
	bool has_input_ended;	/* no more comes */
	bool is_input_closed;	/* or none is taken */
	struct run_result result;	/* is_over */
};
void run_look(const struct run *run, struct run_view *out);
/* Is it the same principal? */
bool run_is_owner(const char *a, const char *b);
/* The same for both then: past_outcome.owner. */
uint64_t run_owner_hash(const char *principal);
/* A past outcome as a result; borrows its reason. */
void run_result_of(const struct past_outcome *outcome, struct run_result *out);

/* Told once: when it is over, or NULL when it is let go of before that. Removed by list_remove(). */
struct run_waiter {
	struct list link;
	void (*on_over)(struct run_waiter *w, struct run *run);
};
void run_wait(struct run *run, struct run_waiter *w);

#endif
