/*
 * run_options.h - what `sloth agent run` was asked to do.
 */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "cli/command.h"
#include "wire/proto/sloth.pb-c.h"

enum { RUN_ID_SIZE = 16, RUN_RECONNECT_MS = 60000 };

/* As they were given; also those of `sloth run attach` and `logs`. */
struct run_options {
	struct cli_global global;
	bool argv, no_stdin, quiet, detach, tty, follow;
	const char *user, *cwd;
	const char *reconnect, *on_lost, *nice, *output_max;
	uint64_t timeout_ms, kill_grace_ms;
	struct opt_list env, limits;
};

enum run_kind {
	RUN_KIND_START,			/* a run that begins with us */
	RUN_KIND_ATTACH,		/* one that was there, as its owner */
	RUN_KIND_OBSERVE		/* one that was there, its output only */
};

/* One run as it is asked for. */
struct run_request {
	enum run_kind kind;
	const char *agent;		/* borrowed */
	char *command;			/* owned; with --argv only what people read */
	char **argv;			/* --argv: the words, borrowed; else NULL */
	size_t n_argv;
	const struct run_options *options;
	bool stdin_closed;
	uint64_t reconnect_ms;		/* 0: a lost contact is the end */
	bool is_kept;			/* goes on without us */
	int32_t nice;
	uint64_t output_max;		/* bytes; 0: the agent's default */
	Sloth__V1__RunLimit *limits;	/* owned, names in it too */
	size_t n_limits;
	uint8_t id[RUN_ID_SIZE];
};

/* words[0] is the agent. 0, or -EINVAL with *error set to an owned line. */
int run_request_init(struct run_request *r, const struct run_options *options, int n, char **words, char **error);
/* For a run that is there already: the options that concern how we stay with it. The same. */
int run_request_join(struct run_request *r, const struct run_options *options, const Sloth__V1__RunRecord *record,
		     enum run_kind kind, char **error);
/* What of the options says how contact is kept, for both of them. The same. */
int run_request_contact(struct run_request *r, char **error);
/* run_limits.c: --nice, --rlimit and --output-max. The same. */
int run_request_limits(struct run_request *r, char **error);
void run_request_done(struct run_request *r);

#endif
