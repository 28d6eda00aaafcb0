/*
 * gate.c - see gate.h. What is refused is logged, and so is every reading of the policy. Refusals are recorded at a
 * limited rate: whoever has stolen an agent's key could push everything else out of the audit log with them.
 */
#include "master/gate.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/exits.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/audit.h"
#include "master/master.h"
#include "wire/wire.h"

enum { REFUSALS_AT_ONCE = 100, REFUSALS_PER_S = 1 };

/* ---- the policy ---- */

int gate_load(struct master *m, char **error)
{
	struct policy *p = m->policy_dir ? policy_load_dir(m->policy_dir, m->needs_policy_dir, error)
					 : policy_new(POLICY_MASTER);
	bool had_files = m->policy && policy_count_files(m->policy) > 0;

	if (!p)
		return EXIT_CONFIG;
	if (policy_count_files(p) > 0)
		log_info("policy %s: files: %zu, rules: %zu", m->policy_dir, policy_count_files(p), policy_count_rules(p));
	else if (had_files)
		log_warn("policy %s has no file left: what is built in goes", m->policy_dir);
	policy_free(m->policy);
	m->policy = p;
	return EXIT_OK;
}

void gate_reload(struct master *m)
{
	char *error = NULL;

	if (gate_load(m, &error) == EXIT_OK) {
		if (m->audit)
			audit_note_past(m->audit, &(struct audit_event){ .event = "policy.reload", .object = m->policy_dir });
		return;
	}
	log_error("%s; the policy stays as it was", error);
	free(error);
}

void gate_close(struct master *m)
{
	policy_free(m->policy);
	m->policy = NULL;
}

/* ---- who asks ---- */

/* The highest of a peer's roles. */
static unsigned role_of(const struct wire_peer *peer)
{
	if (peer->roles & WIRE_ADMIN)
		return POLICY_ADMIN;
	if (peer->roles & WIRE_OPERATOR)
		return POLICY_OPERATOR;
	return peer->roles & WIRE_AGENT ? POLICY_OF_AGENT : 0;
}

/* ---- what is refused ---- */

static void record(struct master *m, struct wire_call *call, struct audit_event *e)
{
	struct principal who;

	if (!m->audit || !guard_bucket_take(&m->refusals, mono_ms()))
		return;
	principal_of_call(&who, &m->users, call);
	e->who = &who;
	e->is_decided = e->is_denied = true;
	audit_note_past(m->audit, e);
}

/* Strangers and those whose certificate is worth nothing are many, and say nothing of anybody. */
static void on_refusal(struct wire_call *call, void *arg)
{
	const struct wire_peer *peer = wire_conn_peer(wire_call_conn(call));
	struct audit_event e = { .event = "role.denied", .object = wire_call_path(call), .reason = "its role has no right to it" };

	if (peer->is_unix || (peer->identity && !peer->refused))
		record(arg, call, &e);
}

void gate_watch(struct master *m)
{
	guard_bucket_init(&m->refusals, REFUSALS_AT_ONCE, REFUSALS_PER_S, mono_ms());
	wire_set_refusal(m->wire, on_refusal, m);
}

/* ---- decisions ---- */

/* "to run on agent web1 as root". Owned. */
static char *describe(const struct policy_query *q)
{
	const char *verb = policy_verb_name(q->verb), *agent = "";

	if (q->agent || q->pattern)
		agent = q->agent ? q->agent : q->pattern;
	if (*agent && !str_is_name(agent))
		agent = str_quote(agent);
	if (q->verb == POLICY_RUN && !q->run_as)
		return mem_printf("to run on agent %s as its own user, which is not known", agent);
	if (q->verb == POLICY_RUN)
		return mem_printf("to run on agent %s as %s", agent, str_is_name(q->run_as) ? q->run_as : str_quote(q->run_as));
	return mem_printf("to %s%s%s", verb, q->agent || q->pattern ? " agent " : "", agent);
}

/* A run that is denied is recorded by whoever would have begun it. */
static void refuse(struct master *m, struct wire_call *call, const struct policy_query *q, const char *why)
{
	struct audit_event e = {
		.event = "policy.denied", .object = policy_verb_name(q->verb), .agent = q->agent, .rule = why,
	};
	char *what = describe(q);

	if (q->verb != POLICY_RUN)
		record(m, call, &e);
	log_warn("policy denies %s %s (%s)", str_quote(q->principal), what, why);
	wire_endf(call, WIRE_PERMISSION_DENIED, "policy denies %s %s (%s)", q->principal, what, why);
	free(what);
}

/* Fills in who asks. */
static bool may(struct master *m, struct wire_call *call, struct policy_query *q)
{
	const struct wire_peer *peer = wire_conn_peer(wire_call_conn(call));
	struct principal who;
	char *why = NULL;
	bool allowed;

	principal_of_peer(&who, &m->users, peer);
	q->principal = who.name;
	q->roles = role_of(peer);
	allowed = policy_decide(m->policy, q, &why);
	if (!allowed)
		refuse(m, call, q, why);
	free(why);
	return allowed;
}

bool master_may(struct master *m, struct wire_call *call, enum policy_verb verb, const char *agent, const char *run_as)
{
	struct policy_query q = { .verb = verb, .agent = agent, .run_as = run_as };

	return may(m, call, &q);
}

bool master_may_enroll(struct master *m, struct wire_call *call, const char *pattern)
{
	struct policy_query q = { .verb = POLICY_ENROLL, .pattern = pattern };

	return may(m, call, &q);
}

bool master_may_run(struct master *m, struct wire_call *call, const char *agent, const char *user)
{
	const struct agent *a = registry_find(m->registry, agent);

	if (user && !*user)
		user = a ? a->user : NULL;
	return master_may(m, call, POLICY_RUN, agent, user);
}

unsigned gate_verbs(struct master *m, struct wire_call *call)
{
	const struct wire_peer *peer = wire_conn_peer(wire_call_conn(call));
	struct principal who;
	struct policy_query q = { .principal = who.name, .roles = role_of(peer) };
	unsigned verbs = 0;

	principal_of_peer(&who, &m->users, peer);
	for (int verb = 0; verb < POLICY_N_VERBS; verb++) {
		q.verb = (enum policy_verb)verb;
		if (policy_decide(m->policy, &q, NULL))
			verbs |= 1u << verb;
	}
	return verbs;
}

/* ---- lists ---- */

void gate_view_init(struct gate_view *view, struct master *m, struct wire_call *call)
{
	const struct wire_peer *peer = wire_conn_peer(wire_call_conn(call));

	view->policy = m->policy;
	view->is_whole = !policy_names_agents(m->policy, POLICY_LIST);
	view->roles = role_of(peer);
	principal_of_peer(&view->who, &m->users, peer);
}

bool gate_view_names(const struct gate_view *view, const char *agent)
{
	const struct policy_query q = {
		.principal = view->who.name, .roles = view->roles, .verb = POLICY_LIST, .agent = agent,
	};

	return view->is_whole || policy_decide(view->policy, &q, NULL);
}

bool gate_view_shows(const struct agent *a, const void *view)
{
	return gate_view_names(view, a->record.name);
}
