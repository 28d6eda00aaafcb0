/*
 * run_options.h - what `sloth agent run` was asked to do.
 */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "cli/command.h"

enum { RUN_ID_SIZE = 16 };

struct run_options {
	struct cli_global global;
	bool argv, no_stdin, quiet;
	const char *user, *cwd;
	uint64_t timeout_ms, kill_grace_ms;
	struct opt_list env;
};

/* One run as it is asked for. */
struct run_request {
	const char *agent;
	char *command;			/* owned; with --argv only what people read */
	char **argv;			/* --argv: the words, borrowed; else NULL */
	size_t n_argv;
	const struct run_options *options;
	bool stdin_closed;
	uint8_t id[RUN_ID_SIZE];
};

/* words[0] is the agent. 0, or -EINVAL with *error set to an owned line. */
int run_request_init(struct run_request *r, const struct run_options *options, int n, char **words, char **error);
void run_request_done(struct run_request *r);

#endif
