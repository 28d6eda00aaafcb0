/*
 * test_clocks.c - the deadlines of a run.
 */
#include "agent/supervise/clocks.h"

#include <limits.h>

#include "test/lib/unit.h"

START_TEST(none_runs_at_first)
{
	struct clocks c = { { 0 } };

	ck_assert_int_eq(clocks_wait_ms(&c, 1000), -1);
	ck_assert(!clocks_take(&c, CLOCK_GRACE, UINT64_MAX));
}
END_TEST

START_TEST(the_first_one_due_is_waited_for)
{
	struct clocks c = { { 0 } };

	clocks_start(&c, CLOCK_TIMEOUT, 1000, 500);
	clocks_start(&c, CLOCK_POLL, 1000, 20);
	ck_assert_int_eq(clocks_wait_ms(&c, 1000), 20);
	clocks_stop(&c, CLOCK_POLL);
	ck_assert_int_eq(clocks_wait_ms(&c, 1000), 500);
	ck_assert_int_eq(clocks_wait_ms(&c, 2000), 0);
}
END_TEST

START_TEST(what_is_due_is_taken_once)
{
	struct clocks c = { { 0 } };

	clocks_start(&c, CLOCK_LOST, 1000, 500);
	ck_assert(!clocks_take(&c, CLOCK_LOST, 1499));
	ck_assert(clocks_runs(&c, CLOCK_LOST));
	ck_assert(clocks_take(&c, CLOCK_LOST, 1500));
	ck_assert(!clocks_runs(&c, CLOCK_LOST));
	ck_assert(!clocks_take(&c, CLOCK_LOST, 1500));
}
END_TEST

START_TEST(what_is_far_away_does_not_wrap)
{
	struct clocks c = { { 0 } };

	clocks_start(&c, CLOCK_TIMEOUT, 1000, UINT64_MAX);
	ck_assert_int_eq(clocks_wait_ms(&c, 1000), -1);
	clocks_start(&c, CLOCK_TIMEOUT, 1000, UINT64_MAX / 2);
	ck_assert_int_eq(clocks_wait_ms(&c, 1000), INT_MAX);
	clocks_start(&c, CLOCK_TIMEOUT, 0, 0);
	ck_assert(clocks_take(&c, CLOCK_TIMEOUT, 1));
}
END_TEST

UNIT_MAIN(none_runs_at_first, the_first_one_due_is_waited_for, what_is_due_is_taken_once, what_is_far_away_does_not_wrap)
