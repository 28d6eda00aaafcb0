/*
 * utf8.c - the decoder. Strict after RFC 3629: what is not a shortest form of a scalar value is invalid.
 *
 * All functions take any bytes whatsoever and read none beyond the length that they are given.
 */
#include "common/utf8.h"

#include <string.h>

static const char replacement[] = "\xef\xbf\xbd";	/* U+FFFD */

/* RFC 3629 section 4: which second bytes may follow which first ones; later bytes are 80..BF. */
static const struct lead {
	uint8_t first, last;
	uint8_t second_min, second_max;
	uint8_t length;
} leads[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },	/* below: overlong */
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },	/* above: surrogates */
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },	/* below: overlong */
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },	/* above: beyond U+10FFFF */
};

static const struct lead *find_lead(uint8_t c)
{
	for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
		if (c >= leads[i].first && c <= leads[i].last)
			return &leads[i];
	}
	return NULL;
}

int utf8_decode(const uint8_t *p, size_t n, uint32_t *cp)
{
	const struct lead *lead;
	uint32_t value;

	if (!n)
		return 0;
	if (*p < 0x80) {
		*cp = *p;
		return 1;
	}
	lead = find_lead(*p);
	if (!lead)
		return -1;
	value = *p & (0x7fu >> lead->length);
	for (size_t i = 1; i < lead->length; i++) {
		if (i == n)
			return 0;
		if (p[i] < (i == 1 ? lead->second_min : 0x80) || p[i] > (i == 1 ? lead->second_max : 0xbf))
			return -(int)i;
		value = value << 6 | (p[i] & 0x3f);
	}
	*cp = value;
	return lead->length;
}

bool utf8_valid(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint32_t cp;

	while (n) {
		int len = utf8_decode(p, n, &cp);

		if (len <= 0)
			return false;
		p += len;
		n -= (size_t)len;
	}
	return true;
}

size_t utf8_cut(const void *data, size_t n, size_t max)
{
	const uint8_t *p = data;
	uint32_t cp;

	if (n <= max)
		return n;
	/* A character that spans the cut begins at most three bytes before it. */
	for (size_t back = 1; back <= 3 && back <= max; back++) {
		int len = utf8_decode(p + max - back, n - (max - back), &cp);

		if (len > (int)back)
			return max - back;
	}
	return max;
}

void utf8_next(const uint8_t **p, const uint8_t *end, uint32_t *cp)
{
	int len = utf8_decode(*p, (size_t)(end - *p), cp);

	if (len <= 0) {
		*cp = 0xfffd;
		len = 1;
	}
	*p += len;
}

/* Appends the characters of p[0..n), invalid ones replaced; returns where an incomplete one begins, else n. */
static size_t convert(const uint8_t *p, size_t n, struct buf *out)
{
	size_t start = 0, at = 0;	/* [start, at) is valid and not appended yet */
	uint32_t cp;

	while (at < n) {
		int len = utf8_decode(p + at, n - at, &cp);

		if (len > 0) {
			at += (size_t)len;
			continue;
		}
		buf_append(out, p + start, at - start);
		if (!len)
			return at;
		buf_append_str(out, replacement);
		at += (size_t)-len;
		start = at;
	}
	buf_append(out, p + start, at - start);
	return n;
}

/* Completes the held character with the first bytes of the piece; returns how many of them it took. */
static size_t feed_held(struct utf8_stream *s, const uint8_t *p, size_t n, struct buf *out)
{
	size_t took = 0;
	uint32_t cp;

	while (s->n_held && took < n) {
		int len;

		s->held[s->n_held++] = p[took++];
		len = utf8_decode(s->held, s->n_held, &cp);
		if (!len)
			continue;
		if (len > 0) {
			buf_append(out, s->held, s->n_held);
		} else {
			buf_append_str(out, replacement);
			took--;		/* the byte that does not fit begins something else */
		}
		s->n_held = 0;
	}
	return took;
}

void utf8_stream_feed(struct utf8_stream *s, const void *data, size_t n, struct buf *out)
{
	const uint8_t *p = data;
	size_t at = feed_held(s, p, n, out);

	if (at < n) {
		at += convert(p + at, n - at, out);
		memcpy(s->held, p + at, n - at);
		s->n_held = n - at;
	}
}

void utf8_stream_finish(struct utf8_stream *s, struct buf *out)
{
	if (s->n_held)
		buf_append_str(out, replacement);
	s->n_held = 0;
}
