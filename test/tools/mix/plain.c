/*
 * plain.c - kinds that run no command: answers that are checked, streams, and calls that must be refused.
 */
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "test/tools/mix/mix.h"
#include "wire/proto/agent.pb-c.h"
#include "wire/proto/health.pb-c.h"
#include "wire/proto/reflection_v1.pb-c.h"

enum { PAYLOAD_MAX = 40000, PAYLOAD_BIG = 600000, OVER_LIMIT = 1200000, SOON_MS = 200 };

/* Which member of reflection's oneofs. */
#define REQUEST(member) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##member
#define RESPONSE(member) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##member

static const char *at(const struct mix_call *c, const char *master, const char *agent)
{
	return mix_is_at_master(c) ? master : agent;
}

static void judge_one_answer(struct mix_call *c, enum wire_code code)
{
	if (code == WIRE_OK && c->n_messages != 1)
		mix_wrong(c, "%u answers", c->n_messages);
}

static void judge_no_answer(struct mix_call *c, enum wire_code code)
{
	(void)code;
	if (c->n_messages)
		mix_wrong(c, "%u answers, expected none", c->n_messages);
}

/* ---- what the master and the agent say of themselves ---- */

static void start_list(struct mix_call *c)
{
	Agent__ListAgentsRequest request = AGENT__LIST_AGENTS_REQUEST__INIT;

	mix_ask(c, "/agent.AgentRegistry/ListAgents", &request.base);
}

static void take_list(struct mix_call *c, const uint8_t *data, size_t len)
{
	const Agent__ListAgentsResponse *list = mix_unpack(c, &agent__list_agents_response__descriptor, data, len);

	if (list && (list->n_agents != 1 || !str_equal(list->agents[0]->agent_name, mix_agent_name(c))))
		mix_wrong(c, "%zu agents", list->n_agents);
}

static void get_info(struct mix_call *c, const char *name)
{
	Agent__GetAgentInfoRequest request = AGENT__GET_AGENT_INFO_REQUEST__INIT;

	request.agent_name = mix_text(name);
	mix_ask(c, "/agent.AgentRegistry/GetAgentInfo", &request.base);
}

static void start_info(struct mix_call *c) { get_info(c, mix_agent_name(c)); }
static void start_info_of_nobody(struct mix_call *c) { get_info(c, MIX_NOBODY); }

static void take_info(struct mix_call *c, const uint8_t *data, size_t len)
{
	const Agent__GetAgentInfoResponse *info = mix_unpack(c, &agent__get_agent_info_response__descriptor, data, len);

	if (info && (!info->success || !str_equal(info->agent_info->agent_name, mix_agent_name(c))))
		mix_wrong(c, "no information: %s", info->message);
}

static void take_info_of_nobody(struct mix_call *c, const uint8_t *data, size_t len)
{
	const Agent__GetAgentInfoResponse *info = mix_unpack(c, &agent__get_agent_info_response__descriptor, data, len);

	if (info && (info->success || info->agent_info))
		mix_wrong(c, "information about nobody");
}

static void start_status(struct mix_call *c)
{
	Sloth__V1__StatusRequest request = SLOTH__V1__STATUS_REQUEST__INIT;

	mix_ask(c, "/sloth.v1.Master/Status", &request.base);
}

static void take_status(struct mix_call *c, const uint8_t *data, size_t len)
{
	const Sloth__V1__StatusResponse *status = mix_unpack(c, &sloth__v1__status_response__descriptor, data, len);

	if (status && (!status->pid || status->agents_active != 1 || status->agents_unreachable))
		mix_wrong(c, "%u agents active, %u unreachable", status->agents_active, status->agents_unreachable);
}

static void start_usage(struct mix_call *c)
{
	Agent__ResourceUsageRequest request = AGENT__RESOURCE_USAGE_REQUEST__INIT;

	mix_ask(c, "/agent.Agent/GetResourceUsage", &request.base);
}

