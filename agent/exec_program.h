/*
 * exec_program.h - which program an exec_spec means, as execve(2) wants it. For exec.c.
 */
#ifndef AGENT_EXEC_PROGRAM_H
#define AGENT_EXEC_PROGRAM_H

#include "agent/exec.h"

enum { EXEC_ARG_MAX = 128 * 1024 };	/* one argument with its NUL: MAX_ARG_STRLEN of the kernel */

extern const char exec_default_path[];	/* PATH of a run that sets none */

struct exec_program {
	const char **paths;		/* to try in this order, NULL-terminated */
	char *const *argv;
	char *shell_argv[5];
	char *text;			/* owned: what paths point into */
	int script;			/* the command as a file, or -1 */
};

/* Borrows from spec. 0, or -errno: the script could not be written. */
int exec_program_init(struct exec_program *p, const struct exec_spec *spec);
void exec_program_done(struct exec_program *p);

#endif
