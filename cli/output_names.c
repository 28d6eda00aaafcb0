/*
 * output_names.c - lists as words with what they are, for completion: "web1\tActive". Only what is listed there; each
 * line is clean.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/agent_text.h"
#include "cli/output.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"

static void print_name(const char *name, const char *what)
{
	struct buf line = { 0 };

	style_append_clean(&line, name);
	buf_append_str(&line, "\t");
	style_append_clean(&line, what);
	puts(buf_string(&line));
	buf_done(&line);
}

static void names_agents(const struct output *to, const Agent__AgentInfo *const *agents, size_t n, const char *error)
{
	(void)to;
	(void)error;
	for (size_t i = 0; i < n; i++) {
		char *state = agent_state_text(agents[i], wall_s());

		print_name(agents[i]->agent_name, state);
		free(state);
	}
}

static void names_runs(const struct output *to, const Sloth__V1__ListRunsResponse *runs, const char *error)
{
	(void)to;
	(void)error;
	for (size_t i = 0; i < runs->n_runs; i++) {
		const Sloth__V1__RunRecord *r = runs->runs[i];
		char *id = mem_alloc(2 * r->run_id.len + 1);
		char *what = mem_printf("%s: %.100s", r->agent_name, r->command);

		str_hex(r->run_id.data, r->run_id.len, id);
		print_name(id, what);
		free(what);
		free(id);
	}
}

static void names_contexts(const struct output *to, const struct context_row *rows, size_t n)
{
	(void)to;
	for (size_t i = 0; i < n; i++)
		print_name(rows[i].name, rows[i].address ? rows[i].address : "");
}

static void names_tokens(const struct output *to, Sloth__V1__Token *const *tokens, size_t n)
{
	(void)to;
	for (size_t i = 0; i < n; i++) {
		if (!tokens[i]->revoked)
			print_name(tokens[i]->id, *tokens[i]->name_glob ? tokens[i]->name_glob : tokens[i]->role);
	}
}

static void names_identities(const struct output *to, Sloth__V1__Identity *const *identities, size_t n, const char *error)
{
	(void)to;
	(void)error;
	for (size_t i = 0; i < n; i++)
		print_name(identities[i]->name, identities[i]->state);
}

static void names_failed(const char *error)
{
	(void)error;
}

const struct output_ops output_names = {
	.format = "names",
	.agents = names_agents,
	.runs = names_runs,
	.contexts = names_contexts,
	.tokens = names_tokens,
	.identities = names_identities,
	.failed = names_failed,
};
