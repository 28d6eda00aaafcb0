/*
 * launch.h - from what a caller asks for to what is executed: limits, user, environment.
 */
#ifndef AGENT_LAUNCH_H
#define AGENT_LAUNCH_H

#include "agent/exec_program.h"
#include "agent/run.h"
#include "agent/user.h"
#include "wire/proto/sloth.pb-c.h"

enum {
	LAUNCH_COMMAND_MAX = 1024 * 1024,
	LAUNCH_ARGS_MAX = 4096,			/* and LAUNCH_COMMAND_MAX bytes in all */
	LAUNCH_ENV_MAX = 512,			/* entries that a caller may add */
	LAUNCH_ENV_BYTES_MAX = 256 * 1024,
	LAUNCH_SHOWN_MAX = 4096,		/* bytes of the command in lists */
	LAUNCH_TERM_MAX = 64,
	LAUNCH_WINDOW_MAX = 4096		/* rows, columns */
};

/* How much output a detached run keeps. */
#define LAUNCH_OUTPUT_DEFAULT	(UINT64_C(64) * 1024 * 1024)
#define LAUNCH_OUTPUT_MIN	(UINT64_C(256) * 1024)
#define LAUNCH_OUTPUT_MAX	(UINT64_C(1024) * 1024 * 1024)

struct agent;

/* What became of a request. */
enum launch_verdict {
	LAUNCH_OK,
	LAUNCH_INVALID,		/* it is malformed or over a limit */
	LAUNCH_UNSUPPORTED,	/* this agent cannot do that */
	LAUNCH_NOT_STARTED	/* it is a run, and it ends as RUN_END_NOT_STARTED */
};

struct launch {
	struct spec spec;	/* points into what follows and into the request */
	const struct user *as;
	struct exec_program program;
	char **argv, **env;	/* owned, NULL-terminated */
	char *shown;		/* owned: the command as text */
	struct user *user;	/* owned; NULL: the agent's own */
};

/* `principal` is who asks. Unless LAUNCH_OK *error is set to owned words. launch_done() in any case. */
enum launch_verdict launch_prepare(struct launch *l, struct agent *agent, const Sloth__V1__RunStart *start,
				   const char *principal, char **error);
void launch_done(struct launch *l);

#endif
