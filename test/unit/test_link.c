/*
 * test_link.c - the agent's link against a master that is a table of two methods on the wire layer.
 */
#include <ev.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agent/link.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "test/lib/unit.h"
#include "wire/proto/agent.pb-c.h"
#include "wire/wire.h"

enum { WAIT_MS = 20000 };

/* The master: what it shall answer and what it heard. */
static struct {
	struct wire *wire;
	struct wire_listener *listener;
	char address[64];
	unsigned refuse, forget;	/* so many times */
	unsigned n_registered, n_heartbeats, n_facts;
	char name[80], reported[80], instance[40], version[40];
} master;

static struct ev_loop *loop;
static struct wire *wire;
static struct link *agent_link;

static void on_register(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	Agent__RegisterAgentResponse response = AGENT__REGISTER_AGENT_RESPONSE__INIT;
	Agent__RegisterAgentRequest *request = wire_unpack(call, &agent__register_agent_request__descriptor, data, len);

	(void)arg;
	ck_assert_ptr_nonnull(request);
	master.n_registered++;
	strncpy(master.name, request->agent_name, sizeof master.name - 1);
	strncpy(master.reported, request->agent_address, sizeof master.reported - 1);
	strncpy(master.instance, wire_call_text(call, "sloth-instance", ""), sizeof master.instance - 1);
	response.success = master.refuse == 0;
	master.refuse -= master.refuse > 0;
	response.interval_ms = LINK_INTERVAL_MIN_MS;
	wire_send_message(call, &response.base);
	wire_end(call, WIRE_OK, NULL);
}

static void on_heartbeat(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	Agent__HeartbeatResponse response = AGENT__HEARTBEAT_RESPONSE__INIT;
	Agent__HeartbeatRequest *request = wire_unpack(call, &agent__heartbeat_request__descriptor, data, len);

	(void)arg;
	ck_assert_ptr_nonnull(request);
	ck_assert_str_eq(request->agent_name, "web1");
	master.n_heartbeats++;
	master.n_facts += request->system_info_json[0] == '{';
	strncpy(master.version, request->version, sizeof master.version - 1);
	response.success = master.forget == 0;
	master.forget -= master.forget > 0;
	response.interval_ms = LINK_INTERVAL_MIN_MS;
	wire_send_message(call, &response.base);
	wire_end(call, WIRE_OK, NULL);
}

static const struct wire_method methods[] = {
	{ .path = "/agent.AgentRegistry/RegisterAgent", .roles = WIRE_ANYONE, .unary = true, .start = on_register },
	{ .path = "/agent.AgentRegistry/Heartbeat", .roles = WIRE_ANYONE, .unary = true, .start = on_heartbeat },
};

/* False: this machine has no such address. */
static bool master_try_open(const char *address)
{
	char *error = NULL;

	master.wire = wire_new(loop);
	wire_serve(master.wire, methods, sizeof methods / sizeof *methods, NULL);
	master.listener = wire_listen(master.wire, address, NULL, NULL, &error);
	free(error);
	if (master.listener)
		strncpy(master.address, wire_listener_address(master.listener), sizeof master.address - 1);
	return master.listener != NULL;
}

static void master_open(const char *address)
{
	ck_assert(master_try_open(address));
}

static void master_close(void)
{
	wire_free(master.wire);
	master.wire = NULL;
}

static struct link_config config(void)
{
	struct link_config c = { .name = "web1", .master = master.address, .port = 4711 };

	memset(c.instance, 0xab, sizeof c.instance);
	return c;
}

static void open_all(void)
{
	signal(SIGPIPE, SIG_IGN);
	memset(&master, 0, sizeof master);
	agent_link = NULL;
	loop = ev_loop_new(EVFLAG_NOENV);
	wire = wire_new(loop);
	master_open("127.0.0.1:0");
}

static void start(const struct link_config *c)
{
	agent_link = link_new(wire, c);
	link_start(agent_link, NULL);
}

/* Ends with the assertion that the loop returns by itself. */
static void close_all(void)
{
	if (agent_link)
		link_stop(agent_link);
	if (master.wire)
		wire_shutdown(master.wire, 0);
	ev_run(loop, 0);
	master_close();
	wire_free(wire);
	link_free(agent_link);
	ev_loop_destroy(loop);
}

static void on_tick(struct ev_loop *l, ev_timer *w, int events)
{
	(void)l, (void)w, (void)events;
}

/* Turns the loop until *counter >= value, or, where there is none, for ms. */
static void run_loop(const unsigned *counter, unsigned value, uint64_t ms)
{
	uint64_t end = mono_ms() + ms;
	ev_timer tick;

	ev_timer_init(&tick, on_tick, 0.002, 0.002);
	ev_timer_start(loop, &tick);
	while (!(counter && *counter >= value) && mono_ms() < end)
		ev_run(loop, EVRUN_ONCE);
	ev_timer_stop(loop, &tick);
}

static void run_until(const unsigned *counter, unsigned value)
{
	run_loop(counter, value, WAIT_MS);
	ck_assert_uint_ge(*counter, value);
}

