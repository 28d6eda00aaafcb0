/*
 * test_server_faults.c - our client against a server that is scripted frame by frame: what a call ends with, and
 * what the client says to the server about it.
 *
 * WIRE.md's rules are those of gRPC's PROTOCOL-HTTP2 and http-grpc-status-mapping; goaway, rst_after_header,
 * rst_during_data, rst_after_data, ping and max_streams are gRPC's negative HTTP/2 cases.
 */
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/mem.h"
#include "test/lib/pair.h"
#include "test/lib/script.h"
#include "test/lib/unit.h"
#include "wire/code.h"
#include "wire/h2.h"
#include "wire/limits.h"
#include "wire/proto/health.pb-c.h"

/* Header blocks of a server. */
#define STATUS(text_)	"\x08\3" text_
#define TYPE		"\x0f\x10\x10" "application/grpc"
#define RESPONSE	"\x88" TYPE
#define GRPC_STATUS	"\0\xbgrpc-status"
#define TRAILERS(n_)	GRPC_STATUS "\1" n_
#define MESSAGE		"\0\0\0\0\2ok"

/* ---- one call ---- */

struct client {
	struct raw r;
	struct pair turn;		/* for pair_run(): the loop only */
};

static void begin(struct client *c, const char *settings, size_t n)
{
	raw_accept(&c->r, 0);
	c->turn = (struct pair){ .loop = c->r.loop };
	raw_send_frame(&c->r, RAW_SETTINGS, 0, 0, settings, n);
	raw_send_frame(&c->r, RAW_SETTINGS, RAW_ACK, 0, NULL, 0);
	do
		ck_assert(raw_wait(&c->r, RAW_SETTINGS));
	while (!(c->r.frame.flags & RAW_ACK));
	ck_assert(c->r.up);
}

static void start(struct client *c, struct record *rec, uint64_t timeout_ms)
{
	const struct wire_request request = { .path = "/test.Echo/Any", .timeout_ms = timeout_ms };

	*rec = (struct record){ .call = NULL };
	rec->call = wire_call(c->r.conn, &request, &record_ops, rec);
}

/* A request with one message, which has arrived. */
static void ask(struct client *c, struct record *rec)
{
	start(c, rec, 0);
	wire_send(rec->call, "x", 1);
	wire_half_close(rec->call);
	do
		ck_assert(raw_wait(&c->r, RAW_DATA));
	while (!(c->r.frame.flags & ES));
}

/* A request that may be followed by more. */
static void start_open(struct client *c, struct record *rec)
{
	start(c, rec, 0);
	ck_assert(raw_wait(&c->r, RAW_HEADERS));
}

static void end(struct client *c, struct record *rec)
{
	raw_close(&c->r);
	ck_assert(rec->ended);
	record_done(rec);
}

struct fault {
	struct script script;		/* behind the request; its reaction is the client's */
	enum wire_code code;
	unsigned n_messages;
	const char *why;		/* part of the reason; NULL: whatever */
};

static bool is_as_expected(const struct fault *f, const struct record *rec, const char *reaction)
{
	return rec->ended && rec->code == f->code && rec->n_messages == f->n_messages &&
	       (!f->why || strstr(rec->why, f->why)) && !strcmp(reaction, f->script.reaction);
}

static unsigned check_faults(const struct fault *faults, size_t n, void (*request)(struct client *, struct record *))
{
	unsigned bad = 0;

	for (size_t i = 0; i < n; i++) {
		const struct fault *f = &faults[i];
		struct client c;
		struct record rec;
		const char *got;

		begin(&c, NULL, 0);
		request(&c, &rec);
		got = script_play(&c.r, f->script.steps);
		if (!is_as_expected(f, &rec, got)) {
			printf("%s: \"%s\" instead of \"%s\", %s: %s, %u messages\n", f->script.name, got, f->script.reaction,
			       rec.ended ? wire_code_name(rec.code) : "runs", rec.why, rec.n_messages);
			bad++;
		}
		end(&c, &rec);
	}
	fflush(stdout);
	return bad;
}
#define CHECK_FAULTS(table_) ck_assert_uint_eq(check_faults(table_, sizeof(table_) / sizeof *(table_), ask), 0)

