/*
 * test_registry.c - names, conflicts, liveness and facts of the registry, with time as an argument.
 */
#include "master/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "master/info.h"
#include "test/lib/unit.h"

#define ONE "11111111111111111111111111111111"
#define TWO "22222222222222222222222222222222"

static const struct now start = { 1000000, 1700000000 };

static struct now later(uint64_t ms)
{
	return (struct now){ start.mono_ms + ms, start.wall_s + (int64_t)(ms / 1000) };
}

static int try_register(struct registry *r, const char *name, const char *address, const char *instance,
			struct now now, char **why)
{
	const struct registration reg = { name, address, instance, !*instance, true, true };
	struct agent *a;

	*why = NULL;
	return registry_register(r, &reg, now, &a, why);
}

static struct agent *enter(struct registry *r, const char *name, const char *instance, struct now now)
{
	char *why;

	ck_assert_int_ge(try_register(r, name, "127.0.0.1:50051", instance, now, &why), 0);
	return registry_find(r, name);
}

/* The master would dial itself, and tell what it met: that is for who is there already. */
START_TEST(a_loopback_address_is_taken_from_this_machine_only)
{
	static const char *const addresses[] = { "127.0.0.1:22", "127.9.9.9:22", "[::1]:22", "[::ffff:127.0.0.1]:22", "localhost:22", "224.0.0.1:22" };
	struct registration reg = { .name = "web1", .instance = ONE };
	struct registry *r = registry_new();
	struct agent *a;
	char *why;

	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		reg.address = addresses[i];
		reg.is_local = false;
		why = NULL;
		ck_assert_int_eq(registry_register(r, &reg, start, &a, &why), -EINVAL);
		ck_assert_msg(strstr(why, addresses[i]) && strstr(why, "--report-address"), "%s", why);
		free(why);
		reg.is_local = true;
		ck_assert_int_ge(registry_register(r, &reg, start, &a, &why), 0);
		ck_assert(a->is_local);
		registry_remove(r, a);
	}
	reg.is_local = false;
	reg.address = "192.168.1.17:50052";
	ck_assert_int_ge(registry_register(r, &reg, start, &a, &why), 0);
	ck_assert(!a->is_local);
	registry_free(r);
}
END_TEST

static unsigned went_inactive;

static void on_inactive(struct agent *a, void *arg)
{
	(void)a;
	(void)arg;
	went_inactive++;
}

START_TEST(agents_are_kept_in_order_of_names)
{
	static const char *const names[] = { "web2", "a", "web10", "Z", "web1" };
	static const char *const order[] = { "Z", "a", "web1", "web10", "web2" };
	struct registry *r = registry_new();

	for (size_t i = 0; i < 5; i++)
		enter(r, names[i], ONE, start);
	for (size_t i = 0; i < 5; i++)
		ck_assert_str_eq(registry_at(r, i)->record.name, order[i]);
	registry_remove(r, registry_find(r, "web1"));
	ck_assert_ptr_null(registry_find(r, "web1"));
	ck_assert_str_eq(registry_at(r, 2)->record.name, "web10");
	registry_free(r);
}
END_TEST

START_TEST(wrong_registrations_are_refused_in_words)
{
	static const struct {
		const char *name, *address, *instance, *word;
	} cases[] = {
		{ "", "127.0.0.1:1", "", "name" },
		{ "a b", "127.0.0.1:1", "", "name" },
		{ "..", "127.0.0.1:1", "", "name" },
		{ "a", "", "", "address" },
		{ "a", "127.0.0.1", "", "port" },
		{ "a", "0.0.0.0:1", "", "dial" },
		{ "a", "[::]:1", "", "dial" },
		{ "a", "unix:/run/x", "", "dial" },
		{ "a", "127.0.0.1:1", "xyz", "instance" },
	};
	struct registry *r = registry_new();
	char *why;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ck_assert_int_eq(try_register(r, cases[i].name, cases[i].address, cases[i].instance, start, &why), -EINVAL);
		ck_assert_msg(strstr(why, cases[i].word), "%s", why);
		free(why);
	}
	ck_assert_uint_eq(registry_count(r), 0);
	registry_free(r);
}
END_TEST

