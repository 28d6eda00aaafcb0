/*
 * test_streams.c - RFC 9113 sections 5.1, 5.1.1, 5.1.2, 6.3, 6.4 and RFC 7540 5.3.1: stream states and ids, as a
 * server keeps them.
 */
#include "test/lib/script.h"
#include "test/lib/unit.h"
#include "wire/limits.h"

#define OK_GET		"1:405 1:data(16)."
#define TOLD_CLOSED	"goaway(STREAM_CLOSED) closed"
#define TOLD_PROTOCOL	"goaway(PROTOCOL_ERROR) closed"
#define CANCEL		"\0\0\0\x8"
#define WEIGHT		"\0\0\0\0\xff"

static const struct script idle[] = {
	{ "5.1 idle: DATA", { DATA(1, ES, "test") }, TOLD_PROTOCOL },
	{ "5.1 idle: RST_STREAM", { RESET(1, CANCEL) }, TOLD_PROTOCOL },
	{ "5.1 idle: WINDOW_UPDATE", { WINDOW(1, "\0\0\0\x64") }, TOLD_PROTOCOL },
	{ "5.1 idle: CONTINUATION", { CONTINUATION(1, EH, GET) }, TOLD_PROTOCOL },
	{ "5.1 idle: PRIORITY", { PRIORITY(1, WEIGHT) }, "" },
	{ "5.1 idle: DATA on an even stream", { DATA(2, ES, "test") }, TOLD_PROTOCOL },
	{ "5.1 idle: RST_STREAM on an even stream", { RESET(2, CANCEL) }, TOLD_PROTOCOL },
	{ "5.1 idle: WINDOW_UPDATE on an even stream", { WINDOW(2, "\0\0\0\x64") }, TOLD_PROTOCOL },
};

/* The client's end has said all it had to say; the answer may be out already. */
static const struct script half_closed[] = {
	{ "5.1 half-closed (remote): DATA", { HEADERS(1, EH | ES, GET), DATA(1, ES, "test") }, OK_GET " " TOLD_CLOSED },
	{ "5.1 half-closed (remote): HEADERS", { HEADERS(1, EH | ES, GET), HEADERS(1, EH | ES, GET) },
	  OK_GET " " TOLD_CLOSED },
	{ "5.1 half-closed (remote): CONTINUATION", { HEADERS(1, EH | ES, GET), CONTINUATION(1, EH, GET) },
	  OK_GET " " TOLD_PROTOCOL },
	{ "5.1 half-closed (remote): WINDOW_UPDATE",
	  { SETTINGS(SET_WINDOW "\0\0\0\0"), HEADERS(1, EH | ES, GET), WINDOW(1, "\0\0\0\1") }, "settings 1:405 1:data(1)" },
	{ "5.1 half-closed (remote): PRIORITY",
	  { SETTINGS(SET_WINDOW "\0\0\0\0"), HEADERS(1, EH | ES, GET), PRIORITY(1, WEIGHT), WINDOW(1, "\0\0\0\1") },
	  "settings 1:405 1:data(1)" },
	{ "5.1 half-closed (remote): RST_STREAM", { HEADERS(1, EH | ES, GET), RESET(1, CANCEL) }, OK_GET },
	{ "5.1 half-closed (remote), not answered: DATA",
	  { SETTINGS(SET_WINDOW "\0\0\0\0"), HEADERS(1, EH | ES, GET), DATA(1, ES, "test") },
	  "settings 1:405 " TOLD_CLOSED },
	{ "5.1 half-closed (remote), not answered: HEADERS",
	  { SETTINGS(SET_WINDOW "\0\0\0\0"), HEADERS(1, EH | ES, GET), HEADERS(1, EH | ES, GET) },
	  "settings 1:405 " TOLD_CLOSED },
	{ "5.1 half-closed (remote), not answered: RST_STREAM",
	  { SETTINGS(SET_WINDOW "\0\0\0\0"), HEADERS(1, EH | ES, GET), RESET(1, CANCEL) }, "settings 1:405" },
};

