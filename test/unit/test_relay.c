/*
 * test_relay.c - Run, ExecuteCommand and Ping through the master to an agent of ours: bytes, status and
 * back-pressure pass, and whoever leaves takes the other end along.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "master/relay.h"
#include "test/lib/unit.h"
#include "test/lib/world.h"

#define RUN "/sloth.v1.Master/Run"

static struct world w;
static struct fake web1;

static void open_all(void)
{
	struct record r;

	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	fake_register(&w, "web1", fake_address(&web1), &web1, &r);
	record_done(&r);
}

static void close_all(void)
{
	fake_close(&web1);
	world_close(&w);
}

static bool has_message(void *arg)
{
	const struct fake *f = arg;

	return f->run && f->n_messages;
}

static bool is_ended(void *arg)
{
	const struct fake *f = arg;

	return f->ended;
}

static bool is_half_closed(void *arg)
{
	const struct fake *f = arg;

	return f->run && f->half_closed;
}

static bool has_two_messages(void *arg)
{
	const struct record *r = arg;

	return r->n_messages == 2;
}

/* A Run whose start has reached the agent, if there is one. */
static void begin_run(const char *name, struct record *r)
{
	Sloth__V1__RunStart start = SLOTH__V1__RUN_START__INIT;
	Sloth__V1__RunInput input = SLOTH__V1__RUN_INPUT__INIT;

	start.agent_name = (char *)(uintptr_t)name;
	start.command = (char *)(uintptr_t)"true";
	input.event_case = SLOTH__V1__RUN_INPUT__EVENT_START;
	input.start = &start;
	world_call(&w, RUN, &input.base, r);
}

START_TEST(a_run_passes_both_ways_undecoded)
{
	struct record r;
	struct principal_users users = { .next = 0 };
	const struct wire_peer peer = { .address = "unix", .is_unix = true, .uid = getuid() };
	struct principal self;

	open_all();
	begin_run("web1", &r);
	pair_run(&w.turn, has_message, &web1);
	principal_of_peer(&self, &users, &peer);
	ck_assert_str_eq(web1.principal, self.name);
	ck_assert_str_eq(web1.client, "");
	ck_assert_str_eq(web1.epoch, "ee000000000000000000000000000000");
	wire_send(web1.run, "\xff\0out", 5);
	wire_send(r.call, "\xfe\0in", 4);
	wire_half_close(r.call);
	pair_run(&w.turn, pair_is, &web1.half_closed);
	ck_assert_uint_eq(web1.n_messages, 2);
	ck_assert_mem_eq(buf_data(&web1.message), "\xfe\0in", 4);
	wire_end(web1.run, WIRE_OK, NULL);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_OK);
	ck_assert_mem_eq(buf_data(&r.last), "\xff\0out", 5);
	ck_assert_uint_eq(w.m.runs_total, 1);
	record_done(&r);
	close_all();
}
END_TEST

static char seen_state[32], seen_other[32];

static void on_trailers(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	(void)code, (void)why;
	snprintf(seen_state, sizeof seen_state, "%s", wire_call_text(call, "sloth-state", "none"));
	snprintf(seen_other, sizeof seen_other, "%s", wire_call_text(call, "other", "none"));
	*(bool *)arg = true;
}

START_TEST(only_trailers_of_ours_pass)
{
	static const struct wire_call_ops ops = { .on_end = on_trailers };
	const struct wire_request request = { .path = "/agent.AgentRegistry/ExecuteCommand" };
	Agent__ExecuteCommandRequest message = AGENT__EXECUTE_COMMAND_REQUEST__INIT;
	struct wire_call *call;
	bool ended = false;

	open_all();
	message.agent_name = (char *)(uintptr_t)"web1";
	message.command = (char *)(uintptr_t)"x";
	call = wire_call(w.conn, &request, &ops, &ended);
	wire_send_message(call, &message.base);
	wire_half_close(call);
	pair_run(&w.turn, has_message, &web1);
	wire_send(web1.run, "x", 1);
	wire_add_trailer(web1.run, &WIRE_FIELD("sloth-state", "exited"));
	wire_add_trailer(web1.run, &WIRE_FIELD("other", "x"));
	wire_end(web1.run, WIRE_OK, NULL);
	pair_run(&w.turn, pair_is, &ended);
	ck_assert_str_eq(seen_state, "exited");
	ck_assert_str_eq(seen_other, "none");
	close_all();
}
END_TEST

