/* streams.c - what is done with streams: resets by either side, windows, ends in the wrong place, deadlines. */
#include "test/abuse/attack.h"

enum { MANY = 1000, BATCH = 50, BATCHES = 60, OVER_THE_LIMIT = 2000, UPDATES = 4000 };
enum { WINDOW_OVERFLOW = INT32_MAX };

/* ---- resets ---- */

/* CVE-2023-44487. */
static void rapid_reset(struct peer *p)
{
	for (int i = 0; i < MANY && !peer_is_over(p); i++)
		peer_frame_u32(p, RAW_RST_STREAM, peer_request(p, PATH_REFLECT, NULL, NULL, 0), RST_CANCEL);
}

/* The same with a whole request, for which a handler starts. */
static void reset_with_work(struct peer *p)
{
	for (int i = 0; i < MANY && !peer_is_over(p); i++) {
		uint32_t id = peer_request(p, PATH_CHECK, NULL, NULL, 0);

		peer_message(p, id, NULL, 0, RAW_END_STREAM);
		peer_frame_u32(p, RAW_RST_STREAM, id, RST_CANCEL);
	}
}

/* MadeYouReset, CVE-2025-8671: the server is brought to reset streams itself. */
static void overflow_windows(struct peer *p)
{
	for (int i = 0; i < MANY && !peer_is_over(p); i++)
		peer_frame_u32(p, RAW_WINDOW_UPDATE, peer_request(p, PATH_REFLECT, NULL, NULL, 0), WINDOW_OVERFLOW);
}

static void break_content_length(struct peer *p)
{
	for (int i = 0; i < MANY && !peer_is_over(p); i++)
		peer_message(p, peer_request(p, PATH_CHECK, "content-length", "1", 0), NULL, 0, RAW_END_STREAM);
}

static void zero_window_update(struct peer *p)
{
	peer_frame_u32(p, RAW_WINDOW_UPDATE, peer_request(p, PATH_REFLECT, NULL, NULL, 0), 0);
}

static void short_priority(struct peer *p)
{
	peer_frame(p, RAW_PRIORITY, 0, peer_request(p, PATH_REFLECT, NULL, NULL, 0), "\0", 1);
}

static void data_after_end(struct peer *p)
{
	uint32_t id = peer_request(p, PATH_WATCH, NULL, NULL, RAW_END_STREAM);

	peer_message(p, id, NULL, 0, 0);
}

static void nameless_fields(struct peer *p)
{
	for (int i = 0; i < MANY && !peer_is_over(p); i++)
		peer_request(p, PATH_CHECK, "", "value", RAW_END_STREAM);
}

/* ---- ends in the wrong place ---- */

static void no_message(struct peer *p)
{
	peer_request(p, PATH_CHECK, NULL, NULL, RAW_END_STREAM);
}

static void end_by_trailers(struct peer *p)
{
	uint32_t id = peer_request(p, PATH_CHECK, NULL, NULL, 0);
	struct buf block = { 0 };

	peer_message(p, id, NULL, 0, 0);
	raw_field(&block, "grpc-status", "7");
	peer_block(p, id, &block, RAW_END_STREAM);
	buf_done(&block);
}

static void headers_without_end(struct peer *p)
{
	uint32_t id = peer_request(p, PATH_CHECK, NULL, NULL, 0);
	struct buf block = { 0 };

	peer_message(p, id, NULL, 0, 0);
	raw_field(&block, "x-more", "1");
	peer_block(p, id, &block, 0);
	buf_done(&block);
}

/* ---- deadlines ---- */

static bool has_answered(const struct peer *p, const void *n)
{
	return p->seen.statuses[DEADLINE_EXCEEDED] >= *(const unsigned *)n;
}

/* Each batch waits for its answers, or it would be streams over the limit. */
static void deadlines(struct peer *p, const char *timeout)
{
	unsigned n = 0;

	for (int batch = 0; batch < BATCHES && !peer_is_over(p); batch++) {
		for (int i = 0; i < BATCH; i++, n++)
			peer_request(p, PATH_CHECK, "grpc-timeout", timeout, 0);
		peer_wait(p, PEER_TIME_MS, has_answered, &n);
	}
}

