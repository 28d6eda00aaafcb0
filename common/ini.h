/*
 * ini.h - the lines of a configuration file, as unit files of systemd have them.
 *
 *   # a comment, as is a line that begins with ;
 *   [Section]
 *   key = value
 *   key = one that goes on \
 *         on the next line
 *
 * White space around names and values is no part of them. A backslash at the end of a line and the line break behind it
 * are one blank; comments between such lines are passed over. Nothing is quoted, no other backslash means anything.
 * A byte order mark of UTF-8 before all of it is passed over.
 */
#ifndef COMMON_INI_H
#define COMMON_INI_H

#include "common/buf.h"

enum { INI_MAX_BYTES = 1024 * 1024 };

struct ini_pair {
	const char *section;	/* NULL: before the first */
	const char *key, *value;	/* "": nothing stands there */
	unsigned line;		/* of the key, from 1 */
};

/* Both: NULL, or owned words on what is wrong; the reading ends there. */
struct ini_ops {
	char *(*on_section)(const char *name, void *arg);
	char *(*on_pair)(const struct ini_pair *pair, void *arg);
};

/*
 * Reads the file into *text, which is empty, and hands out strings that lie there, also after an error. A missing file
 * has no lines. 0, -EINVAL or another -errno with *error set to owned words ("file:line: what").
 */
int ini_read(const char *path, struct buf *text, const struct ini_ops *ops, void *arg, char **error);

#endif
