/*
 * agent_run.c - `sloth agent run [OPTION...] NAME COMMAND...`.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/report.h"
#include "cli/run.h"
#include "common/exits.h"

/* What could not be written decides over how the command ended. */
static int written_status(const struct run *run, int status)
{
	int error = view_error(&run->view);

	if (!error || run->is_write_told)
		return status;
	if (error == -EPIPE)
		return EXIT_BROKEN_PIPE;
	report_error("%s: its output cannot be written: %s", run->request.agent, strerror(-error));
	return EXIT_LOST;
}

int run_play(struct run *run)
{
	const struct run_options *o = run->options;
	int status;

	run->request.stdin_closed = o->no_stdin || o->detach || run->request.kind == RUN_KIND_OBSERVE ||
		source_is_empty(STDIN_FILENO);
	status = written_status(run, run_main(run));
	view_done(&run->view);
	client_close(&run->client);
	run_result_done(&run->result);
	return status;
}

int agent_run_main(void *options, int argc, char **argv)
{
	struct run run = { .options = options };
	char *error = NULL;
	int status = EXIT_LOST;

	if (run_request_init(&run.request, options, argc, argv, &error) || view_init(&run.view, &run.request, &error))
		output_failed(&run.options->global, "agent run", error, "sloth agent run --help");
	else
		status = run_play(&run);
	free(error);
	run_request_done(&run.request);
	return status;
}
