/* What comes out of scrub cannot move a cursor, whatever goes in. */
#include <string.h>

#include "cli/scrub.h"
#include "test/lib/unit.h"

/* Pieces as text: N newline, R return, T tab, <...> colours. */
static void show(enum scrub_kind kind, const uint8_t *data, size_t n, void *arg)
{
	struct buf *out = arg;

	if (kind == SCRUB_TEXT)
		buf_append(out, data, n);
	else if (kind == SCRUB_SGR)
		buf_printf(out, "<%.*s>", (int)n - 1, (const char *)data + 1);
	else
		buf_append_str(out, kind == SCRUB_TAB ? "[T]" : kind == SCRUB_NEWLINE ? "[N]" : "[R]");
}

static const struct {
	const char *in;
	const char *out;
} cases[] = {
	{ "plain", "plain" },
	{ "a\nb", "a[N]b" },
	{ "a\r\nb", "a[N]b" },
	{ "a\rb", "a[R]b" },
	{ "a\r", "a" },
	{ "a\r\r\nb", "a[R][N]b" },
	{ "a\tb", "a[T]b" },
	{ "\033[31mred\033[0m", "<[31m>red<[0m>" },
	{ "\033[1;38:5:9mx", "<[1;38:5:9m>x" },
	{ "a\033[2Jb", "ab" },
	{ "a\033[10;10Hb\033[?25lc", "abc" },
	{ "\033[?1m\033[>4mx", "x" },
	{ "\033]0;title\007x", "x" },
	{ "\033]8;;http://a\033\\link\033]8;;\033\\", "link" },
	{ "\033Pq#0\033\\x", "x" },
	{ "\033(Bx\033cy", "xy" },
	{ "a\bb\007c", "a\xef\xbf\xbd" "b\xef\xbf\xbd" "c" },
	{ "\xc2\x9b" "31m", "\xef\xbf\xbd" "31m" },
	{ "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\033]0;never ended\nnext", "[N]next" },
	{ "\033[12345678901234567890123456789012345678901234567890mx", "x" },
	{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
};

START_TEST(scrub_gives_known_pieces)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct scrub s = { 0 };
		struct buf out = { 0 };

		scrub_feed(&s, cases[i].in, strlen(cases[i].in), show, &out);
		scrub_finish(&s, show, &out);
		ck_assert_str_eq(buf_string(&out), cases[i].out);
		scrub_done(&s);
		buf_done(&out);
	}
}
END_TEST

START_TEST(scrub_does_not_care_where_pieces_are_cut)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct scrub s = { 0 };
		struct buf out = { 0 };

		for (const char *p = cases[i].in; *p; p++)
			scrub_feed(&s, p, 1, show, &out);
		scrub_finish(&s, show, &out);
		ck_assert_str_eq(buf_string(&out), cases[i].out);
		scrub_done(&s);
		buf_done(&out);
	}
}
END_TEST

START_TEST(scrub_never_lets_a_control_byte_out)
{
	struct scrub s = { 0 };
	struct buf out = { 0 };
	uint32_t random = 1;

	for (int i = 0; i < 200000; i++) {
		uint8_t byte;

		random = random * 1664525 + 1013904223;
		byte = (uint8_t)(random >> 24);
		if ((random >> 20 & 7) == 0)
			byte = (uint8_t)"\033[]P\\m;0"[random >> 8 & 7];
		scrub_feed(&s, &byte, 1, show, &out);
	}
	scrub_finish(&s, show, &out);
	for (size_t i = 0; i < buf_len(&out); i++)
		UNIT_ASSERT(buf_data(&out)[i] >= 0x20 && buf_data(&out)[i] != 0x7f);
	ck_assert(utf8_valid(buf_data(&out), buf_len(&out)));
	scrub_done(&s);
	buf_done(&out);
}
END_TEST

START_TEST(scrub_measures_columns)
{
	ck_assert_uint_eq(utf8_width_of("abc", 3), 3);
	ck_assert_uint_eq(utf8_width_of("\xe4\xb8\xad\xe6\x96\x87", 6), 4);	/* two wide ones */
	ck_assert_uint_eq(utf8_width_of("e\xcc\x81", 3), 1);			/* e + accent */
}
END_TEST

static void apply(struct scrub_colors *c, const char *sgr)
{
	scrub_colors_apply(c, (const uint8_t *)sgr, strlen(sgr));
}

START_TEST(scrub_remembers_colors_until_a_reset)
{
	struct scrub_colors c = { 0 };

	apply(&c, "\033[31m");
	apply(&c, "\033[1m");
	ck_assert_uint_eq(c.n, 9);
	apply(&c, "\033[0;32m");
	ck_assert_uint_eq(c.n, 7);
	apply(&c, "\033[m");
	ck_assert_uint_eq(c.n, 0);
	for (int i = 0; i < 1000; i++)
		apply(&c, "\033[38;5;200m");
	ck_assert_uint_le(c.n, sizeof c.text);
	apply(&c, "\033[0m");
	ck_assert_uint_eq(c.n, 0);
}
END_TEST

UNIT_MAIN(scrub_gives_known_pieces, scrub_does_not_care_where_pieces_are_cut, scrub_never_lets_a_control_byte_out,
	  scrub_measures_columns, scrub_remembers_colors_until_a_reset)
