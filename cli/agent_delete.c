/*
 * agent_delete.c - `sloth agent delete NAME`.
 */
#include "cli/agent_name.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "common/exits.h"

static int on_answer(const void *message, const struct output *output, void *arg)
{
	const Agent__UnregisterAgentResponse *response = message;
	const char *name = arg;

	if (!response->success)
		return agent_refused("agent delete", output, response->message);
	output->ops->done(output, "deleted", name, response->message);
	return EXIT_OK;
}

int agent_delete_main(void *options, int argc, char **argv)
{
	Agent__UnregisterAgentRequest request = AGENT__UNREGISTER_AGENT_REQUEST__INIT;
	const struct client_question question = {
		.what = "agent delete",
		.path = "/agent.AgentRegistry/UnregisterAgent",
		.request = &request.base,
		.response = &agent__unregister_agent_response__descriptor,
		.answer = on_answer,
		.arg = argv[0],
	};

	(void)argc;
	request.agent_name = argv[0];
	if (!agent_name_check(options, "agent delete", argv[0]))
		return EXIT_USAGE;
	return client_ask(options, &question);
}
