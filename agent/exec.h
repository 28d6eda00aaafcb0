/*
 * exec.h - the process of a run, which belongs to a supervisor: start it, feed it, signal it, end it, and hear of it.
 *
 * The supervisor does the work and outlives this agent; see supervise/supervise.h. Idle ones are kept ready, so that a
 * start is one file, one rename and one packet. Callbacks come from the loop only, never from inside an exec_* function, but
 * for on_claim.
 * on_failed, on_ended and on_lost are each the last but on_ended, after which only exec_release() or exec_close() make
 * sense. exec_release() and exec_close() may be called from every callback.
 */
#ifndef AGENT_EXEC_H
#define AGENT_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/spool_read.h"
#include "agent/supervise/supervise.h"

enum {
	EXEC_IDLE_MAX = 4,		/* supervisors kept without a run */
	EXEC_SPAWNS_PER_TURN = 8
};

struct buf;
struct ev_loop;
struct exec;
enum exec_stream { EXEC_STDOUT, EXEC_STDERR, EXEC_N_STREAMS };

/* The supervisors of an agent. */
struct exec_host;
struct exec_host *exec_host_new(struct ev_loop *loop);
/* From here on there is one ready. runs_fd is the directory of directories, borrowed; `program` is copied. */
void exec_host_open(struct exec_host *h, const char *program, int runs_fd);
const char *exec_host_program(const struct exec_host *h);
/* Lets the idle ones go, and keeps none from here on. A run that waits for one still gets it. */
void exec_host_stop(struct exec_host *h);
void exec_host_free(struct exec_host *h);

/* All of it is borrowed during exec_start(), but for other_fd, which is borrowed until the end of the exec. */
struct exec_order {
	const char *name;		/* of its directory */
	const struct buf *spec;		/* the whole file, see supervise/spec.h */
	int other_fd;			/* make the directory in this one, whose path is other_path; -1: take the supervisor's */
	const char *other_path;
};

struct exec_ops {
	/* It is about to begin: what has to be written down before. 0, or -errno: then it does not, and on_failed follows. The
	 * only one that may be called from inside exec_start(); NULL: nothing. */
	int (*on_claim)(struct exec *exec, void *arg);
	void (*on_started)(struct exec *exec, pid_t pid, void *arg);
	/* Nothing runs, nothing is left: no supervisor could be had. `why` is borrowed. */
	void (*on_failed)(struct exec *exec, const char *why, void *arg);
	/* There is more in the spool. */
	void (*on_grew)(struct exec *exec, void *arg);
	/* The process's pipe took all input before `offset`. closed: it takes no more, what is queued is dropped. */
	void (*on_input_taken)(struct exec *exec, uint64_t offset, bool closed, void *arg);
	/* Of one that was adopted: how it stands. */
	void (*on_state)(struct exec *exec, const struct sup_state *state, void *arg);
	/* `reason` is borrowed. */
	void (*on_ended)(struct exec *exec, const struct sup_status *status, const char *reason, void *arg);
	/* The supervisor is gone without a word. Its files are there. */
	void (*on_lost)(struct exec *exec, void *arg);
};

/* Never fails: what cannot be started has its on_failed. */
struct exec *exec_start(struct exec_host *h, const struct exec_order *order, const struct exec_ops *ops, void *arg);
/* Takes over the supervisor of a run from an earlier agent: the connection and the directory, which it owns now.
 * runs_fd, in which that is called `name`, is borrowed. */
struct exec *exec_adopt(struct exec_host *h, int fd, int dir_fd, int runs_fd, const char *name,
			const struct exec_ops *ops, void *arg);
/* Lets go. The run goes on; its files stay. */
void exec_close(struct exec *exec);
/* The run has ended and is done with: its files are removed, its supervisor is free for another one. */
void exec_release(struct exec *exec);

/* Its output; without a head until it has started. Borrowed until it is closed. */
const struct spool_file *exec_spool(const struct exec *exec);
/* Its directory, or -1. */
int exec_dir(const struct exec *exec);

/* `offset` is that of the data in the run's input. Queued without bound: the caller counts what is not taken. */
void exec_input(struct exec *exec, uint64_t offset, const void *data, size_t n);
void exec_input_end(struct exec *exec);
void exec_signal(struct exec *exec, int number);
/* TERM, grace, KILL; or KILL at once. It ends as `end`, an enum sup_end, with these words. */
void exec_stop(struct exec *exec, enum sup_end end, const char *reason, bool at_once);
/* Somebody has stopped its supervisor (SIGSTOP): SIGCONT lets it go on, after SIGKILL on_lost follows. */
bool exec_is_stopped(const struct exec *exec);
void exec_signal_supervisor(const struct exec *exec, int number);
void exec_resize(struct exec *exec, unsigned rows, unsigned columns);
/* Output before `position` is not needed any more. */
void exec_free_output(struct exec *exec, uint64_t position);

#endif
