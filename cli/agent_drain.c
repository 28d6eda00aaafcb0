/*
 * agent_drain.c - `sloth agent drain [--wait] NAME` and `sloth agent undrain NAME`.
 *
 * To wait is to ask for the agent's open runs and to wait for one of them, until there is none.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/agent_name.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/record_text.h"
#include "common/exits.h"
#include "common/mem.h"

const struct opt agent_drain_options[] = {
	{ "wait", 0, OPT_FLAG, NULL, "return when none of its runs goes on any more",
	  offsetof(struct agent_drain_options, wait), 0, 0 },
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

struct drain {
	const char *name, *done;	/* "drained" */
	bool is_silent;			/* something else is said at the end */
};

/* ---- the question ---- */

static int on_answer(const void *message, const struct output *output, void *arg)
{
	const Sloth__V1__DrainAgentResponse *response = message;
	const struct drain *d = arg;
	char *text;

	if (d->is_silent)
		return EXIT_OK;
	text = !response->changed ? mem_printf("it was %s before", d->done) :
		response->runs_active ? mem_printf("calls under way: %u", response->runs_active) : mem_strdup("");
	output->ops->done(output, d->done, d->name, text);
	free(text);
	return EXIT_OK;
}

static int ask(const struct cli_global *global, const char *what, bool undrain, struct drain *d)
{
	Sloth__V1__DrainAgentRequest request = SLOTH__V1__DRAIN_AGENT_REQUEST__INIT;
	const struct client_question question = {
		.what = what,
		.path = "/sloth.v1.Master/DrainAgent",
		.request = &request.base,
		.response = &sloth__v1__drain_agent_response__descriptor,
		.answer = on_answer,
		.arg = d,
	};

	request.agent_name = (char *)(uintptr_t)d->name;	/* packing does not change it */
	request.undrain = undrain;
	if (!agent_name_check(global, what, d->name))
		return EXIT_USAGE;
	return client_ask(global, &question);
}

/* ---- until nothing runs ---- */

struct open_run {
	uint8_t id[16];
	bool is_there;
};

static int on_runs(const void *message, const struct output *output, void *arg)
{
	const Sloth__V1__ListRunsResponse *response = message;
	struct open_run *open = arg;

	(void)output;
	for (size_t i = 0; i < response->n_runs && !open->is_there; i++) {
		const Sloth__V1__RunRecord *r = response->runs[i];

		open->is_there = !record_is_over(r) && r->run_id.len == sizeof open->id;
		if (open->is_there)
			memcpy(open->id, r->run_id.data, sizeof open->id);
	}
	return EXIT_OK;
}

static int find_open(const struct cli_global *global, const char *name, struct open_run *open)
{
	Sloth__V1__ListRunsRequest request = SLOTH__V1__LIST_RUNS_REQUEST__INIT;
	const struct client_question question = {
		.what = "agent drain",
		.path = "/sloth.v1.Master/ListRuns",
		.request = &request.base,
		.response = &sloth__v1__list_runs_response__descriptor,
		.answer = on_runs,
		.arg = open,
	};

	open->is_there = false;
	request.agent_name = (char *)(uintptr_t)name;
	request.states = (char **)(uintptr_t)record_open_states;
	request.n_states = RECORD_OPEN_STATES;
	return client_ask(global, &question);
}

static int on_end(const void *message, const struct output *output, void *arg)
{
	(void)message;
	(void)output;
	(void)arg;
	return EXIT_OK;
}

static int wait_for(const struct cli_global *global, const char *name, struct open_run *open)
{
	Sloth__V1__RunQuery request = SLOTH__V1__RUN_QUERY__INIT;
	const struct client_question question = {
		.what = "agent drain",
		.path = "/sloth.v1.Master/WaitRun",
		.request = &request.base,
		.response = &sloth__v1__run_record__descriptor,
		.answer = on_end,
		.waits = true,
	};

	request.agent_name = (char *)(uintptr_t)name;
	request.run_id = (ProtobufCBinaryData){ sizeof open->id, open->id };
	return client_ask(global, &question);
}

static int wait_for_all(const struct cli_global *global, const char *name)
{
	struct open_run open;
	int status;

	do {
		status = find_open(global, name, &open);
		if (status == EXIT_OK && open.is_there)
			status = wait_for(global, name, &open);
	} while (status == EXIT_OK && open.is_there);
	return status;
}

/* ---- the commands ---- */

int agent_drain_main(void *options, int argc, char **argv)
{
	const struct agent_drain_options *o = options;
	struct drain d = { .name = argv[0], .done = "drained", .is_silent = o->wait };
	struct output output = { 0 };
	int status = ask(&o->global, "agent drain", false, &d);

	(void)argc;
	if (status != EXIT_OK || !o->wait)
		return status;
	status = wait_for_all(&o->global, d.name);
	if (status == EXIT_OK && output_init(&output, &o->global) == 0)
		output.ops->done(&output, d.done, d.name, "nothing runs there");
	return status;
}

int agent_undrain_main(void *options, int argc, char **argv)
{
	struct drain d = { .name = argv[0], .done = "undrained" };

	(void)argc;
	return ask(options, "agent undrain", true, &d);
}
