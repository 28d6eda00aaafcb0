/*
 * report.h - what the CLI says on stderr: errors as "sloth: what failed: why", below it the next thing to try.
 *
 * The text may hold words of peers and users: control bytes never reach the terminal.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdbool.h>

#include "common/buf.h"

void report_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "  try: ..."; only after an error. */
void report_hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Appends the line of something that the user should know and that is no error; dim: in colours. For stderr. */
void report_format_notice(struct buf *out, bool dim, const char *text);

#endif
