/*
 * report.c - what the CLI says on stderr. One write per line, so that lines of parallel runs stay whole.
 */
#include "cli/report.h"

#include <stdarg.h>
#include <unistd.h>

#include "cli/style.h"
#include "common/buf.h"
#include "common/fd.h"

/* Line breaks become spaces: one report is one line. */
static void report_line(const char *before, const char *text, const char *after)
{
	struct buf line = { 0 };

	buf_append_str(&line, before);
	style_append_clean(&line, text);
	buf_append_str(&line, after);
	buf_append_str(&line, "\n");
	/* There is nobody left to tell when this fails. */
	(void)fd_write_all(STDERR_FILENO, buf_data(&line), buf_len(&line));
	buf_done(&line);
}

static void report_vline(const char *before, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void report_vline(const char *before, const char *fmt, va_list ap)
{
	struct buf text = { 0 };

	buf_vprintf(&text, fmt, ap);
	report_line(before, buf_string(&text), "");
	buf_done(&text);
}

void report_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_vline("sloth: ", fmt, ap);
	va_end(ap);
}

void report_hint(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_vline("  try: ", fmt, ap);
	va_end(ap);
}

void report_notice(bool dim, const char *text)
{
	report_line(dim ? STYLE_DIM "sloth: " : "sloth: ", text, dim ? STYLE_RESET : "");
}
