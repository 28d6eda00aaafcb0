/*
 * control.h - the public service of the master, agent.AgentRegistry.
 *
 * What is merely wrong (no such agent, name taken) is answered with status OK, success=false and a
 * message, as its clients expect; error statuses speak of the call.
 */
#ifndef MASTER_CONTROL_H
#define MASTER_CONTROL_H

struct master;

void control_serve(struct master *m);

#endif
