/*
 * gate.h - the master's policy on what callers ask for. See sloth-policy(5).
 *
 * Roles come first: which methods a peer may call at all is in the tables of methods. Each handler of one that is for
 * people then asks here, once it knows what the call is about and before it looks for anything, so that whoever is
 * refused does not learn what there is.
 */
#ifndef MASTER_GATE_H
#define MASTER_GATE_H

#include <stdbool.h>

#include "common/policy.h"
#include "master/principal.h"

struct agent;
struct master;
struct wire_call;

/* Reads the policy; the one before goes. EXIT_OK, or EXIT_CONFIG with *error set to owned words: then it stays. */
int gate_load(struct master *m, char **error);
/* The same for a master that runs: what is wrong is logged. */
void gate_reload(struct master *m);
void gate_close(struct master *m);
/* From here on what is refused to somebody who is known goes into the audit log, up to a rate. */
void gate_watch(struct master *m);

/*
 * May the caller do that? False: the call has been ended with PERMISSION_DENIED and words. `agent` NULL: it is about
 * none in particular; `run_as` counts for POLICY_RUN, NULL: not known.
 */
bool master_may(struct master *m, struct wire_call *call, enum policy_verb verb, const char *agent, const char *run_as);
/* To enroll what has no agent's name yet: `pattern` is for the names that it may come to, NULL: it is for no agent. */
bool master_may_enroll(struct master *m, struct wire_call *call, const char *pattern);
/* A run: `user` as the caller wrote it, "" for the agent's own; NULL: not known. */
bool master_may_run(struct master *m, struct wire_call *call, const char *agent, const char *user);

/* What the caller may do whichever agent it is about: a set of 1 << enum policy_verb. */
unsigned gate_verbs(struct master *m, struct wire_call *call);

/* Which agents a list shows to a caller who may list some. */
struct gate_view {
	const struct policy *policy;
	bool is_whole;			/* nothing depends on the agent */
	unsigned roles;			/* set of enum policy_role */
	struct principal who;
};
void gate_view_init(struct gate_view *view, struct master *m, struct wire_call *call);
bool gate_view_names(const struct gate_view *view, const char *agent);
bool gate_view_shows(const struct agent *a, const void *view);		/* an info_shows */

#endif