static const struct fault responses[] = {
	{ { "whole", { HEADERS(1, EH, RESPONSE), DATA(1, 0, MESSAGE), HEADERS(1, EH | ES, TRAILERS("0")) }, "" }, WIRE_OK, 1, NULL },
	{ { "trailers only", { HEADERS(1, EH | ES, RESPONSE TRAILERS("5")) }, "" }, WIRE_NOT_FOUND, 0, NULL },
	{ { "padding", { HEADERS(1, EH | RAW_PADDED, "\2" RESPONSE "\0\0"), DATA(1, RAW_PADDED, "\3" MESSAGE "\0\0\0"),
	    HEADERS(1, EH | ES, TRAILERS("0")) }, "" }, WIRE_OK, 1, NULL },
	{ { "frames of unknown type", { FRAME(0xbe, 0, 1, "x"), HEADERS(1, EH, RESPONSE), FRAME(0xbe, 0, 0, ""),
	    DATA(1, 0, MESSAGE), HEADERS(1, EH | ES, TRAILERS("0")) }, "" }, WIRE_OK, 1, NULL },
	{ { "100 before it", { HEADERS(1, EH, STATUS("100")), HEADERS(1, EH, RESPONSE), DATA(1, 0, MESSAGE),
	    HEADERS(1, EH | ES, TRAILERS("0")) }, "" }, WIRE_OK, 1, NULL },
	{ { "103 twice before it", { HEADERS(1, EH, STATUS("103") "\0\4link\1x"), HEADERS(1, EH, STATUS("103")),
	    HEADERS(1, EH, RESPONSE), DATA(1, 0, MESSAGE), HEADERS(1, EH | ES, TRAILERS("0")) }, "" }, WIRE_OK, 1, NULL },
	{ { "status in a 1xx counts for nothing", { HEADERS(1, EH, STATUS("103") TYPE TRAILERS("0")), HEADERS(1, EH | ES, RESPONSE) },
	    "" }, WIRE_UNKNOWN, 0, "without a status" },
	{ { "103, then trailers only", { HEADERS(1, EH, STATUS("103")), HEADERS(1, EH | ES, RESPONSE TRAILERS("7")) }, "" },
	  WIRE_PERMISSION_DENIED, 0, NULL },
	{ { "no message", { HEADERS(1, EH, RESPONSE), HEADERS(1, EH | ES, TRAILERS("0")) }, "" }, WIRE_OK, 0, NULL },
	{ { "two messages", { HEADERS(1, EH, RESPONSE), DATA(1, 0, MESSAGE MESSAGE), HEADERS(1, EH | ES, TRAILERS("0")) }, "" },
	  WIRE_OK, 2, NULL },
};

static const struct fault malformed[] = {
	{ { "1xx ends the stream", { HEADERS(1, EH | ES, STATUS("103")) }, "1:reset(PROTOCOL_ERROR)" }, WIRE_INTERNAL, 0,
	  "PROTOCOL_ERROR" },
	{ { "101", { HEADERS(1, EH, STATUS("101")) }, "1:reset(PROTOCOL_ERROR)" }, WIRE_INTERNAL, 0, "PROTOCOL_ERROR" },
	{ { "no :status", { HEADERS(1, EH, TYPE) }, "1:reset(PROTOCOL_ERROR)" }, WIRE_INTERNAL, 0, "PROTOCOL_ERROR" },
	{ { ":status is no number", { HEADERS(1, EH, STATUS("2x0") TYPE) }, "1:reset(PROTOCOL_ERROR)" }, WIRE_INTERNAL, 0,
	  "PROTOCOL_ERROR" },
	{ { "upper case", { HEADERS(1, EH, RESPONSE "\0\1X\1y") }, "1:reset(PROTOCOL_ERROR)" }, WIRE_INTERNAL, 0,
	  "PROTOCOL_ERROR" },
	{ { "second header block", { HEADERS(1, EH, RESPONSE), HEADERS(1, EH, "\0\1x\1y") }, "1:reset(PROTOCOL_ERROR)" },
	  WIRE_INTERNAL, 0, NULL },
	{ { "second response", { HEADERS(1, EH, RESPONSE), HEADERS(1, EH, RESPONSE) }, "1:reset(PROTOCOL_ERROR)" },
	  WIRE_INTERNAL, 0, NULL },
	{ { "DATA behind a 1xx", { HEADERS(1, EH, STATUS("100")), DATA(1, 0, MESSAGE) }, "1:reset(PROTOCOL_ERROR)" },
	  WIRE_INTERNAL, 0, "PROTOCOL_ERROR" },
	{ { "content-length is exceeded", { HEADERS(1, EH, RESPONSE "\x0f\xd\1" "3"), DATA(1, 0, MESSAGE) },
	    "1:reset(PROTOCOL_ERROR)" }, WIRE_INTERNAL, 0, "PROTOCOL_ERROR" },
	{ { "content-length is not reached", { HEADERS(1, EH, RESPONSE "\x0f\xd\1" "9"), DATA(1, 0, MESSAGE),
	    HEADERS(1, EH | ES, TRAILERS("0")) }, "1:reset(PROTOCOL_ERROR)" }, WIRE_INTERNAL, 1, "PROTOCOL_ERROR" },
};

static const struct fault statuses[] = {
	{ { "trailers without grpc-status", { HEADERS(1, EH, RESPONSE), DATA(1, 0, MESSAGE), HEADERS(1, EH | ES, "\0\1x\1y") }, "" },
	  WIRE_UNKNOWN, 1, "without a status" },
	{ { "END_STREAM on HEADERS", { HEADERS(1, EH | ES, RESPONSE) }, "" }, WIRE_UNKNOWN, 0, "without a status" },
	{ { "END_STREAM on DATA", { HEADERS(1, EH, RESPONSE), DATA(1, ES, MESSAGE) }, "" }, WIRE_UNKNOWN, 1, "without a status" },
	{ { "ahead of the messages", { HEADERS(1, EH, RESPONSE TRAILERS("0")), DATA(1, ES, MESSAGE) }, "" }, WIRE_UNKNOWN, 1,
	  "without a status" },
	{ { "not a number", { HEADERS(1, EH | ES, RESPONSE TRAILERS("x")) }, "" }, WIRE_UNKNOWN, 0, "not a number" },
	{ { "empty", { HEADERS(1, EH | ES, RESPONSE GRPC_STATUS "\0") }, "" }, WIRE_UNKNOWN, 0, "not a number" },
	{ { "negative", { HEADERS(1, EH | ES, RESPONSE GRPC_STATUS "\2-1") }, "" }, WIRE_UNKNOWN, 0, "not a number" },
	{ { "17", { HEADERS(1, EH | ES, RESPONSE GRPC_STATUS "\2" "17") }, "" }, WIRE_UNKNOWN, 0, "17" },
	{ { "far too large", { HEADERS(1, EH | ES, RESPONSE GRPC_STATUS "\x14" "99999999999999999999") }, "" }, WIRE_UNKNOWN, 0,
	  "unknown status" },
	{ { "16", { HEADERS(1, EH | ES, RESPONSE GRPC_STATUS "\2" "16") }, "" }, WIRE_UNAUTHENTICATED, 0, NULL },
	{ { "whatever the HTTP status", { HEADERS(1, EH | ES, STATUS("503") TRAILERS("3")) }, "" }, WIRE_INVALID_ARGUMENT, 0, NULL },
	{ { "message", { HEADERS(1, EH | ES, RESPONSE TRAILERS("3") "\0\xcgrpc-message\x8no%20way") }, "" },
	  WIRE_INVALID_ARGUMENT, 0, "no way" },
	{ { "message with a broken escape", { HEADERS(1, EH | ES, RESPONSE TRAILERS("3") "\0\xcgrpc-message\4%zz%") }, "" },
	  WIRE_INVALID_ARGUMENT, 0, "%zz%" },
};

