/* login_options.c - the options of `sloth login`. */
#include "cli/login_options.h"

#define LOGIN_OPTION(name, arg, help, field) \
	{ name, 0, OPT_STRING | OPT_ON_LINE, arg, help, offsetof(struct login_options, field), 0, 0 }

const struct opt login_options[] = {
	LOGIN_OPTION("token-file", "FILE", "the token; - is standard input, and without this it is SLOTH_TOKEN", token_file),
	LOGIN_OPTION("token", "TOKEN", "the same; on a command line every user of this machine can read it", token),
	LOGIN_OPTION("name", "NAME", "who to be; without it the name that the token is for", name),
	LOGIN_OPTION("context", "NAME", "what to call this login here; without it after MASTER", global.context),
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};
