/* What an agent's record means in words. */
#include <stdlib.h>
#include <time.h>

#include "cli/agent_text.h"
#include "test/lib/unit.h"

enum { NOON = 1769860800 };	/* 2026-01-31T12:00:00Z */

static Agent__AgentInfo agent_of(const char *status, const char *unreachable, int64_t since)
{
	Agent__AgentInfo a = AGENT__AGENT_INFO__INIT;

	a.status = (char *)(uintptr_t)status;
	a.unreachable = (char *)(uintptr_t)unreachable;
	a.unreachable_since = since;
	return a;
}

static const struct {
	const char *status, *unreachable;
	int64_t since;
	const char *text;
	bool active, inactive, cut_off;
} states[] = {
	{ "Active", "", 0, "Active", true, false, false },
	{ "Inactive", "", 0, "Inactive", false, true, false },
	{ "Active", "refused", 0, "Active, unreachable: refused", true, false, true },
	{ "Active", "refused", NOON - 60, "Active, unreachable: refused (since 11:59)", true, false, true },
	{ "Active", "refused", NOON - 86400, "Active, unreachable: refused (since 2026-01-30 12:00)", true, false, true },
	{ "Inactive", "refused", NOON, "Inactive", false, true, false },
};

START_TEST(agent_state_is_shown_and_filtered)
{
	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		Agent__AgentInfo a = agent_of(states[i].status, states[i].unreachable, states[i].since);
		char *text = agent_state_text(&a, NOON);

		ck_assert_str_eq(text, states[i].text);
		ck_assert(agent_has_state(&a, "active") == states[i].active);
		ck_assert(agent_has_state(&a, "inactive") == states[i].inactive);
		ck_assert(agent_has_state(&a, "unreachable") == states[i].cut_off);
		free(text);
	}
}
END_TEST

static void check_ago(int64_t at, const char *expected)
{
	char *text = agent_ago_text(at, NOON);

	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(agent_ago_survives_clocks_that_differ)
{
	check_ago(0, "never");
	check_ago(NOON, "now");
	check_ago(NOON + 3600, "now");
	check_ago(NOON - 2, "2 s ago");
	check_ago(NOON - 300, "5m 0s ago");
}
END_TEST

UNIT_MAIN(agent_state_is_shown_and_filtered, agent_ago_survives_clocks_that_differ)
