/*
 * output_json.c - results as JSON: one document per command, an object in any case; {"error": ...} when the
 * command failed.
 */
#include "cli/agent_text.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/record_text.h"
#include "cli/trust_output.h"
#include "cli/version.h"

static json_t *agent_object(const Agent__AgentInfo *a)
{
	json_t *object = json_object();

	json_put(object, "name", json_text(a->agent_name));
	json_put(object, "address", json_text(a->agent_address));
	json_put(object, "state", json_string(agent_is_active(a) ? "active" : "inactive"));
	json_put(object, "reachable", *a->unreachable ? json_false() : json_true());
	json_put(object, "unreachable", json_text(a->unreachable));
	json_put(object, "unreachable_since", json_time(a->unreachable_since));
	json_put(object, "reach", json_text(a->reach));
	json_put(object, "last_heartbeat", json_time(a->last_heartbeat));
	json_put(object, "registered", json_time(a->registered));
	json_put(object, "version", json_text(a->version));
	json_put(object, "shell", json_text(a->shell));
	json_put(object, "instance", json_text(a->instance));
	json_put(object, "foreign", json_boolean(a->foreign));
	json_put(object, "trust", json_text(a->trust));
	json_put(object, "conflict", json_text(a->conflict));
	json_put(object, "drained_since", json_time(a->drained_since));
	json_put(object, "drained_by", json_text(a->drained_by));
	return object;
}

static void json_agents(const struct output *to, const Agent__AgentInfo *const *agents, size_t n, const char *error)
{
	json_t *document = json_object(), *list = json_array();

	(void)to;
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, agent_object(agents[i]));
	json_put(document, "agents", list);
	if (error)
		json_put(document, "error", json_text(error));
	json_print(document);
}

static void json_agent(const struct output *to, const Agent__AgentInfo *agent)
{
	json_t *object = agent_object(agent);
	json_t *facts = json_loads(agent->system_info_json, 0, NULL);

	(void)to;
	json_put(object, "advice", json_text(agent->advice));
	json_put(object, "facts", facts ? facts : json_null());
	json_put(object, "facts_at", json_time(agent->last_info_collected));
	json_print(object);
}

static void json_findings(const struct output *to, const char *agent, const Sloth__V1__ExamineResponse *found)
{
	json_t *object = json_object(), *list = json_array(), *one;

	(void)to;
	for (size_t i = 0; i < found->n_findings; i++) {
		const Sloth__V1__Finding *f = found->findings[i];

		one = json_object();
		json_put(one, "name", json_text(f->name));
		json_put(one, "result", json_text(f->result));
		json_put(one, "detail", json_text(f->detail));
		json_put(one, "advice", json_text(f->advice));
		json_array_append_new(list, one);
	}
	json_put(object, "agent", json_text(agent));
	json_put(object, "findings", list);
	json_print(object);
}

static json_t *strings(char *const *items, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_text(items[i]));
	return list;
}

static void json_status(const struct output *to, const Sloth__V1__StatusResponse *status)
{
	json_t *object = json_object();

	json_put(object, "master", json_text(to->address));
	json_put(object, "version", json_text(status->version));
	json_put(object, "pid", json_integer(status->pid));
	json_put(object, "started", json_time(status->started));
	json_put(object, "uptime_seconds", json_integer((json_int_t)status->uptime_seconds));
	json_put(object, "listening", strings(status->listening, status->n_listening));
	json_put(object, "state_dir", json_text(status->state_dir));
	json_put(object, "agents_active", json_integer(status->agents_active));
	json_put(object, "agents_inactive", json_integer(status->agents_inactive));
	json_put(object, "agents_unreachable", json_integer(status->agents_unreachable));
	json_put(object, "agents_waiting", json_integer(status->waiting));
	json_put(object, "runs_active", json_integer(status->runs_active));
	json_put(object, "runs_total", json_integer((json_int_t)status->runs_total));
	json_put(object, "connections", json_integer(status->connections));
	json_put(object, "warnings", strings(status->warnings, status->n_warnings));
	json_print(object);
}

static void json_master(const struct output *to, const struct master_found *found)
{
	json_t *object = json_object();

	(void)to;
	json_put(object, "running", json_boolean(found->pid != 0));
	json_put(object, "pid", found->pid ? json_integer(found->pid) : json_null());
	json_put(object, "state_dir", json_text(found->state_dir));
	json_print(object);
}

static void json_done(const struct output *to, const char *what, const char *name, const char *message)
{
	json_t *object = json_object();

	(void)to;
	json_put(object, "name", json_text(name));
	json_put(object, "done", json_text(what));
	json_put(object, "message", json_text(message));
	json_print(object);
}

static void json_failed(const char *error)
{
	json_t *object = json_object();

	json_put(object, "error", json_text(error));
	json_print(object);
}

const struct output_ops output_json = {
	.format = "json",
	.agents = json_agents,
	.agent = json_agent,
	.findings = json_findings,
	.status = json_status,
	.master = json_master,
	.runs = record_json_runs,
	.run = record_json_run,
	.done = json_done,
	.login = trust_json_login,
	.whoami = trust_json_whoami,
	.contexts = trust_json_contexts,
	.token = trust_json_token,
	.install = trust_json_install,
	.tokens = trust_json_tokens,
	.identities = trust_json_identities,
	.decision = trust_json_decision,
	.version = version_json,
	.failed = json_failed,
};
