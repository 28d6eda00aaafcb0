/*
 * dispatch.c - a Run before its first message. It has no state of its own: the call's argument is the master.
 */
#include "master/dispatch.h"

#include "master/audit_run.h"
#include "master/bridge.h"
#include "master/gate.h"
#include "master/master.h"
#include "master/relay.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/wire.h"

static const char *agent_name(const Sloth__V1__RunInput *input)
{
	switch (input->event_case) {
	case SLOTH__V1__RUN_INPUT__EVENT_START: return input->start->agent_name;
	case SLOTH__V1__RUN_INPUT__EVENT_RESUME: return input->resume->agent_name;
	default: return NULL;
	}
}

/* A run that is resumed runs as whoever it was started as, which is not known here. */
static const char *user_name(const Sloth__V1__RunInput *input)
{
	return input->event_case == SLOTH__V1__RUN_INPUT__EVENT_START ? input->start->user : NULL;
}

static struct audit_run_what describe(const Sloth__V1__RunInput *input, const char *name)
{
	const Sloth__V1__RunStart *start = input->start;

	if (input->event_case == SLOTH__V1__RUN_INPUT__EVENT_RESUME)
		return (struct audit_run_what){ .kind = "resume", .event = {
			.agent = name, .run_id = input->resume->run_id.data, .run_id_len = input->resume->run_id.len } };
	return (struct audit_run_what){ .kind = "run", .event = {
		.agent = name, .command = start->command, .argv = start->argv, .n_argv = start->n_argv,
		.env = start->env, .n_env = start->n_env, .run_id = start->run_id.data, .run_id_len = start->run_id.len,
		.run_as = start->user, .cwd = start->cwd } };
}

static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct master *m = arg;
	const Sloth__V1__RunInput *input = wire_unpack(call, &sloth__v1__run_input__descriptor, data, len);
	struct relay_request relay = { .path = "/sloth.v1.Agent/Run", .first = data, .first_len = len, .is_run = true };
	struct audit_run_what what;
	const char *name;

	if (!input)
		return;
	name = agent_name(input);
	if (!name) {
		wire_end(call, WIRE_INVALID_ARGUMENT, "the first message of a Run is start or resume");
		return;
	}
	what = describe(input, name);
	if (!master_may_run(m, call, name, user_name(input))) {
		audit_run_deny(m, call, &what, "the policy denies it");
		return;
	}
	relay.agent = relay_find_agent(m, call, name);
	if (!relay.agent) {
		audit_run_deny(m, call, &what, "agent not found or inactive, or too many calls");
		return;
	}
	relay.audit = audit_run_begin(m, call, &what);
	if (!relay.audit)
		return;
	if (relay.agent->record.is_foreign)
		bridge_start(m, call, relay.agent, input, relay.audit);
	else
		relay_start(m, call, &relay);
}

static void on_half_close(struct wire_call *call, void *arg)
{
	(void)arg;
	wire_end(call, WIRE_INVALID_ARGUMENT, "a Run needs a first message: start or resume");
}

void dispatch_run(struct wire_call *call, const uint8_t *data, size_t len, void *master)
{
	static const struct wire_call_ops ops = { .on_message = on_message, .on_half_close = on_half_close };

	(void)data;
	(void)len;
	wire_accept(call, &ops, master);
}
