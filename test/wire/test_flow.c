/* test_flow.c - RFC 9113 sections 5.2 and 6.9: flow control, as a server obeys it and as it enforces it. */
#include <string.h>

#include "test/lib/script.h"
#include "test/lib/unit.h"
#include "wire/limits.h"

#define TOLD_PROTOCOL	"goaway(PROTOCOL_ERROR) closed"
#define TOLD_FLOW	"goaway(FLOW_CONTROL_ERROR) closed"
#define OK_GET		"1:405 1:data(16)."
#define MAX		"\x7f\xff\xff\xff"

static const struct script update[] = {
	{ "6.9: connection", { WINDOW(0, "\0\0\0\1") }, "" },
	{ "6.9: stream", { HEADERS(1, EH | ES, GET), WINDOW(1, "\0\0\0\1") }, OK_GET },
	{ "6.9: reserved bit", { SETTINGS(SET_WINDOW "\0\0\0\0"), HEADERS(1, EH | ES, GET), WINDOW(1, "\x80\0\0\3") },
	  "settings 1:405 1:data(3)" },
	{ "6.9: increment 0", { WINDOW(0, "\0\0\0\0") }, TOLD_PROTOCOL },
	{ "6.9: increment 0 on a stream", { HEADERS(1, EH, GET), WINDOW(1, "\0\0\0\0") }, TOLD_PROTOCOL },
	{ "6.9: wrong length", { WINDOW(0, "\0\0\1") }, "goaway(FRAME_SIZE_ERROR) closed" },
	{ "6.9: wrong length on a stream", { HEADERS(1, EH, GET), WINDOW(1, "\0\0\0\0\1") },
	  "goaway(FRAME_SIZE_ERROR) closed" },
};

static const struct script window[] = {
	{ "6.9.1: no more than the window", { SETTINGS(SET_WINDOW "\0\0\0\1"), SYNC, HEADERS(1, EH | ES, GET) },
	  "settings 1:405 1:data(1)" },
	{ "6.9.1: nothing without a window", { SETTINGS(SET_WINDOW "\0\0\0\0"), HEADERS(1, EH | ES, GET) },
	  "settings 1:405" },
	{ "6.9.1: byte by byte", { SETTINGS(SET_WINDOW "\0\0\0\1"), HEADERS(1, EH | ES, GET), SYNC, WINDOW(1, "\0\0\0\1"), SYNC,
	  WINDOW(1, "\0\0\0\x64") }, "settings 1:405 1:data(1) 1:data(1) 1:data(14)." },
	{ "6.9.1: overflow", { WINDOW(0, MAX), WINDOW(0, MAX) }, TOLD_FLOW },
	{ "6.9.1: overflow by one update", { WINDOW(0, "\x7f\xff\0\1") }, TOLD_FLOW },
	{ "6.9.1: the largest window", { WINDOW(0, "\x7f\xff\0\0") }, "" },
	{ "6.9.1: overflow on a stream", { HEADERS(1, EH, GET), WINDOW(1, MAX), WINDOW(1, MAX) },
	  "1:reset(FLOW_CONTROL_ERROR)" },
	{ "6.9.2: changed while a stream waits",
	  { SETTINGS(SET_WINDOW "\0\0\0\0"), SYNC, HEADERS(1, EH | ES, GET), SYNC, SETTINGS(SET_WINDOW "\0\0\0\1") },
	  "settings 1:405 settings 1:data(1)" },
	{ "6.9.2: negative",
	  { SETTINGS(SET_WINDOW "\0\0\0\3"), SYNC, HEADERS(1, EH | ES, GET), SYNC, SETTINGS(SET_WINDOW "\0\0\0\2"), SYNC,
	    WINDOW(1, "\0\0\0\2") }, "settings 1:405 1:data(3) settings 1:data(1)" },
	{ "6.9.2: negative stays shut",
	  { SETTINGS(SET_WINDOW "\0\0\0\3"), SYNC, HEADERS(1, EH | ES, GET), SYNC, SETTINGS(SET_WINDOW "\0\0\0\0"), SYNC,
	    WINDOW(1, "\0\0\0\3") }, "settings 1:405 1:data(3) settings" },
	{ "6.9.2: over 2^31 - 1", { SETTINGS(SET_WINDOW "\x80\0\0\0") }, TOLD_FLOW },
	/* The RFC has the connection end, the library contents itself with the stream. */
	{ "6.9.2: makes a stream's window overflow",
	  { HEADERS(1, EH, GET), WINDOW(1, "\x7f\xff\0\0"), SETTINGS(SET_WINDOW "\0\1\0\0") },
	  "settings 1:reset(FLOW_CONTROL_ERROR)" },
};

