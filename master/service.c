/*
 * service.c - sloth.v1.Master. Status is put together from what the other modules count.
 */
#include "master/service.h"

#include <unistd.h>

#include "common/clock.h"
#include "common/str.h"
#include "master/audit.h"
#include "master/audit_query.h"
#include "master/enroll_audit.h"
#include "master/examine.h"
#include "master/fleet.h"
#include "master/gate.h"
#include "master/history.h"
#include "master/master.h"
#include "master/relay.h"
#include "master/dispatch.h"
#include "master/run_calls.h"
#include "master/run_list.h"
#include "master/store.h"
#include "master/store_trust.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/wire.h"

enum { REQUEST_MAX = 1024 * 1024, WARNINGS_MAX = 8 };

static char *borrowed(const char *text)
{
	return (char *)(uintptr_t)text;		/* packing does not change it */
}

static void fill_counts(Sloth__V1__StatusResponse *status, struct master *m)
{
	struct registry_counts agents = registry_counts(m->registry);
	unsigned waiting, of_host;

	status->agents_active = agents.active;
	status->agents_inactive = agents.inactive;
	status->agents_unreachable = agents.unreachable;
	status->runs_active = m->runs_active;
	status->runs_total = m->runs_total;
	status->connections = wire_count(m->wire).conns;
	if (store_count_waiting(m->store, "", &waiting, &of_host) == 0)
		status->waiting = waiting;
}

static void on_status(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct master *m = arg;
	Sloth__V1__StatusResponse status = SLOTH__V1__STATUS_RESPONSE__INIT;
	char *listening[MASTER_LISTENERS_MAX], *warnings[WARNINGS_MAX];
	const char *warning;

	if (!wire_unpack(call, &sloth__v1__status_request__descriptor, data, len) ||
	    !master_may(m, call, POLICY_LIST, NULL, NULL))
		return;
	status.version = borrowed(SLOTH_VERSION);
	status.pid = (uint32_t)getpid();
	status.started = m->started_s;
	status.uptime_seconds = (mono_ms() - m->started_ms) / 1000;
	status.state_dir = borrowed(m->state_dir);
	status.listening = listening;
	for (; status.n_listening < m->n_listeners; status.n_listening++)
		listening[status.n_listening] = borrowed(wire_listener_address(m->listeners[status.n_listening]));
	status.warnings = warnings;
	for (size_t i = 0; status.n_warnings < WARNINGS_MAX && (warning = audit_warning(m->audit, i)); i++)
		warnings[status.n_warnings++] = borrowed(warning);
	for (size_t i = 0; status.n_warnings < WARNINGS_MAX && (warning = store_warning(m->store, i)); i++)
		warnings[status.n_warnings++] = borrowed(warning);
	for (size_t i = 0; status.n_warnings < WARNINGS_MAX && (warning = history_warning(m, i)); i++)
		warnings[status.n_warnings++] = borrowed(warning);
	fill_counts(&status, m);
	wire_send_message(call, &status.base);
	wire_end(call, WIRE_OK, "");
}

static void on_ping(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const Sloth__V1__PingRequest *request = wire_unpack(call, &sloth__v1__ping_request__descriptor, data, len);
	struct relay_request relay = { .path = "/sloth.v1.Agent/Ping", .first = data, .first_len = len, .is_unary = true };
	Sloth__V1__PingResponse response = SLOTH__V1__PING_RESPONSE__INIT;

	if (!request || !master_may(arg, call, POLICY_LIST, *request->agent_name ? request->agent_name : NULL, NULL))
		return;
	if (*request->agent_name) {
		relay.agent = relay_find_agent(arg, call, request->agent_name, false, NULL);
		if (relay.agent)
			relay_start(arg, call, &relay);
		return;
	}
	response.payload = request->payload;
	wire_send_message(call, &response.base);
	wire_end(call, WIRE_OK, "");
}

static void on_drain(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct master *m = arg;
	const Sloth__V1__DrainAgentRequest *request = wire_unpack(call, &sloth__v1__drain_agent_request__descriptor, data, len);
	Sloth__V1__DrainAgentResponse response = SLOTH__V1__DRAIN_AGENT_RESPONSE__INIT;
	struct enroll_event event;
	char who[ENROLL_WHO_MAX + 1];
	struct agent *a;

	if (!request || !master_may(m, call, POLICY_STOP, request->agent_name, NULL))
		return;
	a = registry_find(m->registry, request->agent_name);
	event = (struct enroll_event){ request->undrain ? "agent.undrain" : "agent.drain", request->agent_name, NULL, !a,
				       a ? NULL : "agent not found" };
	enroll_audit(m, call, &event);
	if (!a) {
		wire_endf(call, WIRE_NOT_FOUND, "agent not found: %.*s", STR_NAME_MAX, request->agent_name);
		return;
	}
	enroll_who(m, call, who);
	response.changed = fleet_drain(m, a, request->undrain ? NULL : who);
	response.runs_active = a->n_relays;
	wire_send_message(call, &response.base);
	wire_end(call, WIRE_OK, "");
}

void service_serve(struct master *m)
{
	enum { OPERATORS = WIRE_OPERATOR | WIRE_ADMIN };
	static const struct wire_method methods[] = {
		{ "/sloth.v1.Master/Run", OPERATORS, 0, false, true, dispatch_run },
		{ "/sloth.v1.Master/ListRuns", OPERATORS, REQUEST_MAX, true, true, run_list_start },
		{ "/sloth.v1.Master/WaitRun", OPERATORS, REQUEST_MAX, true, true, run_calls_wait },
		{ "/sloth.v1.Master/ControlRun", OPERATORS, REQUEST_MAX, true, true, run_calls_control },
		{ "/sloth.v1.Master/Ping", OPERATORS, REQUEST_MAX, true, false, on_ping },
		{ "/sloth.v1.Master/DrainAgent", OPERATORS, REQUEST_MAX, true, false, on_drain },
		{ "/sloth.v1.Master/ExamineAgent", OPERATORS, REQUEST_MAX, true, true, examine_start },
		{ "/sloth.v1.Master/Status", OPERATORS, REQUEST_MAX, true, false, on_status },
		{ "/sloth.v1.Master/Audit", OPERATORS, REQUEST_MAX, true, true, audit_query_start },
	};

	wire_serve(m->wire, methods, sizeof methods / sizeof *methods, m);
}