static const struct fault bodies[] = {
	{ { "half a message", { HEADERS(1, EH, RESPONSE), DATA(1, 0, "\0\0\0\0\5ab"), HEADERS(1, EH | ES, TRAILERS("0")) }, "" },
	  WIRE_INTERNAL, 0, "within a message" },
	{ { "half a prefix", { HEADERS(1, EH, RESPONSE), DATA(1, 0, MESSAGE "\0\0"), HEADERS(1, EH | ES, TRAILERS("0")) }, "" },
	  WIRE_INTERNAL, 1, "within a message" },
	{ { "half a message and an error", { HEADERS(1, EH, RESPONSE), DATA(1, 0, "\0\0\0\0\5ab"),
	    HEADERS(1, EH | ES, TRAILERS("9")) }, "" }, WIRE_FAILED_PRECONDITION, 0, NULL },
	{ { "over the limit", { HEADERS(1, EH, RESPONSE), DATA(1, 0, "\0\x7f\xff\xff\xff") }, "1:reset(CANCEL)" },
	  WIRE_RESOURCE_EXHAUSTED, 0, "over the limit" },
	{ { "compressed, no encoding", { HEADERS(1, EH, RESPONSE), DATA(1, 0, "\1\0\0\0\1x") }, "1:reset(CANCEL)" },
	  WIRE_INTERNAL, 0, "compressed" },
	{ { "compressed with gzip", { HEADERS(1, EH, RESPONSE "\0\xdgrpc-encoding\4gzip"), DATA(1, 0, "\1\0\0\0\1x") },
	    "1:reset(CANCEL)" }, WIRE_INTERNAL, 0, "compressed" },
	{ { "compressed, the encoding in a 1xx", { HEADERS(1, EH, STATUS("103") "\0\xdgrpc-encoding\4gzip"), HEADERS(1, EH, RESPONSE),
	    DATA(1, 0, "\1\0\0\0\1x") }, "1:reset(CANCEL)" }, WIRE_INTERNAL, 0, "without a grpc-encoding" },
	{ { "unknown flag", { HEADERS(1, EH, RESPONSE), DATA(1, 0, "\2\0\0\0\1x") }, "1:reset(CANCEL)" }, WIRE_INTERNAL, 0, "flag" },
	{ { "no gRPC", { HEADERS(1, EH, "\x88\x0f\x10\x9text/html"), DATA(1, ES, "<html>") }, "" }, WIRE_UNKNOWN, 0, "<html>" },
	{ { "no gRPC and no end", { HEADERS(1, EH, "\x88\x0f\x10\x9text/html"), FILLED(RAW_DATA, 0, 1, 5000) },
	    "1:reset(CANCEL)" }, WIRE_UNKNOWN, 0, "xxx" },
	{ { "no content-type", { HEADERS(1, EH, "\x88"), DATA(1, ES, MESSAGE) }, "" }, WIRE_UNKNOWN, 0, "no gRPC" },
};

/* What the server does behind the end of its stream is its fault, not the call's. */
static const struct fault behind_the_end[] = {
	{ { "RST_STREAM(NO_ERROR)", { HEADERS(1, EH | ES, RESPONSE TRAILERS("0")), RESET(1, "\0\0\0\0") }, "" }, WIRE_OK, 0, NULL },
	{ { "RST_STREAM(CANCEL)", { HEADERS(1, EH | ES, RESPONSE TRAILERS("0")), RESET(1, "\0\0\0\x8") }, "" }, WIRE_OK, 0, NULL },
	{ { "WINDOW_UPDATE", { HEADERS(1, EH | ES, RESPONSE TRAILERS("0")), WINDOW(1, "\0\0\0\1") }, "" }, WIRE_OK, 0, NULL },
	{ { "DATA", { HEADERS(1, EH | ES, RESPONSE TRAILERS("0")), DATA(1, 0, MESSAGE) }, "" }, WIRE_OK, 0, NULL },
	{ { "HEADERS", { HEADERS(1, EH | ES, RESPONSE TRAILERS("0")), HEADERS(1, EH | ES, TRAILERS("5")) }, "" }, WIRE_OK, 0, NULL },
};

