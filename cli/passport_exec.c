/*
 * passport_exec.c - see passport.h: sloth becomes sloth-tls. What is open stays open, and signals that are ignored stay so.
 */
#include "cli/passport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/login_options.h"
#include "cli/output.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/paths.h"

#define PROGRAM "libexec/sloth/sloth-tls"

static char **words;		/* as main() got them; they live as long as the process */

void passport_init(int argc, char **argv)
{
	words = mem_dup(argv, ((size_t)argc + 1) * sizeof *argv);
}

/* Returns only when that fails. */
static void become(char **error, char **hint)
{
	char *path = paths_beside(PROGRAM);

	errno = ENOENT;
	if (path && words)
		execv(path, words);
	*error = mem_printf("TLS needs %s, which cannot be started: %s", path ? path : PROGRAM, strerror(errno));
	*hint = mem_strdup("installing sloth whole (package sloth-cli): " PROGRAM " belongs beside the bin that holds sloth");
	free(path);
}

int passport_open(const struct target *target, struct passport **out, char **error, char **hint)
{
	(void)target;
	(void)out;
	become(error, hint);
	return -ENOSYS;
}

struct wire_tls *passport_tls(const struct passport *p)
{
	(void)p;
	return NULL;
}

void passport_close(struct passport *p, bool may_renew)
{
	(void)p;
	(void)may_renew;
}

int passport_login(void *options, int argc, char **argv)
{
	const struct login_options *o = options;
	char *error, *hint;

	(void)argc;
	(void)argv;
	become(&error, &hint);
	output_failed(&o->global, "login", error, hint);
	free(error);
	free(hint);
	return EXIT_FAILED;
}

size_t passport_library(struct library *out)
{
	(void)out;
	return 0;
}
