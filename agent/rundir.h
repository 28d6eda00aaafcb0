/*
 * rundir.h - the directories of runs on disk: made, read, judged and removed. See supervise.h for what is in them.
 */
#ifndef AGENT_RUNDIR_H
#define AGENT_RUNDIR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/supervise/spec.h"
#include "agent/supervise/supervise.h"
#include "common/buf.h"

/* The directory PARENT/runs, made when it is missing: a descriptor, or -errno. */
int rundir_open_runs(const char *parent);
/* One run's. A descriptor, or -errno. */
int rundir_open(int runs_fd, const char *name);
/* A new one, for a run that is not in a supervisor's first directory. A descriptor, or -errno: -EEXIST. */
int rundir_make(int runs_fd, const char *name);
/* 0 or -errno. */
int rundir_write_spec(int dir_fd, const struct buf *spec);
/* With all that is in it; what is not there is fine. */
void rundir_remove(int runs_fd, const char *name);

/* Does its supervisor live? 1, 0, or -errno: that cannot be said, for want of a descriptor say. */
int rundir_held(int dir_fd);
/*
 * For a directory that no supervisor has entered: from now on none can. A descriptor that keeps it so, or -errno: -EEXIST,
 * one has been there; -EWOULDBLOCK, one is.
 */
int rundir_seal(int dir_fd);
/* 0; -ENOENT: the run has no end yet; -EBADMSG. `reason` has SUP_REASON_MAX + 1 bytes. */
int rundir_read_status(int dir_fd, struct sup_status *status, char *reason);
/* 0 or -errno; -EBADMSG. spec_done() in both cases. */
int rundir_read_spec(int dir_fd, struct spec *spec);

/* The process that the run was. */
struct rundir_process {
	pid_t pid;		/* 0: none was started */
	uint64_t start_time;
	bool is_of_this_boot;
};
void rundir_read_process(int dir_fd, struct rundir_process *out);

/* A connection to its supervisor: a descriptor that does not block, or -errno. */
int rundir_connect(int dir_fd);

#endif
