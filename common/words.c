/*
 * words.c - see words.h. Pure.
 */
#include "common/words.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/buf.h"
#include "common/utf8.h"

static bool is_plain(const uint8_t *word, size_t n)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@^_";

	for (size_t i = 0; i < n; i++)
		if (!word[i] || !strchr(plain, word[i]))
			return false;
	return n != 0;
}

/* Control bytes and what is no UTF-8 stand in $'...' only. */
static bool is_printable(const uint8_t *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (word[i] < ' ' || word[i] == 0x7f)
			return false;
	return utf8_valid(word, n);
}

static void quote_simple(struct buf *out, const uint8_t *word, size_t n)
{
	buf_append_str(out, "'");
	for (size_t i = 0; i < n; i++) {
		if (word[i] == '\'')
			buf_append_str(out, "'\\'");
		buf_append(out, &word[i], 1);
	}
	buf_append_str(out, "'");
}

static void quote_bytes(struct buf *out, const uint8_t *word, size_t n)
{
	buf_append_str(out, "$'");
	for (size_t i = 0; i < n; i++) {
		uint8_t c = word[i];

		if (c < ' ' || c >= 0x7f)
			buf_printf(out, "\\x%02x", c);
		else if (c == '\'' || c == '\\')
			buf_printf(out, "\\%c", c);
		else
			buf_append(out, &c, 1);
	}
	buf_append_str(out, "'");
}

void words_add(struct buf *out, const void *word, size_t n, size_t max)
{
	size_t kept = n <= max ? n : utf8_cut(word, n, max);

	if (buf_len(out))
		buf_append_str(out, " ");
	if (is_plain(word, kept))
		buf_append(out, word, kept);
	else if (is_printable(word, kept))
		quote_simple(out, word, kept);
	else
		quote_bytes(out, word, kept);
}