static const struct fault resets[] = {
	{ { "rst_after_header", { HEADERS(1, EH, RESPONSE), RESET(1, "\0\0\0\0") }, "" }, WIRE_INTERNAL, 0, "NO_ERROR" },
	{ { "rst_during_data", { HEADERS(1, EH, RESPONSE), DATA(1, 0, "\0\0\0\0\5ab"), RESET(1, "\0\0\0\0") }, "" },
	  WIRE_INTERNAL, 0, "NO_ERROR" },
	{ { "rst_after_data", { HEADERS(1, EH, RESPONSE), DATA(1, 0, MESSAGE), RESET(1, "\0\0\0\0") }, "" }, WIRE_INTERNAL, 1,
	  "NO_ERROR" },
	{ { "REFUSED_STREAM behind headers", { HEADERS(1, EH, RESPONSE), RESET(1, "\0\0\0\7") }, "" }, WIRE_UNAVAILABLE, 0, NULL },
};

static const struct fault connection[] = {
	{ { "PUSH_PROMISE", { FRAME(RAW_PUSH_PROMISE, EH, 1, "\0\0\0\2" GET) }, "goaway(PROTOCOL_ERROR) closed" },
	  WIRE_UNAVAILABLE, 0, NULL },
	{ { "HEADERS of a stream of the server's", { HEADERS(2, EH, RESPONSE) }, "goaway(PROTOCOL_ERROR) closed" },
	  WIRE_UNAVAILABLE, 0, NULL },
	{ { "HEADERS of an idle stream", { HEADERS(3, EH, RESPONSE) }, "goaway(PROTOCOL_ERROR) closed" },
	  WIRE_UNAVAILABLE, 0, NULL },
	{ { "DATA of an idle stream", { DATA(3, 0, "x") }, "goaway(PROTOCOL_ERROR) closed" }, WIRE_UNAVAILABLE, 0, NULL },
	{ { "DATA before HEADERS", { DATA(1, 0, MESSAGE) }, "goaway(PROTOCOL_ERROR) closed" }, WIRE_UNAVAILABLE, 0, NULL },
	{ { "bad compression", { HEADERS(1, EH, "\x80") }, "goaway(COMPRESSION_ERROR) closed" }, WIRE_UNAVAILABLE, 0, NULL },
	{ { "frame over the announced size", { FILLED(RAW_DATA, 0, 1, WIRE_FRAME_CLIENT + 1) }, "goaway(FRAME_SIZE_ERROR) closed" },
	  WIRE_UNAVAILABLE, 0, NULL },
	{ { "ENABLE_PUSH from a server", { SETTINGS(SET_PUSH "\0\0\0\1") }, "goaway(PROTOCOL_ERROR) closed" },
	  WIRE_UNAVAILABLE, 0, NULL },
	{ { "GOAWAY with an id that grows", { GOAWAY("\0\0\0\1\0\0\0\0"), GOAWAY("\0\0\0\3\0\0\0\0") },
	    "goaway(PROTOCOL_ERROR) closed" }, WIRE_UNAVAILABLE, 0, NULL },
	{ { "WINDOW_UPDATE overflow", { WINDOW(0, "\x7f\xff\xff\xff"), WINDOW(0, "\x7f\xff\xff\xff") },
	    "goaway(FLOW_CONTROL_ERROR) closed" }, WIRE_UNAVAILABLE, 0, NULL },
};

START_TEST(good_responses)
{
	CHECK_FAULTS(responses);
}
END_TEST

START_TEST(malformed_responses)
{
	CHECK_FAULTS(malformed);
}
END_TEST

START_TEST(odd_statuses)
{
	CHECK_FAULTS(statuses);
}
END_TEST

START_TEST(odd_bodies)
{
	CHECK_FAULTS(bodies);
}
END_TEST

START_TEST(frames_behind_the_end)
{
	CHECK_FAULTS(behind_the_end);
}
END_TEST

/* The client has not said its last word: it does so in order, or the stream would stay open for ever. */
START_TEST(open_calls_are_closed)
{
	static const struct fault cases[] = {
		{ { "trailers only", { HEADERS(1, EH | ES, RESPONSE TRAILERS("9")) }, "1:data(0)." }, WIRE_FAILED_PRECONDITION, 0, NULL },
		{ { "trailers", { HEADERS(1, EH, RESPONSE), HEADERS(1, EH | ES, TRAILERS("0")) }, "1:data(0)." }, WIRE_OK, 0, NULL },
		{ { "END_STREAM on DATA", { HEADERS(1, EH, RESPONSE), DATA(1, ES, MESSAGE) }, "1:data(0)." }, WIRE_UNKNOWN, 1, NULL },
		{ { "no gRPC", { HEADERS(1, EH, "\x88\x0f\x10\x9text/html"), DATA(1, ES, "<html>") }, "1:data(0)." }, WIRE_UNKNOWN, 0, NULL },
		{ { "no gRPC, no body", { HEADERS(1, EH | ES, STATUS("404")) }, "1:data(0)." }, WIRE_UNIMPLEMENTED, 0, NULL },
		{ { "half a message", { HEADERS(1, EH, RESPONSE), DATA(1, ES, "\0\0") }, "1:data(0)." }, WIRE_UNKNOWN, 0, NULL },
	};

	ck_assert_uint_eq(check_faults(cases, sizeof cases / sizeof *cases, start_open), 0);
}
END_TEST

START_TEST(resets_in_mid_response)
{
	CHECK_FAULTS(resets);
}
END_TEST

START_TEST(connection_errors)
{
	CHECK_FAULTS(connection);
}
END_TEST