START_TEST(execute_command_becomes_run_command)
{
	Agent__ExecuteCommandRequest message = AGENT__EXECUTE_COMMAND_REQUEST__INIT;
	Agent__RunCommandRequest *run;
	struct record r;

	open_all();
	message.agent_name = (char *)(uintptr_t)"web1";
	message.command = (char *)(uintptr_t)"uname -n";
	world_call(&w, "/agent.AgentRegistry/ExecuteCommand", &message.base, &r);
	wire_half_close(r.call);
	pair_run(&w.turn, has_message, &web1);
	run = agent__run_command_request__unpack(NULL, buf_len(&web1.message), buf_data(&web1.message));
	ck_assert_str_eq(run->command, "uname -n");
	agent__run_command_request__free_unpacked(run, NULL);
	wire_send(web1.run, "a", 1);
	wire_send(web1.run, "b", 1);
	wire_end(web1.run, WIRE_OK, NULL);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_OK);
	ck_assert_uint_eq(r.n_messages, 2);
	record_done(&r);
	close_all();
}
END_TEST

/* A call with one message and a deadline, which reaches the agent; its deadline there. */
static uint64_t left_at_agent(const char *path, const ProtobufCMessage *message, uint64_t timeout_ms)
{
	const struct wire_request request = { .path = path, .timeout_ms = timeout_ms };
	struct record r = { .call = NULL };

	web1.n_messages = 0;
	r.call = wire_call(w.conn, &request, &record_ops, &r);
	wire_send_message(r.call, message);
	wire_half_close(r.call);
	pair_run(&w.turn, has_message, &web1);
	wire_end(r.call, WIRE_CANCELLED, NULL);
	pair_run(&w.turn, is_ended, &web1);
	pair_run(&w.turn, pair_is, &r.ended);
	record_done(&r);
	return web1.left_ms;
}

/* What is left of a deadline goes on to the agent; a Run has none, or its trusted end would be lost to it. */
START_TEST(deadlines_reach_the_agent_but_for_runs)
{
	Agent__ExecuteCommandRequest command = AGENT__EXECUTE_COMMAND_REQUEST__INIT;
	Sloth__V1__RunStart start = SLOTH__V1__RUN_START__INIT;
	Sloth__V1__RunInput input = SLOTH__V1__RUN_INPUT__INIT;
	uint64_t left;

	open_all();
	command.agent_name = start.agent_name = (char *)(uintptr_t)"web1";
	command.command = start.command = (char *)(uintptr_t)"true";
	input.event_case = SLOTH__V1__RUN_INPUT__EVENT_START;
	input.start = &start;
	left = left_at_agent("/agent.AgentRegistry/ExecuteCommand", &command.base, 60000);
	ck_assert_uint_le(left, 60000);
	ck_assert_uint_gt(left, 30000);
	ck_assert_uint_eq(left_at_agent("/agent.AgentRegistry/ExecuteCommand", &command.base, 0), UINT64_MAX);
	ck_assert_uint_eq(left_at_agent(RUN, &input.base, 60000), UINT64_MAX);
	close_all();
}
END_TEST

