/*
 * session.h - the processes of a session, found by a walk over /proc.
 *
 * One walk serves all runs that ask in the same turn of the loop, so that ending a thousand runs at
 * once costs one walk. A member is a process of the session other than its leader.
 */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include <stddef.h>
#include <sys/types.h>

struct session_list;
struct session_list *session_list_new(void);
void session_list_free(struct session_list *l);

struct session_count {
	unsigned listed;	/* members when the walk was made; 0: there are none left */
	unsigned alive;		/* of these, still there and no zombies */
};

/* `turn` is any number that differs between turns of the loop. */
struct session_count session_count(struct session_list *l, unsigned turn, pid_t sid);
/* How many are alive; the pids of the first `room` of them into `out`. */
size_t session_alive(struct session_list *l, unsigned turn, pid_t sid, pid_t *out, size_t room);
/* Sends a signal to the members that have left the leader's process group, which is kill(2)'s job. */
void session_signal(struct session_list *l, unsigned turn, pid_t sid, int number);

#endif
