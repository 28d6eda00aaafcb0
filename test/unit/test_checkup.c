/*
 * test_checkup.c - findings on a terminal keep their columns, and commands stay whole, to be copied.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/checkup.h"
#include "test/lib/unit.h"

static void expect(unsigned columns, const char *detail, const char *advice, const char *printed)
{
	const struct checkup_line line = { "ok", "TCP", detail, advice, "", "", columns };
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	checkup_print(&line, to);
	fclose(to);
	ck_assert_str_eq(text, printed);
	free(text);
}

#define AT_DETAIL "                           "	/* 27 columns */

START_TEST(without_a_terminal_each_text_is_one_line)
{
	expect(0, "a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m", "on h: x (y)",
	       "ok       TCP               a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m\n"
	       AT_DETAIL "-> on h: x (y)\n");
	expect(0, "", "", "ok       TCP\n");
}
END_TEST

START_TEST(a_long_detail_goes_on_below_its_beginning)
{
	expect(50, "one two three four five six", "", "ok       TCP               one two three four five\n" AT_DETAIL "six\n");
	expect(50, "a-word-that-is-longer-than-the-line and more", "",
	       "ok       TCP               a-word-that-is-longer-than-the-line\n" AT_DETAIL "and more\n");
	expect(50, "\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4\xc3\xa4 four", "",
	       "ok       TCP               \xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4\xc3\xa4 four\n");
	expect(30, "no room for columns", "", "ok       TCP               no room for columns\n");
}
END_TEST

START_TEST(a_long_advice_has_its_command_in_one_line)
{
	expect(80, "refused", "on h: ls (no?)", "ok       TCP               refused\n" AT_DETAIL "-> on h: ls (no?)\n");
	expect(80, "refused", "on 10.0.0.7: sudo incus config device add web1 sloth-proxy proxy listen=tcp:0.0.0.0:50052 (no container? ss -l)",
	       "ok       TCP               refused\n"
	       "         -> on 10.0.0.7:\n"
	       "            sudo incus config device add web1 sloth-proxy proxy listen=tcp:0.0.0.0:50052\n"
	       "            (no container? ss -l)\n");
	expect(40, "refused", "getent hosts master (or a number)",
	       "ok       TCP               refused\n         -> getent hosts master\n            (or a number)\n");
}
END_TEST

UNIT_MAIN(without_a_terminal_each_text_is_one_line, a_long_detail_goes_on_below_its_beginning, a_long_advice_has_its_command_in_one_line)
