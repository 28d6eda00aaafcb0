/*
 * command.c - from argv to the command that it names, by walking the tables.
 *
 * Options of all commands may stand before, between and behind the words of a command; a later one
 * wins. Every usage error is one line that says what is wrong where, and one with the help to ask for. It is
 * shown as the options say that were read before it and, where that is clear, stand behind it.
 */
#include "cli/command.h"

#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/settings.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

const struct opt cli_global_options[] = {
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

/* Those between the words of a command: it may be any. */
static const struct opt group_options[] = {
	CLI_OPTION_VIEW("text or json"),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

const struct opt cli_program_options[] = {
	CLI_OPTION_VIEW("text or json"),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_VERSION,
	CLI_OPTION_END,
};

enum { COMMAND_PATH_MAX = 128 };

/* Where the walk is: the words so far and what was set on the way. */
struct walk {
	const struct command *root;
	char path[COMMAND_PATH_MAX];	/* "sloth agent run" */
	struct cli_global global;
};

static void walk_enter(struct walk *w, const struct command *command)
{
	size_t n = strlen(w->path);

	snprintf(w->path + n, sizeof w->path - n, "%s%s", n ? " " : "", command->name);
}

static int usage_status(const struct command *command)
{
	return command->usage_status ? command->usage_status : EXIT_USAGE;
}

/* The path without the program's name: what errors begin with. */
static const char *walk_words(const struct walk *w)
{
	const char *space = strchr(w->path, ' ');

	return space ? space + 1 : "command line";
}

const struct opt *command_options(const struct command *command)
{
	if (command->options)
		return command->options;
	return command->sub ? group_options : cli_global_options;
}

size_t command_options_size(const struct command *command)
{
	return command->options_size ? command->options_size : sizeof(struct cli_global);
}

const struct command *command_find(const struct command *group, const char *name)
{
	for (const struct command *c = group->sub; c && c->name; c++) {
		if (str_equal(c->name, name))
			return c;
	}
	return NULL;
}

/* ---- help ---- */

static void print_commands(const struct command *group, FILE *to)
{
	int width = 0;

	for (const struct command *c = group->sub; c->name; c++) {
		int n = (int)strlen(c->name);

		width = n > width ? n : width;
	}
	fputs("\nCommands:\n", to);
	for (const struct command *c = group->sub; c->name; c++)
		fprintf(to, "  %-*s  %s\n", width, c->name, c->summary);
}

static void print_indented(const char *title, const char *lines, FILE *to)
{
	fprintf(to, "\n%s:\n", title);
	while (*lines) {
		size_t n = strcspn(lines, "\n");

		fprintf(to, "  %.*s\n", (int)n, lines);
		lines += n + (lines[n] == '\n');
	}
}

static const char *usage_operands(const struct command *command)
{
	if (command->operands)
		return command->operands;
	if (command->exec)
		return "[OPTION...]";
	return command->sub ? "COMMAND" : "";
}

/* Each command below the program's name has a page, and what is below that command stands there, too. */
static void print_manual(const struct command *command, const char *path, FILE *to)
{
	const char *space = strchr(path, ' '), *name = space ? space + 1 : "";

	putc('\n', to);
	if (command->sub && !command->exec)
		fprintf(to, "Help on one of them: %s COMMAND --help.\n", path);
	fprintf(to, "The manual: sloth%s%.*s(1).\n", space ? "-" : "", (int)strcspn(name, " "), name);
}

void command_print_help(const struct command *command, const char *path, FILE *to)
{
	const char *operands = usage_operands(command);

	fprintf(to, "Usage: %s%s%s%s\n", path, command->exec ? "" : " [OPTION...]", *operands ? " " : "", operands);
	if (command->exec && command->sub) {
		for (const struct command *c = command->sub; c->name; c++)
			fprintf(to, "       %s %s [OPTION...]\n", path, c->name);
	}
	fprintf(to, "\n%s.\n", command->summary);
	if (command->description)
		fprintf(to, "\n%s\n", command->description);
	if (command->sub)
		print_commands(command, to);
	if (!command->exec) {
		fputs("\nOptions:\n", to);
		opt_print_help(command_options(command), to);
	}
	if (command->examples)
		print_indented("Examples", command->examples, to);
	print_manual(command, path, to);
}

/* On stdout; a wrapper's daemon adds its own. */
static int show_help(const struct walk *w, const struct command *command)
{
	char word[] = "--help";
	char *argv[] = { (char *)(uintptr_t)command->name, word, NULL };
	const struct cli_global none = { 0 };

	command_print_help(command, w->path, stdout);
	if (!command->exec)
		return EXIT_OK;
	puts("\nEvery other word goes to the daemon, whose own help follows.\n");
	fflush(stdout);
	return command->exec(&none, 2, argv);
}

/* ---- errors ---- */

/* Owns problem. */
static int usage_error(const struct walk *w, const struct command *command, const struct cli_global *global, char *problem)
{
	char *hint = mem_printf("%s --help", w->path);

	output_failed(global, walk_words(w), problem, hint);
	free(hint);
	free(problem);
	return usage_status(command);
}

/* ---- one command ---- */

/*
 * Reads the options wherever they stand and moves the operands together behind argv[0]. Returns their
 * number. The first error goes to *error. opt_read_on() stops at each operand and is called again behind it.
 */
static int read_words(struct opt_read *read, bool stops_at_operand, int argc, char **argv, char **error)
{
	int at = 0, n = 0;

	for (;;) {
		int step = opt_read_words(read, argc - at, argv + at, error);

		at += step;
		if (at >= argc)
			return n;
		if (stops_at_operand || (step > 1 && str_equal(argv[at - 1], "--")))
			break;
		argv[1 + n++] = argv[at];
	}
	while (at < argc)
		argv[1 + n++] = argv[at++];
	return n;
}

/* NULL, or what is wrong with the number of operands. Owned. */
static char *check_operands(const struct command *command, int n, char **operands)
{
	if (n < command->min_operands)
		return mem_printf("missing operand: %s", command->operands);
	if (command->max_operands >= 0 && n > command->max_operands)
		return mem_printf("one word too many: %s", str_quote(operands[command->max_operands]));
	return NULL;
}

/* What is wrong is not on the command line. */
static int settings_error(const struct walk *w, const struct command *command, const struct cli_global *global,
			  const char *problem)
{
	output_failed(global, walk_words(w), problem, "correcting that; sloth config show client shows what counts then");
	return usage_status(command);
}

/* The words of the line behind everything else; argv[0] is the command's last one. */
static int run_with(struct walk *w, const struct command *command, struct opt_read *read, const char *misplaced, int argc,
		    char **argv)
{
	struct cli_global *options = read->out;
	char *error = NULL;
	int n;

	settings_overlay(read, &w->global);
	n = read_words(read, command->stops_at_operand, argc, argv, &error);
	argv[1 + n] = NULL;
	if (!error && !options->help)
		error = check_operands(command, n, argv + 1);
	if (error)
		return usage_error(w, command, options, error);
	if (options->help)
		return show_help(w, command);
	if (misplaced && !command->ignores_settings)
		return settings_error(w, command, options, misplaced);
	return command->run(options, n, argv + 1);
}

static int run_command(struct walk *w, const struct command *command, int argc, char **argv)
{
	size_t size = command_options_size(command);
	struct cli_global *options = mem_alloc(size);
	struct opt_read read;
	char *misplaced = NULL;
	int status;

	opt_read_init(&read, command_options(command), options, size);
	options->read = &read;
	settings_read(w->root, command, walk_words(w), SETTINGS_ALL, &read, &misplaced);
	status = run_with(w, command, &read, misplaced, argc, argv);
	opt_read_done(&read);
	free(misplaced);
	free(options);
	return status;
}

/* ---- the walk ---- */

static int walk_command(struct walk *w, const struct command *command, int argc, char **argv);

static bool is_help_word(const char *word)
{
	return str_equal(word, "--help") || str_equal(word, "-h");
}

/* argv[0] is the wrapper's word; nothing of the daemon's words is looked at but the first. */
static int walk_exec(struct walk *w, const struct command *command, int argc, char **argv)
{
	const struct command *sub = argc > 1 ? command_find(command, argv[1]) : NULL;

	if (sub)
		return walk_command(w, sub, argc - 1, argv + 1);
	if (argc == 2 && is_help_word(argv[1]))
		return show_help(w, command);
	return command->exec(&w->global, argc, argv);
}

/* The command is not known, so its options are not either; but -o is the same in all of them. */
static int group_error(struct walk *w, const struct command *group, int argc, char **argv, char *problem)
{
	struct opt_read read = { .table = command_options(group), .out = &w->global };
	char *ignored = NULL;

	if (argc > 0)
		read_words(&read, false, argc, argv, &ignored);
	free(ignored);
	return usage_error(w, group, &w->global, problem);
}

static int walk_group(struct walk *w, const struct command *group, int argc, char **argv)
{
	const struct command *sub;
	char *error = NULL;
	int at = opt_read_on(command_options(group), argc, argv, &w->global, &error);

	if (error)
		return group_error(w, group, argc - at, argv + at, error);
	if (w->global.help)
		return show_help(w, group);
	if (w->global.version) {
		char word[] = "version", *words[] = { word, NULL };

		return walk_command(w, command_find(w->root, word), 1, words);
	}
	if (at >= argc)
		return usage_error(w, group, &w->global, mem_strdup("a command is missing"));
	sub = command_find(group, argv[at]);
	if (!sub)
		return group_error(w, group, argc - at, argv + at, mem_printf("no such command: %s", str_quote(argv[at])));
	return walk_command(w, sub, argc - at, argv + at);
}

static int walk_command(struct walk *w, const struct command *command, int argc, char **argv)
{
	walk_enter(w, command);
	if (command->exec)
		return walk_exec(w, command, argc, argv);
	if (command->sub)
		return walk_group(w, command, argc, argv);
	return run_command(w, command, argc, argv);
}

int command_main(const struct command *root, int argc, char **argv)
{
	struct walk w = { .root = root };

	return walk_command(&w, root, argc, argv);
}

int command_help(const struct command *root, const struct cli_global *global, int argc, char **argv)
{
	struct walk w = { .root = root };
	const struct command *command = root;

	walk_enter(&w, root);
	for (int i = 0; i < argc; i++) {
		const struct command *sub = command_find(command, argv[i]);

		if (!sub)
			return usage_error(&w, command, global, mem_printf("no such command: %s", str_quote(argv[i])));
		command = sub;
		walk_enter(&w, command);
	}
	return show_help(&w, command);
}
