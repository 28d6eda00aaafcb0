/*
 * agent_text.h - what an agent's record means in words and times. Pure: the time is an argument.
 */
#ifndef CLI_AGENT_TEXT_H
#define CLI_AGENT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/proto/agent.pb-c.h"

bool agent_is_active(const Agent__AgentInfo *agent);
/* Active, but the master cannot reach it. */
bool agent_is_unreachable(const Agent__AgentInfo *agent);
/* `state` is one of those that `agent list --state` takes. */
bool agent_has_state(const Agent__AgentInfo *agent, const char *state);

/* "Active", "Inactive", "Active, unreachable: refused (since 12:04)". Owned. */
char *agent_state_text(const Agent__AgentInfo *agent, int64_t now_s);
/* "3 s ago", "never". Owned. */
char *agent_ago_text(int64_t at_s, int64_t now_s);
/* "12:04" on the same day, else "2026-01-31 12:04". Local time. Owned. */
char *agent_clock_text(int64_t at_s, int64_t now_s);

#endif
