/* test_headers.c - RFC 9113 sections 6.2, 6.10, 8.1 to 8.4: header blocks and requests, as a server takes them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/lib/script.h"
#include "test/lib/unit.h"

#define TOLD_PROTOCOL	"goaway(PROTOCOL_ERROR) closed"
#define MALFORMED	"1:reset(PROTOCOL_ERROR)"
#define OK_GET		"1:405 1:data(16)."
#define OK_POST		"1:415 1:data(42)."
#define BLOCK(bytes_)	{ HEADERS(1, EH | ES, bytes_) }
#define LENGTH		"\x0f\xd"	/* content-length */

static const struct script frames[] = {
	{ "6.2: padding", { HEADERS(1, EH | ES | RAW_PADDED, "\3" GET "\0\0\0") }, OK_GET },
	{ "6.2: padding as long as the payload", { HEADERS(1, EH | ES | RAW_PADDED, "\x5\x82\x86\x84\x81") }, TOLD_PROTOCOL },
	{ "6.2: padding longer than the payload", { HEADERS(1, EH | ES | RAW_PADDED, "\xff" GET) }, TOLD_PROTOCOL },
	{ "6.2: stream 0", { HEADERS(0, EH | ES, GET) }, TOLD_PROTOCOL },
	{ "4.3: PRIORITY within a header block", { HEADERS(1, 0, GET), PRIORITY(1, "\0\0\0\0\xff"), CONTINUATION(1, EH, "") },
	  TOLD_PROTOCOL },
	{ "4.3: HEADERS of another stream within a header block",
	  { HEADERS(1, 0, GET), HEADERS(3, EH | ES, GET), CONTINUATION(1, EH, "") }, TOLD_PROTOCOL },
	{ "4.3: HEADERS of the same stream within a header block", { HEADERS(1, ES, GET), HEADERS(1, EH | ES, GET) },
	  TOLD_PROTOCOL },
	{ "4.3: PING within a header block", { HEADERS(1, ES, GET), PING(0, "12345678") }, TOLD_PROTOCOL },
	{ "4.3: WINDOW_UPDATE within a header block", { HEADERS(1, ES, GET), WINDOW(0, "\0\0\0\1") }, TOLD_PROTOCOL },
	{ "4.3: RST_STREAM within a header block", { HEADERS(1, 0, GET), RESET(1, "\0\0\0\x8") }, TOLD_PROTOCOL },
};

static const struct script continuation[] = {
	{ "6.10: one", { HEADERS(1, ES, "\x82\x86\x84\x01\4"), CONTINUATION(1, EH, "test") }, OK_GET },
	{ "6.10: two", { HEADERS(1, ES, "\x82"), CONTINUATION(1, 0, "\x86\x84\x01"), CONTINUATION(1, EH, "\4test") }, OK_GET },
	{ "6.10: behind HEADERS without a block", { HEADERS(1, ES, ""), CONTINUATION(1, 0, ""), CONTINUATION(1, EH, GET) },
	  OK_GET },
	{ "6.10: DATA behind it", { HEADERS(1, 0, POST), CONTINUATION(1, 0, "\0\1x\1y"), DATA(1, ES, "test") },
	  TOLD_PROTOCOL },
	{ "6.10: stream 0", { HEADERS(1, ES, GET), CONTINUATION(0, EH, "\0\1x\1y") }, TOLD_PROTOCOL },
	{ "6.10: another stream", { HEADERS(1, ES, GET), CONTINUATION(3, EH, "\0\1x\1y") }, TOLD_PROTOCOL },
	{ "6.10: behind END_HEADERS", { HEADERS(1, EH | ES, GET), CONTINUATION(1, EH, "\0\1x\1y") },
	  OK_GET " " TOLD_PROTOCOL },
	{ "6.10: behind END_HEADERS of another", { HEADERS(1, ES, GET), CONTINUATION(1, EH, "\0\1x\1y"),
	  CONTINUATION(1, EH, "\0\1x\1y") }, OK_GET " " TOLD_PROTOCOL },
	{ "6.10: behind DATA", { HEADERS(1, 0, POST), DATA(1, ES, "test"), CONTINUATION(1, EH, "\0\1x\1y") }, TOLD_PROTOCOL },
	{ "6.10: behind DATA of an open stream", { HEADERS(1, EH, POST), DATA(1, 0, "test"), CONTINUATION(1, EH, "\0\1x\1y") },
	  TOLD_PROTOCOL },
	{ "6.10: alone", { CONTINUATION(0, EH, "") }, TOLD_PROTOCOL },
};