START_TEST(a_live_agents_name_is_refused_to_others)
{
	struct registry *r = registry_new();
	char *why;

	enter(r, "web1", ONE, start);
	ck_assert_int_eq(try_register(r, "web1", "127.0.0.1:9", TWO, later(1), &why), -EEXIST);
	ck_assert_str_eq(why, "name \"web1\" is taken by a live agent at 127.0.0.1:50051 (instance 11111111..)");
	free(why);
	ck_assert_str_eq(registry_find(r, "web1")->record.address, "127.0.0.1:50051");
	registry_free(r);
}
END_TEST

START_TEST(the_same_instance_takes_its_name_over_at_once)
{
	struct registry *r = registry_new();
	struct agent *a = enter(r, "web1", ONE, start);
	char *why;

	registry_set_facts(r, a, "{}", start);
	ck_assert_int_eq(try_register(r, "web1", "127.0.0.1:9", ONE, later(1), &why), 1);
	ck_assert_str_eq(a->record.address, "127.0.0.1:9");
	ck_assert_str_eq(a->record.facts, "{}");	/* registering again wipes nothing */
	registry_free(r);
}
END_TEST

START_TEST(another_instance_takes_a_silent_agents_name_over_without_its_facts)
{
	struct registry *r = registry_new();
	struct agent *a = enter(r, "web1", ONE, start);
	char *why;

	registry_set_facts(r, a, "{}", start);
	registry_expire(r, later(15000), on_inactive, NULL);
	ck_assert_int_eq(try_register(r, "web1", "127.0.0.1:9", TWO, later(15001), &why), 1);
	ck_assert_str_eq(a->record.instance, TWO);
	ck_assert_str_eq(a->record.facts, "");
	ck_assert(a->is_active);
	registry_free(r);
}
END_TEST

START_TEST(a_foreign_agent_is_its_name_and_address)
{
	struct registry *r = registry_new();
	char *why;

	enter(r, "old1", "", start);
	ck_assert_int_eq(try_register(r, "old1", "127.0.0.1:50051", "", later(1), &why), 0);
	ck_assert_int_eq(try_register(r, "old1", "127.0.0.1:50052", "", later(1), &why), -EEXIST);
	ck_assert_str_eq(why, "name \"old1\" is taken by a live agent at 127.0.0.1:50051");
	free(why);
	registry_free(r);
}
END_TEST

START_TEST(an_agent_is_inactive_after_three_intervals)
{
	struct registry *r = registry_new();
	struct agent *a = enter(r, "web1", ONE, start);

	went_inactive = 0;
	ck_assert_uint_eq(registry_expire(r, start, on_inactive, NULL), 15000);
	ck_assert_uint_eq(registry_expire(r, later(14999), on_inactive, NULL), 1);
	ck_assert(a->is_active);
	ck_assert_uint_eq(registry_expire(r, later(15000), on_inactive, NULL), UINT64_MAX);
	ck_assert(!a->is_active);
	ck_assert_uint_eq(registry_expire(r, later(15001), on_inactive, NULL), UINT64_MAX);
	ck_assert_uint_eq(went_inactive, 1);
	ck_assert(registry_heard(r, a, later(20000)));
	ck_assert(!registry_heard(r, a, later(21000)));
	registry_free(r);
}
END_TEST

START_TEST(a_stepped_wall_clock_changes_no_state)
{
	static const int64_t steps[] = { -3600, 3600 };
	struct registry *r = registry_new();
	struct agent *a = enter(r, "web1", ONE, start);

	went_inactive = 0;
	for (size_t i = 0; i < 2; i++) {
		struct now now = later(1000);

		now.wall_s += steps[i];
		ck_assert_uint_eq(registry_expire(r, now, on_inactive, NULL), i == 0 ? 14000 : 15000);
		ck_assert(!registry_heard(r, a, now));
		ck_assert_uint_eq(registry_expire(r, later(1000), on_inactive, NULL), 15000);
	}
	ck_assert_uint_eq(went_inactive, 0);
	registry_free(r);
}
END_TEST

