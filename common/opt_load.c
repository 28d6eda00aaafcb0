/*
 * opt_load.c - see opt_load.h. The command line is read and checked first, alone, so that its errors are told
 * from those of the file, and once more behind the file, so that it wins.
 */
#include "common/opt_load.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/exits.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/str.h"

static void *field(const struct opt_source *source, const char *name, void *out)
{
	return (char *)out + opt_find(source->table, name)->offset;
}

static int parse_words(const struct opt_source *source, int argc, char **argv, void *out, char **error)
{
	int first = opt_parse(source->table, argc, argv, out, error);

	if (first < 0)
		return first;
	if (first < argc) {
		*error = mem_printf("%s: the %s takes options only", str_quote(argv[first]), source->what);
		return -EINVAL;
	}
	return 0;
}

/* An empty text is most often a variable that was not set; as a path it would mean the working directory. */
static int check(const struct opt_source *source, void *out, char **error)
{
	for (const struct opt *o = source->table; o->name; o++) {
		const char *text = o->kind == OPT_STRING ? *(const char **)field(source, o->name, out) : NULL;

		if (text && !*text) {
			*error = mem_printf("%s: empty", o->name);
			return -EINVAL;
		}
	}
	return source->check(out, error);
}

static int parse_file(const struct opt_source *source, const char *path, void *out, char **memory, char **error)
{
	if (path && access(path, R_OK)) {
		*error = mem_printf("%s: cannot be read: %s", path, strerror(errno));
		return -EINVAL;
	}
	if (!path && !paths_has_system_config())
		return 0;
	return opt_parse_file(source->table, path ? path : source->default_file, out, memory, error);
}

/* What only the command line may say. */
static int check_file(const struct opt_source *source, const char *path, void *out, char **error)
{
	static const char *const names[] = { "config", "help", "version" };
	const char **config = field(source, "config", out);
	bool is_set[] = { *config, *(bool *)field(source, names[1], out), *(bool *)field(source, names[2], out) };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (is_set[i]) {
			*error = mem_printf("%s: %s belongs on the command line", path ? path : source->default_file,
					    names[i]);
			return -EINVAL;
		}
	}
	return 0;
}

int opt_load(const struct opt_source *source, int argc, char **argv, void *out, char **memory, char **error)
{
	const char **config = field(source, "config", out);
	const char *path;

	*memory = NULL;
	source->set_defaults(out);
	if (parse_words(source, argc, argv, out, error))
		return EXIT_BAD_USAGE;
	if (*(bool *)field(source, "help", out) || *(bool *)field(source, "version", out))
		return EXIT_OK;
	if (check(source, out, error))
		return EXIT_BAD_USAGE;
	path = *config;
	source->set_defaults(out);
	if (parse_file(source, path, out, memory, error) || check_file(source, path, out, error))
		return EXIT_CONFIG;
	if (parse_words(source, argc, argv, out, error) || check(source, out, error))
		return EXIT_CONFIG;
	return EXIT_OK;
}
