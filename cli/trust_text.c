/*
 * trust_text.c - identities and tokens as text for people.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/agent_text.h"
#include "cli/install.h"
#include "cli/table.h"
#include "cli/trust_output.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"

enum { LABEL_WIDTH = 13, KEY_SHOWN = 16 };

static void print_row(const char *label, const char *text)
{
	struct buf line = { 0 };

	if (!text || !*text)
		return;
	style_append_clean(&line, text);
	printf("%s:%*s%s\n", label, (int)(LABEL_WIDTH - 1 - strlen(label)), "", buf_string(&line));
	buf_done(&line);
}

/* "in 2h 5m", "3 s ago". Owned. */
static char *when_text(int64_t at_s, int64_t now_s)
{
	if (at_s <= now_s)
		return agent_ago_text(at_s, now_s);
	return mem_printf("in %s", str_duration_ms((uint64_t)(at_s - now_s) * 1000));
}

static void print_end(const char *label, int64_t at_s)
{
	int64_t now = wall_s();
	char *clock = agent_clock_text(at_s, now), *when = when_text(at_s, now), *text = mem_printf("%s (%s)", clock, when);

	print_row(label, text);
	free(text);
	free(when);
	free(clock);
}

/* ---- who one is ---- */

void trust_text_login(const struct output *to, const struct login_result *login)
{
	(void)to;
	printf("logged in as operator %s\n", login->name);
	print_row("Master", login->address);
	print_row("Context", login->context);
	print_row("Cluster", login->cluster);
	print_end("Certificate", login->not_after);
}

/* "operator, admin". Owned. */
static char *join(char *const *items, size_t n)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < n; i++) {
		buf_append_str(&text, i ? ", " : "");
		buf_append_str(&text, items[i]);
	}
	return buf_take_string(&text);
}

void trust_text_whoami(const struct output *to, const Sloth__V1__WhoAmIResponse *who)
{
	char *roles = join(who->roles, who->n_roles), *verbs = join(who->verbs, who->n_verbs);

	print_row("You", who->principal);
	print_row("Roles", *roles ? roles : "none");
	print_row("May", verbs);
	print_row("Master", to->address);
	print_row("Cluster", who->cluster);
	print_row("CA", who->ca_fingerprint);
	if (who->not_after)
		print_end("Certificate", who->not_after);
	free(verbs);
	free(roles);
}

void trust_text_contexts(const struct output *to, const struct context_row *rows, size_t n)
{
	static const char *const columns[] = { "", "NAME", "MASTER" };
	struct table *table = table_new(&to->style, columns, 3);

	for (size_t i = 0; i < n; i++) {
		const char *cells[] = { rows[i].is_current ? "*" : "", rows[i].name, rows[i].error ? rows[i].error : rows[i].address };

		table_add(table, cells, 2, rows[i].error ? STYLE_RED : NULL);
	}
	if (n)
		table_print(table);
	table_free(table);
}

/* ---- tokens ---- */

/* Alone, so that it can be redirected; what else is to be said went to stderr. */
void trust_text_token(const struct output *to, const Sloth__V1__CreateTokenResponse *token)
{
	struct buf line = { 0 };

	(void)to;
	style_append_clean(&line, token->token);
	puts(buf_string(&line));
	buf_done(&line);
}

/* All of it can be pasted: what is not to be run is a comment. The lines were made here, of what has been checked. */
void trust_text_install(const struct output *to, const Sloth__V1__CreateTokenResponse *token,
			const struct install_lines *lines)
{
	(void)to;
	(void)token;
	if (!lines->device) {
		puts(lines->install);
		return;
	}
	printf("# 1. On the host: forward the port to the agent in the container.\n%s\n", lines->device);
	printf("# 2. On the host: install the agent in the container.\n%s\n", lines->exec);
	printf("# In place of 2, where the container has no curl:\n# %s\n", lines->push);
}

static const char *token_state(const Sloth__V1__Token *token, int64_t now_s)
{
	if (token->revoked)
		return "revoked";
	if (token->expires <= now_s)
		return "expired";
	return token->uses_left ? "good" : "used up";
}