START_TEST(ping_is_relayed_or_answered)
{
	static const char *const names[] = { "web1", "" };
	Sloth__V1__PingRequest request = SLOTH__V1__PING_REQUEST__INIT;
	struct record r;

	open_all();
	for (size_t i = 0; i < 2; i++) {
		request.agent_name = (char *)(uintptr_t)names[i];
		request.payload = (ProtobufCBinaryData){ 3, (uint8_t *)(uintptr_t)"abc" };
		world_call(&w, "/sloth.v1.Master/Ping", &request.base, &r);
		wire_half_close(r.call);
		pair_run(&w.turn, pair_is, &r.ended);
		ck_assert_int_eq(r.code, WIRE_OK);
		ck_assert_ptr_nonnull(memmem(buf_data(&r.last), buf_len(&r.last), "abc", 3));
		record_done(&r);
	}
	close_all();
}
END_TEST

START_TEST(an_unknown_agent_is_not_found)
{
	struct record r;

	open_all();
	begin_run("web9", &r);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_NOT_FOUND);
	ck_assert_str_eq(r.why, "agent not found or inactive: web9");
	close_all();
}
END_TEST

START_TEST(an_inactive_agent_is_unavailable)
{
	struct record r;

	open_all();
	registry_set_inactive(registry_find(w.m.registry, "web1"));
	begin_run("web1", &r);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(r.why, "agent not found or inactive: web1: not heard for"));
	close_all();
}
END_TEST

START_TEST(an_unreachable_agent_is_refused_at_once_with_the_reason)
{
	struct record r;

	open_all();
	fake_register(&w, "web1", "127.0.0.1:1", &web1, &r);
	record_done(&r);
	begin_run("web1", &r);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_UNAVAILABLE);
	ck_assert_str_eq(r.why, "agent not found or inactive: web1: refused");
	close_all();
}
END_TEST

START_TEST(a_run_begins_with_start_or_resume)
{
	Sloth__V1__RunInput input = SLOTH__V1__RUN_INPUT__INIT;
	struct record r;

	open_all();
	world_call(&w, RUN, &input.base, &r);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_INVALID_ARGUMENT);
	close_all();
}
END_TEST

START_TEST(a_run_without_a_message_is_refused)
{
	const struct wire_request request = { .path = RUN };
	struct record r = { .call = NULL };

	open_all();
	r.call = wire_call(w.conn, &request, &record_ops, &r);
	wire_half_close(r.call);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_INVALID_ARGUMENT);
	close_all();
}
END_TEST

START_TEST(a_caller_that_cancels_takes_the_run_along)
{
	struct record r;

	open_all();
	begin_run("web1", &r);
	pair_run(&w.turn, has_message, &web1);
	wire_end(r.call, WIRE_CANCELLED, "enough");
	pair_run(&w.turn, is_ended, &web1);
	ck_assert_int_eq(web1.code, WIRE_CANCELLED);
	close_all();
}
END_TEST

START_TEST(a_caller_that_vanishes_is_lost_to_the_run)
{
	struct record r;

	open_all();
	begin_run("web1", &r);
	pair_run(&w.turn, has_message, &web1);
	wire_conn_close(w.conn, 0, "gone");
	pair_run(&w.turn, is_ended, &web1);
	ck_assert_int_ne(web1.code, WIRE_CANCELLED);
	close_all();
}
END_TEST

START_TEST(a_caller_that_vanishes_cancels_its_execute_command)
{
	Agent__ExecuteCommandRequest message = AGENT__EXECUTE_COMMAND_REQUEST__INIT;
	struct record r;

	open_all();
	message.agent_name = (char *)(uintptr_t)"web1";
	message.command = (char *)(uintptr_t)"x";
	world_call(&w, "/agent.AgentRegistry/ExecuteCommand", &message.base, &r);
	wire_half_close(r.call);
	pair_run(&w.turn, has_message, &web1);
	wire_conn_close(w.conn, 0, "gone");
	pair_run(&w.turn, is_ended, &web1);
	ck_assert_int_eq(web1.code, WIRE_CANCELLED);
	close_all();
}
END_TEST

