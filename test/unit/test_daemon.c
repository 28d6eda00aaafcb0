#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/daemon.h"
#include "common/fd.h"
#include "common/notify.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

/* What somebody who starts a daemon sees. */
struct caller {
	char *out, *err;	/* owned */
	int status;		/* of waitpid(2) */
};

static char *read_end(int fd)
{
	struct buf text = { 0 };
	ssize_t n;

	while ((n = read(fd, buf_reserve(&text, 512), 512)) > 0)
		buf_commit(&text, (size_t)n);
	fd_close(&fd);
	return buf_take_string(&text);
}

/*
 * Runs `body` behind daemon_start() in a process with pipes for stdout and stderr and waits until both
 * are closed by everybody and the caller's process has ended.
 */
static struct caller start(void (*body)(void))
{
	int out[2], err[2];
	struct caller caller;
	pid_t pid;

	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		close(out[1]);
		close(err[1]);
		daemon_start();
		body();
		_exit(99);
	}
	close(out[1]);
	close(err[1]);
	caller.out = read_end(out[0]);
	caller.err = read_end(err[0]);
	ck_assert_int_eq(waitpid(pid, &caller.status, 0), pid);
	return caller;
}

static void expect(void (*body)(void), int status, const char *out, const char *err)
{
	struct caller caller = start(body);

	ck_assert_str_eq(caller.out, out);
	ck_assert_str_eq(caller.err, err);
	ck_assert(WIFEXITED(caller.status));
	ck_assert_int_eq(WEXITSTATUS(caller.status), status);
	free(caller.out);
	free(caller.err);
}

/* The test holds the other end; the daemon reports and ends there. */
static int report[2];

static void tell(const char *text)
{
	fd_write_all(report[1], text, strlen(text));
}

static void body_ready(void)
{
	char text[200], cwd[100] = "?", where[100] = "";
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);

	fprintf(stderr, "warning\n");
	daemon_ready("logs to /x");
	printf("to nobody");
	fflush(stdout);
	if (!getcwd(cwd, sizeof cwd) || readlink("/proc/self/fd/2", where, sizeof where - 1) < 0)
		tell("failed");
	snprintf(text, sizeof text, "background %d leader %d tty %d cwd %s stderr %s", daemon_is_background(),
		 getsid(0) == getpid(), tty >= 0, cwd, where);
	tell(text);
	_exit(0);
}

START_TEST(caller_sees_the_message_and_the_daemon_is_detached)
{
	char *text;

	ck_assert_int_eq(pipe2(report, O_CLOEXEC), 0);
	expect(body_ready, 0, "logs to /x\n", "warning\n");
	fd_close(&report[1]);
	text = read_end(report[0]);
	ck_assert_str_eq(text, "background 1 leader 0 tty 0 cwd / stderr /dev/null");
	free(text);
}
END_TEST

/* Stays until the test has seen the caller's process end. */
static void body_stay(void)
{
	char c;

	daemon_ready(NULL);
	tell(read(report[0], &c, 1) == 1 ? "told" : "alone");
	_exit(0);
}

START_TEST(daemon_outlives_its_caller)
{
	int ends[2];
	char *text;

	/* Both directions over one socket, whose daemon's end is report[0] and report[1]. */
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	report[0] = report[1] = ends[1];
	expect(body_stay, 0, "", "");
	fd_close(&ends[1]);
	ck_assert_int_eq(fd_write_all(ends[0], "x", 1), 0);
	text = read_end(ends[0]);
	ck_assert_str_eq(text, "told");
	free(text);
}
END_TEST

static void body_fail(void)
{
	fprintf(stderr, "port 50053: taken\n");
	exit(78);
}

static void body_succeed_early(void)
{
	_exit(0);
}

static void body_die(void)
{
	raise(SIGKILL);
}

/* A child that the daemon leaves behind must not keep the caller waiting. */
static void body_leave_child(void)
{
	if (fork() == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(report[0], STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execlp("cat", "cat", (char *)NULL);
		_exit(127);
	}
	_exit(5);
}

START_TEST(caller_ends_as_the_daemon_did)
{
	struct caller caller;

	expect(body_fail, 78, "", "port 50053: taken\n");
	expect(body_succeed_early, 0, "", "");
	caller = start(body_die);
	ck_assert_int_eq(WEXITSTATUS(caller.status), 128 + SIGKILL);
	ck_assert_str_eq(caller.out, "");
	ck_assert_ptr_nonnull(strstr(caller.err, ": killed by signal 9 (Killed) before it was ready\n"));
	free(caller.out);
	free(caller.err);
}
END_TEST

START_TEST(children_left_behind_are_not_waited_for)
{
	ck_assert_int_eq(pipe2(report, O_CLOEXEC), 0);
	expect(body_leave_child, 5, "", "");
	fd_close(&report[1]);		/* lets the child go */
	fd_close(&report[0]);
}
END_TEST

START_TEST(ready_does_nothing_in_the_foreground)
{
	int before = fcntl(STDERR_FILENO, F_GETFL);
	char cwd[200];

	ck_assert_int_eq(chdir("/proc"), 0);
	daemon_ready("not printed");
	ck_assert(!daemon_is_background());
	ck_assert_str_eq(getcwd(cwd, sizeof cwd), "/proc");
	ck_assert_int_eq(fcntl(STDERR_FILENO, F_GETFL), before);
}
END_TEST

START_TEST(pid_file_keeps_a_second_daemon_out)
{
	const char *path = tmp_file("pid", "1234567890123\n99999\n");
	pid_t other = -1;
	char expected[32], *text;
	int fd;

	ck_assert_int_eq(daemon_find(path), 0);		/* left by a dead one */
	fd = daemon_lock(path, &other);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(other, -1);
	snprintf(expected, sizeof expected, "%d\n", (int)getpid());
	text = tmp_read(path);
	ck_assert_str_eq(text, expected);
	free(text);
	ck_assert_int_eq(daemon_find(path), getpid());
	ck_assert_int_eq(daemon_lock(path, &other), -EWOULDBLOCK);
	ck_assert_int_eq(other, getpid());
	ck_assert_int_eq(daemon_find(path), getpid());
	fd_close(&fd);
	ck_assert_int_eq(daemon_find(path), 0);
}
END_TEST

START_TEST(pid_that_cannot_be_read_is_not_known)
{
	static const char *const contents[] = { "", "abc\n", "0\n", "-5\n", "99999999999\n",
						"111111111111111111111111111111111111111111\n" };
	const char *path = tmp_path("pid");
	int fd = fd_lock_file(path);

	for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
		pid_t other = -1;

		ck_assert_int_eq(ftruncate(fd, 0), 0);
		ck_assert_int_eq((int)pwrite(fd, contents[i], strlen(contents[i]), 0), (int)strlen(contents[i]));
		ck_assert_int_eq(daemon_lock(path, &other), -EWOULDBLOCK);
		ck_assert_int_eq(other, 0);
		ck_assert_int_eq(daemon_find(path), 0);
	}
	fd_close(&fd);
}
END_TEST

