/* test_health.c - grpc.health.v1 as its document has it, and that watching costs a bounded sum. */
#include <string.h>

#include "test/lib/pair.h"
#include "test/lib/raw.h"
#include "test/lib/unit.h"
#include "wire/limits.h"
#include "wire/proto/health.pb-c.h"

#define CHECK "/grpc.health.v1.Health/Check"
#define WATCH "/grpc.health.v1.Health/Watch"

enum { WATCHERS = 64 };

static const char serving[] = "\x08\x01", not_serving[] = "\x08\x02", unknown[] = "\x08\x03";

static struct pair p;

static void begin(void)
{
	pair_open(&p, PAIR_TCP);
	wire_serve_health(p.answerer);
}

static void ask(const char *path, const char *service, struct record *r)
{
	Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

	request.service = (char *)(uintptr_t)service;
	pair_call(&p, path, r);
	wire_send_message(r->call, &request.base);
	wire_half_close(r->call);
}

static bool has_message(void *arg)
{
	const struct record *r = arg;

	return r->n_messages || r->ended;
}

static void expect_check(const char *service, enum wire_code code, const char *answer)
{
	struct record r;

	ask(CHECK, service, &r);
	pair_run(&p, pair_is, &r.ended);
	ck_assert_int_eq(r.code, code);
	ck_assert_str_eq(r.n_messages ? buf_string(&r.last) : "", answer);
	record_done(&r);
}

static void expect_watched(struct record *r, const char *answer)
{
	pair_run(&p, has_message, r);
	ck_assert_msg(!r->ended, "%s: %s", wire_code_name(r->code), r->why);
	ck_assert_str_eq(buf_string(&r->last), answer);
	r->n_messages = 0;
}

static void leave(struct record *r)
{
	wire_end(r->call, WIRE_CANCELLED, NULL);
	pair_run(&p, pair_is, &r->ended);
	record_done(r);
}

START_TEST(check_knows_the_server_and_its_services)
{
	begin();
	expect_check("", WIRE_OK, serving);
	expect_check("grpc.health.v1.Health", WIRE_OK, serving);
	expect_check("test.Echo", WIRE_OK, serving);
	expect_check("test.Ech", WIRE_NOT_FOUND, "");
	expect_check("test.Echo/Unary", WIRE_NOT_FOUND, "");
	expect_check("no.Such", WIRE_NOT_FOUND, "");
	wire_stop_serving(p.answerer);
	expect_check("test.Echo", WIRE_OK, not_serving);
	pair_close(&p);
}
END_TEST

/* What is unknown is no error here: the stream stays, in case the service comes. */
START_TEST(watch_answers_at_once_and_on_change)
{
	struct record echo, other;

	begin();
	ask(WATCH, "test.Echo", &echo);
	ask(WATCH, "no.Such", &other);
	expect_watched(&echo, serving);
	expect_watched(&other, unknown);
	wire_stop_serving(p.answerer);
	wire_stop_serving(p.answerer);
	expect_watched(&echo, not_serving);
	expect_check("", WIRE_OK, not_serving);
	ck_assert_uint_eq(echo.n_messages + other.n_messages, 0);	/* no news */
	leave(&echo);
	leave(&other);
	pair_close(&p);
}
END_TEST

START_TEST(watchers_end_with_the_server)
{
	struct record r;

	begin();
	ask(WATCH, "", &r);
	expect_watched(&r, serving);
	wire_shutdown(p.answerer, 5000);
	p.listener = NULL;
	pair_run(&p, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_UNAVAILABLE);
	ck_assert_str_eq(buf_string(&r.last), not_serving);
	record_done(&r);
	pair_close(&p);
}
END_TEST

static bool has_room(void *arg)
{
	(void)arg;
	return wire_count(p.answerer).calls < WATCHERS;
}

START_TEST(watchers_are_so_many_and_no_more)
{
	static struct record r[WATCHERS + 1];

	begin();
	for (int i = 0; i < WATCHERS; i++) {
		ask(WATCH, "", &r[i]);
		expect_watched(&r[i], serving);
	}
	ask(WATCH, "", &r[WATCHERS]);
	pair_run(&p, pair_is, &r[WATCHERS].ended);
	ck_assert_int_eq(r[WATCHERS].code, WIRE_RESOURCE_EXHAUSTED);
	record_done(&r[WATCHERS]);
	leave(&r[0]);
	pair_run(&p, has_room, NULL);
	ask(WATCH, "", &r[0]);
	expect_watched(&r[0], serving);
	for (int i = 0; i < WATCHERS; i++)
		leave(&r[i]);
	pair_close(&p);
}
END_TEST

/* One connection of a stranger leaves room for his neighbours. */
START_TEST(watchers_of_one_stranger_are_few)
{
	struct raw r;

	raw_open(&r, "127.0.0.2");
	raw_preface(&r);
	for (uint32_t i = 0; i <= WIRE_HANDLERS_PER_CONN; i++) {
		raw_send_request(&r, 2 * i + 1, WATCH, 0);
		raw_send_message(&r, 2 * i + 1, "", RAW_END_STREAM);
	}
	ck_assert_str_eq(raw_wait_end(&r, 2 * WIRE_HANDLERS_PER_CONN + 1, "grpc-status"), "8");
	raw_turn(&r);
	ck_assert_uint_eq(wire_count(r.wire).calls, WIRE_HANDLERS_PER_CONN);
	raw_close(&r);
}
END_TEST

UNIT_MAIN(check_knows_the_server_and_its_services, watch_answers_at_once_and_on_change, watchers_end_with_the_server,
	  watchers_are_so_many_and_no_more, watchers_of_one_stranger_are_few)
