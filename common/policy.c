/*
 * policy.c - a policy and its answers. Owns the rules; policy_parse.c makes them, policy_load.c reads files.
 *
 * A call about no agent has the empty name, which "*" matches and no other useful glob does. Two places lean
 * to the safe side where something is not known: see matches_agent() and matches_run_as().
 */
#include "common/policy.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/policy_rule.h"
#include "common/str.h"

const char *policy_verb_name(enum policy_verb verb)
{
	static const char *const names[POLICY_N_VERBS] = {
		[POLICY_RUN] = "run", [POLICY_LIST] = "list", [POLICY_STOP] = "stop",
		[POLICY_DELETE] = "delete", [POLICY_ENROLL] = "enroll", [POLICY_AUDIT] = "audit",
	};

	return names[verb];
}

/* ---- what it is made of ---- */

struct policy *policy_new(enum policy_gate gate)
{
	struct policy *p = mem_new(struct policy);

	p->gate = gate;
	return p;
}

void policy_globs_done(struct policy_globs *globs)
{
	for (size_t i = 0; i < globs->n; i++)
		free(globs->items[i]);
	free(globs->items);
	*globs = (struct policy_globs){ 0 };
}

void policy_rule_done(struct policy_rule *rule)
{
	policy_globs_done(&rule->principals);
	policy_globs_done(&rule->agents);
	policy_globs_done(&rule->run_as);
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_rules; i++)
		policy_rule_done(&p->rules[i]);
	for (size_t i = 0; i < p->n_files; i++)
		free(p->files[i]);
	free(p->rules);
	free(p->files);
	free(p);
}

size_t policy_count_files(const struct policy *p)
{
	return p->n_files;
}

size_t policy_count_rules(const struct policy *p)
{
	return p->n_rules;
}

bool policy_names_agents(const struct policy *p, enum policy_verb verb)
{
	for (size_t i = 0; i < p->n_rules; i++)
		if (p->rules[i].agents.n && p->rules[i].verbs & POLICY_BIT(verb))
			return true;
	return false;
}

/* ---- matching ---- */

/* A list of a large fleet asks this for each rule and agent: what differs in its plain beginning is done with. */
static bool glob_matches(const char *glob, const char *text)
{
	size_t plain = strcspn(glob, "*?[");

	if (strncmp(glob, text, plain))
		return false;
	if (!glob[plain])
		return !text[plain];
	return !strcmp(glob + plain, "*") || fnmatch(glob + plain, text + plain, FNM_NOESCAPE) == 0;
}

static bool matches(const struct policy_globs *globs, const char *text)
{
	for (size_t i = 0; i < globs->n; i++)
		if (glob_matches(globs->items[i], text))
			return true;
	return false;
}

static bool matches_or_missing(const struct policy_globs *globs, const char *text)
{
	return globs->n == 0 || matches(globs, text);
}

/*
 * Agents in general can be listed by whoever may list one: the list itself leaves the others out. A pattern may come to
 * any agent: the one that is denied, and not the one that is allowed.
 */
static bool matches_agent(const struct policy_rule *rule, const struct policy_query *q)
{
	if (!q->agent && q->verb == POLICY_LIST && rule->is_allow)
		return true;
	if (!q->agent && q->pattern && !rule->is_allow)
		return !str_is_name(q->pattern) || matches_or_missing(&rule->agents, q->pattern);
	return matches_or_missing(&rule->agents, q->agent ? q->agent : "");
}

/* A user that is not known may be any: the one that is denied, and not the one that is allowed. */
static bool matches_run_as(const struct policy_rule *rule, const struct policy_query *q)
{
	if (q->verb != POLICY_RUN)
		return true;
	if (!q->run_as && !rule->is_allow)
		return true;
	return matches_or_missing(&rule->run_as, q->run_as ? q->run_as : "");
}

static bool rule_matches(const struct policy_rule *rule, const struct policy_query *q)
{
	if (!(rule->verbs & POLICY_BIT(q->verb)))
		return false;
	if (!(rule->roles & q->roles) && !matches(&rule->principals, q->principal))
		return false;
	return matches_agent(rule, q) && matches_run_as(rule, q);
}

/* ---- the answer ---- */

/* NULL, or what allows it without a rule. */
static const char *built_in(const struct policy *p, const struct policy_query *q)
{
	const unsigned of_operators =
		POLICY_BIT(POLICY_RUN) | POLICY_BIT(POLICY_LIST) | POLICY_BIT(POLICY_STOP) | POLICY_BIT(POLICY_DELETE);

	if (p->gate == POLICY_AGENT)
		return p->n_files == 0 ? "built in: there is no policy" : NULL;
	if (q->roles & POLICY_ADMIN)
		return "built in: administrators";
	if (p->n_files == 0 && q->roles & POLICY_OPERATOR && of_operators & POLICY_BIT(q->verb))
		return "built in: operators, while there is no policy";
	return NULL;
}

static bool is_too_long(const char *text)
{
	return text && strnlen(text, POLICY_TEXT_MAX + 1) > POLICY_TEXT_MAX;
}

static bool answer(bool is_allowed, char *words, char **why)
{
	if (why)
		*why = words;
	else
		free(words);
	return is_allowed;
}

static char *place(const struct policy *p, const struct policy_rule *rule)
{
	return mem_printf("%s:%u", p->files[rule->file], rule->line);
}

static char *no_rule(const struct policy *p)
{
	if (p->n_files == 0)
		return mem_strdup("built in: administrators only");
	if (p->n_files == 1)
		return mem_printf("no rule of %s allows it", p->files[0]);
	return mem_printf("no rule of %s and %zu more allows it", p->files[0], p->n_files - 1);
}

bool policy_decide(const struct policy *p, const struct policy_query *q, char **why)
{
	const struct policy_rule *allow = NULL;
	const char *otherwise = built_in(p, q);

	if (is_too_long(q->principal) || is_too_long(q->agent) || is_too_long(q->run_as))
		return answer(false, why ? mem_strdup("no name is as long") : NULL, why);
	for (size_t i = 0; i < p->n_rules; i++) {
		const struct policy_rule *rule = &p->rules[i];

		if ((rule->is_allow && allow) || !rule_matches(rule, q))
			continue;
		if (!rule->is_allow)
			return answer(false, why ? place(p, rule) : NULL, why);
		allow = rule;
	}
	if (allow)
		return answer(true, why ? place(p, allow) : NULL, why);
	if (otherwise)
		return answer(true, why ? mem_strdup(otherwise) : NULL, why);
	return answer(false, why ? no_rule(p) : NULL, why);
}
