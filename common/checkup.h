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
};
/* Texts are printed as they are. */
void checkup_print(const struct checkup_line *line, FILE *to);

#endif
