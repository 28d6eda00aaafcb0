/*
 * opt_file.c - reads a configuration file by a table of options.
 *
 * The file is read whole and cut into strings where it lies; this memory is the caller's, also after an
 * error, because fields that were set before it point there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/opt.h"
#include "common/str.h"

enum { FILE_MAX_BYTES = 1024 * 1024 };

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

static char *describe_unknown(const struct opt *table, const char *key)
{
	const char *near = opt_nearest(table, key);

	return mem_printf("unknown key %s%s%s%s", str_quote(key), near ? ", did you mean " : "",
			  near ? near : "", near ? "?" : "");
}

/* One line; *why is owned. */
static int parse_line(const struct opt *table, char *line, void *out, char **why)
{
	char *text = trim(line);
	char *equals = strchr(text, '=');
	const struct opt *o;
	char *key, *reason;

	if (!*text || *text == '#')
		return 0;
	if (!equals) {
		*why = mem_printf("%s is not \"key = value\"", str_quote(text));
		return -EINVAL;
	}
	*equals = '\0';
	key = trim(text);
	o = opt_find(table, key);
	if (!o) {
		*why = describe_unknown(table, key);
		return -EINVAL;
	}
	if (opt_set(o, trim(equals + 1), out, &reason) < 0) {
		*why = mem_printf("%s: %s", key, reason);
		free(reason);
		return -EINVAL;
	}
	return 0;
}

static int parse_lines(const struct opt *table, const char *path, char *text, void *out, char **error)
{
	unsigned number = 1;

	for (char *line = text; line; number++) {
		char *end = strchr(line, '\n');
		char *why;

		if (end)
			*end++ = '\0';
		if (parse_line(table, line, out, &why) < 0) {
			*error = mem_printf("%s:%u: %s", path, number, why);
			free(why);
			return -EINVAL;
		}
		line = end;
	}
	return 0;
}

int opt_parse_file(const struct opt *table, const char *path, void *out, char **memory, char **error)
{
	struct buf content = { 0 };
	int err = fd_read_file(path, FILE_MAX_BYTES, &content);

	*memory = NULL;
	if (err == -ENOENT)
		return 0;
	if (err == -EFBIG)
		*error = mem_printf("%s: larger than %s", path, str_bytes(FILE_MAX_BYTES));
	else if (err)
		*error = mem_printf("%s: cannot be read: %s", path, strerror(-err));
	if (!err && buf_len(&content) && memchr(buf_data(&content), '\0', buf_len(&content))) {
		*error = mem_printf("%s: not a text file (it has a NUL byte)", path);
		err = -EINVAL;
	}
	if (err) {
		buf_done(&content);
		return err;
	}
	*memory = buf_take_string(&content);
	return parse_lines(table, path, *memory, out, error);
}
