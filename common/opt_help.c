/*
 * opt_help.c - prints a table of options.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/opt.h"

enum { COLUMNS = 80, LEFT_MAX = 32, GAP = 2 };

/* "  -p, --port PORT", "      --print-install[=FORM]" */
static char *left_side(const struct opt *o)
{
	char letter[] = "    ";

	if (o->letter) {
		letter[0] = '-';
		letter[1] = o->letter;
		letter[2] = ',';
	}
	if (opt_kind(o) == OPT_OPTIONAL)
		return mem_printf("  %s--%s[=%.*s]", letter, o->name, opt_arg_length(o), o->arg);
	return mem_printf("  %s--%s%s%.*s", letter, o->name, o->arg ? " " : "", opt_arg_length(o), o->arg ? o->arg : "");
}

static int left_width(const struct opt *table)
{
	size_t width = 0;

	for (const struct opt *o = table; o->name; o++) {
		char *left = left_side(o);
		size_t n = strlen(left);

		if (n > width && n <= LEFT_MAX)
			width = n;
		free(left);
	}
	return (int)width + GAP;
}

/* The words of `text` from column `indent` on, the cursor being there already. */
static void print_wrapped(const char *text, int indent, FILE *to)
{
	int column = indent;

	for (const char *word = text; *word; ) {
		int n = (int)strcspn(word, " ");

		if (column > indent && column + 1 + n > COLUMNS) {
			fprintf(to, "\n%*s", indent, "");
			column = indent;
		}
		column += fprintf(to, "%s%.*s", column > indent ? " " : "", n, word);
		word += n;
		word += strspn(word, " ");
	}
	putc('\n', to);
}

void opt_print_help(const struct opt *table, FILE *to)
{
	int indent = left_width(table);

	for (const struct opt *o = table; o->name; o++) {
		char *left = left_side(o);
		int n = fprintf(to, "%s", left);

		if (n + GAP > indent)
			fprintf(to, "\n%*s", indent, "");
		else
			fprintf(to, "%*s", indent - n, "");
		print_wrapped(o->help, indent, to);
		free(left);
	}
}
