#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "test/lib/unit.h"

#define N(array) (sizeof(array) / sizeof *(array))

START_TEST(names_follow_the_rule)
{
	static const char *const good[] = { "a", "web1", "WEB.example-2_x", "...", "-", "0" };
	static const char *const bad[] = { "", ".", "..", "a b", "a/b", "w\xc3\xa9" "b", "a\n", "a:b", "*" };
	char longest[STR_NAME_MAX + 2];

	for (size_t i = 0; i < N(good); i++)
		ck_assert_msg(str_is_name(good[i]), "%s", good[i]);
	for (size_t i = 0; i < N(bad); i++)
		ck_assert_msg(!str_is_name(bad[i]), "%s", bad[i]);
	memset(longest, 'a', sizeof longest);
	longest[STR_NAME_MAX + 1] = '\0';
	ck_assert(!str_is_name(longest));
	longest[STR_NAME_MAX] = '\0';
	ck_assert(str_is_name(longest));
}
END_TEST

START_TEST(prefix_and_equality)
{
	ck_assert(str_has_prefix("sloth/1", "sloth/"));
	ck_assert(str_has_prefix("x", ""));
	ck_assert(!str_has_prefix("slo", "sloth"));
	ck_assert(str_equal("a", "a") && str_equal(NULL, NULL));
	ck_assert(!str_equal("a", NULL) && !str_equal(NULL, "a") && !str_equal("a", "b"));
}
END_TEST

START_TEST(numbers_are_decimal_and_in_range)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		int err;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 10, 0, 0 },
		{ "10", 0, 10, 0, 10 },
		{ "007", 0, 10, 0, 7 },
		{ "18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", 0, UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999", 0, UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999x", 0, UINT64_MAX, -EINVAL, 0 },
		{ "11", 0, 10, -ERANGE, 0 },
		{ "4", 5, 10, -ERANGE, 0 },
		{ "", 0, 10, -EINVAL, 0 },
		{ "-1", 0, 10, -EINVAL, 0 },
		{ "+1", 0, 10, -EINVAL, 0 },
		{ " 1", 0, 10, -EINVAL, 0 },
		{ "1 ", 0, 10, -EINVAL, 0 },
		{ "0x1", 0, 10, -EINVAL, 0 },
		{ "1.0", 0, 10, -EINVAL, 0 },
	};

	for (size_t i = 0; i < N(cases); i++) {
		uint64_t value = 4711;

		ck_assert_msg(str_parse_u64(cases[i].text, cases[i].min, cases[i].max, &value) == cases[i].err,
			      "%s", cases[i].text);
		ck_assert_uint_eq(value, cases[i].err ? 4711 : cases[i].value);
	}
}
END_TEST

START_TEST(durations_have_units_and_fractions)
{
	static const struct {
		const char *text;
		int err;
		uint64_t ms;
	} cases[] = {
		{ "90", 0, 90000 },	  { "90s", 0, 90000 },	    { "1500ms", 0, 1500 },
		{ "5m", 0, 300000 },	  { "2h", 0, 7200000 },	    { "1d", 0, 86400000 },
		{ "0.5s", 0, 500 },	  { "1.5", 0, 1500 },	    { "0.25h", 0, 900000 },
		{ "0", 0, 0 },		  { "0.0001s", 0, 1 },	    { "36500d", 0, STR_DURATION_MAX_MS },
		{ "36501d", -ERANGE, 0 }, { "18446744073709551615d", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },	  { "s", -EINVAL, 0 },	    { "-1s", -EINVAL, 0 },
		{ "1.s", -EINVAL, 0 },	  { ".5s", -EINVAL, 0 },    { "1 s", -EINVAL, 0 },
		{ "1x", -EINVAL, 0 },	  { "1h30m", -EINVAL, 0 },  { "5M", -EINVAL, 0 },
		{ "1.0123456789s", -EINVAL, 0 },
	};

	for (size_t i = 0; i < N(cases); i++) {
		uint64_t ms = 4711;

		ck_assert_msg(str_parse_duration(cases[i].text, &ms) == cases[i].err, "%s", cases[i].text);
		ck_assert_msg(ms == (cases[i].err ? 4711 : cases[i].ms), "%s", cases[i].text);
	}
}
END_TEST

