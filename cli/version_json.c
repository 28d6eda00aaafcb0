/*
 * version_json.c - versions as JSON: of sloth, and of what is installed with it, which is asked for by --version. A program
 * that is not there is left out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "cli/version.h"
#include "common/mem.h"
#include "common/paths.h"

static json_t *library_object(const char *name, const char *version, const char *built)
{
	json_t *object = json_object();

	json_put(object, "name", json_text(name));
	json_put(object, "version", json_text(version));
	json_put(object, "built_with", json_text(built));
	return object;
}

static json_t *program_object(const char *name, const char *version)
{
	json_t *object = json_object();

	json_put(object, "name", json_text(name));
	json_put(object, "version", json_text(version));
	return object;
}

/* "NAME VERSION" or "NAME VERSION (built with VERSION)", cut up in place. NULL: it is neither. */
static json_t *parse_library(char *line)
{
	static const char before[] = " (built with ";
	char *version = strchr(line, ' '), *built, *end;

	if (!version)
		return NULL;
	*version++ = '\0';
	built = strstr(version, before);
	if (!built)
		return library_object(line, version, version);
	*built = '\0';
	built += sizeof before - 1;
	end = strchr(built, ')');
	if (end)
		*end = '\0';
	return library_object(line, version, built);
}

/* What --version has printed, cut up in place; the first line is about the program itself. */
static json_t *parse_program(const char *name, char *said)
{
	json_t *libraries = json_array(), *object;
	char *rest = NULL, *line = strtok_r(said, "\n", &rest), *version = line ? strchr(line, ' ') : NULL;

	object = program_object(name, version ? version + 1 : NULL);
	while ((line = strtok_r(NULL, "\n", &rest))) {
		json_t *library = parse_library(line);

		if (library)
			json_array_append_new(libraries, library);
	}
	json_put(object, "libraries", libraries);
	return object;
}

static void add_program(json_t *programs, const char *place)
{
	const char *name = strrchr(place, '/') + 1;
	char *path = paths_beside(place), *said = NULL;
	int rc = path ? version_ask(path, &said) : -ENOENT;
	json_t *object = NULL;

	if (rc == 0) {
		object = parse_program(name, said);
	} else if (rc != -ENOENT) {
		object = program_object(name, NULL);
		json_put(object, "error", json_text(strerror(-rc)));
	}
	if (object) {
		json_put(object, "path", json_text(path));
		json_array_append_new(programs, object);
	}
	free(path);
	free(said);
}

void version_json(const struct library *libraries, size_t n)
{
	json_t *document = json_object(), *own = json_array(), *programs = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(own, library_object(libraries[i].name, libraries[i].version, libraries[i].built));
	add_program(programs, "libexec/sloth/sloth-tls");
	add_program(programs, "sbin/slothd-master");
	add_program(programs, "sbin/slothd-agent");
	json_put(document, "version", json_text(SLOTH_VERSION));
	json_put(document, "libraries", own);
	json_put(document, "programs", programs);
	json_print(document);
}
