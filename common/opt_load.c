/*
 * opt_load.c - see opt_load.h. The command line is read first alone, so that its errors are told from those of other
 * places, and once more behind these, so that it wins.
 */
#include "common/opt_load.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/str.h"
#include "common/trust.h"

static void *field(const struct opt_source *source, const char *name, void *out)
{
	return (char *)out + opt_find(source->table, name)->offset;
}

/* An empty text is most often a variable that was not set; as a path it would mean the working directory. */
static int check_words(const struct opt_source *source, const struct opt_read *read, char **error)
{
	for (const struct opt *o = source->table; o->name; o++) {
		enum opt_kind kind = opt_kind(o);
		const char *text = kind == OPT_STRING || kind == OPT_CHOICE ?
			*(const char **)field(source, o->name, read->out) : NULL;

		if (text && !*text) {
			*error = mem_printf("%s: empty", o->name);
			return -EINVAL;
		}
	}
	return 0;
}

static int parse_words(const struct opt_source *source, int argc, char **argv, struct opt_read *read, char **error)
{
	int first = opt_read_words(read, argc, argv, error);

	if (!*error && first < argc)
		*error = mem_printf("%s: the %s takes options only", str_quote(argv[first]), source->what);
	return *error ? -EINVAL : 0;
}

static int read_file(const struct opt_source *source, const char *path, struct opt_read *read, char **error)
{
	if (path && access(path, R_OK)) {
		*error = mem_printf("%s: cannot be read: %s", path, strerror(errno));
		return -EINVAL;
	}
	if (!path && !paths_has_system_config())
		return 0;
	if (!path)
		path = source->default_file;
	*error = trust_path(path);	/* who can write it is root then */
	return *error ? -EPERM : opt_read_file(read, path, source->section, error);
}

/* All places, and what came of them. */
static int load_all(const struct opt_source *source, int argc, char **argv, const char *path, struct opt_read *read,
		    char **error)
{
	if (read_file(source, path, read, error) || opt_read_env(read, NULL, 0, source->size, error))
		return EXIT_CONFIG;
	if (parse_words(source, argc, argv, read, error))
		return EXIT_BAD_USAGE;
	if (source->check(read->out, error))
		return opt_blame(read, error) == OPT_BY_LINE ? EXIT_BAD_USAGE : EXIT_CONFIG;
	return EXIT_OK;
}

static void begin(const struct opt_source *source, void *out, struct opt_read *read)
{
	source->set_defaults(out);
	opt_read_init(read, source->table, out, source->size);
}

/* before: the daemon runs with that already. NULL: it begins. */
static int load(const struct opt_source *source, int argc, char **argv, const struct opt_read *before, void *out,
		struct opt_read *read, char **error)
{
	const char *path;

	*error = NULL;
	begin(source, out, read);
	if (parse_words(source, argc, argv, read, error))
		return EXIT_BAD_USAGE;
	if (*(bool *)field(source, "help", out) || *(bool *)field(source, "version", out))
		return EXIT_OK;
	if (!before && check_words(source, read, error))
		return EXIT_BAD_USAGE;
	path = *(const char **)field(source, "config", out);
	opt_read_done(read);
	begin(source, out, read);
	return load_all(source, argc, argv, path && before ? before->path : path, read, error);
}

int opt_load(const struct opt_source *source, int argc, char **argv, void *out, struct opt_read *read, char **error)
{
	return load(source, argc, argv, NULL, out, read, error);
}

int opt_load_again(const struct opt_source *source, int argc, char **argv, const struct opt_read *before, void *out,
		   struct opt_read *read, char **error)
{
	return load(source, argc, argv, before, out, read, error);
}

/* ---- what has changed ---- */

static bool lists_differ(const struct opt_list *a, const struct opt_list *b)
{
	if (a->n != b->n)
		return true;
	for (size_t i = 0; i < a->n; i++) {
		if (!str_equal(a->items[i], b->items[i]))
			return true;
	}
	return false;
}

int opt_check_policy(const char *name, const char *before, const char *now, char **error)
{
	if (!before || now)
		return EXIT_OK;
	*error = mem_printf("%s: %s is in force, and no other is named: to do without takes a new start", name, before);
	return EXIT_CONFIG;
}

bool opt_differs(const struct opt *o, const void *a, const void *b)
{
	const char *one = (const char *)a + o->offset, *other = (const char *)b + o->offset;

	switch (opt_kind(o)) {
	case OPT_FLAG:
		return *(const bool *)one != *(const bool *)other;
	case OPT_UINT:
	case OPT_DURATION:
		return *(const uint64_t *)one != *(const uint64_t *)other;
	case OPT_LIST:
		return lists_differ((const struct opt_list *)one, (const struct opt_list *)other);
	case OPT_STRING:
	case OPT_CHOICE:
	case OPT_OPTIONAL:
		break;
	}
	return !str_equal(*(const char *const *)one, *(const char *const *)other);
}

char *opt_changes(const struct opt *table, const void *a, const void *b, bool live)
{
	struct buf names = { 0 };

	for (const struct opt *o = table; o->name; o++) {
		if (o->kind & (OPT_SECRET | OPT_ON_LINE) || !(o->kind & OPT_LIVE) == live || !opt_differs(o, a, b))
			continue;
		buf_printf(&names, "%s%s", buf_len(&names) ? ", " : "", o->name);
	}
	return buf_len(&names) ? buf_take_string(&names) : NULL;
}
