/*
 * test_frames.c - RFC 9113 sections 3.4, 4.1, 4.2, 5.5, 6.1, 6.7, 6.8: frames as such, as a server takes them.
 */
#include <string.h>

#include "test/lib/script.h"
#include "test/lib/unit.h"
#include "wire/limits.h"

#define OK_GET	"1:405 1:data(16)."
#define OK_POST	"1:415 1:data(42)."

static const struct script format[] = {
	{ "4.1: unknown type", { FRAME(0x16, 0, 0, "12345678"), PING(0, "echo1234") }, "pong" },
	{ "4.1: unknown type on a stream", { HEADERS(1, EH, GET), FRAME(0x16, 0xff, 1, "x"), DATA(1, ES, "x") }, OK_GET },
	{ "4.1: unknown type on an idle stream", { FRAME(0xf0, 0, 7, "x"), HEADERS(1, EH | ES, GET) }, OK_GET },
	{ "4.1: undefined flags", { PING(0x16, "echo1234") }, "pong" },
	{ "4.1: reserved bit", { FRAME(RAW_PING, 0, 0x80000000, "echo1234") }, "pong" },
	{ "4.1: reserved bit of a stream", { HEADERS(0x80000001, EH | ES, GET) }, OK_GET },
	{ "4.1: undefined flags of DATA", { HEADERS(1, EH, GET), DATA(1, ES | 0xf6, "x") }, OK_GET },
	{ "4.1: undefined flags of HEADERS", { HEADERS(1, EH | ES | 0xd2, GET) }, OK_GET },
	{ "5.5: unknown type", { FRAME(0xfa, 0, 0, ""), PING(0, "echo1234") }, "pong" },
	{ "5.5: unknown type within a header block", { HEADERS(1, ES, GET), FRAME(0x16, 0, 0, "12345678") },
	  "goaway(PROTOCOL_ERROR) closed" },
	{ "5.5: unknown type within a header block, same stream", { HEADERS(1, ES, GET), FRAME(0x16, 0, 1, "12345678") },
	  "goaway(PROTOCOL_ERROR) closed" },
};

static const struct script size[] = {
	{ "4.2: DATA of 2^14", { HEADERS(1, EH, POST), FILLED(RAW_DATA, ES, 1, 16384) }, OK_POST },
	{ "4.2: DATA of the announced size", { HEADERS(1, EH, POST), FILLED(RAW_DATA, ES, 1, WIRE_FRAME_SERVER) }, OK_POST },
	{ "4.2: DATA over the announced size", { HEADERS(1, EH, POST), FILLED(RAW_DATA, ES, 1, WIRE_FRAME_SERVER + 1) },
	  "goaway(FRAME_SIZE_ERROR) closed" },
	{ "4.2: unknown frame over the announced size", { FILLED(0x16, 0, 0, WIRE_FRAME_SERVER + 1) },
	  "goaway(FRAME_SIZE_ERROR) closed" },
	{ "4.2: HEADERS over 2^14", { FILLED(RAW_HEADERS, EH | ES, 1, 17575) }, "goaway(FRAME_SIZE_ERROR) closed" },
	{ "4.2: CONTINUATION over 2^14", { HEADERS(1, ES, GET), FILLED(RAW_CONTINUATION, EH, 1, 17575) },
	  "goaway(FRAME_SIZE_ERROR) 1:trailers(14). 1:reset(NO_ERROR) closed" },
	{ "4.2: PING too short", { PING(0, "123456") }, "goaway(FRAME_SIZE_ERROR) closed" },
	{ "4.2: PING too long", { PING(0, "123456789") }, "goaway(FRAME_SIZE_ERROR) closed" },
	{ "4.2: GOAWAY too short", { GOAWAY("\0\0\0\0\0\0\0") }, "goaway(FRAME_SIZE_ERROR) closed" },
	/* The library's choice of the error code, here and with DATA. */
	{ "4.2: HEADERS too short for a pad length", { HEADERS(1, EH | ES | RAW_PADDED, "") },
	  "goaway(PROTOCOL_ERROR) closed" },
	{ "4.2: HEADERS too short for a priority", { HEADERS(1, EH | ES | RAW_PRIORITIZED, "\0\0\0\0") },
	  "goaway(FRAME_SIZE_ERROR) closed" },
	{ "4.2: DATA too short for a pad length", { HEADERS(1, EH, GET), DATA(1, ES | RAW_PADDED, "") },
	  "goaway(PROTOCOL_ERROR) closed" },
};

static const struct script data[] = {
	{ "6.1: one frame", { HEADERS(1, EH, POST), DATA(1, ES, "test") }, OK_POST },
	{ "6.1: two frames", { HEADERS(1, EH, POST), DATA(1, 0, "test"), DATA(1, ES, "test") }, OK_POST },
	{ "6.1: padding", { HEADERS(1, EH, POST), DATA(1, ES | RAW_PADDED, "\6test\0\0\0\0\0\0") }, OK_POST },
	{ "6.1: nothing but padding", { HEADERS(1, EH, POST), DATA(1, ES | RAW_PADDED, "\4\0\0\0\0") }, OK_POST },
	{ "6.1: empty end", { HEADERS(1, EH, POST), DATA(1, 0, "test"), DATA(1, ES, "") }, OK_POST },
	{ "6.1: stream 0", { DATA(0, ES, "test") }, "goaway(PROTOCOL_ERROR) closed" },
	{ "6.1: stream neither open nor half-closed (local)", { HEADERS(1, EH | ES, POST), DATA(1, ES, "test") },
	  OK_POST " goaway(STREAM_CLOSED) closed" },
	{ "6.1: padding as long as the payload", { HEADERS(1, EH, POST), DATA(1, ES | RAW_PADDED, "\5Test") },
	  "goaway(PROTOCOL_ERROR) closed" },
	{ "6.1: padding longer than the payload", { HEADERS(1, EH, POST), DATA(1, ES | RAW_PADDED, "\6Test") },
	  "goaway(PROTOCOL_ERROR) closed" },
};

