/*
 * test_spec.c - a run's specification as bytes and back.
 */
#include "agent/supervise/spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "test/lib/unit.h"

static const char *paths[] = { "/bin/a", "/usr/bin/a", "/x", "/y", "/z", NULL };
static char *argv[] = { (char[]){ "a" }, (char[]){ "" }, (char[]){ "b c" }, NULL };
static char *no_env[] = { NULL };
static uint32_t groups[] = { 4, 24, 100 };

static const struct spec full = {
	.paths = paths, .argv = argv, .env = no_env, .script = "exec 3<&-;true", .cwd = "/tmp", .cwd_may_fail = true,
	.no_input = true, .is_own_user = true, .uid = 1000, .gid = 100, .groups = groups, .n_groups = 3, .nice = -5,
	.limits = { { 7, 0, 100, 200 }, { 6, 0, 1, UINT64_MAX } }, .n_limits = 2, .timeout_ms = 1, .grace_ms = 2,
	.lost_ms = 3, .spool_max = 4, .free_min = 5, .is_detached = true, .has_terminal = true, .rows = 24,
	.columns = 80, .cgroup = "/sys/fs/cgroup/x", .id = { 1, 2, 3, 16 }, .user = "web", .principal = "user:ann",
	.command = "a b", .reconnect_ms = 6, .asked_ms = 7, .keeps_when_lost = true,
};

static void expect_lists(const struct spec *s)
{
	for (size_t i = 0; i < 6; i++)
		ck_assert(paths[i] ? strcmp(s->paths[i], paths[i]) == 0 : s->paths[i] == NULL);
	for (size_t i = 0; i < 4; i++)
		ck_assert(argv[i] ? strcmp(s->argv[i], argv[i]) == 0 : s->argv[i] == NULL);
	ck_assert_ptr_nonnull(s->env);
	ck_assert_ptr_null(s->env[0]);
}

START_TEST(everything_comes_back)
{
	struct buf file = { 0 };
	struct spec s;

	spec_pack(&full, &file);
	ck_assert_int_eq(spec_unpack(&s, buf_data(&file), buf_len(&file)), 0);
	expect_lists(&s);
	ck_assert_str_eq(s.script, full.script);
	ck_assert_str_eq(s.cwd, full.cwd);
	ck_assert_str_eq(s.cgroup, full.cgroup);
	ck_assert_str_eq(s.user, full.user);
	ck_assert_str_eq(s.principal, full.principal);
	ck_assert_str_eq(s.command, full.command);
	ck_assert(s.cwd_may_fail && s.no_input && s.is_own_user && s.is_detached && s.has_terminal && s.keeps_when_lost);
	ck_assert_uint_eq(s.uid, 1000);
	ck_assert_uint_eq(s.gid, 100);
	ck_assert_uint_eq(s.n_groups, 3);
	ck_assert_mem_eq(s.groups, groups, sizeof groups);
	ck_assert_int_eq(s.nice, -5);
	ck_assert_uint_eq(s.n_limits, 2);
	ck_assert_mem_eq(s.limits, full.limits, 2 * sizeof *full.limits);
	ck_assert_mem_eq(s.id, full.id, sizeof full.id);
	ck_assert_uint_eq(s.timeout_ms * 100 + s.grace_ms * 10 + s.lost_ms, 123);
	ck_assert_uint_eq(s.spool_max * 10 + s.free_min, 45);
	ck_assert_uint_eq(s.reconnect_ms * 10 + s.asked_ms, 67);
	ck_assert_uint_eq(s.rows * 100 + s.columns, 2480);
	spec_done(&s);
	buf_done(&file);
}
END_TEST

START_TEST(what_is_not_set_stays_so)
{
	struct spec empty = { 0 }, s;
	struct buf file = { 0 };

	spec_pack(&empty, &file);
	ck_assert_int_eq(spec_unpack(&s, buf_data(&file), buf_len(&file)), 0);
	ck_assert_mem_eq(&s, &empty, sizeof s);
	spec_done(&s);
	buf_done(&file);
}
END_TEST

START_TEST(unknown_fields_are_skipped)
{
	uint32_t head[2] = { 9999, 3 };
	struct buf file = { 0 };
	struct spec s;

	buf_append(&file, head, sizeof head);
	buf_append(&file, "abc", 3);
	spec_pack(&full, &file);
	ck_assert_int_eq(spec_unpack(&s, buf_data(&file), buf_len(&file)), 0);
	ck_assert_str_eq(s.user, "web");
	spec_done(&s);
	buf_done(&file);
}
END_TEST

/* Every byte changed and every length cut: an error or another specification, never a crash. */
START_TEST(damage_is_an_error_not_a_crash)
{
	struct buf file = { 0 };
	struct spec s;
	uint8_t *copy;

	spec_pack(&full, &file);
	for (size_t i = 0; i < buf_len(&file); i++) {
		copy = mem_dup(buf_data(&file), i);
		spec_unpack(&s, copy, i);
		spec_done(&s);
		free(copy);
		for (unsigned bit = 0; bit < 8; bit++) {
			copy = mem_dup(buf_data(&file), buf_len(&file));
			copy[i] = (uint8_t)(copy[i] ^ 1U << bit);
			spec_unpack(&s, copy, buf_len(&file));
			spec_done(&s);
			free(copy);
		}
	}
	buf_done(&file);
}
END_TEST

static void expect_bad(uint32_t tag, uint32_t length, const char *data, size_t n)
{
	uint32_t head[2] = { tag, length };
	struct buf file = { 0 };
	struct spec s;

	buf_append(&file, head, sizeof head);
	buf_append(&file, data, n);
	ck_assert_int_eq(spec_unpack(&s, buf_data(&file), buf_len(&file)), -EBADMSG);
	spec_done(&s);
	buf_done(&file);
}

START_TEST(each_kind_of_damage_is_found)
{
	expect_bad(5, 10, "abc", 4);		/* longer than the file */
	expect_bad(5, 3, "abc", 3);		/* no NUL */
	expect_bad(5, 4, "a\0c", 4);		/* NUL within */
	expect_bad(2, 3, "abc", 3);
	expect_bad(9, 3, "abc", 3);		/* a number of the wrong size */
	expect_bad(11, 3, "abc", 3);
	expect_bad(13, 3, "abc", 3);
	expect_bad(24, 3, "abc", 3);
	expect_bad(6, 2, "\1\1", 2);
}
END_TEST

UNIT_MAIN(everything_comes_back, what_is_not_set_stays_so, unknown_fields_are_skipped, damage_is_an_error_not_a_crash,
	  each_kind_of_damage_is_found)