static const struct script closed[] = {
	{ "5.1 closed by RST_STREAM: DATA", { HEADERS(1, EH, GET), RESET(1, CANCEL), DATA(1, ES, "test") }, TOLD_CLOSED },
	{ "5.1 closed by RST_STREAM: HEADERS", { HEADERS(1, EH, GET), RESET(1, CANCEL), HEADERS(1, EH | ES, GET) },
	  TOLD_CLOSED },
	{ "5.1 closed by RST_STREAM: CONTINUATION", { HEADERS(1, EH, GET), RESET(1, CANCEL), CONTINUATION(1, EH, GET) },
	  TOLD_PROTOCOL },
	{ "5.1 closed by RST_STREAM: WINDOW_UPDATE", { HEADERS(1, EH, GET), RESET(1, CANCEL), WINDOW(1, "\0\0\0\1") }, "" },
	{ "5.1 closed by RST_STREAM: RST_STREAM", { HEADERS(1, EH, GET), RESET(1, CANCEL), RESET(1, CANCEL) }, "" },
	{ "5.1 closed: DATA", { HEADERS(1, EH | ES, GET), SYNC, DATA(1, ES, "test") }, OK_GET " " TOLD_CLOSED },
	{ "5.1 closed: HEADERS", { HEADERS(1, EH | ES, GET), SYNC, HEADERS(1, EH | ES, GET) }, OK_GET " " TOLD_CLOSED },
	{ "5.1 closed: CONTINUATION", { HEADERS(1, EH | ES, GET), SYNC, CONTINUATION(1, EH, GET) },
	  OK_GET " " TOLD_PROTOCOL },
	{ "5.1 closed: WINDOW_UPDATE", { HEADERS(1, EH | ES, GET), SYNC, WINDOW(1, "\0\0\0\1") }, OK_GET },
	{ "5.1 closed: RST_STREAM", { HEADERS(1, EH | ES, GET), SYNC, RESET(1, CANCEL) }, OK_GET },
	{ "5.1 closed: PRIORITY", { HEADERS(1, EH | ES, GET), SYNC, PRIORITY(1, WEIGHT) }, OK_GET },
	/* We have reset it, which the client cannot know yet: RFC 9113 5.1 wants this ignored. */
	{ "5.1 closed by us: DATA", { HEADERS(1, EH, GRPC), DATA(1, 0, "\2\0\0\0\1"), SYNC, DATA(1, 0, "x"), DATA(1, ES, "y") },
	  "1:trailers(13). 1:reset(NO_ERROR)" },
	{ "5.1 closed by us: trailers", { HEADERS(1, EH, GRPC), DATA(1, 0, "\2\0\0\0\1"), SYNC, HEADERS(1, EH | ES, "\0\1x\1y") },
	  "1:trailers(13). 1:reset(NO_ERROR)" },
};

static const struct script ids[] = {
	{ "5.1.1: even", { HEADERS(2, EH | ES, GET) }, TOLD_PROTOCOL },
	{ "5.1.1: 0", { HEADERS(0, EH | ES, GET) }, TOLD_PROTOCOL },
	{ "5.1.1: smaller than one before", { HEADERS(5, EH | ES, GET), HEADERS(3, EH | ES, GET) },
	  "5:405 5:data(16). " TOLD_PROTOCOL },
	{ "5.1.1: a gap", { HEADERS(5, EH | ES, GET), HEADERS(99, EH | ES, GET) },
	  "5:405 5:data(16). 99:405 99:data(16)." },
	{ "5.1.1: DATA in a gap", { HEADERS(5, EH | ES, GET), DATA(3, ES, "test") }, "5:405 5:data(16). " TOLD_CLOSED },
	{ "5.1.1: the largest", { HEADERS(0x7fffffff, EH | ES, GET) }, "2147483647:405 2147483647:data(16)." },
	{ "5.1.1: trailers behind a larger one",
	  { HEADERS(1, EH, GET), HEADERS(3, EH | ES, GET), HEADERS(1, EH | ES, "\0\1x\1y") },
	  "3:405 3:data(16). 1:405 1:data(16)." },
	{ "5.1.1: HEADERS again on a half-closed stream", { HEADERS(5, EH | ES, GET), HEADERS(5, EH | ES, GET) },
	  "5:405 5:data(16). " TOLD_CLOSED },
};

static const struct script priority[] = {
	{ "6.3: stream 0", { PRIORITY(0, WEIGHT) }, TOLD_PROTOCOL },
	{ "6.3: lowest weight", { PRIORITY(1, "\0\0\0\0\0"), HEADERS(1, EH | ES, GET) }, OK_GET },
	{ "6.3: highest weight", { PRIORITY(1, WEIGHT), HEADERS(1, EH | ES, GET) }, OK_GET },
	{ "6.3: dependency", { PRIORITY(1, WEIGHT), PRIORITY(3, "\0\0\0\1\xff"), HEADERS(1, EH | ES, GET) }, OK_GET },
	{ "6.3: exclusive", { PRIORITY(1, WEIGHT), PRIORITY(3, "\x80\0\0\1\xff"), HEADERS(1, EH | ES, GET) }, OK_GET },
	{ "6.3: an idle stream does not close lower ones", { PRIORITY(3, WEIGHT), HEADERS(1, EH | ES, GET) }, OK_GET },
	{ "6.3: wrong length", { HEADERS(1, EH, GET), PRIORITY(1, "\x80\0\0\1") }, "goaway(FRAME_SIZE_ERROR) closed" },
	{ "5.3.1: PRIORITY that depends on itself", { PRIORITY(1, "\0\0\0\1\xff") }, TOLD_PROTOCOL },
	{ "5.3.1: HEADERS that depend on themselves",
	  { HEADERS(1, EH | ES | RAW_PRIORITIZED, "\0\0\0\1\xff" GET) }, TOLD_PROTOCOL },
	{ "5.3.1: HEADERS with a priority", { HEADERS(1, EH | ES | RAW_PRIORITIZED, "\0\0\0\0\xff" GET) }, OK_GET },
	{ "5.3.1: HEADERS with padding and a priority",
	  { HEADERS(1, EH | ES | RAW_PRIORITIZED | RAW_PADDED, "\1\0\0\0\0\xff" GET "\0") }, OK_GET },
};

