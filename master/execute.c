/*
 * execute.c - ExecuteCommand becomes RunCommand; the agent's stream is passed on undecoded.
 *
 * The agent knows from the metadata whether the caller is foreign, and then keeps its chunks valid UTF-8.
 */
#include "master/execute.h"

#include <stdlib.h>

#include "common/buf.h"
#include "master/audit_run.h"
#include "master/gate.h"
#include "master/history.h"
#include "master/master.h"
#include "master/relay.h"
#include "wire/proto/agent.pb-c.h"

/* It has an id that its caller does not know, and an agent of ours is told: by it we can ask how the run ended. */
static void begin_history(struct master *m, struct wire_call *call, const Agent__ExecuteCommandRequest *request,
			  struct relay_request *relay)
{
	struct principal who;
	const struct history_what what = { .principal = who.name, .command = request->command, .run_as = "",
		.is_followed = !relay->agent->record.is_foreign };

	principal_of_call(&who, &m->users, call);
	history_begin(m, relay->agent, &what, &relay->history);
}

void execute_start(struct wire_call *call, const uint8_t *data, size_t len, void *master)
{
	const Agent__ExecuteCommandRequest *request;
	Agent__RunCommandRequest run = AGENT__RUN_COMMAND_REQUEST__INIT;
	struct relay_request relay = { .path = "/agent.Agent/RunCommand", .is_unary = true, .is_start = true };
	struct audit_run_what what = { .kind = "execute" };
	struct buf first = { 0 };
	char *why;

	request = wire_unpack(call, &agent__execute_command_request__descriptor, data, len);
	if (!request)
		return;
	what.event.agent = request->agent_name;
	what.event.command = request->command;
	if (!master_may_run(master, call, request->agent_name, "")) {
		audit_run_deny(master, call, &what, "the policy denies it");
		return;
	}
	relay.agent = relay_find_agent(master, call, request->agent_name, true, &why);
	if (!relay.agent) {
		audit_run_deny(master, call, &what, why);
		free(why);
		return;
	}
	relay.audit = audit_run_begin(master, call, &what);
	if (!relay.audit)
		return;
	begin_history(master, call, request, &relay);
	run.command = request->command;
	relay.first_len = agent__run_command_request__get_packed_size(&run);
	agent__run_command_request__pack(&run, buf_reserve(&first, relay.first_len + 1));
	buf_commit(&first, relay.first_len);
	relay.first = buf_data(&first);
	relay_start(master, call, &relay);
	buf_done(&first);
}
