/*
 * output_names.c - lists as words with what they are, for completion: "web1\tActive". Only what is listed there; each
 * line is clean.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/agent_text.h"
#include "cli/output.h"
#include "cli/record_text.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"

enum { RUN_DIGITS_MIN = 8, RUNS_MAX = 1000 };

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

static size_t common_digits(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

/* As many digits as tell ids[at] from all others. */
static size_t digits_of(char *const *ids, size_t n, size_t at)
{
	size_t digits = RUN_DIGITS_MIN;

	for (size_t i = 0; i < n; i++) {
		size_t common = i == at ? 0 : common_digits(ids[i], ids[at]);

		digits = common >= digits ? common + 1 : digits;
	}
	return digits;
}

/* Newest first, as they came. */
static void names_runs(const struct output *to, const Sloth__V1__ListRunsResponse *runs, const char *error)
{
	size_t n = runs->n_runs < RUNS_MAX ? runs->n_runs : RUNS_MAX;
	char *ids[RUNS_MAX];

	(void)to;
	(void)error;
	for (size_t i = 0; i < n; i++)
		ids[i] = record_id_text(runs->runs[i]);
	for (size_t i = 0; i < n; i++) {
		char *id = mem_printf("%.*s", (int)digits_of(ids, n, i), ids[i]);
		char *what = mem_printf("%s: %.100s", runs->runs[i]->agent_name, runs->runs[i]->command);

		print_name(id, what);
		free(what);
		free(id);
	}
	for (size_t i = 0; i < n; i++)
		free(ids[i]);
}

static void names_contexts(const struct output *to, const struct context_row *rows, size_t n)
{
	(void)to;
	for (size_t i = 0; i < n; i++)
		print_name(rows[i].name, rows[i].address ? rows[i].address : "");
}

static void names_tokens(const struct output *to, Sloth__V1__Token *const *tokens, size_t n)
{
	int64_t now = wall_s();

	(void)to;
	for (size_t i = 0; i < n; i++) {
		if (!tokens[i]->revoked && tokens[i]->uses_left && tokens[i]->expires > now)	/* the others are no use to anybody */
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
