/*
 * dist.c - see dist.h. The hashes in the list are looked at by who installs, not here.
 */
#include "master/dist.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/str.h"

enum { LIST_MAX = 64 * 1024, HASH_LEN = 64 };

static const char agent[] = "/slothd-agent";

static bool has_file(const char *dir, const char *arch, const char *name)
{
	char *path = mem_printf("%s/%s%s%s", dir, arch, *arch ? "/" : "", name);
	struct stat st;
	bool is_there = stat(path, &st) == 0 && S_ISREG(st.st_mode);

	free(path);
	return is_there;
}

/* A line "HASH  ARCH/slothd-agent", cut to ARCH; NULL: another one. */
static const char *arch_of(char *line)
{
	size_t n = strlen(line), at = HASH_LEN + 2;

	if (n <= at + strlen(agent) || strcmp(line + n - strlen(agent), agent))
		return NULL;
	line[n - strlen(agent)] = '\0';
	return str_is_name(line + at) ? line + at : NULL;
}

static void read_list(const char *dir, char *list, struct dist *out)
{
	char *rest = list, *line;

	while ((line = strsep(&rest, "\n")) && out->n < DIST_ARCHITECTURES_MAX) {
		const char *arch = arch_of(line);

		if (arch && has_file(dir, arch, "slothd-agent") && has_file(dir, arch, "sloth-supervise"))
			out->architectures[out->n++] = mem_strdup(arch);
	}
}

int dist_look(const char *dir, struct dist *out, char **why)
{
	char *path = paths_join(dir, "SHA256SUMS"), *list;
	struct buf text = { 0 };

	*out = (struct dist){ .n = 0 };
	if (has_file(dir, "", "bootstrap.sh") && fd_read_file(path, LIST_MAX, &text) == 0) {
		list = buf_take_string(&text);
		read_list(dir, list, out);
		free(list);
	}
	buf_done(&text);
	free(path);
	if (out->n)
		return 0;
	*why = mem_printf("this master has no agent to give out: %s should have bootstrap.sh, SHA256SUMS and the programs, which "
			  "make install puts there", dir);
	return -ENOENT;
}

void dist_done(struct dist *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->architectures[i]);
	d->n = 0;
}
