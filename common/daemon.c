/*
 * daemon.c - three processes: the caller's waits; a session leader exits at once, so that the daemon is no
 * leader and can never get a controlling terminal; the daemon.
 *
 *   caller --fork--> leader (setsid) --fork--> daemon
 *     |                 '-- exits 0              |
 *     '<---- pipe: pid, READY byte, message -----'   end of file without READY: the daemon ended
 *
 * The caller is the subreaper: it inherits the daemon and reads its exit status. Only of a death by
 * signal does it speak itself; all else the daemon has said on stderr. SIGPIPE is to be ignored: a caller
 * that was killed after the start is no reason for the daemon to end.
 */
#include "common/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/str.h"

enum { READY = 'R', PID_FILE_MAX = 32, LOCK_TRIES = 200, LOCK_MS = 10 };

static bool is_background;
static int ready_pipe = -1;	/* write end, until daemon_ready() */
static int null_fd = -1;	/* opened early: a missing /dev/null is reported while somebody listens */

bool daemon_is_background(void)
{
	return is_background;
}

static void fail(const char *what)
{
	fprintf(stderr, "%s: cannot go into the background: %s: %s\n", program_invocation_short_name, what,
		strerror(errno));
	exit(EXIT_FAILED);
}

/* Both processes that may have ended early: the leader (it could not fork) and the daemon, which is our
 * child once the leader is gone. pid 0: it never said it was there. */
static int wait_for_daemon(pid_t leader, pid_t pid)
{
	int status = 0;

	while (waitpid(leader, &status, 0) < 0 && errno == EINTR)
		;
	while (pid && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Shows the signal that ended the daemon, if it was one; the exit status for the caller. */
static int report_failure(int status)
{
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	fprintf(stderr, "%s: killed by signal %d (%s) before it was ready\n", program_invocation_short_name,
		WTERMSIG(status), strsignal(WTERMSIG(status)));
	return EXIT_SIGNAL + WTERMSIG(status);
}

static void read_all(int fd, struct buf *out)
{
	for (;;) {
		ssize_t n = read(fd, buf_reserve(out, 512), 512);

		if (n > 0)
			buf_commit(out, (size_t)n);
		else if (n == 0 || errno != EINTR)
			return;
	}
}

/* The caller's process from here on. */
_Noreturn static void wait_until_ready(int fd, pid_t leader)
{
	struct buf said = { 0 };
	pid_t pid = 0;

	read_all(fd, &said);
	if (buf_len(&said) >= sizeof pid) {
		memcpy(&pid, buf_data(&said), sizeof pid);
		buf_consume(&said, sizeof pid);
	}
	if (!buf_len(&said) || *buf_data(&said) != READY)
		_exit(report_failure(wait_for_daemon(leader, pid)));
	buf_consume(&said, 1);
	/* The daemon works whether or not somebody can read this. */
	(void)fd_write_all(STDOUT_FILENO, buf_data(&said), buf_len(&said));
	_exit(EXIT_OK);
}

/* In the first child: returns in the second one only. */
static void become_daemon(int fd)
{
	pid_t pid;

	setsid();
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid > 0)
		_exit(EXIT_OK);
	pid = getpid();
	if (fd_write_all(fd, &pid, sizeof pid) < 0)
		_exit(EXIT_FAILED);	/* the caller is gone already: it was told to stop */
	ready_pipe = fd;
	is_background = true;
}

void daemon_forbid_dumps(void)
{
	prctl(PR_SET_DUMPABLE, 0);
}

void daemon_start(void)
{
	int ends[2];
	pid_t pid;

	fflush(NULL);		/* or both processes write what is buffered */
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		fail("/dev/null");
	if (pipe2(ends, O_CLOEXEC) < 0)
		fail("pipe");
	prctl(PR_SET_CHILD_SUBREAPER, 1);	/* not inherited by children */
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid > 0) {
		fd_close(&ends[1]);
		wait_until_ready(ends[0], pid);
	}
	fd_close(&ends[0]);
	become_daemon(ends[1]);
}

void daemon_ready(const char *message)
{
	struct buf text = { 0 };

	if (ready_pipe < 0)
		return;
	/* Let go of everything of the caller's first: when it exits, nothing of us holds its terminal,
	 * pipes or directory. */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		dup2(null_fd, fd);
	if (null_fd > STDERR_FILENO)
		fd_close(&null_fd);
	if (chdir("/") < 0)
		errno = 0;	/* then the old one stays busy, which harms nobody but umount(8) */
	buf_printf(&text, "%c%s%s", READY, message ? message : "", message ? "\n" : "");
	(void)fd_write_all(ready_pipe, buf_data(&text), buf_len(&text));
	buf_done(&text);
	fd_close(&ready_pipe);
}

/* The number in a pid file; 0: there is none. */
static pid_t read_pid(const char *path)
{
	struct buf text = { 0 };
	uint64_t pid = 0;
	char *s;

	if (fd_read_file(path, PID_FILE_MAX, &text) < 0)
		buf_clear(&text);
	s = buf_take_string(&text);
	s[strcspn(s, "\n")] = '\0';
	if (str_parse_u64(s, 1, INT32_MAX, &pid) < 0)
		pid = 0;
	free(s);
	return (pid_t)pid;
}

static bool is_dead(pid_t pid)
{
	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

/* A child that a killed daemon had just forked has the lock, too, until it executes something else. */
static int lock_when_dead(const char *pid_path, pid_t *other)
{
	int fd = fd_lock_file(pid_path);

	for (int i = 0; i < LOCK_TRIES && fd == -EWOULDBLOCK; i++) {
		*other = read_pid(pid_path);
		if (!is_dead(*other))
			break;
		poll(NULL, 0, LOCK_MS);
		fd = fd_lock_file(pid_path);
	}
	return fd;
}

int daemon_lock(const char *pid_path, pid_t *other)
{
	int fd = lock_when_dead(pid_path, other);
	char text[16];
	int n = snprintf(text, sizeof text, "%d\n", (int)getpid());
	int err = 0;

	if (fd < 0)
		return fd;
	/* Emptied before anything else: a dead daemon's number must not be taken for ours. */
	if (ftruncate(fd, 0) < 0)
		err = -errno;
	else
		err = fd_write_all(fd, text, (size_t)n);
	if (err) {
		fd_close(&fd);
		return err;
	}
	return fd;
}

/* The process may end at any time; who looks at it next finds that out. */
static bool is_owners(int fd, pid_t pid)
{
	struct stat file, process;
	char path[32];

	snprintf(path, sizeof path, "/proc/%d", (int)pid);
	return fstat(fd, &file) == 0 && (stat(path, &process) < 0 || process.st_uid == file.st_uid);
}

/* The number in a locked file, which its owner may have written as he liked. */
static pid_t trusted_pid(int fd, const char *pid_path)
{
	pid_t pid = read_pid(pid_path);

	return is_owners(fd, pid) ? pid : -EPERM;
}

pid_t daemon_find(const char *pid_path)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(pid_path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
	pid_t pid = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	/* Asks only: taking the lock for a moment would turn away a daemon that starts right now. */
	if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
		pid = -errno;
	else if (lock.l_type != F_UNLCK)
		pid = trusted_pid(fd, pid_path);
	fd_close(&fd);
	return pid;
}
