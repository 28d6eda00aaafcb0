/* The clocks are stepped by standing in for clock_gettime(2): the product has no hook for it. */
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "test/lib/unit.h"

static struct timespec wall;	/* what the wall clock shows; 0: the real one */

int clock_gettime(clockid_t id, struct timespec *ts)
{
	if (id != CLOCK_REALTIME || !wall.tv_sec)
		return (int)syscall(SYS_clock_gettime, id, ts);
	*ts = wall;
	return 0;
}

START_TEST(monotonic_clock_does_not_follow_the_wall_clock)
{
	uint64_t before = mono_us(), after;

	wall.tv_sec = 1700000000;
	ck_assert_int_eq(wall_s(), 1700000000);
	wall.tv_sec -= 3600;
	ck_assert_int_eq(wall_us(), (1700000000ll - 3600) * 1000000);
	after = mono_us();
	ck_assert_uint_ge(after, before);
	ck_assert_uint_lt(after - before, 3600ull * 1000000);
	ck_assert_uint_le(mono_ms(), mono_us() / 1000);
}
END_TEST

START_TEST(wall_clock_has_microseconds)
{
	wall = (struct timespec){ .tv_sec = 10, .tv_nsec = 123456789 };
	ck_assert_int_eq(wall_us(), 10123456);
}
END_TEST

START_TEST(wall_time_is_written_in_utc)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1769861045123999, "2026-01-31T12:04:05.123Z" },
		{ 951782400000000, "2000-02-29T00:00:00.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ -1000000, "1969-12-31T23:59:59.000Z" },
		{ INT64_MAX, "294247-01-10T04:00:54.775Z" },
		{ INT64_MIN, "-290308-12-21T19:59:05.224Z" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[WALL_TEXT_MAX];

		wall_format(cases[i].us, text);
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

UNIT_MAIN(monotonic_clock_does_not_follow_the_wall_clock, wall_clock_has_microseconds, wall_time_is_written_in_utc)
