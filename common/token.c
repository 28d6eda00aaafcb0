/*
 * token.c - see token.h. What held a secret is wiped before it is given back.
 */
#include "common/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"

static const char prefix[] = "sloth1.";
enum {
	PREFIX_LEN = sizeof prefix - 1,
	SHORT_LEN = 2 * TOKEN_ID_LEN + 1 + 2 * TOKEN_SECRET_LEN,
	FILE_MAX = 4096
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
			return false;
	return true;
}

/* str_unhex() takes one string; this one takes a part of one, whose digits have been looked at. */
static void unhex(const char *hex, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < 2 * n; i++) {
		uint8_t digit = (uint8_t)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);

		out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | digit : digit << 4);
	}
}

/* *text without the space around it; its length. */
static size_t trim(const char **text)
{
	size_t n;

	while (is_space(**text))
		(*text)++;
	n = strlen(*text);
	while (n && is_space((*text)[n - 1]))
		n--;
	return n;
}

static int refuse(const char **why, const char *words)
{
	*why = words;
	return -EINVAL;
}

/* NULL, or what is wrong with n characters that should be "ID.SECRET". */
static const char *check_short(const char *s, size_t n)
{
	if (n < SHORT_LEN)
		return "the token is too short: a part of it is missing";
	if (n > SHORT_LEN)
		return "the token is too long";
	if (s[2 * TOKEN_ID_LEN] != '.')
		return "the parts of the token are not divided by dots as they should be";
	if (!is_hex(s, 2 * TOKEN_ID_LEN) || !is_hex(s + 2 * TOKEN_ID_LEN + 1, 2 * TOKEN_SECRET_LEN))
		return "the token has characters that are not digits or the letters a to f";
	return NULL;
}

static void take_short(const char *s, struct token *out)
{
	unhex(s, out->id, TOKEN_ID_LEN);
	unhex(s + 2 * TOKEN_ID_LEN + 1, out->secret, TOKEN_SECRET_LEN);
}

int token_parse(const char *text, struct token *out, const char **why)
{
	enum { PIN_DIGITS = 2 * TOKEN_PIN_LEN };
	size_t n = trim(&text);
	const char *rest;

	if (!n)
		return refuse(why, "there is no token");
	if (n < PREFIX_LEN || memcmp(text, prefix, PREFIX_LEN) != 0)
		return refuse(why, "this is no token of ours: one begins with \"sloth1.\"");
	if (n < TOKEN_TEXT_LEN)
		return refuse(why, "the token is too short: a part of it is missing");
	if (n > TOKEN_TEXT_LEN)
		return refuse(why, "the token is too long");
	rest = text + PREFIX_LEN + PIN_DIGITS + 1;
	if (rest[-1] != '.')
		return refuse(why, "the parts of the token are not divided by dots as they should be");
	*why = check_short(rest, SHORT_LEN);
	if (*why)
		return -EINVAL;
	if (!is_hex(text + PREFIX_LEN, PIN_DIGITS))
		return refuse(why, "the token has characters that are not digits or the letters a to f");
	unhex(text + PREFIX_LEN, out->pin, TOKEN_PIN_LEN);
	take_short(rest, out);
	return 0;
}

int token_parse_short(const char *text, struct token *out, const char **why)
{
	size_t n = trim(&text);

	*why = check_short(text, n);
	if (*why)
		return -EINVAL;
	memset(out->pin, 0, sizeof out->pin);
	take_short(text, out);
	return 0;
}

void token_format_short(const struct token *token, char out[8 + 1 + 32 + 1])
{
	str_hex(token->id, TOKEN_ID_LEN, out);
	out[2 * TOKEN_ID_LEN] = '.';
	str_hex(token->secret, TOKEN_SECRET_LEN, out + 2 * TOKEN_ID_LEN + 1);
}

void token_format(const struct token *token, char out[TOKEN_TEXT_LEN + 1])
{
	memcpy(out, prefix, PREFIX_LEN);
	out += PREFIX_LEN;
	str_hex(token->pin, TOKEN_PIN_LEN, out);
	out += 2 * TOKEN_PIN_LEN;
	*out = '.';
	token_format_short(token, out + 1);
}

void token_wipe(struct token *token)
{
	explicit_bzero(token, sizeof *token);
}

/* ---- from a file ---- */

/* Anybody who can read the file has the right that the token gives. */
static int check_mode(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) && (st.st_mode & S_IROTH) ? -EPERM : 0;
}

/* The first line, NUL-terminated, without what ends it. */
static int read_line(int fd, char *out, size_t cap)
{
	size_t n = 0;
	char *end = NULL;

	while (!end && n < cap) {
		ssize_t got = read(fd, out + n, cap - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		end = memchr(out + n, '\n', (size_t)got);
		n += (size_t)got;
	}
	if (!end && n == cap)
		return -EFBIG;
	if (end)
		n = (size_t)(end - out);
	out[n] = '\0';
	return strlen(out) < n ? -EILSEQ : 0;
}

static int read_text(const char *path, char *out, size_t cap)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int err;

	if (fd < 0)
		return -errno;
	err = is_stdin ? 0 : check_mode(fd);
	if (!err)
		err = read_line(fd, out, cap);
	if (!is_stdin)
		fd_close(&fd);
	return err;
}

int token_read(const char *path, struct token *out, char **error)
{
	const char *what = strcmp(path, "-") == 0 ? "standard input" : path;
	const char *why = NULL;
	char text[FILE_MAX + 1] = "";
	int err = read_text(path, text, sizeof text);

	if (!err)
		err = token_parse(text, out, &why);
	explicit_bzero(text, sizeof text);
	if (!err)
		return 0;
	if (err == -EPERM)
		why = "everybody can read this token; take that right away (chmod 600) and make a new token";
	else if (err == -EFBIG)
		why = "too long for a token";
	else if (err == -EILSEQ)
		why = "no text: there is a NUL in it";
	*error = mem_printf("%s: %s", what, why ? why : strerror(-err));
	return err;
}
