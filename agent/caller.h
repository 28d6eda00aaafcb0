/*
 * caller.h - what the calls that ask for a run have in common: who asks, may it be, how it begins.
 */
#ifndef AGENT_CALLER_H
#define AGENT_CALLER_H

#include "agent/run.h"
#include "wire/code.h"
#include "wire/proto/sloth.pb-c.h"

struct agent;
struct wire_call;

/* Who asks: what the master says ("uid:1000"), else "tcp:ADDRESS". Owned. */
char *caller_principal(struct wire_call *call);

/*
 * Starts what is asked for. NULL: there is no run; a request that is refused has ended its call with words,
 * and a run that cannot be started has had its on_end, with NULL for the run.
 */
struct run *caller_begin(struct agent *agent, struct wire_call *call, const Sloth__V1__RunStart *start,
			 const struct run_ops *ops, void *arg);

/* The reason to run_leave() with when a call has ended before its run. Owned. */
char *caller_lost(enum wire_code code, const char *why);

#endif
