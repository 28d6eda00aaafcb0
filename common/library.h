/*
 * library.h - the libraries that a program was built with and runs with, as its --version shows them.
 */
#ifndef COMMON_LIBRARY_H
#define COMMON_LIBRARY_H

#include <stddef.h>

/* Strings live as long as the program. */
struct library {
	const char *name;
	const char *version;	/* of the one that is loaded */
	const char *built;	/* of the one whose headers were used */
};

/*
 * "PROGRAM VERSION", then "LIBRARY VERSION" for each, a line each, on stdout; where both versions of a library differ,
 * " (built with VERSION)" follows. `sloth version -o json` reads it.
 */
void library_print(const char *program, const struct library *libraries, size_t n);

#endif
