/*
 * proc.h - processes: starting one in a session of its own, asking how it ended, signalling it.
 *
 * A process that has ended stays a zombie until proc_done(), so that neither its pid nor its session and
 * process group numbers can be used again while somebody may still signal them.
 */
#ifndef AGENT_PROC_H
#define AGENT_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "agent/user.h"

/* Where a start failed; the words of proc_failure_text() come from it. */
enum proc_step { PROC_SPAWN, PROC_SETUP, PROC_GROUPS, PROC_USER, PROC_REGAIN, PROC_CWD, PROC_EXEC };

struct proc_failure {
	enum proc_step step;
	int error;			/* errno */
};

/* What all starts share: made once. */
struct proc_host;
struct proc_host *proc_host_new(void);
void proc_host_free(struct proc_host *h);
int proc_host_null(const struct proc_host *h);	/* an open /dev/null */

struct proc_spec {
	/* Programs to try in this order, up to the first that exists; NULL-terminated. */
	const char *const *paths;
	char *const *argv, *const *env;
	const char *cwd;
	bool cwd_may_fail;		/* then it is "/" */
	const struct user *user;	/* is_own: no switch */
	int fds[3];			/* become 0, 1, 2; all above 2 */
	int script;			/* becomes 3, or -1 */
};

struct proc {
	pid_t pid;			/* also the number of its session and process group */
	int pidfd;			/* readable when it has ended */
};

/* How a process ended: one of the two is set. */
struct proc_status {
	int code, signal;
};

/* 0, or -1 with *failure set; *out is untouched then. */
int proc_spawn(struct proc_host *h, const struct proc_spec *spec, struct proc *out, struct proc_failure *failure);

/* The failure in words, owned. *code is what a shell would have for it, 126 or 127, or 0: not the program's. */
char *proc_failure_text(const struct proc_failure *failure, const struct proc_spec *spec, int *code);

/* True: it has ended, *status says how. */
bool proc_has_ended(const struct proc *p, struct proc_status *status);
/* Sends a signal to its process group. 0 or -errno; -ESRCH: nobody is there. */
int proc_signal(const struct proc *p, int number);
/* Reaps it when it has ended; closes the pidfd, whose watcher the caller has stopped. */
void proc_done(struct proc *p);

/*
 * Removes what a process that starts others must not have: ignored signals inherited from whoever
 * started the agent. For main(), before anything else; SIGPIPE is ignored afterwards.
 */
void proc_reset_signals(void);

#endif
