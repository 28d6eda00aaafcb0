/* test_raw.c - what a server answers to requests that no proper client sends, frame by frame. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "test/lib/echo.h"
#include "test/lib/raw.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"
#include "wire/h2.h"
#include "wire/limits.h"

/* The status of one request whose block and body are given. */
static int status_of(const char *path, const char *extra_name, const char *extra_value, const void *body, size_t n)
{
	struct buf block = { 0 };
	struct raw r;
	int status;

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_request(&block, path, NULL);
	if (extra_name)
		raw_field(&block, extra_name, extra_value);
	raw_send_frame(&r, RAW_HEADERS, RAW_END_HEADERS, 1, buf_data(&block), buf_len(&block));
	raw_send_frame(&r, RAW_DATA, RAW_END_STREAM, 1, body, n);
	status = atoi(raw_wait_end(&r, 1, "grpc-status"));
	raw_close(&r);
	buf_done(&block);
	return status;
}

START_TEST(garbage_is_cut_off)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_send(&r, "\x05\x01\x00garbage", 10);
	ck_assert(raw_wait_closed(&r));
	raw_close(&r);
}
END_TEST

START_TEST(http1_client_is_told_what_this_is)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_send(&r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
	while (!r.closed)
		raw_wait(&r, 0xff);
	ck_assert_ptr_nonnull(strstr(buf_string(&r.in), "400 Bad Request"));
	raw_close(&r);
}
END_TEST

START_TEST(first_frame_is_settings)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_send(&r, "PRI ", 4);	/* four bytes tell enough */
	ck_assert(raw_wait(&r, RAW_SETTINGS));
	ck_assert_uint_eq(r.frame.flags, 0);
	raw_close(&r);
}
END_TEST

START_TEST(message_may_be_split_at_every_byte)
{
	static const uint8_t body[] = { 0, 0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o' };
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_send_request(&r, 1, "/test.Echo/Unary", 0);
	for (size_t i = 0; i < sizeof body; i++)
		raw_send_frame(&r, RAW_DATA, i + 1 == sizeof body, 1, body + i, 1);
	ck_assert(raw_wait(&r, RAW_DATA));
	ck_assert_uint_eq(buf_len(&r.frame.payload), sizeof body);
	ck_assert(!memcmp(buf_data(&r.frame.payload), body, sizeof body));
	ck_assert_str_eq(raw_wait_end(&r, 1, "grpc-status"), "0");
	raw_close(&r);
}
END_TEST

START_TEST(several_messages_may_share_a_frame)
{
	static const uint8_t body[] = { 0, 0, 0, 0, 1, 'a', 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'b' };
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_send_request(&r, 1, "/test.Echo/Chat", 0);
	raw_send_frame(&r, RAW_DATA, RAW_END_STREAM, 1, body, sizeof body);
	ck_assert(raw_wait(&r, RAW_DATA));
	ck_assert_uint_eq(buf_len(&r.frame.payload), sizeof body);
	ck_assert_str_eq(raw_wait_end(&r, 1, "grpc-status"), "0");
	raw_close(&r);
}
END_TEST

/* The limit is checked when the fifth byte is there: no body has to follow. */
START_TEST(four_gigabyte_prefix_is_refused_at_once)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_send_request(&r, 1, "/test.Echo/Unary", 0);
	raw_send_frame(&r, RAW_DATA, 0, 1, "\0\xff\xff\xff\xff", 5);
	ck_assert_str_eq(raw_wait_end(&r, 1, "grpc-status"), "8");
	ck_assert(raw_wait(&r, RAW_RST_STREAM));	/* the rest of the body is not wanted */
	ck_assert_uint_eq(raw_u32(&r, 0), H2_NO_ERROR);
	raw_close(&r);
}
END_TEST