static const struct script exchange[] = {
	{ "8.1: GET", BLOCK(GET), OK_GET },
	{ "8.1: POST", { HEADERS(1, EH, POST), DATA(1, ES, "test") }, OK_POST },
	{ "8.1: trailers", { HEADERS(1, EH, POST "\0\7trailer\6x-test"), DATA(1, 0, "test"), HEADERS(1, EH | ES, "\0\6x-test\2ok") },
	  OK_POST },
	{ "8.1: trailers without a body", { HEADERS(1, EH, GET), HEADERS(1, EH | ES, "\0\6x-test\2ok") }, OK_GET },
	{ "8.1: gRPC with trailers", { HEADERS(1, EH, GRPC), DATA(1, 0, "\0\0\0\0\1x"), HEADERS(1, EH | ES, "\0\6x-test\2ok") },
	  "1:200 1:data(6) 1:trailers(0)." },
	{ "8.1: second HEADERS without END_STREAM",
	  { HEADERS(1, EH, POST), DATA(1, 0, "test"), HEADERS(1, EH, "\0\6x-test\2ok") }, MALFORMED },
	{ "8.1: the same with gRPC", { HEADERS(1, EH, GRPC), DATA(1, 0, "\0"), HEADERS(1, EH, "\0\6x-test\2ok") }, MALFORMED },
	{ "9110 9.3.2: no content for HEAD", BLOCK("\x02\4HEAD" TARGET), "1:405." },
	{ "8.1: nothing before the request has ended", { HEADERS(1, EH, GET), DATA(1, 0, "test") }, "" },
	{ "8.4: PUSH_PROMISE from a client", { HEADERS(1, EH, GET), FRAME(RAW_PUSH_PROMISE, EH, 1, "\0\0\0\2" GET) },
	  TOLD_PROTOCOL },
	{ "8.4: PUSH_PROMISE on an idle stream", { FRAME(RAW_PUSH_PROMISE, EH, 1, "\0\0\0\2" GET) }, TOLD_PROTOCOL },
};

static const struct script fields[] = {
	{ "8.2.1: upper case", BLOCK(GET "\0\6X-TEST\2ok"), MALFORMED },
	{ "8.2.1: one letter in upper case", BLOCK(GET "\0\6x-tesT\2ok"), MALFORMED },
	{ "8.2.1: empty name", BLOCK(GET "\0\0\2ok"), MALFORMED },
	{ "8.2.1: space in a name", BLOCK(GET "\0\6x test\2ok"), MALFORMED },
	{ "8.2.1: colon in a name", BLOCK(GET "\0\6x:test\2ok"), MALFORMED },
	{ "8.2.1: NUL in a name", BLOCK(GET "\0\6x\0test\2ok"), MALFORMED },
	{ "8.2.1: UTF-8 in a name", BLOCK(GET "\0\6x\xc3\xa4xxx\2ok"), MALFORMED },
	{ "8.2.2: connection", BLOCK(GET "\0\xa" "connection\xa" "keep-alive"), MALFORMED },
	{ "8.2.2: keep-alive", BLOCK(GET "\0\xa" "keep-alive\1x"), MALFORMED },
	{ "8.2.2: proxy-connection", BLOCK(GET "\0\x10" "proxy-connection\1x"), MALFORMED },
	{ "8.2.2: transfer-encoding", BLOCK(GET "\0\x11" "transfer-encoding\7chunked"), MALFORMED },
	{ "8.2.2: upgrade", BLOCK(GET "\0\7upgrade\3h2c"), MALFORMED },
	{ "8.2.2: te: trailers", BLOCK(GET "\0\2te\x8trailers"), OK_GET },
	{ "8.2.2: te: anything else", BLOCK(GET "\0\2te\x11trailers, deflate"), MALFORMED },
	{ "8.2.2: connection in trailers", { HEADERS(1, EH, POST), HEADERS(1, EH | ES, "\0\xa" "connection\5close") }, MALFORMED },
};

