/*
 * opt_load.h - the options of a daemon: from their defaults, its configuration file, the environment, its command line.
 */
#ifndef COMMON_OPT_LOAD_H
#define COMMON_OPT_LOAD_H

#include "common/opt_read.h"

struct opt_source {
	const struct opt *table;	/* has "config" (OPT_STRING), "version" and "help" (flags) */
	size_t size;			/* of the struct */
	const char *what;		/* the daemon, for messages: "agent" */
	const char *section;		/* of the file: "Agent" */
	const char *default_file;	/* read by root when the command line names none; may be missing */
	void (*set_defaults)(void *out);	/* every field */
	/* The values one by one. 0, or -EINVAL with *error set to owned words that begin with the option's name. */
	int (*check)(void *out, char **error);
};

/*
 * Fills `out`, whose fields are those of the table. *read knows where they stand; the caller ends it, also after an
 * error. EXIT_OK, or with *error set to owned words EXIT_BAD_USAGE for what is wrong on the command line by itself and
 * EXIT_CONFIG for what is wrong elsewhere. With version or help set nothing has been checked.
 */
int opt_load(const struct opt_source *source, int argc, char **argv, void *out, struct opt_read *read, char **error);
/*
 * The same for a daemon that runs, maybe in another directory: what stood on its command line was right, and secrets have
 * been wiped there since. `before` knows the file.
 */
int opt_load_again(const struct opt_source *source, int argc, char **argv, const struct opt_read *before, void *out,
		   struct opt_read *read, char **error);

/*
 * A daemon that has a policy does not lose it by a file that was emptied or cut: EXIT_CONFIG and *error, when `before` names
 * one and `now` none. `name` is the row's.
 */
int opt_check_policy(const char *name, const char *before, const char *now, char **error);

/* Names of the rows that differ, those with the mark OPT_LIVE or those without; "max-runs, policy", owned. NULL: none. */
char *opt_changes(const struct opt *table, const void *a, const void *b, bool live);
bool opt_differs(const struct opt *o, const void *a, const void *b);

#endif