static void take_usage(struct mix_call *c, const uint8_t *data, size_t len)
{
	const Agent__ResourceUsageResponse *usage;

	usage = mix_unpack(c, &agent__resource_usage_response__descriptor, data, len);
	if (usage && (!usage->process_count || !usage->memory_total_bytes))
		mix_wrong(c, "a machine without processes or memory");
}

static void start_hello(struct mix_call *c)
{
	Sloth__V1__HelloRequest request = SLOTH__V1__HELLO_REQUEST__INIT;

	mix_ask(c, "/sloth.v1.Agent/Hello", &request.base);
}

static void take_hello(struct mix_call *c, const uint8_t *data, size_t len)
{
	const Sloth__V1__HelloResponse *hello = mix_unpack(c, &sloth__v1__hello_response__descriptor, data, len);

	if (hello && !str_equal(hello->name, mix_agent_name(c)))
		mix_wrong(c, "it says it is %s", str_quote(hello->name));
}

/* ---- pings ---- */

static void fill_payload(struct mix_call *c, size_t n)
{
	uint8_t *to = buf_reserve(&c->payload, n);

	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)mix_random(c, 256);
	buf_commit(&c->payload, n);
}

static void ping(struct mix_call *c, const char *name)
{
	Sloth__V1__PingRequest request = SLOTH__V1__PING_REQUEST__INIT;

	request.agent_name = mix_text(name);
	request.payload = (ProtobufCBinaryData){ buf_len(&c->payload), buf_data(&c->payload) };
	mix_ask(c, at(c, "/sloth.v1.Master/Ping", "/sloth.v1.Agent/Ping"), &request.base);
}

static void start_ping(struct mix_call *c)
{
	fill_payload(c, mix_random(c, PAYLOAD_MAX));
	ping(c, "");
}

static void start_ping_by_two_hops(struct mix_call *c)
{
	fill_payload(c, mix_random(c, PAYLOAD_MAX));
	ping(c, mix_agent_name(c));
}

static void start_big_ping(struct mix_call *c)
{
	fill_payload(c, PAYLOAD_BIG);
	ping(c, mix_random(c, 2) && mix_is_at_master(c) ? mix_agent_name(c) : "");
}

static void start_ping_of_nobody(struct mix_call *c) { ping(c, MIX_NOBODY); }

static void start_too_large(struct mix_call *c)
{
	fill_payload(c, OVER_LIMIT);
	ping(c, "");
}

static void take_ping(struct mix_call *c, const uint8_t *data, size_t len)
{
	const Sloth__V1__PingResponse *answer = mix_unpack(c, &sloth__v1__ping_response__descriptor, data, len);
	size_t n = buf_len(&c->payload);

	if (answer && (answer->payload.len != n || (n && memcmp(answer->payload.data, buf_data(&c->payload), n))))
		mix_wrong(c, "%zu bytes came back otherwise, as %zu", n, answer->payload.len);
}

/* Ended so early that it may or may not have been answered. */
static void start_short_lived(struct mix_call *c)
{
	start_ping_by_two_hops(c);
	mix_set_timer(c, mix_random(c, SOON_MS));
}

static void end_short_lived(struct mix_call *c) { wire_end(c->call, WIRE_CANCELLED, "enough"); }
static void abandon_short_lived(struct mix_call *c) { wire_abandon(c->call, WIRE_ABORTED, "enough"); }

static void start_unsent(struct mix_call *c)
{
	start_ping(c);
	end_short_lived(c);
}

static void start_past_deadline(struct mix_call *c)
{
	mix_open(c, at(c, "/sloth.v1.Master/Ping", "/sloth.v1.Agent/Ping"), 1 + mix_random(c, 50));
}

/* ---- health and reflection ---- */

static void ask_health(struct mix_call *c, const char *path, const char *service)
{
	Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

	request.service = mix_text(service);
	mix_ask(c, path, &request.base);
}

static void start_health(struct mix_call *c)
{
	const char *service = at(c, "sloth.v1.Master", "sloth.v1.Agent");

	ask_health(c, "/grpc.health.v1.Health/Check", mix_random(c, 2) ? "" : service);
}