START_TEST(bad_messages_get_their_status)
{
	static const struct {
		const char *body;
		size_t n;
		int status;
	} cases[] = {
		{ "", 0, WIRE_INTERNAL },			/* no message */
		{ "\0\0\0", 3, WIRE_INTERNAL },			/* ends within the prefix */
		{ "\0\0\0\0\5ab", 7, WIRE_INTERNAL },		/* ends within the message */
		{ "\0\0\0\0\0\0\0\0\0\0", 10, WIRE_INTERNAL },	/* two messages */
		{ "\1\0\0\0\1x", 6, WIRE_INTERNAL },		/* compressed, no encoding named */
		{ "\2\0\0\0\1x", 6, WIRE_INTERNAL },		/* unknown flag */
		{ "\0\0\0\0\1x", 6, WIRE_OK },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_int_eq(status_of("/test.Echo/Unary", NULL, NULL, cases[i].body, cases[i].n), cases[i].status);
}
END_TEST

START_TEST(compression_is_refused_by_message_not_by_header)
{
	ck_assert_int_eq(status_of("/test.Echo/Unary", "grpc-encoding", "gzip", "\0\0\0\0\1x", 6), WIRE_OK);
	ck_assert_int_eq(status_of("/test.Echo/Unary", "grpc-encoding", "gzip", "\1\0\0\0\1x", 6), WIRE_UNIMPLEMENTED);
	ck_assert_int_eq(status_of("/test.Echo/Unary", "grpc-encoding", "identity", "\1\0\0\0\1x", 6), WIRE_INTERNAL);
}
END_TEST

START_TEST(timeouts_are_checked_before_the_handler)
{
	static const struct {
		const char *value;
		int status;
	} cases[] = {
		{ "1n", WIRE_DEADLINE_EXCEEDED }, { "0S", WIRE_DEADLINE_EXCEEDED }, { "10S", WIRE_OK },
		{ "99999999H", WIRE_OK }, { "100000000S", WIRE_INTERNAL }, { "1s", WIRE_INTERNAL },
		{ "S", WIRE_INTERNAL }, { "-1S", WIRE_INTERNAL }, { "1.5S", WIRE_INTERNAL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int status = status_of("/test.Echo/Unary", "grpc-timeout", cases[i].value, "\0\0\0\0\1x", 6);

		ck_assert_msg(status == cases[i].status, "%s: %d", cases[i].value, status);
		ck_assert_uint_eq(echo_seen.n_started, status == WIRE_OK);
	}
}
END_TEST

static void expect_http(const char *method, const char *content_type, const char *status)
{
	struct buf block = { 0 };
	struct raw r;
	char line[40];

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_field(&block, ":method", method);
	raw_field(&block, ":scheme", "http");
	raw_field(&block, ":path", "/test.Echo/Unary");
	raw_field(&block, ":authority", "test");
	if (content_type)
		raw_field(&block, "content-type", content_type);
	raw_send_frame(&r, RAW_HEADERS, RAW_END_HEADERS | RAW_END_STREAM, 1, buf_data(&block), buf_len(&block));
	ck_assert(raw_wait(&r, RAW_HEADERS));
	snprintf(line, sizeof line, ":status: %s\n", status);
	ck_assert_msg(strstr(buf_string(&r.frame.payload), line), "%s", buf_string(&r.frame.payload));
	ck_assert(raw_wait(&r, RAW_DATA));
	ck_assert(r.frame.flags & RAW_END_STREAM);
	ck_assert_uint_gt(buf_len(&r.frame.payload), 0);
	raw_close(&r);
	buf_done(&block);
}

START_TEST(what_is_no_grpc_gets_plain_http)
{
	expect_http("GET", NULL, "405");
	expect_http("POST", "text/html", "415");
	expect_http("POST", "application/grpcweb", "415");
	expect_http("POST", NULL, "415");
}
END_TEST

static void send_without_te(struct raw *r, uint32_t stream)
{
	struct buf block = { 0 };

	raw_field(&block, ":method", "POST");
	raw_field(&block, ":scheme", "http");
	raw_field(&block, ":path", "/test.Echo/Unary");
	raw_field(&block, ":authority", "test");
	raw_field(&block, "content-type", "application/grpc");
	raw_send_frame(r, RAW_HEADERS, RAW_END_HEADERS, stream, buf_data(&block), buf_len(&block));
	raw_send_message(r, stream, "x", RAW_END_STREAM);
	ck_assert_str_eq(raw_wait_end(r, stream, "grpc-status"), "0");
	buf_done(&block);
}

/* grpc-go takes such calls as well. */
START_TEST(missing_te_is_said_once)
{
	const char *path = tmp_path("log"), *line;
	struct buf log = { 0 };
	struct raw r;

	log_init("test", LOG_DEBUG);
	ck_assert_int_eq(log_open_file(path), 0);
	raw_open(&r, NULL);
	raw_preface(&r);
	for (uint32_t stream = 1; stream < 20; stream += 2)
		send_without_te(&r, stream);
	raw_close(&r);
	ck_assert_int_eq(fd_read_file(path, 1 << 20, &log), 0);
	line = strstr(buf_string(&log), "te: trailers");
	ck_assert_msg(line != NULL, "%s", buf_string(&log));
	ck_assert_msg(!strstr(line + 1, "te: trailers"), "%s", buf_string(&log));
	buf_done(&log);
}
END_TEST

START_TEST(other_codec_is_unimplemented)
{
	struct buf block = { 0 };
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_request(&block, "/test.Echo/Unary", "application/grpc+json");
	raw_send_frame(&r, RAW_HEADERS, RAW_END_HEADERS | RAW_END_STREAM, 1, buf_data(&block), buf_len(&block));
	ck_assert_str_eq(raw_wait_end(&r, 1, "grpc-status"), "12");
	raw_close(&r);
	buf_done(&block);
}
END_TEST

/* Two header lists over the limit cost their calls only; more than that is an attack. */
START_TEST(header_list_over_the_limit_is_refused)
{
	char *big = mem_alloc(WIRE_HEADER_LIST_MAX / 2 + 1);
	struct buf block = { 0 };
	struct raw r;

	memset(big, 'x', WIRE_HEADER_LIST_MAX / 2);
	raw_open(&r, NULL);
	raw_preface(&r);
	raw_request(&block, "/test.Echo/Unary", NULL);
	raw_field(&block, "x-a", big);
	raw_field(&block, "x-b", big);
	for (uint32_t id = 1; id <= 5; id += 2) {
		raw_send_frame(&r, RAW_HEADERS, 0, id, buf_data(&block), 10000);
		raw_send_frame(&r, RAW_CONTINUATION, RAW_END_HEADERS, id, buf_data(&block) + 10000, buf_len(&block) - 10000);
		if (id < 5)
			ck_assert_str_eq(raw_wait_end(&r, id, "grpc-status"), "8");
	}
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 4), H2_ENHANCE_YOUR_CALM);
	raw_close(&r);
	buf_done(&block);
	free(big);
}
END_TEST

