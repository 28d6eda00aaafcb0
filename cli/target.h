/*
 * target.h - which master a command talks to. One rule for all commands: --master or --socket, then
 * SLOTH_MASTER, then the configuration file, then the user's own socket, then the system's socket.
 */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include "cli/command.h"
#include "wire/addr.h"

struct target {
	char address[WIRE_ADDR_MAX];	/* for wire_dial() */
	const char *from;		/* "--master", "SLOTH_MASTER": where the address stands */
	bool is_unix;
	bool needs_check;		/* a host name: whether it is loopback shows when it is connected */
};

extern const char target_needs_tls[];	/* why an address beyond this machine is refused */

/* What the search looks at; target_find() fills it from the process. */
struct target_places {
	const char *env;		/* value of SLOTH_MASTER; NULL: not set */
	const char *config;		/* path of the configuration file */
	const char *user_socket;
	const char *system_socket;
};

/* 0, or -EINVAL / -ENOENT with *error and *hint set to owned lines. */
int target_find(const struct cli_global *global, struct target *out, char **error, char **hint);
int target_find_in(const struct cli_global *global, const struct target_places *places, struct target *out,
		   char **error, char **hint);

#endif
