/*
 * test_audit.c - the audit log on disk: what is recorded, how files come and go, and a disk that is full.
 */
#include "master/audit.h"

#include <dirent.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/str.h"
#include "master/audit_files.h"
#include "master/principal.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

static char dir[200], current[240];
static struct ev_loop *loop;
static struct audit *a;

static void open_log(const struct audit_limits *limits)
{
	static unsigned n;
	char leaf[32];

	signal(SIGXFSZ, SIG_IGN);
	snprintf(leaf, sizeof leaf, "audit-%u", n++);
	snprintf(dir, sizeof dir, "%s", tmp_path(leaf));
	snprintf(current, sizeof current, "%s/audit.log", dir);
	loop = ev_loop_new(EVFLAG_NOENV);
	a = audit_open(loop, dir, limits);
}

static void close_log(void)
{
	audit_close(a);
	ck_assert_msg(!ev_run(loop, EVRUN_NOWAIT), "something keeps the loop alive");
	ev_loop_destroy(loop);
}

static void note(const char *event)
{
	ck_assert_int_eq(audit_note(a, &(struct audit_event){ .event = event }), 0);
}

static unsigned n_full_files(void)
{
	char name[AUDIT_NAME_MAX] = "";
	unsigned n = 0;

	for (; audit_files_next(dir, name, name); n++)
		;
	return n;
}

/* The i-th line of the current file, decoded. */
static json_t *line(unsigned i)
{
	char *text = tmp_read(current), *at = text;
	json_t *record;

	for (; i; i--)
		at = strchr(at, '\n') + 1;
	*strchr(at, '\n') = '\0';
	record = json_loads(at, 0, NULL);
	ck_assert_msg(record != NULL, "no JSON: %s", at);
	free(text);
	return record;
}

static const char *text_of(json_t *record, const char *key)
{
	const char *text = json_string_value(json_object_get(record, key));

	return text ? text : "(none)";
}

static unsigned count_lines(void)
{
	char *text = tmp_read(current);
	unsigned n = 0;

	for (const char *c = text; *c; c++)
		n += *c == '\n';
	free(text);
	return n;
}

/* ---- records ---- */

START_TEST(a_record_has_what_happened)
{
	static const uint8_t id[16] = { 0xab };
	static uint8_t ls[] = "ls", odd[] = "a\xff\"b\n", secret[] = "SECRET=hunter2";
	static const ProtobufCBinaryData argv[] = { { 2, ls }, { 5, odd } };
	static const ProtobufCBinaryData env[] = { { 14, secret }, { 2, ls } };
	static const struct principal who = { "root", "alice", "unix", WIRE_OPERATOR | WIRE_ADMIN };
	const struct audit_result result = { "exited", 3, true, 5, 6, 7 };
	json_t *r;
	char *text;

	open_log(NULL);
	ck_assert_int_eq(audit_note(a, &(struct audit_event){
		.event = "run.start", .who = &who, .agent = "web1", .argv = argv, .n_argv = 2, .env = env, .n_env = 2,
		.run_id = id, .run_id_len = 16, .run_as = "deploy", .is_decided = true, .rule = "default",
		.result = &result }), 0);
	r = line(0);
	ck_assert_uint_eq(strlen(text_of(r, "time")), 24);
	ck_assert_str_eq(text_of(r, "event"), "run.start");
	ck_assert_str_eq(text_of(r, "who"), "root");
	ck_assert_str_eq(text_of(r, "claims"), "alice");
	ck_assert_str_eq(text_of(r, "from"), "unix");
	ck_assert_uint_eq(json_array_size(json_object_get(r, "roles")), 2);
	ck_assert_str_eq(text_of(r, "agent"), "web1");
	ck_assert_str_eq(text_of(r, "run_id"), "ab000000000000000000000000000000");
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(r, "argv"), 1)), "a\xef\xbf\xbd\"b\n");
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(r, "env"), 0)), "SECRET");
	ck_assert_str_eq(text_of(r, "run_as"), "deploy");
	ck_assert_str_eq(text_of(r, "decision"), "allowed");
	ck_assert_str_eq(text_of(r, "rule"), "default");
	ck_assert_str_eq(text_of(r, "result"), "exited");
	ck_assert_int_eq(json_integer_value(json_object_get(r, "exit_code")), 3);
	ck_assert_int_eq(json_integer_value(json_object_get(r, "stderr_bytes")), 6);
	ck_assert(json_is_true(json_object_get(r, "invalid_utf8")));
	ck_assert(!json_object_get(r, "truncated"));
	json_decref(r);
	text = tmp_read(current);
	ck_assert_ptr_null(strstr(text, "hunter2"));
	free(text);
	close_log();
}
END_TEST

