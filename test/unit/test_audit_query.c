/*
 * test_audit_query.c - reading the audit log through the master: every record once and in order, across files, also
 * while it grows.
 */
#include "master/audit_query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "master/audit.h"
#include "master/audit_files.h"
#include "test/lib/unit.h"
#include "test/lib/world.h"

#define AUDIT "/sloth.v1.Master/Audit"

static struct world w;
static int next_object;		/* of the records that note_some() makes */

/* What a reader has seen of them. */
struct reader {
	struct wire_call *call;
	int expected;		/* the next one's object */
	bool paused, ended;
	enum wire_code code;
};

static void note_some(int n)
{
	char object[16];

	for (; n; n--) {
		snprintf(object, sizeof object, "%d", next_object++);
		UNIT_ASSERT(audit_note(w.m.audit, &(struct audit_event){
			.event = "test", .agent = next_object % 2 ? "web1" : "db1", .object = object }) == 0);
	}
}

static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const Sloth__V1__AuditResponse *response = wire_unpack(call, &sloth__v1__audit_response__descriptor, data, len);
	struct reader *r = arg;

	ck_assert_ptr_nonnull(response);
	for (size_t i = 0; i < response->n_records; i++) {
		const char *at = strstr(response->records[i], "\"object\":\"");

		UNIT_ASSERT(at);
		UNIT_ASSERT(atoi(at + strlen("\"object\":\"")) == r->expected++);
	}
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct reader *r = arg;

	(void)call, (void)why;
	r->ended = true;
	r->code = code;
}

static void read_log(struct reader *r, const Sloth__V1__AuditRequest *request)
{
	static const struct wire_call_ops ops = { .on_message = on_message, .on_end = on_end };
	const struct wire_request how = { .path = AUDIT, .runs_long = true };

	*r = (struct reader){ .expected = 0 };
	r->call = wire_call(w.conn, &how, &ops, r);
	wire_send_message(r->call, &request->base);
	wire_half_close(r->call);
}

/* Some dozen records for each file. */
static void open_all(void)
{
	struct audit_limits small = { 4000, 1u << 30, 1000, 101 };
	char *dir;

	world_open(&w);
	dir = mem_strdup(audit_dir(w.m.audit));
	audit_close(w.m.audit);
	w.m.audit = audit_open(w.m.loop, dir, &small);
	free(dir);
	next_object = 0;
}

static bool has_all(void *arg)
{
	const struct reader *r = arg;

	return r->expected == next_object;
}

START_TEST(every_record_comes_once_and_in_order)
{
	Sloth__V1__AuditRequest request = SLOTH__V1__AUDIT_REQUEST__INIT;
	struct reader r;
	char name[AUDIT_NAME_MAX];

	open_all();
	note_some(5000);
	ck_assert(audit_files_next(audit_dir(w.m.audit), "", name));
	read_log(&r, &request);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_OK);
	ck_assert_int_eq(r.expected, next_object);
	world_close(&w);
}
END_TEST

START_TEST(a_reader_that_waits_holds_the_master_up)
{
	Sloth__V1__AuditRequest request = SLOTH__V1__AUDIT_REQUEST__INIT;
	struct reader r;

	open_all();
	note_some(10000);
	read_log(&r, &request);
	wire_pause(r.call);
	for (int i = 0; i < 300; i++) {
		ev_run(w.turn.loop, EVRUN_NOWAIT);
		UNIT_ASSERT(wire_count(w.m.wire).buffered < 768 * 1024);
	}
	ck_assert_int_eq(r.expected, 0);
	wire_resume(r.call);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.expected, next_object);
	world_close(&w);
}
END_TEST

START_TEST(a_follower_goes_on_across_files)
{
	Sloth__V1__AuditRequest request = SLOTH__V1__AUDIT_REQUEST__INIT;
	struct reader r;

	open_all();
	request.follow = true;
	read_log(&r, &request);
	for (int i = 1; i < 40; i++) {
		note_some(i * 7);	/* more than a file at a time, in the end */
		pair_run(&w.turn, has_all, &r);
	}
	ck_assert(!r.ended);
	audit_query_stop(&w.m);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_UNAVAILABLE);
	world_close(&w);
}
END_TEST

