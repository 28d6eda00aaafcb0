/* When to dial again, in simulated time. */
#include "test/lib/unit.h"
#include "wire/reconnect.h"

enum { MIN_MS = 200, MAX_MS = 10000, LONG_MS = 60000 };

static struct reconnect fresh(void)
{
	struct reconnect r;

	reconnect_init(&r, MIN_MS, MAX_MS);
	return r;
}

/* One that came up at `now_ms`. */
static struct reconnect up(uint64_t now_ms)
{
	struct reconnect r = fresh();

	reconnect_want(&r);
	reconnect_up(&r, now_ms);
	return r;
}

START_TEST(first_want_dials_at_once)
{
	struct reconnect r = fresh();

	ck_assert(reconnect_want(&r));
	ck_assert_uint_eq(r.state, RECONNECT_DIALING);
}
END_TEST

START_TEST(want_dials_only_once)
{
	struct reconnect r = fresh();

	reconnect_want(&r);
	ck_assert(!reconnect_want(&r));		/* on its way */
	reconnect_up(&r, 0);
	ck_assert(!reconnect_want(&r));		/* there */
	reconnect_down(&r, 0, false, 0);
	ck_assert(!reconnect_want(&r));		/* to be waited for */
}
END_TEST

START_TEST(nothing_is_planned_unless_waiting)
{
	struct reconnect r = fresh();

	ck_assert_uint_eq(reconnect_wait_ms(&r, 0), UINT64_MAX);
	reconnect_want(&r);
	ck_assert_uint_eq(reconnect_wait_ms(&r, 0), UINT64_MAX);
	reconnect_up(&r, 0);
	ck_assert_uint_eq(reconnect_wait_ms(&r, 0), UINT64_MAX);
}
END_TEST

START_TEST(failed_dial_waits_and_then_dials)
{
	struct reconnect r = fresh();
	uint64_t wait;

	reconnect_want(&r);
	reconnect_down(&r, 5000, false, 0);
	wait = reconnect_wait_ms(&r, 5000);
	ck_assert_uint_eq(wait, MIN_MS);
	ck_assert(!reconnect_due(&r, 5000 + wait - 1));
	ck_assert_uint_eq(reconnect_wait_ms(&r, 5000 + wait + 7), 0);
	ck_assert(reconnect_due(&r, 5000 + wait));
	ck_assert_uint_eq(r.state, RECONNECT_DIALING);
	ck_assert(!reconnect_due(&r, 5000 + wait));
}
END_TEST

START_TEST(delays_grow_to_the_maximum)
{
	struct reconnect r = fresh();
	uint64_t now = 0, wait = 0;

	reconnect_want(&r);
	for (int i = 0; i < 20; i++) {
		reconnect_down(&r, now, false, UINT32_MAX);
		ck_assert_uint_ge(reconnect_wait_ms(&r, now), wait);
		wait = reconnect_wait_ms(&r, now);
		ck_assert_uint_ge(wait, MIN_MS);
		ck_assert_uint_le(wait, MAX_MS);
		now += wait;
		ck_assert(reconnect_due(&r, now));
	}
	ck_assert_uint_eq(wait, MAX_MS);
}
END_TEST

START_TEST(delays_start_over_after_a_connection_that_lasted)
{
	struct reconnect r = fresh();

	reconnect_want(&r);
	for (int i = 0; i < 20; i++) {
		reconnect_down(&r, 0, false, UINT32_MAX);
		reconnect_due(&r, MAX_MS);
	}
	reconnect_up(&r, MAX_MS);
	reconnect_down(&r, MAX_MS + LONG_MS, false, UINT32_MAX);
	ck_assert_uint_le(reconnect_wait_ms(&r, MAX_MS + LONG_MS), 3 * MIN_MS);
}
END_TEST

START_TEST(peer_that_accepts_and_drops_is_not_hammered)
{
	struct reconnect r = fresh();
	uint64_t now = 0;
	int dials = 1;

	reconnect_want(&r);
	while (now < 600000) {
		reconnect_up(&r, now);
		reconnect_down(&r, now, true, UINT32_MAX);
		now += reconnect_wait_ms(&r, now);
		dials += reconnect_due(&r, now);
	}
	ck_assert_int_le(dials, 70);		/* ten minutes at ten seconds each, and the first few */
}
END_TEST

START_TEST(orderly_end_of_a_long_connection_is_dialled_at_once)
{
	struct reconnect r = up(1000);

	reconnect_down(&r, 1000 + LONG_MS, true, UINT32_MAX);
	ck_assert_uint_eq(reconnect_wait_ms(&r, 1000 + LONG_MS), 0);
	ck_assert(reconnect_due(&r, 1000 + LONG_MS));
}
END_TEST

START_TEST(broken_long_connection_waits_first)
{
	struct reconnect r = up(1000);

	reconnect_down(&r, 1000 + LONG_MS, false, 0);
	ck_assert_uint_ge(reconnect_wait_ms(&r, 1000 + LONG_MS), MIN_MS);
}
END_TEST

START_TEST(attempts_are_counted_since_it_was_last_up)
{
	struct reconnect r = fresh();

	reconnect_want(&r);
	ck_assert_uint_eq(r.attempts, 1);
	reconnect_down(&r, 0, false, 0);
	reconnect_due(&r, MAX_MS);
	ck_assert_uint_eq(r.attempts, 2);
	reconnect_up(&r, MAX_MS);
	ck_assert_uint_eq(r.attempts, 0);
}
END_TEST

START_TEST(stop_ends_every_state_and_late_events_do_nothing)
{
	for (int state = 0; state < 4; state++) {
		struct reconnect r = fresh();

		if (state > 0)
			reconnect_want(&r);
		if (state > 1)
			reconnect_up(&r, 0);
		if (state > 2)
			reconnect_down(&r, 0, false, 0);
		reconnect_stop(&r);
		reconnect_up(&r, 1);
		reconnect_down(&r, 2, false, 0);
		ck_assert(!reconnect_due(&r, MAX_MS));
		ck_assert_uint_eq(r.state, RECONNECT_IDLE);
		ck_assert_uint_eq(reconnect_wait_ms(&r, 3), UINT64_MAX);
		ck_assert(reconnect_want(&r));
	}
}
END_TEST

START_TEST(second_report_of_the_same_end_does_not_move_the_date)
{
	struct reconnect r = up(0);

	reconnect_down(&r, 1000, false, 0);
	reconnect_down(&r, 1100, false, UINT32_MAX);
	ck_assert_uint_eq(r.due_ms, 1000 + MIN_MS);
}
END_TEST

UNIT_MAIN(first_want_dials_at_once, want_dials_only_once, nothing_is_planned_unless_waiting,
	  failed_dial_waits_and_then_dials, delays_grow_to_the_maximum, delays_start_over_after_a_connection_that_lasted,
	  peer_that_accepts_and_drops_is_not_hammered, orderly_end_of_a_long_connection_is_dialled_at_once,
	  broken_long_connection_waits_first, attempts_are_counted_since_it_was_last_up,
	  stop_ends_every_state_and_late_events_do_nothing, second_report_of_the_same_end_does_not_move_the_date)
