/*
 * claim.h - who registers under a name: may he, and is he the only one?
 *
 * An identity that is in use by two processes at once has been copied, with its state directory, to a second machine.
 * The process that came second is refused, and as long as it goes on asking neither of them is given commands: nobody
 * can say which one is meant. An agent that was restarted is no rival: its old connection is gone before.
 */
#ifndef MASTER_CLAIM_H
#define MASTER_CLAIM_H

#include <stdbool.h>

struct agent;
struct master;
struct wire_call;

enum {
	CLAIM_RIVAL_MS = 30 * 1000,	/* a rival that has asked within this time is there */
	CLAIM_PROBE_MS = 1000,		/* a silent first one is asked whether it lives, */
	CLAIM_PROBE_TIMEOUT_MS = 5000	/* and has so long to answer */
};

/* Whether the caller may speak for the agent of that name: with its certificate, or, where the name has none, without. */
bool claim_speaks_for(struct master *m, const struct wire_call *call, const char *name);
/* Before a registration. NULL: it may; else owned words why not. */
char *claim_refuse(struct master *m, struct wire_call *call, const char *name);
/* After it: the call's connection is where the agent lives, from here on. */
void claim_take(struct master *m, struct wire_call *call, struct agent *a);
/* Two machines have its identity, in the agent's words; NULL: not now. */
const char *claim_conflict(const struct agent *a);

#endif