START_TEST(many_agents_get_a_longer_interval)
{
	struct registry *r = registry_new();
	char name[16];

	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "a%d", i);
		enter(r, name, ONE, start);
	}
	ck_assert_uint_eq(registry_interval_ms(r), 10000);	/* 200 heartbeats per second */
	registry_free(r);
}
END_TEST

START_TEST(a_full_registry_refuses_new_names_only)
{
	struct registry *r = registry_new();
	char name[16], *why;

	for (int i = 0; i < REGISTRY_AGENTS_MAX; i++) {
		snprintf(name, sizeof name, "a%05d", i);
		enter(r, name, ONE, start);
	}
	ck_assert_int_eq(try_register(r, "b", "127.0.0.1:1", ONE, start, &why), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(why, "full"));
	free(why);
	ck_assert_int_eq(try_register(r, "a00000", "127.0.0.1:1", ONE, start, &why), 1);
	registry_free(r);
}
END_TEST

START_TEST(facts_over_the_limits_are_refused)
{
	struct registry *r = registry_new();
	char *json = mem_alloc(REGISTRY_FACTS_MAX + 2), name[16];
	int most = REGISTRY_FACTS_TOTAL_MAX / REGISTRY_FACTS_MAX;

	memset(json, ' ', REGISTRY_FACTS_MAX + 1);
	ck_assert_int_eq(registry_set_facts(r, enter(r, "a", ONE, start), json, start), -EMSGSIZE);
	json[REGISTRY_FACTS_MAX] = '\0';
	for (int i = 0; i < most; i++) {
		snprintf(name, sizeof name, "b%d", i);
		ck_assert_int_eq(registry_set_facts(r, enter(r, name, ONE, start), json, start), 0);
	}
	ck_assert_int_eq(registry_set_facts(r, registry_find(r, "a"), json, start), -ENOSPC);
	registry_remove(r, registry_find(r, "b0"));
	ck_assert_int_eq(registry_set_facts(r, registry_find(r, "a"), json, start), 0);
	free(json);
	registry_free(r);
}
END_TEST

START_TEST(unreachable_keeps_the_time_of_its_beginning)
{
	struct registry *r = registry_new();
	struct agent *a = enter(r, "web1", ONE, start);

	ck_assert(registry_set_reach(a, REACH_REFUSED, "refused", later(1000)));
	ck_assert(!registry_set_reach(a, REACH_REFUSED, "refused", later(2000)));
	ck_assert(registry_set_reach(a, REACH_TIMEOUT, "timeout", later(3000)));
	ck_assert_int_eq(a->unreachable_s, start.wall_s + 1);
	ck_assert_uint_eq(registry_counts(r).unreachable, 1);
	ck_assert(registry_set_reach(a, REACH_DIRECT, NULL, later(4000)));
	ck_assert(!registry_set_reach(a, REACH_DIRECT, NULL, later(5000)));
	ck_assert_int_eq(a->unreachable_s, 0);
	registry_free(r);
}
END_TEST

START_TEST(restored_agents_are_inactive_and_keep_what_was_known)
{
	struct agent_record record = {
		.name = mem_strdup("web1"), .address = mem_strdup("127.0.0.1:1"), .instance = mem_strdup(ONE),
		.version = mem_strdup("1.0"), .shell = mem_strdup("/bin/bash"), .facts = mem_strdup("{\"a\":1}"),
		.registered_s = 5, .heartbeat_s = 6, .facts_s = 7, .drained_s = 8, .drained_by = mem_strdup("root"),
	};
	struct registry *r = registry_new();
	const struct agent *a;

	ck_assert_int_eq(registry_restore(r, &record, start), 0);
	ck_assert_int_eq(registry_restore(r, &record, start), -EINVAL);
	a = registry_find(r, "web1");
	ck_assert(!a->is_active);
	ck_assert_uint_eq(a->dirty, 0);
	ck_assert_int_eq(a->record.registered_s, 5);
	ck_assert_int_eq(a->record.heartbeat_s, 6);
	ck_assert_int_eq(a->record.facts_s, 7);
	ck_assert_int_eq(a->record.drained_s, 8);
	ck_assert_str_eq(a->record.drained_by, "root");
	ck_assert_str_eq(a->record.facts, "{\"a\":1}");
	ck_assert_str_eq(a->record.shell, "/bin/bash");
	registry_free(r);
	free(record.name);
	free(record.address);
	free(record.instance);
	free(record.version);
	free(record.shell);
	free(record.facts);
	free(record.drained_by);
}
END_TEST

