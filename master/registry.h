/*
 * registry.h - the agents that the master knows, by name. Sole owner of struct agent.
 *
 * No I/O, no clock: `now` is an argument, so everything here is tested without waiting. Intervals are
 * measured on the monotonic clock only; wall time is stored for display and decides nothing.
 *
 * Readers may look at any field of an agent; only registry_* functions change it, except `home` to `trust`
 * (claim.c), `channel` (channel.c), `follow` (follow.c), `n_relays` (relay.c), and `dirty` and `refused_ms` (fleet.c).
 */
#ifndef MASTER_REGISTRY_H
#define MASTER_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "master/reach.h"

enum {
	REGISTRY_AGENTS_MAX = 16384,
	REGISTRY_ADDRESS_MAX = 128,		/* keeps a list of all agents under 4 MiB */
	REGISTRY_TEXT_MAX = 64,			/* version, shell */
	REGISTRY_BY_MAX = 128,			/* who drained it */
	REGISTRY_REASON_MAX = 160,		/* why an agent is unreachable */
	REGISTRY_INSTANCE_LEN = 32,		/* hex digits */
	REGISTRY_FACTS_MAX = 64 * 1024,
	REGISTRY_FACTS_TOTAL_MAX = 64 * 1024 * 1024,
	REGISTRY_INTERVAL_MS = 5000,
	REGISTRY_HEARTBEATS_PER_S = 200,	/* of all agents together */
	REGISTRY_INTERVALS_MISSED = 3		/* and an agent is Inactive */
};

struct wire_conn;

struct now {
	uint64_t mono_ms;
	int64_t wall_s;
};
struct now now_read(void);

/* What outlives the master. No string is NULL. */
struct agent_record {
	char *name, *address;
	char *instance;			/* hex; empty: not known, a foreign agent */
	char *version, *shell;		/* empty: not known */
	char *facts;			/* system_info_json; empty: never sent */
	bool is_foreign;
	int64_t registered_s, heartbeat_s, facts_s;	/* unix seconds, 0: never */
	int64_t drained_s;		/* since when it is given no new runs; 0: it is */
	char *drained_by;		/* who said so; empty: nobody */
};

/* What of a record differs from the store. */
enum { AGENT_DIRTY_RECORD = 1, AGENT_DIRTY_SEEN = 2, AGENT_DIRTY_FACTS = 4 };

struct agent {
	struct agent_record record;
	char epoch[2 * 16 + 1];		/* hex; empty: not learnt yet */
	char *user;			/* name of the user that it runs as; NULL: not learnt yet */
	bool is_active;
	bool is_insecure;		/* as it registered last: it is dialled without TLS */
	bool is_local;			/* it registered from this machine: its address may be a loopback one */
	bool is_stopping;		/* it has promised to end itself */
	uint64_t heard_ms, active_until_ms;
	enum reach reach;		/* what the last attempt to reach it met */
	char *unreachable;		/* why; NULL: reachable or not tried */
	int64_t unreachable_s;
	uint64_t refused_ms;		/* when a conflict over the name was logged; 0: never */
	unsigned dirty;

	struct wire_conn *home;		/* over which it has registered, if with a certificate; NULL: none, or gone */
	char process[REGISTRY_INSTANCE_LEN + 1];	/* the one that did */
	char *conflict;			/* with another one that has the same identity, in words; NULL: none */
	uint64_t conflict_until_ms;
	const char *trust;		/* how it came to its certificate; static; NULL: it has none, or not known */

	struct channel *channel;
	struct follow *follow;		/* NULL: none of its runs is open */
	unsigned n_relays;
};

struct registry;

struct registry *registry_new(void);
void registry_free(struct registry *r);			/* every agent's channel is gone before */

/* Agents in order of their names. */
size_t registry_count(const struct registry *r);
struct agent *registry_at(const struct registry *r, size_t i);
struct agent *registry_find(const struct registry *r, const char *name);	/* NULL: none */

struct registration {
	const char *name, *address;
	const char *instance;		/* hex; empty: none was sent */
	bool is_foreign;		/* did not introduce itself as Sloth's */
	bool is_insecure;		/* came without a certificate, by plaintext */
	bool is_local;			/* came over loopback or a unix socket */
};
/*
 * Whoever registers has the master dial what he reports, and is told what it met: from another machine that may not be the
 * master's own loopback interface, whose services trust whoever comes. Names are looked at when they are dialled.
 *
 * Enters an agent, or takes it over: the same instance always, any other while the first is Inactive.
 * The agent is Active afterwards. 1: it is new or its record has changed; 0: all was known; or -EINVAL (name,
 * address, instance), -EEXIST (a live agent has the name; it is *agent), -ENOSPC (too many agents) with *why
 * set to owned words.
 */
int registry_register(struct registry *r, const struct registration *reg, struct now now, struct agent **agent,
		      char **why);
/* From the store: the agent is Inactive until it is heard. 0, or -EINVAL, -ENOSPC: not entered. */
int registry_restore(struct registry *r, const struct agent_record *record, struct now now);
void registry_remove(struct registry *r, struct agent *a);

/* A heartbeat. True: the agent was Inactive before. */
bool registry_heard(struct registry *r, struct agent *a, struct now now);
/* `json` replaces the facts. 0, -EMSGSIZE (over REGISTRY_FACTS_MAX) or -ENOSPC (all agents' together). */
int registry_set_facts(struct registry *r, struct agent *a, const char *json, struct now now);
void registry_set_version(struct agent *a, const char *version);
/* What the agent said about itself when asked at its address; instance and epoch in hex. */
void registry_set_identity(struct agent *a, const char *instance, const char *epoch, const char *version,
			   const char *shell);
/* The name of the user that it runs as, as it said; not kept on disk. Empty or too long: not known. */
void registry_set_user(struct agent *a, const char *name);
/* What an attempt to reach it met; `why` in words, NULL with REACH_DIRECT. True when an agent became reachable,
 * unreachable, or unreachable for another reason. */
bool registry_set_reach(struct agent *a, enum reach reach, const char *why, struct now now);
/* The agent as its reach is judged: who has closed the connection over which it registered runs no more, though its time is
 * not over yet. Strings are borrowed. */
struct reach_agent registry_reach_agent(const struct agent *a);
/* What to do about what was met. Owned; NULL: nothing. */
char *registry_advice(const struct agent *a);
/* Its last words came without a certificate: it is dialled without TLS. */
void registry_set_insecure(struct agent *a, bool insecure);
void registry_set_stopping(struct agent *a);
/* `by` drains it; NULL: it is given runs again. False: so it was before. */
bool registry_set_drained(struct agent *a, const char *by, struct now now);
/* Before its time is over: it has left. */
void registry_set_inactive(struct agent *a);

/* How often each agent is to send a heartbeat. */
uint32_t registry_interval_ms(const struct registry *r);
/* Makes overdue agents Inactive and reports each; the callback must not remove agents. Milliseconds
 * until the next agent can become overdue; UINT64_MAX: no agent is Active. */
uint64_t registry_expire(struct registry *r, struct now now, void (*on_inactive)(struct agent *, void *), void *arg);

struct registry_counts {
	uint32_t active, inactive;
	uint32_t unreachable;		/* of the active ones */
};
struct registry_counts registry_counts(const struct registry *r);

#endif
