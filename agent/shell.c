/*
 * shell.c - the shell that runs commands: the same for all users, whatever their login shell is.
 */
#include "agent/shell.h"

#include <stddef.h>
#include <unistd.h>

const char *shell_find(void)
{
	static const char *const paths[] = { "/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash" };

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return "/bin/sh";
}
