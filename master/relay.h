/*
 * relay.h - couples a caller's call with a call to an agent.
 *
 *   caller ---- messages, half-close ---> agent        neither direction is decoded, both pass
 *          <--- messages, status, -------              back-pressure on
 *               sloth-* trailers
 *
 * A caller that cancels, vanishes or runs out of time cancels the agent's call.
 */
#ifndef MASTER_RELAY_H
#define MASTER_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/list.h"
#include "master/history.h"
#include "master/principal.h"
#include "wire/wire.h"

struct agent;
struct audit_run;
struct master;

/* What every relayed call has, also the bridge's: it is counted, listed, and knows its agent. */
struct relay_link {
	struct list link;		/* m->relays */
	struct master *m;
	struct agent *agent;		/* NULL: deleted meanwhile */
	char *name;			/* the agent's, for messages */
	bool is_run;
	bool is_resumable;		/* a Run with an agent of ours: it is a struct relay */
	struct audit_run *audit;	/* owned; NULL: not recorded, or recorded to its end */
	struct history_call history;	/* of a run; empty: of none, or told to its end */
};
/*
 * The agent of a call that has arrived, or NULL: then the call has been ended with NOT_FOUND,
 * UNAVAILABLE, FAILED_PRECONDITION or RESOURCE_EXHAUSTED and words. What can only begin a run is said to have never
 * begun ("sloth-state"), and a drained agent takes none of it. A master that is stopping asks for another try
 * ("sloth-retry"). An agent that this master has not heard of yet may not be there: the call then waits for its channel.
 * *why, unless it is NULL: those words, owned; set only where there is no agent.
 */
struct agent *relay_find_agent(struct master *m, struct wire_call *caller, const char *name, bool is_start, char **why);
/* Takes `audit` over, which may be NULL. */
void relay_link_init(struct relay_link *l, struct master *m, struct agent *a, bool is_run, struct audit_run *audit);
void relay_link_done(struct relay_link *l);

/* Metadata for a call to an agent on behalf of `caller`, who it is first. Fields point into the struct, at the agent
 * and at `epoch`, which may be "". */
enum { RELAY_FIELDS_MAX = 5 };
struct relay_metadata {
	struct wire_field fields[RELAY_FIELDS_MAX];
	size_t n;
	char run_id[2 * RUN_ID_LEN + 1];
	struct principal principal;
};
void relay_metadata(struct relay_metadata *md, struct master *m, struct wire_call *caller, const char *epoch);
/* "agent not found or inactive: NAME: why"; is_start as in relay_find_agent(). */
void relay_refuse(struct wire_call *caller, const char *name, const char *why, bool is_start);

struct relay_request {
	struct agent *agent;
	const char *path;		/* the agent's method; static */
	const uint8_t *first;		/* first message; copied */
	size_t first_len;
	bool is_unary;			/* it is the only one */
	bool is_run;			/* counts as a run, has no deadline */
	bool is_start;			/* begins a run, or nothing */
	struct audit_run *audit;	/* taken over; NULL: not recorded */
	struct history_call history;	/* the same; empty: about no run that is recorded */
	const char *epoch;		/* that the agent is told; copied; "": none; NULL: its own */
	const uint8_t *removes;		/* id of the run whose output is forgotten when it is OK; copied; NULL: none */
};
/* Takes the call over, ends it in every case. */
void relay_start(struct master *m, struct wire_call *caller, const struct relay_request *request);

/* The master ends: Runs that can be resumed are let go of at once, and go on; their callers come back to the next
 * master. What cannot be resumed goes on here; false: there is nothing of it. */
bool relay_stop(struct master *m);

/* The agent is about to be deleted. */
void relay_forget_agent(struct master *m, struct agent *a);

#endif
