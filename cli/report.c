/*
 * report.c - what the CLI says on stderr. One write per line, so that lines of parallel runs stay whole.
 */
#include "cli/report.h"

#include <stdarg.h>
#include <unistd.h>

#include "cli/style.h"
#include "common/fd.h"

/* Line breaks become spaces: one report is one line. */
static void append_line(struct buf *out, const char *before, const char *text, const char *after)
{
	buf_append_str(out, before);
	style_append_clean(out, text);
	buf_append_str(out, after);
	buf_append_str(out, "\n");
}

static void report_vline(const char *before, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void report_vline(const char *before, const char *fmt, va_list ap)
{
	struct buf text = { 0 }, line = { 0 };

	buf_vprintf(&text, fmt, ap);
	append_line(&line, before, buf_string(&text), "");
	/* There is nobody left to tell when this fails. */
	(void)fd_write_all(STDERR_FILENO, buf_data(&line), buf_len(&line));
	buf_done(&line);
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

void report_format_notice(struct buf *out, bool dim, const char *text)
{
	append_line(out, dim ? STYLE_DIM "sloth: " : "sloth: ", text, dim ? STYLE_RESET : "");
}
