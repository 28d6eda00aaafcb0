/*
 * test_fleet.c - agents register, are dialled back, are listed, stop, and are deleted: agent.AgentRegistry over
 * real sockets.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/str.h"
#include "master/channel.h"
#include "master/store.h"
#include "master/store_trust.h"
#include "test/lib/unit.h"
#include "test/lib/world.h"

static struct world w;
static struct fake web1, web2;

static Agent__RegisterAgentResponse *answer(const struct record *r)
{
	static Agent__RegisterAgentResponse *response;

	if (response)
		agent__register_agent_response__free_unpacked(response, NULL);
	response = agent__register_agent_response__unpack(NULL, buf_len(&r->last), buf_data(&r->last));
	ck_assert_ptr_nonnull(response);
	return response;
}

static void expect_registration(const char *name, const char *address, const struct fake *f, bool success,
				const char *words)
{
	struct record r;

	fake_register(&w, name, address, f, &r);
	ck_assert_int_eq(answer(&r)->success, success);
	ck_assert_msg(strstr(answer(&r)->message, words), "%s", answer(&r)->message);
	record_done(&r);
}

static Agent__AgentInfo *info_of(const char *name)
{
	static struct record r;
	Agent__GetAgentInfoRequest request = AGENT__GET_AGENT_INFO_REQUEST__INIT;
	Agent__GetAgentInfoResponse *response;

	record_done(&r);
	request.agent_name = (char *)(uintptr_t)name;
	response = world_ask(&w, "/agent.AgentRegistry/GetAgentInfo", &request.base,
			     &agent__get_agent_info_response__descriptor, &r);
	ck_assert_msg(response->success, "%s", response->message);
	return response->agent_info;
}

START_TEST(registering_dials_back_and_says_so)
{
	const Agent__AgentInfo *info;

	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	expect_registration("web1", fake_address(&web1), &web1, true, "reached at 127.0.0.1:");
	ck_assert_uint_eq(web1.n_hellos, 1);
	info = info_of("web1");
	ck_assert_str_eq(info->status, "Active");
	ck_assert_str_eq(info->unreachable, "");
	ck_assert_str_eq(info->version, "9.9");
	ck_assert_str_eq(info->shell, "/bin/bash");
	ck_assert_str_eq(info->instance, "77650000000000000000000000000000");
	ck_assert(!info->foreign);
	fake_close(&web1);
	world_close(&w);
}
END_TEST

START_TEST(an_agent_that_cannot_be_reached_is_registered_with_the_reason)
{
	const Agent__AgentInfo *info;

	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	expect_registration("web1", "127.0.0.1:1", &web1, true, "not reached at 127.0.0.1:1: refused");
	info = info_of("web1");
	ck_assert_str_eq(info->status, "Active");
	ck_assert_str_eq(info->unreachable, "refused");
	ck_assert_int_gt(info->unreachable_since, 0);
	fake_close(&web1);
	world_close(&w);
}
END_TEST

START_TEST(a_silent_address_is_a_timeout_within_three_seconds)
{
	struct ev_loop *standstill = ev_loop_new(EVFLAG_NOENV);
	struct wire *silent = wire_new(standstill);
	struct wire_listener *l;
	char *error = NULL;

	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	l = wire_listen(silent, "127.0.0.1:0", NULL, NULL, &error);
	expect_registration("web1", wire_listener_address(l), &web1, true, "timeout");
	wire_free(silent);
	ev_loop_destroy(standstill);
	fake_close(&web1);
	world_close(&w);
}
END_TEST

static void on_two_seconds(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)loop, (void)events;
	wire_conn_close(((struct fake *)t->data)->conn, 0, "dead");
}

START_TEST(a_connection_that_dies_in_a_check_gives_it_no_more_time)
{
	uint64_t start;
	ev_timer t;

	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	expect_registration("web1", fake_address(&web1), &web1, true, "reached at");
	web1.is_mute = true;
	ev_timer_init(&t, on_two_seconds, 2, 0);
	t.data = &web1;
	ev_now_update(w.turn.loop);
	ev_timer_start(w.turn.loop, &t);
	start = mono_ms();
	expect_registration("web1", fake_address(&web1), &web1, true, "timeout");
	ck_assert_uint_eq(web1.n_hellos, 3);
	ck_assert_uint_lt(mono_ms() - start, 4000);	/* not 2 s and another check */
	fake_close(&web1);
	world_close(&w);
}
END_TEST

