/*
 * spawn.c - the programs that the agent starts, above all one.
 *
 * That one gets nothing of the agent's: an empty environment, /dev/null as standard descriptors, default signals, a session of
 * its own. Descriptors of ours are all close-on-exec.
 */
#include "agent/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/supervise/supervise.h"
#include "common/fd.h"
#include "common/paths.h"
#include "common/turns.h"

#define PROGRAM "libexec/sloth/sloth-supervise"

enum { ABOVE_OURS = 16 };	/* no descriptor that is to become 3 or 4 is one of these already */

void spawn_reset_signals(void)
{
	/* A zeroed struct sigaction of the kernel: the C library keeps signals 32 and 33 to itself. */
	static const unsigned long by_default[8];
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		syscall(SYS_rt_sigaction, i, by_default, NULL, NSIG / 8);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void spawn_init(void)
{
	struct sigaction reaped = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };

	sigaction(SIGCHLD, &reaped, NULL);
}

char *spawn_program(void)
{
	return paths_beside(PROGRAM);
}

static void set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_init(attributes);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
}

/* `fds` become 3 and 4; n of them. 0 or -errno. */
static int start(const char *program, char **argv, const int *fds, int n, pid_t *pid)
{
#ifdef __SANITIZE_ADDRESS__
	char **env = environ;		/* says where findings go */
#else
	char *const env[] = { NULL };
#endif
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int err;

	posix_spawn_file_actions_init(&actions);
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
	for (int i = 0; i < n; i++)
		posix_spawn_file_actions_adddup2(&actions, fds[i], 3 + i);
	set_attributes(&attributes);
	err = posix_spawn(pid, program, &actions, &attributes, argv, env);
	if (!err)
		turns_began_process(*pid);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return -err;
}

int spawn_supervisor(const char *program, int runs_fd, int *control)
{
	char name[] = "sloth-supervise";
	char *argv[] = { name, NULL };
	int ends[2], fds[2] = { -1, -1 }, rc = 0;
	pid_t pid;

	if (!program)
		return -ENOENT;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends))
		return -errno;
	fds[0] = fcntl(ends[1], F_DUPFD_CLOEXEC, ABOVE_OURS);
	fds[1] = fcntl(runs_fd, F_DUPFD_CLOEXEC, ABOVE_OURS);
	if (fds[0] < 0 || fds[1] < 0)
		rc = -errno;
	if (rc == 0)
		rc = start(program, argv, fds, 2, &pid);
	fd_close(&fds[0]);
	fd_close(&fds[1]);
	fd_close(&ends[1]);
	if (rc)
		fd_close(&ends[0]);
	*control = ends[0];
	return rc;
}

int spawn_sweep(const char *program, pid_t pid, uint64_t start_time, const char *run_id, const char *cgroup)
{
	char name[] = "sloth-supervise", option[] = "--sweep", pid_text[16], start_text[24];
	char *argv[] = { name, option, pid_text, start_text, (char *)(uintptr_t)run_id, (char *)(uintptr_t)cgroup, NULL };
	pid_t child;
	int rc, fd;

	if (!program)
		return -ENOENT;
	snprintf(pid_text, sizeof pid_text, "%d", (int)pid);
	snprintf(start_text, sizeof start_text, "%" PRIu64, start_time);
	rc = start(program, argv, NULL, 0, &child);
	if (rc)
		return rc;
	fd = (int)syscall(SYS_pidfd_open, child, 0);
	return fd < 0 ? -errno : fd;
}

pid_t spawn_teller(char **argv, int *out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int ends[2], err;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_RDWR, 0);
	set_attributes(&attributes);
	err = posix_spawnp(&pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	fd_close(&ends[1]);
	if (err)
		fd_close(&ends[0]);
	else
		fd_set_nonblock(ends[0]);
	*out = ends[0];
	return err ? -err : pid;
}
