/*
 * version.c - `sloth version` and `sloth help`: what needs no master.
 */
#include "cli/version.h"

#include <jansson.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/passport.h"
#include "cli/table.h"
#include "common/exits.h"
#include "wire/libraries.h"

void version_text(const struct library *libraries, size_t n)
{
	library_print("sloth", libraries, n);
}

int version_main(void *options, int argc, char **argv)
{
	struct library libraries[WIRE_LIBRARIES + 3];
	struct output output;
	size_t n = WIRE_LIBRARIES;

	(void)argc;
	(void)argv;
	if (output_init(&output, options))
		return EXIT_USAGE;
	wire_libraries(libraries);
	n += passport_library(&libraries[n]);
	libraries[n++] = (struct library){ "jansson", jansson_version_str(), JANSSON_VERSION };
	libraries[n++] = table_library();
	output.ops->version(libraries, n);
	return EXIT_OK;
}

int help_main(void *options, int argc, char **argv)
{
	return command_help(&cli_root, options, argc, argv);
}
