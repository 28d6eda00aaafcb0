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
/* May whoever calls see and steer what `principal` has started? The master says who is an admin. */
bool caller_may(struct wire_call *call, const char *principal);
bool caller_may_past(struct wire_call *call, const struct past_outcome *outcome);

/*
 * The run that is asked for: started now, or the one that has its id already. NULL: there is none; then *not_started has
 * owned words, and it is a run that ends so; or NULL, and a request that is refused has ended its call with words.
 */
struct run *caller_begin(struct agent *agent, struct wire_call *call, const Sloth__V1__RunStart *start,
			 char **not_started);

/* An agent that stops has let go of its runs: the next one knows more of them. True: the call has been ended. */
bool caller_refuse_stopping(struct agent *agent, struct wire_call *call);
/* Not found or not the caller's: the call has been ended. */
void caller_refuse_unknown(struct agent *agent, struct wire_call *call, const uint8_t *id);
void caller_refuse_other(struct wire_call *call, const uint8_t *id);

/* The reason to cancel with when a call has ended before its run. Owned. */
char *caller_lost(enum wire_code code, const char *why);

#endif
