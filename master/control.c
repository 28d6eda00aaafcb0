/*
 * control.c - requests of agent.AgentRegistry to events of the fleet, and answers back. Calls that have to
 * wait (RegisterAgent for the dial-back, StopAgent for the agent) are in pending.c.
 */
#include "master/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "master/audit.h"
#include "master/claim.h"
#include "master/execute.h"
#include "master/fleet.h"
#include "master/gate.h"
#include "master/info.h"
#include "master/master.h"
#include "master/pending.h"
#include "wire/addr.h"
#include "wire/proto/agent.pb-c.h"
#include "wire/wire.h"

enum { REQUEST_MAX = 1024 * 1024 };

static void answer(struct wire_call *call, const ProtobufCMessage *message)
{
	wire_send_message(call, message);
	wire_end(call, WIRE_OK, "");
}

/* Owned. */
static char *unknown_agent(const char *name)
{
	return mem_printf("agent not found: %s", str_quote(name));
}

/* ---- RegisterAgent ---- */

/*
 * Where the agent can be dialled. Foreign agents report the address that they are bound to, "0.0.0.0:50051"
 * or "[::]:50051" by default: dialled as it is that would be this machine, so it becomes the host that the
 * registration comes from. Owned.
 */
static char *dialable(const struct wire_call *call, const char *reported)
{
	const struct wire_peer *peer = wire_conn_peer(wire_call_conn(call));
	struct wire_addr addr, from;
	const char *why;
	char text[WIRE_ADDR_MAX];

	if (peer->is_unix || wire_addr_parse(reported, 0, &addr, &why) || addr.is_unix || !wire_addr_is_any(&addr) ||
	    wire_addr_parse(peer->address, 0, &from, &why))
		return mem_strdup(reported);
	from.port = addr.port;
	wire_addr_format(&from, text);
	return mem_strdup(text);
}

static void refuse_registration(struct wire_call *call, char *why)
{
	Agent__RegisterAgentResponse response = AGENT__REGISTER_AGENT_RESPONSE__INIT;

	response.message = why;
	answer(call, &response.base);
}

/* An agent speaks for itself alone. False: the call has been ended. */
static bool is_own_name(struct master *m, struct wire_call *call, const char *name)
{
	const struct wire_identity *who = wire_conn_peer(wire_call_conn(call))->identity;

	if (claim_speaks_for(m, call, name))
		return true;
	if (who)
		wire_endf(call, WIRE_PERMISSION_DENIED, "the certificate of agent %s does not speak for agent %s", who->name,
			  str_quote(name));
	else
		wire_endf(call, WIRE_PERMISSION_DENIED, "agent %s has a certificate: nobody speaks for it without", str_quote(name));
	return false;
}

static void on_register(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const struct wire_peer *peer = wire_conn_peer(wire_call_conn(call));
	struct master *m = arg;
	const Agent__RegisterAgentRequest *request;
	struct registration reg;
	struct agent *a;
	char *address, *why = NULL;

	request = wire_unpack(call, &agent__register_agent_request__descriptor, data, len);
	if (!request)
		return;
	if (!is_own_name(m, call, request->agent_name))
		return;
	if (m->is_stopping) {
		wire_end(call, WIRE_UNAVAILABLE, "the master is stopping");
		return;
	}
	why = claim_refuse(m, call, request->agent_name);
	if (why) {
		refuse_registration(call, why);
		free(why);
		return;
	}
	address = dialable(call, request->agent_address);
	reg = (struct registration){
		.name = request->agent_name,
		.address = address,
		.instance = wire_call_text(call, "sloth-instance", ""),
		.is_foreign = !str_has_prefix(wire_call_user_agent(call), "sloth/"),
		.is_insecure = !peer->identity,
		.is_local = peer->is_unix || peer->is_loopback,
	};
	if (fleet_register(m, &reg, peer->address, &a, &why) < 0) {
		refuse_registration(call, why);
	} else {
		claim_take(m, call, a);
		pending_register(m, call, a);
	}
	free(why);
	free(address);
}

/* ---- Heartbeat ---- */

static void on_heartbeat(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct master *m = arg;
	const Agent__HeartbeatRequest *request;
	Agent__HeartbeatResponse response = AGENT__HEARTBEAT_RESPONSE__INIT;
	char text[160] = "Agent not found";
	struct agent *a;
	int err;

	request = wire_unpack(call, &agent__heartbeat_request__descriptor, data, len);
	if (!request || !is_own_name(m, call, request->agent_name))
		return;
	a = registry_find(m->registry, request->agent_name);
	response.message = text;
	if (a) {
		registry_set_insecure(a, !wire_conn_peer(wire_call_conn(call))->identity);
		err = fleet_heartbeat(m, a, request->system_info_json, request->version);
		*text = '\0';
		if (err == -EMSGSIZE)
			snprintf(text, sizeof text, "system_info_json is %zu bytes, over the limit of %d: not kept",
				 strlen(request->system_info_json), REGISTRY_FACTS_MAX);
		else if (err)
			snprintf(text, sizeof text, "system_info_json is not kept: that of all agents has reached %s",
				 str_bytes(REGISTRY_FACTS_TOTAL_MAX));
		response.success = true;
		response.interval_ms = registry_interval_ms(m->registry);
	}
	answer(call, &response.base);
}

