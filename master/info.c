/*
 * info.c - see info.h. gRPC clients refuse messages over 4 MiB, so a list gets leaner in two steps.
 *
 * The second step fits whatever agents call themselves: 16,384 of the longest names (64 bytes) and
 * addresses (128 bytes) with the fixed fields are 3.9 MiB.
 */
#include "master/info.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "master/claim.h"

struct list {
	Agent__ListAgentsResponse message;
	Agent__AgentInfo *pointers[];		/* and the messages behind them */
};

static char empty[] = "", active[] = "Active", inactive[] = "Inactive", unreachable[] = "unreachable",
	insecure[] = "INSECURE";

void info_fill(Agent__AgentInfo *info, const struct agent *a)
{
	const struct agent_record *rec = &a->record;

	agent__agent_info__init(info);
	info->agent_name = rec->name;
	info->agent_address = rec->address;
	info->last_heartbeat = rec->heartbeat_s;
	info->status = a->is_active ? active : inactive;
	info->last_info_collected = rec->facts_s;
	info->system_info_json = rec->facts;
	info->version = rec->version;
	info->unreachable = a->unreachable ? a->unreachable : empty;
	info->unreachable_since = a->unreachable_s;
	info->reach = (char *)(uintptr_t)reach_name(a->reach);
	info->shell = rec->shell;
	info->instance = rec->instance;
	info->registered = rec->registered_s;
	info->foreign = rec->is_foreign;
	info->conflict = (char *)(uintptr_t)(claim_conflict(a) ? claim_conflict(a) : empty);
	info->drained_since = rec->drained_s;
	info->drained_by = rec->drained_by;
	info->trust = a->is_insecure ? insecure : (char *)(uintptr_t)(a->trust ? a->trust : empty);
}

static void leave_out_facts(Agent__ListAgentsResponse *list)
{
	for (size_t i = 0; i < list->n_agents; i++)
		list->agents[i]->system_info_json = empty;
}

static void leave_out_texts(Agent__ListAgentsResponse *list)
{
	for (size_t i = 0; i < list->n_agents; i++) {
		Agent__AgentInfo *info = list->agents[i];

		info->version = info->shell = info->instance = info->trust = info->conflict = empty;
		info->drained_by = info->reach = empty;
		info->drained_since = info->drained_since != 0;
		info->last_info_collected = info->registered = 0;
		if (*info->unreachable)
			info->unreachable = unreachable;
	}
}

Agent__ListAgentsResponse *info_list(const struct registry *r, info_shows *shows, const void *arg)
{
	size_t n = registry_count(r), facts = 0;
	struct list *l = mem_alloc(sizeof *l + n * (sizeof(Agent__AgentInfo *) + sizeof(Agent__AgentInfo)));
	Agent__AgentInfo *infos = (Agent__AgentInfo *)(void *)(l->pointers + n);

	agent__list_agents_response__init(&l->message);
	l->message.agents = l->pointers;
	for (size_t i = 0; i < n; i++) {
		const struct agent *a = registry_at(r, i);
		size_t at = l->message.n_agents;

		if (shows && !shows(a, arg))
			continue;
		l->pointers[at] = &infos[at];
		info_fill(&infos[at], a);
		facts += strlen(infos[at].system_info_json);
		l->message.n_agents++;
	}
	if (facts > INFO_FACTS_TOTAL_MAX)
		leave_out_facts(&l->message);
	if (agent__list_agents_response__get_packed_size(&l->message) > INFO_LIST_MAX) {
		leave_out_facts(&l->message);
		leave_out_texts(&l->message);
	}
	return &l->message;
}