START_TEST(every_reset_has_its_code)
{
	static const struct {
		uint8_t error;
		enum wire_code code;
	} cases[] = {
		{ 0x0, WIRE_INTERNAL }, { 0x1, WIRE_INTERNAL }, { 0x2, WIRE_INTERNAL }, { 0x3, WIRE_INTERNAL },
		{ 0x4, WIRE_INTERNAL }, { 0x5, WIRE_UNKNOWN }, { 0x6, WIRE_INTERNAL }, { 0x7, WIRE_UNAVAILABLE },
		{ 0x8, WIRE_CANCELLED }, { 0x9, WIRE_INTERNAL }, { 0xa, WIRE_INTERNAL },
		{ 0xb, WIRE_RESOURCE_EXHAUSTED }, { 0xc, WIRE_PERMISSION_DENIED }, { 0xd, WIRE_UNKNOWN },
		{ 0xff, WIRE_UNKNOWN },
	};
	struct client c;
	struct record rec;

	begin(&c, NULL, 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t code[4] = { 0, 0, 0, cases[i].error };

		ask(&c, &rec);
		raw_send_frame(&c.r, RAW_RST_STREAM, 0, 2 * (uint32_t)i + 1, code, sizeof code);
		pair_run(&c.turn, pair_is, &rec.ended);
		ck_assert_msg(rec.code == cases[i].code, "0x%x: %s", cases[i].error, wire_code_name(rec.code));
		ck_assert_int_eq(rec.unprocessed, cases[i].error == H2_REFUSED_STREAM);
		record_done(&rec);
	}
	ck_assert(!c.r.down);
	raw_close(&c.r);
}
END_TEST

START_TEST(every_http_status_has_its_code)
{
	static const struct {
		const char *status;
		enum wire_code code;
	} cases[] = {
		{ "204", WIRE_UNKNOWN }, { "302", WIRE_UNKNOWN }, { "400", WIRE_INTERNAL },
		{ "401", WIRE_UNAUTHENTICATED }, { "403", WIRE_PERMISSION_DENIED }, { "404", WIRE_UNIMPLEMENTED },
		{ "405", WIRE_UNKNOWN }, { "429", WIRE_UNAVAILABLE }, { "431", WIRE_INTERNAL }, { "500", WIRE_UNKNOWN },
		{ "502", WIRE_UNAVAILABLE }, { "503", WIRE_UNAVAILABLE }, { "504", WIRE_UNAVAILABLE },
	};
	struct client c;
	struct record rec;

	begin(&c, NULL, 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf block = { 0 };

		ask(&c, &rec);
		raw_field(&block, ":status", cases[i].status);
		raw_field(&block, "content-type", "text/html");
		raw_send_frame(&c.r, RAW_HEADERS, EH | ES, 2 * (uint32_t)i + 1, buf_data(&block), buf_len(&block));
		pair_run(&c.turn, pair_is, &rec.ended);
		ck_assert_msg(rec.code == cases[i].code, "%s: %s", cases[i].status, wire_code_name(rec.code));
		ck_assert_ptr_nonnull(strstr(rec.why, cases[i].status));
		buf_done(&block);
		record_done(&rec);
	}
	raw_close(&c.r);
}
END_TEST

/* ---- unary calls ---- */

struct answer {
	bool done;
	enum wire_code code;
	char text[20];
};

static void on_answer(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len, void *arg)
{
	struct answer *a = arg;

	(void)call;
	(void)why;
	a->done = true;
	a->code = code;
	snprintf(a->text, sizeof a->text, "%.*s", data ? (int)len : 0, data ? (const char *)data : "");
}

START_TEST(unary_call_wants_one_message)
{
	static const struct {
		struct step steps[STEPS_MAX];
		enum wire_code code;
		const char *text;
	} cases[] = {
		{ { HEADERS(1, EH, RESPONSE), DATA(1, 0, MESSAGE), HEADERS(1, EH | ES, TRAILERS("0")) }, WIRE_OK, "ok" },
		{ { HEADERS(1, EH | ES, RESPONSE TRAILERS("0")) }, WIRE_INTERNAL, "" },
		{ { HEADERS(1, EH, RESPONSE), HEADERS(1, EH | ES, TRAILERS("0")) }, WIRE_INTERNAL, "" },
		{ { HEADERS(1, EH, RESPONSE), DATA(1, 0, MESSAGE MESSAGE), HEADERS(1, EH | ES, TRAILERS("0")) }, WIRE_INTERNAL, "" },
		{ { HEADERS(1, EH, RESPONSE), DATA(1, 0, MESSAGE), HEADERS(1, EH | ES, TRAILERS("9")) },
		  WIRE_FAILED_PRECONDITION, "" },
		{ { HEADERS(1, EH, RESPONSE), DATA(1, 0, MESSAGE), RESET(1, "\0\0\0\0") }, WIRE_INTERNAL, "" },
		{ { HEADERS(1, EH, RESPONSE), DATA(1, ES, MESSAGE) }, WIRE_UNKNOWN, "" },
	};
	const struct wire_request request = { .path = "/test.Echo/Any" };
	Grpc__Health__V1__HealthCheckRequest message = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct answer a = { .done = false };
		struct client c;

		begin(&c, NULL, 0);
		wire_unary(c.r.conn, &request, &message.base, on_answer, &a);
		ck_assert(raw_wait(&c.r, RAW_DATA));
		script_play(&c.r, cases[i].steps);
		pair_run(&c.turn, pair_is, &a.done);
		ck_assert_msg(a.code == cases[i].code, "%zu: %s", i, wire_code_name(a.code));
		ck_assert_str_eq(a.text, cases[i].text);
		raw_close(&c.r);
	}
}
END_TEST