START_TEST(an_agent_that_vanishes_ends_the_run_with_words)
{
	struct record r;

	open_all();
	begin_run("web1", &r);
	pair_run(&w.turn, has_message, &web1);
	wire_conn_close(web1.conn, 0, "gone");
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(r.why, "agent web1: "));
	close_all();
}
END_TEST

/* Its agent hears of a lost caller, not of one that cancels. */
START_TEST(a_master_that_stops_lets_go_of_runs)
{
	struct record r;

	open_all();
	begin_run("web1", &r);
	pair_run(&w.turn, has_message, &web1);
	relay_stop(&w.m);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_UNAVAILABLE);
	ck_assert_str_eq(r.why, "the master is stopping");
	pair_run(&w.turn, is_ended, &web1);
	ck_assert_int_ne(web1.code, WIRE_CANCELLED);
	close_all();
}
END_TEST

START_TEST(a_master_that_stops_waits_for_execute_command)
{
	Agent__ExecuteCommandRequest message = AGENT__EXECUTE_COMMAND_REQUEST__INIT;
	struct record r;

	open_all();
	message.agent_name = (char *)(uintptr_t)"web1";
	message.command = (char *)(uintptr_t)"x";
	world_call(&w, "/agent.AgentRegistry/ExecuteCommand", &message.base, &r);
	wire_half_close(r.call);
	pair_run(&w.turn, has_message, &web1);
	relay_stop(&w.m);
	wire_send(web1.run, "a", 1);
	wire_end(web1.run, WIRE_OK, NULL);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_OK);
	record_done(&r);
	close_all();
}
END_TEST

START_TEST(the_agents_status_is_the_callers)
{
	struct record r;

	open_all();
	begin_run("web1", &r);
	pair_run(&w.turn, has_message, &web1);
	wire_end(web1.run, WIRE_INVALID_ARGUMENT, "empty command");
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_INVALID_ARGUMENT);
	ck_assert_str_eq(r.why, "empty command");
	close_all();
}
END_TEST

START_TEST(a_deleted_agents_runs_go_on)
{
	Agent__UnregisterAgentRequest request = AGENT__UNREGISTER_AGENT_REQUEST__INIT;
	struct record r, gone;

	open_all();
	begin_run("web1", &r);
	pair_run(&w.turn, has_message, &web1);
	request.agent_name = (char *)(uintptr_t)"web1";
	world_ask(&w, "/agent.AgentRegistry/UnregisterAgent", &request.base,
		  &agent__unregister_agent_response__descriptor, &gone);
	record_done(&gone);
	ck_assert_ptr_null(registry_find(w.m.registry, "web1"));
	wire_send(web1.run, "x", 1);
	wire_send(web1.run, "y", 1);
	pair_run(&w.turn, has_two_messages, &r);
	wire_end(web1.run, WIRE_OK, NULL);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_OK);
	record_done(&r);
	close_all();
}
END_TEST

/* GOAWAY and the call cross on the way: the call was not begun, or it is served; nobody notices either. */
START_TEST(a_connection_that_ends_in_order_loses_no_call)
{
	struct record r;

	open_all();
	for (int i = 0; i < 20; i++) {
		fake_register(&w, "web1", fake_address(&web1), &web1, &r);
		record_done(&r);
		web1.half_closed = false;
		wire_conn_close(web1.conn, 5000, "age");
		begin_run("web1", &r);
		wire_send(r.call, "second", 6);
		wire_half_close(r.call);
		pair_run(&w.turn, is_half_closed, &web1);
		ck_assert_uint_eq(web1.n_messages, 2);
		ck_assert_mem_eq(buf_data(&web1.message), "second", 6);
		wire_end(web1.run, WIRE_OK, NULL);
		pair_run(&w.turn, pair_is, &r.ended);
		ck_assert_msg(r.code == WIRE_OK, "%d: %s", i, r.why);
	}
	close_all();
}
END_TEST

