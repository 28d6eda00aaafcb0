/*
 * version_exec.c - asks a program of this installation for its version. It gets our environment, and nothing to read; one
 * that does not end is killed.
 */
#include "cli/version.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"

/* `path` --version, with `out` as its stdout. 0 or -errno. */
static int start(const char *path, int out, pid_t *pid)
{
	char *argv[] = { mem_strdup(path), mem_strdup("--version"), NULL };
	posix_spawn_file_actions_t actions;
	int err;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	err = posix_spawn(pid, path, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	free(argv[0]);
	free(argv[1]);
	return -err;
}

/* 1: go on, 0: that was all, or -errno. */
static int read_some(int fd, uint64_t end, struct buf *said)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t now = mono_ms();
	ssize_t n;

	if (now >= end)
		return -ETIMEDOUT;
	if (poll(&p, 1, (int)(end - now)) <= 0)
		return 1;
	n = read(fd, buf_reserve(said, VERSION_SAID_MAX), VERSION_SAID_MAX);
	if (n < 0)
		return -errno;
	buf_commit(said, (size_t)n);
	if (buf_len(said) > VERSION_SAID_MAX)
		return -E2BIG;
	return n > 0;
}

int version_ask(const char *path, char **said)
{
	uint64_t end = mono_ms() + VERSION_TIMEOUT_MS;
	struct buf all = { 0 };
	int ends[2], rc;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	rc = start(path, ends[1], &pid);
	fd_close(&ends[1]);
	if (rc == 0) {
		while ((rc = read_some(ends[0], end, &all)) > 0)
			;
		if (rc)
			kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		if (rc == 0 && buf_len(&all) == 0)
			rc = -EBADMSG;
	}
	fd_close(&ends[0]);
	if (rc == 0)
		*said = buf_take_string(&all);
	buf_done(&all);
	return rc;
}
