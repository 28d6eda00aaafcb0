/*
 * opt_complete.c - see opt_complete.h. A wrong line has fewer candidates and no errors: nobody reads them while typing.
 */
#include "common/opt_complete.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"

void opt_complete_print(struct opt_complete *c, const char *prefix, const char *word, const char *help)
{
	if (str_has_prefix(word, prefix))
		fprintf(c->to, "%s%s%s\n", word, help ? "\t" : "", help ? help : "");
}

/* The option that a word is, with what is glued to it; NULL: it is none of the table. */
static const struct opt *option_of(const struct opt *table, const char *word, const char **glued)
{
	const struct opt *found = NULL;
	char *name;

	*glued = NULL;
	if (str_has_prefix(word, "--")) {
		size_t n = strcspn(word, "=");

		name = mem_strndup(word + 2, n - 2);
		found = opt_find(table, name);
		free(name);
		*glued = word[n] ? word + n + 1 : NULL;
		return found;
	}
	for (word++; *word && (!found || opt_kind(found) == OPT_FLAG); word++) {
		found = NULL;
		for (const struct opt *o = table; o->name; o++)
			found = o->letter == *word ? o : found;
		if (!found)
			return NULL;
	}
	*glued = *word ? word : NULL;
	return found;
}

static bool takes_next(const struct opt *o, const char *glued)
{
	return o && !glued && opt_kind(o) != OPT_FLAG && opt_kind(o) != OPT_OPTIONAL;
}

/* Before each word stands what the shell has already, "--color=". */
static void print_choices(struct opt_complete *c, const char *choices, const char *before, const char *prefix)
{
	for (const char *word = choices; *word; word += strcspn(word, "|"), word += *word == '|') {
		char *one = mem_strndup(word, strcspn(word, "|")), *whole = mem_printf("%s%s", before, one);

		if (str_has_prefix(one, prefix))
			fprintf(c->to, "%s\n", whole);
		free(whole);
		free(one);
	}
}

static void print_values(struct opt_complete *c, const struct opt *o, const char *before, const char *prefix)
{
	const char *arg = o->arg ? o->arg : "";

	if (opt_choices(o))
		print_choices(c, opt_choices(o), before, prefix);
	else if (str_equal(arg, "FILE") || str_equal(arg, "PATH"))
		fputs(":files\n", c->to);
	else if (str_equal(arg, "DIR"))
		fputs(":dirs\n", c->to);
	else if (c->value && !*before)
		c->value(o, prefix, c);
}

static void print_options(struct opt_complete *c, const struct opt *table, const char *word)
{
	for (const struct opt *o = table; o->name; o++) {
		char *name = mem_printf("--%s", o->name);

		opt_complete_print(c, word, name, o->help);
		free(name);
	}
}

/* The last word begins with a dash. */
static void complete_option(struct opt_complete *c, const struct opt *table, const char *word)
{
	const char *glued;
	const struct opt *o = option_of(table, word, &glued);
	char *before;

	if (!str_has_prefix(word, "--") || !glued) {
		print_options(c, table, word);
	} else if (o) {
		before = mem_strndup(word, (size_t)(glued - word));
		print_values(c, o, before, glued);
		free(before);
	}
}

bool opt_complete_words(struct opt_complete *c, const struct opt *table, int n, char **words, int *at)
{
	while (*at < n - 1 && words[*at][0] == '-' && words[*at][1]) {
		const char *glued;
		const struct opt *o;

		if (str_equal(words[*at], "--"))
			return false;
		o = option_of(table, words[(*at)++], &glued);
		if (!takes_next(o, glued))
			continue;
		if (*at == n - 1) {
			print_values(c, o, "", words[*at]);
			return true;
		}
		++*at;
	}
	if (*at != n - 1 || words[*at][0] != '-')
		return false;
	complete_option(c, table, words[*at]);
	return true;
}

bool opt_complete_main(const struct opt *table, int argc, char **argv)
{
	struct opt_complete c = { .to = stdout };
	int at = 2;

	if (argc < 2 || !str_equal(argv[1], "__complete"))
		return false;
	while (at < argc && !opt_complete_words(&c, table, argc, argv, &at) && at < argc - 1)
		at++;
	return true;
}
