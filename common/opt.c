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
#include "common/str.h"

struct words {
	int argc;
	char **argv;
	int next;		/* index of the next word */
};

static const struct opt *find_letter(const struct opt *table, char letter)
{
	for (const struct opt *o = table; o->name; o++) {
		if (o->letter == letter)
			return o;
	}
	return NULL;
}

/* The argument of an option: what is glued to it, else the next word. */
static void take_argument(const struct opt *o, const char *glued, const char *shown, struct words *w, void *out,
			  char **error)
{
	const char *value = glued;
	char *why;

	if (!value && w->next >= w->argc) {
		*error = mem_printf("%s: an argument is missing (%s)", shown, o->arg);
		return;
	}
	if (!value)
		value = w->argv[w->next++];
	if (opt_set(o, value, out, &why)) {
		*error = mem_printf("%s: %s", shown, why);
		free(why);
	}
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
static void parse_long(const struct opt *table, const char *word, struct words *w, void *out, char **error)
{
	const char *equals = strchr(word, '=');
	char *name = mem_strndup(word, equals ? (size_t)(equals - word) : strlen(word));
	const struct opt *o = opt_find(table, name);
	char *shown = mem_printf("--%s", name);

	if (!o)
		*error = unknown_long(table, name);
	else if (o->kind == OPT_OPTIONAL)
		opt_set(o, equals ? equals + 1 : NULL, out, error);
	else if (o->kind != OPT_FLAG)
		take_argument(o, equals ? equals + 1 : NULL, shown, w, out, error);
	else if (equals)
		*error = mem_printf("%s: takes no argument, not %s", shown, str_quote(equals + 1));
	else
		opt_set(o, NULL, out, error);
	free(shown);
	free(name);
}

/* "-p 1", "-p1", "-ab" for two flags; word is behind the dash. */
static void parse_short(const struct opt *table, const char *word, struct words *w, void *out, char **error)
{
	for (; *word; word++) {
		char shown[] = { '-', *word, '\0' };
		const struct opt *o = find_letter(table, *word);

		if (!o) {
			*error = mem_printf("unknown option %s", str_quote(shown));
			return;
		}
		if (o->kind == OPT_OPTIONAL) {
			opt_set(o, word[1] ? word + 1 : NULL, out, error);
			return;
		}
		if (o->kind != OPT_FLAG) {
			take_argument(o, word[1] ? word + 1 : NULL, shown, w, out, error);
			return;
		}
		opt_set(o, NULL, out, error);
	}
}

/* One option with what belongs to it. */
static void parse_option(const struct opt *table, const char *word, struct words *w, void *out, char **error)
{
	if (word[1] == '-')
		parse_long(table, word + 2, w, out, error);
	else
		parse_short(table, word + 1, w, out, error);
}

int opt_read_on(const struct opt *table, int argc, char **argv, void *out, char **error)
{
	struct words w = { .argc = argc, .argv = argv, .next = 1 };

	while (w.next < argc) {
		const char *word = argv[w.next];
		char *problem = NULL;

		if (word[0] != '-' || !word[1])
			break;
		w.next++;
		if (strcmp(word, "--") == 0)
			break;
		parse_option(table, word, &w, out, &problem);
		if (*error)
			free(problem);
		else
			*error = problem;
	}
	return w.next;
}

int opt_parse(const struct opt *table, int argc, char **argv, void *out, char **error)
{
	int next;

	*error = NULL;
	next = opt_read_on(table, argc, argv, out, error);
	return *error ? -EINVAL : next;
}
