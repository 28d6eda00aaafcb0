/* test_calls.c - calls between our two ends: every test in every form of pair.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "test/lib/echo.h"
#include "test/lib/pair.h"
#include "test/lib/unit.h"
#include "wire/limits.h"
#include "wire/proto/health.pb-c.h"

/* A test body for each form. */
#define IN_ALL_FORMS(name)                                                            \
	static void name##_in(struct pair *p);                                        \
	START_TEST(name)                                                              \
	{                                                                             \
		for (int form = 0; form < PAIR_FORMS; form++) {                       \
			struct pair p;                                                \
			pair_open(&p, (enum pair_form)form);                          \
			name##_in(&p);                                                \
			pair_close(&p);                                               \
		}                                                                     \
	}                                                                             \
	END_TEST                                                                      \
	static void name##_in(struct pair *p)

IN_ALL_FORMS(unary_call_brings_back_the_message)
{
	struct record r;

	pair_unary(p, "/test.Echo/Unary", "hello", 5, &r);
	ck_assert_int_eq(r.code, WIRE_OK);
	ck_assert_uint_eq(r.n_messages, 1);
	ck_assert_str_eq(buf_string(&r.last), "hello");
	record_done(&r);
}

IN_ALL_FORMS(empty_message_is_a_message)
{
	struct record r;

	pair_unary(p, "/test.Echo/Unary", "", 0, &r);
	ck_assert_int_eq(r.code, WIRE_OK);
	ck_assert_uint_eq(r.n_messages, 1);
	ck_assert_uint_eq(buf_len(&r.last), 0);
	record_done(&r);
}

IN_ALL_FORMS(message_of_the_largest_size_passes)
{
	size_t n = WIRE_MESSAGE_MAX;
	char *data = mem_alloc(n);
	struct record r;

	for (size_t i = 0; i < n; i++)
		data[i] = (char)(i * 7 + i / 251);
	pair_unary(p, "/test.Echo/Unary", data, n, &r);
	ck_assert_int_eq(r.code, WIRE_OK);
	ck_assert_uint_eq(buf_len(&r.last), n);
	ck_assert(!memcmp(buf_data(&r.last), data, n));
	record_done(&r);
	free(data);
}

IN_ALL_FORMS(message_over_the_limit_is_refused_by_the_sender)
{
	char *data = mem_alloc(WIRE_MESSAGE_MAX + 1);
	struct record r;

	pair_unary(p, "/test.Echo/Unary", data, WIRE_MESSAGE_MAX + 1, &r);
	ck_assert_int_eq(r.code, WIRE_RESOURCE_EXHAUSTED);
	record_done(&r);
	free(data);
}

IN_ALL_FORMS(message_with_a_broken_string_is_not_sent)
{
	Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	char broken[] = "caf\xe9";
	struct record r;

	request.service = broken;
	pair_call(p, "/test.Echo/Unary", &r);
	ck_assert(wire_send_message(r.call, &request.base));
	pair_run(p, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_INTERNAL);
	ck_assert_msg(strstr(r.why, "HealthCheckRequest to send: string that is not UTF-8"), "%s", r.why);
	record_done(&r);
}

IN_ALL_FORMS(server_stream_delivers_every_message)
{
	struct record r;

	pair_unary(p, "/test.Echo/Count", "5000", 4, &r);
	ck_assert_int_eq(r.code, WIRE_OK);
	ck_assert_uint_eq(r.n_messages, 5000);
	ck_assert_uint_eq(r.bytes, 5000 * 1000);
	ck_assert_int_eq(echo_seen.last_code, WIRE_OK);
	record_done(&r);
}

IN_ALL_FORMS(client_stream_is_counted)
{
	char block[10000] = { 0 };
	struct record r;

	pair_call(p, "/test.Echo/Sink", &r);
	for (int i = 0; i < 300; i++)
		if (!wire_send(r.call, block, sizeof block)) {
			r.drained = false;
			pair_run(p, pair_is, &r.drained);
		}
	wire_half_close(r.call);
	pair_run(p, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_OK);
	ck_assert_str_eq(buf_string(&r.last), "3000000");
	record_done(&r);
}

static bool has_message(void *arg)
{
	return ((struct record *)arg)->n_messages > 0;
}

IN_ALL_FORMS(chat_answers_one_by_one)
{
	struct record r;

	pair_call(p, "/test.Echo/Chat", &r);
	for (int i = 0; i < 10; i++) {
		r.n_messages = 0;
		wire_send(r.call, "ping", 4);
		pair_run(p, has_message, &r);
	}
	wire_half_close(r.call);
	pair_run(p, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_OK);
	record_done(&r);
}

