/*
 * launch_env.h - lists of owned strings for execve(2), and the environment of a run. For launch.c.
 */
#ifndef AGENT_LAUNCH_ENV_H
#define AGENT_LAUNCH_ENV_H

#include <protobuf-c/protobuf-c.h>

#include "agent/user.h"

struct launch_who {
	const struct user *user;
	const char *run_id, *agent, *principal;
	const char *term;	/* NULL: it has no terminal */
};

/*
 * The environment of a run: what the agent sets, and over it the caller's n entries. Owned list; NULL with
 * *error set to owned words when an entry is malformed, or sets what only the agent may.
 */
char **launch_env(const struct launch_who *who, const ProtobufCBinaryData *entries, size_t n, char **error);
/* n byte strings as an owned, NULL-terminated list. NULL with *error: one has a NUL byte or is too long. */
char **launch_strings(const char *what, const ProtobufCBinaryData *items, size_t n, char **error);
void launch_strings_free(char **list);

#endif
