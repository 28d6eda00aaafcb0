/*
 * contain.h - everything that descends from a run: asked to end, killed, counted.
 *
 * In a cgroup of its own where one can be made; everywhere as descendants of the supervisor, to which orphans
 * are given as children (PR_SET_CHILD_SUBREAPER). So there is nothing left when the supervisor has no children, and,
 * with a cgroup, when that is empty, too.
 */
#ifndef SUPERVISE_CONTAIN_H
#define SUPERVISE_CONTAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/supervise/cgroup.h"
#include "agent/supervise/procs.h"
#include "agent/supervise/supervise.h"

struct buf;

struct contain {
	enum sup_containment kind;
	struct cgroup cgroup;
	pid_t leader;			/* of the run's process group; 0: it was reaped, the number may be somebody else's */
	struct procs procs;
	unsigned kills;
	bool is_tidy;			/* this supervisor has looked for cgroups that nobody owns */
};

/* Once for the process. 0 or -errno. */
int contain_init(void);
/* `parent`: directory of a cgroup v2, or NULL. Falls back to descendants. */
void contain_begin(struct contain *c, const char *parent, const uint8_t *id);
/* is_outside: the process did not get into its cgroup. */
void contain_started(struct contain *c, pid_t leader, bool is_outside);
/* SIGTERM and SIGCONT to everything; with a terminal SIGHUP as well, which is what shells end by. */
void contain_ask(struct contain *c, bool has_terminal);
/* For shells that heard SIGHUP right before they began to wait for a key, and wait on: any signal lets them look. */
void contain_nudge(const struct contain *c);
/* SIGKILL to everything. Repeated until it is empty; the first one is quick and may miss who left the group. */
void contain_kill(struct contain *c);
bool contain_is_empty(const struct contain *c, bool has_children);
/* "pid 12, 13 and 4 more": what is still alive. Nothing when there is none. */
void contain_left(struct contain *c, struct buf *out);
/* The cgroup is removed when it is empty. */
void contain_done(struct contain *c);

#endif
