/*
 * cgroup.c - cgroup v2 through its files. Everything fails quietly: descendants are found without it.
 */
#include "agent/supervise/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/supervise/procs.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/own_cgroup.h"
#include "common/str.h"

enum { DEPTH_MAX = 8, FILE_MAX = 4 * 1024 * 1024, STALE_S = 60 };

static const char prefix[] = "sloth-run-";

static int open_dir(int at, const char *path)
{
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

void cgroup_leave_agent(void)
{
	char *own = own_cgroup(), *slash = own ? strrchr(own, '/') : NULL;
	char path[PATH_MAX] = "";
	int fd;

	if (slash && str_equal(slash, "/agent"))
		snprintf(path, sizeof path, "%.*s/sup/cgroup.procs", (int)(slash - own), own);
	fd = path[0] ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	if (fd >= 0)
		(void)!write(fd, "0", 1);	/* where it stays is of no consequence to its run */
	fd_close(&fd);
	free(own);
}

static void let_go(struct cgroup *g)
{
	fd_close(&g->dir);
	fd_close(&g->parent);
	g->is_made = false;
}

static int open_own(struct cgroup *g)
{
	g->dir = open_dir(g->parent, g->name);
	g->is_made = g->dir >= 0;
	return g->is_made ? 0 : -errno;
}

static int open_parent(struct cgroup *g, const char *parent)
{
	*g = (struct cgroup){ .parent = -1, .dir = -1 };
	g->parent = parent ? open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (g->parent >= 0)
		return 0;
	return parent ? -errno : -ENOENT;
}

int cgroup_make(struct cgroup *g, const char *parent, const uint8_t *id)
{
	int err = open_parent(g, parent);

	if (err)
		return err;
	memcpy(g->name, prefix, sizeof prefix - 1);
	str_hex(id, 16, g->name + sizeof prefix - 1);
	if (mkdirat(g->parent, g->name, 0755) && errno != EEXIST)
		err = -errno;
	if (!err && (err = open_own(g)))
		unlinkat(g->parent, g->name, AT_REMOVEDIR);
	if (err)
		let_go(g);
	return err;
}

int cgroup_find(struct cgroup *g, const char *parent, const char *name)
{
	int err = open_parent(g, parent);

	if (err)
		return err;
	snprintf(g->name, sizeof g->name, "%s", name);
	err = open_own(g);
	if (err)
		let_go(g);
	return err;
}

static bool read_file(int dir, const char *name, struct buf *out)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	while (fd >= 0 && buf_len(out) < FILE_MAX && (n = read(fd, buf_reserve(out, 4096), 4096)) > 0)
		buf_commit(out, (size_t)n);
	fd_close(&fd);
	return buf_len(out) > 0;
}

static void signal_pid(pid_t pid, int number, pid_t but)
{
	struct proc_entry e;

	if (pid > 0 && procs_look(pid, &e) && proc_is_alive(&e) && (!but || e.group != but))
		proc_entry_signal(&e, number);
}

/* Calls `each` for every cgroup below `dir`, deepest first, with the directory it is in and its name. */
static void below(int dir, unsigned depth, void (*each)(int parent, const char *name, int dir, void *arg), void *arg)
{
	int copy = open_dir(dir, ".");
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	while (list && (entry = readdir(list))) {
		int child = entry->d_type == DT_DIR && entry->d_name[0] != '.' ? open_dir(dir, entry->d_name) : -1;

		if (child < 0)
			continue;
		if (depth < DEPTH_MAX)
			below(child, depth + 1, each, arg);
		each(dir, entry->d_name, child, arg);
		fd_close(&child);
	}
	if (list)
		closedir(list);
	else
		fd_close(&copy);
}

struct signalling {
	int number;
	pid_t but;
};

static void signal_members(int parent, const char *name, int dir, void *arg)
{
	const struct signalling *s = arg;
	struct buf text = { 0 };

	(void)parent, (void)name;
	if (read_file(dir, "cgroup.procs", &text)) {
		char *at = (char *)(uintptr_t)buf_string(&text), *end;

		for (pid_t pid; (pid = (pid_t)strtol(at, &end, 10)) > 0; at = end)
			signal_pid(pid, s->number, s->but);
	}
	buf_done(&text);
}

void cgroup_signal(const struct cgroup *g, int number, pid_t but)
{
	struct signalling s = { number, but };

	below(g->dir, 0, signal_members, &s);
	signal_members(g->parent, g->name, g->dir, &s);
}

void cgroup_kill(const struct cgroup *g)
{
	int fd = openat(g->dir, "cgroup.kill", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "1", 1) != 1)
		cgroup_signal(g, SIGKILL, 0);		/* before Linux 5.14 */
	fd_close(&fd);
}

bool cgroup_is_populated(const struct cgroup *g)
{
	struct buf text = { 0 };
	bool is = read_file(g->dir, "cgroup.events", &text) && strstr(buf_string(&text), "populated 1");

	buf_done(&text);
	return is;
}

static void remove_one(int parent, const char *name, int dir, void *arg)
{
	(void)dir, (void)arg;
	unlinkat(parent, name, AT_REMOVEDIR);
}

/* One that is being made is empty for a moment, too: only an old one is nobody's. */
static bool is_stale(int parent, const char *name)
{
	struct cgroup g = { .dir = open_dir(parent, name) };
	struct stat st;
	bool is = g.dir >= 0 && fstat(g.dir, &st) == 0 && st.st_mtime + STALE_S < wall_s() && !cgroup_is_populated(&g);

	fd_close(&g.dir);
	return is;
}

void cgroup_tidy(const struct cgroup *g)
{
	int copy = open_dir(g->parent, ".");
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	while (list && (entry = readdir(list))) {
		struct cgroup other = { .is_made = true, .dir = -1 };

		if (!str_has_prefix(entry->d_name, prefix) || strlen(entry->d_name) >= sizeof other.name ||
		    !is_stale(g->parent, entry->d_name))
			continue;
		memcpy(other.name, entry->d_name, strlen(entry->d_name));
		other.parent = fcntl(g->parent, F_DUPFD_CLOEXEC, 3);
		other.dir = open_dir(other.parent, other.name);
		cgroup_done(&other);
	}
	if (list)
		closedir(list);
	else
		fd_close(&copy);
}

void cgroup_done(struct cgroup *g)
{
	if (!g->is_made)
		return;
	if (unlinkat(g->parent, g->name, AT_REMOVEDIR) && !cgroup_is_populated(g)) {
		below(g->dir, 0, remove_one, NULL);
		unlinkat(g->parent, g->name, AT_REMOVEDIR);
	}
	let_go(g);
}
