/*
 * str_format.c - text for people: quoting, sizes, durations.
 *
 * Owns the eight static buffers; a result lives until seven more were asked for.
 */
#include "common/str.h"

#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

enum { RING = 8, TAIL = sizeof "\"...", TEXT_MAX = 1 + STR_QUOTE_MAX + TAIL };

static char *next_text(void)
{
	static char ring[RING][TEXT_MAX];
	static unsigned turn;

	return ring[turn++ % RING];
}

/* One character of n bytes as it is to be shown; `to` has room for ESCAPED_MAX. Returns its length. */
enum { ESCAPED_MAX = 4 };
static size_t escape_byte(char *to, uint8_t c)
{
	static const char named[] = "\nn\tt\rr";

	for (const char *p = named; *p; p += 2) {
		if (c == (uint8_t)*p) {
			to[0] = '\\';
			to[1] = p[1];
			return 2;
		}
	}
	to[0] = '\\';
	to[1] = 'x';
	to[2] = "0123456789abcdef"[c >> 4];
	to[3] = "0123456789abcdef"[c & 15];
	return 4;
}

/* What the first character of p[0..n) becomes; *used: its bytes. */
static size_t escape_one(char *to, const uint8_t *p, size_t n, const char *special, size_t *used)
{
	uint32_t cp;
	int len = utf8_decode(p, n, &cp);

	*used = 1;
	/* C1 controls steer terminals just as C0 ones do: escaped byte by byte, like invalid bytes. */
	if (len <= 0 || cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		return escape_byte(to, *p);
	if (cp < 0x7f && strchr(special, (int)cp)) {
		to[0] = '\\';
		to[1] = (char)cp;
		return 2;
	}
	*used = (size_t)len;
	memcpy(to, p, *used);
	return *used;
}

/* Escapes as much as fits into cap; *used: the bytes of the input that are in it. */
static size_t escape(char *out, size_t cap, const uint8_t *p, size_t n, const char *special, size_t *used)
{
	size_t len = 0;

	*used = 0;
	while (*used < n) {
		char piece[ESCAPED_MAX];
		size_t step;
		size_t got = escape_one(piece, p + *used, n - *used, special, &step);

		if (got > cap - len)
			break;
		memcpy(out + len, piece, got);
		len += got;
		*used += step;
	}
	return len;
}

size_t str_escape(char *out, size_t cap, const void *data, size_t n, const char *special)
{
	size_t used;
	size_t len = escape(out, cap, data, n, special, &used);

	if (used == n || cap < 3)
		return len;
	/* Again with room for the mark that it was cut. */
	len = escape(out, cap - 3, data, n, special, &used);
	memcpy(out + len, "...", 3);
	return len + 3;
}

const char *str_quote(const char *s)
{
	return s ? str_quote_n(s, strlen(s)) : "(none)";
}

const char *str_quote_n(const void *data, size_t n)
{
	char *text = next_text();
	size_t used;
	size_t len = escape(text + 1, STR_QUOTE_MAX, data, n, "\"\\", &used);

	text[0] = '"';
	snprintf(text + 1 + len, TAIL, "%s", used < n ? "\"..." : "\"");
	return text;
}

const char *str_bytes(uint64_t n)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	char *text = next_text();
	double value = (double)n / 1024;
	size_t i = 0;

	if (n < 1024) {
		snprintf(text, TEXT_MAX, "%u B", (unsigned)n);
		return text;
	}
	for (; value >= 1023.95 && i + 1 < sizeof units / sizeof *units; i++)	/* never "1024.0 KiB" */
		value /= 1024;
	snprintf(text, TEXT_MAX, "%.1f %s", value, units[i]);
	return text;
}

const char *str_duration_ms(uint64_t ms)
{
	static const struct {
		uint64_t s;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } };
	char *text = next_text();
	uint64_t s = ms / 1000;
	size_t i = 0;

	if (ms < 1000) {
		snprintf(text, TEXT_MAX, "%u ms", (unsigned)ms);
	} else if (s < 60) {
		/* Cut, not rounded: 59.96 s is not a minute yet. */
		snprintf(text, TEXT_MAX, "%u.%u s", (unsigned)s, (unsigned)(ms % 1000 / 100));
	} else {
		while (s < units[i].s)
			i++;
		snprintf(text, TEXT_MAX, "%llu%s %u%s", (unsigned long long)(s / units[i].s), units[i].name,
			 (unsigned)(s % units[i].s / units[i + 1].s), units[i + 1].name);
	}
	return text;
}
