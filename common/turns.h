/*
 * turns.h - at level debug: tells of turns of an event loop that took too long, during which nobody else was served.
 *
 * What is counted is the time between two sleeps, without the time in which the process could have run and others had the
 * processor: so a busy machine is not taken for a blocked loop, nor a virtual machine that does not run.
 */
#ifndef COMMON_TURNS_H
#define COMMON_TURNS_H

#include <ev.h>
#include <stdint.h>
#include <sys/types.h>

enum { TURNS_LONG_MS = 20 };

struct turns_usage {
	uint64_t cpu_us;
	long sleeps;			/* how often the process gave its processor away */
};

struct turns {
	struct ev_loop *loop;
	ev_check begin;
	ev_prepare end;
	int stat_fd;
	uint64_t begun_us, waited_us;
	struct turns_usage usage;	/* at the begin */
	uint64_t longest_us;		/* so far */
};

/* Does nothing unless the log takes lines of level debug. The watchers do not keep the loop alive. */
void turns_watch(struct turns *t, struct ev_loop *loop);
/* Says how long the longest turn was. */
void turns_unwatch(struct turns *t);
/* A process that was just begun, and for which we were made to wait until then: it, too, may have waited for a processor. */
void turns_began_process(pid_t pid);

#endif
