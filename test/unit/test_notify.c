/*
 * The manager is a socket of the test's; the clocks are real, and only the order of what it hears is looked at.
 */
#include <errno.h>
#include <ev.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/notify.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

static int manager;

static void listen_as_manager(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	snprintf(sa.sun_path, sizeof sa.sun_path, "%s", tmp_path("notify"));
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(manager, (struct sockaddr *)&sa, sizeof sa), 0);
	setenv("NOTIFY_SOCKET", sa.sun_path, 1);
}

/* The next thing it hears; NULL: nothing. */
static const char *heard(void)
{
	static char text[200];
	ssize_t n = recv(manager, text, sizeof text - 1, 0);

	if (n < 0)
		return NULL;
	text[n] = '\0';
	return text;
}

static void ask_for_watchdog(const char *us, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof text, "%d", (int)pid);
	setenv("WATCHDOG_USEC", us, 1);
	setenv("WATCHDOG_PID", text, 1);
	notify_init();
	ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
	ck_assert_ptr_null(getenv("WATCHDOG_PID"));
}

static void turn_three_times(struct ev_loop *loop)
{
	ev_ref(loop);
	for (int i = 0; i < 3; i++)
		ev_run(loop, EVRUN_ONCE);
	ev_unref(loop);
}

START_TEST(watchdog_is_fed_by_the_loop)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV);

	listen_as_manager();
	ask_for_watchdog("2000", getpid());
	notify_watch(loop);
	ck_assert_ptr_null(heard());
	turn_three_times(loop);
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(heard(), "WATCHDOG=1");
	ev_run(loop, 0);		/* is not kept alive by it */
	notify_unwatch();
	notify_unwatch();
	ev_loop_destroy(loop);
}
END_TEST

/* The loop has nothing else, so it returns at once. */
static void expect_silence(void)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV);

	notify_watch(loop);
	ev_run(loop, EVRUN_NOWAIT);
	ev_run(loop, EVRUN_NOWAIT);
	ck_assert_ptr_null(heard());
	notify_unwatch();
	ev_loop_destroy(loop);
}

/* What came with the next thing that it hears: a descriptor, which is closed; true. */
static bool heard_with_socket(const char *text)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char data[200] = "";
	struct iovec iov = { .iov_base = data, .iov_len = sizeof data - 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room,
	};
	int fd;

	ck_assert_int_ge(recvmsg(manager, &message, MSG_CMSG_CLOEXEC), 0);
	ck_assert_str_eq(data, text);
	if (!CMSG_FIRSTHDR(&message))
		return false;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	ck_assert_int_eq(close(fd), 0);
	return true;
}

START_TEST(sockets_are_given_to_be_kept)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	unsetenv("NOTIFY_SOCKET");
	notify_init();
	ck_assert(!notify_keep(fd, "door"));
	listen_as_manager();
	notify_init();
	ck_assert(notify_keep(fd, "door"));
	ck_assert(heard_with_socket("FDSTORE=1\nFDNAME=door"));
	notify_keep_none("door");
	ck_assert(!heard_with_socket("FDSTOREREMOVE=1\nFDNAME=door"));
	close(fd);
}
END_TEST

START_TEST(watchdog_of_another_process_is_none)
{
	listen_as_manager();
	ask_for_watchdog("2000", getppid());
	expect_silence();
	notify_init();			/* without the variables */
	expect_silence();
}
END_TEST

START_TEST(reload_and_stop_are_told)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV);
	unsigned long long us;
	const char *text;

	listen_as_manager();
	notify_init();
	notify_watch(loop);
	notify_reloading();
	text = heard();
	ck_assert_int_eq(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%llu", &us), 1);
	notify_reloaded();
	ck_assert_str_eq(heard(), "READY=1");
	notify_stopping("stopping: SIGTERM");
	ck_assert_str_eq(heard(), "STOPPING=1\nSTATUS=stopping: SIGTERM");
	ev_run(loop, 0);		/* that time is asked for keeps no loop alive */
	notify_unwatch();
	ev_loop_destroy(loop);
}
END_TEST

UNIT_MAIN(sockets_are_given_to_be_kept, watchdog_is_fed_by_the_loop, watchdog_of_another_process_is_none, reload_and_stop_are_told)
