/*
 * policy_parse.c - text to rules, line by line. A rule enters the policy when its whole line is good. What
 * could only be a slip of the pen (a glob that no name can match, a part twice) is refused, because a deny that
 * never matches looks like one that does.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/policy_rule.h"
#include "common/str.h"

static const char blanks[] = " \t\r";

/* ---- lists ---- */

/* What names of a kind consist of, beside what globs do. */
enum charset { ANY_NAME, AGENT_NAME };

static bool may_stand(unsigned char c, enum charset set)
{
	if (set == AGENT_NAME)
		return isalnum(c) || (c && strchr("._-*?[]!^", c));
	return c > ' ' && c != 0x7f && c != '\\';
}

/* Behind the set that begins with the bracket at `open`; NULL: it has no end. A bracket inside could only be a class,
 * which nobody needs here. */
static const char *skip_set(const char *open)
{
	const char *c = open + 1;

	c += *c == '!' || *c == '^';
	c += *c == ']';			/* as the first it is one of the set */
	c += strcspn(c, "[]");
	return *c == ']' ? c + 1 : NULL;
}

/* NULL, or owned words. */
static char *glob_fault(const char *glob, enum charset set)
{
	if (!*glob)
		return mem_strdup("an item of the list is empty; write no space beside a comma");
	for (const char *c = glob; *c; c++)
		if (!may_stand((unsigned char)*c, set))
			return mem_printf("%s has a character that no name has", str_quote(glob));
	for (const char *c = strchr(glob, '['); c; c = strchr(c, '[')) {
		c = skip_set(c);
		if (!c)
			return mem_printf("%s has a \"[\" without its \"]\"", str_quote(glob));
	}
	return NULL;
}

static void add_glob(struct policy_globs *globs, const char *glob)
{
	globs->items = mem_realloc(globs->items, (globs->n + 1) * sizeof *globs->items);
	globs->items[globs->n++] = mem_strdup(glob);
}

/* The next item of a list, cut out of *rest, which is NULL behind the last. */
static char *next_item(char **rest)
{
	char *item = *rest, *comma = strchr(item, ',');

	if (comma)
		*comma++ = '\0';
	*rest = comma;
	return item;
}

static char *parse_globs(struct policy_globs *globs, char *list, enum charset set)
{
	char *why = NULL;

	while (list && !why) {
		const char *item = next_item(&list);

		why = glob_fault(item, set);
		if (!why)
			add_glob(globs, item);
	}
	return why;
}

/* ---- parts; each takes its list apart; NULL, or owned words ---- */

static char *parse_role(struct policy_rule *rule, const char *word, enum policy_gate gate)
{
	static const struct { const char *word; enum policy_role role; } roles[] = {
		{ "@admin", POLICY_ADMIN }, { "@operator", POLICY_OPERATOR }, { "@agent", POLICY_OF_AGENT },
	};

	if (gate == POLICY_AGENT)
		return mem_printf("%s: only the master knows roles; write names, such as operator:*", str_quote(word));
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
		if (str_equal(word, roles[i].word)) {
			rule->roles |= roles[i].role;
			return NULL;
		}
	}
	return mem_printf("%s is no role; there are @admin, @operator and @agent", str_quote(word));
}

static char *parse_principals(struct policy_rule *rule, char *list, enum policy_gate gate)
{
	char *why = NULL;

	while (list && !why) {
		const char *item = next_item(&list);

		if (*item == '@') {
			why = parse_role(rule, item, gate);
			continue;
		}
		why = glob_fault(item, ANY_NAME);
		if (!why)
			add_glob(&rule->principals, item);
	}
	return why;
}

static char *parse_agents(struct policy_rule *rule, char *list, enum policy_gate gate)
{
	if (gate == POLICY_AGENT)
		return mem_strdup("\"agents=\" belongs in the master's policy; this file is about this agent");
	return parse_globs(&rule->agents, list, AGENT_NAME);
}

static char *parse_verb(struct policy_rule *rule, const char *word, enum policy_gate gate)
{
	const unsigned of_agents = POLICY_BIT(POLICY_RUN) | POLICY_BIT(POLICY_STOP);

	for (unsigned verb = 0; verb < POLICY_N_VERBS; verb++) {
		if (!str_equal(word, policy_verb_name((enum policy_verb)verb)))
			continue;
		if (gate == POLICY_AGENT && !(of_agents & POLICY_BIT(verb)))
			return mem_printf("%s is decided by the master; an agent decides run and stop", str_quote(word));
		rule->verbs |= POLICY_BIT(verb);
		return NULL;
	}
	return mem_printf("%s is no verb; there are run%s", str_quote(word),
			  gate == POLICY_AGENT ? " and stop" : ", list, stop, delete, enroll and audit");
}

