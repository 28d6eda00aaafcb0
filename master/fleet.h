/*
 * fleet.h - what happens to agents: joins the registry, the store and the channels.
 *
 * Who registers is on disk before it is answered, with what its dial-back told; first facts and other versions
 * are before their heartbeat is answered. What changes all the time (last heard, facts) is collected and
 * written in one transaction now and then. While the store cannot be written the fleet
 * goes on in memory and tries again.
 */
#ifndef MASTER_FLEET_H
#define MASTER_FLEET_H

#include "master/registry.h"

struct master;

enum {
	FLEET_WRITE_SOON_MS = 2000,		/* facts that replace others */
	FLEET_WRITE_SEEN_MS = 60 * 1000,	/* nothing but "last heard" */
	FLEET_RETRY_MS = 10 * 1000,		/* the store could not be written */
	FLEET_CONFLICT_LOG_MS = 5 * 60 * 1000,	/* per agent */
	FLEET_REFUSALS_AT_ONCE = 20, FLEET_REFUSALS_PER_S = 1	/* other refusals in the log: an agent could fill the disk */
};

/* Fills the registry from the store; m->store is open. */
void fleet_start(struct master *m);
/* No timers, no dialling any more; what is not on disk is written. */
void fleet_stop(struct master *m);
/* Frees the channels; before wire_free(). */
void fleet_free(struct master *m);

/* 0, or a refusal as of registry_register(). The agent is being checked by its channel afterwards. `from`:
 * who sent it. */
int fleet_register(struct master *m, const struct registration *reg, const char *from, struct agent **agent,
		   char **why);
/* A heartbeat; json and version empty: unchanged. 0, or what registry_set_facts() says. */
int fleet_heartbeat(struct master *m, struct agent *a, const char *json, const char *version);
/* The agent has said at its address who it is: what differs from the store is written. */
void fleet_identified(struct master *m, struct agent *a);
/* `by` drains it; NULL: it is given runs again. On disk before it returns, if that can be. False: so it was before. */
bool fleet_drain(struct master *m, struct agent *a, const char *by);
void fleet_remove(struct master *m, struct agent *a);

#endif