/* One byte in the block is a field of 4 KB: cut off while it is unpacked, not after the third. */
START_TEST(header_bomb_is_not_unpacked)
{
	char *big = mem_alloc(4001);
	struct buf block = { 0 };
	struct raw r;

	memset(big, 'x', 4000);
	raw_open(&r, NULL);
	raw_preface(&r);
	raw_request(&block, "/test.Echo/Unary", NULL);
	raw_integer(&block, 0x40, 6, 0);
	raw_integer(&block, 0, 7, 3);
	buf_append(&block, "x-b", 3);
	raw_integer(&block, 0, 7, 4000);
	buf_append(&block, big, 4000);
	memset(buf_reserve(&block, 1000), 0x80 | 62, 1000);
	buf_commit(&block, 1000);
	raw_send_frame(&r, RAW_HEADERS, RAW_END_HEADERS, 1, buf_data(&block), buf_len(&block));
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 4), H2_ENHANCE_YOUR_CALM);
	raw_close(&r);
	buf_done(&block);
	free(big);
}
END_TEST

static void expect_calm(struct raw *r)
{
	ck_assert(raw_wait(r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(r, 4), H2_ENHANCE_YOUR_CALM);
	ck_assert(raw_wait_closed(r));
	raw_close(r);
}

START_TEST(rapid_reset_ends_the_connection)
{
	struct raw r;

	raw_open(&r, "127.0.0.2");
	raw_preface(&r);
	for (uint32_t id = 1; id < 2000 && !r.deaf; id += 2) {
		raw_send_request(&r, id, "/test.Echo/Silent", 0);
		raw_send_frame(&r, RAW_RST_STREAM, 0, id, "\0\0\0\x8", 4);
	}
	expect_calm(&r);
	ck_assert_uint_le(echo_seen.n_started, 300);
}
END_TEST

START_TEST(ping_flood_ends_the_connection)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	for (int i = 0; i < 50; i++)
		raw_send_frame(&r, RAW_PING, 0, 0, "12345678", 8);
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 4), H2_ENHANCE_YOUR_CALM);
	ck_assert_ptr_nonnull(strstr((char *)buf_data(&r.frame.payload) + 8, "too_many_pings"));
	raw_close(&r);
}
END_TEST

