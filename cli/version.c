/*
 * version.c - `sloth version` and `sloth help`: what needs no master.
 */
#include "cli/commands.h"
#include "cli/output.h"
#include "common/exits.h"

int version_main(void *options, int argc, char **argv)
{
	struct output output;

	(void)argc;
	(void)argv;
	if (output_init(&output, options))
		return EXIT_USAGE;
	output.ops->version(SLOTH_VERSION);
	return EXIT_OK;
}

int help_main(void *options, int argc, char **argv)
{
	return command_help(&cli_root, options, argc, argv);
}
