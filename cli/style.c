/*
 * style.c - what a stream can show.
 *
 * Off a terminal nothing but the environment is looked at. UTF-8 is judged from the variables alone:
 * setlocale(3) reads files, and a system without any locale set still has a terminal that draws lines.
 */
#include "cli/style.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/str.h"
#include "common/utf8.h"

enum { STYLE_COLUMNS = 80, STYLE_COLUMNS_MIN = 20, STYLE_COLUMNS_MAX = 1000 };

int style_parse_when(const char *text, enum style_when *when)
{
	static const char *const names[] = { "auto", "always", "never" };

	if (!text) {
		*when = STYLE_AUTO;
		return 0;
	}
	for (unsigned i = 0; i < 3; i++) {
		if (str_equal(text, names[i])) {
			*when = (enum style_when)i;
			return 0;
		}
	}
	return -EINVAL;
}

static const char *env_value(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static bool env_is_utf8(void)
{
	const char *value = env_value("LC_ALL");

	if (!value)
		value = env_value("LC_CTYPE");
	if (!value)
		value = env_value("LANG");
	return !value || strcasestr(value, "utf-8") || strcasestr(value, "utf8");
}

static bool env_has_color(void)
{
	const char *term = env_value("TERM");

	return !env_value("NO_COLOR") && term && strcmp(term, "dumb") != 0;
}

static unsigned terminal_columns(int fd)
{
	struct winsize size;
	const char *text = env_value("COLUMNS");
	uint64_t n = 0;

	if (text && str_parse_u64(text, 1, STYLE_COLUMNS_MAX, &n) == 0)
		;
	else if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
		n = size.ws_col;
	else
		n = STYLE_COLUMNS;
	if (n < STYLE_COLUMNS_MIN)
		n = STYLE_COLUMNS_MIN;
	return n > STYLE_COLUMNS_MAX ? STYLE_COLUMNS_MAX : (unsigned)n;
}

struct style style_of(int fd, enum style_when when)
{
	struct style style = { .is_terminal = isatty(fd) };

	style.color = when == STYLE_ALWAYS || (when == STYLE_AUTO && style.is_terminal && env_has_color());
	style.utf8 = env_is_utf8();
	if (style.is_terminal)
		style.columns = terminal_columns(fd);
	return style;
}

void style_append_clean(struct buf *out, const char *text)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text);

	while (p < end) {
		const uint8_t *start = p;
		uint32_t cp;

		utf8_next(&p, end, &cp);
		if (cp >= '\t' && cp <= '\r')
			buf_append_str(out, " ");
		else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0xfffd)
			buf_append_str(out, "?");
		else
			buf_append(out, start, (size_t)(p - start));
	}
}
