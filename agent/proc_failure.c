/*
 * proc_failure.c - why a process could not be started, in words for the person who asked for it.
 */
#include <errno.h>
#include <string.h>

#include "agent/proc.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

static char *exec_text(int error, const char *program, int *code)
{
	*code = error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC;
	if (error == ENOENT && !strchr(program, '/'))
		return mem_printf("%s: command not found", str_quote(program));
	if (error == E2BIG)
		return mem_printf("%s: arguments and environment together are more than the system takes", str_quote(program));
	if (error == ENOEXEC)
		return mem_printf("%s: neither a program nor a script that names its interpreter", str_quote(program));
	return mem_printf("%s: %s", str_quote(program), strerror(error));
}

char *proc_failure_text(const struct proc_failure *failure, const struct proc_spec *spec, int *code)
{
	const char *user = spec->user->name, *why = strerror(failure->error);

	*code = 0;
	switch (failure->step) {
	case PROC_SPAWN:
		return mem_printf("no process can be started: %s", why);
	case PROC_SETUP:
		return mem_printf("the process cannot be set up: %s", why);
	case PROC_GROUPS:
		return mem_printf("cannot take the groups of user %s: %s", str_quote(user), why);
	case PROC_USER:
		return mem_printf("cannot become user %s: %s", str_quote(user), why);
	case PROC_REGAIN:
		return mem_printf("cannot run as %s: this system would let it become root again", str_quote(user));
	case PROC_CWD:
		return mem_printf("working directory %s: %s", str_quote(spec->cwd), why);
	case PROC_EXEC:
		break;
	}
	return exec_text(failure->error, spec->argv[0], code);
}
