/*
 * checkup.h - how findings about a part of the system are shown: a line for each, aligned, and below it what to do.
 */
#ifndef COMMON_CHECKUP_H
#define COMMON_CHECKUP_H

#include <stdio.h>

struct checkup_line {
	const char *result;		/* "ok", "failed", "skipped" */
	const char *name, *detail;
	const char *advice;		/* "": none */
	const char *color, *reset;	/* around the result; "" for none */
	unsigned columns;		/* of the terminal; 0: none, each text stays on its line */
};
/*
 * Texts are printed as they are. On a terminal a long detail goes on below its beginning; of a long advice each part has a
 * line of its own: on which machine, the command, what is in parentheses. A command is never broken, so that it can be copied.
 */
void checkup_print(const struct checkup_line *line, FILE *to);

#endif