START_TEST(a_list_of_the_longest_agents_stays_under_four_mebibytes)
{
	struct registry *r = registry_new();
	char name[STR_NAME_MAX + 1], address[160], *why;
	Agent__ListAgentsResponse *list;

	for (int i = 0; i < REGISTRY_AGENTS_MAX; i++) {
		snprintf(name, sizeof name, "%064d", i);
		snprintf(address, sizeof address, "%0120d.a:50051", i);
		ck_assert_int_eq(try_register(r, name, address, ONE, start, &why), 1);
		registry_set_identity(registry_find(r, name), ONE, ONE, address, address);
		registry_set_reach(registry_find(r, name), REACH_FAILED, address, start);
		registry_set_drained(registry_find(r, name), address, start);
	}
	list = info_list(r, NULL, NULL);
	ck_assert_uint_eq(list->n_agents, REGISTRY_AGENTS_MAX);
	ck_assert_uint_lt(agent__list_agents_response__get_packed_size(list), 4 * 1024 * 1024);
	free(list);
	registry_free(r);
}
END_TEST

static bool shows_even(const struct agent *a, const void *arg)
{
	ck_assert_str_eq(arg, "arg");
	return (a->record.name[1] - '0') % 2 == 0;
}

START_TEST(a_list_shows_what_it_is_told_to)
{
	static const char *const names[] = { "a0", "a1", "a2", "a3" };
	struct registry *r = registry_new();
	Agent__ListAgentsResponse *list;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		enter(r, names[i], ONE, start);
	list = info_list(r, shows_even, "arg");
	ck_assert_uint_eq(list->n_agents, 2);
	ck_assert_str_eq(list->agents[0]->agent_name, "a0");
	ck_assert_str_eq(list->agents[1]->agent_name, "a2");
	free(list);
	registry_free(r);
}
END_TEST

START_TEST(a_list_leaves_out_facts_over_three_mebibytes)
{
	struct registry *r = registry_new();
	char *json = mem_alloc(REGISTRY_FACTS_MAX + 1), name[16];
	Agent__ListAgentsResponse *list;

	memset(json, ' ', REGISTRY_FACTS_MAX);
	for (int i = 0; i < 48; i++) {
		snprintf(name, sizeof name, "a%d", i);
		registry_set_facts(r, enter(r, name, ONE, start), json, start);
	}
	list = info_list(r, NULL, NULL);
	ck_assert_uint_eq(strlen(list->agents[0]->system_info_json), REGISTRY_FACTS_MAX);
	free(list);
	registry_set_facts(r, enter(r, "b", ONE, start), "{}", start);
	list = info_list(r, NULL, NULL);
	ck_assert_str_eq(list->agents[0]->system_info_json, "");
	ck_assert_str_eq(list->agents[0]->instance, ONE);
	free(list);
	free(json);
	registry_free(r);
}
END_TEST

UNIT_MAIN(agents_are_kept_in_order_of_names, a_loopback_address_is_taken_from_this_machine_only, wrong_registrations_are_refused_in_words,
	  a_live_agents_name_is_refused_to_others, the_same_instance_takes_its_name_over_at_once,
	  another_instance_takes_a_silent_agents_name_over_without_its_facts, a_foreign_agent_is_its_name_and_address,
	  an_agent_is_inactive_after_three_intervals, a_stepped_wall_clock_changes_no_state,
	  many_agents_get_a_longer_interval, a_full_registry_refuses_new_names_only, facts_over_the_limits_are_refused,
	  unreachable_keeps_the_time_of_its_beginning, restored_agents_are_inactive_and_keep_what_was_known,
	  a_list_of_the_longest_agents_stays_under_four_mebibytes, a_list_shows_what_it_is_told_to, a_list_leaves_out_facts_over_three_mebibytes)