static const struct script pseudo[] = {
	{ "8.3: unknown", BLOCK(GET "\0\5:test\2ok"), MALFORMED },
	{ "8.3: of a response", BLOCK(GET "\x88"), MALFORMED },
	{ "8.3: in trailers", { HEADERS(1, EH, POST), DATA(1, 0, "test"), HEADERS(1, EH | ES, "\x82") }, MALFORMED },
	{ "8.3: behind a regular field", BLOCK("\x86\x84\x01\4test" "\0\1x\1y" "\x82"), MALFORMED },
	{ "8.3.1: empty :path", BLOCK("\x82\x86\x04\0\x01\4test"), MALFORMED },
	{ "8.3.1: no :method", BLOCK(TARGET), MALFORMED },
	{ "8.3.1: no :method, no :scheme", BLOCK("\x84\x01\4test"), MALFORMED },
	{ "8.3.1: no :scheme", BLOCK("\x82\x84\x01\4test"), MALFORMED },
	{ "8.3.1: no :path", BLOCK("\x82\x86\x01\4test"), MALFORMED },
	{ "8.3.1: no :authority and no host", BLOCK("\x82\x86\x84"), MALFORMED },
	{ "8.3.1: host in its place", BLOCK("\x82\x86\x84" "\0\4host\4test"), OK_GET },
	{ "8.3.1: two :method", BLOCK("\x82" GET), MALFORMED },
	{ "8.3.1: two :scheme", BLOCK("\x86" GET), MALFORMED },
	{ "8.3.1: two :path", BLOCK("\x84" GET), MALFORMED },
	{ "8.3.1: two :authority", BLOCK("\x01\4test" GET), MALFORMED },
	{ "8.3.1: two :method behind the rest", BLOCK(GET "\x82"), MALFORMED },
	{ "8.3.1: path without a slash", BLOCK("\x82\x86\x04\4test\x01\4test"), MALFORMED },
	{ "8.3.1: asterisk for anything but OPTIONS", BLOCK("\x82\x86\x04\1*\x01\4test"), MALFORMED },
	{ "8.3.1: asterisk", BLOCK("\x02\7OPTIONS\x86\x04\1*\x01\4test"), OK_GET },
	{ "8.5: CONNECT with a path", BLOCK("\x02\7CONNECT" TARGET), MALFORMED },
	{ "8.5: CONNECT", BLOCK("\x02\7CONNECT\x01\4test"), OK_GET },
};

