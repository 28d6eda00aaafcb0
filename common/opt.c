/*
 * opt.c - reads a command line by a table. Errors are one owned line each.
 *
 * No option changes how another is read; a later value of the same option replaces the earlier one
 * (lists: is added to it). Behind an error the rest is read as if the wrong word were not there.
 */
#include "common/opt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/opt_read.h"
#include "common/str.h"

struct words {
	struct opt_read *read;
	int argc;
	char **argv;
	int next;		/* index of the next word */
};

/* `shown` is the option as it was given: "--port" or "-p". */
static void set_shown(const struct words *w, const struct opt *o, const char *value, const char *shown, char **error)
{
	char *why;

	if (!opt_read_set(w->read, o, value, (struct opt_origin){ .level = OPT_BY_LINE }, &why))
		return;
	*error = mem_printf("%s: %s", shown, why);
	free(why);
}

static const struct opt *find_letter(const struct opt *table, char letter)
{
	for (const struct opt *o = table; o->name; o++) {
		if (o->letter == letter)
			return o;
	}
	return NULL;
}

/* What an option takes behind it: what is glued to it, else the next word. */
static void take_argument(struct words *w, const struct opt *o, const char *glued, const char *shown, char **error)
{
	bool takes_next = opt_kind(o) != OPT_OPTIONAL && opt_kind(o) != OPT_FLAG;

	if (!glued && takes_next && w->next >= w->argc) {
		*error = mem_printf("%s: an argument is missing (%.*s)", shown, opt_arg_length(o), o->arg);
		return;
	}
	set_shown(w, o, !glued && takes_next ? w->argv[w->next++] : glued, shown, error);
}

static char *unknown_long(const struct opt *table, const char *name)
{
	const char *near = opt_nearest(table, name);
	char *shown = mem_printf("--%s", name);
	char *error = mem_printf("unknown option %s%s%s%s", str_quote(shown), near ? ", did you mean --" : "",
				 near ? near : "", near ? "?" : "");

	free(shown);
	return error;
}

/* "--name", "--name=value"; word is behind the dashes. */
static void parse_long(struct words *w, const char *word, char **error)
{
	const char *equals = strchr(word, '=');
	char *name = mem_strndup(word, equals ? (size_t)(equals - word) : strlen(word));
	const struct opt *o = opt_find(w->read->table, name);
	char *shown = mem_printf("--%s", name);

	if (!o)
		*error = unknown_long(w->read->table, name);
	else if (equals && opt_kind(o) == OPT_FLAG)
		*error = mem_printf("%s: takes no argument, not %s", shown, str_quote(equals + 1));
	else
		take_argument(w, o, equals ? equals + 1 : NULL, shown, error);
	free(shown);
	free(name);
}

/* "-p 1", "-p1", "-ab" for two flags; word is behind the dash. */
static void parse_short(struct words *w, const char *word, char **error)
{
	for (; *word; word++) {
		char shown[] = { '-', *word, '\0' };
		const struct opt *o = find_letter(w->read->table, *word);

		if (!o) {
			*error = mem_printf("unknown option %s", str_quote(shown));
			return;
		}
		if (opt_kind(o) != OPT_FLAG) {
			take_argument(w, o, word[1] ? word + 1 : NULL, shown, error);
			return;
		}
		set_shown(w, o, NULL, shown, error);
	}
}

/* One option with what belongs to it. */
static void parse_option(struct words *w, const char *word, char **error)
{
	if (word[1] == '-')
		parse_long(w, word + 2, error);
	else
		parse_short(w, word + 1, error);
}

int opt_read_words(struct opt_read *r, int argc, char **argv, char **error)
{
	struct words w = { .read = r, .argc = argc, .argv = argv, .next = 1 };

	while (w.next < argc) {
		const char *word = argv[w.next];
		char *problem = NULL;

		if (word[0] != '-' || !word[1])
			break;
		w.next++;
		if (strcmp(word, "--") == 0)
			break;
		parse_option(&w, word, &problem);
		if (*error)
			free(problem);
		else
			*error = problem;
	}
	return w.next;
}

int opt_read_on(const struct opt *table, int argc, char **argv, void *out, char **error)
{
	struct opt_read without_origins = { .table = table, .out = out };

	return opt_read_words(&without_origins, argc, argv, error);
}

int opt_parse(const struct opt *table, int argc, char **argv, void *out, char **error)
{
	int next;

	*error = NULL;
	next = opt_read_on(table, argc, argv, out, error);
	return *error ? -EINVAL : next;
}
