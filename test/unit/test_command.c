/* From words to commands: dispatch, options in any place, usage errors, help of every command. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/commands.h"
#include "common/exits.h"
#include "common/str.h"
#include "test/lib/unit.h"

struct seen {
	struct cli_global global;
	const char *depth;
	bool flag;
};
static struct seen seen;
static char seen_operands[200];

static int remember(void *options, int argc, char **argv)
{
	seen = *(struct seen *)options;
	seen_operands[0] = '\0';
	for (int i = 0; i < argc; i++) {
		strcat(seen_operands, argv[i]);
		strcat(seen_operands, ",");
	}
	ck_assert_ptr_null(argv[argc]);
	return 42;
}

static int remember_exec(const struct cli_global *global, int argc, char **argv)
{
	seen.global = *global;
	snprintf(seen_operands, sizeof seen_operands, "%d:%s", argc, argc > 1 ? argv[1] : "");
	return 43;
}

static const struct opt find_options[] = {
	{ "depth", 'd', OPT_STRING, "N", "how deep", offsetof(struct seen, depth), 0, 0 },
	{ "flag", 'f', OPT_FLAG, NULL, "a flag", offsetof(struct seen, flag), 0, 0 },
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};
static const struct command group[] = {
	{ .name = "find", .operands = "A [B]", .summary = "Find", .options = find_options,
	  .options_size = sizeof(struct seen), .min_operands = 1, .max_operands = 2, .run = remember },
	{ .name = "run", .operands = "A...", .summary = "Run", .options = find_options, .options_size = sizeof(struct seen),
	  .min_operands = 1, .max_operands = -1, .stops_at_operand = true, .usage_status = 125, .run = remember },
	{ .name = "start", .summary = "Start", .exec = remember_exec },
	{ .name = NULL },
};
static const struct command top[] = {
	{ .name = "thing", .summary = "Things", .sub = group },
	{ .name = NULL },
};
static const struct command root = { .name = "prog", .summary = "A program", .sub = top };

static int run(const char *line)
{
	static char words[200];		/* options point into it */
	char *argv[20];
	int argc = 0;

	snprintf(words, sizeof words, "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return command_main(&root, argc, argv);
}

static const struct {
	const char *line, *operands, *depth, *format;
	int status;
	bool flag;
} lines[] = {
	{ "prog thing find a", "a,", NULL, NULL, 42, false },
	{ "prog thing find -d 3 a b", "a,b,", "3", NULL, 42, false },
	{ "prog thing find a -d 3 b -f", "a,b,", "3", NULL, 42, true },
	{ "prog -o json thing find a", "a,", NULL, "json", 42, false },
	{ "prog thing -o json find a", "a,", NULL, "json", 42, false },
	{ "prog thing find a -o json", "a,", NULL, "json", 42, false },
	{ "prog -o text thing find a --output=json", "a,", NULL, "json", 42, false },
	{ "prog thing find -- -d -f", "-d,-f,", NULL, NULL, 42, false },
	{ "prog thing find a -- -f", "a,-f,", NULL, NULL, 42, false },
	{ "prog thing run -f a -d 3 -- x", "a,-d,3,--,x,", NULL, NULL, 42, true },
};

START_TEST(command_takes_options_in_any_place)
{
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		ck_assert_int_eq(run(lines[i].line), lines[i].status);
		ck_assert_str_eq(seen_operands, lines[i].operands);
		ck_assert(str_equal(seen.depth, lines[i].depth) || seen.depth == lines[i].depth);
		ck_assert(str_equal(seen.global.format, lines[i].format) || seen.global.format == lines[i].format);
		ck_assert(seen.flag == lines[i].flag);
	}
}
END_TEST

START_TEST(command_refuses_wrong_lines)
{
	ck_assert_int_eq(run("prog"), EXIT_USAGE);
	ck_assert_int_eq(run("prog nothing"), EXIT_USAGE);
	ck_assert_int_eq(run("prog thing"), EXIT_USAGE);
	ck_assert_int_eq(run("prog thing lose"), EXIT_USAGE);
	ck_assert_int_eq(run("prog thing find"), EXIT_USAGE);
	ck_assert_int_eq(run("prog thing find a b c"), EXIT_USAGE);
	ck_assert_int_eq(run("prog thing find a --nothing"), EXIT_USAGE);
	ck_assert_int_eq(run("prog thing find a -d"), EXIT_USAGE);
	ck_assert_int_eq(run("prog thing run"), 125);
	ck_assert_int_eq(run("prog thing run --nothing a"), 125);
}
END_TEST

START_TEST(command_hands_all_words_to_a_wrapped_program)
{
	ck_assert_int_eq(run("prog thing start --name x --help"), 43);
	ck_assert_str_eq(seen_operands, "4:--name");
	ck_assert_int_eq(run("prog -o json thing start -f"), 43);
	ck_assert_str_eq(seen.global.format, "json");
}
END_TEST

START_TEST(command_help_beats_missing_operands)
{
	ck_assert_int_eq(run("prog thing find --help"), EXIT_OK);
	ck_assert_int_eq(run("prog thing --help"), EXIT_OK);
	ck_assert_int_eq(run("prog thing run -h"), EXIT_OK);
}
END_TEST

/* Visits every command of the real program. */
static void check_command(const struct command *c, const char *path)
{
	char *text = NULL, sub_path[100];
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(c->summary);
	ck_assert(!c->options == !c->options_size);
	ck_assert((c->run != NULL) + (c->sub != NULL || c->exec != NULL) == 1);
	command_print_help(c, path, f);
	fclose(f);
	ck_assert_ptr_nonnull(strstr(text, path));
	ck_assert_ptr_nonnull(strstr(text, "\nExamples:\n"));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		ck_assert_msg(strlen(line) <= 84, "too long: %s", line);
	free(text);
	for (const struct command *s = c->sub; s && s->name; s++) {
		snprintf(sub_path, sizeof sub_path, "%s %s", path, s->name);
		check_command(s, sub_path);
	}
}

START_TEST(command_has_help_and_examples_for_all)
{
	check_command(&cli_root, "sloth");
}
END_TEST

UNIT_MAIN(command_takes_options_in_any_place, command_refuses_wrong_lines,
	  command_hands_all_words_to_a_wrapped_program, command_help_beats_missing_operands,
	  command_has_help_and_examples_for_all)
