/*
 * service.c - the service tables, and the methods that answer at once.
 */
#include "agent/service.h"

#include <stdlib.h>

#include "agent/agent.h"
#include "agent/caller.h"
#include "agent/consent.h"
#include "common/clock.h"
#include "common/exits.h"
#include "common/log.h"
#include "common/str.h"
#include "wire/proto/agent.pb-c.h"
#include "wire/proto/sloth.pb-c.h"

static void answer(struct wire_call *call, const ProtobufCMessage *message)
{
	wire_send_message(call, message);
	wire_end(call, WIRE_OK, NULL);
}

static void on_shutdown(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	Agent__ShutdownResponse response = AGENT__SHUTDOWN_RESPONSE__INIT;
	Agent__ShutdownRequest *request = wire_unpack(call, &agent__shutdown_request__descriptor, data, len);
	struct agent *agent = arg;
	bool allowed, kills;
	char *principal;

	if (!request)
		return;
	kills = request->kill_runs;
	principal = caller_principal(call);
	allowed = consent_to_stop(agent, call, principal);
	if (allowed)
		log_info("agent %s: asked to stop by %s", agent->config->own_name, str_quote(principal));
	free(principal);
	if (!allowed)
		return;
	answer(call, &response.base);
	agent_stop(agent, kills, EXIT_STOPPED, "asked to stop");
}

static void on_usage(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	Agent__ResourceUsageResponse response = AGENT__RESOURCE_USAGE_RESPONSE__INIT;
	struct agent *agent = arg;
	struct facts_usage u;

	if (!wire_unpack(call, &agent__resource_usage_request__descriptor, data, len))
		return;
	facts_usage(&agent->usage, &u);
	response.cpu_percent = u.cpu_percent;
	response.memory_percent = u.memory_percent;
	response.memory_used_bytes = u.memory_used_bytes;
	response.memory_total_bytes = u.memory_total_bytes;
	response.disk_percent = u.disk_percent;
	response.disk_used_bytes = u.disk_used_bytes;
	response.disk_total_bytes = u.disk_total_bytes;
	response.process_count = u.process_count;
	response.load_avg_1min = u.load_avg[0];
	response.load_avg_5min = u.load_avg[1];
	response.load_avg_15min = u.load_avg[2];
	response.uptime_seconds = u.uptime_seconds;
	response.network_rx_bytes = u.network_rx_bytes;
	response.network_tx_bytes = u.network_tx_bytes;
	answer(call, &response.base);
}

static void on_hello(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	Sloth__V1__HelloResponse response = SLOTH__V1__HELLO_RESPONSE__INIT;
	char version[] = SLOTH_VERSION;
	struct agent *agent = arg;

	if (!wire_unpack(call, &sloth__v1__hello_request__descriptor, data, len))
		return;
	response.name = agent->config->own_name;
	response.instance.data = agent->identity.instance;
	response.instance.len = IDENTITY_BYTES;
	response.epoch.data = agent->identity.epoch;
	response.epoch.len = IDENTITY_BYTES;
	response.version = version;
	response.shell = (char *)agent->shell;
	response.user = agent_own_user(agent)->name;
	response.now_ms = wall_us() / 1000;
	answer(call, &response.base);
}

static void on_ping(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	Sloth__V1__PingResponse response = SLOTH__V1__PING_RESPONSE__INIT;
	Sloth__V1__PingRequest *request = wire_unpack(call, &sloth__v1__ping_request__descriptor, data, len);

	(void)arg;
	if (!request)
		return;
	response.payload = request->payload;
	answer(call, &response.base);
}

static const struct wire_method methods[] = {
	{ .path = "/agent.Agent/RunCommand", .roles = WIRE_MASTER, .unary = true, .runs_long = true, .start = run_command_start },
	{ .path = "/agent.Agent/Shutdown", .roles = WIRE_MASTER, .unary = true, .start = on_shutdown },
	{ .path = "/agent.Agent/GetResourceUsage", .roles = WIRE_MASTER, .unary = true, .start = on_usage },
	{ .path = "/sloth.v1.Agent/Run", .roles = WIRE_MASTER, .runs_long = true, .start = run_call_start },
	{ .path = "/sloth.v1.Agent/ListRuns", .roles = WIRE_MASTER, .unary = true, .start = list_runs_start },
	{ .path = "/sloth.v1.Agent/WaitRun", .roles = WIRE_MASTER, .unary = true, .runs_long = true, .start = run_wait_start },
	{ .path = "/sloth.v1.Agent/ControlRun", .roles = WIRE_MASTER, .unary = true, .start = run_control_start },
	{ .path = "/sloth.v1.Agent/Hello", .roles = WIRE_MASTER, .unary = true, .start = on_hello },
	{ .path = "/sloth.v1.Agent/Ping", .roles = WIRE_MASTER, .unary = true, .start = on_ping },
};

void service_register(struct agent *agent)
{
	wire_serve(agent->wire, methods, sizeof methods / sizeof *methods, agent);
	wire_serve_health(agent->wire);
	wire_serve_reflection(agent->wire);
}
