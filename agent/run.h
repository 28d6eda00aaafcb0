/*
 * run.h - one run: a command, from its start to an end that can be trusted.
 *
 * A run has a watcher: the call that asked for it. run_new() never fails: what cannot be started ends
 * with RUN_END_NOT_STARTED. Callbacks come from the loop only. The run is valid until on_end returns or,
 * after run_leave(), no longer for the caller; it frees itself when its last process is gone.
 */
#ifndef AGENT_RUN_H
#define AGENT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/exec.h"
#include "common/list.h"

enum { RUN_ID_BYTES = 16, RUN_GRACE_MS = 10000, RUN_GRACE_MAX_MS = 3600 * 1000 };

struct run;
struct runs;

/* The numbers are those of sloth.v1.RunEnd. */
enum run_end {
	RUN_END_EXITED = 1,
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
	bool output_cut;
};

/* on_started and on_input_taken may be NULL. */
struct run_ops {
	void (*on_started)(struct run *run, pid_t pid, void *arg);
	/* False: no more until run_resume(). */
	bool (*on_output)(struct run *run, enum exec_stream stream, const void *data, size_t n, void *arg);
	void (*on_input_taken)(struct run *run, uint64_t offset, bool closed, void *arg);
	/* Last. `result` is borrowed. */
	void (*on_end)(struct run *run, const struct run_result *result, void *arg);
};

struct run_spec {
	uint8_t id[RUN_ID_BYTES];
	struct exec_spec exec;		/* borrowed during run_new() */
	uint64_t timeout_ms;		/* 0: none */
	uint64_t grace_ms;		/* between TERM and KILL; 0: RUN_GRACE_MS */
};

/* The run is among `runs` until it is freed. The caller has asked runs_admit(). */
struct run *run_new(struct runs *runs, const struct run_spec *spec, const struct run_ops *ops, void *arg);

void run_input(struct run *run, const void *data, size_t n);
void run_input_end(struct run *run);
void run_resume(struct run *run);			/* after on_output said false */
/* To the process group of a run that has started. 1 <= number <= 64. */
void run_signal(struct run *run, int number);
/* TERM, grace, KILL to all of it; the first reason given counts. */
void run_cancel(struct run *run, const char *reason);
/* KILL at once: for an agent that ends now. */
void run_kill(struct run *run, const char *reason);
/* The watcher is gone: cancels, and no callback follows. */
void run_leave(struct run *run, const char *reason);

const uint8_t *run_id(const struct run *run);

/* For runs.c: the link that a run has in the list of live runs. */
struct run *run_from_link(struct list *link);

#endif