START_TEST(an_address_that_answers_as_another_agent_is_found_out)
{
	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	fake_open(&w, &web2, "web2", false);
	expect_registration("web1", fake_address(&web2), &web1, true, "name differs: that address answers as \"web2\"");
	memset(web2.instance, 7, sizeof web2.instance);
	web2.name = "web1";
	expect_registration("web1", fake_address(&web2), &web1, true, "instance differs");
	fake_close(&web1);
	fake_close(&web2);
	world_close(&w);
}
END_TEST

START_TEST(an_address_beyond_this_machine_is_not_dialled_in_plaintext)
{
	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	expect_registration("web1", "192.0.2.1:50051", &web1, true, "needs TLS");
	fake_close(&web1);
	world_close(&w);
}
END_TEST

START_TEST(a_live_name_is_refused_to_another_instance)
{
	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	fake_open(&w, &web2, "xx", false);
	expect_registration("web1", fake_address(&web1), &web1, true, "reached");
	expect_registration("web1", fake_address(&web2), &web2, false, "is taken by a live agent at 127.0.0.1:");
	expect_registration("a b", fake_address(&web2), &web2, false, "not allowed");
	fake_close(&web1);
	fake_close(&web2);
	world_close(&w);
}
END_TEST

static bool is_dialled_again(void *arg)
{
	return *(unsigned *)arg >= 2;
}

START_TEST(a_lost_connection_is_dialled_again)
{
	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	expect_registration("web1", fake_address(&web1), &web1, true, "reached");
	wire_conn_close(web1.conn, 0, "lost");
	pair_run(&w.turn, is_dialled_again, &web1.n_hellos);
	ck_assert_str_eq(info_of("web1")->unreachable, "");
	fake_close(&web1);
	world_close(&w);
}
END_TEST

static bool is_unreachable(void *arg)
{
	return registry_find(w.m.registry, arg)->unreachable != NULL;
}

static bool is_reachable(void *arg)
{
	return !is_unreachable(arg);
}

START_TEST(an_agent_that_went_is_unreachable_until_it_registers_again)
{
	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	expect_registration("web1", fake_address(&web1), &web1, true, "reached");
	fake_close(&web1);
	pair_run(&w.turn, is_unreachable, (char *)(uintptr_t)"web1");
	ck_assert_str_eq(info_of("web1")->unreachable, "refused");
	fake_open(&w, &web1, "web1", false);
	expect_registration("web1", fake_address(&web1), &web1, true, "reached");
	pair_run(&w.turn, is_reachable, (char *)(uintptr_t)"web1");
	fake_close(&web1);
	world_close(&w);
}
END_TEST

static bool beat(const char *name, const char *json, char *message, size_t size)
{
	Agent__HeartbeatRequest request = AGENT__HEARTBEAT_REQUEST__INIT;
	Agent__HeartbeatResponse *response;
	struct record r;
	bool success;

	request.agent_name = (char *)(uintptr_t)name;
	request.system_info_json = (char *)(uintptr_t)json;
	request.version = (char *)(uintptr_t)"1.2";
	response = world_ask(&w, "/agent.AgentRegistry/Heartbeat", &request.base, &agent__heartbeat_response__descriptor, &r);
	success = response->success;
	ck_assert_uint_eq(response->interval_ms, success ? 5000 : 0);
	snprintf(message, size, "%s", response->message);
	record_done(&r);
	return success;
}

START_TEST(heartbeats_bring_facts_and_unknown_ones_are_sent_away)
{
	char message[200], *large = calloc(1, REGISTRY_FACTS_MAX + 2);

	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	ck_assert(!beat("web1", "{}", message, sizeof message));
	ck_assert_str_eq(message, "Agent not found");
	expect_registration("web1", fake_address(&web1), &web1, true, "reached");
	ck_assert(beat("web1", "{\"os\":1}", message, sizeof message));
	ck_assert(beat("web1", "", message, sizeof message));
	ck_assert_str_eq(info_of("web1")->system_info_json, "{\"os\":1}");
	memset(large, ' ', REGISTRY_FACTS_MAX + 1);
	ck_assert(beat("web1", large, message, sizeof message));
	ck_assert_ptr_nonnull(strstr(message, "over the limit"));
	ck_assert_str_eq(info_of("web1")->system_info_json, "{\"os\":1}");
	ck_assert_str_eq(info_of("web1")->version, "1.2");
	free(large);
	fake_close(&web1);
	world_close(&w);
}
END_TEST

