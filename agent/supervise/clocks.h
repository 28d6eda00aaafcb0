/*
 * clocks.h - what is to happen at some time. Pure: `now` is an argument, in milliseconds of the monotonic clock.
 */
#ifndef SUPERVISE_CLOCKS_H
#define SUPERVISE_CLOCKS_H

#include <stdbool.h>
#include <stdint.h>

enum clock {
	CLOCK_TIMEOUT,		/* the run has had its time */
	CLOCK_GRACE,		/* between TERM and KILL */
	CLOCK_POLL,		/* is anything left of what is being killed? */
	CLOCK_GIVE_UP,
	CLOCK_LINGER,		/* output that somebody else holds open */
	CLOCK_LOST,		/* nobody asks for the run */
	CLOCK_RETRY,		/* what the disk did not take */
	CLOCK_STARTED,		/* the agent is told of the start, if nothing else has been said to it by then */
	CLOCK_SHED,		/* the run lives on: memory of its start is given back */
	N_CLOCKS
};

struct clocks {
	uint64_t due_ms[N_CLOCKS];	/* 0: stopped */
};

static inline void clocks_start(struct clocks *c, enum clock which, uint64_t now_ms, uint64_t after_ms)
{
	uint64_t due = now_ms + after_ms;

	c->due_ms[which] = due < now_ms ? UINT64_MAX : due ? due : 1;
}

static inline void clocks_stop(struct clocks *c, enum clock which)
{
	c->due_ms[which] = 0;
}

static inline bool clocks_runs(const struct clocks *c, enum clock which)
{
	return c->due_ms[which] != 0;
}

/* Whether it is due; it has stopped then. */
bool clocks_take(struct clocks *c, enum clock which, uint64_t now_ms);
/* Milliseconds until the first one is due, for poll(2); -1: none runs. */
int clocks_wait_ms(const struct clocks *c, uint64_t now_ms);

#endif
