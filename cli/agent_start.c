/*
 * agent_start.c - `sloth agent start ...` becomes slothd-agent(8).
 */
#include "cli/commands.h"
#include "cli/daemon_exec.h"
#include "common/exits.h"

int agent_start_exec(const struct cli_global *global, int argc, char **argv)
{
	if (!daemon_exec_check(global, "agent start"))
		return EXIT_USAGE;
	return daemon_exec("slothd-agent", argc, argv);
}
