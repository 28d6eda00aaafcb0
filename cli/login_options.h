/*
 * login_options.h - what `sloth login` was asked to do.
 */
#ifndef CLI_LOGIN_OPTIONS_H
#define CLI_LOGIN_OPTIONS_H

#include "cli/command.h"

struct login_options {
	struct cli_global global;	/* context: the name for it */
	const char *token_file, *token, *name;
};
extern const struct opt login_options[];

#endif
