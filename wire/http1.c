/*
 * http1.c - see http1.h. Rules are sections of RFC 9112, where nothing else is said.
 */
#include "wire/http1.h"

#include <string.h>
#include <strings.h>

enum { OK = 200, BAD = 400, TOO_LARGE = 413, URI_TOO_LONG = 414, FIELDS_TOO_LARGE = 431, BAD_VERSION = 505 };

/* ---- characters ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 9110 5.6.2. */
static bool is_token(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (!is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && (!c || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return n > 0;
}

/* RFC 9110 5.5: what a line may hold. NUL, a CR that stands alone and an LF without one are in no line (2.2). */
static bool is_text(uint8_t c)
{
	return c == '\t' || (c >= ' ' && c != 0x7f);
}

/* ---- the request line (3) ---- */

static enum download_method method_of(const char *text, size_t n)
{
	if (n == 3 && !memcmp(text, "GET", n))
		return DOWNLOAD_GET;
	return n == 4 && !memcmp(text, "HEAD", n) ? DOWNLOAD_HEAD : DOWNLOAD_OTHER;
}

static size_t scheme_length(const char *text, size_t n)
{
	if (n > 7 && !strncasecmp(text, "http://", 7))
		return 7;
	return n > 8 && !strncasecmp(text, "https://", 8) ? 8 : 0;
}

/* 3.2.2: the absolute form is understood; the authority in it is not looked at, as Host is not. */
static void to_origin_form(const char **text, size_t *n)
{
	size_t skip = scheme_length(*text, *n);

	if (!skip)
		return;
	while (skip < *n && (*text)[skip] != '/' && (*text)[skip] != '?')
		skip++;
	*text += skip;
	*n -= skip;
}

static bool is_uri(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~' || text[i] == '#')
			return false;
	return n > 0;
}

static unsigned take_target(struct http1 *h, const char *text, size_t n)
{
	bool is_absolute = scheme_length(text, n);

	if (!is_uri(text, n))
		return BAD;
	to_origin_form(&text, &n);
	if (n > WIRE_PATH_MAX)
		return URI_TOO_LONG;
	if (n && *text == '/')
		memcpy(h->target, text, n);
	else if (is_absolute)
		memcpy(h->target, "/", 2);		/* an empty path (3.2.1) */
	else if (h->method != DOWNLOAD_OTHER)
		return BAD;
	return 0;
}

static unsigned take_version(struct http1 *h, const char *text, size_t n)
{
	if (n != 8 || memcmp(text, "HTTP/", 5) || !is_digit(text[5]) || text[6] != '.' || !is_digit(text[7]))
		return BAD;
	if (text[5] != '1' || text[7] > '1')
		return BAD_VERSION;
	h->is_1_0 = text[7] == '0';
	return 0;
}

/* One space between the parts, and none elsewhere: 3 allows to be more lenient, and says what that can lead to. */
static unsigned take_request_line(struct http1 *h, const char *line, size_t n)
{
	const char *end = line + n, *target = memchr(line, ' ', n), *version;
	unsigned status;

	if (!target || !is_token(line, (size_t)(target - line)))
		return BAD;
	h->method = method_of(line, (size_t)(target - line));
	target++;
	version = memchr(target, ' ', (size_t)(end - target));
	if (!version)
		return BAD;
	status = take_version(h, version + 1, (size_t)(end - version - 1));
	return status ? status : take_target(h, target, (size_t)(version - target));
}

/* ---- fields (5) ---- */

static bool is_name(const char *name, size_t n, const char *wanted)
{
	return n == strlen(wanted) && !strncasecmp(name, wanted, n);
}

/* 3.2; RFC 9110 7.2. Which host it is does not matter: there is one. */
static unsigned take_host(struct http1 *h, const char *value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (value[i] <= ' ' || value[i] > '~' || strchr("/?#@\\\"<>^`{|}", value[i]))
			return BAD;
	return h->n_hosts++ ? BAD : 0;
}

/* 6.2: digits, once. */
static unsigned take_length(struct http1 *h, const char *value, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(value[i]))
			return BAD;
		h->has_content |= value[i] != '0';
	}
	return n == 0 || h->n_lengths++ ? BAD : 0;
}

/* 5.1: no white space before the colon. 5.2: no line that goes on with the one before, which begins with white space. */
static unsigned take_field(struct http1 *h, const char *line, size_t n)
{
	const char *end = line + n, *colon = memchr(line, ':', n), *value;
	size_t name_len;

	if (!colon || !is_token(line, (size_t)(colon - line)))
		return BAD;
	name_len = (size_t)(colon - line);
	value = colon + 1;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (is_name(line, name_len, "host"))
		return take_host(h, value, (size_t)(end - value));
	if (is_name(line, name_len, "content-length"))
		return take_length(h, value, (size_t)(end - value));
	h->has_coding |= is_name(line, name_len, "transfer-encoding");
	return 0;
}

/* ---- the whole ---- */

/* 6.3: what has no content ends with its head; nothing else is read, so a coding needs no understanding. */
static unsigned judge(const struct http1 *h)
{
	if ((!h->n_hosts && !h->is_1_0) || h->has_coding)
		return BAD;
	return h->has_content ? TOO_LARGE : OK;
}

static unsigned take_line(struct http1 *h)
{
	const char *line = buf_string(&h->line);
	size_t n = buf_len(&h->line);

	if (h->n_lines++ == 0)
		return take_request_line(h, line, n);
	return n ? take_field(h, line, n) : judge(h);
}

static unsigned take_byte(struct http1 *h, uint8_t c)
{
	unsigned status;

	if (h->taken++ == WIRE_HTTP1_HEAD_MAX)
		return h->n_lines ? FIELDS_TOO_LARGE : URI_TOO_LONG;
	if (!h->after_cr) {
		h->after_cr = c == '\r';
		if (h->after_cr)
			return 0;
		buf_append(&h->line, &c, 1);
		return is_text(c) ? 0 : BAD;
	}
	h->after_cr = false;
	if (c != '\n')
		return BAD;
	status = take_line(h);
	buf_clear(&h->line);
	return status;
}

unsigned http1_take(struct http1 *h, const uint8_t *data, size_t n, size_t *used)
{
	*used = 0;
	while (!h->status && *used < n)
		h->status = take_byte(h, data[(*used)++]);
	return h->status;
}

void http1_done(struct http1 *h)
{
	buf_done(&h->line);
}
