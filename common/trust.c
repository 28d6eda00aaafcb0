/*
 * trust.c - see trust.h. Walks a path by itself, name by name, and starts over at each symbolic link.
 *
 * Nobody but a trusted one can change a place that was found good, so it may be used by its path afterwards.
 */
#include "common/trust.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/paths.h"

enum { LINKS_MAX = 40 };

static bool is_root(void)
{
	return geteuid() == 0;
}

static bool is_trusted(uid_t uid)
{
	struct stat top;

	return uid == 0 || uid == geteuid() || (stat("/", &top) == 0 && uid == top.st_uid);
}

/* The unit that has that directory, "slothd-master"; NULL: none. */
static const char *service_of(const char *dir)
{
	static const struct {
		const char *dir, *unit;
	} services[] = { { "/var/lib/sloth", "slothd-master" }, { "/var/lib/sloth-agent", "slothd-agent" } };

	for (size_t i = 0; i < sizeof services / sizeof *services; i++)
		if (strcmp(dir, services[i].dir) == 0 && paths_has_unit(services[i].unit))
			return services[i].unit;
	return NULL;
}

/* What a service has is never to be given away: it could not be started any more. */
static char *foreign_owner(const char *path, const struct stat *st)
{
	const char *unit = service_of(path);

	if (unit)
		return mem_printf("%s belongs to user %u, as whom the service runs; systemctl start %s starts it, and another one "
				  "needs another place", path, (unsigned)st->st_uid, unit);
	return mem_printf("%s belongs to user %u, so root does not use it; give it to root (chown root %s) or choose "
			  "another place", path, (unsigned)st->st_uid, path);
}

static char *writable(const char *path, const char *by, const char *mode)
{
	return mem_printf("%s can be written by %s, so root does not use it; forbid that (chmod %s %s) or choose another "
			  "place", path, by, mode, path);
}

/* One directory on the way, or what is at its end. */
static char *check_step(const char *path, const struct stat *st)
{
	bool is_sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);
	bool counts = S_ISDIR(st->st_mode) || S_ISREG(st->st_mode) || S_ISLNK(st->st_mode);

	if (!counts)
		return NULL;		/* a terminal, a pipe, /dev/null */
	if (!is_trusted(st->st_uid))
		return foreign_owner(path, st);
	if (!S_ISLNK(st->st_mode) && (st->st_mode & S_IWOTH) && !is_sticky)
		return writable(path, "everybody", "o-w");
	return NULL;
}

/* Where a link at the first n bytes of `path` leads, with the rest of the path behind it. NULL: not known. */
static char *follow(const char *path, size_t n)
{
	char *link = mem_strndup(path, n), target[PATH_MAX], *dir, *whole;
	ssize_t got = readlink(link, target, sizeof target - 1);

	if (got < 0) {
		free(link);
		return NULL;
	}
	target[got] = '\0';
	*strrchr(link, '/') = '\0';
	dir = target[0] == '/' ? mem_strdup("") : mem_printf("%s/", link);
	whole = mem_printf("%s%s%s", dir, target, path + n);
	free(dir);
	free(link);
	return whole;
}

/*
 * Looks at each name of an absolute path. True: at its end, or at something missing, or *why is set. False: at
 * a link, *next is the path that it makes (owned).
 */
static bool walk(const char *path, char **why, char **next)
{
	size_t n = 0;

	*next = *why = NULL;
	while (path[n]) {
		struct stat st;
		char *so_far;
		bool is_there;

		n += strspn(path + n, "/");
		n += strcspn(path + n, "/");
		so_far = mem_strndup(path, n);
		is_there = lstat(so_far, &st) == 0;
		if (is_there)
			*why = check_step(so_far, &st);
		free(so_far);
		if (!is_there || *why)
			return true;
		if (S_ISLNK(st.st_mode)) {
			*next = follow(path, n);
			return *next == NULL;
		}
	}
	return true;
}

char *trust_path(const char *path)
{
	char *at, *next, *why = NULL;

	if (!is_root())
		return NULL;
	at = paths_absolute(path);
	for (int i = 0; at[0] == '/' && i < LINKS_MAX && !walk(at, &why, &next); i++) {
		free(at);
		at = next;
	}
	free(at);
	return why;
}

char *trust_dir(const char *path)
{
	char *why = trust_path(path);
	struct stat st;

	if (!why && is_root() && stat(path, &st) == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)))
		return writable(path, "others", "go-w");
	return why;
}

char *trust_file(const char *path)
{
	struct stat st;

	if ((is_root() ? lstat(path, &st) : stat(path, &st)) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode))
		return mem_printf("%s is not a regular file; remove it", path);
	if (is_root() && !is_trusted(st.st_uid))
		return foreign_owner(path, &st);
	if (is_root() && (st.st_mode & (S_IWGRP | S_IWOTH)))
		return writable(path, "others", "go-w");
	return NULL;
}