static const struct script reset[] = {
	{ "6.4: stream 0", { RESET(0, CANCEL) }, TOLD_PROTOCOL },
	{ "6.4: idle stream", { RESET(1, CANCEL) }, TOLD_PROTOCOL },
	{ "6.4: wrong length", { HEADERS(1, EH | ES, GET), RESET(1, "\0\0\0") }, OK_GET " goaway(FRAME_SIZE_ERROR) closed" },
	{ "6.4: of a running stream", { HEADERS(1, EH, GET), RESET(1, CANCEL) }, "" },
	{ "7: unknown error code", { HEADERS(1, EH, POST), RESET(1, "\0\0\0\xff") }, "" },
};

START_TEST(idle_streams)
{
	SCRIPT_CHECK(idle);
}
END_TEST

START_TEST(half_closed_streams)
{
	SCRIPT_CHECK(half_closed);
}
END_TEST

START_TEST(closed_streams)
{
	SCRIPT_CHECK(closed);
}
END_TEST

START_TEST(stream_ids)
{
	SCRIPT_CHECK(ids);
}
END_TEST

START_TEST(priorities)
{
	SCRIPT_CHECK(priority);
}
END_TEST

START_TEST(resets)
{
	SCRIPT_CHECK(reset);
}
END_TEST

/* An operator's limit, and the one of strangers. */
static void exceed(const char *from, uint32_t limit)
{
	static const struct step no_window = SETTINGS(SET_WINDOW "\0\0\0\0");
	struct raw r;

	raw_open(&r, from);
	raw_handshake(&r);
	script_send(&r, &no_window);
	for (uint32_t i = 0; i <= limit; i++)
		raw_send_frame(&r, RAW_HEADERS, EH | ES, 2 * i + 1, GET, sizeof GET - 1);
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 4), 1);	/* PROTOCOL_ERROR */
	ck_assert(raw_wait_closed(&r));
	raw_close(&r);
}

START_TEST(more_streams_than_announced)
{
	exceed(NULL, WIRE_STREAMS_OPERATOR);
	exceed("127.0.0.2", WIRE_STREAMS_UNKNOWN);
}
END_TEST

/* Before the client has acknowledged the limit it cannot know it: the stream is refused, no more. */
START_TEST(limit_that_the_client_does_not_know_yet)
{
	struct raw r;

	raw_open(&r, "127.0.0.2");
	raw_preface(&r);
	for (uint32_t i = 0; i <= WIRE_STREAMS_UNKNOWN; i++)
		raw_send_frame(&r, RAW_HEADERS, EH, 2 * i + 1, GET, sizeof GET - 1);
	ck_assert(raw_wait(&r, RAW_RST_STREAM));
	ck_assert_uint_eq(r.frame.stream, 2 * WIRE_STREAMS_UNKNOWN + 1);
	ck_assert_uint_eq(raw_u32(&r, 0), 7);	/* REFUSED_STREAM */
	ck_assert(!r.down);
	raw_close(&r);
}
END_TEST

/* What is remembered of old streams has an end; the stream that is long gone is merely ignored. */
START_TEST(old_streams_are_forgotten_without_harm)
{
	static const struct step again[STEPS_MAX] = { DATA(1, ES, "late"), HEADERS(2003, EH | ES, GET) };
	struct raw r;

	raw_open(&r, NULL);
	raw_handshake(&r);
	for (uint32_t id = 1; id <= 2001; id += 2) {
		raw_send_frame(&r, RAW_HEADERS, EH | ES, id, GET, sizeof GET - 1);
		ck_assert(raw_wait(&r, RAW_DATA));
	}
	ck_assert_str_eq(script_play(&r, again), "2003:405 2003:data(16).");
	raw_close(&r);
}
END_TEST

UNIT_MAIN(idle_streams, half_closed_streams, closed_streams, stream_ids, priorities, resets, more_streams_than_announced,
	  limit_that_the_client_does_not_know_yet, old_streams_are_forgotten_without_harm)
