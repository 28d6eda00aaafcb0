/*
 * home.c - the run directory.
 *
 * It is held open and used through that descriptor, because the agent renames it. Its name is asked of the
 * kernel when it is to be removed.
 */
#include "agent/supervise/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/supervise/procs.h"
#include "common/fd.h"

static const char *const run_files[] = { "spec", "pid", "status", "status.tmp" };
static const char *const own_files[] = { "out", "sock", "lock" };

/* A path of a socket has 107 bytes: it is bound from inside the directory. */
static int bind_here(int fd, int dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "sock" };

	if (unlinkat(dir, "sock", 0) && errno != ENOENT)
		return -errno;
	if (fchdir(dir))
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4))
		return -errno;
	return 0;
}

static int open_listener(struct home *h)
{
	int err;

	h->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (h->listener < 0)
		return -errno;
	err = bind_here(h->listener, h->dir);
	if (chdir("/") && !err)
		err = -errno;
	return err;
}

static int take_lock(struct home *h)
{
	h->lock = openat(h->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return h->lock < 0 || flock(h->lock, LOCK_EX | LOCK_NB) ? -errno : 0;
}

void home_leave(struct home *h)
{
	spool_close(&h->spool);
	fd_close(&h->listener);
	fd_close(&h->lock);
	fd_close(&h->dir);
}

/* h->dir is open, or errno says why not. */
static int set_up(struct home *h)
{
	int err = h->dir < 0 ? -errno : take_lock(h);

	if (!err)
		err = open_listener(h);
	if (!err)
		err = spool_create(&h->spool, h->dir);
	if (err)
		home_leave(h);
	return err;
}

static void home_init(struct home *h)
{
	*h = (struct home){ .dir = -1, .lock = -1, .listener = -1, .spool = { .fd = -1 } };
}

int home_make(struct home *h, int runs, char *name)
{
	int err;

	home_init(h);
	snprintf(name, HOME_NAME_MAX, "idle-%d", (int)getpid());
	if (mkdirat(runs, name, 0700) && errno != EEXIST)	/* of a supervisor with our pid, which was killed */
		return -errno;
	h->dir = openat(runs, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	err = set_up(h);
	return err ? err : home_empty(h);
}

int home_enter(struct home *h, const char *path)
{
	home_init(h);
	h->is_elsewhere = true;
	h->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return set_up(h);
}

static int remove_files(int dir, const char *const *names, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n; i++)
		if (unlinkat(dir, names[i], 0) && errno != ENOENT)
			err = -errno;
	return err;
}

int home_empty(struct home *h)
{
	int err = remove_files(h->dir, run_files, sizeof run_files / sizeof *run_files);

	return err ? err : spool_reset(&h->spool);
}

static void remove_dir(const struct home *h)
{
	char link[40], path[4096];
	const char *name;
	ssize_t n;
	int parent;

	snprintf(link, sizeof link, "/proc/self/fd/%d", h->dir);
	n = readlink(link, path, sizeof path - 1);
	path[n < 0 ? 0 : n] = '\0';
	name = strrchr(path, '/');
	parent = name ? openat(h->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (parent >= 0)
		unlinkat(parent, name + 1, AT_REMOVEDIR);
	fd_close(&parent);
}

void home_remove(struct home *h)
{
	remove_files(h->dir, run_files, sizeof run_files / sizeof *run_files);
	remove_files(h->dir, own_files, sizeof own_files / sizeof *own_files);
	remove_dir(h);
	home_leave(h);
}

int home_sync(const struct home *h)
{
	int spec = openat(h->dir, "spec", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int runs = openat(h->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = spec < 0 || runs < 0 || fsync(spec) || fsync(h->dir) || fsync(runs) ? -errno : 0;

	fd_close(&spec);
	fd_close(&runs);
	return err;
}

static const char *boot_id(void)
{
	static char id[40];
	ssize_t n;
	int fd;

	if (id[0])
		return id;
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, id, sizeof id - 1);
	fd_close(&fd);
	id[n < 0 ? 0 : n] = '\0';
	id[strcspn(id, "\n")] = '\0';
	return id[0] ? id : strcpy(id, "-");
}

int home_write_pid(const struct home *h, pid_t pid)
{
	struct proc_entry entry = { 0 };
	char text[100];
	int fd, n, err = 0;

	procs_look(pid, &entry);
	n = snprintf(text, sizeof text, "%d %llu %s\n", (int)pid, (unsigned long long)entry.start, boot_id());
	fd = openat(h->dir, "pid", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)n) != n)
		err = -ENOSPC;
	fd_close(&fd);
	return err;
}