/* Only commands may be as large as a message can be. */
START_TEST(requests_about_agents_are_a_mebibyte_at_most)
{
	static const char *const paths[] = {
		"/agent.AgentRegistry/RegisterAgent", "/agent.AgentRegistry/Heartbeat", "/agent.AgentRegistry/ListAgents",
		"/agent.AgentRegistry/GetAgentInfo", "/agent.AgentRegistry/StopAgent", "/agent.AgentRegistry/UnregisterAgent",
		"/sloth.v1.Master/Ping", "/sloth.v1.Master/Status",
	};
	enum { MAX = 1024 * 1024 };
	char *large = calloc(1, MAX + 1);

	world_open(&w);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const struct wire_request request = { .path = paths[i] };
		struct record r = { .call = NULL };

		r.call = wire_call(w.conn, &request, &record_ops, &r);
		wire_send(r.call, large, MAX + 1);
		pair_run(&w.turn, pair_is, &r.ended);
		ck_assert_msg(r.code == WIRE_RESOURCE_EXHAUSTED, "%s: %s", paths[i], r.why);
		record_done(&r);
	}
	free(large);
	world_close(&w);
}
END_TEST

START_TEST(a_heartbeat_wakes_an_inactive_agent_up)
{
	char message[200];

	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	expect_registration("web1", fake_address(&web1), &web1, true, "reached");
	registry_set_inactive(registry_find(w.m.registry, "web1"));
	ck_assert_str_eq(info_of("web1")->status, "Inactive");
	ck_assert(beat("web1", "", message, sizeof message));
	ck_assert_str_eq(info_of("web1")->status, "Active");
	pair_run(&w.turn, is_dialled_again, &web1.n_hellos);
	fake_close(&web1);
	world_close(&w);
}
END_TEST

static char *stop(const char *name, bool *success, struct record *r)
{
	Agent__StopAgentRequest request = AGENT__STOP_AGENT_REQUEST__INIT;
	Agent__StopAgentResponse *response;

	request.agent_name = (char *)(uintptr_t)name;
	response = world_ask(&w, "/agent.AgentRegistry/StopAgent", &request.base, &agent__stop_agent_response__descriptor, r);
	*success = response->success;
	return response->message;
}

static bool is_inactive(void *arg)
{
	return !registry_find(w.m.registry, arg)->is_active;
}

START_TEST(stopping_tells_the_agent_and_its_end_makes_it_inactive)
{
	struct record r;
	bool success;

	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	expect_registration("web1", fake_address(&web1), &web1, true, "reached");
	ck_assert_str_eq(stop("web1", &success, &r), "agent web1 stops");
	ck_assert(success);
	ck_assert_uint_eq(web1.n_shutdowns, 1);
	record_done(&r);
	fake_close(&web1);
	pair_run(&w.turn, is_inactive, (char *)(uintptr_t)"web1");
	ck_assert_ptr_nonnull(strstr(stop("web1", &success, &r), "was not stopped: it is inactive"));
	ck_assert(!success);
	record_done(&r);
	ck_assert_ptr_nonnull(strstr(stop("nobody", &success, &r), "agent not found: \"nobody\""));
	ck_assert(!success);
	record_done(&r);
	world_close(&w);
}
END_TEST