/* ---- header blocks without measure ---- */

START_TEST(response_headers_over_the_limit)
{
	char *big = mem_alloc(WIRE_HEADER_LIST_MAX / 2 + 1);
	struct buf block = { 0 };
	struct client c;
	struct record rec;

	memset(big, 'x', WIRE_HEADER_LIST_MAX / 2);
	big[WIRE_HEADER_LIST_MAX / 2] = '\0';
	raw_field(&block, ":status", "200");
	raw_field(&block, "x-a", big);
	raw_field(&block, "x-b", big);
	begin(&c, NULL, 0);
	ask(&c, &rec);
	raw_send_frame(&c.r, RAW_HEADERS, EH, 1, buf_data(&block), buf_len(&block));
	pair_run(&c.turn, pair_is, &rec.ended);
	ck_assert_int_eq(rec.code, WIRE_RESOURCE_EXHAUSTED);
	ck_assert(raw_wait(&c.r, RAW_RST_STREAM));
	ck_assert_uint_eq(raw_u32(&c.r, 0), H2_CANCEL);
	end(&c, &rec);
	buf_done(&block);
	free(big);
}
END_TEST

START_TEST(endless_run_of_continuations)
{
	static const struct step none = CONTINUATION(1, 0, "");
	struct client c;
	struct record rec;

	begin(&c, NULL, 0);
	ask(&c, &rec);
	raw_send_frame(&c.r, RAW_HEADERS, 0, 1, RESPONSE, sizeof RESPONSE - 1);
	for (int i = 0; i < 100 && !c.r.deaf; i++)
		script_send(&c.r, &none);
	ck_assert(raw_wait(&c.r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&c.r, 4), H2_ENHANCE_YOUR_CALM);
	pair_run(&c.turn, pair_is, &rec.ended);
	ck_assert_int_eq(rec.code, WIRE_UNAVAILABLE);
	end(&c, &rec);
}
END_TEST

/* ---- GOAWAY ---- */

static const struct step answer_1[STEPS_MAX] = {
	HEADERS(1, EH, RESPONSE), DATA(1, 0, MESSAGE), HEADERS(1, EH | ES, TRAILERS("0"))
};
static const struct step answer_3[STEPS_MAX] = {
	HEADERS(3, EH, RESPONSE), DATA(3, 0, MESSAGE), HEADERS(3, EH | ES, TRAILERS("0"))
};

static void ask_three(struct client *c, struct record rec[3])
{
	for (int i = 0; i < 3; i++)
		ask(c, &rec[i]);
}

static void expect_refused(struct client *c, struct record *rec)
{
	pair_run(&c->turn, pair_is, &rec->ended);
	ck_assert_int_eq(rec->code, WIRE_UNAVAILABLE);
	ck_assert(rec->unprocessed);
	record_done(rec);
}

static void expect_ok(struct client *c, struct record *rec, const struct step *answer)
{
	ck_assert(!rec->ended);
	for (size_t i = 0; i < STEPS_MAX && answer[i].kind; i++)
		script_send(&c->r, &answer[i]);
	pair_run(&c->turn, pair_is, &rec->ended);
	ck_assert_int_eq(rec->code, WIRE_OK);
	ck_assert_uint_eq(rec->n_messages, 1);
	record_done(rec);
}

/* Calls up to the id end in order, those above may be sent again, new ones too, elsewhere. */
START_TEST(goaway_in_mid_call)
{
	struct client c;
	struct record rec[3], late;

	begin(&c, NULL, 0);
	ask_three(&c, rec);
	raw_send_frame(&c.r, RAW_GOAWAY, 0, 0, "\0\0\0\3\0\0\0\0", 8);
	expect_refused(&c, &rec[2]);
	pair_run(&c.turn, pair_is, &c.r.drained);
	ck_assert(!wire_conn_is_open(c.r.conn));
	start(&c, &late, 0);
	expect_refused(&c, &late);
	expect_ok(&c, &rec[1], answer_3);
	expect_ok(&c, &rec[0], answer_1);
	ck_assert(raw_wait_closed(&c.r));
	ck_assert(!c.r.cut);
	raw_close(&c.r);
}
END_TEST

START_TEST(goaway_below_every_stream)
{
	struct client c;
	struct record rec[3];

	begin(&c, NULL, 0);
	ask_three(&c, rec);
	raw_send_frame(&c.r, RAW_GOAWAY, 0, 0, "\0\0\0\0\0\0\0\2oops", 12);
	for (int i = 0; i < 3; i++) {
		expect_refused(&c, &rec[i]);
		ck_assert_ptr_nonnull(strstr(rec[i].why, "oops"));
	}
	ck_assert(raw_wait_closed(&c.r));
	raw_close(&c.r);
}
END_TEST

START_TEST(goaway_twice_with_ids_that_shrink)
{
	struct client c;
	struct record rec[3];

	begin(&c, NULL, 0);
	ask_three(&c, rec);
	raw_send_frame(&c.r, RAW_GOAWAY, 0, 0, "\x7f\xff\xff\xff\0\0\0\0", 8);
	raw_turn(&c.r);
	ck_assert(!rec[0].ended && !rec[1].ended && !rec[2].ended);
	raw_send_frame(&c.r, RAW_GOAWAY, 0, 0, "\0\0\0\1\0\0\0\0", 8);
	expect_refused(&c, &rec[1]);
	expect_refused(&c, &rec[2]);
	expect_ok(&c, &rec[0], answer_1);
	ck_assert(raw_wait_closed(&c.r));
	raw_close(&c.r);
}
END_TEST

