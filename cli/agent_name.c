/*
 * agent_name.c - what the commands that take one agent's name have in common.
 */
#include "cli/agent_name.h"

#include "cli/report.h"
#include "common/exits.h"
#include "common/str.h"

bool agent_name_check(const char *what, const char *name)
{
	if (str_is_name(name))
		return true;
	report_error("%s: %s is not an agent's name: %s", what, str_quote(name), str_name_rule);
	report_hint("sloth agent list");
	return false;
}

int agent_refused(const char *what, const struct output *output, const char *message)
{
	report_error("%s: %s", what, message);
	report_hint("sloth agent list");
	output->ops->failed(message);
	return EXIT_FAILED;
}
