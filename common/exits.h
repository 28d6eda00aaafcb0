/*
 * exits.h - exit statuses of the programs, documented in each manual page.
 */
#ifndef COMMON_EXITS_H
#define COMMON_EXITS_H

enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,		/* the CLI: the command line is wrong */
	EXIT_BAD_USAGE = 64,	/* daemons: the command line is wrong; never retried by systemd */
	EXIT_STOPPED = 69,	/* the agent: stopped on request */
	EXIT_CONFIG = 78,	/* daemons: a person must edit something; never retried by systemd */
	EXIT_TIMED_OUT = 124,	/* sloth agent run: --timeout passed */
	EXIT_LOST = 125,	/* sloth agent run: could not run it, or lost it */
	EXIT_CANNOT_EXEC = 126,
	EXIT_NOT_FOUND = 127,
	EXIT_SIGNAL = 128,	/* + signal number */
	EXIT_BROKEN_PIPE = 141
};

#endif
