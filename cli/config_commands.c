/*
 * config_commands.c - `sloth config show`: what options are set to, and where. That of the daemons is shown by the daemons.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/daemon_exec.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/opt_show.h"
#include "common/str.h"

const struct opt config_show_options[] = {
	{ "origin", 0, OPT_FLAG | OPT_ON_LINE, NULL, "with the place where each value stands",
	  offsetof(struct config_show_options, origin), 0, 0 },
	{ "config", 0, OPT_STRING | OPT_ON_LINE, "FILE", "with agent or master: a file other than the usual one",
	  offsetof(struct config_show_options, config), 0, 0 },
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

/* ---- the client ---- */

enum { WORDS_MAX = 64 };

/* What is set for one command only; `words`: "agent run". */
static int add_command(struct opt_show *show, const struct command *command, const char *words, char **error)
{
	struct cli_global *options = mem_alloc(command_options_size(command));
	struct opt_read read;
	int ret;

	opt_read_init(&read, command_options(command), options, command_options_size(command));
	ret = settings_read(&cli_root, command, words, SETTINGS_OWN, &read, error);
	if (!ret)
		opt_show_add(show, &read, options, words, 0, true);
	opt_read_done(&read);
	free(options);
	return ret;
}

static int add_commands(struct opt_show *show, const struct command *group, const char *before, char **error)
{
	int ret = 0;

	for (const struct command *c = group->sub; c && c->name && !ret; c++) {
		char words[WORDS_MAX];

		snprintf(words, sizeof words, "%s%s%s", before, *before ? " " : "", c->name);
		if (c->run)
			ret = add_command(show, c, words, error);
		else
			ret = add_commands(show, c, words, error);
	}
	return ret;
}

static const char *form_of(const struct config_show_options *o)
{
	return str_equal(o->global.format, "json") ? "json" : o->origin ? "origin" : "text";
}

static int show_client(const struct config_show_options *o)
{
	struct opt_show *show = opt_show_new();
	struct output output;
	char *error = NULL;
	int status = output_init(&output, &o->global) ? EXIT_USAGE : EXIT_OK;

	if (o->config) {
		output_failed(&o->global, "config show", "--config: the client has one file, ~/.config/sloth/config",
			      "sloth config show agent --config FILE");
		status = EXIT_USAGE;
	}
	if (status == EXIT_OK) {
		opt_show_add(show, o->global.read, o, NULL, 0, false);
		if (add_commands(show, &cli_root, "", &error)) {
			output_failed(&o->global, "config show", error, NULL);
			status = EXIT_USAGE;
		}
	}
	if (status == EXIT_OK)
		opt_show_print(show, form_of(o), stdout);
	free(error);
	opt_show_free(show);
	return status;
}

/* ---- the daemons ---- */

static int show_daemon(const struct config_show_options *o, const char *program)
{
	char config[] = "--config";
	char *form = mem_printf("--show-config=%s", form_of(o));
	char *words[] = { form, form, config, (char *)(uintptr_t)o->config, NULL };
	int status = daemon_exec(program, o->config ? 4 : 2, words);

	free(form);
	return status;
}

int config_show_main(void *options, int argc, char **argv)
{
	const struct config_show_options *o = options;
	const char *what = argc ? argv[0] : "client";
	char *error;

	if (str_equal(what, "client"))
		return show_client(o);
	if (str_equal(what, "agent") || str_equal(what, "master"))
		return show_daemon(o, *what == 'a' ? "slothd-agent" : "slothd-master");
	error = mem_printf("%s is none of client, agent, master", str_quote(what));
	output_failed(&o->global, "config show", error, "sloth config show --help");
	free(error);
	return EXIT_USAGE;
}
