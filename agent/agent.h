/*
 * agent.h - the agent as a whole: what everything in it may use. Passed, never global.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <ev.h>
#include <stdbool.h>

#include "agent/config.h"
#include "agent/facts.h"
#include "agent/identity.h"
#include "agent/ready.h"
#include "agent/runs.h"
#include "agent/user.h"
#include "wire/guard.h"
#include "wire/wire.h"

enum {
	AGENT_LISTENERS_MAX = 2, AGENT_DRAIN_MS = 5000,
	AGENT_REFUSALS_AT_ONCE = 10, AGENT_REFUSALS_PER_S = 1	/* in the log */
};

struct enrol;
struct link;
struct policy;
struct unit;

/*
 *   UP --SIGTERM, Shutdown RPC-----------------> CLOSING
 *   +---the same, runs are to end---> ENDING --last run ended--+
 */
enum agent_state { AGENT_UP, AGENT_ENDING, AGENT_CLOSING };

struct agent {
	struct config *config;		/* changed by agent_reconfigure() only */
	struct ev_loop *loop;
	struct wire *wire;
	struct wire_listener *listeners[AGENT_LISTENERS_MAX];
	size_t n_listeners;
	uint16_t port;			/* in use */
	struct identity identity;
	struct usage usage;
	struct policy *policy;		/* consent.c */
	struct user *own_user;		/* agent_own_user() */
	const char *shell;
	struct runs *runs;
	struct link *link;
	struct enrol *enrol;		/* NULL: --insecure */
	struct unit *unit;		/* NULL: no service */
	struct guard_bucket refusals;	/* that are logged */
	struct ready ready;
	unsigned state;			/* enum agent_state */
	int exit_status;
};

/*
 * In this order; each EXIT_OK, or an exit status with *error set to owned words. Half-open is fine for
 * agent_close(). The state directory's lock is held by the caller.
 */
int agent_open(struct agent *a, struct config *config, char **error);	/* its loop and what is in it */
int agent_start(struct agent *a, char **error);		/* policy, listens, identity, link to the master */
/* After the loop has returned. Half-open is fine. */
void agent_close(struct agent *a);

/* No new run from here on. kills: those that live are ended first, and waited for; else they go on, and their callers are
 * told so. The loop returns when that is done; the agent then exits with `status`. Only the first call counts. */
void agent_stop(struct agent *a, bool kills, int status, const char *why);
/* The process is about to end at once: kills the runs, if they were to be ended. */
void agent_abort(struct agent *a);

/* In listen.c: 0, or -1 with *error set to owned words. */
int agent_listen(struct agent *a, char **error);
void agent_unlisten(struct agent *a);

/* Looked up with the first run; forgotten by agent_reload(), which also reads the policy again. */
const struct user *agent_own_user(struct agent *a);
void agent_reload(struct agent *a);
/* In reconfigure.c: reads the configuration again and does what of it can be done at once. Before agent_reload(). */
void agent_reconfigure(struct agent *a);

#endif
