/*
 * fd.c - descriptors and whole files. Owns nothing beyond a call; fails with -errno and leaves no
 * temporary file behind.
 */
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"

void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

int fd_set_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

int fd_write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		struct pollfd pfd = { .fd = fd, .events = POLLOUT };
		ssize_t done = write(fd, p, n);

		if (done >= 0) {
			p += done;
			n -= (size_t)done;
		} else if (errno == EAGAIN) {
			if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
				return -errno;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

/* Everything up to end of file, but at most max + 1 bytes, so that the caller sees "too much". */
static int read_some_more_than(int fd, size_t max, struct buf *out)
{
	enum { PIECE = 16 * 1024 };

	while (buf_len(out) <= max) {
		size_t room = max - buf_len(out);
		ssize_t n;

		room = room < PIECE ? room + 1 : PIECE;
		n = read(fd, buf_reserve(out, room), room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		buf_commit(out, (size_t)n);
	}
	return -EFBIG;
}

int fd_read_file(const char *path, size_t max, struct buf *out)
{
	struct buf content = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int err;

	if (fd < 0)
		return -errno;
	err = read_some_more_than(fd, max, &content);
	fd_close(&fd);
	if (!err)
		buf_append(out, buf_data(&content), buf_len(&content));
	buf_done(&content);
	return err;
}

/* Makes a rename durable. Best effort: some directories may be written but not opened for reading. */
static void sync_parent(const char *path)
{
	char *copy = mem_strdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		fsync(fd);
	fd_close(&fd);
	free(copy);
}

int fd_write_file(const char *path, const void *data, size_t n, mode_t mode)
{
	char *temporary = mem_printf("%s.XXXXXX", path);
	int fd = mkostemp(temporary, O_CLOEXEC);
	int err = fd < 0 ? -errno : 0;

	if (err) {
		free(temporary);
		return err;
	}
	err = fd_write_all(fd, data, n);
	if (!err && (fchmod(fd, mode) < 0 || fsync(fd) < 0 || rename(temporary, path) < 0))
		err = -errno;
	fd_close(&fd);
	if (err)
		unlink(temporary);
	else
		sync_parent(path);
	free(temporary);
	return err;
}

static int is_dir(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

static int make_dir(const char *path, mode_t mode)
{
	int err;

	if (mkdir(path, mode) == 0)
		return chmod(path, mode) < 0 ? -errno : 0;	/* whatever the umask is */
	err = errno == EEXIST ? -ENOTDIR : -errno;
	/* A directory that is there is good enough, also where EROFS or EACCES came first. */
	return is_dir(path) == 0 ? 0 : err;
}

int fd_make_dirs(const char *path, mode_t mode)
{
	char *copy;
	int err = is_dir(path);

	if (err != -ENOENT || !*path)
		return err;
	copy = mem_strdup(path);
	err = 0;
	for (char *p = copy; *p && !err; ) {
		char *end = strchrnul(p + 1, '/');
		char was = *end;

		*end = '\0';
		err = make_dir(copy, mode);
		*end = was;
		p = end;
	}
	free(copy);
	return err;
}

/* Whether `path` still leads to the open file: it may have been removed before the lock was ours. */
static bool is_same_file(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int fd_lock_file(const char *path)
{
	/* Bound to the open file, not to the process: no other descriptor's close() loses it. */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0600);
		int err;

		if (fd < 0)
			return -errno;
		if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
			err = errno == EACCES ? -EWOULDBLOCK : -errno;
			fd_close(&fd);
			return err;
		}
		if (is_same_file(fd, path))
			return fd;
		fd_close(&fd);
	}
}

void fd_raise_limit(size_t want)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= want)
		return;
	limit.rlim_cur = want < limit.rlim_max ? want : limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

void fd_occupy_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	fd_close(&fd);
}
