/*
 * exec_program.h - which program a request means, as execve(2) wants it. For launch.c.
 */
#ifndef AGENT_EXEC_PROGRAM_H
#define AGENT_EXEC_PROGRAM_H

enum { EXEC_ARG_MAX = 128 * 1024 };	/* one argument with its NUL: MAX_ARG_STRLEN of the kernel */

extern const char exec_default_path[];	/* PATH of a run that sets none */

struct exec_program {
	const char **paths;		/* to try in this order, NULL-terminated */
	char **argv;			/* shell_argv, or the caller's */
	char *shell_argv[5];
	char *text;			/* owned: what paths point into */
	char *script;			/* owned: the command as a file, or NULL */
};

/* `shell` runs `command`; where that is NULL argv is executed, argv[0] looked up in the PATH of env. Borrows all of
 * them. */
void exec_program_init(struct exec_program *p, const char *shell, const char *command, char **argv, char *const *env);
void exec_program_done(struct exec_program *p);

#endif
