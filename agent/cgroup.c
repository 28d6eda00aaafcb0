/*
 * cgroup.c - where runs can have control groups of their own.
 *
 * In a group that a service manager has delegated to us:
 *
 *   UNIT/agent            this process
 *   UNIT/sup              supervisors; they go there themselves, because to move a process can take 15 ms
 *   UNIT/sloth-run-ID     a run
 *
 * No process may be in UNIT itself where a controller is enabled below it; none is: with one a UNIT in which runs live on
 * could not be started again. The groups are there to be killed as a whole, not to limit anything.
 */
#include "agent/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/own_cgroup.h"
#include "common/str.h"

/* A directory is made and removed to see that it can be. */
static bool can_be_used(const char *path)
{
	char *probe = mem_printf("%s/sloth-probe-%d", path, (int)getpid());
	char *procs = mem_printf("%s/cgroup.procs", path);
	bool is_made = access(procs, W_OK) == 0 && mkdir(probe, 0700) == 0;

	if (is_made)
		rmdir(probe);
	free(probe);
	free(procs);
	return is_made;
}

/* The mark of systemd; only root reads the older one. */
bool cgroup_has_mark(const char *path)
{
	char value[4];

	return (getxattr(path, "user.delegate", value, sizeof value) == 1 ||
		getxattr(path, "trusted.delegate", value, sizeof value) == 1) && value[0] == '1';
}

/* The delegated group that is `path`, or the one above, where we were started in its "agent". Owned or NULL. */
static char *delegated(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *unit = slash && str_equal(slash, "/agent") ? mem_strndup(path, (size_t)(slash - path)) : mem_strdup(path);

	if (cgroup_has_mark(unit))
		return unit;
	free(unit);
	return NULL;
}

static bool make_group(const char *unit, const char *name)
{
	char *path = mem_printf("%s/%s", unit, name);
	bool is_made = mkdir(path, 0755) == 0 || errno == EEXIST;

	free(path);
	return is_made;
}

static bool move_to(const char *unit, const char *name)
{
	char *procs = mem_printf("%s/%s/cgroup.procs", unit, name);
	int fd = open(procs, O_WRONLY | O_CLOEXEC);
	bool is_moved = fd >= 0 && write(fd, "0", 1) == 1;

	fd_close(&fd);
	free(procs);
	return is_moved;
}

bool cgroup_is_delegated(void)
{
	char *path = own_cgroup(), *unit = path ? delegated(path) : NULL;
	bool is = unit != NULL;

	free(path);
	free(unit);
	return is;
}

char *cgroup_own(void)
{
	char *path = own_cgroup();

	if (path && can_be_used(path))
		return path;
	free(path);
	return NULL;
}

char *cgroup_find(bool is_service)
{
	char *path = own_cgroup(), *unit = path ? delegated(path) : NULL;

	free(path);
	if (unit && can_be_used(unit) && make_group(unit, "agent") && move_to(unit, "agent")) {
		make_group(unit, "sup");
		return unit;
	}
	free(unit);
	/* What a service manager has not delegated it may change at any time. */
	return is_service ? NULL : cgroup_own();
}
