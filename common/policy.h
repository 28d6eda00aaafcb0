/*
 * policy.h - who may do what on which agent, as sloth-policy(5) says: rules from files, and the answer to one
 * question. Deny wins, whatever the order; what no rule allows is denied.
 *
 * Parser and matcher are pure; policy_load_*() do the reading. A policy does not change once it is loaded: to
 * reload is to load another one and to free the first.
 */
#ifndef COMMON_POLICY_H
#define COMMON_POLICY_H

#include <stdbool.h>
#include <stddef.h>

enum {
	POLICY_LINE_MAX = 4096,			/* bytes */
	POLICY_FILE_MAX = 1024 * 1024,		/* bytes */
	POLICY_FILES_MAX = 256,			/* of a directory */
	POLICY_RULES_MAX = 4096,		/* of a policy */
	POLICY_TEXT_MAX = 512			/* bytes of a name that is asked about: longer ones are denied */
};

/* Whose policy it is: what may stand in a rule, and what goes without one. */
enum policy_gate { POLICY_MASTER, POLICY_AGENT };

/* The role words @admin, @operator, @agent: a set. */
enum policy_role { POLICY_ADMIN = 1, POLICY_OPERATOR = 2, POLICY_OF_AGENT = 4 };

enum policy_verb { POLICY_RUN, POLICY_LIST, POLICY_STOP, POLICY_DELETE, POLICY_ENROLL, POLICY_AUDIT, POLICY_N_VERBS };
/* "run", as it stands in a rule. */
const char *policy_verb_name(enum policy_verb verb);

/* May `principal` do `verb`? */
struct policy_query {
	const char *principal;		/* canonical text */
	unsigned roles;			/* set of enum policy_role; only the master knows any */
	enum policy_verb verb;
	const char *agent;		/* NULL: none in particular */
	const char *run_as;		/* POLICY_RUN: a user's name; NULL: not known */
	const char *pattern;		/* without an agent: names that it may come to; NULL: it is about none */
};

struct policy;

/* Nobody has written a rule: an agent allows everything; a master what is built in. */
struct policy *policy_new(enum policy_gate gate);
void policy_free(struct policy *p);

/*
 * Adds the rules of a text whose name is `file`. From here on the policy is one that somebody has written, also
 * when the text has no rule. 0, or -EINVAL with *error set to owned words ("FILE:LINE: what, and what to write"): the
 * policy is good for policy_free() only.
 */
int policy_parse(struct policy *p, const char *file, const void *text, size_t n, char **error);

/*
 * A master's policy from DIR/[!.]*.conf, an agent's from one file. What is not there is nothing, unless it
 * `must_exist`. NULL with *error set to owned words: it cannot be read, is not to be trusted (trust.h), or a line
 * is no rule.
 */
struct policy *policy_load_dir(const char *dir, bool must_exist, char **error);
struct policy *policy_load_file(const char *path, bool must_exist, char **error);

/* The answer. `why` may be NULL, else *why is what decided, in owned words: "FILE:LINE", "no rule allows it". */
bool policy_decide(const struct policy *p, const struct policy_query *q, char **why);

size_t policy_count_files(const struct policy *p);
size_t policy_count_rules(const struct policy *p);
/* Whether the answer for a verb can depend on the agent. */
bool policy_names_agents(const struct policy *p, enum policy_verb verb);

#endif