START_TEST(quoting_leaves_nothing_that_steers_a_terminal)
{
	static const struct {
		const char *text, *quoted;
	} cases[] = {
		{ "", "\"\"" },
		{ "web1", "\"web1\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "a\nb\tc\rd", "\"a\\nb\\tc\\rd\"" },
		{ "\x1b[2J\x7f", "\"\\x1b[2J\\x7f\"" },
		{ "\xc2\x9b" "31m", "\"\\xc2\\x9b31m\"" },	/* C1: CSI */
		{ "gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"" },
		{ "\xff\xc3", "\"\\xff\\xc3\"" },
	};

	for (size_t i = 0; i < N(cases); i++)
		ck_assert_str_eq(str_quote(cases[i].text), cases[i].quoted);
	ck_assert_str_eq(str_quote_n("a\0b", 3), "\"a\\x00b\"");
	ck_assert_str_eq(str_quote(NULL), "(none)");
}
END_TEST

START_TEST(quoting_cuts_between_characters)
{
	char text[3 * STR_QUOTE_MAX];
	const char *quoted;

	memset(text, 'a', sizeof text);
	quoted = str_quote_n(text, STR_QUOTE_MAX);
	ck_assert_uint_eq(strlen(quoted), STR_QUOTE_MAX + 2);
	quoted = str_quote_n(text, STR_QUOTE_MAX + 1);
	ck_assert_uint_eq(strlen(quoted), STR_QUOTE_MAX + 5);
	ck_assert_str_eq(quoted + STR_QUOTE_MAX, "a\"...");

	memcpy(text + STR_QUOTE_MAX - 1, "\xe2\x82\xac", 3);
	ck_assert_str_eq(str_quote_n(text, sizeof text) + STR_QUOTE_MAX - 1, "a\"...");
	memset(text, 1, sizeof text);
	ck_assert_uint_eq(strlen(str_quote_n(text, sizeof text)), STR_QUOTE_MAX + 5);
}
END_TEST

START_TEST(eight_results_live_at_once)
{
	const char *quoted[8];

	for (size_t i = 0; i < 8; i++)
		quoted[i] = i % 2 ? str_bytes(i) : str_quote_n("01234567" + i, 1);
	ck_assert_str_eq(quoted[0], "\"0\"");
	ck_assert_str_eq(quoted[1], "1 B");
	ck_assert_str_eq(quoted[7], "7 B");
}
END_TEST

START_TEST(escaping_marks_a_cut)
{
	char out[8];

	ck_assert_uint_eq(str_escape(out, sizeof out, "12345678", 8, ""), 8);
	ck_assert_mem_eq(out, "12345678", 8);
	ck_assert_uint_eq(str_escape(out, sizeof out, "123456789", 9, ""), 8);
	ck_assert_mem_eq(out, "12345...", 8);
	ck_assert_uint_eq(str_escape(out, 2, "123", 3, ""), 2);
	ck_assert_uint_eq(str_escape(out, 0, "123", 3, ""), 0);
}
END_TEST

START_TEST(hex_goes_both_ways)
{
	static const char *const bad[] = { "", "00ab", "00abcdef", "00abcg", "0 abcd", "00ab\xff" "d" };
	uint8_t data[3] = { 0x00, 0xab, 0xcd }, back[3] = { 1, 2, 3 };
	char text[7];

	for (size_t i = 0; i < N(bad); i++)
		ck_assert_int_eq(str_unhex(bad[i], back, 3), -EINVAL);
	ck_assert_uint_eq(back[0], 1);
	str_hex(data, 3, text);
	ck_assert_str_eq(text, "00abcd");
	ck_assert_int_eq(str_unhex("00ABcd", back, 3), 0);
	ck_assert_mem_eq(back, data, 3);
}
END_TEST

START_TEST(sizes_for_people)
{
	static const struct {
		uint64_t n;
		const char *text;
	} cases[] = {
		{ 0, "0 B" },			{ 412, "412 B" },	  { 1023, "1023 B" },
		{ 1024, "1.0 KiB" },		{ 1572864, "1.5 MiB" },	  { 1048575, "1.0 MiB" },
		{ UINT64_C(1) << 40, "1.0 TiB" }, { UINT64_MAX, "16.0 EiB" },
	};

	for (size_t i = 0; i < N(cases); i++)
		ck_assert_str_eq(str_bytes(cases[i].n), cases[i].text);
}
END_TEST

START_TEST(durations_for_people)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "0 ms" },		{ 41, "41 ms" },	   { 999, "999 ms" },
		{ 3200, "3.2 s" },	{ 59999, "59.9 s" },	   { 60000, "1m 0s" },
		{ 310000, "5m 10s" },	{ 7500000, "2h 5m" },	   { 86400000, "1d 0h" },
		{ 273600000, "3d 4h" }, { UINT64_MAX, "213503982334d 14h" },
	};

	for (size_t i = 0; i < N(cases); i++)
		ck_assert_str_eq(str_duration_ms(cases[i].ms), cases[i].text);
}
END_TEST

START_TEST(random_numbers_differ_and_keep_their_bound)
{
	uint8_t a[300], b[300];

	random_bytes(a, sizeof a);
	random_bytes(b, sizeof b);
	ck_assert_mem_ne(a, b, sizeof a);
	ck_assert_uint_eq(random_below(1), 0);
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_lt(random_below(7), 7);
}
END_TEST

START_TEST(owned_strings)
{
	char *s = NULL;

	mem_set_string(&s, "one");
	mem_set_string(&s, s + 1);	/* lies inside the old one */
	ck_assert_str_eq(s, "ne");
	mem_set_string(&s, NULL);
	ck_assert_ptr_null(s);
	ck_assert_ptr_null(mem_strdup(NULL));
	free(mem_alloc(0));
	free(mem_array(0, 8));
	free(mem_dup(NULL, 0));
	s = mem_strndup("abcdef", 3);
	ck_assert_str_eq(s, "abc");
	free(s);
}
END_TEST

UNIT_MAIN(names_follow_the_rule, prefix_and_equality, numbers_are_decimal_and_in_range,
	  durations_have_units_and_fractions, quoting_leaves_nothing_that_steers_a_terminal,
	  quoting_cuts_between_characters, eight_results_live_at_once, escaping_marks_a_cut, hex_goes_both_ways,
	  sizes_for_people, durations_for_people, random_numbers_differ_and_keep_their_bound, owned_strings)
