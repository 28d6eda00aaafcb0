/*
 * test_facts.c - what an agent tells about its machine, and its two ids.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "agent/facts.h"
#include "agent/identity.h"
#include "common/fd.h"
#include "common/str.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

static json_t *facts(void)
{
	char *text = facts_json();
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	ck_assert_ptr_nonnull(object);
	free(text);
	return object;
}

START_TEST(facts_are_one_json_object_about_this_machine)
{
	json_t *object = facts();
	struct utsname u;

	uname(&u);
	ck_assert_str_eq(json_string_value(json_object_get(object, "hostname")), u.nodename);
	ck_assert_str_eq(json_string_value(json_object_get(object, "kernel")), u.release);
	ck_assert_str_eq(json_string_value(json_object_get(object, "arch")), u.machine);
	ck_assert_uint_eq(strlen(json_string_value(json_object_get(object, "boot_id"))), 36);
	ck_assert_uint_gt(strlen(json_string_value(json_object_get(object, "os"))), 0);
	json_decref(object);
}
END_TEST

START_TEST(facts_have_sane_numbers)
{
	json_t *object = facts();
	json_int_t total = json_integer_value(json_object_get(object, "memory_total_bytes"));

	ck_assert_int_ge(json_integer_value(json_object_get(object, "cpus")), 1);
	ck_assert_int_gt(total, 1024 * 1024);
	ck_assert_int_le(json_integer_value(json_object_get(object, "memory_available_bytes")), total);
	ck_assert_int_gt(json_integer_value(json_object_get(object, "disk_total_bytes")), 0);
	ck_assert_int_gt(json_integer_value(json_object_get(object, "uptime_seconds")), 0);
	ck_assert(json_is_real(json_object_get(object, "load_1min")));
	json_decref(object);
}
END_TEST

START_TEST(usage_is_within_bounds_since_boot_and_since_the_last_call)
{
	struct usage before = { 0 };
	struct facts_usage u;

	for (int i = 0; i < 3; i++) {
		facts_usage(&before, &u);
		ck_assert(u.cpu_percent >= 0 && u.cpu_percent <= 100);
		ck_assert(u.memory_percent > 0 && u.memory_percent <= 100);
		ck_assert(u.disk_percent >= 0 && u.disk_percent <= 100);
		ck_assert_uint_le(u.memory_used_bytes, u.memory_total_bytes);
		ck_assert_uint_le(u.disk_used_bytes, u.disk_total_bytes);
		ck_assert_uint_ge(u.process_count, 1);
		ck_assert_uint_gt(u.uptime_seconds, 0);
	}
	ck_assert_uint_gt(before.total, before.busy);
}
END_TEST

START_TEST(ids_are_made_once_and_kept)
{
	const char *state = tmp_path("state"), *runtime = tmp_path("runtime");
	struct identity first, second;
	char *error = NULL;

	ck_assert_int_eq(fd_make_dirs(state, 0700), 0);
	ck_assert_int_eq(fd_make_dirs(runtime, 0755), 0);
	ck_assert_int_eq(identity_load(&first, state, runtime, &error), 0);
	ck_assert_int_eq(identity_load(&second, state, runtime, &error), 0);
	ck_assert_mem_eq(&first, &second, sizeof first);
	ck_assert_mem_ne(first.instance, first.epoch, IDENTITY_BYTES);
}
END_TEST

START_TEST(an_empty_runtime_directory_is_a_new_epoch_of_the_same_instance)
{
	const char *state = tmp_path("state"), *one = tmp_path("one"), *two = tmp_path("two");
	struct identity first, second;
	char *error = NULL;

	ck_assert_int_eq(fd_make_dirs(state, 0700), 0);
	ck_assert_int_eq(fd_make_dirs(one, 0755), 0);
	ck_assert_int_eq(fd_make_dirs(two, 0755), 0);
	ck_assert_int_eq(identity_load(&first, state, one, &error), 0);
	ck_assert_int_eq(identity_load(&second, state, two, &error), 0);
	ck_assert_mem_eq(first.instance, second.instance, IDENTITY_BYTES);
	ck_assert_mem_ne(first.epoch, second.epoch, IDENTITY_BYTES);
}
END_TEST

START_TEST(a_file_that_is_no_id_is_replaced)
{
	const char *path = tmp_file("instance", "garbage\n"), *dir = tmp_path("");
	struct identity first, second;
	char *error = NULL, *text;

	ck_assert_int_eq(identity_load(&first, dir, dir, &error), 0);
	ck_assert_int_eq(identity_load(&second, dir, dir, &error), 0);
	ck_assert_mem_eq(&first, &second, sizeof first);
	text = tmp_read(path);
	ck_assert_uint_eq(strlen(text), 33);
	free(text);
}
END_TEST

START_TEST(a_directory_that_is_missing_is_named)
{
	const char *dir = tmp_path("nosuch");
	struct identity id;
	char *error = NULL;

	ck_assert_int_lt(identity_load(&id, dir, dir, &error), 0);
	ck_assert_msg(strstr(error, "nosuch/instance: No such file or directory"), "%s", error);
	free(error);
}
END_TEST

UNIT_MAIN(facts_are_one_json_object_about_this_machine, facts_have_sane_numbers,
	  usage_is_within_bounds_since_boot_and_since_the_last_call, ids_are_made_once_and_kept,
	  an_empty_runtime_directory_is_a_new_epoch_of_the_same_instance, a_file_that_is_no_id_is_replaced,
	  a_directory_that_is_missing_is_named)
