/*
 * procs.h - the processes of this machine, as /proc shows them.
 *
 * A walk sees a moment that has passed: a process may have ended since, and its number may belong to another.
 * So a signal goes through a pidfd whose process is looked at again after it was opened. One that was forked
 * during the walk may be missing: who wants all of them asks again.
 */
#ifndef SUPERVISE_PROCS_H
#define SUPERVISE_PROCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_entry {
	pid_t pid, parent, group, session;
	uint64_t start;			/* field 22 of /proc/PID/stat */
	char state;
	bool is_marked;
};

struct procs {
	struct proc_entry *all;		/* by pid */
	size_t n, room;
};

/* False: it is gone. */
bool procs_look(pid_t pid, struct proc_entry *out);
/* All of them, none marked. Zero *p before the first walk. */
void procs_walk(struct procs *p);
/* The descendants of `root`, all marked, without it. False: this kernel does not list children, and *p is empty. */
bool procs_descend(struct procs *p, pid_t root);
void procs_done(struct procs *p);
struct proc_entry *procs_find(const struct procs *p, pid_t pid);
/* Marks every process with a marked parent, but never `except` and what descends from it only. */
void procs_mark_descendants(struct procs *p, pid_t except);
static inline bool proc_is_alive(const struct proc_entry *e) { return e->state != 'Z' && e->state != 'X'; }
/* False: that process is gone, or may not be signalled. */
bool proc_entry_signal(const struct proc_entry *e, int number);

#endif
