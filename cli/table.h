/*
 * table.h - columns of text on stdout, laid out by libsmartcols. The last one is wrapped at the width of a terminal,
 * whole off one. Control characters in cells are escaped.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stddef.h>

#include "cli/style.h"
#include "common/library.h"

struct table;

enum { TABLE_COLUMNS_MAX = 8 };

struct table *table_new(const struct style *style, const char *const *columns, size_t n);
/* Cells are copied. color: an escape sequence for the cell number color_cell, or NULL. */
void table_add(struct table *t, const char *const *cells, size_t color_cell, const char *color);
void table_print(struct table *t);
void table_free(struct table *t);

struct library table_library(void);	/* libsmartcols */

#endif
