/*
 * test_when.c - points of time on the command line.
 */
#include "cli/when.h"

#include <errno.h>

#include "test/lib/unit.h"

START_TEST(times_are_dates_or_ages)
{
	static const struct { const char *text; int64_t expected; } rows[] = {
		{ "2026-11-25", 1795564800 },
		{ "2026-11-25T07:02:03Z", 1795590123 },
		{ "2026-11-25T07:02:03.123Z", 1795590123 },
		{ "2026-11-25T08:02:03+01:00", 1795590123 },
		{ "2026-11-25 07:02:03", 1795590123 },
		{ "2026-11-25T07:02", 1795590120 },
		{ "2h", 2000000000 - 7200 },
		{ "7d", 2000000000 - 7 * 86400 },
		{ "90", 2000000000 - 90 },
	};
	static const char *const bad[] = { "", "x", "2026-13-01", "2026-02-30", "2026-02-29T07:02:03Z", "2026-11-25T", "2026-11-25x",
					   "2026-11-25T07:02:03x", "-1h", "36499d", "tomorrow" };
	int64_t at;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_msg(when_parse(rows[i].text, 2000000000, &at) == 0, "%s", rows[i].text);
		ck_assert_msg(at == rows[i].expected, "%s: %lld", rows[i].text, (long long)at);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)

		ck_assert_msg(when_parse(bad[i], 2000000000, &at) == -EINVAL, "%s", bad[i]);
}
END_TEST

UNIT_MAIN(times_are_dates_or_ages)