/* Whoever looks at the file with cat(1) has a terminal. */
START_TEST(no_control_character_is_in_the_file)
{
	json_t *r;
	char *text;

	open_log(NULL);
	ck_assert_int_eq(audit_note(a, &(struct audit_event){ .event = "run.start",
							      .command = "a\x1b[2J\x7f\r\n\xc2\x9b" "31m\xc2\x85" "b" }), 0);
	r = line(0);
	ck_assert_str_eq(text_of(r, "command"), "a\x1b[2J\x7f\r\n\xc2\x9b" "31m\xc2\x85" "b");
	json_decref(r);
	text = tmp_read(current);
	ck_assert_ptr_nonnull(strstr(text, "\\u009b31m\\u0085b"));
	ck_assert_ptr_null(strchr(text, '\x1b'));
	ck_assert_ptr_null(strchr(text, '\x7f'));
	ck_assert_ptr_null(strchr(text, '\xc2'));
	free(text);
	close_log();
}
END_TEST

START_TEST(a_file_that_was_removed_is_begun_anew)
{
	char away[260];

	open_log(NULL);
	note("a");
	ck_assert_int_eq(unlink(current), 0);
	note("b");
	json_decref(line(0));
	snprintf(away, sizeof away, "%s.away", dir);
	ck_assert_int_eq(rename(dir, away), 0);
	note("c");
	json_decref(line(0));
	close_log();
}
END_TEST

START_TEST(a_huge_command_is_cut)
{
	char *big = mem_alloc(100001);
	ProtobufCBinaryData argv[2] = { { 100000, (uint8_t *)big }, { 100000, (uint8_t *)big } };
	struct stat st;
	json_t *r;

	memset(big, 1, 100000);
	open_log(NULL);
	ck_assert_int_eq(audit_note(a, &(struct audit_event){ .event = "x", .command = big }), 0);
	ck_assert_int_eq(audit_note(a, &(struct audit_event){ .event = "x", .argv = argv, .n_argv = 2 }), 0);
	r = line(0);
	ck_assert(json_is_true(json_object_get(r, "truncated")));
	ck_assert_uint_eq(strlen(text_of(r, "command")), AUDIT_VALUE_MAX);
	json_decref(r);
	r = line(1);
	ck_assert(json_is_true(json_object_get(r, "truncated")));
	json_decref(r);
	ck_assert_int_eq(stat(current, &st), 0);
	ck_assert_int_le(st.st_size, 2 * AUDIT_RECORD_MAX);
	free(big);
	close_log();
}
END_TEST