static char *parse_verbs(struct policy_rule *rule, char *list, enum policy_gate gate)
{
	char *why = NULL;

	while (list && !why)
		why = parse_verb(rule, next_item(&list), gate);
	return why;
}

static char *parse_run_as(struct policy_rule *rule, char *list, enum policy_gate gate)
{
	(void)gate;
	return parse_globs(&rule->run_as, list, ANY_NAME);
}

static const struct {
	const char *name;
	char *(*parse)(struct policy_rule *rule, char *list, enum policy_gate gate);
} parts[] = {
	{ "agents=", parse_agents }, { "verbs=", parse_verbs }, { "run-as=", parse_run_as },
};

/* *seen has a bit for each part that there was. */
static char *parse_part(struct policy_rule *rule, char *word, enum policy_gate gate, unsigned *seen)
{
	for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!str_has_prefix(word, parts[i].name))
			continue;
		if (*seen & 1u << i)
			return mem_printf("\"%s\" stands there twice; give one list with commas", parts[i].name);
		*seen |= 1u << i;
		return parts[i].parse(rule, word + strlen(parts[i].name), gate);
	}
	return mem_printf("%s is no part of a rule; there are %sverbs= and run-as=", str_quote(word),
			  gate == POLICY_AGENT ? "" : "agents=, ");
}

/* ---- lines ---- */

/* A word cut out of *rest, or NULL where the line, or all of it but a comment, is at its end. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, blanks);

	if (!*word || *word == '#')
		return NULL;
	*rest = word + strcspn(word, blanks);
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

static char *settle_verbs(struct policy_rule *rule)
{
	if (rule->run_as.n && rule->verbs & ~POLICY_BIT(POLICY_RUN))
		return mem_strdup("\"run-as=\" is about run alone; give the other verbs a rule of their own");
	if (!rule->verbs)
		rule->verbs = rule->run_as.n ? POLICY_BIT(POLICY_RUN) : POLICY_ALL_VERBS;
	return NULL;
}

static char *parse_words(struct policy_rule *rule, char *first, char *rest, enum policy_gate gate)
{
	unsigned seen = 0;
	char *word, *why;

	if (!str_equal(first, "allow") && !str_equal(first, "deny"))
		return mem_printf("%s: a rule begins with allow or deny", str_quote(first));
	rule->is_allow = str_equal(first, "allow");
	word = next_word(&rest);
	if (!word || strchr(word, '='))
		return mem_printf("nobody is named; write \"%s PRINCIPALS\", * for everybody", first);
	why = parse_principals(rule, word, gate);
	while (!why && (word = next_word(&rest)))
		why = parse_part(rule, word, gate, &seen);
	return why ? why : settle_verbs(rule);
}

/* One line, without its end; taken apart. */
static char *parse_line(struct policy *p, char *line, unsigned number)
{
	struct policy_rule rule = { .file = p->n_files - 1, .line = number };
	char *rest = line, *first = next_word(&rest), *why;

	if (!first)
		return NULL;
	if (p->n_rules == POLICY_RULES_MAX)
		return mem_printf("more than %d rules", POLICY_RULES_MAX);
	why = parse_words(&rule, first, rest, p->gate);
	if (why) {
		policy_rule_done(&rule);
		return why;
	}
	p->rules = mem_realloc(p->rules, (p->n_rules + 1) * sizeof *p->rules);
	p->rules[p->n_rules++] = rule;
	return NULL;
}

static char *take_line(struct policy *p, const char *text, size_t n, unsigned number)
{
	char *line, *why;

	if (n > POLICY_LINE_MAX)
		return mem_printf("the line has %zu bytes, at most %d are taken", n, POLICY_LINE_MAX);
	if (memchr(text, '\0', n))
		return mem_strdup("a NUL byte: this is no text");
	line = mem_strndup(text, n);
	why = parse_line(p, line, number);
	free(line);
	return why;
}

int policy_parse(struct policy *p, const char *file, const void *text, size_t n, char **error)
{
	const char *at = text;
	unsigned number = 1;
	char *why = NULL;

	p->files = mem_realloc(p->files, (p->n_files + 1) * sizeof *p->files);
	p->files[p->n_files++] = mem_strdup(file);
	for (; n > 0; number++) {
		const char *end = memchr(at, '\n', n);
		size_t length = end ? (size_t)(end - at) : n, taken = length + (end != NULL);

		why = take_line(p, at, length, number);
		if (why) {
			*error = mem_printf("%s:%u: %s", file, number, why);
			free(why);
			return -EINVAL;
		}
		at += taken;
		n -= taken;
	}
	return 0;
}
