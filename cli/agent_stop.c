/*
 * agent_stop.c - `sloth agent stop NAME`.
 */
#include "cli/agent_name.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "common/exits.h"

static int on_answer(const void *message, const struct output *output, void *arg)
{
	const Agent__StopAgentResponse *response = message;
	const char *name = arg;

	if (!response->success)
		return agent_refused("agent stop", output, response->message);
	output->ops->done(output, "stopped", name, response->message);
	return EXIT_OK;
}

int agent_stop_main(void *options, int argc, char **argv)
{
	Agent__StopAgentRequest request = AGENT__STOP_AGENT_REQUEST__INIT;
	const struct client_question question = {
		.what = "agent stop",
		.path = "/agent.AgentRegistry/StopAgent",
		.request = &request.base,
		.response = &agent__stop_agent_response__descriptor,
		.answer = on_answer,
		.arg = argv[0],
	};

	(void)argc;
	request.agent_name = argv[0];
	if (!agent_name_check(options, "agent stop", argv[0]))
		return EXIT_USAGE;
	return client_ask(options, &question);
}
