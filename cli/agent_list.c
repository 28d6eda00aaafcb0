/*
 * agent_list.c - `sloth agent list [GLOB] [--state S]`.
 */
#include <fnmatch.h>
#include <stdlib.h>

#include "cli/agent_text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

const struct opt agent_list_options[] = {
	{ "state", 0, OPT_CHOICE, "STATE=active|inactive|unreachable|drained",
	  "only agents that are active, inactive, unreachable or drained",
	  offsetof(struct agent_list_options, state), 0, 0 },
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

struct filter {
	const char *glob, *state;	/* NULL: any */
};

static bool filter_takes(const struct filter *filter, const Agent__AgentInfo *agent)
{
	if (filter->glob && fnmatch(filter->glob, agent->agent_name, 0))
		return false;
	return !filter->state || agent_has_state(agent, filter->state);
}

static int none_found(const struct output *output, size_t n_known)
{
	char *error = n_known ? mem_printf("no agent matches, of %zu that the master knows", n_known) :
		mem_strdup("the master knows no agent");

	report_error("agent list: %s", error);
	report_hint(n_known ? "sloth agent list, which shows them all" :
		    "sloth agent start --name NAME --master HOST:PORT --daemon");
	output->ops->agents(output, NULL, 0, error);
	free(error);
	return EXIT_FAILED;
}

static int on_answer(const void *message, const struct output *output, void *arg)
{
	const Agent__ListAgentsResponse *response = message;
	const struct filter *filter = arg;
	const Agent__AgentInfo **agents = mem_array(response->n_agents, sizeof *agents);
	size_t n = 0;

	for (size_t i = 0; i < response->n_agents; i++) {
		if (filter_takes(filter, response->agents[i]))
			agents[n++] = response->agents[i];
	}
	if (n)
		output->ops->agents(output, agents, n, NULL);
	free(agents);
	return n ? EXIT_OK : none_found(output, response->n_agents);
}

int agent_list_main(void *options, int argc, char **argv)
{
	const struct agent_list_options *o = options;
	struct filter filter = { .glob = argc ? argv[0] : NULL, .state = o->state };
	const Agent__ListAgentsRequest request = AGENT__LIST_AGENTS_REQUEST__INIT;
	const struct client_question question = {
		.what = "agent list",
		.path = "/agent.AgentRegistry/ListAgents",
		.request = &request.base,
		.response = &agent__list_agents_response__descriptor,
		.answer = on_answer,
		.arg = &filter,
	};

	return client_ask(&o->global, &question);
}
