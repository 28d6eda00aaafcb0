/*
 * table.c - columns of text, laid out by libsmartcols. Its failures are those of memory: they abort.
 */
#include "cli/table.h"

#include <libsmartcols/libsmartcols.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"

enum { TABLE_WIDTH_MIN = 60 };	/* a narrower terminal breaks whole lines better than a column of few letters */

struct table {
	struct libscols_table *scols;
	size_t n;
	bool color;
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

struct table *table_new(const struct style *style, const char *const *columns, size_t n)
{
	struct table *t = mem_new(struct table);

	setlocale(LC_CTYPE, "");		/* widths of cells */
	t->scols = scols_new_table();
	check(t->scols);
	t->n = n;
	t->color = style->color;
	scols_table_enable_colors(t->scols, style->color);
	scols_table_enable_noheadings(t->scols, 0);
	scols_table_set_termforce(t->scols, style->is_terminal ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (style->is_terminal)
		scols_table_set_termwidth(t->scols, style->columns > TABLE_WIDTH_MIN ? style->columns : TABLE_WIDTH_MIN);
	for (size_t i = 0; i < n; i++) {
		/* The last column takes what is left; where that is too little it goes on in the next line. */
		int flags = i + 1 == n ? SCOLS_FL_WRAP : 0;
		struct libscols_column *column = scols_table_new_column(t->scols, columns[i], 0, flags);

		check(column);
		if (style->color)
			scols_cell_set_color(scols_column_get_header(column), STYLE_BOLD);
	}
	return t;
}

void table_add(struct table *t, const char *const *cells, size_t color_cell, const char *color)
{
	struct libscols_line *line = scols_table_new_line(t->scols, NULL);

	check(line);
	for (size_t i = 0; i < t->n; i++) {
		check(scols_line_set_data(line, i, cells[i]) == 0);
		if (t->color && color && i == color_cell)
			scols_cell_set_color(scols_line_get_cell(line, i), color);
	}
}

void table_print(struct table *t)
{
	scols_print_table(t->scols);
}

void table_free(struct table *t)
{
	if (!t)
		return;
	scols_unref_table(t->scols);
	free(t);
}

struct library table_library(void)
{
	const char *version = NULL;

	scols_get_library_version(&version);
	return (struct library){ "smartcols", version, LIBSMARTCOLS_VERSION };
}
