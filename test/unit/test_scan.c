/* test_scan.c - frame headers out of a stream of bytes. */
#include "wire/scan.h"

#include "test/lib/unit.h"

static const uint8_t stream[] = {
	'P', 'R', 'E',				/* a preface of three bytes */
	0, 0, 2, 0x0, 0x1, 0, 0, 0, 3, 'a', 'b',	/* DATA, END_STREAM, stream 3 */
	0, 0, 0, 0x4, 0x1, 0, 0, 0, 0,		/* SETTINGS ACK */
	0, 0, 5, 0x2, 0, 0, 0, 0, 5, 0x80, 0, 0, 7, 16,	/* PRIORITY, exclusively on stream 7 */
	0, 0, 4, 0x2, 0, 0, 0, 0, 5, 0, 0, 0, 7,	/* of a wrong length */
	0, 1, 0, 0xbe, 0, 0x80, 0, 0, 1,	/* unknown type, 256 bytes, reserved bit set */
};

static void expect_frames(size_t piece)
{
	static const struct scan_frame want[] = {
		{ 2, 0, 1, 3, 0 }, { 0, 4, 1, 0, 0 }, { 5, 2, 0, 5, 7 }, { 4, 2, 0, 5, 0 }, { 256, 0xbe, 0, 1, 0 },
	};
	struct scan_frame got;
	struct scan s;
	size_t n_got = 0;

	scan_init(&s, 3);
	for (size_t at = 0; at < sizeof stream; at += piece) {
		size_t n = sizeof stream - at < piece ? sizeof stream - at : piece;
		const uint8_t *data = stream + at;

		while (scan_next(&s, &data, &n, &got)) {
			ck_assert_uint_lt(n_got, sizeof want / sizeof *want);
			ck_assert_uint_eq(got.length, want[n_got].length);
			ck_assert_uint_eq(got.type, want[n_got].type);
			ck_assert_uint_eq(got.flags, want[n_got].flags);
			ck_assert_uint_eq(got.stream, want[n_got].stream);
			ck_assert_uint_eq(got.parent, want[n_got].parent);
			n_got++;
		}
		ck_assert_uint_eq(n, 0);
	}
	ck_assert_uint_eq(n_got, sizeof want / sizeof *want);
}

START_TEST(frames_are_found_whatever_the_pieces)
{
	for (size_t piece = 1; piece <= sizeof stream; piece++)
		expect_frames(piece);
}
END_TEST

UNIT_MAIN(frames_are_found_whatever_the_pieces)
