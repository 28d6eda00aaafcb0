/*
 * opt.c - reads a command line by a table. Errors are one owned line each.
 *
 * No option changes how another is read; a later value of the same option replaces the earlier one
 * (lists: is added to it).
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

/* Puts "what: why" into *error; `why` is owned and freed. */
static int fail_with(char **error, const char *what, char *why)
{
	*error = mem_printf("%s: %s", what, why);
	free(why);
	return -EINVAL;
}

static const struct opt *find_letter(const struct opt *table, char letter)
{
	for (const struct opt *o = table; o->name; o++) {
		if (o->letter == letter)
			return o;
	}
	return NULL;
}

/* The argument of an option: what is glued to it, else the next word. */
static int take_argument(const struct opt *o, const char *glued, const char *shown, struct words *w,
			 void *out, char **error)
{
	const char *value = glued;
	char *why;

	if (!value && w->next >= w->argc) {
		*error = mem_printf("%s: an argument is missing (%s)", shown, o->arg);
		return -EINVAL;
	}
	if (!value)
		value = w->argv[w->next++];
	return opt_set(o, value, out, &why) ? fail_with(error, shown, why) : 0;
}

static int unknown_long(const struct opt *table, const char *name, char **error)
{
	const char *near = opt_nearest(table, name);
	char *shown = mem_printf("--%s", name);

	*error = mem_printf("unknown option %s%s%s%s", str_quote(shown), near ? ", did you mean --" : "",
			    near ? near : "", near ? "?" : "");
	free(shown);
	return -EINVAL;
}

/* "--name", "--name=value"; word is behind the dashes. */
static int parse_long(const struct opt *table, const char *word, struct words *w, void *out, char **error)
{
	const char *equals = strchr(word, '=');
	char *name = mem_strndup(word, equals ? (size_t)(equals - word) : strlen(word));
	const struct opt *o = opt_find(table, name);
	char *shown = mem_printf("--%s", name);
	int err = 0;

	if (!o) {
		err = unknown_long(table, name, error);
	} else if (o->kind != OPT_FLAG) {
		err = take_argument(o, equals ? equals + 1 : NULL, shown, w, out, error);
	} else if (equals) {
		*error = mem_printf("%s: takes no argument, not %s", shown, str_quote(equals + 1));
		err = -EINVAL;
	} else {
		opt_set(o, NULL, out, error);
	}
	free(shown);
	free(name);
	return err;
}

/* "-p 1", "-p1", "-ab" for two flags; word is behind the dash. */
static int parse_short(const struct opt *table, const char *word, struct words *w, void *out, char **error)
{
	for (; *word; word++) {
		char shown[] = { '-', *word, '\0' };
		const struct opt *o = find_letter(table, *word);

		if (!o) {
			*error = mem_printf("unknown option %s", str_quote(shown));
			return -EINVAL;
		}
		if (o->kind != OPT_FLAG)
			return take_argument(o, word[1] ? word + 1 : NULL, shown, w, out, error);
		opt_set(o, NULL, out, error);
	}
	return 0;
}

int opt_parse(const struct opt *table, int argc, char **argv, void *out, char **error)
{
	struct words w = { .argc = argc, .argv = argv, .next = 1 };

	while (w.next < argc) {
		const char *word = argv[w.next];
		int err;

		if (word[0] != '-' || !word[1])
			break;
		w.next++;
		if (strcmp(word, "--") == 0)
			break;
		if (word[1] == '-')
			err = parse_long(table, word + 2, &w, out, error);
		else
			err = parse_short(table, word + 1, &w, out, error);
		if (err)
			return err;
	}
	return w.next;
}
