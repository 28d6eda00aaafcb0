#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "test/lib/unit.h"

#define N(array) (sizeof(array) / sizeof *(array))
#define FFFD "\xef\xbf\xbd"

/* The definition, written down the long way: the encoding of a scalar value. */
static size_t encode(uint32_t cp, uint8_t *out)
{
	size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (uint8_t)(0x80 | (cp & 0x3f));
		cp >>= 6;
	}
	out[0] = (uint8_t)(n == 1 ? cp : (0xf00u >> n & 0xff) | cp);
	return n;
}

START_TEST(every_scalar_value_is_decoded)
{
	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		uint8_t text[4];
		size_t n = encode(cp, text);
		uint32_t got = 0xffffffff;
		int len = utf8_decode(text, n, &got);

		bool surrogate = cp >= 0xd800 && cp <= 0xdfff;

		if (surrogate ? len != -1 : len != (int)n || got != cp)
			ck_abort_msg("U+%04X: length %d, code point %X", cp, len, got);
		for (size_t part = 0; part < n && len > 0; part++) {
			if (utf8_decode(text, part, &got) != 0)
				ck_abort_msg("U+%04X: %zu bytes are taken as complete", cp, part);
		}
	}
}
END_TEST

/* What is accepted as a character is the encoding of what it decodes to. The edges of all ranges of
 * RFC 3629 for the third and the fourth byte, every value for the others. */
START_TEST(nothing_else_is_accepted)
{
	static const uint8_t edges[] = { 0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff };

	for (unsigned i = 0; i < 128 * 256 * N(edges) * N(edges); i++) {
		unsigned pair = i / (unsigned)(N(edges) * N(edges));
		uint8_t text[4] = { (uint8_t)(0x80 | pair >> 8), (uint8_t)pair, edges[i / N(edges) % N(edges)],
				    edges[i % N(edges)] };
		uint8_t again[4];
		uint32_t cp;
		int len = utf8_decode(text, 4, &cp);

		if (len > 0 && (encode(cp, again) != (size_t)len || memcmp(text, again, (size_t)len) != 0))
			ck_abort_msg("%02x %02x %02x %02x decodes as U+%04X", text[0], text[1], text[2],
				     text[3], cp);
	}
}
END_TEST

START_TEST(invalid_sequences_are_refused)
{
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xfe", "\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "a\xc3(", "\xe2\x28\xa1",
	};

	for (size_t i = 0; i < N(bad); i++)
		ck_assert_msg(!utf8_valid(bad[i], strlen(bad[i])), "case %zu", i);
	ck_assert(utf8_valid("", 0));
	ck_assert(utf8_valid("a\0b", 3));
	ck_assert(utf8_valid("\xf4\x8f\xbf\xbf\xee\x80\x80", 7));
}
END_TEST

START_TEST(cut_never_splits_a_character)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";	/* 1 + 2 + 3 + 4 bytes */
	static const size_t expected[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10 };

	for (size_t max = 0; max < N(expected); max++)
		ck_assert_uint_eq(utf8_cut(text, 10, max), expected[max]);
	/* What is no character is cut anywhere. */
	ck_assert_uint_eq(utf8_cut("\x80\x80\x80\x80\x80", 5, 3), 3);
	ck_assert_uint_eq(utf8_cut("\xe2\x28\xa1", 3, 1), 1);
}
END_TEST

