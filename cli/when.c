/* when.c - see when.h. */
#include "cli/when.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

#include "common/str.h"

/* A fraction of a second is passed over. */
static const char *skip_fraction(const char *at)
{
	if (*at != '.')
		return at;
	for (at++; *at >= '0' && *at <= '9'; at++)
		;
	return at;
}

static int parse_date(const char *text, int64_t *out)
{
	static const char *const formats[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
					       "%Y-%m-%d" };

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		struct tm tm = { .tm_mday = 1 }, zone = { .tm_mday = 1 };
		int day;
		const char *end = strptime(text, formats[i], &tm);

		if (!end)
			continue;
		end = skip_fraction(end);
		if (*end && formats[i][sizeof "%Y-%m-%d" - 1])
			end = strptime(end, "%z", &zone);
		if (!end || *end)
			return -EINVAL;
		day = tm.tm_mday;
		*out = (int64_t)timegm(&tm) - zone.tm_gmtoff;
		return *out > 0 && tm.tm_mday == day ? 0 : -EINVAL;	/* the 30th of February is moved into March */
	}
	return -EINVAL;
}

int when_parse(const char *text, int64_t now_s, int64_t *out)
{
	uint64_t ago_ms;

	if (parse_date(text, out) == 0)
		return 0;
	if (str_parse_duration(text, &ago_ms) || (int64_t)(ago_ms / 1000) >= now_s)
		return -EINVAL;
	*out = now_s - (int64_t)(ago_ms / 1000);
	return 0;
}
