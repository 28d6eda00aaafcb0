/*
 * reaper.c - runs a command and makes sure that nothing outlives it.
 *
 *   reaper COMMAND [ARG...]
 *
 * As a child subreaper it inherits every descendant whose parent has gone, daemons included. When the
 * command has ended, what is still there after GRACE_MS is named on stderr and killed, and the exit status is
 * that of the command or, if that was 0, 98. SIGTERM, SIGINT and SIGHUP are passed on to the command.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GRACE_MS = 3000, STEP_MS = 10, KILL_ROUNDS = 200, EXIT_LEFT = 98 };

static volatile sig_atomic_t command_pid;

static void pass_on(int number)
{
	if (command_pid > 0)
		kill((pid_t)command_pid, number);
}

/* Calls `act` for each process whose parent we are. How many there were. */
static unsigned for_children(void (*act)(pid_t pid))
{
	char path[64], text[8192];
	unsigned n = 0;
	ssize_t got;
	int fd;

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	got = read(fd, text, sizeof text - 1);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	for (char *word = strtok(text, " \n"); word; word = strtok(NULL, " \n"), n++)
		act((pid_t)strtol(word, NULL, 10));
	return n;
}

static void name_one(pid_t pid)
{
	char path[64], text[512];
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, text, sizeof text - 1);
		close(fd);
	}
	for (ssize_t i = 0; i + 1 < got; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	text[got > 0 ? got : 0] = '\0';
	fprintf(stderr, "left behind: process %d: %s\n", (int)pid, text);
}

static void kill_one(pid_t pid)
{
	kill(pid, SIGKILL);
}

/* Reaps whatever has ended; false when no child is left at all. */
static int reap(void)
{
	pid_t pid;

	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0);
	return pid == 0;
}

static int wait_for_children(int ms)
{
	for (; reap(); ms -= STEP_MS) {
		if (ms <= 0)
			return -1;
		poll(NULL, 0, STEP_MS);
	}
	return 0;
}

/* Its exit status; others that end meanwhile are reaped too, so that nobody sees them as zombies. */
static int wait_for_command(pid_t command)
{
	int status;
	pid_t pid;

	do
		pid = waitpid(-1, &status, 0);
	while (pid != command && (pid > 0 || errno == EINTR));
	if (pid != command)
		return EXIT_FAILURE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = pass_on };
	int status;
	pid_t pid;

	if (argc < 2 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) {
		fputs("usage: reaper COMMAND [ARG...]\n", stderr);
		return EXIT_FAILURE;
	}
	pid = fork();
	if (pid == 0) {
		execvp(argv[1], argv + 1);
		fprintf(stderr, "reaper: %s: %s\n", argv[1], strerror(errno));
		_exit(127);
	}
	command_pid = pid;
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	status = wait_for_command(pid);
	command_pid = 0;
	if (wait_for_children(GRACE_MS) == 0)
		return status;
	for_children(name_one);
	for (int i = 0; i < KILL_ROUNDS && for_children(kill_one); i++)
		wait_for_children(50);
	return status ? status : EXIT_LEFT;
}
