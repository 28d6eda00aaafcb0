/*
 * rundir.c - the directories of runs on disk.
 *
 * Owns nothing beyond a call. They are ours alone (mode 0700, see daemon_files.h), so what they hold is damaged at
 * worst, which is an error and never a crash.
 */
#include "agent/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"

enum { OPEN_DIR = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW };

int rundir_open_runs(const char *parent)
{
	char *path = paths_join(parent, "runs");
	int fd = -1, rc = 0;

	if (mkdir(path, 0700) && errno != EEXIST)
		rc = -errno;
	if (rc == 0)
		fd = open(path, OPEN_DIR);
	if (rc == 0 && fd < 0)
		rc = -errno;
	free(path);
	return rc ? rc : fd;
}

int rundir_open(int runs_fd, const char *name)
{
	int fd = openat(runs_fd, name, OPEN_DIR);

	return fd < 0 ? -errno : fd;
}

int rundir_make(int runs_fd, const char *name)
{
	return mkdirat(runs_fd, name, 0700) ? -errno : rundir_open(runs_fd, name);
}

int rundir_write_spec(int dir_fd, const struct buf *spec)
{
	int fd = openat(dir_fd, "spec", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = fd < 0 ? -errno : fd_write_all(fd, buf_data(spec), buf_len(spec));

	fd_close(&fd);
	return rc;
}

/* The lock goes last: a directory without one counts as of a run that has not begun. */
void rundir_remove(int runs_fd, const char *name)
{
	int fd = openat(runs_fd, name, OPEN_DIR);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && strcmp(entry->d_name, "lock") != 0)
			unlinkat(fd, entry->d_name, 0);
	if (dir) {
		unlinkat(fd, "lock", 0);
		closedir(dir);
	} else {
		fd_close(&fd);
	}
	unlinkat(runs_fd, name, AT_REMOVEDIR);
}

int rundir_held(int dir_fd)
{
	int fd = openat(dir_fd, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc = 0;

	if (fd < 0)
		return errno == ENOENT || errno == ELOOP ? 0 : -errno;
	if (flock(fd, LOCK_EX | LOCK_NB))
		rc = errno == EWOULDBLOCK ? 1 : -errno;
	fd_close(&fd);
	return rc;
}

int rundir_seal(int dir_fd)
{
	int fd = openat(dir_fd, "lock", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;

	if (rc)
		fd_close(&fd);
	return rc ? rc : fd;
}

/* A whole file, at most `max` bytes. 0 or -errno. */
static int read_file(int dir_fd, const char *name, size_t max, struct buf *out)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n = 1;
	int rc = fd < 0 ? -errno : 0;

	while (rc == 0 && n > 0) {
		uint8_t *room = buf_reserve(out, 8192);

		n = read(fd, room, 8192);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			rc = -errno;
		else
			buf_commit(out, (size_t)n);
		if (buf_len(out) > max)
			rc = -EFBIG;
	}
	fd_close(&fd);
	return rc;
}

int rundir_read_status(int dir_fd, struct sup_status *status, char *reason)
{
	struct buf text = { 0 };
	struct sup_status s;
	int rc = read_file(dir_fd, "status", sizeof s + SUP_REASON_MAX, &text);

	if (rc == 0 && buf_len(&text) < sizeof s)
		rc = -EBADMSG;
	if (rc == 0) {
		memcpy(&s, buf_data(&text), sizeof s);
		if (s.magic != SUP_STATUS_MAGIC || s.end > SUP_END_NOT_STARTED || s.reason_length > SUP_REASON_MAX ||
		    s.reason_length > buf_len(&text) - sizeof s)
			rc = -EBADMSG;
	}
	if (rc == 0) {
		*status = s;
		memcpy(reason, buf_data(&text) + sizeof s, s.reason_length);
		reason[s.reason_length] = '\0';
	}
	buf_done(&text);
	return rc;
}

int rundir_read_spec(int dir_fd, struct spec *spec)
{
	struct buf text = { 0 };
	int rc = read_file(dir_fd, "spec", SPEC_FILE_MAX, &text);

	*spec = (struct spec){ 0 };
	if (rc == 0)
		rc = spec_unpack(spec, buf_data(&text), buf_len(&text));
	if (rc)
		buf_done(&text);
	else
		spec->text = text.data;		/* what its strings point into */
	return rc;
}

static bool is_this_boot(const char *boot_id)
{
	struct buf text = { 0 };
	bool is_same = fd_read_file("/proc/sys/kernel/random/boot_id", 128, &text) == 0 &&
		strncmp(buf_string(&text), boot_id, strlen(boot_id)) == 0;

	buf_done(&text);
	return is_same && boot_id[0];
}

void rundir_read_process(int dir_fd, struct rundir_process *out)
{
	struct buf text = { 0 };
	char boot_id[64] = "";
	int pid = 0;

	*out = (struct rundir_process){ 0 };
	if (read_file(dir_fd, "pid", 256, &text) == 0 &&
	    sscanf(buf_string(&text), "%d %" SCNu64 " %63s", &pid, &out->start_time, boot_id) == 3 && pid > 0) {
		out->pid = pid;
		out->is_of_this_boot = is_this_boot(boot_id);
	}
	buf_done(&text);
}

int rundir_connect(int dir_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc = fd < 0 ? -errno : 0;

	/* The path of the directory may be longer than an address. */
	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/sock", dir_fd);
	if (rc == 0 && connect(fd, (const struct sockaddr *)&address, sizeof address)) {
		rc = -errno;
		fd_close(&fd);
	}
	return rc ? rc : fd;
}