IN_ALL_FORMS(status_and_message_arrive)
{
	static const char text[] = "5 \t\nno \"such\" thing:\r\n100 % \xe2\x98\xba \xf0\x9f\x98\x88\t\n";
	struct record r;

	pair_unary(p, "/test.Echo/Fail", text, strlen(text), &r);
	ck_assert_int_eq(r.code, WIRE_NOT_FOUND);
	ck_assert_uint_eq(r.n_messages, 0);
	ck_assert_str_eq(r.why, text + 2);
	record_done(&r);
}

IN_ALL_FORMS(unknown_method_is_unimplemented)
{
	struct record r;

	pair_unary(p, "/test.Echo/Nothing", "", 0, &r);
	ck_assert_int_eq(r.code, WIRE_UNIMPLEMENTED);
	ck_assert_msg(strstr(r.why, "/test.Echo/Nothing"), "%s", r.why);
	record_done(&r);
}

IN_ALL_FORMS(metadata_goes_both_ways)
{
	static const char raw[] = "\0\1\2\377,";
	struct wire_field fields[] = { WIRE_FIELD("x-header", "head"), WIRE_FIELD("x-trailer", "tail"), { "x-data-bin", raw, 5 } };
	struct wire_request request = { .path = "/test.Echo/Unary", .metadata = fields, .n_metadata = 3 };
	struct record r = { 0 };

	r.call = wire_call(p->conn, &request, &record_ops, &r);
	wire_send(r.call, "x", 1);
	wire_half_close(r.call);
	pair_run(p, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_OK);
	ck_assert_str_eq(r.header, "head");
	ck_assert_str_eq(r.trailer, "tail");
	ck_assert_uint_eq(echo_seen.bin_len, 5);
	ck_assert(!memcmp(echo_seen.bin, raw, 5));
	record_done(&r);
}

static void call_with_fields(struct pair *p, size_t n, struct record *r)
{
	struct wire_field fields[200];
	struct wire_request request = { .path = "/test.Echo/Unary", .metadata = fields, .n_metadata = n };

	for (size_t i = 0; i < n; i++)
		fields[i] = WIRE_FIELD("x-many", "1");
	*r = (struct record){ 0 };
	r->call = wire_call(p->conn, &request, &record_ops, r);
	wire_send(r->call, "x", 1);
	wire_half_close(r->call);
	pair_run(p, pair_is, &r->ended);
}

/* What does not go out is not left out in silence. */
IN_ALL_FORMS(too_many_fields_end_the_call)
{
	struct record r;

	call_with_fields(p, 100, &r);
	ck_assert_msg(r.code == WIRE_OK, "%s", r.why);
	record_done(&r);
	call_with_fields(p, 200, &r);
	ck_assert_int_eq(r.code, WIRE_RESOURCE_EXHAUSTED);
	ck_assert_str_eq(r.why, "200 fields of metadata: at most 128 are sent");
	ck_assert(!r.unprocessed);
	record_done(&r);
	call_with_fields(p, 1, &r);
	ck_assert_int_eq(r.code, WIRE_OK);
	record_done(&r);
}

static bool server_ended(void *arg)
{
	(void)arg;
	return echo_seen.n_ended > 0;
}

IN_ALL_FORMS(deadline_ends_both_sides)
{
	struct wire_request request = { .path = "/test.Echo/Silent", .timeout_ms = 200 };
	struct record r = { 0 };

	echo_seen.n_ended = 0;
	r.call = wire_call(p->conn, &request, &record_ops, &r);
	pair_run(p, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_DEADLINE_EXCEEDED);
	ck_assert_uint_le(echo_seen.left_ms, 200);
	pair_run(p, server_ended, NULL);
	ck_assert(echo_seen.last_code == WIRE_DEADLINE_EXCEEDED || echo_seen.last_code == WIRE_CANCELLED);
	record_done(&r);
}

static bool server_started(void *arg)
{
	(void)arg;
	return echo_seen.n_started > 0;
}

IN_ALL_FORMS(cancel_reaches_the_server)
{
	struct record r;

	echo_seen.n_ended = echo_seen.n_started = 0;
	pair_call(p, "/test.Echo/Silent", &r);
	pair_run(p, server_started, NULL);
	wire_end(r.call, WIRE_CANCELLED, "enough");
	ck_assert(!r.ended);		/* never from inside wire_end() */
	pair_run(p, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_CANCELLED);
	ck_assert_str_eq(r.why, "enough");
	pair_run(p, server_ended, NULL);
	ck_assert_int_eq(echo_seen.last_code, WIRE_CANCELLED);
	record_done(&r);
}

