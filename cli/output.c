/*
 * output.c - which form results take, and whether they arrived.
 */
#include "cli/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/report.h"
#include "common/exits.h"
#include "common/str.h"

static int bad_value(const char *option, const char *value, const char *choices)
{
	report_error("command line: %s: %s is none of %s", option, str_quote(value), choices);
	report_hint("sloth --help");
	return -EINVAL;
}

int output_init(struct output *output, const struct cli_global *global)
{
	enum style_when when;

	if (!global->format || str_equal(global->format, output_text.format))
		output->ops = &output_text;
	else if (str_equal(global->format, output_json.format))
		output->ops = &output_json;
	else
		return bad_value("-o", global->format, "text, json");
	if (style_parse_when(global->color, &when))
		return bad_value("--color", global->color, "auto, always, never");
	output->style = style_of(STDOUT_FILENO, when);
	return 0;
}

int output_finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno == EPIPE)
		return EXIT_BROKEN_PIPE;
	report_error("stdout: %s", strerror(errno));
	return EXIT_FAILED;
}
