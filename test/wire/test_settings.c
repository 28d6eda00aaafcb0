/* test_settings.c - RFC 9113 section 6.5: SETTINGS, as a server takes them. */
#include "test/lib/script.h"
#include "test/lib/unit.h"

#define TOLD_PROTOCOL	"goaway(PROTOCOL_ERROR) closed"
#define TOLD_SIZE	"goaway(FRAME_SIZE_ERROR) closed"
#define TOLD_FLOW	"goaway(FLOW_CONTROL_ERROR) closed"
#define OK_GET		"1:405 1:data(16)."

static const struct script form[] = {
	{ "6.5: ACK with a payload", { FRAME(RAW_SETTINGS, RAW_ACK, 0, "\0") }, TOLD_SIZE },
	{ "6.5: stream other than 0", { FRAME(RAW_SETTINGS, 0, 1, SET_STREAMS "\0\0\0\x64") }, TOLD_PROTOCOL },
	{ "6.5: length is no multiple of 6", { SETTINGS(SET_STREAMS "\0\0\0\x64\0\2") }, TOLD_SIZE },
	{ "6.5: length too small", { SETTINGS("\0\3\0") }, TOLD_SIZE },
	{ "6.5: the header is enough to tell", { BYTES("\0\0\x9\4\0\0\0\0\0" "\0\3\0\0\0\x64\0\2") }, TOLD_SIZE },
	{ "6.5: empty", { SETTINGS("") }, "settings" },
	{ "6.5: ACK that nothing asked for", { FRAME(RAW_SETTINGS, RAW_ACK, 0, "") }, TOLD_PROTOCOL },
	{ "6.5: within a header block", { HEADERS(1, ES, GET), SETTINGS("") }, TOLD_PROTOCOL },
};

static const struct script values[] = {
	{ "6.5.2: ENABLE_PUSH 0", { SETTINGS(SET_PUSH "\0\0\0\0") }, "settings" },
	{ "6.5.2: ENABLE_PUSH 1", { SETTINGS(SET_PUSH "\0\0\0\1") }, "settings" },
	{ "6.5.2: ENABLE_PUSH 2", { SETTINGS(SET_PUSH "\0\0\0\2") }, TOLD_PROTOCOL },
	{ "6.5.2: INITIAL_WINDOW_SIZE 2^31 - 1", { SETTINGS(SET_WINDOW "\x7f\xff\xff\xff") }, "settings" },
	{ "6.5.2: INITIAL_WINDOW_SIZE 2^31", { SETTINGS(SET_WINDOW "\x80\0\0\0") }, TOLD_FLOW },
	{ "6.5.2: MAX_FRAME_SIZE 2^14 - 1", { SETTINGS(SET_FRAME "\0\0\x3f\xff") }, TOLD_PROTOCOL },
	{ "6.5.2: MAX_FRAME_SIZE 2^14", { SETTINGS(SET_FRAME "\0\0\x40\0") }, "settings" },
	{ "6.5.2: MAX_FRAME_SIZE 2^24 - 1", { SETTINGS(SET_FRAME "\0\xff\xff\xff") }, "settings" },
	{ "6.5.2: MAX_FRAME_SIZE 2^24", { SETTINGS(SET_FRAME "\1\0\0\0") }, TOLD_PROTOCOL },
	{ "6.5.2: HEADER_TABLE_SIZE 0", { SETTINGS(SET_HEADER_TABLE "\0\0\0\0"), HEADERS(1, EH | ES, GET) },
	  "settings " OK_GET },
	{ "6.5.2: HEADER_TABLE_SIZE 2^32 - 1", { SETTINGS(SET_HEADER_TABLE "\xff\xff\xff\xff"), HEADERS(1, EH | ES, GET) },
	  "settings " OK_GET },
	{ "6.5.2: MAX_CONCURRENT_STREAMS 0", { SETTINGS(SET_STREAMS "\0\0\0\0"), HEADERS(1, EH | ES, GET) },
	  "settings " OK_GET },
	{ "6.5.2: MAX_HEADER_LIST_SIZE 0", { SETTINGS(SET_HEADER_LIST "\0\0\0\0"), HEADERS(1, EH | ES, GET) },
	  "settings " OK_GET },
	{ "6.5.2: unknown identifier", { SETTINGS("\0\xff\0\0\0\1"), PING(0, "12345678") }, "settings pong" },
	{ "RFC 8441: ENABLE_CONNECT_PROTOCOL from a client", { SETTINGS("\0\x8\0\0\0\1") }, "settings" },
	{ "RFC 9218: NO_RFC7540_PRIORITIES 2", { SETTINGS("\0\x9\0\0\0\2") }, TOLD_PROTOCOL },
};

static const struct script order[] = {
	{ "6.5.3: the last of two values counts",
	  { SETTINGS(SET_WINDOW "\0\0\0\x64" SET_WINDOW "\0\0\0\1"), SYNC, HEADERS(1, EH | ES, GET) },
	  "settings 1:405 1:data(1)" },
	{ "6.5.3: a bad value behind a good one", { SETTINGS(SET_PUSH "\0\0\0\0" SET_PUSH "\0\0\0\2") }, TOLD_PROTOCOL },
	{ "6.5.3: every frame is acknowledged", { SETTINGS(SET_PUSH "\0\0\0\0"), SETTINGS(SET_PUSH "\0\0\0\0") },
	  "settings settings" },
};

START_TEST(settings_form)
{
	SCRIPT_CHECK(form);
}
END_TEST

START_TEST(settings_values)
{
	SCRIPT_CHECK(values);
}
END_TEST

START_TEST(settings_order)
{
	SCRIPT_CHECK(order);
}
END_TEST

/* The first frame has the limits that a client needs; table size and push are left at their defaults. */
START_TEST(settings_of_the_server)
{
	static const uint8_t ids[] = { 3, 4, 5, 6 };	/* streams, window, frame, header list */
	unsigned found = 0;
	struct raw r;

	raw_open(&r, NULL);
	raw_preface(&r);
	ck_assert(raw_wait(&r, RAW_SETTINGS));
	for (size_t at = 0; at + 6 <= buf_len(&r.frame.payload); at += 6) {
		uint8_t id = buf_data(&r.frame.payload)[at + 1];

		ck_assert_uint_ne(id, 1);
		ck_assert_uint_ne(id, 2);
		for (size_t i = 0; i < sizeof ids; i++)
			found += id == ids[i];
	}
	ck_assert_uint_eq(found, sizeof ids);
	raw_close(&r);
}
END_TEST

UNIT_MAIN(settings_form, settings_values, settings_order, settings_of_the_server)
