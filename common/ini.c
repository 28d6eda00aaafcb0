/*
 * ini.c - see ini.h. The file is read whole and cut into strings where it lies.
 */
#include "common/ini.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"

/* What some editors begin a file with. */
#define UTF8_MARK "\xef\xbb\xbf"

struct reader {
	char *at;			/* the next line; NULL: there is none */
	unsigned line;			/* how many have been read */
	struct ini_pair pair;		/* what is handed out */
	const struct ini_ops *ops;
	void *arg;
};

/* Without the white space around it, in place. */
static char *trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r");
	n = strlen(s);
	while (n && strchr(" \t\r", s[n - 1]))
		n--;
	s[n] = '\0';
	return s;
}

static bool is_comment(const char *line)
{
	line += strspn(line, " \t");
	return *line == '#' || *line == ';';
}

/* The next line of the file without its end, not terminated; its length. */
static char *take_line(struct reader *r, size_t *n)
{
	char *line = r->at, *end = strchr(line, '\n');

	*n = end ? (size_t)(end - line) : strlen(line);
	r->at = end ? end + 1 : NULL;
	r->line++;
	while (*n && line[*n - 1] == '\r')
		--*n;
	return line;
}

/* The next line with those it goes on in, drawn together where the first one lies. NULL: there is none. */
static char *join_lines(struct reader *r, unsigned *number)
{
	char *start = r->at, *end = start;
	bool goes_on = false;

	*number = r->line + 1;
	while (r->at) {
		size_t n;
		char *line = take_line(r, &n);

		if (goes_on && is_comment(line))
			continue;
		goes_on = n && line[n - 1] == '\\' && !is_comment(line);
		memmove(end, line, n);
		end += n;
		if (!goes_on)
			break;
		end[-1] = ' ';
	}
	if (start)
		*end = '\0';
	return start;
}

static char *parse_section(struct reader *r, char *text)
{
	size_t n = strlen(text);

	if (text[n - 1] != ']' || n < 3)
		return mem_printf("%s is not \"[section]\"", str_quote(text));
	text[n - 1] = '\0';
	r->pair.section = trim(text + 1);
	return r->ops->on_section(r->pair.section, r->arg);
}

/* NULL, or what is wrong with the line. */
static char *parse_line(struct reader *r, char *line, unsigned number)
{
	char *text = trim(line), *equals = strchr(text, '=');

	if (!*text || is_comment(text))
		return NULL;
	if (*text == '[')
		return parse_section(r, text);
	if (!equals) {
		text[strcspn(text, " \t")] = '\0';	/* what follows may be secret */
		return mem_printf("%s begins a line that is not \"key = value\"", str_quote(text));
	}
	*equals = '\0';
	r->pair.key = trim(text);
	r->pair.value = trim(equals + 1);
	r->pair.line = number;
	return r->ops->on_pair(&r->pair, r->arg);
}

static int parse_text(struct reader *r, const char *path, char **error)
{
	unsigned number;
	char *line, *why = NULL;

	while (!why && (line = join_lines(r, &number)))
		why = parse_line(r, line, number);
	if (!why)
		return 0;
	*error = mem_printf("%s:%u: %s", path, number, why);
	free(why);
	return -EINVAL;
}

static char *describe_failure(const char *path, int err)
{
	if (err == -EFBIG)
		return mem_printf("%s: larger than %s", path, str_bytes(INI_MAX_BYTES));
	return mem_printf("%s: cannot be read: %s", path, strerror(-err));
}

int ini_read(const char *path, struct buf *text, const struct ini_ops *ops, void *arg, char **error)
{
	struct reader r = { .ops = ops, .arg = arg };
	int err = fd_read_file(path, INI_MAX_BYTES, text);

	if (err == -ENOENT)
		return 0;
	if (!err && buf_len(text) && memchr(buf_data(text), '\0', buf_len(text))) {
		*error = mem_printf("%s: not a text file (it has a NUL byte)", path);
		return -EINVAL;
	}
	if (err) {
		*error = describe_failure(path, err);
		return err;
	}
	r.at = (char *)(uintptr_t)buf_string(text);
	if (!strncmp(r.at, UTF8_MARK, strlen(UTF8_MARK)))
		r.at += strlen(UTF8_MARK);
	return parse_text(&r, path, error);
}
