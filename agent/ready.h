/*
 * ready.h - tells that the agent works, and how it stands with its master.
 *
 * That it works is told once: to a service manager and to whoever started it with --daemon. How it stands is told them
 * there, and from then on to the service manager and in the file "status" of the runtime directory, for scripts.
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

extern const char ready_file[];		/* its name in the runtime directory */

/* First word of the file. */
enum standing {
	STANDING_TRYING,		/* not registered, for a reason that may pass */
	STANDING_WAITING,		/* for an operator, who accepts it */
	STANDING_DENIED,		/* the master refuses a certificate */
	STANDING_REGISTERED,
	STANDING_SAME			/* as it was: there is something else to say */
};

struct ready {
	ev_timer timer;
	bool is_due;		/* from ready_await() until it is told */
	bool is_over;		/* from ready_stop() on */
	enum standing standing;
	char *written;		/* owned: what the file says; NULL: there is none of ours */
};

/* The link to the master is being made. */
void ready_await(struct agent *a);
/* What came of it. */
void ready_tell(struct agent *a, enum standing standing, const char *words);
/* Told or not: nothing more follows. The file is removed. */
void ready_stop(struct agent *a);

#endif
