/*
 * child.h - the process of a run: starting it.
 *
 * It leads a session and a process group of its own, whose number is its pid. The words of a failure come from
 * child_failure_text(), for the person who asked for the run.
 */
#ifndef SUPERVISE_CHILD_H
#define SUPERVISE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "agent/supervise/spec.h"

/* Where a start failed. */
enum child_step {
	CHILD_SPAWN, CHILD_SETUP, CHILD_TERMINAL, CHILD_LIMIT, CHILD_NICE, CHILD_GROUPS, CHILD_USER, CHILD_REGAIN,
	CHILD_CWD, CHILD_EXEC
};

struct child_failure {
	enum child_step step;
	int error;			/* errno */
	uint32_t resource;		/* CHILD_LIMIT: which */
};

struct child_plan {
	const struct spec *spec;
	int fds[3];			/* become 0, 1, 2; all above 2 */
	int script;			/* becomes 3, or -1 */
	int cgroup;			/* directory of the one that it is to be in, or -1 */
	bool is_outside;		/* out: it could not */
};

/* Once, before the first start. 0 or -errno. */
int child_init(void);
/* The pid, or -1 with *failure set. */
pid_t child_start(struct child_plan *plan, struct child_failure *failure);
/* The failure in words, owned. *code is what a shell would have for it, 126 or 127, or 0: not the program's. */
char *child_failure_text(const struct child_failure *failure, const struct spec *spec, int *code);

/* All signals as they are by default, none blocked; what would end or stop a supervisor is ignored. */
void child_own_signals(void);

#endif
