/*
 * field.c - text forms of gRPC header fields: timeouts, percent-encoded messages, base64, names.
 *
 * Input comes from peers: every function takes any bytes. Output buffers are appended to, and are
 * untouched when a function fails.
 */
#include "wire/field.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/str.h"
#include "common/utf8.h"
#include "wire/code.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

enum { TIMEOUT_DIGITS = 8, TIMEOUT_MAX = 99999999, MESSAGE_MAX = 1024, STATUS_MAX = 16 };

static const char replacement[] = "\xef\xbf\xbd";	/* U+FFFD */

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* ---- timeouts ---- */

static const struct {
	char letter;
	uint64_t ns;
} timeout_units[] = {
	{ 'n', 1 },
	{ 'u', UINT64_C(1000) },
	{ 'm', UINT64_C(1000000) },
	{ 'S', UINT64_C(1000000000) },
	{ 'M', UINT64_C(60000000000) },
	{ 'H', UINT64_C(3600000000000) },
};

int field_parse_timeout(const uint8_t *text, size_t n, uint64_t *ns)
{
	uint64_t value = 0;

	if (n < 2 || n > TIMEOUT_DIGITS + 1)
		return -EINVAL;
	for (size_t i = 0; i + 1 < n; i++) {
		if (!is_digit(text[i]))
			return -EINVAL;
		value = value * 10 + (text[i] - '0');
	}
	for (size_t i = 0; i < COUNT(timeout_units); i++) {
		if (text[n - 1] != (uint8_t)timeout_units[i].letter)
			continue;
		*ns = value > UINT64_MAX / timeout_units[i].ns ? UINT64_MAX : value * timeout_units[i].ns;
		return 0;
	}
	return -EINVAL;
}

void field_format_timeout(uint64_t us, char *out)
{
	uint64_t value = us;
	size_t unit = 1;

	while (value > TIMEOUT_MAX && unit + 1 < COUNT(timeout_units)) {
		uint64_t per = timeout_units[++unit].ns / 1000;

		value = us / per + (us % per != 0);
	}
	if (value > TIMEOUT_MAX)
		value = TIMEOUT_MAX;
	snprintf(out, 16, "%" PRIu64 "%c", value, timeout_units[unit].letter);
}

/* ---- grpc-message ---- */

/* The next character as bytes of valid UTF-8: a piece of the text, or U+FFFD. Returns the length. */
static size_t next_character(const uint8_t **at, const uint8_t *end, const uint8_t **bytes, uint32_t *cp)
{
	*bytes = *at;
	utf8_next(at, end, cp);
	if (*cp != 0xfffd)
		return (size_t)(*at - *bytes);
	*bytes = (const uint8_t *)replacement;
	return sizeof replacement - 1;
}

static bool is_plain(uint32_t cp, bool is_first)
{
	return cp >= 0x20 && cp <= 0x7e && cp != '%' && !(is_first && cp == ' ');
}

/* A value with a space at either end makes the whole response malformed (RFC 9113 8.2.1). */
static void escape_last_space(struct buf *out)
{
	if (!buf_len(out) || buf_data(out)[buf_len(out) - 1] != ' ')
		return;
	out->tail--;
	buf_append_str(out, "%20");
}

void field_encode_message(const char *text, size_t max, struct buf *out)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text), *bytes;
	size_t total = 0, encoded = 0, n;
	uint32_t cp;
	bool plain;

	while (at < end) {
		n = next_character(&at, end, &bytes, &cp);
		plain = is_plain(cp, total == 0);
		total += n;
		encoded += plain && cp != ' ' ? 1 : 3 * n;	/* a space may yet be the last */
		if (total > MESSAGE_MAX || encoded > max)
			break;
		if (plain) {
			buf_append(out, bytes, 1);
			continue;
		}
		for (size_t i = 0; i < n; i++)
			buf_printf(out, "%%%02X", (unsigned)bytes[i]);
	}
	escape_last_space(out);
}

static int hex_value(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static void decode_percent(const uint8_t *text, size_t n, struct buf *out)
{
	uint8_t *to = buf_reserve(out, n);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		int high = -1, low = -1;

		if (text[i] == '%' && n - i > 2) {
			high = hex_value(text[i + 1]);
			low = hex_value(text[i + 2]);
		}
		if (high < 0 || low < 0) {
			to[len++] = text[i];
			continue;
		}
		to[len++] = (uint8_t)(high << 4 | low);
		i += 2;
	}
	buf_commit(out, len);
}

