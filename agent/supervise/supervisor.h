/*
 * supervisor.h - the supervisor as a whole: what its parts share. See supervise.h for what it does.
 *
 *   main.c     the loop: what is ready, what is due
 *   control.c  packets from and to the agent
 *   begin.c    from SUP_GO to a process
 *   run.c      from a process to its end, and to the next run
 */
#ifndef SUPERVISE_SUPERVISOR_H
#define SUPERVISE_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/supervise/clocks.h"
#include "agent/supervise/contain.h"
#include "agent/supervise/home.h"
#include "agent/supervise/input.h"
#include "agent/supervise/output.h"
#include "agent/supervise/spec.h"
#include "agent/supervise/supervise.h"

enum supervisor_state { SUP_IS_IDLE, SUP_IS_RUNNING, SUP_IS_TERMINATING, SUP_IS_KILLING, SUP_IS_ENDED };

/* Packets that the agent is owed, as a set: what is in them is looked up when they are sent. */
enum { OWES_IDLE = 1, OWES_STATE = 2, OWES_STARTED = 4, OWES_GREW = 8, OWES_TAKEN = 16, OWES_ENDED = 32 };

struct supervisor {
	unsigned state;			/* enum supervisor_state */
	bool is_over;			/* the loop ends */
	int runs;			/* SUP_RUNS_FD */
	struct home home;
	char name[HOME_NAME_MAX];	/* of a directory below `runs` */
	int agent;			/* the connection; -1: none */
	unsigned owes;			/* OWES_* */
	uint64_t seen_end;		/* of the spool, when a reader who waits was last thought of */
	struct clocks clocks;
	/* the run */
	struct spec spec;		/* its strings are gone when the process has started */
	struct contain contain;
	struct input input;
	struct output output;
	struct spool_record *record;
	int terminal;			/* our end, which `output` owns; -1 */
	pid_t pid;			/* of the process; 0: nothing was started */
	bool has_exited, has_children;
	bool is_gone;			/* after the first signal of ours: nothing is left, or nothing more can be done */
	bool is_given_up;
	unsigned poll_ms;
	uint64_t started_us, exited_us;	/* monotonic */
	struct sup_status status;
	char reason[SUP_REASON_MAX + 1];
	bool is_saved;			/* the status is in its file */
	bool is_homeless;		/* the directory of the run could not be used: `home` is not it */
};

/* ---- control.c ---- */

/* Packets that have arrived. The end of the connection is one, too. */
void control_receive(struct supervisor *s);
/* An agent knocks: it takes the place of the one before, whose packets are processed first. */
void control_accept(struct supervisor *s);
/* Something is to be said at this moment. */
bool control_has_due(const struct supervisor *s);
/* Sends what is owed, as far as the socket takes it. */
void control_flush(struct supervisor *s);

/* ---- begin.c ---- */

/* SUP_GO; path: of another directory, or "". */
void begin_run(struct supervisor *s, const char *path);
/* A directory for the next run. 0 or -errno. */
int begin_idle(struct supervisor *s);

/* ---- run.c ---- */

void run_move(struct supervisor *s, enum supervisor_state to);
/* Nothing was started. code: 126, 127 or 0. */
void run_fail(struct supervisor *s, int code, const char *why);
/* SUP_STOP and SUP_KILL. `reason` has n bytes. */
void run_stop(struct supervisor *s, enum sup_end as, const char *reason, size_t n, bool at_once);
void run_signal(struct supervisor *s, int number);
/* SUP_RELEASE. */
void run_release(struct supervisor *s, bool exits);
/* The agent is gone. */
void run_lose_agent(struct supervisor *s);
/* Children have ended. */
void run_reap(struct supervisor *s);
/* Clocks that are due, and the end if all facts are in. Once a turn. */
void run_turn(struct supervisor *s);

#endif
