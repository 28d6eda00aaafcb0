/*
 * shell.h - the shell that runs commands.
 */
#ifndef AGENT_SHELL_H
#define AGENT_SHELL_H

/* bash where there is one, else /bin/sh. Static. */
const char *shell_find(void);

#endif