static void start_health_of_nobody(struct mix_call *c) { ask_health(c, "/grpc.health.v1.Health/Check", MIX_NOBODY); }
static void start_watch(struct mix_call *c) { ask_health(c, "/grpc.health.v1.Health/Watch", ""); }

static void take_health(struct mix_call *c, const uint8_t *data, size_t len)
{
	const Grpc__Health__V1__HealthCheckResponse *answer;

	answer = mix_unpack(c, &grpc__health__v1__health_check_response__descriptor, data, len);
	if (answer && answer->status != GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING)
		mix_wrong(c, "health is %d", (int)answer->status);
}

static void take_watch(struct mix_call *c, const uint8_t *data, size_t len)
{
	take_health(c, data, len);
	mix_set_timer(c, mix_random(c, SOON_MS));
}

static void send_reflection(struct mix_call *c, bool is_list)
{
	Grpc__Reflection__V1__ServerReflectionRequest request = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;

	request.message_request_case = is_list ? REQUEST(LIST_SERVICES) : REQUEST(FILE_CONTAINING_SYMBOL);
	request.list_services = mix_text(is_list ? "" : at(c, "sloth.v1.Master", "sloth.v1.Agent"));
	wire_send_message(c->call, &request.base);
}

static void start_reflection(struct mix_call *c)
{
	mix_open(c, mix_random(c, 2) ? "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo" :
		 "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", 0);
	send_reflection(c, true);
	send_reflection(c, false);
	wire_half_close(c->call);
}

static void take_reflection(struct mix_call *c, const uint8_t *data, size_t len)
{
	const Grpc__Reflection__V1__ServerReflectionResponse *answer;

	answer = mix_unpack(c, &grpc__reflection__v1__server_reflection_response__descriptor, data, len);
	if (answer && answer->message_response_case == RESPONSE(ERROR_RESPONSE))
		mix_wrong(c, "reflection says %s", answer->error_response->error_message);
}

static void judge_reflection(struct mix_call *c, enum wire_code code)
{
	(void)code;
	if (c->n_messages != 2)
		mix_wrong(c, "%u answers of 2", c->n_messages);
}

/* ---- against the rules ---- */

static const char *any_unary(struct mix_call *c)
{
	static const char *const master[] = {
		"/agent.AgentRegistry/ListAgents", "/agent.AgentRegistry/GetAgentInfo", "/sloth.v1.Master/Ping",
		"/sloth.v1.Master/Status", "/agent.AgentRegistry/ExecuteCommand", "/grpc.health.v1.Health/Check",
	};
	static const char *const agent[] = {
		"/agent.Agent/RunCommand", "/agent.Agent/GetResourceUsage", "/sloth.v1.Agent/Hello",
		"/sloth.v1.Agent/Ping", "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Check",
	};
	uint32_t i = mix_random(c, sizeof master / sizeof *master);

	return at(c, master[i], agent[i]);
}

static void start_unknown(struct mix_call *c)
{
	mix_open(c, mix_random(c, 2) ? "/sloth.v1.Nothing/Run" : "/sloth.v1.Master/Sing", 0);
	wire_send(c->call, "abc", 3);
	if (mix_random(c, 2))
		wire_half_close(c->call);
}

/* Field number 0 cannot be. */
static void start_malformed(struct mix_call *c)
{
	uint8_t data[64] = { 0x07 };
	size_t n = 1 + mix_random(c, sizeof data - 1);

	for (size_t i = 1; i < n; i++)
		data[i] = (uint8_t)mix_random(c, 256);
	mix_open(c, mix_random(c, 3) ? any_unary(c) : at(c, "/sloth.v1.Master/Run", "/sloth.v1.Agent/Run"), 0);
	wire_send(c->call, data, n);
	wire_half_close(c->call);
}

static void start_without_message(struct mix_call *c)
{
	mix_open(c, any_unary(c), 0);
	wire_half_close(c->call);
}

