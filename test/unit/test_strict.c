/* test_strict.c - what a client may send on which stream. */
#include "wire/strict.h"

#include "test/lib/unit.h"
#include "wire/h2.h"
#include "wire/limits.h"

enum { END = SCAN_FLAG_END_STREAM };

/* The error of one frame; 0: none. */
static uint32_t frame(struct strict *s, uint8_t type, uint8_t flags, uint32_t stream)
{
	const struct scan_frame f = { .type = type, .flags = flags, .stream = stream };
	const struct strict_fault *fault = strict_check(s, &f);

	return fault ? fault->error : 0;
}

START_TEST(ended_streams_are_closed)
{
	struct strict s = { .n = 0 };

	ck_assert_uint_eq(frame(&s, SCAN_HEADERS, 0, 1), 0);
	ck_assert_uint_eq(frame(&s, SCAN_DATA, 0, 1), 0);
	ck_assert_uint_eq(frame(&s, SCAN_DATA, END, 1), 0);
	ck_assert_uint_eq(frame(&s, SCAN_DATA, 0, 1), H2_STREAM_CLOSED);
	ck_assert_uint_eq(frame(&s, SCAN_HEADERS, END, 1), H2_STREAM_CLOSED);
	ck_assert_uint_eq(frame(&s, SCAN_RST_STREAM, 0, 1), 0);
	ck_assert_uint_eq(frame(&s, SCAN_HEADERS, 0, 3), 0);
	ck_assert_uint_eq(frame(&s, SCAN_HEADERS, END, 3), 0);	/* trailers */
	ck_assert_uint_eq(frame(&s, SCAN_DATA, 0, 3), H2_STREAM_CLOSED);
	ck_assert_uint_eq(frame(&s, SCAN_HEADERS, 0, 5), 0);
	ck_assert_uint_eq(frame(&s, SCAN_RST_STREAM, 0, 5), 0);
	ck_assert_uint_eq(frame(&s, SCAN_DATA, END, 5), H2_STREAM_CLOSED);
}
END_TEST

START_TEST(skipped_ids_are_closed)
{
	struct strict s = { .n = 0 };

	ck_assert_uint_eq(frame(&s, SCAN_HEADERS, END, 9), 0);
	for (uint32_t id = 1; id < 9; id += 2) {
		ck_assert_uint_eq(frame(&s, SCAN_HEADERS, END, id), H2_PROTOCOL_ERROR);
		ck_assert_uint_eq(frame(&s, SCAN_DATA, END, id), H2_STREAM_CLOSED);
	}
	ck_assert_uint_eq(frame(&s, SCAN_HEADERS, END, 11), 0);
}
END_TEST

/* Idle streams and those that are not the client's are the library's business. */
START_TEST(other_streams_are_left_alone)
{
	struct strict s = { .n = 0 };

	ck_assert_uint_eq(frame(&s, SCAN_DATA, END, 1), 0);
	ck_assert_uint_eq(frame(&s, SCAN_RST_STREAM, 0, 1), 0);
	ck_assert_uint_eq(frame(&s, SCAN_HEADERS, END, 0), 0);
	ck_assert_uint_eq(frame(&s, SCAN_HEADERS, END, 2), 0);
	ck_assert_uint_eq(frame(&s, SCAN_DATA, END, 2), 0);
	ck_assert_uint_eq(frame(&s, 0xbe, END, 1), 0);
	ck_assert_uint_eq(s.n, 0);
}
END_TEST

START_TEST(old_streams_are_forgotten)
{
	struct strict s = { .n = 0 };
	uint32_t last = 2 * (STRICT_STREAMS + 10) - 1;

	for (uint32_t id = 1; id <= last; id += 2)
		ck_assert_uint_eq(frame(&s, SCAN_HEADERS, END, id), 0);
	for (uint32_t id = 1; id <= last; id += 2)
		ck_assert_uint_eq(frame(&s, SCAN_DATA, 0, id), id < 20 ? 0 : H2_STREAM_CLOSED);
}
END_TEST

START_TEST(ids_may_jump_as_far_as_they_go)
{
	static const uint32_t jumps[] = { 2 * STRICT_STREAMS - 1, 2 * STRICT_STREAMS + 1, 5001, 0x7fffffff };

	for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
		struct strict s = { .n = 0 };

		ck_assert_uint_eq(frame(&s, SCAN_HEADERS, END, 1), 0);
		ck_assert_uint_eq(frame(&s, SCAN_HEADERS, 0, jumps[i]), 0);
		ck_assert_uint_eq(frame(&s, SCAN_DATA, 0, jumps[i]), 0);
		ck_assert_uint_eq(frame(&s, SCAN_HEADERS, 0, jumps[i] - 2), H2_PROTOCOL_ERROR);
		ck_assert_uint_eq(frame(&s, SCAN_HEADERS, END, jumps[i]), 0);
		ck_assert_uint_eq(frame(&s, SCAN_DATA, 0, 1), i == 0 ? H2_STREAM_CLOSED : 0);
	}
}
END_TEST

START_TEST(single_frames_are_checked)
{
	static const struct {
		struct scan_frame frame;
		uint32_t error;
	} cases[] = {
		{ { .type = SCAN_PRIORITY, .length = 5, .stream = 1, .parent = 3 }, 0 },
		{ { .type = SCAN_PRIORITY, .length = 5, .stream = 1, .parent = 0 }, 0 },
		{ { .type = SCAN_PRIORITY, .length = 5, .stream = 1, .parent = 1 }, H2_PROTOCOL_ERROR },
		{ { .type = SCAN_PRIORITY, .length = 5, .stream = 0, .parent = 3 }, H2_PROTOCOL_ERROR },
		{ { .type = SCAN_PRIORITY, .length = 4, .stream = 1, .parent = 0 }, 0 },
		{ { .type = SCAN_CONTINUATION, .length = WIRE_FRAME_SERVER, .stream = 1 }, 0 },
		{ { .type = SCAN_CONTINUATION, .length = WIRE_FRAME_SERVER + 1, .stream = 1 }, H2_FRAME_SIZE_ERROR },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct strict s = { .n = 0 };
		const struct strict_fault *fault = strict_check(&s, &cases[i].frame);

		ck_assert_uint_eq(fault ? fault->error : 0, cases[i].error);
	}
}
END_TEST

UNIT_MAIN(ended_streams_are_closed, skipped_ids_are_closed, other_streams_are_left_alone, old_streams_are_forgotten,
	  ids_may_jump_as_far_as_they_go, single_frames_are_checked)