START_TEST(window_updates)
{
	SCRIPT_CHECK(update);
}
END_TEST

START_TEST(windows)
{
	SCRIPT_CHECK(window);
}
END_TEST

static void send_data(struct raw *r, uint32_t stream, size_t n)
{
	while (n && !r->deaf) {
		const struct step part = FILLED(RAW_DATA, 0, stream, n < 16384 ? n : 16384);

		script_send(r, &part);
		n -= part.n;
	}
}

/* Stuck takes nothing off the wire: its stream's window stays as announced, and the call of who sends past it ends. */
START_TEST(more_data_than_the_window)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_handshake(&r);
	raw_send_request(&r, 1, "/test.Echo/Stuck", 0);
	send_data(&r, 1, WIRE_STREAM_WINDOW);
	raw_turn(&r);
	ck_assert(!r.down);
	send_data(&r, 1, 1);
	ck_assert(raw_wait(&r, RAW_RST_STREAM));
	ck_assert_uint_eq(raw_u32(&r, 0), 3);	/* FLOW_CONTROL_ERROR */
	ck_assert(!r.down);
	raw_close(&r);
}
END_TEST

/* Padding counts against the windows and is given back at once. */
START_TEST(padding_is_given_back)
{
	static const char padded[1 + 1 + 255] = { (char)255 };	/* one byte of messages that are empty */
	struct raw r;

	raw_open(&r, NULL);
	raw_handshake(&r);
	raw_send_request(&r, 1, "/test.Echo/Sink", 0);
	for (size_t sent = 0; sent < 2 * WIRE_STREAM_WINDOW && !r.deaf; sent += sizeof padded) {
		raw_send_frame(&r, RAW_DATA, RAW_PADDED, 1, padded, sizeof padded);
		raw_turn(&r);
	}
	ck_assert(!r.down);
	raw_close(&r);
}
END_TEST

/* DATA for a stream that is no more costs the connection's window nothing for long. */
START_TEST(ignored_data_is_given_back)
{
	static const struct step after[STEPS_MAX] = { HEADERS(3, EH | ES, GET) };
	struct raw r;

	raw_open(&r, NULL);
	raw_handshake(&r);
	raw_send_request(&r, 1, "/test.Echo/Unary", 0);
	raw_send_frame(&r, RAW_DATA, 0, 1, "\2\0\0\0\1", 5);
	ck_assert_str_eq(raw_wait_end(&r, 1, "grpc-status"), "13");
	for (int i = 0; i < 3; i++) {
		send_data(&r, 1, WIRE_CONN_WINDOW / 2);
		ck_assert(raw_wait(&r, RAW_WINDOW_UPDATE));
		ck_assert_uint_eq(r.frame.stream, 0);
	}
	ck_assert_str_eq(script_play(&r, after), "3:405 3:data(16).");
	raw_close(&r);
}
END_TEST

/* No DATA frame is longer than the client takes, whatever the windows are. */
START_TEST(frames_obey_the_clients_size)
{
	static const struct step wide = SETTINGS(SET_WINDOW "\0\x80\0\0");
	struct raw r;
	size_t bytes = 0;

	raw_open(&r, NULL);
	raw_handshake(&r);
	script_send(&r, &wide);
	raw_send_frame(&r, RAW_WINDOW_UPDATE, 0, 0, "\0\x80\0\0", 4);
	raw_send_request(&r, 1, "/test.Echo/Count", 0);
	raw_send_message(&r, 1, "1000", RAW_END_STREAM);
	while (bytes < 1000 * 1005) {
		ck_assert(raw_wait(&r, RAW_DATA));
		ck_assert_uint_le(buf_len(&r.frame.payload), 16384);
		bytes += buf_len(&r.frame.payload);
	}
	raw_close(&r);
}
END_TEST

UNIT_MAIN(window_updates, windows, more_data_than_the_window, padding_is_given_back, ignored_data_is_given_back,
	  frames_obey_the_clients_size)
