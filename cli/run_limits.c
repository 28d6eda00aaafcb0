/*
 * run_limits.c - the limits of a run on the command line: --nice, --rlimit, --output-max.
 *
 * Names of limits that are not known here are refused: a limit that nobody sets would be worse than an error.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run_options.h"
#include "common/mem.h"
#include "common/str.h"

enum { LIMITS_MAX = 16, NUMBER_MAX = 32, NICE_MIN = -20, NICE_MAX = 19 };

static const char *const limit_names[] = {
	"as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
	"rttime", "sigpending", "stack",
};

/* "4096", "64M": whole numbers with K, M or G. 0 or -EINVAL. */
static int parse_size(const char *text, size_t n, uint64_t *out)
{
	static const char units[] = "KMG";
	char digits[NUMBER_MAX];
	const char *unit = n ? memchr(units, text[n - 1], sizeof units - 1) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;

	if (unit)
		n--;
	if (n == 0 || n >= sizeof digits)
		return -EINVAL;
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (str_parse_u64(digits, 0, (UINT64_MAX - 1) >> shift, out))
		return -EINVAL;
	*out <<= shift;
	return 0;
}

static int parse_limit_value(const char *text, size_t n, uint64_t *out)
{
	static const char unlimited[] = "unlimited";

	if (n == sizeof unlimited - 1 && strncmp(text, unlimited, n) == 0) {
		*out = UINT64_MAX;
		return 0;
	}
	return parse_size(text, n, out);
}

static bool is_limit_name(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof limit_names / sizeof *limit_names; i++) {
		if (strlen(limit_names[i]) == n && strncmp(limit_names[i], name, n) == 0)
			return true;
	}
	return false;
}

/* NAME=N[:HARD]. NULL, or what is wrong with it. */
static const char *parse_limit(const char *text, Sloth__V1__RunLimit *limit)
{
	size_t name_len = strcspn(text, "=");
	const char *soft = text + name_len + 1, *hard;

	if (!text[name_len])
		return "is not NAME=N or NAME=N:HARD";
	if (!is_limit_name(text, name_len))
		return "names no limit of setrlimit(2): nofile, nproc, core, as and so on";
	hard = soft + strcspn(soft, ":");
	if (parse_limit_value(soft, (size_t)(hard - soft), &limit->soft))
		return "has no number, nor one with K, M or G, nor unlimited";
	limit->hard = limit->soft;
	if (*hard && parse_limit_value(hard + 1, strlen(hard + 1), &limit->hard))
		return "has no number behind the colon";
	if (limit->soft > limit->hard)
		return "is above its hard limit";
	limit->name = mem_strndup(text, name_len);
	return NULL;
}

static int take_limits(struct run_request *r, const struct opt_list *list, char **error)
{
	if (list->n > LIMITS_MAX) {
		*error = mem_printf("--rlimit: at most %d of them", LIMITS_MAX);
		return -EINVAL;
	}
	r->limits = mem_array(list->n, sizeof *r->limits);
	for (size_t i = 0; i < list->n; i++) {
		const char *why;

		sloth__v1__run_limit__init(&r->limits[i]);
		why = parse_limit(list->items[i], &r->limits[i]);
		if (why) {
			*error = mem_printf("--rlimit: %s %s", str_quote(list->items[i]), why);
			return -EINVAL;
		}
		r->n_limits++;
	}
	return 0;
}

static int take_nice(struct run_request *r, const char *text, char **error)
{
	bool is_negative = text && *text == '-';
	uint64_t n = 0;

	if (text && str_parse_u64(text + is_negative, 0, is_negative ? -NICE_MIN : NICE_MAX, &n)) {
		*error = mem_printf("--nice: %s is no number from %d to %d", str_quote(text), NICE_MIN, NICE_MAX);
		return -EINVAL;
	}
	r->nice = is_negative ? -(int32_t)n : (int32_t)n;
	return 0;
}

static int take_output_max(struct run_request *r, const char *text, char **error)
{
	if (!text)
		return 0;
	if (!r->options->detach)
		*error = mem_strdup("--output-max: is for --detach; the output of an attached command is all kept");
	else if (parse_size(text, strlen(text), &r->output_max) || r->output_max == 0)
		*error = mem_printf("--output-max: %s is no size like 4096, 512K, 64M, 1G", str_quote(text));
	else
		return 0;
	return -EINVAL;
}

int run_request_limits(struct run_request *r, char **error)
{
	int ret = take_nice(r, r->options->nice, error);

	if (!ret)
		ret = take_limits(r, &r->options->limits, error);
	if (!ret)
		ret = take_output_max(r, r->options->output_max, error);
	return ret;
}