START_TEST(goaway_of_the_client_is_told_in_words)
{
	static const uint8_t plain[8] = { 0 }, with_words[] = "\0\0\0\0\0\0\0\0max_age\n";
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_send_frame(&r, RAW_GOAWAY, 0, 0, plain, sizeof plain);
	ck_assert(raw_wait_closed(&r));
	raw_close(&r);
	ck_assert_str_eq(r.why, "the peer ends the connection: NO_ERROR");
	raw_open(&r, NULL);
	raw_preface(&r);
	raw_send_frame(&r, RAW_GOAWAY, 0, 0, with_words, sizeof with_words - 1);
	ck_assert(raw_wait_closed(&r));
	raw_close(&r);
	ck_assert_str_eq(r.why, "the peer ends the connection: NO_ERROR \"max_age\\n\"");
}
END_TEST

START_TEST(settings_flood_ends_the_connection)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	for (int i = 0; i < 30; i++)
		raw_send_frame(&r, RAW_SETTINGS, 0, 0, NULL, 0);
	expect_calm(&r);
}
END_TEST

START_TEST(empty_data_frames_end_the_connection)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_send_request(&r, 1, "/test.Echo/Chat", 0);
	for (int i = 0; i < 3; i++)
		raw_send_frame(&r, RAW_DATA, 0, 1, NULL, 0);
	expect_calm(&r);
}
END_TEST

/* Padding is no content. */
START_TEST(padded_empty_data_frames_end_the_connection)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_send_request(&r, 1, "/test.Echo/Chat", 0);
	for (int i = 0; i < 3; i++) {
		raw_send_frame(&r, RAW_DATA, RAW_PADDED, 1, "\2\0\0", 3);
		raw_turn(&r);
	}
	expect_calm(&r);
}
END_TEST

START_TEST(padded_data_with_content_is_data)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_send_request(&r, 1, "/test.Echo/Chat", 0);
	for (int i = 0; i < 5; i++)
		raw_send_frame(&r, RAW_DATA, RAW_PADDED, 1, "\1\0\0\0\0\0\0", 7);
	raw_send_frame(&r, RAW_DATA, RAW_END_STREAM, 1, NULL, 0);
	ck_assert_str_eq(raw_wait_end(&r, 1, "grpc-status"), "0");
	raw_close(&r);
}
END_TEST

/* Ids below the highest one are of streams that are long gone. */
START_TEST(headers_that_open_nothing_are_counted)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_send_request(&r, 10001, "/test.Echo/Unary", RAW_END_STREAM);
	for (uint32_t id = 1; id < 2500 && !r.deaf; id += 2)
		raw_send_request(&r, id, "/test.Echo/Unary", RAW_END_STREAM);
	expect_calm(&r);
}
END_TEST

START_TEST(unknown_frames_are_counted)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	for (int i = 0; i < 1100; i++)
		raw_send_frame(&r, 0xbe, 0, 0, "x", 1);
	expect_calm(&r);
}
END_TEST

START_TEST(frame_over_the_announced_size_is_an_error)
{
	char *big = mem_alloc(WIRE_FRAME_SERVER + 1);
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_send_request(&r, 1, "/test.Echo/Chat", 0);
	raw_send_frame(&r, RAW_DATA, 0, 1, big, WIRE_FRAME_SERVER + 1);
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 4), 6);	/* FRAME_SIZE_ERROR */
	ck_assert(raw_wait_closed(&r));
	raw_close(&r);
	free(big);
}
END_TEST

