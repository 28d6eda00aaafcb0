/*
 * style.h - what a stream can show: colours, line drawing, width. Decided once per command.
 */
#ifndef CLI_STYLE_H
#define CLI_STYLE_H

#include <stdbool.h>

#include "common/buf.h"

#define STYLE_RESET	"\033[0m"
#define STYLE_BOLD	"\033[1m"
#define STYLE_DIM	"\033[2m"
#define STYLE_RED	"\033[31m"
#define STYLE_GREEN	"\033[32m"
#define STYLE_YELLOW	"\033[33m"
#define STYLE_ON_RED	"\033[1;37;41m"
#define STYLE_ON_GREEN	"\033[1;37;42m"
#define STYLE_ON_BLUE	"\033[1;37;44m"

enum style_when { STYLE_AUTO, STYLE_ALWAYS, STYLE_NEVER };

struct style {
	bool is_terminal;
	bool color;
	bool utf8;		/* line drawing and other letters than ASCII may be used */
	unsigned columns;	/* of the terminal; 0: no terminal */
};

/* "auto", "always", "never"; NULL is auto. 0 or -EINVAL. */
int style_parse_when(const char *text, enum style_when *when);
/* Looks at fd and at NO_COLOR, TERM, LC_ALL, LC_CTYPE, LANG, COLUMNS; no locale is loaded. */
struct style style_of(int fd, enum style_when when);

/* Appends text of unknown origin as one line: white space becomes spaces, other control characters and
 * invalid bytes "?". */
void style_append_clean(struct buf *out, const char *text);

#endif