/* A daemon that was killed between fork(2) and exec(2) of a child, which has the lock for that time. */
START_TEST(pid_file_outlives_its_daemon_for_a_moment)
{
	enum { CHILD_MS = 100 };
	const char *path = tmp_path("pid");
	pid_t other = -1, pid = fork();
	int fd;

	if (pid == 0) {
		if (daemon_lock(path, &other) < 0)
			_exit(1);
		if (fork() == 0)
			poll(NULL, 0, CHILD_MS);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &fd, 0), pid);
	ck_assert_int_eq(fd, 0);
	fd = daemon_lock(path, &other);
	ck_assert_msg(fd >= 0, "%s, by %d", strerror(-fd), (int)other);
	fd_close(&fd);
}
END_TEST

/* Who owns the file and locks it may write any number: root is not to signal the process for him. */
START_TEST(pid_file_names_a_process_of_its_owner)
{
	const char *path = tmp_path("pid");
	pid_t other = -1;
	int fd = daemon_lock(path, &other);

	ck_assert_int_eq(daemon_find(path), getpid());
	if (geteuid() == 0) {		/* nobody else can give it away */
		ck_assert_int_eq(chown(path, 12345, (gid_t)-1), 0);
		ck_assert_int_eq(daemon_find(path), -EPERM);
	}
	fd_close(&fd);
	ck_assert_int_eq(daemon_find(path), 0);
}
END_TEST

START_TEST(pid_file_errors)
{
	pid_t other = -1;

	ck_assert_int_eq(daemon_find(tmp_path("none")), 0);
	ck_assert_int_eq(daemon_lock(tmp_path("none/pid"), &other), -ENOENT);
	ck_assert_int_eq(daemon_find(tmp_path("file/pid")), 0);
	tmp_file("file", "");
	ck_assert_int_eq(daemon_find(tmp_path("file/pid")), -ENOTDIR);
	ck_assert_int_eq(other, -1);
}
END_TEST

/* A service manager that listens on `path`; '@' is an abstract name. */
static int listen_as_manager(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(addr.sun_path, path, n);
	if (path[0] == '@')
		addr.sun_path[0] = '\0';
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static void expect_datagram(int fd, const char *expected)
{
	char text[200];
	ssize_t n = recv(fd, text, sizeof text - 1, 0);

	ck_assert_int_ge((int)n, 0);
	text[n] = '\0';
	ck_assert_str_eq(text, expected);
}

START_TEST(service_manager_is_told)
{
	char abstract[64];
	int fd = listen_as_manager(tmp_path("notify"));

	notify_init();
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	notify_send("READY=1\nSTATUS=%d agents", 3);
	expect_datagram(fd, "READY=1\nSTATUS=3 agents");
	fd_close(&fd);
	notify_send("STOPPING=1");	/* nobody listens any more */

	snprintf(abstract, sizeof abstract, "@sloth-test-%d", (int)getpid());
	fd = listen_as_manager(abstract);
	notify_init();
	notify_send("READY=1");
	expect_datagram(fd, "READY=1");
	fd_close(&fd);
}
END_TEST

START_TEST(without_a_service_manager_nothing_happens)
{
	static const char *const odd[] = { "", "/", "relative", "@" };

	notify_init();
	notify_send("READY=1");
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		setenv("NOTIFY_SOCKET", odd[i], 1);
		notify_init();
		notify_send("READY=1");
		ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	}
}
END_TEST

START_TEST(forbidden_dumps_are_not_made)
{
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
	daemon_forbid_dumps();
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 0);
}
END_TEST

UNIT_MAIN(forbidden_dumps_are_not_made, caller_sees_the_message_and_the_daemon_is_detached, daemon_outlives_its_caller,
	  caller_ends_as_the_daemon_did, children_left_behind_are_not_waited_for,
	  ready_does_nothing_in_the_foreground, pid_file_keeps_a_second_daemon_out,
	  pid_that_cannot_be_read_is_not_known, pid_file_outlives_its_daemon_for_a_moment,
	  pid_file_names_a_process_of_its_owner, pid_file_errors, service_manager_is_told, without_a_service_manager_nothing_happens)