START_TEST(lost_client_is_no_cancel)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_send_request(&r, 1, "/test.Echo/Silent", 0);
	raw_turn(&r);
	ck_assert_uint_eq(echo_seen.n_started, 1);
	raw_close(&r);
	ck_assert_uint_eq(echo_seen.n_ended, 1);
	ck_assert_int_eq(echo_seen.last_code, WIRE_UNAVAILABLE);
}
END_TEST

/* The server writes into a connection that is gone before it has read the client's last words. */
START_TEST(cancel_is_heard_before_the_lost_connection)
{
	struct raw r;
	uint8_t reset[13] = { 0, 0, 4, RAW_RST_STREAM, 0, 0, 0, 0, 1, 0, 0, 0, H2_CANCEL };

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_send_request(&r, 1, "/test.Echo/Count", 0);
	raw_send_message(&r, 1, "1000000", RAW_END_STREAM);
	raw_turn(&r);
	ck_assert_int_eq(send(r.fd, reset, sizeof reset, MSG_NOSIGNAL), sizeof reset);
	shutdown(r.fd, SHUT_RDWR);
	raw_turn(&r);
	raw_close(&r);
	ck_assert_int_eq(echo_seen.last_code, WIRE_CANCELLED);
}
END_TEST

/* What was held back for a paused handler turns out to be bad, or he ends the call in the middle of it. */
START_TEST(bad_message_behind_a_pause_is_refused_on_resume)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_send_request(&r, 1, "/test.Echo/Stuck", 0);
	raw_send_message(&r, 1, "good", 0);
	raw_send_frame(&r, RAW_DATA, 0, 1, "\2\0\0\0\1x", 6);
	raw_turn(&r);
	wire_resume(echo_seen.stuck);
	ck_assert_str_eq(raw_wait_end(&r, 1, "grpc-status"), "13");
	raw_close(&r);
}
END_TEST

START_TEST(handler_that_has_ended_the_call_hears_no_more)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_send_request(&r, 1, "/test.Echo/Once", 0);
	raw_send_frame(&r, RAW_DATA, RAW_END_STREAM, 1, "\0\0\0\0\1a\0\0\0\0\1b", 12);
	ck_assert_str_eq(raw_wait_end(&r, 1, "grpc-status"), "0");
	ck_assert_uint_eq(echo_seen.n_once, 1);
	raw_close(&r);
}
END_TEST

/* A reader that takes nothing gets what its window allows, then the handler is stopped. */
START_TEST(closed_window_stops_the_handler)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	raw_send_request(&r, 1, "/test.Echo/Count", 0);
	raw_send_message(&r, 1, "1000000", RAW_END_STREAM);
	raw_turn(&r);
	ck_assert_uint_eq(wire_count(r.wire).calls, 1);
	raw_send_frame(&r, RAW_RST_STREAM, 0, 1, "\0\0\0\x8", 4);
	raw_turn(&r);
	ck_assert_uint_eq(wire_count(r.wire).calls, 0);
	ck_assert_int_eq(echo_seen.last_code, WIRE_CANCELLED);
	raw_close(&r);
}
END_TEST

/* Sends a prefix that declares 4 MiB and half of that. */
static void send_half_message(struct raw *r, uint32_t stream)
{
	static const uint8_t body[16384] = { 0, 0, 0x40, 0, 0 }, zeros[16384];

	raw_send_frame(r, RAW_DATA, 0, stream, body, sizeof body);
	for (size_t sent = sizeof body; sent < WIRE_MESSAGE_MAX / 2 + sizeof zeros; sent += sizeof zeros)
		raw_send_frame(r, RAW_DATA, 0, stream, zeros, sizeof zeros);
}

/* 64 strangers with 100 streams of 4 MiB each would be 25 GiB: what is put together has one budget. */
START_TEST(unfinished_messages_of_strangers_have_a_budget)
{
	enum { STREAMS = WIRE_BUFFERED_STRANGERS / WIRE_MESSAGE_MAX + 2 };
	struct raw r;

	raw_open(&r, "127.0.0.2");
	raw_preface(&r);
	for (uint32_t i = 0; i < STREAMS; i++)
		raw_send_request(&r, 2 * i + 1, "/test.Echo/Unary", 0);
	for (uint32_t i = 0; i < STREAMS; i++)
		send_half_message(&r, 2 * i + 1);
	ck_assert_str_eq(raw_wait_end(&r, 2 * STREAMS - 3, "grpc-status"), "8");
	ck_assert_uint_lt(wire_count(r.wire).buffered, WIRE_BUFFERED_STRANGERS + 2 * WIRE_MESSAGE_MAX);
	raw_close(&r);
}
END_TEST

