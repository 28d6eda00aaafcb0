/*
 * install.h - the lines that install an agent with bootstrap.sh, to be pasted into a shell of whoever has the right to.
 *
 * Each line checks the CA of the master by the token's pin before anything that came from the network is run, and ends
 * with the exit status of bootstrap.sh; it is one line for sh, bash, dash, zsh and busybox, and its variables and files
 * are gone afterwards. Pure.
 */
#ifndef CLI_INSTALL_H
#define CLI_INSTALL_H

#include <stdbool.h>

#include "wire/addr.h"

struct install {
	const char *name;		/* of the agent, and of the container */
	const char *token;
	struct wire_addr master;
	struct wire_addr incus;		/* forwarded to the container; port 0: there is none */
};

/* What is printed; owned. The last three are NULL unless all of a container was asked for. */
struct install_lines {
	char *install;		/* on the agent's machine */
	char *device;		/* on the host of a container: forwards the port */
	char *exec;		/* there: installs in the container */
	char *push;		/* there: the same for a container without curl */
};

void install_lines_make(const struct install *i, bool for_incus, struct install_lines *out);
void install_lines_done(struct install_lines *lines);

#endif
