/*
 * test_time.c - what happens because time passes, in virtual time: clock_gettime() and epoll_wait() are
 * ours here, and a wait in which nothing happens moves the clock instead of taking time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "test/lib/echo.h"
#include "test/lib/pair.h"
#include "test/lib/raw.h"
#include "test/lib/script.h"
#define UNDER_WAY_MS 20
#include "test/lib/skipped_time.h"
#include "test/lib/unit.h"
#include "wire/internal.h"

static void pass(struct raw *r, double seconds)
{
	pass_in(r->loop, seconds);
}

static void ack_settings(struct raw *r)
{
	raw_send_frame(r, RAW_SETTINGS, RAW_ACK, 0, NULL, 0);
}

START_TEST(silent_connection_has_ten_seconds)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_turn(&r);
	pass(&r, 9);
	ck_assert(!r.down);
	pass(&r, 2);
	ck_assert(r.down);
	ck_assert(r.at_fault);
	raw_close(&r);
}
END_TEST

START_TEST(half_a_preface_has_ten_seconds)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_send(&r, "PRI * HTTP/2.0\r\n", 16);
	pass(&r, 9);
	ck_assert(!r.down);
	pass(&r, 2);
	ck_assert(r.down);
	raw_close(&r);
}
END_TEST

START_TEST(settings_have_to_be_acknowledged)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	pass(&r, 11);
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 4), H2_SETTINGS_TIMEOUT);
	ck_assert(raw_wait_closed(&r));
	raw_close(&r);
	ck_assert(r.at_fault);
}
END_TEST

/* A client tells its server so, and the call that runs is lost. */
START_TEST(server_has_to_acknowledge_settings_too)
{
	const struct wire_request request = { .path = "/test.Echo/Any" };
	struct record rec = { .call = NULL };
	struct raw r;

	raw_accept(&r, 0);
	raw_send_frame(&r, RAW_SETTINGS, 0, 0, NULL, 0);
	rec.call = wire_call(r.conn, &request, &record_ops, &rec);
	pass(&r, 9);
	ck_assert(!rec.ended);
	pass(&r, 2);
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 4), H2_SETTINGS_TIMEOUT);
	ck_assert(rec.ended);
	ck_assert_int_eq(rec.code, WIRE_UNAVAILABLE);
	raw_close(&r);
}
END_TEST

START_TEST(server_has_to_acknowledge_settings_of_a_quiet_client)
{
	struct raw r;

	raw_accept(&r, 0);
	raw_send_frame(&r, RAW_SETTINGS, 0, 0, NULL, 0);
	pass(&r, 9);
	ck_assert_ptr_nonnull(r.conn);
	pass(&r, 2);
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 4), H2_SETTINGS_TIMEOUT);
	raw_close(&r);
}
END_TEST

/* A client of plain HTTP that never ends its request has the time of a unary one, then it gets its answer. */
START_TEST(plain_http_request_is_answered_after_a_minute)
{
	static const struct step get = HEADERS(1, EH, GET);
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	ack_settings(&r);
	script_send(&r, &get);
	pass(&r, 59);
	ck_assert_uint_eq(wire_count(r.wire).calls, 1);
	pass(&r, 2);
	ck_assert(raw_wait(&r, RAW_HEADERS));
	ck_assert_msg(strstr(buf_string(&r.frame.payload), ":status: 405\n"), "%s", buf_string(&r.frame.payload));
	ck_assert(raw_wait(&r, RAW_DATA));
	ck_assert(r.frame.flags & RAW_END_STREAM);
	ck_assert(raw_wait(&r, RAW_RST_STREAM));
	ck_assert_uint_eq(raw_u32(&r, 0), H2_NO_ERROR);
	ck_assert_uint_eq(wire_count(r.wire).calls, 0);
	raw_close(&r);
}
END_TEST

START_TEST(header_block_has_five_seconds)
{
	struct buf block = { 0 };
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	ack_settings(&r);
	raw_request(&block, "/test.Echo/Unary", NULL);
	raw_send_frame(&r, RAW_HEADERS, 0, 1, buf_data(&block), buf_len(&block));
	pass(&r, 4);
	ck_assert(!r.down);
	pass(&r, 2);
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 4), H2_ENHANCE_YOUR_CALM);
	raw_close(&r);
	ck_assert(r.at_fault);
	buf_done(&block);
}
END_TEST