static const struct script length[] = {
	{ "8.1.1: content-length as it is", { HEADERS(1, EH, POST LENGTH "\1" "4"), DATA(1, ES, "test") }, OK_POST },
	{ "8.1.1: too small for one frame", { HEADERS(1, EH, POST LENGTH "\1" "1"), DATA(1, ES, "test") }, MALFORMED },
	{ "8.1.1: too small for two frames", { HEADERS(1, EH, POST LENGTH "\1" "1"), DATA(1, 0, "test"), DATA(1, ES, "test") },
	  MALFORMED },
	{ "8.1.1: too large", { HEADERS(1, EH, POST LENGTH "\1" "9"), DATA(1, ES, "test") }, MALFORMED },
	{ "8.1.1: too large, no body", BLOCK(POST LENGTH "\1" "9"), MALFORMED },
	{ "8.1.1: too large, trailers", { HEADERS(1, EH, POST LENGTH "\1" "9"), DATA(1, 0, "test"),
	  HEADERS(1, EH | ES, "\0\1x\1y") }, MALFORMED },
	{ "8.1.1: padding does not count", { HEADERS(1, EH, POST LENGTH "\1" "4"), DATA(1, ES | RAW_PADDED, "\2test\0\0") },
	  OK_POST },
	{ "8.1.1: no number", BLOCK(POST LENGTH "\1x"), MALFORMED },
	{ "8.1.1: negative", BLOCK(POST LENGTH "\2-1"), MALFORMED },
	{ "8.1.1: twice", BLOCK(POST LENGTH "\1" "0" LENGTH "\1" "0"), MALFORMED },
	{ "8.1.1: over 64 bits", BLOCK(POST LENGTH "\x15" "999999999999999999999"), MALFORMED },
	{ "8.1.1: gRPC, too small", { HEADERS(1, EH, GRPC LENGTH "\1" "5"), DATA(1, ES, "\0\0\0\0\1x") }, MALFORMED },
	{ "8.1.1: gRPC, as it is", { HEADERS(1, EH, GRPC LENGTH "\1" "6"), DATA(1, ES, "\0\0\0\0\1x") },
	  "1:200 1:data(6) 1:trailers(0)." },
};

START_TEST(headers_frames)
{
	SCRIPT_CHECK(frames);
}
END_TEST

START_TEST(continuation_frames)
{
	SCRIPT_CHECK(continuation);
}
END_TEST

START_TEST(requests)
{
	SCRIPT_CHECK(exchange);
}
END_TEST

START_TEST(field_names)
{
	SCRIPT_CHECK(fields);
}
END_TEST

START_TEST(pseudo_fields)
{
	SCRIPT_CHECK(pseudo);
}
END_TEST

START_TEST(content_length)
{
	SCRIPT_CHECK(length);
}
END_TEST

/* RFC 9113 8.2.1: NUL, CR and LF nowhere, no white space at the ends. */
START_TEST(field_values)
{
	static const struct script values[] = {
		{ "8.2.1: NUL", BLOCK(GET "\0\1x\3a\0b"), MALFORMED },
		{ "8.2.1: CR", BLOCK(GET "\0\1x\3a\rb"), MALFORMED },
		{ "8.2.1: LF", BLOCK(GET "\0\1x\3a\nb"), MALFORMED },
		{ "8.2.1: space in front", BLOCK(GET "\0\1x\2 b"), MALFORMED },
		{ "8.2.1: tab behind", BLOCK(GET "\0\1x\2a\t"), MALFORMED },
		{ "8.2.1: bytes over 127", BLOCK(GET "\0\1x\2\xc3\xa4"), OK_GET },
		{ "8.2.1: space within", BLOCK(GET "\0\1x\3a b"), OK_GET },
	};

	SCRIPT_CHECK(values);
}
END_TEST

/* What is malformed costs its own stream: the connection and its neighbours go on. */
START_TEST(neighbours_of_a_malformed_request)
{
	static const struct step steps[STEPS_MAX] = {
		HEADERS(1, EH, GRPC), HEADERS(3, EH | ES, TARGET), HEADERS(5, EH | ES, GET "\0\6X-TEST\2ok"),
		DATA(1, ES, "\0\0\0\0\1x"), HEADERS(7, EH | ES, GET),
	};
	struct raw r;

	raw_open(&r, NULL);
	raw_handshake(&r);
	ck_assert_str_eq(script_play(&r, steps), "3:reset(PROTOCOL_ERROR) 5:reset(PROTOCOL_ERROR) 1:200 1:data(6) "
			 "1:trailers(0). 7:405 7:data(16).");
	raw_close(&r);
}
END_TEST

UNIT_MAIN(headers_frames, continuation_frames, requests, field_names, field_values, pseudo_fields, content_length,
	  neighbours_of_a_malformed_request)
