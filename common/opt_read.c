/*
 * opt_read.c - see opt_read.h. Origins lie beside the table, one for each row.
 */
#include "common/opt_read.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/str.h"

void opt_read_init(struct opt_read *r, const struct opt *table, void *out, size_t size)
{
	size_t n = 0;

	while (table[n].name)
		n++;
	*r = (struct opt_read){ .table = table, .out = out };
	r->initial = mem_dup(out, size);
	r->origins = mem_array(n, sizeof *r->origins);
}

void opt_read_done(struct opt_read *r)
{
	if (r->out)
		opt_done(r->table, r->out);
	for (size_t i = 0; i < r->n_texts; i++) {
		if (r->texts[i].data)
			explicit_bzero(r->texts[i].data, r->texts[i].cap);
		buf_done(&r->texts[i]);
	}
	free(r->texts);
	free(r->initial);
	free(r->origins);
	free(r->path);
	*r = (struct opt_read){ 0 };
}

void opt_read_keep(struct opt_read *r, struct buf *text)
{
	r->texts = mem_realloc(r->texts, (r->n_texts + 1) * sizeof *r->texts);
	r->texts[r->n_texts++] = *text;
	*text = (struct buf){ 0 };
}

/* ---- one value ---- */

static struct opt_origin *origin_of(const struct opt_read *r, const struct opt *o)
{
	return r->origins + (o - r->table);
}

const struct opt_origin *opt_origin(const struct opt_read *r, const char *name)
{
	return origin_of(r, opt_find(r->table, name));
}

void opt_read_note(struct opt_read *r, const struct opt *o, enum opt_level level)
{
	*origin_of(r, o) = (struct opt_origin){ .level = level };
}

static size_t field_size(const struct opt *o)
{
	switch (opt_kind(o)) {
	case OPT_FLAG:
		return sizeof(bool);
	case OPT_UINT:
	case OPT_DURATION:
		return sizeof(uint64_t);
	case OPT_LIST:
		return sizeof(struct opt_list);
	case OPT_STRING:
	case OPT_CHOICE:
	case OPT_OPTIONAL:
		break;
	}
	return sizeof(const char *);
}

/* Defaults have no items. */
static void set_back(struct opt_read *r, const struct opt *o)
{
	char *field = (char *)r->out + o->offset;

	if (opt_kind(o) == OPT_LIST)
		opt_list_done((struct opt_list *)field);
	memcpy(field, (char *)r->initial + o->offset, field_size(o));
	*origin_of(r, o) = (struct opt_origin){ .level = OPT_BY_DEFAULT };
}

int opt_read_set(struct opt_read *r, const struct opt *o, const char *value, struct opt_origin from, char **why)
{
	int ret;

	if (r->origins && opt_kind(o) == OPT_LIST && origin_of(r, o)->level != from.level)
		set_back(r, o);
	ret = opt_set(o, value, r->out, why);
	if (!ret && r->origins)
		*origin_of(r, o) = from;
	return ret;
}

/* ---- files ---- */

static char *unknown_key(const struct opt *table, const char *key)
{
	const char *near = opt_nearest(table, key);

	return mem_printf("unknown key %s%s%s%s", str_quote(key), near ? ", did you mean " : "",
			  near ? near : "", near ? "?" : "");
}

char *opt_read_pair(struct opt_read *r, const struct ini_pair *pair)
{
	const struct opt *o = opt_find(r->table, pair->key);
	char *why = NULL, *words;

	if (!o)
		return unknown_key(r->table, pair->key);
	if (o->kind & OPT_ON_LINE)
		return mem_printf("%s belongs on the command line", o->name);
	if (!*pair->value) {
		set_back(r, o);
		return NULL;
	}
	if (!opt_read_set(r, o, pair->value, (struct opt_origin){ OPT_BY_FILE, pair->line }, &why))
		return NULL;
	words = mem_printf("%s: %s", o->name, why);
	free(why);
	return words;
}