START_TEST(unary_request_has_a_minute)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	ack_settings(&r);
	raw_send_request(&r, 1, "/test.Echo/Unary", 0);
	raw_send_frame(&r, RAW_DATA, 0, 1, "\0\0", 2);
	pass(&r, 59);
	ck_assert_uint_eq(wire_count(r.wire).calls, 1);
	pass(&r, 2);
	ck_assert_str_eq(raw_wait_end(&r, 1, "grpc-status"), "4");
	ck_assert_uint_eq(echo_seen.n_started, 0);
	raw_close(&r);
}
END_TEST

START_TEST(deadline_ends_a_call_on_time)
{
	struct buf block = { 0 };
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	ack_settings(&r);
	raw_request(&block, "/test.Echo/Silent", NULL);
	raw_field(&block, "grpc-timeout", "30S");
	raw_send_frame(&r, RAW_HEADERS, RAW_END_HEADERS, 1, buf_data(&block), buf_len(&block));
	pass(&r, 29);
	ck_assert_uint_eq(echo_seen.n_ended, 0);
	pass(&r, 2);
	ck_assert_uint_eq(echo_seen.n_ended, 1);
	ck_assert_int_eq(echo_seen.last_code, WIRE_DEADLINE_EXCEEDED);
	ck_assert_str_eq(raw_wait_end(&r, 1, "grpc-status"), "4");
	raw_close(&r);
	buf_done(&block);
}
END_TEST

/* A quiet TCP peer is asked after a minute and dropped when it does not answer within twenty seconds. */
START_TEST(vanished_peer_is_found)
{
	struct raw r;

	raw_open(&r, "127.0.0.2");
	raw_preface(&r);
	ack_settings(&r);
	raw_send_request(&r, 1, "/test.Echo/Silent", 0);
	pass(&r, 61);
	ck_assert_msg(raw_wait(&r, RAW_PING), "%s", r.why);
	ck_assert(!r.down);
	pass(&r, 21);
	ck_assert(r.down);
	ck_assert(!r.at_fault);
	ck_assert_ptr_nonnull(strstr(r.why, "PING"));
	ck_assert_int_eq(echo_seen.last_code, WIRE_UNAVAILABLE);
	raw_close(&r);
}
END_TEST

START_TEST(answer_to_ping_keeps_a_quiet_peer)
{
	struct raw r;

	raw_open(&r, "127.0.0.2");
	raw_preface(&r);
	ack_settings(&r);
	raw_send_request(&r, 1, "/test.Echo/Silent", 0);
	for (int i = 0; i < 10; i++) {
		pass(&r, 61);
		ck_assert_msg(raw_wait(&r, RAW_PING), "%s", r.why);
		raw_send_frame(&r, RAW_PING, RAW_ACK, 0, buf_data(&r.frame.payload), 8);
	}
	ck_assert(!r.down);
	ck_assert_uint_eq(echo_seen.n_ended, 0);
	raw_close(&r);
}
END_TEST

START_TEST(idle_connection_is_sent_away_in_order)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	ack_settings(&r);
	for (int i = 0; i < 14; i++) {
		pass(&r, 61);
		ck_assert_msg(raw_wait(&r, RAW_PING), "%s", r.why);
		raw_send_frame(&r, RAW_PING, RAW_ACK, 0, buf_data(&r.frame.payload), 8);
	}
	ck_assert(!r.down);
	pass(&r, 60);
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 0), 0x7fffffff);
	pass(&r, 3);
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 0), 0);
	ck_assert_str_eq(buf_string(&r.frame.payload) + 8, "max_idle");
	ck_assert(raw_wait_closed(&r));
	raw_close(&r);
}
END_TEST