static const struct script ping[] = {
	{ "6.7: PING is answered", { PING(0, "h2 peer!") }, "pong" },
	{ "6.7: ACK is not", { PING(RAW_ACK, "invalid!"), PING(0, "h2 peer!") }, "pong" },
	{ "6.7: stream other than 0", { FRAME(RAW_PING, 0, 1, "12345678") }, "goaway(PROTOCOL_ERROR) closed" },
	{ "6.7: wrong length, stream other than 0", { FRAME(RAW_PING, 0, 1, "123456") }, "goaway(FRAME_SIZE_ERROR) closed" },
	{ "5.4.1: a connection error closes", { FRAME(RAW_PING, 0, 3, "12345678") }, "goaway(PROTOCOL_ERROR) closed" },
};

static const struct script goaway[] = {
	{ "6.8: nothing runs: the connection ends", { GOAWAY("\0\0\0\0\0\0\0\0peer") }, "goaway(NO_ERROR) closed" },
	{ "6.8: unknown error code", { GOAWAY("\0\0\0\0\0\0\0\xff") }, "goaway(NO_ERROR) closed" },
	{ "6.8: what runs comes to its end", { HEADERS(1, EH, GRPC), GOAWAY("\0\0\0\0\0\0\0\0"), SYNC, DATA(1, ES, "\0\0\0\0\1x") },
	  "goaway(NO_ERROR) 1:200 1:data(6) 1:trailers(0). closed" },
	{ "6.8: twice", { HEADERS(1, EH, GRPC), GOAWAY("\0\0\0\0\0\0\0\0"), GOAWAY("\0\0\0\0\0\0\0\0"), SYNC,
	  DATA(1, ES, "\0\0\0\0\1x") }, "goaway(NO_ERROR) 1:200 1:data(6) 1:trailers(0). closed" },
	{ "6.8: stream other than 0", { FRAME(RAW_GOAWAY, 0, 1, "\0\0\0\0\0\0\0\0") }, "goaway(PROTOCOL_ERROR) closed" },
};

START_TEST(frame_format)
{
	SCRIPT_CHECK(format);
}
END_TEST

START_TEST(frame_size)
{
	SCRIPT_CHECK(size);
}
END_TEST

START_TEST(data_frames)
{
	SCRIPT_CHECK(data);
}
END_TEST

START_TEST(ping_frames)
{
	SCRIPT_CHECK(ping);
}
END_TEST

START_TEST(goaway_frames)
{
	SCRIPT_CHECK(goaway);
}
END_TEST

/* What is no preface gets no answer, and the connection is closed in order. */
START_TEST(invalid_preface_is_closed)
{
	static const struct {
		const char *text;
		bool is_told;		/* it began as HTTP/2 */
	} prefaces[] = {
		{ "INVALID CONNECTION PREFACE\r\n\r\n", false },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\rX", true },
		{ "PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n", true },
		{ "PRX * HTTP/2.0\r\n\r\nSM\r\n\r\n", false },
	};
	struct raw r;

	for (size_t i = 0; i < sizeof prefaces / sizeof *prefaces; i++) {
		bool told = false;

		raw_open(&r, NULL);
		raw_send(&r, prefaces[i].text, strlen(prefaces[i].text));
		while (raw_next(&r))
			told |= r.frame.type == RAW_GOAWAY;
		ck_assert(!r.cut);
		ck_assert_int_eq(told, prefaces[i].is_told);
		raw_close(&r);
	}
}
END_TEST

START_TEST(preface_has_to_be_followed_by_settings)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_send(&r, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
	raw_send_frame(&r, RAW_PING, 0, 0, "12345678", 8);
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 4), 1);	/* PROTOCOL_ERROR */
	ck_assert(raw_wait_closed(&r));
	ck_assert(!r.cut);
	raw_close(&r);
}
END_TEST

/* A suite opens one connection after the other; a preface that comes byte by byte is as good as any. */
START_TEST(preface_may_be_split_at_every_byte)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
	struct raw r;

	raw_open(&r, NULL);
	for (size_t i = 0; i < sizeof preface - 1; i++)
		raw_send(&r, preface + i, 1);
	ck_assert(raw_wait(&r, RAW_SETTINGS));
	ck_assert_uint_eq(r.frame.flags, 0);
	ck_assert(raw_wait(&r, RAW_SETTINGS));
	ck_assert_uint_eq(r.frame.flags, RAW_ACK);
	raw_close(&r);
}
END_TEST

/* The last words of the server are not lost to a TCP reset, however much it is still sent. */
START_TEST(goaway_survives_what_comes_behind_the_fault)
{
	static const struct step fault = FRAME(RAW_PING, 0, 3, "12345678");
	static const struct step behind = FILLED(RAW_DATA, 0, 1, 16384);
	struct raw r;

	raw_open(&r, NULL);
	raw_handshake(&r);
	script_send(&r, &fault);
	script_send(&r, &behind);
	script_send(&r, &behind);
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert(raw_wait_closed(&r));
	ck_assert(!r.cut);
	raw_close(&r);
}
END_TEST

UNIT_MAIN(frame_format, frame_size, data_frames, ping_frames, goaway_frames, invalid_preface_is_closed,
	  preface_has_to_be_followed_by_settings, preface_may_be_split_at_every_byte,
	  goaway_survives_what_comes_behind_the_fault)