START_TEST(a_deleted_agent_is_gone_from_registry_and_store)
{
	Agent__UnregisterAgentRequest request = AGENT__UNREGISTER_AGENT_REQUEST__INIT;
	const Agent__UnregisterAgentResponse *response;
	char message[100];
	struct record r;

	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	expect_registration("web1", fake_address(&web1), &web1, true, "reached");
	request.agent_name = (char *)(uintptr_t)"web1";
	for (int i = 0; i < 2; i++) {
		response = world_ask(&w, "/agent.AgentRegistry/UnregisterAgent", &request.base,
				     &agent__unregister_agent_response__descriptor, &r);
		ck_assert_int_eq(response->success, i == 0);
		record_done(&r);
	}
	ck_assert(!beat("web1", "", message, sizeof message));
	ck_assert_uint_eq(registry_count(w.m.registry), 0);
	fake_close(&web1);
	world_close(&w);
	world_open(&w);				/* the same database */
	ck_assert_uint_eq(registry_count(w.m.registry), 0);
	world_close(&w);
}
END_TEST

START_TEST(agents_are_known_after_a_restart_and_inactive)
{
	const Agent__AgentInfo *info;
	char message[100];

	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	expect_registration("web1", fake_address(&web1), &web1, true, "reached");
	ck_assert(beat("web1", "{\"os\":1}", message, sizeof message));
	fake_close(&web1);
	world_close(&w);
	world_open(&w);
	info = info_of("web1");
	ck_assert_str_eq(info->status, "Inactive");
	ck_assert_int_gt(info->last_heartbeat, 0);
	ck_assert_str_eq(info->system_info_json, "{\"os\":1}");
	ck_assert_str_eq(info->shell, "/bin/bash");
	world_close(&w);
}
END_TEST

START_TEST(status_counts)
{
	const Sloth__V1__StatusRequest request = SLOTH__V1__STATUS_REQUEST__INIT;
	const Sloth__V1__StatusResponse *status;
	struct record r;

	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	expect_registration("web1", fake_address(&web1), &web1, true, "reached");
	expect_registration("web2", "127.0.0.1:1", &web1, true, "refused");
	status = world_ask(&w, "/sloth.v1.Master/Status", &request.base, &sloth__v1__status_response__descriptor, &r);
	ck_assert_uint_eq(status->agents_active, 2);
	ck_assert_uint_eq(status->agents_unreachable, 1);
	ck_assert_uint_eq(status->n_listening, 1);
	ck_assert_uint_eq(status->n_warnings, 0);
	ck_assert_str_eq(status->version, SLOTH_VERSION);
	record_done(&r);
	fake_close(&web1);
	world_close(&w);
}
END_TEST

static void count_agent(const struct agent_record *record, void *arg)
{
	(void)record;
	++*(unsigned *)arg;
}

START_TEST(a_database_that_others_found_damaged_is_written_again)
{
	struct identity_record id;
	struct store *s;
	sqlite3 *raw;
	char *why = NULL;
	unsigned n = 0;

	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	expect_registration("web1", fake_address(&web1), &web1, true, "reached");
	ck_assert_int_eq(sqlite3_open(tmp_path("registry.db"), &raw), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(raw, "DROP TABLE identities", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
	ck_assert_int_lt(store_find_holder(w.m.store, WIRE_KIND_AGENT, "web1", &id), 0);
	ck_assert_uint_eq(store_replaced(w.m.store), 1);
	fake_close(&web1);
	world_close(&w);
	s = store_open(tmp_path("registry.db"), &why);
	ck_assert_int_eq(store_load(s, count_agent, &n), 0);
	ck_assert_uint_eq(n, 1);
	store_close(s);
}
END_TEST

UNIT_MAIN(a_database_that_others_found_damaged_is_written_again, registering_dials_back_and_says_so,
	  an_agent_that_cannot_be_reached_is_registered_with_the_reason,
	  a_silent_address_is_a_timeout_within_three_seconds, a_connection_that_dies_in_a_check_gives_it_no_more_time,
	  an_address_that_answers_as_another_agent_is_found_out,
	  an_address_beyond_this_machine_is_not_dialled_in_plaintext, a_live_name_is_refused_to_another_instance,
	  a_lost_connection_is_dialled_again, an_agent_that_went_is_unreachable_until_it_registers_again,
	  heartbeats_bring_facts_and_unknown_ones_are_sent_away, requests_about_agents_are_a_mebibyte_at_most, a_heartbeat_wakes_an_inactive_agent_up,
	  stopping_tells_the_agent_and_its_end_makes_it_inactive, a_deleted_agent_is_gone_from_registry_and_store,
	  agents_are_known_after_a_restart_and_inactive, status_counts)
