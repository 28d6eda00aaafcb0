/*
 * version.h - versions of the programs of this installation and of their libraries.
 */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

#include "common/library.h"

enum { VERSION_SAID_MAX = 16 * 1024, VERSION_TIMEOUT_MS = 10 * 1000 };

/*
 * What `PATH --version` says, owned, in *said. 0 or -errno: -ENOENT there is no such program, -ETIMEDOUT, -E2BIG,
 * -EBADMSG it ended with nothing said.
 */
int version_ask(const char *path, char **said);

/* The instances of output_ops.version: of sloth itself, and with -o json of the programs beside it, too. */
void version_text(const struct library *libraries, size_t n);
void version_json(const struct library *libraries, size_t n);

#endif