/* A stranger whose window stays shut holds what was queued for it for a minute, not for ever. */
START_TEST(stalled_stream_of_a_stranger_ends)
{
	struct raw r;

	raw_open(&r, "127.0.0.2");
	raw_preface(&r);
	ack_settings(&r);
	raw_send_request(&r, 1, "/test.Echo/Count", 0);
	raw_send_message(&r, 1, "1000000", RAW_END_STREAM);
	pass(&r, 30);
	ck_assert_uint_eq(echo_seen.n_ended, 0);
	ck_assert(raw_wait(&r, RAW_DATA));
	pass(&r, 40);
	ck_assert_uint_eq(echo_seen.n_ended, 1);
	ck_assert_int_eq(echo_seen.last_code, WIRE_UNAVAILABLE);
	raw_close(&r);
}
END_TEST

/* A run may be quiet, but half of a message is memory that its caller holds. */
START_TEST(half_message_of_a_stranger_ends)
{
	struct raw r;

	raw_open(&r, "127.0.0.2");
	raw_preface(&r);
	ack_settings(&r);
	raw_send_request(&r, 1, "/test.Echo/Silent", 0);
	raw_send_request(&r, 3, "/test.Echo/Silent", 0);
	raw_send_frame(&r, RAW_DATA, 0, 1, "\0\0\x3f\xff\xff" "a", 6);
	pass(&r, 50);
	raw_send_frame(&r, RAW_DATA, 0, 1, "a", 1);
	pass(&r, 50);
	ck_assert_uint_eq(wire_count(r.wire).calls, 2);
	ck_assert_str_eq(raw_wait_end(&r, 1, "grpc-status"), "14");
	raw_turn(&r);
	ck_assert_uint_eq(wire_count(r.wire).calls, 1);
	raw_close(&r);
}
END_TEST

/* A stranger's handlers are counted, so one on which nothing moves may not be held for ever. */
START_TEST(idle_handler_of_a_stranger_ends)
{
	struct raw r;

	raw_open(&r, "127.0.0.2");
	raw_preface(&r);
	ack_settings(&r);
	raw_send_request(&r, 1, "/test.Echo/Chat", 0);
	pass(&r, 30);
	raw_send_message(&r, 1, "still here", 0);
	pass(&r, 40);
	ck_assert_uint_eq(wire_count(r.wire).calls, 1);
	pass(&r, 30);
	ck_assert_uint_eq(wire_count(r.wire).calls, 0);
	ck_assert_str_eq(raw_wait_end(&r, 1, "grpc-status"), "14");
	raw_close(&r);
}
END_TEST

START_TEST(operator_may_read_as_slowly_as_he_likes)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	ack_settings(&r);
	raw_send_request(&r, 1, "/test.Echo/Count", 0);
	raw_send_message(&r, 1, "1000000", RAW_END_STREAM);
	pass(&r, 20 * 60);
	ck_assert(!r.down);
	ck_assert_uint_eq(echo_seen.n_ended, 0);
	raw_close(&r);
}
END_TEST

/* An answer to an older PING is not the one that the end of the connection waits for: a request that crossed
 * the announcement is served. */
START_TEST(drain_is_answered_by_its_own_ping)
{
	uint8_t first[8], second[8];
	struct raw r;

	raw_open(&r, "127.0.0.2");
	raw_preface(&r);
	ack_settings(&r);
	pass(&r, 61);
	ck_assert(raw_wait(&r, RAW_PING));
	memcpy(first, buf_data(&r.frame.payload), 8);
	wire_shutdown(r.wire, 30000);
	r.listener = NULL;
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 0), 0x7fffffff);
	ck_assert(raw_wait(&r, RAW_PING));
	memcpy(second, buf_data(&r.frame.payload), 8);
	raw_send_frame(&r, RAW_PING, RAW_ACK, 0, first, 8);
	raw_turn(&r);
	raw_send_request(&r, 1, "/test.Echo/Unary", 0);
	raw_send_message(&r, 1, "late", RAW_END_STREAM);
	raw_send_frame(&r, RAW_PING, RAW_ACK, 0, second, 8);
	ck_assert_str_eq(raw_wait_end(&r, 1, "grpc-status"), "0");
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 0), 1);
	ck_assert_str_eq(buf_string(&r.frame.payload) + 8, "graceful_stop");
	ck_assert(raw_wait_closed(&r));
	raw_close(&r);
}
END_TEST

