#include "common/backoff.h"
#include "test/lib/unit.h"

START_TEST(smallest_numbers_give_the_minimum_for_ever)
{
	struct backoff b;

	backoff_init(&b, 500, 30000);
	for (int i = 0; i < 10; i++)
		ck_assert_uint_eq(backoff_next_ms(&b, 0), 500);
}
END_TEST

START_TEST(largest_numbers_triple_up_to_the_maximum)
{
	static const uint32_t expected[] = { 1500, 4500, 13500, 30000, 30000 };
	struct backoff b;

	backoff_init(&b, 500, 30000);
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		ck_assert_uint_eq(backoff_next_ms(&b, UINT32_MAX), expected[i]);
	backoff_reset(&b);
	ck_assert_uint_eq(backoff_next_ms(&b, UINT32_MAX), 1500);
}
END_TEST

START_TEST(numbers_are_spread_evenly)
{
	struct backoff b;

	for (uint32_t i = 0; i < 11; i++) {
		backoff_init(&b, 5, 1000);	/* first delay: 5 to 15, eleven values */
		ck_assert_uint_eq(backoff_next_ms(&b, UINT32_MAX / 11 * i + 100), 5 + i);
	}
}
END_TEST

START_TEST(every_delay_is_within_its_bounds)
{
	struct backoff b;
	uint32_t random = 1, last = 200;

	backoff_init(&b, 200, 10000);
	for (int i = 0; i < 1000; i++) {
		uint32_t delay;

		random = random * 1664525 + 1013904223;
		delay = backoff_next_ms(&b, random);
		ck_assert_uint_ge(delay, 200);
		ck_assert_uint_le(delay, 3 * last);
		ck_assert_uint_le(delay, 10000);
		last = delay;
	}
}
END_TEST

START_TEST(odd_limits_are_survived)
{
	struct backoff b;

	backoff_init(&b, 0, 0);
	ck_assert_uint_eq(backoff_next_ms(&b, UINT32_MAX), 1);
	backoff_init(&b, 100, 10);
	ck_assert_uint_eq(backoff_next_ms(&b, UINT32_MAX), 100);
	backoff_init(&b, UINT32_MAX, UINT32_MAX);
	ck_assert_uint_eq(backoff_next_ms(&b, UINT32_MAX), UINT32_MAX);
	backoff_init(&b, 1, UINT32_MAX);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_ge(backoff_next_ms(&b, UINT32_MAX), 1);
	ck_assert_uint_eq(b.last_ms, UINT32_MAX);
}
END_TEST

UNIT_MAIN(smallest_numbers_give_the_minimum_for_ever, largest_numbers_triple_up_to_the_maximum,
	  numbers_are_spread_evenly, every_delay_is_within_its_bounds, odd_limits_are_survived)
