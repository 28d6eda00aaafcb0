/*
 * str.c - checks and parsers of text. Pure; out-parameters are untouched on error.
 */
#include "common/str.h"

#include <errno.h>
#include <string.h>

const char str_name_rule[] = "a name has 1 to 64 letters, digits, '.', '_' or '-', and is not \".\" or \"..\"";

/* ASCII whatever the locale is. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_byte(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
	       c == '-';
}

bool str_is_name(const char *s)
{
	size_t n = 0;

	while (s[n]) {
		if (n == STR_NAME_MAX || !is_name_byte(s[n]))
			return false;
		n++;
	}
	return n && strcmp(s, ".") != 0 && strcmp(s, "..") != 0;
}

bool str_has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The digits at *s, which is moved behind them; there must be one at least. */
static int parse_digits(const char **s, uint64_t *out)
{
	const char *p = *s;
	uint64_t value = 0;

	if (!is_digit(*p))
		return -EINVAL;
	for (; is_digit(*p); p++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return -ERANGE;
	}
	*s = p;
	*out = value;
	return 0;
}

int str_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	size_t digits = strspn(s, "0123456789");
	uint64_t value;
	int err;

	if (s[digits])		/* before the range: "99999999999999999999x" is no number */
		return -EINVAL;
	err = parse_digits(&s, &value);
	if (err)
		return err;
	if (value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

static const struct {
	const char *name;
	uint64_t ms;
} units[] = {
	{ "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 3600 * 1000 },
	{ "d", 24 * 3600 * 1000 },
};

/* 0 when there is no such unit. */
static uint64_t unit_ms(const char *name)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(name, units[i].name) == 0)
			return units[i].ms;
	}
	return 0;
}

int str_parse_duration(const char *s, uint64_t *ms)
{
	uint64_t whole, fraction = 0, scale = 1, unit, total;
	int err = parse_digits(&s, &whole);

	if (err)
		return err;
	if (*s == '.') {
		const char *start = ++s;

		err = parse_digits(&s, &fraction);
		if (err || s - start > 9)
			return -EINVAL;
		while (start++ < s)
			scale *= 10;
	}
	unit = unit_ms(s);
	if (!unit)
		return -EINVAL;
	/* Rounded up: nothing that is not 0 becomes 0. */
	if (__builtin_mul_overflow(whole, unit, &total) ||
	    __builtin_add_overflow(total, (fraction * unit + scale - 1) / scale, &total) ||
	    total > STR_DURATION_MAX_MS)
		return -ERANGE;
	*ms = total;
	return 0;
}

void str_hex(const uint8_t *data, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[data[i] >> 4];
		*out++ = digits[data[i] & 15];
	}
	*out = '\0';
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int str_unhex(const char *hex, uint8_t *out, size_t n)
{
	if (strlen(hex) != 2 * n)
		return -EINVAL;
	for (size_t i = 0; i < 2 * n; i++) {
		if (hex_value(hex[i]) < 0)
			return -EINVAL;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(hex_value(hex[2 * i]) * 16 + hex_value(hex[2 * i + 1]));
	return 0;
}
