/*
 * launch.c - from what a caller asks for to what is executed. Refuses before anything is started, with
 * the limit in the words.
 */
#include "agent/launch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/launch_env.h"
#include "common/mem.h"
#include "common/str.h"

static size_t total_bytes(const ProtobufCBinaryData *items, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += items[i].len + 1;
	return total;
}

/* NULL: it can be executed. Otherwise owned words. */
static char *command_fault(const Sloth__V1__RunStart *start)
{
	size_t length = strlen(start->command), args = total_bytes(start->argv, start->n_argv);

	if (length == 0 && (start->n_argv == 0 || start->argv[0].len == 0))
		return mem_strdup("the command is empty");
	if (length > 0 && start->n_argv > 0)
		return mem_strdup("both a command and an argument vector are given");
	if (length > LAUNCH_COMMAND_MAX)
		return mem_printf("the command has %zu bytes, at most %d are taken: send it to a shell as standard input",
				  length, LAUNCH_COMMAND_MAX);
	if (start->n_argv > LAUNCH_ARGS_MAX || args > LAUNCH_COMMAND_MAX)
		return mem_printf("%zu arguments with %zu bytes in all, at most %d with %d bytes are taken",
				  start->n_argv, args, LAUNCH_ARGS_MAX, LAUNCH_COMMAND_MAX);
	return NULL;
}

static char *request_fault(const Sloth__V1__RunStart *start)
{
	size_t env = total_bytes(start->env, start->n_env);

	if (start->run_id.len != RUN_ID_BYTES)
		return mem_printf("the run id has %zu bytes, it must have %d", start->run_id.len, RUN_ID_BYTES);
	if (start->n_env > LAUNCH_ENV_MAX || env > LAUNCH_ENV_BYTES_MAX)
		return mem_printf("%zu environment entries with %zu bytes in all, at most %d with %d bytes are taken",
				  start->n_env, env, LAUNCH_ENV_MAX, LAUNCH_ENV_BYTES_MAX);
	if (start->cwd[0] && (start->cwd[0] != '/' || strlen(start->cwd) >= PATH_MAX))
		return mem_printf("working directory %s: not an absolute path", str_quote(start->cwd));
	return command_fault(start);
}

static char *unsupported(const struct agent *agent, const Sloth__V1__RunStart *start)
{
	if (start->agent_name[0] && !str_equal(start->agent_name, agent->config->own_name))
		return mem_printf("this agent is \"%s\", not %s", agent->config->own_name, str_quote(start->agent_name));
	if (start->terminal)
		return mem_strdup("this agent gives commands no terminal");
	if (start->on_lost == SLOTH__V1__RUN_ON_LOST__RUN_ON_LOST_KEEP)
		return mem_strdup("this agent does not keep a run whose caller is lost");
	return NULL;
}

static enum launch_verdict take_strings(struct launch *l, struct agent *agent, const Sloth__V1__RunStart *start,
					const char *principal, char **error)
{
	struct launch_who who = {
		.user = l->spec.exec.user, .agent = agent->config->own_name, .principal = principal,
	};
	char id[2 * RUN_ID_BYTES + 1];

	str_hex(start->run_id.data, RUN_ID_BYTES, id);
	who.run_id = id;
	l->env = launch_env(&who, start->env, start->n_env, error);
	if (l->env && start->n_argv)
		l->argv = launch_strings("argument", start->argv, start->n_argv, error);
	return !l->env || (start->n_argv && !l->argv) ? LAUNCH_INVALID : LAUNCH_OK;
}

static void fill_spec(struct launch *l, const struct agent *agent, const Sloth__V1__RunStart *start)
{
	struct exec_spec *exec = &l->spec.exec;

	memcpy(l->spec.id, start->run_id.data, RUN_ID_BYTES);
	l->spec.timeout_ms = start->timeout_ms;
	l->spec.grace_ms = start->kill_grace_ms;
	exec->shell = agent->shell;
	exec->command = start->n_argv ? NULL : start->command;
	exec->argv = l->argv;
	exec->env = l->env;
	exec->cwd = start->cwd[0] ? start->cwd : exec->user->home;
	exec->cwd_may_fail = !start->cwd[0];
	exec->no_input = start->stdin_closed;
}

enum launch_verdict launch_prepare(struct launch *l, struct agent *agent, const Sloth__V1__RunStart *start,
				   const char *principal, char **error)
{
	enum launch_verdict verdict;

	*l = (struct launch){ 0 };
	if ((*error = request_fault(start)))
		return LAUNCH_INVALID;
	if ((*error = unsupported(agent, start)))
		return LAUNCH_UNSUPPORTED;
	if (start->user[0] && user_lookup(start->user, &l->user, error))
		return LAUNCH_NOT_STARTED;
	l->spec.exec.user = l->user ? l->user : agent_own_user(agent);
	verdict = take_strings(l, agent, start, principal, error);
	if (verdict == LAUNCH_OK)
		fill_spec(l, agent, start);
	return verdict;
}

void launch_done(struct launch *l)
{
	launch_strings_free(l->argv);
	launch_strings_free(l->env);
	user_free(l->user);
}
