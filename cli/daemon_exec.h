/*
 * daemon_exec.h - `sloth master ...` and `sloth agent start ...` become the daemons.
 */
#ifndef CLI_DAEMON_EXEC_H
#define CLI_DAEMON_EXEC_H

#include "cli/command.h"

/*
 * Executes `program` ("slothd-agent") of the installation that this program belongs to, never through
 * PATH. argv[1..] are its words, argv[0] is replaced. Returns only when that fails: the exit status.
 */
int daemon_exec(const char *program, int argc, char **argv);
/* Options that stand before the wrapper's word speak to the CLI, which is about to go away. False after
 * the usage error has been reported. */
bool daemon_exec_check(const struct cli_global *global, const char *words);

#endif