/* Expected values are those of Python's bytes.decode("utf-8", "replace"). */
static const struct {
	const char *bytes, *text;
} streams[] = {
	{ "plain", "plain" },
	{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "a\xff" "b", "a" FFFD "b" },
	{ "\xc3(", FFFD "(" },
	{ "\xe2\x82", FFFD },
	{ "\xe2\x82(", FFFD "(" },
	{ "\xf0\x9f\x98", FFFD },
	{ "\xf0\x9f\xe2\x82\xac", FFFD "\xe2\x82\xac" },
	{ "\xc0\x80", FFFD FFFD },
	{ "\xed\xa0\x80", FFFD FFFD FFFD },
	{ "\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD },
	{ "\xe2\xe2\xe2\x82\xac\xc3", FFFD FFFD "\xe2\x82\xac" FFFD },
};

START_TEST(stream_result_does_not_depend_on_the_pieces)
{
	for (size_t i = 0; i < N(streams); i++) {
		size_t n = strlen(streams[i].bytes);

		/* Bit k of cuts: a piece ends behind byte k. */
		for (unsigned cuts = 0; cuts < 1u << n; cuts++) {
			struct utf8_stream s = { 0 };
			struct buf out = { 0 };
			size_t start = 0;

			for (size_t k = 0; k < n; k++) {
				if (!(cuts >> k & 1) && k + 1 < n)
					continue;
				utf8_stream_feed(&s, streams[i].bytes + start, k + 1 - start, &out);
				ck_assert_uint_le(s.n_held, 3);
				ck_assert(utf8_valid(buf_data(&out), buf_len(&out)));
				start = k + 1;
			}
			utf8_stream_finish(&s, &out);
			ck_assert_str_eq(buf_string(&out), streams[i].text);
			buf_done(&out);
		}
	}
}
END_TEST

START_TEST(complete_characters_are_not_held_back)
{
	struct utf8_stream s = { 0 };
	struct buf out = { 0 };

	utf8_stream_feed(&s, "x\xe2\x82", 3, &out);
	ck_assert_str_eq(buf_string(&out), "x");
	utf8_stream_feed(&s, "", 0, &out);
	utf8_stream_feed(&s, "\xac", 1, &out);
	ck_assert_str_eq(buf_string(&out), "x\xe2\x82\xac");
	buf_done(&out);
}
END_TEST

START_TEST(next_takes_one_byte_of_what_is_invalid)
{
	static const uint8_t text[] = "\xe2\x82" "a\xe2\x82\xac\xf0";
	static const uint32_t expected[] = { 0xfffd, 0xfffd, 'a', 0x20ac, 0xfffd };
	const uint8_t *p = text, *end = text + sizeof text - 1;

	for (size_t i = 0; i < N(expected); i++) {
		uint32_t cp;

		utf8_next(&p, end, &cp);
		ck_assert_uint_eq(cp, expected[i]);
	}
	ck_assert_ptr_eq(p, end);
}
END_TEST

START_TEST(width_in_columns)
{
	static const struct {
		uint32_t cp;
		int width;
	} cases[] = {
		{ 0, 0 }, { '\n', 0 }, { 0x7f, 0 }, { 0x9b, 0 },
		{ ' ', 1 }, { 'a', 1 }, { 0xad, 1 }, { 0xe9, 1 }, { 0x416, 1 }, { 0x2500, 1 }, { 0xfffd, 1 },
		{ 0xe000, 1 },
		{ 0x301, 0 }, { 0x20dd, 0 }, { 0x5b0, 0 }, { 0x200b, 0 }, { 0x200d, 0 }, { 0xfe0f, 0 }, { 0xfeff, 0 },
		{ 0xe0100, 0 }, { 0x1161, 0 },
		{ 0x1100, 2 }, { 0x3042, 2 }, { 0x4e2d, 2 }, { 0x9fff, 2 }, { 0xac00, 2 }, { 0xff21, 2 },
		{ 0xff71, 1 },			/* half-width katakana */
		{ 0x1f600, 2 }, { 0x1f3fb, 2 }, { 0x2705, 2 }, { 0x2714, 1 }, { 0x1f1e6, 1 },
		{ 0x20000, 2 }, { 0x3fffd, 2 }, { 0x10ffff, 1 }, { 0x110000, 1 },
	};

	for (size_t i = 0; i < N(cases); i++)
		ck_assert_msg(utf8_width(cases[i].cp) == cases[i].width, "U+%04X: %d", cases[i].cp,
			      utf8_width(cases[i].cp));
}
END_TEST

UNIT_MAIN(every_scalar_value_is_decoded, nothing_else_is_accepted, invalid_sequences_are_refused,
	  cut_never_splits_a_character, stream_result_does_not_depend_on_the_pieces,
	  complete_characters_are_not_held_back, next_takes_one_byte_of_what_is_invalid, width_in_columns)