static void add_token(struct table *table, const Sloth__V1__Token *t, int64_t now_s)
{
	const char *state = token_state(t, now_s);
	char *expires = when_text(t->expires, now_s), *uses = mem_printf("%u", t->uses_left);
	char *role = mem_printf("%s%s", t->role, t->replace ? ", replaces" : "");
	const char *cells[] = { t->id, role, *t->name_glob ? t->name_glob : "*", uses, expires, t->created_by, state };

	table_add(table, cells, 6, str_equal(state, "good") ? STYLE_GREEN : STYLE_RED);
	free(role);
	free(uses);
	free(expires);
}

void trust_text_tokens(const struct output *to, Sloth__V1__Token *const *tokens, size_t n)
{
	static const char *const columns[] = { "ID", "ROLE", "NAME", "USES", "EXPIRES", "MADE BY", "STATE" };
	struct table *table = table_new(&to->style, columns, 7);
	int64_t now = wall_s();

	for (size_t i = 0; i < n; i++)
		add_token(table, tokens[i], now);
	if (n)
		table_print(table);
	table_free(table);
}

/* ---- identities ---- */

/* "accepted, first use". Who has the name of one that is denied stands below the table. */
static char *identity_state(const Sloth__V1__Identity *i)
{
	if (i->is_renewal_late)
		return mem_printf("%s, its renewal is late", i->state);
	if (!*i->trust || str_equal(i->trust, i->state))
		return mem_strdup(i->state);
	return mem_printf("%s, %s", i->state, i->trust);
}

/* An operator has no address, and one who waits has no end: each list has the columns that say something. */
static void add_identity(struct table *table, const Sloth__V1__Identity *i, bool are_operators, int64_t now_s)
{
	char *key = mem_printf("%.*s", KEY_SHOWN, i->fingerprint), *state = identity_state(i);
	char *asked = agent_ago_text(i->asked, now_s), *ends = i->not_after ? when_text(i->not_after, now_s) : mem_strdup("-");
	const char *from = *i->from ? i->from : "-";
	const char *agent[] = { i->name, *i->address ? i->address : "-", from, key, asked, state };
	const char *operator[] = { i->name, from, key, asked, ends, state };

	table_add(table, are_operators ? operator : agent, 5, str_equal(i->state, "accepted") ? STYLE_GREEN : STYLE_RED);
	free(ends);
	free(asked);
	free(state);
	free(key);
}

/* A line of its own for each: that key is to be compared, too, and is long. */
static void print_holder(const Sloth__V1__Identity *i)
{
	struct buf line = { 0 };

	style_append_clean(&line, i->name);
	buf_append_str(&line, ": the name belongs to ");
	style_append_clean(&line, i->holder);
	puts(buf_string(&line));
	buf_done(&line);
}

void trust_text_identities(const struct output *to, Sloth__V1__Identity *const *identities, size_t n, const char *error)
{
	static const char *const of_agents[] = { "NAME", "ADDRESS", "FROM", "KEY", "ASKED", "STATE" };
	static const char *const of_operators[] = { "NAME", "FROM", "KEY", "ASKED", "ENDS", "STATE" };
	bool are_operators = n && str_equal(identities[0]->kind, "operator");
	struct table *table = table_new(&to->style, are_operators ? of_operators : of_agents, 6);
	int64_t now = wall_s();

	(void)error;
	for (size_t i = 0; i < n; i++)
		add_identity(table, identities[i], are_operators, now);
	if (n)
		table_print(table);
	table_free(table);
	for (size_t i = 0; i < n; i++)
		if (*identities[i]->holder)
			print_holder(identities[i]);
}

void trust_text_decision(const struct output *to, const char *what, const Sloth__V1__DecisionResponse *decision,
			 const char *error)
{
	(void)to;
	(void)error;
	for (size_t i = 0; i < decision->n_identities; i++) {
		const Sloth__V1__Identity *one = decision->identities[i];
		char *text = mem_printf("%s: %s (key %.*s)", one->name, what, KEY_SHOWN, one->fingerprint);
		struct buf line = { 0 };

		style_append_clean(&line, text);
		puts(buf_string(&line));
		buf_done(&line);
		free(text);
	}
}