START_TEST(drain_does_not_wait_for_a_client_that_never_answers)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	ack_settings(&r);
	raw_send_request(&r, 1, "/test.Echo/Silent", 0);
	raw_turn(&r);
	wire_shutdown(r.wire, 30000);
	r.listener = NULL;
	pass(&r, 1);
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 0), 0x7fffffff);
	pass(&r, 2);
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 0), 1);
	ck_assert(!r.down);
	pass(&r, 40);
	ck_assert(r.down);
	ck_assert_int_eq(echo_seen.last_code, WIRE_UNAVAILABLE);
	raw_close(&r);
}
END_TEST

/* The other end of the connection is shut in order, and waited for, but not for long. */
START_TEST(closed_connection_lingers_for_a_second)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	ack_settings(&r);
	raw_send_frame(&r, RAW_DATA, 0, 1, "x", 1);		/* of an idle stream */
	ck_assert(raw_wait_closed(&r));
	ck_assert(!r.cut);
	pass(&r, 0.8);
	ck_assert(!r.down);
	pass(&r, 0.4);
	ck_assert(r.down);
	raw_close(&r);
}
END_TEST

START_TEST(silent_server_has_twenty_seconds)
{
	struct raw r;

	raw_accept(&r, 0);
	pass(&r, 19);
	ck_assert(!r.down);
	pass(&r, 2);
	ck_assert(r.down);
	ck_assert_ptr_nonnull(strstr(r.why, "timeout"));
	raw_close(&r);
}
END_TEST

/* Its windows are open, its socket is not read: the connection of such a stranger goes. */
START_TEST(stranger_has_to_read_within_half_a_minute)
{
	static const uint8_t window[] = { 0, 4, 0x7f, 0xff, 0xff, 0xff };
	struct raw r;

	raw_open(&r, "127.0.0.2");
	raw_preface(&r);
	ack_settings(&r);
	raw_send_frame(&r, RAW_SETTINGS, 0, 0, window, sizeof window);
	raw_send_frame(&r, RAW_WINDOW_UPDATE, 0, 0, "\x7f\xff\0\0", 4);
	raw_send_request(&r, 1, "/test.Echo/Count", 0);
	raw_send_message(&r, 1, "1000000", RAW_END_STREAM);
	pass(&r, 29);
	ck_assert(!r.down);
	pass(&r, 2);
	ck_assert(r.down);
	ck_assert(r.at_fault);
	ck_assert_str_eq(r.why, "the peer has read nothing for 30 s");
	ck_assert_int_eq(echo_seen.last_code, WIRE_UNAVAILABLE);
	raw_close(&r);
}
END_TEST

/* gRPC A8: a client asks while it waits for something, from the last byte that it has read. */
START_TEST(client_asks_a_silent_server_while_a_call_runs)
{
	const struct wire_request request = { .path = "/test.Echo/Any" };
	struct record rec = { .call = NULL };
	struct raw r;

	raw_accept(&r, 0);
	raw_send_frame(&r, RAW_SETTINGS, 0, 0, NULL, 0);
	ack_settings(&r);
	wire_conn_set_keepalive(r.conn, 10000, 5000, false);
	pass(&r, 60);
	rec.call = wire_call(r.conn, &request, &record_ops, &rec);
	raw_turn(&r);
	while (raw_next(&r) && r.frame.type != RAW_HEADERS)
		ck_assert_uint_ne(r.frame.type, RAW_PING);
	raw_send_frame(&r, RAW_PING, 0, 0, "12345678", 8);
	pass(&r, 9);
	ck_assert(raw_next(&r));
	ck_assert_uint_eq(r.frame.flags, RAW_ACK);		/* nothing but the answer to ours */
	pass(&r, 2);
	ck_assert(raw_wait(&r, RAW_PING));
	ck_assert_uint_eq(r.frame.flags, 0);
	pass(&r, 5);
	ck_assert(r.down);
	ck_assert_int_eq(rec.code, WIRE_UNAVAILABLE);
	record_done(&rec);
	raw_close(&r);
}
END_TEST