static int count(const Sloth__V1__AuditRequest *request)
{
	struct record r;
	const Sloth__V1__AuditResponse *response = world_ask(&w, AUDIT, &request->base, &sloth__v1__audit_response__descriptor, &r);
	int n = r.n_messages ? (int)response->n_records : 0;

	ck_assert_uint_le(r.n_messages, 1);
	record_done(&r);
	return n;
}

START_TEST(what_is_not_wanted_is_left_out)
{
	static char web[] = "w*", master[] = "master", nobody[] = "operator:*";
	Sloth__V1__AuditRequest request = SLOTH__V1__AUDIT_REQUEST__INIT;

	open_all();
	note_some(10);
	ck_assert_int_eq(count(&request), 10);
	request.agent = web;
	ck_assert_int_eq(count(&request), 5);
	request.by = master;
	ck_assert_int_eq(count(&request), 5);
	request.by = nobody;
	ck_assert_int_eq(count(&request), 0);
	request = (Sloth__V1__AuditRequest)SLOTH__V1__AUDIT_REQUEST__INIT;
	request.since = 4000000000;
	ck_assert_int_eq(count(&request), 0);
	request.since = 1000000000;
	ck_assert_int_eq(count(&request), 10);
	request.until = 1000000001;
	ck_assert_int_eq(count(&request), 0);
	request.since = INT64_MIN;
	request.until = INT64_MAX;
	ck_assert_int_eq(count(&request), 10);
	world_close(&w);
}
END_TEST

/* Whatever a run is called or tells, its record is one that readers take. */
START_TEST(no_record_can_hide)
{
	static uint8_t odd[] = "a\0b\xff\n\x01\x7f\xed\xa0\x80\xef\xbf\xbf\xf4\x90\x80\x80";
	const ProtobufCBinaryData argv[] = { { sizeof odd, odd }, { 0, NULL } };
	const struct audit_result result = { "exited", UINT64_MAX, true, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	Sloth__V1__AuditRequest request = SLOTH__V1__AUDIT_REQUEST__INIT;

	open_all();
	ck_assert_int_eq(audit_note(w.m.audit, &(struct audit_event){ .event = "run.start", .argv = argv, .n_argv = 2,
								     .env = argv, .n_env = 2 }), 0);
	ck_assert_int_eq(audit_note(w.m.audit, &(struct audit_event){ .event = "run.end", .result = &result }), 0);
	ck_assert_int_eq(count(&request), 2);
	world_close(&w);
}
END_TEST

START_TEST(readers_have_a_limit)
{
	Sloth__V1__AuditRequest request = SLOTH__V1__AUDIT_REQUEST__INIT;
	struct reader r[AUDIT_QUERIES_MAX + 1];

	open_all();
	request.follow = true;
	for (size_t i = 0; i <= AUDIT_QUERIES_MAX; i++)
		read_log(&r[i], &request);
	pair_run(&w.turn, pair_is, &r[AUDIT_QUERIES_MAX].ended);
	ck_assert_int_eq(r[AUDIT_QUERIES_MAX].code, WIRE_RESOURCE_EXHAUSTED);
	ck_assert(!r[0].ended);
	audit_query_stop(&w.m);
	world_close(&w);
}
END_TEST

START_TEST(globs_match_in_bounded_time)
{
	static const struct { const char *glob, *text; bool matches; } rows[] = {
		{ "", "", true }, { "", "a", false }, { "*", "", true }, { "a*", "abc", true }, { "*c", "abc", true },
		{ "a?c", "abc", true }, { "a?c", "ac", false }, { "*b*", "abc", true }, { "*ab", "aab", true },
		{ "a*b*c", "axxbyyc", true }, { "a*b*c", "axxbyy", false }, { "abc", "ABC", false },
	};
	char glob[201] = "", text[1001] = "";

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_msg(audit_query_matches(rows[i].glob, rows[i].text) == rows[i].matches, "%s", rows[i].glob);
	for (size_t i = 0; i < 200; i++)
		glob[i] = i % 2 ? 'a' : '*';
	memset(text, 'a', 1000);
	text[999] = 'b';
	ck_assert(!audit_query_matches(glob, text));
}
END_TEST

UNIT_MAIN(every_record_comes_once_and_in_order, a_reader_that_waits_holds_the_master_up,
	  a_follower_goes_on_across_files, what_is_not_wanted_is_left_out, no_record_can_hide,
	  readers_have_a_limit, globs_match_in_bounded_time)
