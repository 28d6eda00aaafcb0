/*
 * opt.h - options from one table: of the command line, of the environment, of a configuration file.
 *
 * A table describes a struct of plain fields; parsing fills the struct, --help prints the table, the shell completes by
 * it, the man page test reads it through --help, and keys and variables have the same names (opt_read.h).
 *
 *   OPT_FLAG      bool
 *   OPT_STRING    const char *     (points into argv or into what opt_read.h owns)
 *   OPT_CHOICE    const char *     one of the words that `arg` lists: "WHEN=auto|always|never"; help shows WHEN
 *   OPT_UINT      uint64_t         (min..max)
 *   OPT_DURATION  uint64_t         milliseconds
 *   OPT_LIST      struct opt_list  may be given several times
 *   OPT_OPTIONAL  const char *     "--name" or "--name=VALUE", never the next word; without VALUE the field is "", as a key
 *                                  "yes" says the same; `arg` may list words as that of OPT_CHOICE does
 *
 * Marks are or-ed to the kind: OPT_FLAG | OPT_ON_LINE.
 */
#ifndef COMMON_OPT_H
#define COMMON_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum opt_kind { OPT_FLAG, OPT_STRING, OPT_CHOICE, OPT_UINT, OPT_DURATION, OPT_LIST, OPT_OPTIONAL };
enum opt_mark {
	OPT_ON_LINE = 0x100,	/* makes sense on the command line only: no key, no variable */
	OPT_SECRET = 0x200,	/* shown as "(set)" */
	OPT_LIVE = 0x400	/* a daemon that reads its configuration again takes it over at once */
};

struct opt_list {
	const char **items;	/* owned by the list; the strings are borrowed */
	size_t n;
};

struct opt {
	const char *name;	/* long name without dashes; NULL ends the table */
	char letter;		/* 0: no short form */
	unsigned kind;		/* enum opt_kind, and marks */
	const char *arg;	/* name of the argument in help, and its words; NULL for flags */
	const char *help;	/* one sentence, no full stop */
	size_t offset;		/* offsetof(struct, field) */
	uint64_t min, max;	/* OPT_UINT; max 0: no bound */
};

/*
 * Parses argv[1..] into `out` as getopt_long would: "--name value", "--name=value", "-p 1", "-p1", "--"
 * ends options, options end at the first word that is none. Abbreviated long names are refused.
 * Returns the index of the first operand, or -EINVAL with *error set to one owned line that says what is
 * wrong with which option ("--port: 99999 is not in 1..65535").
 */
int opt_parse(const struct opt *table, int argc, char **argv, void *out, char **error);
/*
 * The same for a caller that wants all it can get of a wrong line: always the index of the first operand.
 * *error, NULL or an earlier error on entry, is set to the first one.
 */
int opt_read_on(const struct opt *table, int argc, char **argv, void *out, char **error);

/* Prints "  -p, --port PORT   help" or "--name[=VALUE]   help" for every option, aligned, wrapped at 80 columns. */
void opt_print_help(const struct opt *table, FILE *to);

enum opt_kind opt_kind(const struct opt *o);
/* "auto|always|never" of an option that has fixed values; NULL: it has none. */
const char *opt_choices(const struct opt *o);
/* How much of `arg` help shows. */
int opt_arg_length(const struct opt *o);

/* What all parsers use: */
const struct opt *opt_find(const struct opt *table, const char *name);
/* The name in the table that `name` was probably meant to be, or NULL. */
const char *opt_nearest(const struct opt *table, const char *name);
/* Sets the field of `o`; NULL or "yes" sets a flag, "no" clears it; both are OPT_OPTIONAL without a value. Borrows `value`. 0, or -EINVAL with
 * *why set to owned words without the option's name. */
int opt_set(const struct opt *o, const char *value, void *out, char **why);

void opt_list_done(struct opt_list *l);
/* Frees what the fields of a struct own that was filled by this table: its lists. */
void opt_done(const struct opt *table, void *out);

#endif
