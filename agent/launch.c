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
#include "agent/launch_limits.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/utf8.h"
#include "common/words.h"

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

static bool is_terminal(const Sloth__V1__RunTerminal *t)
{
	size_t n = strlen(t->term);

	return n <= LAUNCH_TERM_MAX && t->term[strspn(t->term, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
						       "0123456789+-._")] == '\0' &&
	       t->rows <= LAUNCH_WINDOW_MAX && t->columns <= LAUNCH_WINDOW_MAX;
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
	if (start->terminal && !is_terminal(start->terminal))
		return mem_printf("a terminal %s of %u rows and %u columns: TERM has 1 to %d letters, digits or +-._, and each "
				  "size is at most %d", str_quote(start->terminal->term), start->terminal->rows,
				  start->terminal->columns, LAUNCH_TERM_MAX, LAUNCH_WINDOW_MAX);
	if (start->nice < -40 || start->nice > 40)
		return mem_printf("nice %d: not in -40..40", start->nice);
	if (start->output_max_bytes &&
	    (start->output_max_bytes < LAUNCH_OUTPUT_MIN || start->output_max_bytes > LAUNCH_OUTPUT_MAX))
		return mem_printf("output of %s is to be kept: from 256 KiB to 1 GiB can be", str_bytes(start->output_max_bytes));
	return command_fault(start);
}

static char *unsupported(const struct agent *agent, const Sloth__V1__RunStart *start)
{
	if (start->agent_name[0] && !str_equal(start->agent_name, agent->config->own_name))
		return mem_printf("this agent is \"%s\", not %s", agent->config->own_name, str_quote(start->agent_name));
	return NULL;
}

static const char *term_of(const Sloth__V1__RunStart *start)
{
	if (!start->terminal)
		return NULL;
	return start->terminal->term[0] ? start->terminal->term : "dumb";
}

static enum launch_verdict take_strings(struct launch *l, struct agent *agent, const Sloth__V1__RunStart *start,
					const char *principal, char **error)
{
	struct launch_who who = {
		.user = l->as, .agent = agent->config->own_name, .principal = principal, .term = term_of(start),
	};
	char id[2 * RUN_ID_BYTES + 1];

	str_hex(start->run_id.data, RUN_ID_BYTES, id);
	who.run_id = id;
	l->env = launch_env(&who, start->env, start->n_env, error);
	if (l->env && start->n_argv)
		l->argv = launch_strings("argument", start->argv, start->n_argv, error);
	if (!l->env || (start->n_argv && !l->argv))
		return LAUNCH_INVALID;
	return launch_limits(&l->spec, start, error) ? LAUNCH_INVALID : LAUNCH_OK;
}

/* ---- the command as text ---- */

/* Valid UTF-8, cut at LAUNCH_SHOWN_MAX bytes: as the master has it. */
static char *shown_command(const Sloth__V1__RunStart *start)
{
	struct buf text = { 0 }, clean = { 0 };
	struct utf8_stream stream = { 0 };

	buf_append(&text, start->command, strnlen(start->command, LAUNCH_SHOWN_MAX));
	for (size_t i = 0; i < start->n_argv && buf_len(&text) <= LAUNCH_SHOWN_MAX; i++)
		words_add(&text, start->argv[i].data, start->argv[i].len, LAUNCH_SHOWN_MAX);
	utf8_stream_feed(&stream, buf_data(&text), buf_len(&text), &clean);
	buf_done(&text);
	buf_append(&text, buf_data(&clean), utf8_cut(buf_data(&clean), buf_len(&clean), LAUNCH_SHOWN_MAX));
	buf_done(&clean);
	return buf_take_string(&text);
}

/* ---- the whole ---- */

static uint64_t at_most(uint64_t value, uint64_t otherwise, uint64_t max)
{
	value = value ? value : otherwise;
	return value < max ? value : max;
}

static void fill_process(struct launch *l, const struct agent *agent, const Sloth__V1__RunStart *start)
{
	struct spec *spec = &l->spec;

	exec_program_init(&l->program, agent->shell, start->n_argv ? NULL : start->command, l->argv, l->env);
	spec->paths = l->program.paths;
	spec->argv = l->program.argv;
	spec->env = l->env;
	spec->script = l->program.script;
	spec->cwd = start->cwd[0] ? start->cwd : l->as->home;
	spec->cwd_may_fail = !start->cwd[0];
	spec->no_input = start->stdin_closed || start->detach;
	spec->is_own_user = l->as->is_own;
	spec->uid = l->as->uid;
	spec->gid = l->as->gid;
	spec->groups = (uint32_t *)l->as->groups;
	spec->n_groups = l->as->n_groups;
	spec->user = l->as->name;
	spec->nice = start->nice;
	if (start->terminal) {
		spec->has_terminal = true;
		spec->rows = start->terminal->rows;
		spec->columns = start->terminal->columns;
	}
}

static void fill_spec(struct launch *l, const Sloth__V1__RunStart *start, const char *principal)
{
	struct spec *spec = &l->spec;

	memcpy(spec->id, start->run_id.data, RUN_ID_BYTES);
	spec->timeout_ms = start->timeout_ms;
	spec->grace_ms = at_most(start->kill_grace_ms, RUN_GRACE_MS, RUN_GRACE_MAX_MS);
	spec->reconnect_ms = at_most(start->reconnect_ms, RUN_RECONNECT_MS, RUN_RECONNECT_MAX_MS);
	spec->keeps_when_lost = start->on_lost == SLOTH__V1__RUN_ON_LOST__RUN_ON_LOST_KEEP;
	spec->is_detached = start->detach;
	if (!spec->is_detached && !spec->keeps_when_lost)
		spec->lost_ms = spec->reconnect_ms;
	if (spec->is_detached)
		spec->spool_max = at_most(start->output_max_bytes, LAUNCH_OUTPUT_DEFAULT, LAUNCH_OUTPUT_MAX);
	spec->principal = principal;
	spec->command = l->shown;
	spec->asked_ms = (uint64_t)(wall_us() / 1000);
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
	l->as = l->user ? l->user : agent_own_user(agent);
	verdict = take_strings(l, agent, start, principal, error);
	if (verdict != LAUNCH_OK)
		return verdict;
	l->shown = shown_command(start);
	fill_process(l, agent, start);
	fill_spec(l, start, principal);
	return LAUNCH_OK;
}

void launch_done(struct launch *l)
{
	exec_program_done(&l->program);
	launch_strings_free(l->argv);
	launch_strings_free(l->env);
	free(l->shown);
	user_free(l->user);
}