/* ---- PING ---- */

/* gRPC's negative case "ping": around headers and around each piece of data. */
START_TEST(pings_around_every_frame)
{
	struct client c;
	struct record rec;
	unsigned acks = 0;

	begin(&c, NULL, 0);
	ask(&c, &rec);
	for (int i = 0; i < 30; i++)
		raw_send_frame(&c.r, RAW_PING, 0, 0, "12345678", 8);
	expect_ok(&c, &rec, answer_1);
	for (; acks < 30; acks++)
		ck_assert_msg(raw_wait(&c.r, RAW_PING), "%u of 30: %s", acks, c.r.why);
	ck_assert(!c.r.down);
	raw_close(&c.r);
}
END_TEST

START_TEST(ping_storm_ends_the_connection)
{
	struct client c;
	struct record rec;

	begin(&c, NULL, 0);
	ask(&c, &rec);
	for (int i = 0; i < 1100 && !c.r.deaf; i++)
		raw_send_frame(&c.r, RAW_PING, 0, 0, "12345678", 8);
	ck_assert(raw_wait(&c.r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&c.r, 4), H2_ENHANCE_YOUR_CALM);
	pair_run(&c.turn, pair_is, &rec.ended);
	ck_assert_int_eq(rec.code, WIRE_UNAVAILABLE);
	end(&c, &rec);
}
END_TEST

/* ---- SETTINGS ---- */

START_TEST(one_stream_at_a_time)
{
	struct client c;
	struct record rec[10];

	begin(&c, SET_STREAMS "\0\0\0\1", 6);
	for (int i = 0; i < 10; i++) {
		start(&c, &rec[i], 0);
		wire_half_close(rec[i].call);
	}
	for (uint32_t i = 0; i < 10; i++) {
		static const char ok[] = RESPONSE TRAILERS("0");

		ck_assert(raw_wait(&c.r, RAW_HEADERS));
		ck_assert_uint_eq(c.r.frame.stream, 2 * i + 1);
		ck_assert(raw_wait(&c.r, RAW_DATA));
		raw_turn(&c.r);
		ck_assert_uint_eq(buf_len(&c.r.in), 0);
		raw_send_frame(&c.r, RAW_HEADERS, EH | ES, 2 * i + 1, ok, sizeof ok - 1);
		pair_run(&c.turn, pair_is, &rec[i].ended);
		ck_assert_int_eq(rec[i].code, WIRE_OK);
	}
	raw_close(&c.r);
}
END_TEST

static unsigned count_requests(struct raw *r, bool until_ack)
{
	unsigned n = 0;

	while (raw_next(r) && !(until_ack && r->frame.type == RAW_SETTINGS && r->frame.flags & RAW_ACK)) {
		n += r->frame.type == RAW_HEADERS;
		if (!until_ack && n == 2)
			break;
	}
	return n;
}

/* What a server allows is not known before its SETTINGS: until then calls are as few as the strictest takes. */
START_TEST(few_streams_before_settings)
{
	enum { N = WIRE_PEER_STREAMS_GUESS + 2 };
	struct record rec[N];
	struct client c;

	raw_accept(&c.r, 0);
	for (int i = 0; i < N; i++)
		start(&c, &rec[i], 0);
	raw_turn(&c.r);
	raw_send_frame(&c.r, RAW_SETTINGS, 0, 0, NULL, 0);
	ck_assert_uint_eq(count_requests(&c.r, true), WIRE_PEER_STREAMS_GUESS);
	ck_assert_uint_eq(count_requests(&c.r, false), 2);
	raw_close(&c.r);
}
END_TEST

/* No stream at all: calls wait, their deadlines count; then the limit is raised. */
START_TEST(no_stream_at_all)
{
	struct client c;
	struct record patient, hasty;

	begin(&c, SET_STREAMS "\0\0\0\0", 6);
	start(&c, &patient, 0);
	start(&c, &hasty, 30);
	wire_half_close(patient.call);
	pair_run(&c.turn, pair_is, &hasty.ended);
	ck_assert_int_eq(hasty.code, WIRE_DEADLINE_EXCEEDED);
	ck_assert(hasty.unprocessed);
	ck_assert(!patient.ended);
	raw_send_frame(&c.r, RAW_SETTINGS, 0, 0, SET_STREAMS "\0\0\0\1", 6);
	ck_assert(raw_wait(&c.r, RAW_HEADERS));
	expect_ok(&c, &patient, answer_1);
	raw_close(&c.r);
}
END_TEST

static size_t count_data(struct raw *r, size_t want)
{
	size_t n = 0;

	while (n < want && raw_wait(r, RAW_DATA))
		n += buf_len(&r->frame.payload);
	return n;
}

START_TEST(window_that_shrinks_below_zero)
{
	static const char message[1000];
	struct client c;
	struct record rec;

	begin(&c, SET_WINDOW "\0\0\1\0", 6);
	start(&c, &rec, 0);
	wire_send(rec.call, message, sizeof message);
	wire_half_close(rec.call);
	ck_assert_uint_eq(count_data(&c.r, 256), 256);
	raw_send_frame(&c.r, RAW_SETTINGS, 0, 0, SET_WINDOW "\0\0\0\x64", 6);
	raw_send_frame(&c.r, RAW_WINDOW_UPDATE, 0, 1, "\0\0\0\x9c", 4);	/* up to 0 */
	raw_turn(&c.r);
	ck_assert(raw_wait(&c.r, RAW_SETTINGS));
	raw_send_frame(&c.r, RAW_WINDOW_UPDATE, 0, 1, "\0\0\0\7", 4);
	ck_assert(raw_wait(&c.r, RAW_DATA));
	ck_assert_uint_eq(buf_len(&c.r.frame.payload), 7);
	raw_send_frame(&c.r, RAW_SETTINGS, 0, 0, SET_WINDOW "\0\0\xff\xff", 6);
	ck_assert_uint_eq(count_data(&c.r, sizeof message + 5 - 263), sizeof message + 5 - 263);
	expect_ok(&c, &rec, answer_1);
	raw_close(&c.r);
}
END_TEST

