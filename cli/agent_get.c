/*
 * agent_get.c - `sloth agent get NAME`.
 */
#include "cli/agent_name.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "common/exits.h"

static int on_answer(const void *message, const struct output *output, void *arg)
{
	const Agent__GetAgentInfoResponse *response = message;

	(void)arg;
	if (!response->success || !response->agent_info)
		return agent_refused("agent get", output, response->message);
	output->ops->agent(output, response->agent_info);
	return EXIT_OK;
}

int agent_get_main(void *options, int argc, char **argv)
{
	Agent__GetAgentInfoRequest request = AGENT__GET_AGENT_INFO_REQUEST__INIT;
	const struct client_question question = {
		.what = "agent get",
		.path = "/agent.AgentRegistry/GetAgentInfo",
		.request = &request.base,
		.response = &agent__get_agent_info_response__descriptor,
		.answer = on_answer,
	};

	(void)argc;
	request.agent_name = argv[0];
	if (!agent_name_check(options, "agent get", argv[0]))
		return EXIT_USAGE;
	return client_ask(options, &question);
}
