/*
 * commands_run.c - the table of `sloth run`: what is done with runs that are there.
 */
#include "cli/commands.h"
#include "cli/run_options.h"
#include "common/exits.h"

const struct command run_commands[] = {
	{
		.name = "list",
		.summary = "List the runs that are not over",
		.description = "Newest first. The exit status is 1 when there are none.",
		.examples =
		"sloth run list\n"
		"sloth run list --agent 'web*' --all\n"
		"sloth run list --state lost-contact -o json",
		.options = run_list_options,
		.options_size = sizeof(struct history_options),
		.run = run_list_main,
	}, {
		.name = "show",
		.operands = "ID",
		.summary = "Show all that is known of one run",
		.examples = "sloth run show 3f2a90",
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_RUN },
		.run = run_show_main,
	}, {
		.name = "attach",
		.operands = "ID",
		.summary = "Join a run as its owner",
		.description =
		"Input, output, signals and the exit status are as those of sloth agent run.\n"
		"Output begins with the oldest byte that the agent has; whoever was attached is\n"
		"let go of.",
		.examples =
		"sloth run attach 3f2a90\n"
		"sloth run attach -t 3f2a90",
		.options = run_attach_options,
		.options_size = sizeof(struct run_options),
		.min_operands = 1,
		.max_operands = 1,
		.usage_status = EXIT_LOST,
		.names = { OPERAND_OPEN_RUN },
		.run = run_attach_main,
	}, {
		.name = "logs",
		.operands = "ID",
		.summary = "Print the output of a run that its agent has",
		.description = "Without disturbing the run, nor whoever is attached to it.",
		.examples =
		"sloth run logs 3f2a90\n"
		"sloth run logs -f 3f2a90",
		.options = run_logs_options,
		.options_size = sizeof(struct run_options),
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_KEPT_RUN },
		.run = run_logs_main,
	}, {
		.name = "stop",
		.operands = "ID",
		.summary = "Cancel a run, with everything that it started",
		.description = "By SIGTERM and, after its grace, SIGKILL.",
		.examples = "sloth run stop 3f2a90",
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_OPEN_RUN },
		.run = run_stop_main,
	}, {
		.name = "signal",
		.operands = "ID SIGNAL",
		.summary = "Send a signal to the process group of a run",
		.examples =
		"sloth run signal 3f2a90 HUP\n"
		"sloth run signal 3f2a90 10",
		.min_operands = 2,
		.max_operands = 2,
		.names = { OPERAND_OPEN_RUN, OPERAND_SIGNAL },
		.run = run_signal_main,
	}, {
		.name = "wait",
		.operands = "ID",
		.summary = "Wait for the end of a run",
		.description =
		"The exit status is that of sloth agent run; 124 also when --timeout is over\n"
		"before the run.",
		.examples =
		"sloth run wait 3f2a90\n"
		"sloth run wait 3f2a90 --timeout 10m -o json",
		.options = run_wait_options,
		.options_size = sizeof(struct run_wait_options),
		.min_operands = 1,
		.max_operands = 1,
		.usage_status = EXIT_LOST,
		.names = { OPERAND_RUN },
		.run = run_wait_main,
	}, {
		.name = "rm",
		.operands = "ID",
		.summary = "Forget a run that is over, and its output",
		.description = "The history keeps that it was.",
		.examples = "sloth run rm 3f2a90",
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_RUN },
		.run = run_rm_main,
	},
	{ .name = NULL },
};
