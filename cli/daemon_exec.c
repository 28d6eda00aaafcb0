/*
 * daemon_exec.c - finding and becoming a daemon: ../sbin/NAME beside the folder of this program.
 */
#include "cli/daemon_exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/report.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/paths.h"

static char *daemon_path(const char *program)
{
	char *place = mem_printf("sbin/%s", program), *path = paths_beside(place);

	free(place);
	return path;
}

int daemon_exec(const char *program, int argc, char **argv)
{
	char *path = daemon_path(program);
	char **words = mem_array((size_t)argc + 1, sizeof *words);

	for (int i = 1; i < argc; i++)
		words[i] = argv[i];
	words[0] = mem_strdup(program);
	if (path)
		execv(path, words);
	report_error("%s cannot be started: %s: %s", program, path ? path : "/proc/self/exe", strerror(errno));
	report_hint("installing %s beside sloth: it belongs into sbin next to the bin that holds sloth", program);
	free(words[0]);
	free(words);
	free(path);
	return EXIT_FAILED;
}

bool daemon_exec_check(const struct cli_global *global, const char *words)
{
	const char *option = NULL;
	char *error, *hint;

	if (global->master)
		option = "--master";
	else if (global->socket)
		option = "--socket";
	else if (global->context)
		option = "--context";
	else if (global->insecure)
		option = "--insecure";
	else if (global->format)
		option = "-o";
	else if (global->color)
		option = "--color";
	if (!option)
		return true;
	error = mem_printf("%s stands before it; the daemon's options stand behind it", option);
	hint = mem_printf("sloth %s --help", words);
	output_failed(global, words, error, hint);
	free(error);
	free(hint);
	return false;
}
