/*
 * test_trim.c - when memory is given back after a busy time, and that the loop does not wait for it.
 */
#include <ev.h>

#include "test/lib/unit.h"
#include "wire/trim.h"

static struct ev_loop *loop;
static struct trim trim;
static struct buf scratch;

static void begin(void)
{
	loop = ev_loop_new(EVFLAG_NOENV);
	trim_init(&trim, loop, &scratch);
	buf_reserve(&scratch, 1000);
}

static void end(void)
{
	trim_stop(&trim);
	buf_done(&scratch);
	ev_loop_destroy(loop);
}

static bool is_due(void) { return ev_is_active(&trim.timer); }

/* What is due is due at once. */
static void hurry(void)
{
	ev_timer_stop(loop, &trim.timer);
	ev_timer_set(&trim.timer, 0, 0);
	ev_timer_start(loop, &trim.timer);
	ev_run(loop, EVRUN_NOWAIT);
}

START_TEST(few_calls_are_not_worth_it)
{
	begin();
	trim_note(&trim, TRIM_CALLS_MIN - 1, TRIM_BYTES_MIN - 1);
	trim_note(&trim, 0, 0);
	ck_assert(!is_due());
	end();
}
END_TEST

START_TEST(many_calls_are_when_most_of_them_have_ended)
{
	begin();
	trim_note(&trim, TRIM_CALLS_MIN, 0);
	trim_note(&trim, TRIM_CALLS_MIN - 1, 0);
	ck_assert(!is_due());
	trim_note(&trim, TRIM_CALLS_MIN / 2, 0);
	ck_assert(is_due());
	trim_note(&trim, TRIM_CALLS_MIN, 0);
	ck_assert(!is_due());
	end();
}
END_TEST

START_TEST(many_bytes_are_too)
{
	begin();
	trim_note(&trim, 1, TRIM_BYTES_MIN);
	ck_assert(!is_due());
	trim_note(&trim, 0, 0);
	ck_assert(is_due());
	end();
}
END_TEST

START_TEST(a_trim_gives_the_scratch_buffer_back_and_begins_anew)
{
	begin();
	trim_note(&trim, TRIM_CALLS_MIN, 0);
	trim_note(&trim, 0, 0);
	ck_assert_ptr_nonnull(scratch.data);
	hurry();
	ck_assert_ptr_null(scratch.data);
	trim_note(&trim, 1, 0);
	trim_note(&trim, 0, 0);
	ck_assert(!is_due());
	end();
}
END_TEST

START_TEST(the_loop_does_not_wait_for_it)
{
	begin();
	trim_note(&trim, TRIM_CALLS_MIN, 0);
	trim_note(&trim, 0, 0);
	ev_run(loop, 0);
	ck_assert(is_due());
	hurry();
	ev_run(loop, 0);
	end();
}
END_TEST

UNIT_MAIN(few_calls_are_not_worth_it, many_calls_are_when_most_of_them_have_ended, many_bytes_are_too,
	  a_trim_gives_the_scratch_buffer_back_and_begins_anew, the_loop_does_not_wait_for_it)
