/*
 * test_run_record.c - commands as text, states by name.
 */
#include "master/run_record.h"

#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "test/lib/unit.h"

START_TEST(argument_vectors_are_quoted)
{
	static const struct {
		const char *words[4];
		const char *text;
	} cases[] = {
		{ { "ls", "-l", "/tmp" }, "ls -l /tmp" },
		{ { "echo", "a b", "" }, "echo 'a b' ''" },
		{ { "it's" }, "'it'\\''s'" },
		{ { "$HOME", "~" }, "'$HOME' '~'" },
		{ { "a\nb" }, "$'a\\x0ab'" },
		{ { "\xff\\'" }, "$'\\xff\\\\\\''" },
		{ { "gr\xc3\xbc\xc3\x9f" }, "'gr\xc3\xbc\xc3\x9f'" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ProtobufCBinaryData argv[4];
		size_t n = 0;
		char *text;

		for (; n < 4 && cases[i].words[n]; n++)
			argv[n] = (ProtobufCBinaryData){ strlen(cases[i].words[n]), (uint8_t *)(uintptr_t)cases[i].words[n] };
		text = run_command_text("", argv, n);
		ck_assert_str_eq(text, cases[i].text);
		free(text);
	}
}
END_TEST

/* Of characters of two bytes, and of many words. */
START_TEST(long_commands_are_cut_between_characters)
{
	static char command[3 * RUN_COMMAND_MAX];
	ProtobufCBinaryData argv[1000];
	char *text;

	command[0] = 'x';
	for (size_t i = 1; i + 2 < sizeof command; i += 2)
		memcpy(command + i, "\xc3\xbc", 2);
	text = run_command_text(command, NULL, 0);
	ck_assert_uint_eq(strlen(text), RUN_COMMAND_MAX - 1);
	ck_assert(utf8_valid(text, strlen(text)));
	free(text);
	for (size_t i = 0; i < 1000; i++)
		argv[i] = (ProtobufCBinaryData){ sizeof command - 3, (uint8_t *)command };
	text = run_command_text("", argv, 1000);
	ck_assert_uint_le(strlen(text), RUN_COMMAND_MAX);
	ck_assert(utf8_valid(text, strlen(text)));
	free(text);
}
END_TEST

START_TEST(states_have_names)
{
	enum run_state found;

	for (int i = 0; i < RUN_N_STATES; i++) {
		ck_assert(run_state_parse(run_state_name((enum run_state)i), &found));
		ck_assert_int_eq(found, i);
	}
	ck_assert(!run_state_parse("never-began", &found));
	ck_assert(!run_state_parse("", &found));
	ck_assert(run_state_is_end(RUN_EXITED) && !run_state_is_end(RUN_LOST_CONTACT));
}
END_TEST

START_TEST(only_what_is_over_has_failed)
{
	struct run_record r = run_record_empty;

	r.state = RUN_RUNNING;
	r.is_open = true;
	ck_assert(!run_record_has_failed(&r));
	r.state = RUN_EXITED;
	r.is_open = false;
	ck_assert(!run_record_has_failed(&r));
	r.code = 1;
	ck_assert(run_record_has_failed(&r));
	r.code = 0;
	r.state = RUN_UNKNOWN;
	ck_assert(run_record_has_failed(&r));
}
END_TEST

UNIT_MAIN(argument_vectors_are_quoted, long_commands_are_cut_between_characters, states_have_names,
	  only_what_is_over_has_failed)
