/*
 * exec.h - the process of a run: start it, feed it, signal it, end it; hear what it writes and how it ends.
 *
 * exec_start() never fails. on_started or on_failed comes first; after on_failed nothing more. Then, in any
 * order: on_output, on_input_taken, one on_eof per stream, on_exited, and on_gone if exec_kill() was
 * called. Only a process that outlives SIGKILL may never have its on_exited: on_gone says so. Callbacks come from the loop only, never from inside an exec_* function. exec_free() may be called
 * from every callback but on_output and on_input_taken.
 *
 * The process leads a session and a process group of its own. When it has ended and a process it left
 * behind holds an output stream open, that stream is cut EXEC_LINGER_MS later; what was in it by then
 * is delivered.
 */
#ifndef AGENT_EXEC_H
#define AGENT_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/user.h"

enum {
	EXEC_LINGER_MS = 2000,
	EXEC_GIVE_UP_MS = 5000,		/* after the first SIGKILL */
	EXEC_CHUNK_MAX = 64 * 1024
};

struct ev_loop;
struct exec;
enum exec_stream { EXEC_STDOUT, EXEC_STDERR, EXEC_N_STREAMS };

/* What all of an agent's processes share. */
struct exec_host;
struct exec_host *exec_host_new(struct ev_loop *loop);
void exec_host_free(struct exec_host *h);

/* Borrowed during exec_start(). */
struct exec_spec {
	const char *shell;		/* runs `command` */
	const char *command;		/* or NULL: argv is executed directly */
	char *const *argv;		/* argv[0] is looked up in the PATH of env */
	char *const *env;		/* all of the environment, NULL-terminated */
	const char *cwd;
	bool cwd_may_fail;		/* then the process starts in "/" */
	const struct user *user;
	bool no_input;			/* standard input is /dev/null */
};

struct exec_ops {
	void (*on_started)(struct exec *exec, pid_t pid, void *arg);
	/* Nothing runs. `code` is what a shell has for it, 126 or 127, or 0; `why` is borrowed. */
	void (*on_failed)(struct exec *exec, int code, const char *why, void *arg);
	/* At most EXEC_CHUNK_MAX bytes, borrowed. */
	void (*on_output)(struct exec *exec, enum exec_stream stream, const void *data, size_t n, void *arg);
	/* The process's pipe took all input before `offset`. closed: it takes no more, what is queued is dropped. */
	void (*on_input_taken)(struct exec *exec, uint64_t offset, bool closed, void *arg);
	/* cut: somebody else still holds the stream open. */
	void (*on_eof)(struct exec *exec, enum exec_stream stream, bool cut, void *arg);
	/* One of code and signal is meant: signal 0 means exited with code. */
	void (*on_exited)(struct exec *exec, int code, int signal, void *arg);
	/* After exec_kill(): nothing of its session is left, or SIGKILL did not end all of it within
	 * EXEC_GIVE_UP_MS. Then `left` has the pids as words, borrowed, else it is NULL. */
	void (*on_gone)(struct exec *exec, const char *left, void *arg);
};

struct exec *exec_start(struct exec_host *h, const struct exec_spec *spec, const struct exec_ops *ops, void *arg);
/* Lets go of what is there. A process that still runs goes on, unheard, and is reaped when it ends. */
void exec_free(struct exec *exec);

/* Queues input without bound: the caller counts what on_input_taken has not confirmed. */
void exec_input(struct exec *exec, const void *data, size_t n);
/* After what is queued the process reads end of file. */
void exec_input_end(struct exec *exec);
/* No on_output until exec_resume(): a process that goes on writing blocks. */
void exec_pause(struct exec *exec);
void exec_resume(struct exec *exec);
/* A signal to the process group. */
void exec_signal(struct exec *exec, int number);
/* A signal to every process of the session, and on_gone is owed from here on. SIGKILL is repeated until
 * nothing is left, for EXEC_GIVE_UP_MS. */
void exec_kill(struct exec *exec, int number);

#endif
