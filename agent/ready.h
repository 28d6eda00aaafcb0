/*
 * ready.h - tells, once, that the agent works: a service manager and whoever started it with --daemon.
 *
 * It works when it listens. What is told waits for the master's first answer, so that a script which starts
 * an agent can use it in its next line, but not for longer than READY_WAIT_MS: an agent without a master
 * works too.
 */
#ifndef AGENT_READY_H
#define AGENT_READY_H

#include <ev.h>
#include <stdbool.h>

enum { READY_WAIT_MS = 2000 };

struct agent;

struct ready {
	ev_timer timer;
	bool is_due;		/* from ready_await() until it is told */
	bool is_over;		/* from ready_stop() on */
};

/* The link to the master is being made. */
void ready_await(struct agent *a);
/* What came of it. A service manager is shown what comes later, too. */
void ready_tell(struct agent *a, const char *words);
/* Told or not: nothing more follows. */
void ready_stop(struct agent *a);

#endif