/* doc/keepalive.md: who was told to ask less does so on connections to come, down to a limit. */
START_TEST(client_that_was_told_so_asks_half_as_often)
{
	const struct wire_dial dial = { .address = "127.0.0.1:1", .role = WIRE_CLIENT, .keepalive_ms = 1 };
	struct raw r;

	raw_accept(&r, 0);
	ck_assert_uint_eq(wire_dial(r.wire, &dial, NULL, NULL)->keepalive_ms, WIRE_KEEPALIVE_MIN_MS);
	raw_send_frame(&r, RAW_SETTINGS, 0, 0, NULL, 0);
	raw_send_frame(&r, RAW_GOAWAY, 0, 0, "\0\0\0\0\0\0\0\xbtoo_many_pings", 22);
	ck_assert(raw_wait_closed(&r));
	ck_assert_uint_eq(wire_dial(r.wire, &dial, NULL, NULL)->keepalive_ms, 2 * WIRE_KEEPALIVE_MIN_MS);
	raw_close(&r);
}
END_TEST

/* The loop finds itself two seconds late, before it looks at what has come. */
static void on_late(struct ev_loop *loop, struct ev_check *w, int events)
{
	(void)events;
	skipped_ns += 2000000000LL;
	ev_check_stop(loop, w);
}

static enum wire_code code_of_cancel(const struct step *cancel, double at_s)
{
	const struct wire_request request = { .path = "/test.Echo/Any", .timeout_ms = 30000 };
	struct record rec = { .call = NULL };
	struct ev_check late;
	struct raw r;

	raw_accept(&r, 0);
	raw_send_frame(&r, RAW_SETTINGS, 0, 0, NULL, 0);
	ack_settings(&r);
	rec.call = wire_call(r.conn, &request, &record_ops, &rec);
	pass(&r, at_s);
	ev_check_init(&late, on_late);
	ev_set_priority(&late, EV_MAXPRI);
	ev_check_start(r.loop, &late);
	script_send(&r, cancel);
	pair_run(&(struct pair){ .loop = r.loop }, pair_is, &rec.ended);
	raw_close(&r);
	return rec.code;
}

/* The server's clock was ahead of ours: who cancels a call whose time is over means just that. */
START_TEST(cancel_at_the_deadline_is_the_deadline)
{
	static const struct step cancels[] = {
		RESET(1, "\0\0\0\x8"),
		HEADERS(1, EH | ES, "\x88\x0f\x10\x10" "application/grpc" "\0\xbgrpc-status\1" "1"),
	};

	for (size_t i = 0; i < sizeof cancels / sizeof *cancels; i++) {
		ck_assert_int_eq(code_of_cancel(&cancels[i], 10), WIRE_CANCELLED);
		ck_assert_int_eq(code_of_cancel(&cancels[i], 29), WIRE_DEADLINE_EXCEEDED);
	}
}
END_TEST

/* Strikes are for clients; a server may look after its connections as often as it is set up to. */
START_TEST(server_that_pings_often_keeps_its_client)
{
	struct pair p;

	pair_open(&p, PAIR_TCP);
	wire_conn_set_keepalive(p.peer, 1000, 1000, true);
	pass_in(p.loop, 10.5);
	ck_assert_msg(p.conn != NULL, "%s", p.why);
	ck_assert(wire_conn_is_open(p.conn));
	pair_close(&p);
}
END_TEST

UNIT_MAIN(silent_connection_has_ten_seconds, half_a_preface_has_ten_seconds, settings_have_to_be_acknowledged,
	  server_has_to_acknowledge_settings_too, server_has_to_acknowledge_settings_of_a_quiet_client,
	  plain_http_request_is_answered_after_a_minute,
	  header_block_has_five_seconds, unary_request_has_a_minute, deadline_ends_a_call_on_time,
	  vanished_peer_is_found, answer_to_ping_keeps_a_quiet_peer, idle_connection_is_sent_away_in_order,
	  drain_is_answered_by_its_own_ping, closed_connection_lingers_for_a_second, silent_server_has_twenty_seconds,
	  stranger_has_to_read_within_half_a_minute, client_asks_a_silent_server_while_a_call_runs,
	  client_that_was_told_so_asks_half_as_often, stalled_stream_of_a_stranger_ends,
	  half_message_of_a_stranger_ends,
	  idle_handler_of_a_stranger_ends, operator_may_read_as_slowly_as_he_likes,
	  drain_does_not_wait_for_a_client_that_never_answers, server_that_pings_often_keeps_its_client,
	  cancel_at_the_deadline_is_the_deadline)
