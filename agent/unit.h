/*
 * unit.h - the unit of systemd that this agent is: what it costs that it is written as it is.
 */
#ifndef AGENT_UNIT_H
#define AGENT_UNIT_H

#include <stdbool.h>

struct ev_loop;
struct unit;

/* Is this process the one that systemd has started for a service? */
bool unit_is_ours(void);
/* The path of a control group, cut behind the service in it: the innermost, for a user's manager is a service itself.
 * Owned; NULL: it is in none. */
char *unit_path(const char *group);
/* KillMode= of the service at that path, as systemd has loaded it: owned; NULL: it does not say, in 3 seconds, which this
 * may take. */
char *unit_kill_mode(const char *path);
/* Do commands go on when a unit of that mode is stopped or restarted? */
bool unit_lets_live(const char *kill_mode);
/* Asks systemd how the unit is written, and logs once what of it harms commands: that they have no control groups of their
 * own, that they end with the agent. NULL: this is no service, or systemd cannot be asked. Keeps no loop alive. */
struct unit *unit_look(struct ev_loop *loop, const char *agent);
void unit_free(struct unit *u);		/* NULL is fine */

#endif
