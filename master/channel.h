/*
 * channel.h - the way to one agent.
 *
 * An agent of ours has one pooled connection, dialled when it registers and checked by Hello: only an
 * agent that says the right name and instance is given commands. A foreign agent closes idle connections
 * and ends old ones, so it is dialled for every command; its channel only finds out whether it answers.
 *
 * The channel tells the registry whether the agent can be reached, and logs when that changes.
 */
#ifndef MASTER_CHANNEL_H
#define MASTER_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/list.h"

struct agent;
struct channel;
struct master;
struct wire_conn;

enum {
	CHANNEL_CHECK_MS = 2800,		/* dial and Hello; RegisterAgent answers within 3 s */
	CHANNEL_RETURN_MS = 10000,		/* the same, of an agent that took its leave: it may be restarted, its socket kept */
	CHANNEL_RETURN_TRIES = 2,		/* connections that such an agent may have taken, and drops */
	CHANNEL_RECHECK_MS = 5 * 60 * 1000,
	CHANNEL_REDIAL_MIN_MS = 200,
	CHANNEL_REDIAL_MAX_MS = CHANNEL_RECHECK_MS,
	CHANNEL_STABLE_MS = 10000,		/* up for so long: a drop is dialled again at once */
	CHANNEL_KEEPALIVE_MS = 10000,
	CHANNEL_FOREIGN_KEEPALIVE_MS = 310 * 1000	/* Go servers end a connection for a PING in less than 5 min */
};

/* Becomes the agent's channel. Nothing is dialled yet. */
struct channel *channel_new(struct master *m, struct agent *a);
/* The agent is going: waiters are told `why`, running calls may end. NULL is fine. */
void channel_free(struct channel *ch, const char *why);

/* Finds out at once whether the agent can be reached: it has registered, or is heard again. */
void channel_check(struct channel *ch);
/* Nothing has been heard of the agent since the master began, and it is wanted: whether it is there is found out. */
void channel_try(struct channel *ch);
/* The agent went silent: looks once more and then leaves it alone until channel_check(). */
void channel_rest(struct channel *ch);
/* The master ends: no dialling any more. */
void channel_stop(struct channel *ch);

/* Embedded in what waits for the end of a check. Valid until told or channel_leave(). */
struct channel_wait {
	struct list link;
	/* The agent can be reached: why is NULL. From the loop, once. */
	void (*told)(const char *why, void *arg);
	void *arg;
};
void channel_wait_init(struct channel_wait *wait, void (*told)(const char *why, void *arg), void *arg);
/* False: there is nothing to wait for. */
bool channel_join(struct channel *ch, struct channel_wait *wait);
void channel_leave(struct channel_wait *wait);		/* not waiting is fine */

/*
 * A connection for a call. NULL with *why NULL: a check is under way, channel_join(); NULL with *why
 * set (static or the channel's): it cannot be reached. *is_own: dialled for this call alone, the
 * caller closes it when the call has ended.
 */
struct wire_conn *channel_connection(struct channel *ch, bool *is_own, const char **why);

#endif
