/*
 * opt_value.c - what command line, environment and configuration file share: finding an option, setting its field.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/opt.h"
#include "common/str.h"

enum opt_kind opt_kind(const struct opt *o)
{
	return (enum opt_kind)(o->kind & 0xff);
}

const char *opt_choices(const struct opt *o)
{
	const char *equals = o->arg ? strchr(o->arg, '=') : NULL;

	return equals && (opt_kind(o) == OPT_CHOICE || opt_kind(o) == OPT_OPTIONAL) ? equals + 1 : NULL;
}

int opt_arg_length(const struct opt *o)
{
	const char *choices = opt_choices(o);

	return choices ? (int)(choices - 1 - o->arg) : o->arg ? (int)strlen(o->arg) : 0;
}

const struct opt *opt_find(const struct opt *table, const char *name)
{
	for (const struct opt *o = table; o->name; o++) {
		if (strcmp(o->name, name) == 0)
			return o;
	}
	return NULL;
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits (insert, delete, replace) from a to b; names longer than the row are taken as far apart. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64];
	size_t n = strlen(b);

	if (n >= sizeof row / sizeof *row)
		return n;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			size_t replaced = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			row[j + 1] = min_size(replaced, 1 + min_size(row[j], row[j + 1]));
		}
	}
	return row[n];
}

const char *opt_nearest(const struct opt *table, const char *name)
{
	const char *best = NULL;
	size_t n = strlen(name);
	size_t best_distance = n <= 3 ? 2 : 3;	/* one or two slips, depending on the length */

	for (const struct opt *o = table; o->name; o++) {
		/* An abbreviation is as near as one slip. */
		size_t d = n >= 2 && str_has_prefix(o->name, name) ? 1 : distance(name, o->name);

		if (d < best_distance) {
			best = o->name;
			best_distance = d;
		}
	}
	return best;
}

static char *describe_range(const struct opt *o, const char *value, int err)
{
	/* What is out of range is digits only. */
	const char *shown = err == -ERANGE ? value : str_quote(value);
	const char *what = err == -ERANGE ? "is not in" : "is no whole number in";
	char *max = o->max ? mem_printf("%llu", (unsigned long long)o->max) : mem_strdup("2^64-1");
	char *why = mem_printf("%.64s %s %llu..%s", shown, what, (unsigned long long)o->min, max);

	free(max);
	return why;
}

static int set_uint(const struct opt *o, const char *value, uint64_t *field, char **why)
{
	int err = str_parse_u64(value, o->min, o->max ? o->max : UINT64_MAX, field);

	if (err)
		*why = describe_range(o, value, err);
	return err ? -EINVAL : 0;
}

static int set_duration(const char *value, uint64_t *field, char **why)
{
	int err = str_parse_duration(value, field);

	if (err == -ERANGE)
		*why = mem_printf("%s is too long, at most 36500d", str_quote(value));
	else if (err)
		*why = mem_printf("%s is no duration like 90, 1500ms, 0.5s, 5m, 2h or 1d", str_quote(value));
	return err ? -EINVAL : 0;
}

static int set_flag(const char *value, bool *field, char **why)
{
	if (!value || strcmp(value, "yes") == 0) {
		*field = true;
	} else if (strcmp(value, "no") == 0) {
		*field = false;
	} else {
		*why = mem_printf("%s is neither yes nor no", str_quote(value));
		return -EINVAL;
	}
	return 0;
}

static bool is_choice(const char *choices, const char *value)
{
	size_t n = strlen(value);

	for (const char *word = choices; *word; word += strcspn(word, "|"), word += *word == '|') {
		if (n && strcspn(word, "|") == n && strncmp(word, value, n) == 0)
			return true;
	}
	return false;
}

/* "auto|always" -> "auto, always" */
static char *describe_choices(const char *choices, const char *value)
{
	struct buf text = { 0 };

	buf_printf(&text, "%s is none of ", str_quote(value));
	for (; *choices; choices++)
		buf_append_str(&text, *choices == '|' ? ", " : (char[]){ *choices, '\0' });
	return buf_take_string(&text);
}

static int set_text(const struct opt *o, const char *value, const char **field, char **why)
{
	const char *choices = opt_choices(o);

	if (*value && choices && !is_choice(choices, value)) {
		*why = describe_choices(choices, value);
		return -EINVAL;
	}
	*field = value;
	return 0;
}

static void add_item(struct opt_list *l, const char *value)
{
	l->items = mem_realloc(l->items, (l->n + 1) * sizeof *l->items);
	l->items[l->n++] = value;
}

int opt_set(const struct opt *o, const char *value, void *out, char **why)
{
	void *field = (char *)out + o->offset;

	switch (opt_kind(o)) {
	case OPT_FLAG:
		return set_flag(value, field, why);
	case OPT_STRING:
	case OPT_CHOICE:
		return set_text(o, value, field, why);
	case OPT_UINT:
		return set_uint(o, value, field, why);
	case OPT_DURATION:
		return set_duration(value, field, why);
	case OPT_OPTIONAL:
		return set_text(o, value && !str_equal(value, "yes") ? value : "", field, why);
	case OPT_LIST:
		add_item(field, value);
		return 0;
	}
	abort();
}

void opt_list_done(struct opt_list *l)
{
	free(l->items);
	*l = (struct opt_list){ 0 };
}

void opt_done(const struct opt *table, void *out)
{
	for (const struct opt *o = table; o->name; o++) {
		if (opt_kind(o) == OPT_LIST)
			opt_list_done((struct opt_list *)((char *)out + o->offset));
	}
}
