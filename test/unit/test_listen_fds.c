/* What is passed has the numbers from 3 on, which check uses for itself: so a child looks, and tells by its exit status. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/listen_fds.h"
#include "common/port_holder.h"
#include "test/lib/unit.h"

static uint16_t port;

/* On 127.0.0.1 with a port of the kernel's. */
static int open_socket(int type, int listens)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof sa;
	int fd = socket(AF_INET, type, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, n), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
	if (listens)
		ck_assert_int_eq(listen(fd, 1), 0);
	port = ntohs(sa.sin_port);
	return fd;
}

/* In the child: what failed is said on stderr. */
#define EXPECT(expr) ((expr) ? (void)0 : (fprintf(stderr, "not so: %s\n", #expr), _exit(1)))

/* As a service manager passes them: 3 is a listener, 4 is none, 5 is one. */
static void pass(pid_t to, const char *names)
{
	int fds[] = { open_socket(SOCK_STREAM, 1), open_socket(SOCK_DGRAM, 0), open_socket(SOCK_STREAM, 1) };
	char text[16];

	for (int i = 0; i < 3; i++)
		fds[i] = fcntl(fds[i], F_DUPFD, 20);
	for (int i = 0; i < 3; i++)
		EXPECT(dup2(fds[i], 3 + i) == 3 + i);
	snprintf(text, sizeof text, "%d", (int)to);
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", "3", 1);
	setenv("LISTEN_FDNAMES", names, 1);
	listen_fds_init();
	EXPECT(!getenv("LISTEN_PID") && !getenv("LISTEN_FDS") && !getenv("LISTEN_FDNAMES"));
}

static void take_ours(void)
{
	int fds[2];

	pass(getpid(), "a:b:c");
	EXPECT(listen_fds_take_tcp(fds, 2) == 2 && fds[0] == 3 && fds[1] == 5);
	for (int i = 0; i < 2; i++) {
		EXPECT(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
		EXPECT(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
	}
	EXPECT(fcntl(4, F_GETFD) == -1);
	EXPECT(listen_fds_take_tcp(fds, 2) == 0);
}

static void leave_others(void)
{
	int fds[2];

	pass(getppid(), "a:b:c");
	EXPECT(listen_fds_take_tcp(fds, 2) == 0);
	EXPECT(fcntl(3, F_GETFD) != -1);
}

static struct sockaddr_in own_address(int fd)
{
	struct sockaddr_in sa = { 0 };
	socklen_t n = sizeof sa;

	EXPECT(getsockname(fd, (struct sockaddr *)&sa, &n) == 0);
	return sa;
}

/* 4 is kept, too, but does not listen; 5 was opened for us. */
static void find_kept(void)
{
	struct sockaddr_in at_3, at_4;
	int fds[2];

	pass(getpid(), LISTEN_FDS_KEPT ":" LISTEN_FDS_KEPT ":" LISTEN_FDS_KEPT "s");
	at_3 = own_address(3), at_4 = own_address(4);
	EXPECT(listen_fds_take_tcp(fds, 2) == 1 && fds[0] == 5);
	EXPECT(listen_fds_take_kept((struct sockaddr *)&at_4) == -1);
	EXPECT(listen_fds_take_kept((struct sockaddr *)&at_3) == 3);
	EXPECT(fcntl(3, F_GETFL) & O_NONBLOCK);
	EXPECT(listen_fds_take_kept((struct sockaddr *)&at_3) == -1);
	EXPECT(listen_fds_close_kept());
	EXPECT(fcntl(4, F_GETFD) == -1 && fcntl(3, F_GETFD) != -1);
	EXPECT(!listen_fds_close_kept());
}

static void in_child(void (*look)(void))
{
	pid_t pid = fork();
	int status = -1;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		look();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

START_TEST(tcp_listeners_are_taken_and_others_closed)
{
	in_child(take_ours);
}
END_TEST

START_TEST(sockets_for_another_process_are_not_ours)
{
	in_child(leave_others);
}
END_TEST

START_TEST(kept_sockets_are_found_by_their_address)
{
	in_child(find_kept);
}
END_TEST

START_TEST(holder_of_a_port_is_named)
{
	char expected[64], *words;
	int fd = open_socket(SOCK_STREAM, 1);

	words = port_holder(port);
	snprintf(expected, sizeof expected, "pid %d (", (int)getpid());
	ck_assert_msg(strncmp(words, expected, strlen(expected)) == 0, "%s", words);
	ck_assert_ptr_nonnull(strstr(words, ") listens there"));
	free(words);
	close(fd);
}
END_TEST

UNIT_MAIN(tcp_listeners_are_taken_and_others_closed, sockets_for_another_process_are_not_ours,
	  kept_sockets_are_found_by_their_address, holder_of_a_port_is_named)
