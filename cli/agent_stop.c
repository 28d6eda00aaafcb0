/*
 * agent_stop.c - `sloth agent stop [--kill-runs] NAME`.
 */
#include "cli/agent_name.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "common/exits.h"

const struct opt agent_stop_options[] = {
	{ "kill-runs", 0, OPT_FLAG | OPT_ON_LINE, NULL, "end its runs first; without it they go on",
	  offsetof(struct agent_stop_options, kill_runs), 0, 0 },
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

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
	const struct agent_stop_options *o = options;
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
	request.kill_runs = o->kill_runs;
	if (!agent_name_check(&o->global, "agent stop", argv[0]))
		return EXIT_USAGE;
	return client_ask(&o->global, &question);
}