static void start_two_messages(struct mix_call *c)
{
	mix_open(c, any_unary(c), 0);
	wire_send(c->call, "", 0);
	wire_send(c->call, "", 0);
	wire_half_close(c->call);
}

const struct mix_kind mix_plain_kinds[] = {
	{ "list", 8, MIX_MASTER, MIX_CODE(OK), start_list, .on_message = take_list, .judge = judge_one_answer },
	{ "info", 8, MIX_MASTER, MIX_CODE(OK), start_info, .on_message = take_info, .judge = judge_one_answer },
	{ "info of nobody", 2, MIX_MASTER, MIX_CODE(OK), start_info_of_nobody, .on_message = take_info_of_nobody,
	  .judge = judge_one_answer },
	{ "status", 8, MIX_MASTER, MIX_CODE(OK), start_status, .on_message = take_status, .judge = judge_one_answer },
	{ "usage", 8, MIX_AGENT, MIX_CODE(OK), start_usage, .on_message = take_usage, .judge = judge_one_answer },
	{ "hello", 8, MIX_AGENT, MIX_CODE(OK), start_hello, .on_message = take_hello, .judge = judge_one_answer },
	{ "ping", 10, MIX_BOTH, MIX_CODE(OK), start_ping, .on_message = take_ping, .judge = judge_one_answer },
	{ "ping by two hops", 10, MIX_MASTER, MIX_CODE(OK), start_ping_by_two_hops, .on_message = take_ping,
	  .judge = judge_one_answer },
	{ "big ping", 1, MIX_BOTH, MIX_CODE(OK), start_big_ping, .on_message = take_ping, .judge = judge_one_answer },
	{ "ping of nobody", 3, MIX_MASTER, MIX_CODE(NOT_FOUND), start_ping_of_nobody, .judge = judge_no_answer },
	{ "ping cancelled", 6, MIX_BOTH, MIX_CODE(OK) | MIX_CODE(CANCELLED), start_short_lived, .on_message = take_ping,
	  .on_timer = end_short_lived, .judge = judge_one_answer },
	{ "ping abandoned", 6, MIX_BOTH, MIX_CODE(OK) | MIX_CODE(ABORTED), start_short_lived, .on_message = take_ping,
	  .on_timer = abandon_short_lived, .judge = judge_one_answer },
	{ "ping unsent", 4, MIX_BOTH, MIX_CODE(CANCELLED), start_unsent, .judge = judge_no_answer },
	{ "request not sent", 3, MIX_BOTH, MIX_CODE(DEADLINE_EXCEEDED), start_past_deadline, .judge = judge_no_answer },
	{ "health", 8, MIX_BOTH, MIX_CODE(OK), start_health, .on_message = take_health, .judge = judge_one_answer },
	{ "health of nobody", 2, MIX_BOTH, MIX_CODE(NOT_FOUND), start_health_of_nobody, .judge = judge_no_answer },
	{ "health watched", 4, MIX_BOTH, MIX_CODE(CANCELLED), start_watch, .on_message = take_watch,
	  .on_timer = end_short_lived },
	{ "reflection", 6, MIX_BOTH, MIX_CODE(OK), start_reflection, .on_message = take_reflection,
	  .judge = judge_reflection },
	{ "unknown method", 4, MIX_BOTH, MIX_CODE(UNIMPLEMENTED), start_unknown, .judge = judge_no_answer },
	{ "malformed message", 6, MIX_BOTH, MIX_CODE(INTERNAL), start_malformed, .judge = judge_no_answer },
	{ "no message", 3, MIX_BOTH, MIX_CODE(INTERNAL), start_without_message, .judge = judge_no_answer },
	{ "two messages", 3, MIX_BOTH, MIX_CODE(INTERNAL), start_two_messages, .judge = judge_no_answer },
	{ "message too large", 1, MIX_MASTER, MIX_CODE(RESOURCE_EXHAUSTED), start_too_large, .judge = judge_no_answer },
};
const size_t mix_n_plain_kinds = sizeof mix_plain_kinds / sizeof *mix_plain_kinds;
