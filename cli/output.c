/*
 * output.c - which form results take, and whether they arrived.
 */
#include "cli/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/report.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"

/* NULL: an unknown format. */
static const struct output_ops *find_ops(const char *format)
{
	if (!format || str_equal(format, output_text.format))
		return &output_text;
	if (str_equal(format, output_names.format))
		return &output_names;
	return str_equal(format, output_json.format) ? &output_json : NULL;
}

static int bad_value(const struct cli_global *global, const char *option, const char *value, const char *choices)
{
	char *error = mem_printf("%s: %s is none of %s", option, str_quote(value), choices);

	output_failed(global, "command line", error, "sloth --help");
	free(error);
	return -EINVAL;
}

int output_init(struct output *output, const struct cli_global *global)
{
	enum style_when when;

	output->global = global;
	output->ops = find_ops(global->format);
	if (!output->ops)
		return bad_value(global, "-o", global->format, "text, json");
	if (style_parse_when(global->color, &when))
		return bad_value(global, "--color", global->color, "auto, always, never");
	output->style = style_of(STDOUT_FILENO, when);
	return 0;
}

void output_failed(const struct cli_global *global, const char *what, const char *error, const char *hint)
{
	const struct output_ops *ops = find_ops(global->format);

	report_error("%s: %s", what, error);
	if (hint)
		report_hint("%s", hint);
	if (ops)
		ops->failed(error);
}

static int stdout_error;	/* -errno of the first write that failed */

static ssize_t write_stdout(void *cookie, const char *data, size_t n)
{
	(void)cookie;
	if (!stdout_error)
		stdout_error = fd_write_all(STDOUT_FILENO, data, n);
	return stdout_error ? 0 : (ssize_t)n;
}

void output_begin(void)
{
	FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = write_stdout });

	if (stream)
		stdout = stream;
}

int output_finish(int status)
{
	int error = fflush(stdout) || ferror(stdout) ? stdout_error ? stdout_error : -errno : 0;

	if (!error)
		return status;
	if (error == -EPIPE)
		return EXIT_BROKEN_PIPE;
	report_error("stdout: %s", strerror(-error));
	return status ? status : EXIT_FAILED;
}
