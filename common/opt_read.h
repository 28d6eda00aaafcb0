/*
 * opt_read.h - fills a struct of options from several places, and knows where each value stands.
 *
 *   default  <  file  <  environment  <  command line
 *
 * Places are read in this order; a later one replaces what an earlier one said, lists as a whole. A file may take a
 * value back by an empty assignment: what is default counts again. A variable that is empty says nothing; in one for a
 * list each line is an item.
 *
 * A value may live in the file's text or the environment: the struct is good until opt_read_done().
 */
#ifndef COMMON_OPT_READ_H
#define COMMON_OPT_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "common/ini.h"
#include "common/opt.h"

enum opt_level { OPT_BY_DEFAULT, OPT_BY_FILE, OPT_BY_ENV, OPT_BY_LINE };

struct opt_origin {
	enum opt_level level;
	unsigned line;			/* OPT_BY_FILE */
};

struct opt_read {
	const struct opt *table;
	void *out;			/* the struct; NULL: nothing is read */
	void *initial;			/* owned: as the struct was at the beginning, for what is taken back */
	struct opt_origin *origins;	/* owned: of the rows */
	char *path;			/* owned: of the file; NULL: none was read */
	struct buf *texts;		/* owned: what fields point into; wiped in the end, there may be a secret */
	size_t n_texts;
};

/* `out` holds the defaults. */
void opt_read_init(struct opt_read *r, const struct opt *table, void *out, size_t size);
/* Frees what it owns, and the lists in the struct. Fine on a zeroed one. */
void opt_read_done(struct opt_read *r);

/*
 * A file of one section, whose header may be missing. 0, or a negative value with *error set to owned words: "file:line:
 * what". A missing file says nothing.
 */
int opt_read_file(struct opt_read *r, const char *path, const char *section, char **error);
/* For who reads a file otherwise: one pair of it. NULL, or owned words on what is wrong. An empty value is allowed. */
char *opt_read_pair(struct opt_read *r, const struct ini_pair *pair);
/* Takes over text that a field points into; *text is empty then. */
void opt_read_keep(struct opt_read *r, struct buf *text);

/* "SLOTH_" and "state-dir" -> "SLOTH_STATE_DIR", of "agent run" before it "SLOTH_AGENT_RUN_TIMEOUT". Owned. */
char *opt_variable(const char *group, const char *name);
/* Variables of the rows whose fields begin in [from, to). 0, or -EINVAL with *error: "SLOTH_PORT: what". */
int opt_read_env(struct opt_read *r, const char *group, size_t from, size_t to, char **error);

/* One value, as opt_set() takes it, that stands there. */
int opt_read_set(struct opt_read *r, const struct opt *o, const char *value, struct opt_origin from, char **why);
/* As opt_read_on(). */
int opt_read_words(struct opt_read *r, int argc, char **argv, char **error);

const struct opt_origin *opt_origin(const struct opt_read *r, const char *name);
/* Notes that the row's field has been set by somebody else. */
void opt_read_note(struct opt_read *r, const struct opt *o, enum opt_level level);
/* "/etc/sloth/agent.conf:3", "SLOTH_PORT", "--port", "default". Owned. */
char *opt_origin_text(const struct opt_read *r, const struct opt *o, const char *group);
/*
 * *error are owned words that begin with the name of an option whose value turned out to be wrong: what is not on the
 * command line gets its place in front of them. Where the value stands; OPT_BY_DEFAULT too when no option is named.
 */
enum opt_level opt_blame(const struct opt_read *r, char **error);

#endif
