/*
 * context_commands.c - `sloth context list|use|rm`. No master is asked.
 */
#include <errno.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/output.h"
#include "cli/report.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/paths.h"

const struct opt context_options[] = {
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

/* ---- list ---- */

static void fill_rows(const char *root, const struct context_list *list, const char *current, struct context_row *rows)
{
	for (size_t i = 0; i < list->n; i++) {
		char address[WIRE_ADDR_MAX], *error = NULL;
		bool is_good = context_read_address(root, list->names[i], address, &error) == 0;

		rows[i] = (struct context_row){
			.name = list->names[i], .address = is_good ? mem_strdup(address) : NULL, .error = error,
			.is_current = str_equal(list->names[i], current),
		};
	}
}

static void show(const struct output *output, const char *root, const struct context_list *list)
{
	struct context_row *rows = mem_array(list->n, sizeof *rows);
	char current[CONTEXT_NAME_MAX + 1] = "", *ignored = NULL;

	if (context_read_current(root, current, &ignored))
		current[0] = '\0';
	free(ignored);
	fill_rows(root, list, current, rows);
	output->ops->contexts(output, rows, list->n);
	for (size_t i = 0; i < list->n; i++) {
		free((char *)(uintptr_t)rows[i].address);
		free((char *)(uintptr_t)rows[i].error);
	}
	free(rows);
}

static int list_all(const struct output *output, const char *root, char **error)
{
	struct context_list list;
	int err = context_list_read(root, &list, error);

	if (!err && !list.n) {
		*error = mem_strdup("there is no context: nobody has logged in");
		err = -ENOENT;
	}
	if (!err)
		show(output, root, &list);
	context_list_done(&list);
	return err;
}

/* ---- all three ---- */

enum context_verb { CONTEXT_LIST, CONTEXT_USE, CONTEXT_RM };

static int apply(enum context_verb verb, const struct output *output, const char *root, const char *name, char **error)
{
	char address[WIRE_ADDR_MAX];
	int err;

	if (verb == CONTEXT_LIST)
		return list_all(output, root, error);
	if (verb == CONTEXT_RM) {
		err = context_remove(root, name, error);
	} else {
		err = context_read_address(root, name, address, error);
		if (!err)
			err = context_write_current(root, name, error);
	}
	if (!err)
		output->ops->done(output, verb == CONTEXT_RM ? "removed" : "in use", name, "");
	return err;
}

static int run(enum context_verb verb, const char *what, const struct cli_global *global, const char *name)
{
	struct output output;
	char *root, *error = NULL;
	int err;

	if (output_init(&output, global))
		return EXIT_USAGE;
	root = paths_user_config_dir();
	err = apply(verb, &output, root, name, &error);
	if (err)
		output_failed(global, what, error, verb == CONTEXT_LIST ? "sloth login HOST:PORT" : "sloth context list");
	free(error);
	free(root);
	return err ? EXIT_FAILED : EXIT_OK;
}

int context_list_main(void *options, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return run(CONTEXT_LIST, "context list", options, NULL);
}

int context_use_main(void *options, int argc, char **argv)
{
	(void)argc;
	return run(CONTEXT_USE, "context use", options, argv[0]);
}

int context_rm_main(void *options, int argc, char **argv)
{
	(void)argc;
	return run(CONTEXT_RM, "context rm", options, argv[0]);
}