IN_ALL_FORMS(abandoned_call_is_told_apart_from_a_cancelled_one)
{
	struct record r;

	echo_seen.n_ended = echo_seen.n_started = 0;
	pair_call(p, "/test.Echo/Silent", &r);
	pair_run(p, server_started, NULL);
	wire_abandon(r.call, WIRE_CANCELLED, "caller lost");
	pair_run(p, server_ended, NULL);
	ck_assert_int_eq(echo_seen.last_code, WIRE_UNAVAILABLE);
	pair_run(p, pair_is, &r.ended);
	record_done(&r);
}

/* One stream that takes nothing fills up and stops; its neighbour is not disturbed. */
IN_ALL_FORMS(paused_call_stops_its_sender_and_nobody_else)
{
	char block[16384] = { 0 };
	struct record r, other;
	size_t sent = 0;

	pair_call(p, "/test.Echo/Stuck", &r);
	while (wire_send(r.call, block, sizeof block))
		sent += sizeof block;
	pair_unary(p, "/test.Echo/Count", "3000", 4, &other);
	ck_assert_int_eq(other.code, WIRE_OK);
	record_done(&other);
	ck_assert(!r.ended);
	/* What is in flight is the queue's low mark plus one stream window. */
	while (r.drained) {
		r.drained = false;
		while (wire_send(r.call, block, sizeof block))
			sent += sizeof block;
		pair_unary(p, "/test.Echo/Unary", "x", 1, &other);
		record_done(&other);
	}
	ck_assert_uint_le(sent, WIRE_SEND_HIGH + 2 * WIRE_STREAM_WINDOW);
	wire_resume(echo_seen.stuck);
	wire_half_close(r.call);
	pair_run(p, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_OK);
	ck_assert_uint_ge(r.bytes, sent);
	record_done(&r);
}

/* More such calls than fill the connection's window: it is given back at arrival, and others go on. */
IN_ALL_FORMS(paused_calls_leave_the_connection_its_window)
{
	enum { N = WIRE_CONN_WINDOW / WIRE_STREAM_WINDOW + 1, LARGE = 2 * WIRE_CONN_WINDOW };
	char *block = mem_alloc(LARGE);
	struct record r[N], other;

	memset(block, 0, LARGE);
	for (int i = 0; i < N; i++) {
		pair_call(p, "/test.Echo/Stuck", &r[i]);
		wire_send(r[i].call, block, WIRE_STREAM_WINDOW);
	}
	pair_unary(p, "/test.Echo/Sink", block, LARGE, &other);
	ck_assert_int_eq(other.code, WIRE_OK);
	record_done(&other);
	for (int i = 0; i < N; i++)
		wire_end(r[i].call, WIRE_CANCELLED, NULL);
	for (int i = 0; i < N; i++)
		pair_run(p, pair_is, &r[i].ended);
	free(block);
}

IN_ALL_FORMS(many_calls_share_a_connection)
{
	enum { N = 3000 };
	struct record *r = mem_array(N, sizeof *r);

	for (int i = 0; i < N; i++) {
		pair_call(p, "/test.Echo/Unary", &r[i]);
		wire_send(r[i].call, &i, sizeof i);
		wire_half_close(r[i].call);
	}
	for (int i = 0; i < N; i++) {
		pair_run(p, pair_is, &r[i].ended);
		ck_assert_int_eq(r[i].code, WIRE_OK);
		ck_assert(!memcmp(buf_data(&r[i].last), &i, sizeof i));
		record_done(&r[i]);
	}
	free(r);
}

static bool is_drained(void *arg)
{
	return ((struct pair *)arg)->n_drain > 0;
}

IN_ALL_FORMS(drain_lets_calls_finish_and_refuses_others)
{
	struct record running, late;

	echo_seen.n_started = 0;
	pair_call(p, "/test.Echo/Chat", &running);
	pair_run(p, server_started, NULL);
	wire_conn_close(p->peer, 5000, "maintenance");
	pair_run(p, is_drained, p);
	ck_assert(!wire_conn_is_open(p->conn));
	pair_call(p, "/test.Echo/Unary", &late);
	pair_run(p, pair_is, &late.ended);
	ck_assert_int_eq(late.code, WIRE_UNAVAILABLE);
	ck_assert(late.unprocessed);
	wire_send(running.call, "still", 5);
	wire_half_close(running.call);
	pair_run(p, pair_is, &running.ended);
	ck_assert_int_eq(running.code, WIRE_OK);
	ck_assert_uint_eq(running.bytes, 5);
	record_done(&running);
	record_done(&late);
}

IN_ALL_FORMS(lost_connection_ends_calls_with_a_reason)
{
	struct record r;

	echo_seen.n_started = 0;
	pair_call(p, "/test.Echo/Silent", &r);
	pair_run(p, server_started, NULL);
	wire_conn_close(p->peer, 0, "gone");
	pair_run(p, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_UNAVAILABLE);
	ck_assert_str_ne(r.why, "");
	record_done(&r);
}

