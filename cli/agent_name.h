/*
 * agent_name.h - what the commands that take one agent's name have in common.
 */
#ifndef CLI_AGENT_NAME_H
#define CLI_AGENT_NAME_H

#include <stdbool.h>

#include "cli/output.h"

/* False after the usage error has been reported. */
bool agent_name_check(const struct cli_global *global, const char *what, const char *name);
/* The master answered success=false: reports it, gives the exit status. */
int agent_refused(const char *what, const struct output *output, const char *message);

#endif