/* One entry of the table and four references to it in each request: 20 bytes are 16 KiB of metadata. */
static void send_references(struct raw *r, uint32_t stream, bool first)
{
	enum { VALUE = 3900 };
	struct buf block = { 0 };

	raw_request(&block, "/test.Echo/Unary", "application/grpc");
	if (first) {
		raw_integer(&block, 0x40, 6, 0);
		raw_integer(&block, 0, 7, 1);
		buf_append(&block, "x", 1);
		raw_integer(&block, 0, 7, VALUE);
		memset(buf_reserve(&block, VALUE), 'v', VALUE);
		buf_commit(&block, VALUE);
	} else {
		buf_append(&block, "\xbe\xbe\xbe\xbe", 4);
	}
	raw_send_frame(r, RAW_HEADERS, RAW_END_HEADERS, stream, buf_data(&block), buf_len(&block));
	buf_done(&block);
}

/* Metadata of requests that do not go on is held like half of a message is. */
START_TEST(metadata_counts_as_buffered)
{
	enum { STREAMS = 50 };
	size_t before;
	struct raw r;

	raw_open(&r, "127.0.0.2");
	raw_preface(&r);
	raw_turn(&r);
	before = wire_count(r.wire).buffered;
	for (uint32_t i = 0; i < STREAMS; i++)
		send_references(&r, 2 * i + 1, i == 0);
	raw_turn(&r);
	ck_assert_uint_eq(wire_count(r.wire).calls, STREAMS);
	ck_assert_uint_gt(wire_count(r.wire).buffered, before + (STREAMS - 1) * 4 * 3900);
	raw_close(&r);
}
END_TEST

/* A comma in a "-bin" field makes a value of its own, under a name of its own. */
START_TEST(list_of_empty_values_is_refused)
{
	static char name[7000 + 1], commas[9000 + 1];
	struct buf block = { 0 };
	struct raw r;

	memset(name, 'n', sizeof name - 1);
	memcpy(name + sizeof name - 5, "-bin", 4);
	memset(commas, ',', sizeof commas - 1);
	raw_open(&r, NULL);
	raw_preface(&r);
	raw_request(&block, "/test.Echo/Unary", "application/grpc");
	raw_field(&block, name, commas);
	raw_send_frame(&r, RAW_HEADERS, RAW_END_HEADERS, 1, buf_data(&block), buf_len(&block));
	ck_assert_str_eq(raw_wait_end(&r, 1, "grpc-status"), "8");
	buf_done(&block);
	raw_close(&r);
}
END_TEST

UNIT_MAIN(garbage_is_cut_off, http1_client_is_told_what_this_is, first_frame_is_settings,
	  message_may_be_split_at_every_byte, several_messages_may_share_a_frame,
	  four_gigabyte_prefix_is_refused_at_once, bad_messages_get_their_status,
	  compression_is_refused_by_message_not_by_header, timeouts_are_checked_before_the_handler,
	  what_is_no_grpc_gets_plain_http, missing_te_is_said_once, other_codec_is_unimplemented,
	  header_list_over_the_limit_is_refused,
	  header_bomb_is_not_unpacked, rapid_reset_ends_the_connection, ping_flood_ends_the_connection,
	  goaway_of_the_client_is_told_in_words, settings_flood_ends_the_connection,
	  empty_data_frames_end_the_connection, padded_empty_data_frames_end_the_connection,
	  padded_data_with_content_is_data, headers_that_open_nothing_are_counted, unknown_frames_are_counted,
	  frame_over_the_announced_size_is_an_error, lost_client_is_no_cancel, cancel_is_heard_before_the_lost_connection,
	  bad_message_behind_a_pause_is_refused_on_resume, handler_that_has_ended_the_call_hears_no_more,
	  closed_window_stops_the_handler, unfinished_messages_of_strangers_have_a_budget, metadata_counts_as_buffered,
	  list_of_empty_values_is_refused)
