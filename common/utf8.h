/*
 * utf8.h - UTF-8 as of RFC 3629: no overlong forms, no surrogates, at most U+10FFFF.
 */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/*
 * The character at p[0..n). Returns its length, 1 to 4, with *cp set; 0 when n bytes are a good beginning
 * of one (or n is 0); -k when the first k bytes begin no character (k as in Unicode 3.9, "maximal subpart").
 */
int utf8_decode(const uint8_t *p, size_t n, uint32_t *cp);
bool utf8_valid(const void *data, size_t n);
/* Length of the longest prefix of at most `max` bytes that does not split a character. */
size_t utf8_cut(const void *data, size_t n, size_t max);

/*
 * Turns a stream of bytes into valid UTF-8 piece by piece, with the same result however it is cut: an
 * invalid sequence (maximal subpart, see utf8_decode) becomes one U+FFFD, an incomplete
 * character at the end of a piece (at most 3 bytes) is held back for the next. Zeroed: fresh.
 */
struct utf8_stream {
	uint8_t held[4];
	size_t n_held;
};
void utf8_stream_feed(struct utf8_stream *s, const void *data, size_t n, struct buf *out);
/* The stream has ended: what is held back becomes U+FFFD. */
void utf8_stream_finish(struct utf8_stream *s, struct buf *out);

/* Next code point of [*p, end) into *cp, *p moved on; an invalid byte is U+FFFD and one byte. */
void utf8_next(const uint8_t **p, const uint8_t *end, uint32_t *cp);
/* Display columns of a code point: 0 for combining and control characters, 2 for wide ones. */
int utf8_width(uint32_t cp);
/* The same of n bytes of text. */
size_t utf8_width_of(const void *text, size_t n);

#endif
