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

bool caller_may(struct wire_call *call, const char *principal)
{
	char *who = caller_principal(call);
	bool may = run_is_owner(who, principal) || str_equal(wire_call_text(call, "sloth-role", NULL), "admin");

	free(who);
	return may;
}

bool caller_may_past(struct wire_call *call, const struct past_outcome *outcome)
{
	char *who = caller_principal(call);
	bool may = run_owner_hash(who) == outcome->owner || str_equal(wire_call_text(call, "sloth-role", NULL), "admin");

	free(who);
	return may;
}

void caller_refuse_unknown(struct agent *agent, struct wire_call *call, const uint8_t *id)
{
	char hex[2 * RUN_ID_BYTES + 1];

	str_hex(id, RUN_ID_BYTES, hex);
	wire_endf(call, WIRE_NOT_FOUND, "agent \"%s\" knows no run %s", agent->config->own_name, hex);
}

void caller_refuse_other(struct wire_call *call, const uint8_t *id)
{
	char hex[2 * RUN_ID_BYTES + 1];

	str_hex(id, RUN_ID_BYTES, hex);
	wire_endf(call, WIRE_PERMISSION_DENIED, "run %s was started by somebody else", hex);
}

/* ---- a start ---- */

bool caller_refuse_stopping(struct agent *agent, struct wire_call *call)
{
	if (!runs_is_stopping(agent->runs))
		return false;
	wire_endf(call, WIRE_UNAVAILABLE, "agent \"%s\" is stopping", agent->config->own_name);
	return true;
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
		wire_endf(call, WIRE_RESOURCE_EXHAUSTED, "agent \"%s\" has %zu runs, as many as it takes at once "
			  "(--max-runs), and %zu that wait, as many as may (--max-queued): try again later", name,
			  runs_max(agent->runs), runs_queued(agent->runs));
		return false;
	case RUNS_STOPPING:
		return !caller_refuse_stopping(agent, call);
	case RUNS_KNOWN:
		break;
	}
	str_hex(id, RUN_ID_BYTES, hex);
	wire_endf(call, WIRE_ALREADY_EXISTS, "run %s was started on agent \"%s\" before and is not started twice",
		  hex, name);
	return false;
}

static struct run *begin_prepared(struct agent *agent, struct wire_call *call, enum launch_verdict verdict,
				  struct launch *launch, char **error, char **not_started)
{
	switch (verdict) {
	case LAUNCH_INVALID:
		wire_end(call, WIRE_INVALID_ARGUMENT, *error);
		return NULL;
	case LAUNCH_UNSUPPORTED:
		wire_end(call, WIRE_FAILED_PRECONDITION, *error);
		return NULL;
	case LAUNCH_NOT_STARTED:
		*not_started = *error;
		*error = NULL;
		return NULL;
	case LAUNCH_OK:
		break;
	}
	return admit(agent, call, launch->spec.id) ? run_new(agent->runs, &launch->spec) : NULL;
}

static struct run *begin_allowed(struct agent *agent, struct wire_call *call, const char *principal,
				 const Sloth__V1__RunStart *start, char **not_started)
{
	enum launch_verdict verdict;
	struct launch launch;
	struct run *run = NULL;
	char *error = NULL;

	verdict = launch_prepare(&launch, agent, start, principal, &error);
	if (verdict != LAUNCH_OK || consent_to_user(agent, call, principal, launch.as))
		run = begin_prepared(agent, call, verdict, &launch, &error, not_started);
	launch_done(&launch);
	free(error);
	return run;
}

/* One that is here: what has its id is what is asked for. */
static struct run *find_own(struct wire_call *call, struct run *run, const uint8_t *id)
{
	struct run_view view;

	run_look(run, &view);
	if (caller_may(call, view.principal))
		return run;
	caller_refuse_other(call, id);
	return NULL;
}

struct run *caller_begin(struct agent *agent, struct wire_call *call, const Sloth__V1__RunStart *start,
			 char **not_started)
{
	char *principal = caller_principal(call);
	struct run *run = start->run_id.len == RUN_ID_BYTES ? runs_find(agent->runs, start->run_id.data) : NULL;

	*not_started = NULL;
	if (run)
		run = find_own(call, run, start->run_id.data);
	else if (consent_to_run(agent, call, principal, start->user))
		run = begin_allowed(agent, call, principal, start, not_started);
	free(principal);
	return run;
}

char *caller_lost(enum wire_code code, const char *why)
{
	return mem_printf("its caller was lost: %s%s%s", wire_code_name(code), *why ? ": " : "", why);
}
