/*
 * opt_load.h - the options of a daemon: defaults, configuration file, command line; the last one that says
 * something wins.
 */
#ifndef COMMON_OPT_LOAD_H
#define COMMON_OPT_LOAD_H

#include "common/opt.h"

struct opt_source {
	const struct opt *table;	/* has "config" (OPT_STRING), "version" and "help" (flags) */
	const char *what;		/* the daemon, for messages: "agent" */
	const char *default_file;	/* read by root when the command line names none; may be missing */
	void (*set_defaults)(void *out);	/* every field */
	/* The values one by one. 0, or -EINVAL with *error set to owned words. */
	int (*check)(void *out, char **error);
};

/*
 * Fills `out`, whose fields are those of the table. *memory owns strings of the file, also after an error. EXIT_OK, or
 * with *error set to owned words EXIT_BAD_USAGE for what is wrong on the command line by itself and
 * EXIT_CONFIG for what is wrong in the file. With version or help set nothing has been checked.
 */
int opt_load(const struct opt_source *source, int argc, char **argv, void *out, char **memory, char **error);

#endif