struct file {
	struct opt_read *read;
	const char *section;
};

static char *on_section(const char *name, void *arg)
{
	const struct file *file = arg;

	if (str_equal(name, file->section))
		return NULL;
	return mem_printf("unknown section [%.64s], here is only [%s]", name, file->section);
}

static char *on_pair(const struct ini_pair *pair, void *arg)
{
	const struct file *file = arg;

	return opt_read_pair(file->read, pair);
}

int opt_read_file(struct opt_read *r, const char *path, const char *section, char **error)
{
	static const struct ini_ops ops = { .on_section = on_section, .on_pair = on_pair };
	struct file file = { .read = r, .section = section };
	struct buf text = { 0 };
	int err;

	free(r->path);
	r->path = paths_absolute(path);
	err = ini_read(r->path, &text, &ops, &file, error);
	opt_read_keep(r, &text);
	return err;
}

/* ---- the environment ---- */

char *opt_variable(const char *group, const char *name)
{
	char *variable = mem_printf("SLOTH_%s%s%s", group ? group : "", group ? "_" : "", name);

	for (char *c = variable; *c; c++)
		*c = *c == '-' || *c == ' ' ? '_' : (char)toupper((unsigned char)*c);
	return variable;
}

static int set_items(struct opt_read *r, const struct opt *o, const char *value)
{
	struct buf text = { 0 };
	char *rest, *item, *why;

	buf_append_str(&text, value);
	rest = (char *)(uintptr_t)buf_string(&text);
	opt_read_keep(r, &text);
	while ((item = strsep(&rest, "\n"))) {
		if (*item)
			opt_read_set(r, o, item, (struct opt_origin){ .level = OPT_BY_ENV }, &why);
	}
	return 0;
}

static int read_variable(struct opt_read *r, const struct opt *o, const char *variable, char **error)
{
	const char *value = getenv(variable);
	char *why;

	if (!value || !*value)
		return 0;
	if (opt_kind(o) == OPT_LIST)
		return set_items(r, o, value);
	if (!opt_read_set(r, o, value, (struct opt_origin){ .level = OPT_BY_ENV }, &why))
		return 0;
	*error = mem_printf("%s: %s", variable, why);
	free(why);
	return -EINVAL;
}

int opt_read_env(struct opt_read *r, const char *group, size_t from, size_t to, char **error)
{
	for (const struct opt *o = r->table; o->name; o++) {
		char *variable;
		int err;

		if (o->kind & OPT_ON_LINE || o->offset < from || o->offset >= to)
			continue;
		variable = opt_variable(group, o->name);
		err = read_variable(r, o, variable, error);
		free(variable);
		if (err)
			return err;
	}
	return 0;
}

/* ---- where values stand ---- */

char *opt_origin_text(const struct opt_read *r, const struct opt *o, const char *group)
{
	const struct opt_origin *origin = origin_of(r, o);

	switch (origin->level) {
	case OPT_BY_FILE:
		return mem_printf("%s:%u", r->path, origin->line);
	case OPT_BY_ENV:
		return opt_variable(group, o->name);
	case OPT_BY_LINE:
		return mem_printf("--%s", o->name);
	case OPT_BY_DEFAULT:
		break;
	}
	return mem_strdup("default");
}

enum opt_level opt_blame(const struct opt_read *r, char **error)
{
	char *name = mem_strndup(*error, strcspn(*error, " :"));
	const struct opt *o = opt_find(r->table, name);
	enum opt_level level = o ? origin_of(r, o)->level : OPT_BY_DEFAULT;
	char *place, *words;

	free(name);
	if (level != OPT_BY_FILE && level != OPT_BY_ENV)
		return level;
	place = opt_origin_text(r, o, NULL);
	words = mem_printf("%s: %s", place, *error);
	free(place);
	free(*error);
	*error = words;
	return level;
}
