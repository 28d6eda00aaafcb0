/*
 * exec_program.c - which program a request means.
 *
 * A command longer than the kernel takes as one argument becomes a script in memory that the shell reads
 * as /proc/self/fd/3; its first words close that descriptor, so that the command has 0 to 2 only.
 */
#include "agent/exec_program.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"

static char dash_c[] = "-c", no_option[] = "--", script_path[] = "/proc/self/fd/3";
static const char script_start[] = "exec 3<&-;";
const char exec_default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static const char *env_path(char *const *env)
{
	for (; *env; env++)
		if (str_has_prefix(*env, "PATH="))
			return *env + strlen("PATH=");
	return exec_default_path;
}

static void single_path(struct exec_program *p, const char *path)
{
	p->paths = mem_array(2, sizeof *p->paths);
	p->paths[0] = path;
}

/* One candidate per directory of PATH; an empty one is the working directory. */
static void search_path(struct exec_program *p, const char *name, const char *path)
{
	size_t n_dirs = 1, i = 0, room;
	char *at;

	for (const char *c = path; *c; c++)
		n_dirs += *c == ':';
	p->paths = mem_array(n_dirs + 1, sizeof *p->paths);
	room = strlen(path) + n_dirs * (strlen(name) + 3);
	at = p->text = mem_alloc(room);
	for (const char *dir = path; i < n_dirs; i++) {
		size_t n = strcspn(dir, ":");

		p->paths[i] = at;
		memcpy(at, n ? dir : ".", n ? n : 1);
		at += n ? n : 1;
		*at++ = '/';
		memcpy(at, name, strlen(name) + 1);
		at += strlen(name) + 1;
		dir += n + 1;
	}
}

static void shell_program(struct exec_program *p, const char *shell, const char *command)
{
	bool is_script = strlen(command) >= EXEC_ARG_MAX;
	const char *slash = strrchr(shell, '/');
	char **argv = p->shell_argv;

	single_path(p, shell);
	p->argv = argv;
	*argv++ = (char *)(uintptr_t)(slash ? slash + 1 : shell);
	if (!is_script) {
		*argv++ = dash_c;
		*argv++ = no_option;	/* the command may begin with a dash */
	}
	*argv++ = is_script ? script_path : (char *)(uintptr_t)command;
	*argv = NULL;
	if (is_script)
		p->script = mem_printf("%s%s", script_start, command);
}

void exec_program_init(struct exec_program *p, const char *shell, const char *command, char **argv, char *const *env)
{
	*p = (struct exec_program){ 0 };
	if (command) {
		shell_program(p, shell, command);
		return;
	}
	p->argv = argv;
	if (strchr(argv[0], '/'))
		single_path(p, argv[0]);
	else
		search_path(p, argv[0], env_path(env));
}

void exec_program_done(struct exec_program *p)
{
	free(p->paths);
	free(p->text);
	free(p->script);
}