/* What an agent did not begin is sent again, whole. */
START_TEST(a_refused_run_is_sent_again)
{
	struct record r;

	open_all();
	web1.n_refused = 1;
	begin_run("web1", &r);
	wire_send(r.call, "second", 6);
	wire_half_close(r.call);
	pair_run(&w.turn, is_half_closed, &web1);
	ck_assert_uint_eq(web1.n_runs, 2);
	ck_assert_uint_eq(web1.n_messages, 2);
	ck_assert_mem_eq(buf_data(&web1.message), "second", 6);
	wire_end(web1.run, WIRE_OK, NULL);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_OK);
	close_all();
}
END_TEST

/* But once only: an agent that refuses everything is not asked for ever. */
START_TEST(a_run_that_is_refused_twice_has_ended)
{
	struct record r;

	open_all();
	web1.n_refused = 3;
	begin_run("web1", &r);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_UNAVAILABLE);
	ck_assert_str_eq(r.why, "agent not found or inactive: web1: the server reset the call: REFUSED_STREAM");
	ck_assert_uint_eq(web1.n_runs, 2);
	close_all();
}
END_TEST

enum { CHUNK = 60000, CHUNKS = 200 };

static bool is_agent_stopped(void *arg)
{
	static char chunk[CHUNK];
	unsigned *n = arg;

	while (*n < CHUNKS && wire_send(web1.run, chunk, sizeof chunk))
		++*n;
	return wire_queued(web1.run) > 0;
}

static bool is_drained(void *arg)
{
	unsigned *n = arg;

	if (!web1.drained)
		return false;
	web1.drained = false;
	is_agent_stopped(n);
	return *n >= CHUNKS;
}

START_TEST(a_caller_that_takes_nothing_stops_the_agent)
{
	struct record r;
	unsigned sent = 0;
	size_t queued;

	open_all();
	begin_run("web1", &r);
	pair_run(&w.turn, has_message, &web1);
	wire_pause(r.call);
	pair_run(&w.turn, is_agent_stopped, &sent);
	for (int i = 0; i < 200; i++) {
		ev_run(w.turn.loop, EVRUN_NOWAIT);
		is_agent_stopped(&sent);
	}
	queued = wire_queued(web1.run);
	ck_assert_uint_gt(queued, 0);
	ck_assert_uint_lt((size_t)sent * CHUNK, 3 * 1024 * 1024);
	web1.drained = false;
	wire_resume(r.call);
	pair_run(&w.turn, is_drained, &sent);
	wire_end(web1.run, WIRE_OK, NULL);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_OK);
	ck_assert_uint_eq(r.bytes % CHUNK, 0);
	ck_assert_uint_ge(r.bytes, (uint64_t)CHUNKS * CHUNK);
	record_done(&r);
	close_all();
}
END_TEST

UNIT_MAIN(a_run_passes_both_ways_undecoded, only_trailers_of_ours_pass, execute_command_becomes_run_command,
	  deadlines_reach_the_agent_but_for_runs,
	  ping_is_relayed_or_answered, an_unknown_agent_is_not_found, an_inactive_agent_is_unavailable,
	  an_unreachable_agent_is_refused_at_once_with_the_reason, a_run_begins_with_start_or_resume,
	  a_run_without_a_message_is_refused, a_caller_that_cancels_takes_the_run_along,
	  a_caller_that_vanishes_is_lost_to_the_run, a_caller_that_vanishes_cancels_its_execute_command, an_agent_that_vanishes_ends_the_run_with_words,
	  a_master_that_stops_lets_go_of_runs, a_master_that_stops_waits_for_execute_command,
	  the_agents_status_is_the_callers, a_deleted_agents_runs_go_on, a_connection_that_ends_in_order_loses_no_call,
	  a_refused_run_is_sent_again, a_run_that_is_refused_twice_has_ended,
	  a_caller_that_takes_nothing_stops_the_agent)