char *field_decode_message(const uint8_t *text, size_t n)
{
	struct buf raw = { 0 }, valid = { 0 };
	const uint8_t *at, *end, *bytes;
	uint32_t cp;

	if (n > 0)
		decode_percent(text, n, &raw);
	at = buf_len(&raw) ? buf_data(&raw) : NULL;
	end = at ? at + buf_len(&raw) : NULL;
	while (at < end) {
		size_t len = next_character(&at, end, &bytes, &cp);

		if (cp == 0)	/* would end the string */
			buf_append_str(&valid, replacement);
		else
			buf_append(&valid, bytes, len);
	}
	buf_done(&raw);
	return buf_take_string(&valid);
}

/* ---- base64 ---- */

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

void field_encode_bin(const void *data, size_t n, struct buf *out)
{
	const uint8_t *in = data;
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t len = 0;
	uint8_t *to;

	if (n == 0)
		return;
	to = buf_reserve(out, n / 3 * 4 + 4);
	for (size_t i = 0; i < n; i++) {
		bits = (bits & 0x3f) << 8 | in[i];
		for (n_bits += 8; n_bits >= 6; n_bits -= 6)
			to[len++] = (uint8_t)base64_digits[bits >> (n_bits - 6) & 0x3f];
	}
	if (n_bits > 0)
		to[len++] = (uint8_t)base64_digits[bits << (6 - n_bits) & 0x3f];
	buf_commit(out, len);
}

/* Length without padding; padding counts only where it completes a group of four. */
static size_t without_padding(const uint8_t *text, size_t n)
{
	if (n == 0 || n % 4 != 0 || text[n - 1] != '=')
		return n;
	return text[n - 2] == '=' ? n - 2 : n - 1;
}

int field_decode_bin(const uint8_t *text, size_t n, struct buf *out)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t len = 0;
	uint8_t *to;

	n = without_padding(text, n);
	if (n % 4 == 1)
		return -EINVAL;
	if (n == 0)
		return 0;
	to = buf_reserve(out, n / 4 * 3 + 3);
	for (size_t i = 0; i < n; i++) {
		int value = base64_value(text[i]);

		if (value < 0)
			return -EINVAL;
		bits = (bits & 0x3ff) << 6 | (uint32_t)value;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		to[len++] = (uint8_t)(bits >> n_bits);
	}
	buf_commit(out, len);
	return 0;
}

/* ---- names, values, types ---- */

bool field_is_bin(const char *name, size_t n)
{
	return n >= 4 && memcmp(name + n - 4, "-bin", 4) == 0;
}

enum field_content field_content_type(const uint8_t *text, size_t n)
{
	static const char base[] = "application/grpc", proto[] = "proto";
	const char *at = (const char *)text;
	size_t len = 0;

	if (n < sizeof base - 1 || strncasecmp(at, base, sizeof base - 1) != 0)
		return FIELD_CONTENT_FOREIGN;
	at += sizeof base - 1;
	n -= sizeof base - 1;
	if (n == 0 || *at == ';' || *at == ' ')
		return FIELD_CONTENT_OK;
	if (*at != '+')
		return FIELD_CONTENT_FOREIGN;
	at++;
	n--;
	while (len < n && at[len] != ';' && at[len] != ' ')
		len++;
	return len == sizeof proto - 1 && strncasecmp(at, proto, len) == 0 ? FIELD_CONTENT_OK : FIELD_CONTENT_OTHER_CODEC;
}

/* Names that are the layer's own, or that HTTP/2 forbids (RFC 9113 8.2.2). */
static const char *const reserved_names[] = {
	"connection", "content-length", "content-type", "host", "keep-alive", "proxy-connection", "te",
	"trailer", "transfer-encoding", "upgrade", "user-agent",
};

bool field_name_is_valid(const char *name)
{
	if (name[0] == '\0' || str_has_prefix(name, "grpc-"))
		return false;
	for (const char *c = name; *c; c++)
		if (!is_digit((uint8_t)*c) && !(*c >= 'a' && *c <= 'z') && *c != '_' && *c != '.' && *c != '-')
			return false;
	for (size_t i = 0; i < COUNT(reserved_names); i++)
		if (strcmp(name, reserved_names[i]) == 0)
			return false;
	return true;
}

bool field_value_is_valid(const void *value, size_t n)
{
	const uint8_t *c = value;

	if (n == 0)
		return true;
	if (c[0] == ' ' || c[n - 1] == ' ')
		return false;
	for (size_t i = 0; i < n; i++)
		if (c[i] < 0x20 || c[i] > 0x7e)
			return false;
	return true;
}

int field_parse_status(const uint8_t *text, size_t n, long *odd)
{
	long value = 0;

	*odd = -1;
	if (n == 0)
		return WIRE_UNKNOWN;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(text[i]))
			return WIRE_UNKNOWN;
		value = value > (LONG_MAX - 9) / 10 ? LONG_MAX : value * 10 + (text[i] - '0');
	}
	*odd = value > STATUS_MAX ? value : 0;
	return *odd ? WIRE_UNKNOWN : (int)value;
}
