/*
 * cgroup.h - a cgroup v2 for one run: a directory PARENT/sloth-run-<id>.
 *
 * A run may have made cgroups below its own; they count and are removed with it. No controller is touched.
 */
#ifndef SUPERVISE_CGROUP_H
#define SUPERVISE_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { CGROUP_NAME_MAX = 48 };

struct cgroup {
	bool is_made;			/* what follows is open */
	int parent, dir;
	char name[CGROUP_NAME_MAX];
};

/* Leaves the group of the agent for that of its supervisors, where the agent has made one: see agent/cgroup.c. */
void cgroup_leave_agent(void);
/* 0 or -errno: there is none. parent NULL: -ENOENT. */
int cgroup_make(struct cgroup *g, const char *parent, const uint8_t *id);
/* One that is there, by its name. 0 or -errno. */
int cgroup_find(struct cgroup *g, const char *parent, const char *name);
/* Removes those beside it that have been empty for a while: of a daemon which outlived its run and its supervisor. */
void cgroup_tidy(const struct cgroup *g);
/* To every process of it that is not in the process group `but` (0: to all). */
void cgroup_signal(const struct cgroup *g, int number, pid_t but);
void cgroup_kill(const struct cgroup *g);
bool cgroup_is_populated(const struct cgroup *g);
/* Removes it if it is empty, and lets go. */
void cgroup_done(struct cgroup *g);

#endif
