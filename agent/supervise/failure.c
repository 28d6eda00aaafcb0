/*
 * failure.c - why a process could not be started, in words for the person who asked for it.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "agent/supervise/child.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

static const char *const resources[] = {
	[RLIMIT_AS] = "as", [RLIMIT_CORE] = "core", [RLIMIT_CPU] = "cpu", [RLIMIT_DATA] = "data",
	[RLIMIT_FSIZE] = "fsize", [RLIMIT_LOCKS] = "locks", [RLIMIT_MEMLOCK] = "memlock",
	[RLIMIT_MSGQUEUE] = "msgqueue", [RLIMIT_NICE] = "nice", [RLIMIT_NOFILE] = "nofile", [RLIMIT_NPROC] = "nproc",
	[RLIMIT_RSS] = "rss", [RLIMIT_RTPRIO] = "rtprio", [RLIMIT_RTTIME] = "rttime",
	[RLIMIT_SIGPENDING] = "sigpending", [RLIMIT_STACK] = "stack",
};

static const char *resource_name(uint32_t resource)
{
	return resource < sizeof resources / sizeof *resources && resources[resource] ? resources[resource] : "(unknown)";
}

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

char *child_failure_text(const struct child_failure *failure, const struct spec *spec, int *code)
{
	const char *why = strerror(failure->error);

	*code = 0;
	switch (failure->step) {
	case CHILD_SPAWN:
		return mem_printf("no process can be started: %s", why);
	case CHILD_SETUP:
		return mem_printf("the process cannot be set up: %s", why);
	case CHILD_TERMINAL:
		return mem_printf("the process cannot have a terminal: %s", why);
	case CHILD_LIMIT:
		return mem_printf("resource limit %s cannot be set: %s", resource_name(failure->resource), why);
	case CHILD_NICE:
		return mem_printf("nice value %+d cannot be set: %s", spec->nice, why);
	case CHILD_GROUPS:
		return mem_printf("cannot take the groups of user %s: %s", str_quote(spec->user), why);
	case CHILD_USER:
		return mem_printf("cannot become user %s: %s", str_quote(spec->user), why);
	case CHILD_REGAIN:
		return mem_printf("cannot run as %s: this system would let it become root again", str_quote(spec->user));
	case CHILD_CWD:
		return mem_printf("working directory %s: %s", str_quote(spec->cwd), why);
	case CHILD_EXEC:
		break;
	}
	return exec_text(failure->error, spec->argv[0], code);
}
