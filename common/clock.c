/*
 * clock.c - reads the clocks. Cannot fail on Linux.
 */
#include "common/clock.h"

#include <stdio.h>
#include <time.h>

static const int64_t us_per_s = 1000000;

uint64_t mono_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t boot_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int64_t wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * us_per_s + ts.tv_nsec / 1000;
}

void wall_format(int64_t us, char *out)
{
	int64_t rest = us % us_per_s;
	time_t s = us / us_per_s;
	struct tm tm = { 0 };
	size_t n;

	if (rest < 0) {		/* before 1970: round down, not towards zero */
		rest += us_per_s;
		s--;
	}
	gmtime_r(&s, &tm);
	n = strftime(out, WALL_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, WALL_TEXT_MAX - n, ".%03dZ", (int)(rest / 1000));
}