START_TEST(header_table_and_frame_size_change)
{
	static const char message[60000];
	struct client c;
	struct record rec[2];

	begin(&c, NULL, 0);
	ask(&c, &rec[0]);
	raw_send_frame(&c.r, RAW_SETTINGS, 0, 0, SET_HEADER_TABLE "\0\0\0\0" SET_FRAME "\0\0\x80\0", 12);
	expect_ok(&c, &rec[0], answer_1);
	nghttp2_hd_inflate_change_table_size(c.r.inflater, 0);
	start(&c, &rec[1], 0);
	wire_send(rec[1].call, message, sizeof message);
	wire_half_close(rec[1].call);
	ck_assert(raw_wait(&c.r, RAW_HEADERS));
	ck_assert_ptr_nonnull(strstr(buf_string(&c.r.frame.payload), ":path: /test.Echo/Any\n"));
	ck_assert(raw_wait(&c.r, RAW_DATA));
	ck_assert_uint_eq(buf_len(&c.r.frame.payload), 0x8000);
	expect_ok(&c, &rec[1], answer_3);
	raw_close(&c.r);
}
END_TEST

START_TEST(window_that_never_opens)
{
	struct client c;
	struct record rec;

	begin(&c, SET_WINDOW "\0\0\0\0", 6);
	start(&c, &rec, 50);
	wire_send(rec.call, "x", 1);
	wire_half_close(rec.call);
	pair_run(&c.turn, pair_is, &rec.ended);
	ck_assert_int_eq(rec.code, WIRE_DEADLINE_EXCEEDED);
	ck_assert(raw_wait(&c.r, RAW_RST_STREAM));
	ck_assert_uint_eq(raw_u32(&c.r, 0), H2_CANCEL);
	end(&c, &rec);
}
END_TEST

/* ---- connections that are none ---- */

START_TEST(lost_in_mid_message)
{
	struct client c;
	struct record rec;

	begin(&c, NULL, 0);
	ask(&c, &rec);
	raw_send_frame(&c.r, RAW_HEADERS, EH, 1, RESPONSE, sizeof RESPONSE - 1);
	raw_send_frame(&c.r, RAW_DATA, 0, 1, "\0\0\0\0\5ab", 7);
	shutdown(c.r.fd, SHUT_WR);
	pair_run(&c.turn, pair_is, &rec.ended);
	ck_assert_int_eq(rec.code, WIRE_UNAVAILABLE);
	ck_assert(!rec.unprocessed);
	end(&c, &rec);
}
END_TEST

/* The call that waited for the connection has provably not been sent. */
static void expect_never_up(struct raw *r, struct record *rec, const char *why)
{
	struct pair turn = { .loop = r->loop };

	pair_run(&turn, pair_is, &r->down);
	ck_assert(!r->up);
	ck_assert_msg(strstr(r->why, why) != NULL, "%s", r->why);
	ck_assert(rec->ended);
	ck_assert_int_eq(rec->code, WIRE_UNAVAILABLE);
	raw_close(r);
	record_done(rec);
}

START_TEST(no_settings_in_time)
{
	struct client c;
	struct record rec;

	raw_accept(&c.r, 50);
	start(&c, &rec, 0);
	expect_never_up(&c.r, &rec, "timeout");
}
END_TEST

START_TEST(no_http2_at_all)
{
	static const struct {
		const char *text, *why;
	} peers[] = {
		{ "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nThis is no HTTP/2\r\n", "HTTP/1" },
		{ "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7\r\n", "does not speak HTTP/2" },
		{ "\x15\x03\x01\x7f\x7f\x02\x16\x01\x01\x01\x01\x01", "does not speak HTTP/2" },
	};

	for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
		struct client c;
		struct record rec;

		raw_accept(&c.r, 0);
		start(&c, &rec, 0);
		raw_send(&c.r, peers[i].text, strlen(peers[i].text));
		raw_wait_closed(&c.r);
		shutdown(c.r.fd, SHUT_RDWR);
		expect_never_up(&c.r, &rec, peers[i].why);
	}
}
END_TEST

UNIT_MAIN(good_responses, malformed_responses, odd_statuses, odd_bodies, frames_behind_the_end,
	  open_calls_are_closed, resets_in_mid_response, connection_errors, every_reset_has_its_code,
	  every_http_status_has_its_code, unary_call_wants_one_message, response_headers_over_the_limit,
	  endless_run_of_continuations, goaway_in_mid_call, goaway_below_every_stream,
	  goaway_twice_with_ids_that_shrink, pings_around_every_frame, ping_storm_ends_the_connection,
	  one_stream_at_a_time, few_streams_before_settings, no_stream_at_all, window_that_shrinks_below_zero,
	  header_table_and_frame_size_change, window_that_never_opens, lost_in_mid_message, no_settings_in_time,
	  no_http2_at_all)
