/*
 * output_text.c - results as text for people.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/agent_text.h"
#include "cli/output.h"
#include "cli/record_text.h"
#include "cli/table.h"
#include "cli/trust_output.h"
#include "cli/version.h"
#include "common/checkup.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"

enum { LABEL_WIDTH = 13 };

/* "Label:       text"; text of unknown origin is cleaned. Nothing for an empty one. */
static void print_row(const char *label, const char *text)
{
	struct buf line = { 0 };

	if (!text || !*text)
		return;
	style_append_clean(&line, text);
	printf("%s:%*s%s\n", label, (int)(LABEL_WIDTH - 1 - strlen(label)), "", buf_string(&line));
	buf_done(&line);
}

static void print_owned(const char *label, char *text)
{
	print_row(label, text);
	free(text);
}

static const char *state_color(const Agent__AgentInfo *agent)
{
	if (agent_is_unreachable(agent) || !agent_is_active(agent))
		return STYLE_RED;
	return agent->drained_since ? STYLE_YELLOW : STYLE_GREEN;
}

/* ---- agents ---- */

static void text_agents(const struct output *to, const Agent__AgentInfo *const *agents, size_t n, const char *error)
{
	static const char *const columns[] = { "NAME", "ADDRESS", "VERSION", "LAST SEEN", "STATE" };
	struct table *table = table_new(&to->style, columns, 5);
	int64_t now = wall_s();

	(void)error;
	for (size_t i = 0; i < n; i++) {
		const Agent__AgentInfo *a = agents[i];
		char *seen = agent_ago_text(a->last_heartbeat, now);
		char *state = agent_state_text(a, now);
		const char *cells[] = { a->agent_name, a->agent_address, *a->version ? a->version : "-", seen, state };

		table_add(table, cells, 4, state_color(a));
		free(seen);
		free(state);
	}
	if (n)
		table_print(table);
	table_free(table);
}

static void print_fact(const char *key, json_t *value)
{
	char *text = json_is_string(value) ? mem_strdup(json_string_value(value)) :
		json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6));
	char *label = mem_printf("  %s", key);
	struct buf line = { 0 };

	style_append_clean(&line, label);
	buf_append_str(&line, ": ");
	style_append_clean(&line, text ? text : "?");
	puts(buf_string(&line));
	buf_done(&line);
	free(label);
	free(text);
}

static void print_facts(const Agent__AgentInfo *agent, int64_t now)
{
	json_t *facts = json_loads(agent->system_info_json, 0, NULL), *value;
	const char *key;
	char *ago;

	if (json_is_object(facts) && json_object_size(facts)) {
		ago = agent_ago_text(agent->last_info_collected, now);
		printf("Facts, told %s:\n", ago);
		free(ago);
		json_object_foreach(facts, key, value)
			print_fact(key, value);
	}
	json_decref(facts);
}

static void text_agent(const struct output *to, const Agent__AgentInfo *agent)
{
	int64_t now = wall_s();
	char *state = agent_state_text(agent, now);

	print_row("Name", agent->agent_name);
	if (to->style.color)
		fputs(state_color(agent), stdout);
	print_owned("State", state);
	if (to->style.color)
		fputs(STYLE_RESET, stdout);
	print_row("Address", agent->agent_address);
	print_row("Reach", agent->reach);
	print_row("To do", agent->advice);
	print_owned("Last seen", agent_ago_text(agent->last_heartbeat, now));
	if (agent->registered)
		print_owned("Registered", agent_ago_text(agent->registered, now));
	print_row("Version", agent->version);
	print_row("Shell", agent->shell);
	print_row("Instance", agent->instance);
	if (*agent->trust)
		print_row("Trust", agent->trust);
	if (agent->foreign)
		print_row("Kind", "foreign: no program of Sloth's");
	print_facts(agent, now);
}

static void print_finding(const struct output *to, const Sloth__V1__Finding *f)
{
	bool has_failed = str_equal(f->result, "failed");
	struct buf texts[4] = { { 0 } };
	const char *from[] = { f->result, f->name, f->detail, f->advice };
	struct checkup_line line = { .color = "", .reset = "", .columns = to->style.columns };

	for (size_t i = 0; i < 4; i++)
		style_append_clean(&texts[i], from[i]);
	line.result = buf_string(&texts[0]);
	line.name = buf_string(&texts[1]);
	line.detail = buf_string(&texts[2]);
	line.advice = buf_string(&texts[3]);
	if (to->style.color) {
		line.color = has_failed ? STYLE_RED : str_equal(f->result, "ok") ? STYLE_GREEN : STYLE_DIM;
		line.reset = STYLE_RESET;
	}
	checkup_print(&line, stdout);
	for (size_t i = 0; i < 4; i++)
		buf_done(&texts[i]);
}

static void text_findings(const struct output *to, const char *agent, const Sloth__V1__ExamineResponse *found)
{
	(void)agent;
	for (size_t i = 0; i < found->n_findings; i++)
		print_finding(to, found->findings[i]);
}

/* ---- the master ---- */

static void print_agent_counts(const Sloth__V1__StatusResponse *status)
{
	char *unreachable = mem_printf(" (%u unreachable)", status->agents_unreachable);

	print_owned("Agents", mem_printf("%u active%s, %u inactive", status->agents_active,
					 status->agents_unreachable ? unreachable : "", status->agents_inactive));
	if (status->waiting)
		print_owned("Waiting", mem_printf("%u to be accepted: sloth agent pending", status->waiting));
	free(unreachable);
}

/* The master tells whole seconds. */
static const char *uptime_text(uint64_t seconds)
{
	return seconds ? str_duration_ms(seconds * 1000) : "less than a second";
}

static void text_status(const struct output *to, const Sloth__V1__StatusResponse *status)
{
	print_row("Master", to->address);
	print_owned("Version", mem_printf("%s, pid %u, up %s", status->version, status->pid,
					  uptime_text(status->uptime_seconds)));
	for (size_t i = 0; i < status->n_listening; i++)
		print_row("Listening", status->listening[i]);
	print_row("State", status->state_dir);
	print_agent_counts(status);
	print_owned("Runs", mem_printf("%u under way, %llu since the start", status->runs_active,
				       (unsigned long long)status->runs_total));
	print_owned("Connections", mem_printf("%u", status->connections));
	for (size_t i = 0; i < status->n_warnings; i++)
		print_row("Warning", status->warnings[i]);
}

static void text_master(const struct output *to, const struct master_found *found)
{
	(void)to;
	if (found->pid)
		printf("running, pid %d, state in %s\n", (int)found->pid, found->state_dir);
	else
		printf("not running (state directory %s)\n", found->state_dir);
}

/* ---- the rest ---- */

static void text_done(const struct output *to, const char *what, const char *name, const char *message)
{
	struct buf line = { 0 };

	(void)to;
	(void)message;		/* says the same in the master's words */
	style_append_clean(&line, name);
	printf("%s: %s\n", buf_string(&line), what);
	buf_done(&line);
}

static void text_failed(const char *error)
{
	(void)error;
}

const struct output_ops output_text = {
	.format = "text",
	.agents = text_agents,
	.agent = text_agent,
	.findings = text_findings,
	.status = text_status,
	.master = text_master,
	.runs = record_text_runs,
	.run = record_text_run,
	.done = text_done,
	.login = trust_text_login,
	.whoami = trust_text_whoami,
	.contexts = trust_text_contexts,
	.token = trust_text_token,
	.install = trust_text_install,
	.tokens = trust_text_tokens,
	.identities = trust_text_identities,
	.decision = trust_text_decision,
	.version = version_text,
	.failed = text_failed,
};