static void deadlines_of_a_nanosecond(struct peer *p)
{
	deadlines(p, "1n");
}

static void deadlines_of_a_millisecond(struct peer *p)
{
	deadlines(p, "1m");
}

/* ---- too many ---- */

static bool has_settings(const struct peer *p, const void *arg)
{
	(void)arg;
	return p->seen.settings;
}

static void streams_over_the_limit(struct peer *p)
{
	peer_wait(p, PEER_TIME_MS, has_settings, NULL);
	for (int i = 0; i < OVER_THE_LIMIT && !peer_is_over(p); i++)
		peer_request(p, PATH_REFLECT, NULL, NULL, 0);
}

/* ---- windows ---- */

static void ask_for_a_file(struct peer *p)
{
	peer_message(p, peer_request(p, PATH_REFLECT, NULL, NULL, 0), reflect_file, reflect_file_len, 0);
}

static bool has_data(const struct peer *p, const void *bytes)
{
	return p->seen.data_bytes > *(const uint32_t *)bytes;
}

/* Each update lets one byte out, and each byte is waited for. */
static void one_byte_windows(struct peer *p)
{
	peer_setting(p, SETTING_WINDOW, 1);
	for (int i = 0; i < HANDLERS; i++)
		ask_for_a_file(p);
	for (uint32_t i = 0; i < UPDATES && !peer_is_over(p); i++) {
		peer_frame_u32(p, RAW_WINDOW_UPDATE, 2 * (i % HANDLERS) + 1, 1);
		if (i % BATCH == 0)
			peer_wait(p, PEER_TIME_MS, has_data, &i);
	}
}

static void window_shrinks_below_zero(struct peer *p)
{
	for (int i = 0; i < HANDLERS / 2; i++)
		ask_for_a_file(p);
	peer_setting(p, SETTING_WINDOW, 0);
	for (int i = 0; i < HANDLERS / 2; i++)
		ask_for_a_file(p);
}

static void window_over_two_gigabytes(struct peer *p)
{
	peer_setting(p, SETTING_WINDOW, UINT32_MAX);
}

static const struct attack rows[] = {
	{ "rapid-reset", rapid_reset, GOAWAY(CALM) },
	{ "reset-with-work", reset_with_work, GOAWAY(CALM) },
	{ "made-you-reset-by-window", overflow_windows, GOAWAY(CALM) },
	{ "made-you-reset-by-length", break_content_length, GOAWAY(CALM) },
	{ "made-you-reset-by-zero", zero_window_update, GOAWAY(PROTOCOL_ERROR) },
	{ "made-you-reset-by-priority", short_priority, GOAWAY(FRAME_SIZE_ERROR) },
	{ "made-you-reset-by-late-data", data_after_end, GOAWAY(STREAM_CLOSED) },
	{ "nameless-fields", nameless_fields, GOAWAY(CALM) },
	{ "end-without-message", no_message, STATUS(INTERNAL, 1) },
	{ "end-by-trailers", end_by_trailers, STATUS(0, 1) },
	{ "headers-without-end", headers_without_end, RESET(PROTOCOL_ERROR) },
	{ "deadlines-of-1-ns", deadlines_of_a_nanosecond, STATUS(DEADLINE_EXCEEDED, BATCH * BATCHES) },
	{ "deadlines-of-1-ms", deadlines_of_a_millisecond, STATUS(DEADLINE_EXCEEDED, BATCH * BATCHES) },
	{ "streams-over-the-limit", streams_over_the_limit, GOAWAY(PROTOCOL_ERROR) },
	{ "one-byte-windows", one_byte_windows, LIVES, .flags = HOLD, .max_jobs = HANDLER_JOBS },
	{ "window-below-zero", window_shrinks_below_zero, LIVES, .flags = HOLD, .max_jobs = HANDLER_JOBS },
	{ "window-over-2-gib", window_over_two_gigabytes, GOAWAY(FLOW_CONTROL_ERROR) },
};

const struct theme theme_streams = { "streams", rows, sizeof rows / sizeof *rows };
