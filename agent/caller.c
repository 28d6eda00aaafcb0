/*
 * caller.c - how a call comes to its run.
 */
#include "agent/caller.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/consent.h"
#include "agent/launch.h"
#include "common/mem.h"
#include "common/str.h"

char *caller_principal(struct wire_call *call)
{
	const char *told = wire_call_text(call, "sloth-principal", NULL);

	if (told)
		return mem_strndup(told, strnlen(told, STR_QUOTE_MAX));
	return mem_printf("tcp:%s", wire_conn_peer(wire_call_conn(call))->address);
}

/* May this run be started? If not the call has been ended. */
static bool admit(struct agent *agent, struct wire_call *call, const uint8_t *id)
{
	const char *name = agent->config->own_name;
	char hex[2 * RUN_ID_BYTES + 1];

	switch (runs_admit(agent->runs, id)) {
	case RUNS_OK:
		return true;
	case RUNS_FULL:
		wire_endf(call, WIRE_RESOURCE_EXHAUSTED, "agent \"%s\" has %zu runs, as many as it takes at once: "
			  "try again later", name, runs_max(agent->runs));
		return false;
	case RUNS_STOPPING:
		wire_endf(call, WIRE_UNAVAILABLE, "agent \"%s\" is stopping", name);
		return false;
	case RUNS_KNOWN:
		break;
	}
	str_hex(id, RUN_ID_BYTES, hex);
	wire_endf(call, WIRE_ALREADY_EXISTS, "run %s was started on agent \"%s\" before and is not started twice",
		  hex, name);
	return false;
}

static struct run *begin_prepared(struct agent *agent, struct wire_call *call, enum launch_verdict verdict,
				  const struct launch *launch, const char *error, const struct run_ops *ops, void *arg)
{
	struct run_result not_started = { .end = RUN_END_NOT_STARTED, .reason = error };

	switch (verdict) {
	case LAUNCH_INVALID:
		wire_end(call, WIRE_INVALID_ARGUMENT, error);
		return NULL;
	case LAUNCH_UNSUPPORTED:
		wire_end(call, WIRE_FAILED_PRECONDITION, error);
		return NULL;
	case LAUNCH_NOT_STARTED:
		ops->on_end(NULL, &not_started, arg);
		return NULL;
	case LAUNCH_OK:
		break;
	}
	return admit(agent, call, launch->spec.id) ? run_new(agent->runs, &launch->spec, ops, arg) : NULL;
}

static struct run *begin_allowed(struct agent *agent, struct wire_call *call, const char *principal,
				 const Sloth__V1__RunStart *start, const struct run_ops *ops, void *arg)
{
	enum launch_verdict verdict;
	struct launch launch;
	struct run *run = NULL;
	char *error = NULL;

	verdict = launch_prepare(&launch, agent, start, principal, &error);
	if (verdict != LAUNCH_OK || consent_to_user(agent, call, principal, launch.spec.exec.user))
		run = begin_prepared(agent, call, verdict, &launch, error, ops, arg);
	launch_done(&launch);
	free(error);
	return run;
}

struct run *caller_begin(struct agent *agent, struct wire_call *call, const Sloth__V1__RunStart *start,
			 const struct run_ops *ops, void *arg)
{
	char *principal = caller_principal(call);
	struct run *run = NULL;

	if (consent_to_run(agent, call, principal, start->user))
		run = begin_allowed(agent, call, principal, start, ops, arg);
	free(principal);
	return run;
}

char *caller_lost(enum wire_code code, const char *why)
{
	return mem_printf("its caller was lost: %s%s%s", wire_code_name(code), *why ? ": " : "", why);
}
