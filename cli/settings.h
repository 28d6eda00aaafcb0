/*
 * settings.h - options that do not stand on the command line: in ~/.config/sloth/config and in the environment.
 *
 * The file has a section [Client], whose header may be missing in front, for the options of every command, and one for
 * each command, as [agent run], for its own and for those of every command where it shall differ. Variables are
 * SLOTH_OUTPUT for an option of every command and SLOTH_AGENT_RUN_TIMEOUT for one of a command's own.
 */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "cli/command.h"

enum settings_part {
	SETTINGS_ALL,
	SETTINGS_OWN		/* the command's section and variables only */
};

/*
 * Reads what there is for a command into *read, which has its table; `words` is what it is called below `root`: "agent
 * run". The whole file is checked, whichever command it is for. 0, or a negative value with *error set to owned words.
 */
int settings_read(const struct command *root, const struct command *command, const char *words, enum settings_part part,
		  struct opt_read *read, char **error);
/* What stood on the command line before the command's last word. */
void settings_overlay(struct opt_read *read, const struct cli_global *global);

#endif
