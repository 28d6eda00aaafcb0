/*
 * status.c - writes the end of a run beside its place and renames it there: it is whole, or it is not there.
 */
#include "agent/supervise/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/fd.h"

static int fill(int fd, const struct sup_status *status, const char *reason)
{
	struct iovec parts[] = {
		{ (void *)(uintptr_t)status, sizeof *status },
		{ (void *)(uintptr_t)reason, status->reason_length },
	};
	ssize_t n = writev(fd, parts, 2);

	if (n < 0)
		return -errno;
	return (size_t)n == sizeof *status + status->reason_length ? 0 : -ENOSPC;
}

int status_write(int dir_fd, const struct sup_status *status, const char *reason, bool is_durable)
{
	int fd = openat(dir_fd, "status.tmp", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int err = fd < 0 ? -errno : fill(fd, status, reason);

	if (!err && is_durable && fsync(fd))
		err = -errno;
	fd_close(&fd);
	if (!err && renameat(dir_fd, "status.tmp", dir_fd, "status"))
		err = -errno;
	if (!err && is_durable && fsync(dir_fd))
		err = -errno;
	return err;
}

const char *status_signal_text(int number)
{
	static char text[64];
	const char *name = sigdescr_np(number);

	snprintf(text, sizeof text, "killed by signal %d (%s)", number, name ? name : "real-time");
	return text;
}
