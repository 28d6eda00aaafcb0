/*
 * complete.c - see complete.h. What a word can be is known from the tables; names are asked for where they are, by the
 * commands that list them, with everything silent that is no candidate.
 *
 * An alarm ends a program that waits for a master; it also does so behind the exec of sloth-tls, which begins anew.
 */
#include "cli/complete.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/settings.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/opt_complete.h"
#include "common/str.h"

enum { COMPLETE_S = 2 };

struct walk {
	struct opt_complete c;
	const struct command *root;
	struct cli_global global;	/* which master, as far as it has been typed */
};

/* ---- names ---- */

static void on_alarm(int signal_number)
{
	(void)signal_number;
	_exit(EXIT_OK);
}

static void be_quick_and_silent(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		dup2(fd, STDERR_FILENO);
	signal(SIGALRM, on_alarm);
	alarm(COMPLETE_S);
}

/* A list command, with the options of every command only. */
static void list(struct walk *w, int (*list_main)(void *options, int argc, char **argv), bool all, bool kept)
{
	struct history_options options = { .all = all, .kept = kept };	/* the largest of them; it begins as they all do */
	char *no_words[] = { NULL }, *error = NULL;
	struct opt_read read;

	opt_read_init(&read, cli_global_options, &options, sizeof options);
	options.global.read = &read;
	if (!settings_read(w->root, NULL, NULL, SETTINGS_ALL, &read, &error)) {
		settings_overlay(&read, &w->global);
		options.global.format = "names";
		list_main(&options, 0, no_words);
	}
	opt_read_done(&read);
	free(error);
}

static void print_signals(struct walk *w, const char *prefix)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGKILL, SIGUSR1, SIGUSR2, SIGSTOP, SIGCONT };

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		opt_complete_print(&w->c, prefix, sigabbrev_np(signals[i]), sigdescr_np(signals[i]));
}

static void print_commands(struct walk *w, const struct command *group, const char *prefix)
{
	for (const struct command *c = group->sub; c && c->name; c++)
		opt_complete_print(&w->c, prefix, c->name, c->summary);
}

static void print_programs(struct walk *w, const char *prefix)
{
	opt_complete_print(&w->c, prefix, "client", "sloth itself");
	opt_complete_print(&w->c, prefix, "agent", "slothd-agent");
	opt_complete_print(&w->c, prefix, "master", "slothd-master");
}

static void print_operand(struct walk *w, enum operand what, const char *prefix)
{
	switch (what) {
	case OPERAND_AGENT:	return list(w, agent_list_main, false, false);
	case OPERAND_PENDING:	return list(w, agent_pending_main, false, false);
	case OPERAND_RUN:	return list(w, run_list_main, true, false);
	case OPERAND_OPEN_RUN:	return list(w, run_list_main, false, false);
	case OPERAND_KEPT_RUN:	return list(w, run_list_main, true, true);
	case OPERAND_TOKEN:	return list(w, token_list_main, false, false);
	case OPERAND_OPERATOR:	return list(w, operator_list_main, false, false);
	case OPERAND_CONTEXT:	return list(w, context_list_main, false, false);
	case OPERAND_SIGNAL:	return print_signals(w, prefix);
	case OPERAND_PROGRAM:	return print_programs(w, prefix);
	case OPERAND_COMMAND:	/* the walk knows it */
	case OPERAND_ANY:	return;
	}
}

/* ---- values ---- */

static void print_value(const struct opt *o, const char *prefix, struct opt_complete *c)
{
	struct walk *w = c->arg;

	(void)prefix;
	if (str_equal(o->name, "context"))
		list(w, context_list_main, false, false);
	else if (str_equal(o->name, "agent"))
		list(w, agent_list_main, false, false);
}

/* ---- the walk ---- */

/* The options among words[from..to) that say which master it is. */
static void take_options(struct walk *w, const struct command *command, int from, int to, char **words)
{
	struct cli_global *scratch = mem_alloc(command_options_size(command));
	struct opt_read read = { .table = command_options(command), .out = scratch };
	char *ignored = NULL;

	*scratch = w->global;
	opt_read_words(&read, to - from + 1, words + from - 1, &ignored);	/* the word before is passed over */
	w->global = *scratch;
	opt_done(read.table, scratch);
	free(scratch);
	free(ignored);
}

/* Before a command -o may be that of any: what few of them take is read there, and not offered. */
static const struct opt *offered_options(const struct walk *w, const struct command *command)
{
	static const struct opt of_program[] = {
		CLI_OPTION_OUTPUT("text or json"), CLI_OPTION_TARGET, CLI_OPTION_COLOR, CLI_OPTION_HELP, CLI_OPTION_VERSION,
		CLI_OPTION_END,
	};

	if (command == w->root)
		return of_program;
	return command->sub ? cli_global_options : command_options(command);
}

/* True: the word to complete was one of the options. */
static bool walk_options(struct walk *w, const struct command *command, int n, char **words, int *at)
{
	int from = *at;
	bool is_done = opt_complete_words(&w->c, offered_options(w, command), n, words, at);

	if (!is_done)
		take_options(w, command, from, *at, words);
	return is_done;
}

static void walk_operands(struct walk *w, const struct command *command, int n, char **words, int at)
{
	int operand = 0;

	while (!walk_options(w, command, n, words, &at)) {
		if (at < n - 1 && str_equal(words[at], "--"))
			return;
		if (at == n - 1) {
			if (operand < 2 && (command->max_operands < 0 || operand < command->max_operands))
				print_operand(w, command->names[operand], words[at]);
			return;
		}
		if (command->stops_at_operand)
			return;
		operand++;
		at++;
	}
}

/* `sloth help agent r`. */
static void walk_help(struct walk *w, int n, char **words, int at)
{
	const struct command *c = w->root;

	if (walk_options(w, command_find(w->root, "help"), n, words, &at))
		return;
	while (c && at < n - 1)
		c = command_find(c, words[at++]);
	if (c)
		print_commands(w, c, words[n - 1]);
}

/* All words are a daemon's; it knows its own options. */
static int walk_exec(struct walk *w, const struct command *command, int n, char **words, int at)
{
	char question[] = "__complete";

	print_commands(w, command, at == n - 1 ? words[at] : "-");
	fflush(stdout);
	words[at - 1] = question;
	words[at - 2] = (char *)(uintptr_t)command->name;
	return command->exec(&(struct cli_global){ 0 }, n - at + 2, words + at - 2);
}

int complete_main(const struct command *root, int n, char **words)
{
	struct walk w = { .root = root, .c = { .to = stdout, .value = print_value } };
	const struct command *c = root;
	int at = 2;

	w.c.arg = &w;
	if (n <= at)
		return EXIT_OK;
	be_quick_and_silent();
	while (c->sub) {
		const struct command *sub;

		if (!c->exec && walk_options(&w, c, n, words, &at))
			return EXIT_OK;
		sub = at < n - 1 ? command_find(c, words[at]) : NULL;
		if (!sub && c->exec)
			return walk_exec(&w, c, n, words, at);
		if (!sub) {
			if (at == n - 1)
				print_commands(&w, c, words[at]);
			return EXIT_OK;
		}
		c = sub;
		at++;
	}
	if (c->exec)
		return walk_exec(&w, c, n, words, at);
	if (c->names[0] == OPERAND_COMMAND)
		walk_help(&w, n, words, at);
	else
		walk_operands(&w, c, n, words, at);
	return EXIT_OK;
}
