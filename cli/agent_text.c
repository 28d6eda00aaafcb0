/*
 * agent_text.c - an agent's record in words and times.
 */
#include "cli/agent_text.h"

#include <stdlib.h>
#include <time.h>

#include "common/mem.h"
#include "common/str.h"

bool agent_is_active(const Agent__AgentInfo *agent)
{
	return str_equal(agent->status, "Active");
}

bool agent_is_unreachable(const Agent__AgentInfo *agent)
{
	return agent_is_active(agent) && *agent->unreachable;
}

bool agent_has_state(const Agent__AgentInfo *agent, const char *state)
{
	if (str_equal(state, "unreachable"))
		return agent_is_unreachable(agent);
	if (str_equal(state, "drained"))
		return agent->drained_since != 0;
	return agent_is_active(agent) == str_equal(state, "active");
}

char *agent_clock_text(int64_t at_s, int64_t now_s)
{
	time_t at = (time_t)at_s, now = (time_t)now_s;
	struct tm tm, today;
	char text[64];

	if (!localtime_r(&at, &tm) || !localtime_r(&now, &today))
		return mem_strdup("?");
	strftime(text, sizeof text, tm.tm_yday == today.tm_yday && tm.tm_year == today.tm_year ? "%H:%M" :
		 "%Y-%m-%d %H:%M", &tm);
	return mem_strdup(text);
}

/* What an operator should see of how the agent is trusted, as ", ..." behind its state. */
static const char *trust_text(const Agent__AgentInfo *agent)
{
	if (str_equal(agent->trust, "INSECURE"))
		return ", INSECURE";
	return str_equal(agent->trust, "first use") ? ", trust: first use" : "";
}

static char *condition_text(const Agent__AgentInfo *agent, int64_t now_s)
{
	char *since, *text;

	if (*agent->conflict)
		return mem_printf("%s, CONFLICT: %s", agent->status, agent->conflict);
	if (!agent_is_unreachable(agent))
		return mem_printf("%s%s", agent->status, trust_text(agent));
	if (!agent->unreachable_since)
		return mem_printf("%s, unreachable: %s", agent->status, agent->unreachable);
	since = agent_clock_text(agent->unreachable_since, now_s);
	text = mem_printf("%s, unreachable: %s (since %s)", agent->status, agent->unreachable, since);
	free(since);
	return text;
}

char *agent_state_text(const Agent__AgentInfo *agent, int64_t now_s)
{
	char *condition = condition_text(agent, now_s), *text;

	if (!agent->drained_since)
		return condition;
	text = mem_printf("%s, drained%s%s", condition, *agent->drained_by ? " by " : "", agent->drained_by);
	free(condition);
	return text;
}

char *agent_ago_text(int64_t at_s, int64_t now_s)
{
	if (at_s <= 0)
		return mem_strdup("never");
	if (at_s >= now_s)
		return mem_strdup("now");
	if (now_s - at_s < 60)
		return mem_printf("%d s ago", (int)(now_s - at_s));
	return mem_printf("%s ago", str_duration_ms((uint64_t)(now_s - at_s) * 1000));
}
