/*
 * info.h - agents as messages: agent.AgentInfo, and a list of all that stays under the message limit.
 */
#ifndef MASTER_INFO_H
#define MASTER_INFO_H

#include <stddef.h>

#include "master/registry.h"
#include "wire/proto/agent.pb-c.h"

enum {
	INFO_FACTS_TOTAL_MAX = 3 * 1024 * 1024,	/* beyond it a list carries no system_info_json */
	INFO_LIST_MAX = 4 * 1024 * 1024 - 1024	/* and beyond this only what a list cannot do without */
};

/* Strings are borrowed from the agent. */
void info_fill(Agent__AgentInfo *info, const struct agent *a);

/* Whether a list shows an agent. */
typedef bool info_shows(const struct agent *a, const void *arg);

/* Agents in order of names, all of them without `shows`; the message and its parts are one piece of memory for free(). */
Agent__ListAgentsResponse *info_list(const struct registry *r, info_shows *shows, const void *arg);

#endif
