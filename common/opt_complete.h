/*
 * opt_complete.h - what a word of a command line can be, for shells. One line for each candidate, "WORD\tHELP" or
 * "WORD"; the lines ":files" and ":dirs" ask the shell for names of its own.
 */
#ifndef COMMON_OPT_COMPLETE_H
#define COMMON_OPT_COMPLETE_H

#include <stdbool.h>
#include <stdio.h>

#include "common/opt.h"

struct opt_complete {
	FILE *to;
	/* Candidates for a value of an option that has none in its table; `prefix` is what stands there. NULL: none. */
	void (*value)(const struct opt *o, const char *prefix, struct opt_complete *c);
	void *arg;
};

/*
 * Steps over the options at words[at] and behind; the last of n words is the one to complete. True: it is an option or
 * an option's value, and its candidates have been printed. False: *at is the first word that is none, at most n - 1.
 */
bool opt_complete_words(struct opt_complete *c, const struct opt *table, int n, char **words, int *at);

/* One candidate, when it begins with `prefix`. help may be NULL. */
void opt_complete_print(struct opt_complete *c, const char *prefix, const char *word, const char *help);

/* For a program of options only: when argv[1] is "__complete", does it for the words behind it and returns true. */
bool opt_complete_main(const struct opt *table, int argc, char **argv);

#endif
