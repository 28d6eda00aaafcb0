/* library.c - the libraries of a program, as its --version shows them. */
#include "common/library.h"

#include <stdio.h>
#include <string.h>

void library_print(const char *program, const struct library *libraries, size_t n)
{
	printf("%s %s\n", program, SLOTH_VERSION);
	for (const struct library *l = libraries; l < libraries + n; l++) {
		printf("%s %s", l->name, l->version);
		if (strcmp(l->version, l->built) != 0)
			printf(" (built with %s)", l->built);
		putchar('\n');
	}
}