START_TEST(it_registers_with_its_name_address_and_instance)
{
	struct link_config c;

	open_all();
	c = config();
	start(&c);
	run_until(&master.n_registered, 1);
	ck_assert_str_eq(master.name, "web1");
	ck_assert_str_eq(master.reported, "127.0.0.1:4711");
	ck_assert_str_eq(master.instance, "abababababababababababababababab");
	close_all();
}
END_TEST

START_TEST(the_address_of_its_connection_is_reported_in_brackets_for_ipv6)
{
	struct link_config c;

	open_all();
	master_close();
	c = config();
	if (master_try_open("[::1]:0")) {
		start(&c);
		run_until(&master.n_registered, 1);
		ck_assert_str_eq(master.reported, "[::1]:4711");
	}
	close_all();
}
END_TEST

static void expect_reported(const char *report_host, const char *report_address, const char *reported)
{
	struct link_config c;

	open_all();
	c = config();
	c.report_host = report_host;
	c.report_address = report_address;
	start(&c);
	run_until(&master.n_registered, 1);
	ck_assert_str_eq(master.reported, reported);
	close_all();
}

START_TEST(a_bind_address_is_reported_with_the_port_and_a_report_address_as_it_is)
{
	expect_reported("127.0.0.9", NULL, "127.0.0.9:4711");
	expect_reported("127.0.0.9", "gateway.example.net:7", "gateway.example.net:7");
}
END_TEST

START_TEST(heartbeats_follow_at_the_interval_of_the_master_with_facts_in_the_first)
{
	struct link_config c;

	open_all();
	c = config();
	start(&c);
	run_until(&master.n_heartbeats, 5);
	ck_assert_uint_eq(master.n_registered, 1);
	ck_assert_uint_eq(master.n_facts, 1);
	ck_assert_str_eq(master.version, SLOTH_VERSION);
	close_all();
}
END_TEST

START_TEST(a_refusal_is_asked_again_until_it_is_none)
{
	struct link_config c;

	open_all();
	master.refuse = 2;
	c = config();
	start(&c);
	run_until(&master.n_registered, 3);
	run_until(&master.n_heartbeats, 1);
	close_all();
}
END_TEST

START_TEST(a_master_that_forgot_it_gets_a_new_registration_with_facts)
{
	struct link_config c;

	open_all();
	master.forget = 1;
	c = config();
	start(&c);
	run_until(&master.n_registered, 2);
	run_until(&master.n_heartbeats, 3);
	ck_assert_uint_eq(master.n_facts, 2);
	close_all();
}
END_TEST

START_TEST(a_master_that_forgets_after_a_heartbeat_is_asked_again_at_once)
{
	struct link_config c;

	open_all();
	c = config();
	start(&c);
	run_until(&master.n_heartbeats, 2);
	master.forget = 1;
	run_until(&master.n_heartbeats, 3);
	run_loop(&master.n_registered, 2, LINK_RECONNECT_MIN_MS / 2);
	ck_assert_uint_eq(master.n_registered, 2);
	close_all();
}
END_TEST

/* Each registration is accepted and followed by one heartbeat: waits of 200 ms and more lie between them. */
START_TEST(a_master_that_accepts_registrations_only_is_not_hammered)
{
	struct link_config c;
	uint64_t begin;

	open_all();
	master.forget = UINT_MAX;
	c = config();
	start(&c);
	begin = mono_ms();
	run_until(&master.n_registered, 3);
	ck_assert_uint_ge(mono_ms() - begin, 2 * LINK_RECONNECT_MIN_MS - 20);
	ck_assert_uint_le(master.n_heartbeats, master.n_registered);
	close_all();
}
END_TEST

START_TEST(it_comes_back_to_a_master_that_was_away)
{
	struct link_config c;

	open_all();
	c = config();
	start(&c);
	run_until(&master.n_heartbeats, 1);
	master_close();
	run_loop(NULL, 0, 2 * LINK_RECONNECT_MIN_MS);	/* the loss, and a dial or two that are refused */
	master_open(master.address);
	run_until(&master.n_registered, 2);
	close_all();
}
END_TEST

START_TEST(stopping_while_nobody_is_there_leaves_nothing_behind)
{
	struct link_config c;

	open_all();
	c = config();
	master_close();
	start(&c);
	run_loop(NULL, 0, 20);
	close_all();
}
END_TEST

START_TEST(stopping_with_a_call_out_leaves_nothing_behind)
{
	struct link_config c;

	open_all();
	c = config();
	start(&c);
	run_until(&master.n_registered, 1);	/* the answer is on its way */
	close_all();
}
END_TEST

UNIT_MAIN(it_registers_with_its_name_address_and_instance,
	  the_address_of_its_connection_is_reported_in_brackets_for_ipv6,
	  a_bind_address_is_reported_with_the_port_and_a_report_address_as_it_is,
	  heartbeats_follow_at_the_interval_of_the_master_with_facts_in_the_first,
	  a_refusal_is_asked_again_until_it_is_none, a_master_that_forgot_it_gets_a_new_registration_with_facts,
	  a_master_that_forgets_after_a_heartbeat_is_asked_again_at_once,
	  a_master_that_accepts_registrations_only_is_not_hammered,
	  it_comes_back_to_a_master_that_was_away, stopping_while_nobody_is_there_leaves_nothing_behind,
	  stopping_with_a_call_out_leaves_nothing_behind)