static bool conn_is_closed(void *arg)
{
	struct pair *p = arg;

	return !p->conn || !wire_conn_is_open(p->conn);
}

/* All of it is here, the reader is only slow: losing the connection takes nothing away. */
IN_ALL_FORMS(response_that_came_whole_outlives_the_connection)
{
	struct record slow, other;

	echo_seen.n_ended = 0;
	pair_call(p, "/test.Echo/Count", &slow);
	wire_pause(slow.call);
	wire_send(slow.call, "100", 3);
	wire_half_close(slow.call);
	pair_run(p, server_ended, NULL);
	pair_unary(p, "/test.Echo/Unary", "x", 1, &other);
	wire_conn_close(p->peer, 0, "gone");
	pair_run(p, conn_is_closed, p);
	ck_assert(!slow.ended);
	wire_resume(slow.call);
	pair_run(p, pair_is, &slow.ended);
	ck_assert_int_eq(slow.code, WIRE_OK);
	ck_assert_uint_eq(slow.bytes, 100 * 1000);
	record_done(&slow);
	record_done(&other);
}

START_TEST(dial_to_nowhere_ends_with_a_reason)
{
	struct pair p;
	struct record r = { 0 };
	struct wire_request request = { .path = "/test.Echo/Unary" };
	struct wire_dial dial = { .address = "127.0.0.1:1", .role = WIRE_CLIENT };
	struct wire_conn *conn;

	pair_open(&p, PAIR_TCP);
	conn = wire_dial(p.caller, &dial, &(const struct wire_conn_ops){ 0 }, NULL);
	r.call = wire_call(conn, &request, &record_ops, &r);
	pair_run(&p, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_UNAVAILABLE);
	ck_assert_str_eq(r.why, "refused");
	ck_assert(r.unprocessed);
	pair_close(&p);
}
END_TEST

static bool has_two_messages(void *arg)
{
	return ((struct record *)arg)->n_messages == 2;
}

IN_ALL_FORMS(server_that_stops_serving_says_so_and_goes_on)
{
	static const char not_serving[] = "\x08\x02";	/* HealthCheckResponse.status = NOT_SERVING */
	struct record watch, r;

	wire_serve_health(p->answerer);
	pair_call(p, "/grpc.health.v1.Health/Watch", &watch);
	wire_send(watch.call, "", 0);
	wire_half_close(watch.call);
	pair_run(p, has_message, &watch);
	wire_stop_serving(p->answerer);
	pair_run(p, has_two_messages, &watch);
	ck_assert_str_eq(buf_string(&watch.last), not_serving);
	pair_unary(p, "/grpc.health.v1.Health/Check", "", 0, &r);
	ck_assert_int_eq(r.code, WIRE_OK);
	ck_assert_str_eq(buf_string(&r.last), not_serving);
	record_done(&r);
	pair_unary(p, "/test.Echo/Unary", "still", 5, &r);
	ck_assert_int_eq(r.code, WIRE_OK);
	record_done(&r);
	wire_end(watch.call, WIRE_CANCELLED, NULL);
	pair_run(p, pair_is, &watch.ended);
	record_done(&watch);
}

START_TEST(free_tells_everybody)
{
	struct pair p;
	struct record r;

	pair_open(&p, PAIR_TCP);
	pair_call(&p, "/test.Echo/Silent", &r);
	wire_free(p.caller);
	ck_assert(r.ended);
	ck_assert_int_eq(r.code, WIRE_UNAVAILABLE);
	ck_assert_uint_eq(p.n_down, 1);
	wire_free(p.answerer);
	ev_loop_destroy(p.loop);
	rmdir(p.dir);
}
END_TEST

UNIT_MAIN(unary_call_brings_back_the_message, empty_message_is_a_message, message_of_the_largest_size_passes,
	  message_over_the_limit_is_refused_by_the_sender, message_with_a_broken_string_is_not_sent, server_stream_delivers_every_message,
	  client_stream_is_counted, chat_answers_one_by_one, status_and_message_arrive,
	  unknown_method_is_unimplemented, metadata_goes_both_ways, too_many_fields_end_the_call, deadline_ends_both_sides,
	  cancel_reaches_the_server, abandoned_call_is_told_apart_from_a_cancelled_one,
	  paused_call_stops_its_sender_and_nobody_else, paused_calls_leave_the_connection_its_window,
	  many_calls_share_a_connection,
	  drain_lets_calls_finish_and_refuses_others, lost_connection_ends_calls_with_a_reason,
	  response_that_came_whole_outlives_the_connection, dial_to_nowhere_ends_with_a_reason,
	  server_that_stops_serving_says_so_and_goes_on, free_tells_everybody)
