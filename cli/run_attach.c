/*
 * run_attach.c - `sloth run attach ID` and `sloth run logs ID`: joining a run that is there.
 */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/run.h"
#include "cli/run_id.h"
#include "common/exits.h"
#include "common/str.h"

/* Who attaches has the status of the command, and any other failure is EXIT_LOST. */
static int failure_status(enum run_kind kind, int status)
{
	return kind == RUN_KIND_OBSERVE ? status : EXIT_LOST;
}

static int join(const char *what, struct run_options *options, const char *prefix, enum run_kind kind)
{
	struct run run = { .options = options };
	struct cli_global find = options->global;
	Sloth__V1__RunRecord *record;
	char *error = NULL;
	int status;

	find.format = str_equal(find.format, "json") ? "json" : NULL;	/* the others are formats of runs alone */
	record = run_id_find(&find, what, prefix, &status);
	if (!record)
		return failure_status(kind, status);
	if (run_request_join(&run.request, options, record, kind, &error) || view_init(&run.view, &run.request, &error)) {
		output_failed(&options->global, what, error, kind == RUN_KIND_OBSERVE ? "sloth run logs --help" :
			      "sloth run attach --help");
		status = failure_status(kind, EXIT_USAGE);
	} else {
		status = run_play(&run);
	}
	free(error);
	run_request_done(&run.request);
	sloth__v1__run_record__free_unpacked(record, NULL);
	return status;
}

int run_attach_main(void *options, int argc, char **argv)
{
	(void)argc;
	return join("run attach", options, argv[0], RUN_KIND_ATTACH);
}

int run_logs_main(void *options, int argc, char **argv)
{
	(void)argc;
	return join("run logs", options, argv[0], RUN_KIND_OBSERVE);
}
