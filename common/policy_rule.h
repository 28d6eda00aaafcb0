/*
 * policy_rule.h - what a policy is made of, for the files policy*.c alone.
 */
#ifndef COMMON_POLICY_RULE_H
#define COMMON_POLICY_RULE_H

#include "common/policy.h"

#define POLICY_BIT(verb) (1u << (verb))
#define POLICY_ALL_VERBS (POLICY_BIT(POLICY_N_VERBS) - 1)

struct policy_globs {
	char **items;		/* owned, and so are the strings */
	size_t n;		/* 0: the part is missing and matches anything */
};

struct policy_rule {
	bool is_allow;
	unsigned roles;		/* set of enum policy_role; one of them, or one of `principals` */
	unsigned verbs;		/* set of POLICY_BIT() */
	struct policy_globs principals, agents, run_as;
	size_t file;		/* index in `files` */
	unsigned line;
};

struct policy {
	enum policy_gate gate;
	struct policy_rule *rules;
	char **files;		/* names, as they were given */
	size_t n_rules, n_files;
};

void policy_globs_done(struct policy_globs *globs);
void policy_rule_done(struct policy_rule *rule);

#endif
