/*
 * opt_show.c - see opt_show.h. Rows are gathered as texts first: their widths decide where the places stand.
 */
#include "common/opt_show.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/str.h"

struct row {
	char *section;			/* owned; NULL: none */
	char *line;			/* owned: "key = value" */
	json_t *value;			/* owned; null: not set */
	const char *key;
	enum opt_level level;
	char *place;			/* owned */
};

struct opt_show {
	struct row *rows;
	size_t n;
};

struct opt_show *opt_show_new(void)
{
	return mem_new(struct opt_show);
}

void opt_show_free(struct opt_show *show)
{
	for (size_t i = 0; i < show->n; i++) {
		free(show->rows[i].section);
		free(show->rows[i].line);
		free(show->rows[i].place);
		json_decref(show->rows[i].value);
	}
	free(show->rows);
	free(show);
}

/* ---- rows ---- */

/* As opt_set() reads it. Owned. */
static char *duration_text(uint64_t ms)
{
	return ms % 1000 ? mem_printf("%llums", (unsigned long long)ms) :
		mem_printf("%llus", (unsigned long long)(ms / 1000));
}

/* The value as text, owned; NULL: not set. *json is the same for programs. Lists go item by item. */
static char *value_text(const struct opt *o, const void *field, size_t item, json_t **json)
{
	const struct opt_list *list = field;
	const char *text = NULL;
	uint64_t number;

	switch (opt_kind(o)) {
	case OPT_FLAG:
		*json = json_boolean(*(const bool *)field);
		return mem_strdup(*(const bool *)field ? "yes" : "no");
	case OPT_UINT:
		number = *(const uint64_t *)field;
		*json = json_integer((json_int_t)number);
		return mem_printf("%llu", (unsigned long long)number);
	case OPT_DURATION:
		*json = json_integer((json_int_t)*(const uint64_t *)field);
		return duration_text(*(const uint64_t *)field);
	case OPT_LIST:
		text = item < list->n ? list->items[item] : NULL;
		break;
	case OPT_STRING:
	case OPT_CHOICE:
	case OPT_OPTIONAL:
		text = *(const char *const *)field;
		break;
	}
	*json = text ? json_string(text) : NULL;
	if (!*json)			/* no text, or none that JSON can hold */
		*json = text ? json_string(str_quote(text)) : json_null();
	return mem_strdup(text);
}

static char *line_of(const struct opt *o, const char *value)
{
	return value ? mem_printf("%s = %s", o->name, value) : mem_printf("#%s =", o->name);
}

static void add_row(struct opt_show *show, const struct opt_read *read, const struct opt *o, const void *values, size_t item,
		    const char *section)
{
	struct row row = { .section = mem_strdup(section), .key = o->name, .level = opt_origin(read, o->name)->level };
	char *value = value_text(o, (const char *)values + o->offset, item, &row.value);

	if (o->kind & OPT_SECRET && (value || row.level != OPT_BY_DEFAULT)) {
		free(value);
		json_decref(row.value);
		value = mem_strdup("(set)");
		row.value = json_string(value);
	}
	row.line = line_of(o, value);
	row.place = opt_origin_text(read, o, section);
	free(value);
	show->rows = mem_realloc(show->rows, (show->n + 1) * sizeof *show->rows);
	show->rows[show->n++] = row;
}

void opt_show_add(struct opt_show *show, const struct opt_read *read, const void *values, const char *section, size_t from,
		  bool is_brief)
{
	for (const struct opt *o = read->table; o->name; o++) {
		size_t n = 1;

		if (o->kind & OPT_ON_LINE || o->offset < from)
			continue;
		if (is_brief && opt_origin(read, o->name)->level == OPT_BY_DEFAULT)
			continue;
		if (opt_kind(o) == OPT_LIST)
			n = ((const struct opt_list *)((const char *)values + o->offset))->n;
		for (size_t i = 0; i < n || i == 0; i++)
			add_row(show, read, o, values, i, section);
	}
}

/* ---- formats ---- */

static void print_text(const struct opt_show *show, bool has_places, FILE *to)
{
	size_t width = 0;

	for (size_t i = 0; i < show->n; i++) {
		size_t n = strlen(show->rows[i].line);

		width = n > width && n <= 48 ? n : width;
	}
	for (size_t i = 0; i < show->n; i++) {
		const struct row *row = &show->rows[i];

		if (row->section && (i == 0 || !str_equal(row->section, show->rows[i - 1].section)))
			fprintf(to, "%s[%s]\n", i ? "\n" : "", row->section);
		if (has_places)
			fprintf(to, "%-*s  %s\n", (int)width, row->line, row->place);
		else
			fprintf(to, "%s\n", row->line);
	}
}

static json_t *row_json(const struct row *row)
{
	static const char *const levels[] = {
		[OPT_BY_DEFAULT] = "default", [OPT_BY_FILE] = "file", [OPT_BY_ENV] = "environment",
		[OPT_BY_LINE] = "command line",
	};
	json_t *object = json_object();

	json_object_set_new(object, "section", row->section ? json_string(row->section) : json_null());
	json_object_set_new(object, "key", json_string(row->key));
	json_object_set(object, "value", row->value);
	json_object_set_new(object, "origin", json_string(levels[row->level]));
	json_object_set_new(object, "place", row->level == OPT_BY_DEFAULT ? json_null() : json_string(row->place));
	return object;
}

static void print_json(const struct opt_show *show, FILE *to)
{
	json_t *document = json_object(), *options = json_array();
	char *text;

	for (size_t i = 0; i < show->n; i++)
		json_array_append_new(options, row_json(&show->rows[i]));
	json_object_set_new(document, "options", options);
	text = json_dumps(document, JSON_COMPACT);
	fprintf(to, "%s\n", text);
	free(text);
	json_decref(document);
}

void opt_show_print(const struct opt_show *show, const char *format, FILE *to)
{
	if (str_equal(format, "json"))
		print_json(show, to);
	else
		print_text(show, str_equal(format, "origin"), to);
}

void opt_show_all(const struct opt_read *read, const void *values, const char *format, FILE *to)
{
	struct opt_show *show = opt_show_new();

	opt_show_add(show, read, values, NULL, 0, false);
	opt_show_print(show, format, to);
	opt_show_free(show);
}
