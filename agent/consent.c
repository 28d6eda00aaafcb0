/*
 * consent.c - see consent.h. While nobody has written a policy nothing is asked and nothing is logged.
 */
#include "agent/consent.h"

#include <stdlib.h>

#include "agent/agent.h"
#include "common/exits.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/policy.h"
#include "common/str.h"

/* ---- the policy ---- */

int consent_load(struct agent *agent, char **error)
{
	const struct config *c = agent->config;
	struct policy *p = c->own_policy ? policy_load_file(c->own_policy, c->needs_policy, error)
					 : policy_new(POLICY_AGENT);
	bool had_rules = agent->policy && policy_count_files(agent->policy) > 0;

	if (!p)
		return EXIT_CONFIG;
	if (policy_count_files(p) > 0)
		log_info("agent %s: policy %s: rules: %zu", c->own_name, c->own_policy, policy_count_rules(p));
	else if (had_rules)
		log_warn("agent %s: policy %s is gone: all that the master asks for is allowed", c->own_name, c->own_policy);
	policy_free(agent->policy);
	agent->policy = p;
	return EXIT_OK;
}

void consent_close(struct agent *agent)
{
	policy_free(agent->policy);
	agent->policy = NULL;
}

/* ---- decisions ---- */

/* `what` is asked for, in words: "to run as root". */
static bool may(struct agent *agent, struct wire_call *call, const struct policy_query *q, const char *what)
{
	const char *name = agent->config->own_name, *who = str_quote(q->principal);
	char *why = NULL;
	bool allowed = policy_decide(agent->policy, q, &why);

	if (allowed) {
		log_info("agent %s: policy allows %s %s (%s)", name, who, what, why);
	} else {
		log_warn("agent %s: policy denies %s %s (%s)", name, who, what, why);
		wire_endf(call, WIRE_PERMISSION_DENIED, "agent \"%s\": its policy denies %s %s (%s)", name, q->principal,
			  what, why);
	}
	free(why);
	return allowed;
}

static bool has_policy(const struct agent *agent)
{
	return policy_count_files(agent->policy) > 0;
}

static bool may_run_as(struct agent *agent, struct wire_call *call, const char *principal, const char *user)
{
	const struct policy_query q = { .principal = principal, .verb = POLICY_RUN, .run_as = user };
	char *what = mem_printf("to run as %s", str_is_name(user) ? user : str_quote(user));
	bool allowed = may(agent, call, &q, what);

	free(what);
	return allowed;
}

bool consent_to_run(struct agent *agent, struct wire_call *call, const char *principal, const char *asked)
{
	return !has_policy(agent) ||
	       may_run_as(agent, call, principal, *asked ? asked : agent_own_user(agent)->name);
}

bool consent_to_user(struct agent *agent, struct wire_call *call, const char *principal, const struct user *user)
{
	char *name = has_policy(agent) ? user_name_of(user->uid) : NULL;
	bool allowed = !name || str_equal(name, user->name) || may_run_as(agent, call, principal, name);

	free(name);
	return allowed;
}

bool consent_to_stop(struct agent *agent, struct wire_call *call, const char *principal)
{
	const struct policy_query q = { .principal = principal, .verb = POLICY_STOP };

	return !has_policy(agent) || may(agent, call, &q, "to stop it");
}
