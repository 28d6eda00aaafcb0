/*
 * report.h - what the CLI says on stderr: errors as "sloth: what failed: why", below it the next thing to try.
 *
 * The text may hold words of peers and users: control bytes never reach the terminal.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdbool.h>

void report_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "  try: ..."; only after an error. */
void report_hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Something the user should know that is no error; dim when stderr is a terminal that has colours. */
void report_notice(bool dim, const char *text);

#endif
