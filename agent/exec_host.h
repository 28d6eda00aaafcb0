/*
 * exec_host.h - between exec_host.c and exec.c, and nobody else: what runs and the pool of supervisors know of each other.
 */
#ifndef AGENT_EXEC_HOST_H
#define AGENT_EXEC_HOST_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/exec.h"
#include "agent/supervisor.h"
#include "common/buf.h"
#include "common/list.h"

enum phase { PHASE_SETUP, PHASE_IDLE, PHASE_BUSY, PHASE_ENDED };
enum { NAME_MAX_BYTES = 40 };

struct exec_host {
	struct ev_loop *loop;
	char *program;
	int runs_fd;			/* borrowed; -1: not open */
	struct list setup, idle;	/* supervisors */
	struct list waiting, busy;	/* execs: without a supervisor, with one */
	size_t n_setup, n_idle, n_waiting;
	ev_timer warm, pump;
	bool is_stopped, is_failing;
};

struct exec {
	struct list link;
	struct exec_host *host;
	const struct exec_ops *ops;
	void *arg;
	struct supervisor *supervisor;	/* NULL: it waits for one, or has lost it */
	char name[NAME_MAX_BYTES];
	int other_fd;			/* -1: its directory was the supervisor's */
	char *other_path;
	struct buf spec, early;		/* while it waits: its file, packets for it */
	ev_timer begin;			/* never started: fed to tell a failure from the loop */
	char *failure;
};

/* ---- exec_host.c ---- */

/* One that is idle is wanted soon. */
void exec_host_warm(struct exec_host *h);
/* A supervisor is wanted for each run that waits. */
void exec_host_pump(struct exec_host *h);
/* SUP_IDLE: a supervisor is ready, in the directory of that name. */
void exec_host_take(struct exec_host *h, struct supervisor *s, const void *name, size_t n);
/* A supervisor without a run has ended. */
void exec_host_lose(struct exec_host *h, struct supervisor *s);

/* ---- exec.c ---- */

extern const struct supervisor_ops exec_supervisor_ops;

/* The idle supervisor s gets the run. */
void exec_claim(struct exec *exec, struct supervisor *s, const struct buf *spec);
/* on_failed, from the loop; takes over `why`. */
void exec_fail(struct exec *exec, char *why);

#endif
