/*
 * pending.h - calls of agent.AgentRegistry that wait for an agent before they are answered.
 */
#ifndef MASTER_PENDING_H
#define MASTER_PENDING_H

#include <stdbool.h>

struct agent;
struct master;
struct wire_call;

enum { PENDING_STOP_MS = 10000 };

/* Answers a RegisterAgent that was accepted when the dial-back has come to something. */
void pending_register(struct master *m, struct wire_call *caller, struct agent *a);
/* Tells the agent to end itself, its runs before if they are to be killed, then answers the StopAgent. */
void pending_stop(struct master *m, struct wire_call *caller, struct agent *a, bool kill_runs);

#endif