START_TEST(nobody_else_can_read_it)
{
	struct stat st;

	open_log(NULL);
	note("x");
	ck_assert_int_eq(stat(current, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	close_log();
}
END_TEST

/* ---- files ---- */

START_TEST(a_full_file_is_put_aside_and_the_oldest_go)
{
	const struct audit_limits small = { .file_bytes = 200, .total_bytes = 1000, .keep_s = 1000, .disk_percent = 101 };
	char first[AUDIT_NAME_MAX], now[AUDIT_NAME_MAX];
	struct stat st;

	open_log(&small);
	for (int i = 0; i < 4; i++)
		note("something");
	ck_assert_uint_ge(n_full_files(), 1);
	ck_assert(audit_files_next(dir, "", first));
	ck_assert_int_eq(stat(current, &st), 0);
	ck_assert_int_le(st.st_size, 200);
	ck_assert_int_gt(st.st_size, 0);
	for (int i = 0; i < 40; i++)
		note("something");
	ck_assert_uint_le(n_full_files(), 5);
	ck_assert_uint_ge(n_full_files(), 3);
	ck_assert(audit_files_next(dir, "", now));
	ck_assert_str_ne(first, now);
	close_log();
}
END_TEST

static void make_file(const char *leaf)
{
	char *path = mem_printf("%s/%s", dir, leaf);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	close(fd);
	free(path);
}

START_TEST(files_go_by_age_too)
{
	char name[AUDIT_NAME_MAX];

	open_log(NULL);
	note("x");
	make_file("audit.log.20010101T000000.000Z");
	make_file("audit.log.29990101T000000.000Z");
	make_file("audit.log.old");
	make_file("audit.log.2001-101T000000.000Z");
	audit_close(a);
	a = audit_open(loop, dir, NULL);
	ck_assert_uint_eq(n_full_files(), 1);
	ck_assert(audit_files_next(dir, "", name));
	ck_assert_str_eq(name, "audit.log.29990101T000000.000Z");
	ck_assert_int_eq(count_lines(), 1);
	/* the order stays, though the clock is behind */
	audit_files_new_name(dir, 0, name);
	ck_assert_str_eq(name, "audit.log.29990101T000000.001Z");
	close_log();
}
END_TEST

START_TEST(a_cut_line_is_ended)
{
	char *text;
	int fd;

	open_log(NULL);
	note("one");
	audit_close(a);
	fd = open(current, O_WRONLY | O_APPEND);
	ck_assert_int_eq(write(fd, "{\"time\":\"cu", 11), 11);
	close(fd);
	a = audit_open(loop, dir, NULL);
	note("two");
	text = tmp_read(current);
	ck_assert_ptr_nonnull(strstr(text, "\n{\"time\":\"cu\n{\"time\":"));
	free(text);
	close_log();
}
END_TEST

/* ---- a disk that is full ---- */

/* Files of this process cannot be larger: a write stops there, in the midst of a record where it falls so. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(what_cannot_be_written_is_said_and_half_a_record_taken_back)
{
	struct stat st;
	off_t size;

	open_log(NULL);
	note("one");
	ck_assert_int_eq(stat(current, &st), 0);
	size = st.st_size;
	limit_files((rlim_t)size + 10);
	ck_assert_int_ne(audit_note(a, &(struct audit_event){ .event = "two" }), 0);
	ck_assert_ptr_nonnull(audit_failing(a));
	ck_assert_ptr_nonnull(strstr(audit_failing(a), dir));
	ck_assert_str_eq(audit_warning(a, 0), audit_failing(a));
	ck_assert_int_eq(stat(current, &st), 0);
	ck_assert_int_eq(st.st_size, size);
	limit_files(RLIM_INFINITY);
	note("three");
	ck_assert_ptr_null(audit_failing(a));
	ck_assert_uint_eq(count_lines(), 3);		/* one, resumed, three */
	close_log();
}
END_TEST

START_TEST(what_has_happened_waits_for_room)
{
	json_t *r;

	open_log(NULL);
	note("one");
	limit_files(1);
	audit_note_past(a, &(struct audit_event){ .event = "run.end" });
	audit_note_past(a, &(struct audit_event){ .event = "agent.stop" });
	ck_assert_uint_eq(count_lines(), 1);
	limit_files(RLIM_INFINITY);
	while (audit_failing(a)) {		/* its timer does it */
		ev_ref(loop);
		ev_run(loop, EVRUN_ONCE);
		ev_unref(loop);
	}
	ck_assert_uint_eq(count_lines(), 4);
	r = line(1);
	ck_assert_str_eq(text_of(r, "event"), "run.end");
	json_decref(r);
	r = line(3);
	ck_assert_str_eq(text_of(r, "event"), "audit.resumed");
	ck_assert_ptr_nonnull(strstr(text_of(r, "reason"), "0 records are lost"));
	json_decref(r);
	close_log();
}
END_TEST

START_TEST(a_backlog_has_a_bound)
{
	char *big = mem_alloc(AUDIT_VALUE_MAX + 1);
	const struct audit_event e = { .event = "run.end", .command = big };
	json_t *r;
	unsigned n;

	memset(big, 'x', AUDIT_VALUE_MAX);
	open_log(NULL);
	limit_files(0);
	for (n = 0; n < 2 * AUDIT_BACKLOG_MAX / AUDIT_VALUE_MAX; n++)
		audit_note_past(a, &e);
	limit_files(RLIM_INFINITY);
	note("last");
	n = count_lines();
	ck_assert_uint_le(n, AUDIT_BACKLOG_MAX / AUDIT_VALUE_MAX + 2);
	r = line(n - 2);
	ck_assert_str_eq(text_of(r, "event"), "audit.resumed");
	ck_assert_int_gt(atoi(text_of(r, "reason")), 200);
	json_decref(r);
	free(big);
	close_log();
}
END_TEST

START_TEST(a_place_that_is_none_is_tried_again)
{
	open_log(NULL);
	audit_close(a);
	ck_assert_int_eq(unlink(current) | rmdir(dir), 0);
	fclose(fopen(dir, "w"));
	a = audit_open(loop, dir, NULL);
	ck_assert_ptr_nonnull(audit_failing(a));
	ck_assert_int_ne(audit_note(a, &(struct audit_event){ .event = "x" }), 0);
	ck_assert_int_eq(unlink(dir), 0);
	note("x");
	ck_assert_uint_eq(count_lines(), 2);
	close_log();
}
END_TEST

START_TEST(a_disk_that_fills_is_a_warning)
{
	struct audit_limits any = audit_default_limits;

	any.disk_percent = 0;
	open_log(&any);
	ck_assert_ptr_nonnull(strstr(audit_warning(a, 0), dir));
	ck_assert_ptr_null(audit_warning(a, 1));
	close_log();
}
END_TEST

UNIT_MAIN(a_record_has_what_happened, a_file_that_was_removed_is_begun_anew,
	  no_control_character_is_in_the_file, a_huge_command_is_cut, nobody_else_can_read_it,
	  a_full_file_is_put_aside_and_the_oldest_go, files_go_by_age_too, a_cut_line_is_ended,
	  what_cannot_be_written_is_said_and_half_a_record_taken_back, what_has_happened_waits_for_room,
	  a_backlog_has_a_bound, a_place_that_is_none_is_tried_again, a_disk_that_fills_is_a_warning)
