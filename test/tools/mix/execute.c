/*
 * execute.c - kinds of what every gRPC client can ask for: ExecuteCommand of the master, RunCommand of the agent.
 */
#include <stdlib.h>

#include "test/tools/mix/mix.h"
#include "wire/proto/agent.pb-c.h"

enum { LINES_MAX = 400, TIME_MS = 150 };

static void execute(struct mix_call *c, const char *name, const char *command, uint64_t deadline_ms)
{
	Agent__ExecuteCommandRequest execute = AGENT__EXECUTE_COMMAND_REQUEST__INIT;
	Agent__RunCommandRequest run = AGENT__RUN_COMMAND_REQUEST__INIT;

	execute.agent_name = mix_text(name);
	execute.command = run.command = mix_text(command);
	if (mix_is_at_master(c)) {
		mix_open(c, "/agent.AgentRegistry/ExecuteCommand", deadline_ms);
		wire_send_message(c->call, &execute.base);
	} else {
		mix_open(c, "/agent.Agent/RunCommand", deadline_ms);
		wire_send_message(c->call, &run.base);
	}
	wire_half_close(c->call);
}

static void start_execute(struct mix_call *c)
{
	char *command = mix_run_counting(c, LINES_MAX);

	execute(c, mix_agent_name(c), command, 0);
	free(command);
}

static void take_execute(struct mix_call *c, const uint8_t *data, size_t len)
{
	const Agent__StreamOutputResponse *response;

	response = mix_unpack(c, &agent__stream_output_response__descriptor, data, len);
	if (!response)
		return;
	mix_run_output(c, 0, &response->stdout_chunk);
	mix_run_output(c, 1, &response->stderr_chunk);
	if (c->run.has_exit)
		mix_wrong(c, "a message after the last one");
	c->run.has_exit = response->finished;
	c->run.end = SLOTH__V1__RUN_END__RUN_END_EXITED;
	c->run.code = (uint32_t)response->exit_code;
}

static void judge_execute(struct mix_call *c, enum wire_code code)
{
	(void)code;
	mix_run_expect_whole(c);
	mix_run_expect_end(c, SLOTH__V1__RUN_END__RUN_END_EXITED, c->run.status);
}

static void start_execute_endless(struct mix_call *c)
{
	mix_run_expect_endless(c);
	execute(c, mix_agent_name(c), mix_endless, 0);
}

static void take_execute_and_reset(struct mix_call *c, const uint8_t *data, size_t len)
{
	take_execute(c, data, len);
	if (mix_run_is_time(c))
		wire_end(c->call, WIRE_CANCELLED, "enough");
}

static void start_execute_with_deadline(struct mix_call *c)
{
	c->run.is_endless = mix_random(c, 2);
	execute(c, mix_agent_name(c), c->run.is_endless ? mix_endless : mix_quiet, 1 + mix_random(c, TIME_MS));
}

static void start_execute_on_nobody(struct mix_call *c) { execute(c, MIX_NOBODY, mix_quiet, 0); }

const struct mix_kind mix_execute_kinds[] = {
	{ "execute", 6, MIX_BOTH, MIX_CODE(OK), start_execute, .on_message = take_execute, .judge = judge_execute },
	{ "execute reset", 3, MIX_BOTH, MIX_CODE(CANCELLED), start_execute_endless,
	  .on_message = take_execute_and_reset },
	{ "execute past deadline", 3, MIX_BOTH, MIX_CODE(DEADLINE_EXCEEDED), start_execute_with_deadline,
	  .on_message = take_execute },
	{ "execute on nobody", 2, MIX_MASTER, MIX_CODE(NOT_FOUND), start_execute_on_nobody,
	  .on_message = take_execute },
};
const size_t mix_n_execute_kinds = sizeof mix_execute_kinds / sizeof *mix_execute_kinds;
