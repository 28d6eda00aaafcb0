/*
 * agent_name.c - what the commands that take one agent's name have in common.
 */
#include "cli/agent_name.h"

#include <stdlib.h>

#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

bool agent_name_check(const struct cli_global *global, const char *what, const char *name)
{
	char *error;

	if (str_is_name(name))
		return true;
	error = mem_printf("%s is not an agent's name: %s", str_quote(name), str_name_rule);
	output_failed(global, what, error, "sloth agent list");
	free(error);
	return false;
}

int agent_refused(const char *what, const struct output *output, const char *message)
{
	output_failed(output->global, what, message, "sloth agent list");
	return EXIT_FAILED;
}