/* ---- lists ---- */

static void on_list(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct master *m = arg;
	Agent__ListAgentsResponse *list;
	struct gate_view view;

	if (!wire_unpack(call, &agent__list_agents_request__descriptor, data, len) ||
	    !master_may(m, call, POLICY_LIST, NULL, NULL))
		return;
	gate_view_init(&view, m, call);
	list = info_list(m->registry, gate_view_shows, &view);
	answer(call, &list->base);
	free(list);
}

static void on_get(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct master *m = arg;
	const Agent__GetAgentInfoRequest *request;
	Agent__GetAgentInfoResponse response = AGENT__GET_AGENT_INFO_RESPONSE__INIT;
	Agent__AgentInfo info;
	struct agent *a;
	char *why = NULL, *advice = NULL;

	request = wire_unpack(call, &agent__get_agent_info_request__descriptor, data, len);
	if (!request || !master_may(m, call, POLICY_LIST, request->agent_name, NULL))
		return;
	a = registry_find(m->registry, request->agent_name);
	if (a) {
		info_fill(&info, a);
		advice = registry_advice(a);
		if (advice)
			info.advice = advice;
		response.success = true;
		response.agent_info = &info;
	} else {
		response.message = why = unknown_agent(request->agent_name);
	}
	answer(call, &response.base);
	free(advice);
	free(why);
}

/* ---- StopAgent, UnregisterAgent ---- */

static void record(struct master *m, struct wire_call *call, const char *event, const char *name, const struct agent *a)
{
	struct audit_event e = { .event = event, .agent = name, .is_decided = true, .is_denied = !a,
				 .reason = a ? NULL : "agent not found" };
	struct principal who;

	principal_of_call(&who, &m->users, call);
	e.who = &who;
	audit_note_past(m->audit, &e);
}

static void on_stop(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct master *m = arg;
	const Agent__StopAgentRequest *request;
	Agent__StopAgentResponse response = AGENT__STOP_AGENT_RESPONSE__INIT;
	struct agent *a;

	request = wire_unpack(call, &agent__stop_agent_request__descriptor, data, len);
	if (!request || !master_may(m, call, POLICY_STOP, request->agent_name, NULL))
		return;
	a = registry_find(m->registry, request->agent_name);
	record(m, call, "agent.stop", request->agent_name, a);
	if (a) {
		pending_stop(m, call, a, request->kill_runs);
		return;
	}
	response.message = unknown_agent(request->agent_name);
	answer(call, &response.base);
	free(response.message);
}

static void on_unregister(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct master *m = arg;
	const Agent__UnregisterAgentRequest *request;
	Agent__UnregisterAgentResponse response = AGENT__UNREGISTER_AGENT_RESPONSE__INIT;
	struct agent *a;
	char *text;

	request = wire_unpack(call, &agent__unregister_agent_request__descriptor, data, len);
	if (!request || !master_may(m, call, POLICY_DELETE, request->agent_name, NULL))
		return;
	a = registry_find(m->registry, request->agent_name);
	record(m, call, "agent.delete", request->agent_name, a);
	text = a ? mem_printf("agent %s is deleted", a->record.name) : unknown_agent(request->agent_name);
	response.success = a != NULL;
	response.message = text;
	if (a)
		fleet_remove(m, a);
	answer(call, &response.base);
	free(text);
}

void control_serve(struct master *m)
{
	enum { OPERATORS = WIRE_OPERATOR | WIRE_ADMIN };
	/* RegisterAgent and StopAgent wait for an agent, which is no work here. */
	static const struct wire_method methods[] = {
		{ "/agent.AgentRegistry/RegisterAgent", WIRE_AGENT, REQUEST_MAX, true, true, on_register },
		{ "/agent.AgentRegistry/Heartbeat", WIRE_AGENT, REQUEST_MAX, true, false, on_heartbeat },
		{ "/agent.AgentRegistry/ListAgents", OPERATORS, REQUEST_MAX, true, false, on_list },
		{ "/agent.AgentRegistry/GetAgentInfo", OPERATORS, REQUEST_MAX, true, false, on_get },
		{ "/agent.AgentRegistry/StopAgent", OPERATORS, REQUEST_MAX, true, true, on_stop },
		{ "/agent.AgentRegistry/UnregisterAgent", OPERATORS, REQUEST_MAX, true, false, on_unregister },
		{ "/agent.AgentRegistry/ExecuteCommand", OPERATORS, 0, true, true, execute_start },
	};

	wire_serve(m->wire, methods, sizeof methods / sizeof *methods, m);
}
