/* From words to commands: dispatch, options in any place, usage errors, help of every command. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/commands.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/str.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

struct seen {
	struct cli_global global;
	const char *depth;
	bool flag;
};
static struct seen seen;
static char seen_operands[200];

/* Values from elsewhere than the line go with the command. */
static const char *keep(int at, const char *text)
{
	static char kept[2][20];

	if (!text)
		return NULL;
	snprintf(kept[at], sizeof kept[at], "%s", text);
	return kept[at];
}

static int remember(void *options, int argc, char **argv)
{
	seen = *(struct seen *)options;
	seen.depth = keep(0, seen.depth);
	seen.global.format = keep(1, seen.global.format);
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

/* Whoever runs this test may have a configuration. */
static void write_settings(const char *text)
{
	setenv("XDG_CONFIG_HOME", tmp_path("config"), 1);
	ck_assert_int_eq(fd_make_dirs(tmp_path("config/sloth"), 0700), 0);
	tmp_file("config/sloth/config", text);
}

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
	write_settings("");
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
	write_settings("");
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

START_TEST(command_takes_options_from_elsewhere)
{
	static const char file[] = "output = json\n[thing find]\ndepth = 3\n[thing run]\ndepth = 4\noutput = text\n[Client]\ncolor = never\n";

	write_settings(file);
	ck_assert_int_eq(run("prog thing find a"), 42);
	ck_assert_str_eq(seen.depth, "3");
	ck_assert_str_eq(seen.global.format, "json");
	ck_assert_ptr_null(seen.global.color);		/* it has no such option */
	ck_assert_int_eq(run("prog thing run a"), 42);
	ck_assert_str_eq(seen.depth, "4");
	ck_assert_str_eq(seen.global.format, "text");
	setenv("SLOTH_THING_FIND_DEPTH", "5", 1);
	setenv("SLOTH_OUTPUT", "text", 1);
	setenv("SLOTH_DEPTH", "6", 1);			/* of nobody */
	ck_assert_int_eq(run("prog thing find a"), 42);
	ck_assert_str_eq(seen.depth, "5");
	ck_assert_str_eq(seen.global.format, "text");
	ck_assert_int_eq(run("prog -o json thing find a -d 7"), 42);
	ck_assert_str_eq(seen.depth, "7");
	ck_assert_str_eq(seen.global.format, "json");
	unsetenv("SLOTH_THING_FIND_DEPTH");
	unsetenv("SLOTH_OUTPUT");
	unsetenv("SLOTH_DEPTH");
}
END_TEST

/* Whichever command it is for, and whichever runs. */
START_TEST(command_refuses_wrong_settings)
{
	static const char *const wrong[] = {
		"depth = 3\n", "[Client]\ndepth = 3\n", "[thing find]\ncolor = never\n", "[thing]\n", "[thing start]\n", "[other]\n",
		"output = xml\n", "help = yes\n", "[thing run]\nflag = perhaps\n", "[Agent]\n",
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		write_settings(wrong[i]);
		ck_assert_msg(run("prog thing find a") == EXIT_USAGE, "%s", wrong[i]);
		ck_assert_int_eq(run("prog thing run a"), 125);
		ck_assert_int_eq(run("prog thing run --help"), EXIT_OK);
		ck_assert_int_eq(run("prog thing start x"), 43);
	}
	write_settings("");
	setenv("SLOTH_THING_RUN_FLAG", "perhaps", 1);
	ck_assert_int_eq(run("prog thing find a"), 42);
	ck_assert_int_eq(run("prog thing run a"), 125);
	unsetenv("SLOTH_THING_RUN_FLAG");
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

UNIT_MAIN(command_takes_options_in_any_place, command_refuses_wrong_lines, command_takes_options_from_elsewhere,
	  command_refuses_wrong_settings,
	  command_hands_all_words_to_a_wrapped_program, command_help_beats_missing_operands,
	  command_has_help_and_examples_for_all)
