/*
 * home.h - the run directory of a supervisor: made, moved into, emptied, removed. See supervise.h.
 */
#ifndef SUPERVISE_HOME_H
#define SUPERVISE_HOME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "agent/supervise/spool.h"

enum { HOME_NAME_MAX = 32 };

struct home {
	int dir, lock, listener;
	struct spool spool;
	bool is_elsewhere;		/* not below SUP_RUNS_FD */
};

/* Makes DIR/idle-<pid> below `runs`; its name into `name`. 0 or -errno. */
int home_make(struct home *h, int runs, char *name);
/* Sets up a directory that is there. 0 or -errno, and nothing of it is held. */
int home_enter(struct home *h, const char *path);
/* Removes the files of a run; those of the supervisor stay. 0 or -errno. */
int home_empty(struct home *h);
/* Removes everything and lets go. */
void home_remove(struct home *h);
/* Lets go of what stays. */
void home_leave(struct home *h);
/* What the run is survives a power failure from here on. 0 or -errno. */
int home_sync(const struct home *h);
/* Writes DIR/pid. 0 or -errno. */
int home_write_pid(const struct home *h, pid_t pid);

#endif
