/*
 * target.h - which master a command talks to, and as whom. One rule for all commands: --master, --socket or --context,
 * then these as variables, then the context in use, then these in the configuration file, then the user's own socket, then
 * the system's socket.
 *
 * A TCP address means TLS with the certificate of a context: the one that was named, else the one of that address;
 * or plaintext with --insecure, which the wire layer takes no further than this machine.
 */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include "cli/command.h"
#include "cli/context.h"
#include "wire/addr.h"

struct target {
	char address[WIRE_ADDR_MAX];	/* for wire_dial() */
	char from[256];			/* "--master", "SLOTH_MASTER": where the address stands */
	bool is_unix;
	bool is_insecure;		/* TCP without TLS */
	char context[CONTEXT_NAME_MAX + 1];	/* TCP with TLS: as whom */
};

/* What the search looks at; target_find() fills it from the process. */
struct target_places {
	const char *root;		/* of the contexts */
	const char *user_socket;
	const char *system_socket;
	bool (*has_unit)(const char *name);	/* as paths_has_unit(); asked only when there is no master to be found */
};

/* What to try where the master of this machine is a service. */
#define TARGET_UNIT		"slothd-master"
#define TARGET_START_UNIT	"systemctl start " TARGET_UNIT ", as root"

/* 0, or -EINVAL / -ENOENT with *error and *hint set to owned lines. */
int target_find(const struct cli_global *global, struct target *out, char **error, char **hint);
int target_find_in(const struct cli_global *global, const struct target_places *places, struct target *out,
		   char **error, char **hint);

#endif
