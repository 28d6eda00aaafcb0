/* What a word of a command line can be, by a table of options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/opt_complete.h"
#include "test/lib/unit.h"

struct conf {
	bool quiet;
	const char *file, *dir, *when, *form, *who;
	uint64_t port;
};

#define FIELD(name) offsetof(struct conf, name)
static const struct opt table[] = {
	{ "quiet", 'q', OPT_FLAG, NULL, "say less", FIELD(quiet), 0, 0 },
	{ "port", 'p', OPT_UINT, "PORT", "the port", FIELD(port), 0, 0 },
	{ "file", 'f', OPT_STRING, "FILE", "a file", FIELD(file), 0, 0 },
	{ "dir", 0, OPT_STRING, "DIR", "a directory", FIELD(dir), 0, 0 },
	{ "color", 0, OPT_CHOICE, "WHEN=auto|always|never", "use colours", FIELD(when), 0, 0 },
	{ "form", 0, OPT_OPTIONAL, "FORM=text|json", "print it", FIELD(form), 0, 0 },
	{ "who", 0, OPT_STRING, "NAME", "a name", FIELD(who), 0, 0 },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0, 0, 0 },
};

static void print_value(const struct opt *o, const char *prefix, struct opt_complete *c)
{
	if (strcmp(o->name, "who") != 0)
		return;
	opt_complete_print(c, prefix, "alice", "a person");
	opt_complete_print(c, prefix, "bob", NULL);
}

/* `line` has words with one blank between them; the last one is completed. *operand: where the options end, 0: at no place. */
static char *complete(const char *line, int *operand)
{
	char *copy = strdup(line), *rest = copy, *words[20], *text = NULL, *word;
	struct opt_complete c = { .value = print_value };
	size_t size;
	int n = 0, at = 0;

	while ((word = strsep(&rest, " ")))
		words[n++] = word;
	c.to = open_memstream(&text, &size);
	*operand = opt_complete_words(&c, table, n, words, &at) ? 0 : at + 1;
	fclose(c.to);
	free(copy);
	return text;
}

START_TEST(candidates_come_from_the_table)
{
	static const struct {
		const char *line, *candidates;
		int operand;
	} cases[] = {
		{ "--p", "--port\tthe port\n", 0 },
		{ "--f", "--file\ta file\n--form\tprint it\n", 0 },
		{ "--xyzzy", "", 0 },
		{ "-q --qu", "--quiet\tsay less\n", 0 },
		{ "--color ", "auto\nalways\nnever\n", 0 },
		{ "--color a", "auto\nalways\n", 0 },
		{ "--color=al", "--color=always\n", 0 },
		{ "--color=", "--color=auto\n--color=always\n--color=never\n", 0 },
		{ "--form=j", "--form=json\n", 0 },
		{ "--form j", "", 2 },			/* its value is never the next word */
		{ "--file x", ":files\n", 0 },
		{ "-f x", ":files\n", 0 },
		{ "-qf x", ":files\n", 0 },
		{ "-qfx ", "", 2 },
		{ "--file=x", ":files\n", 0 },
		{ "--dir ", ":dirs\n", 0 },
		{ "--port ", "", 0 },
		{ "--who ", "alice\ta person\nbob\n", 0 },
		{ "--who b", "bob\n", 0 },
		{ "--quiet=", "", 0 },
		{ "--unknown --port 1 x", "", 4 },
		{ "-x y", "", 2 },
		{ "-- --p", "", 1 },
		{ "x", "", 1 },
		{ "", "", 1 },
		{ "--=", "", 0 },
		{ "--color= x", "", 2 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int operand;
		char *text = complete(cases[i].line, &operand);

		ck_assert_msg(strcmp(text, cases[i].candidates) == 0, "%s: %s", cases[i].line, text);
		ck_assert_msg(operand == cases[i].operand, "%s: %d", cases[i].line, operand);
		free(text);
	}
}
END_TEST

/* A lone dash is an operand for who reads the line, and the beginning of every option for who types it. */
START_TEST(a_dash_begins_every_option)
{
	int operand;
	char *text = complete("-", &operand);

	ck_assert_int_eq(operand, 0);
	for (const struct opt *o = table; o->name; o++)
		ck_assert_ptr_nonnull(strstr(text, o->name));
	free(text);
}
END_TEST

UNIT_MAIN(candidates_come_from_the_table, a_dash_begins_every_option)
