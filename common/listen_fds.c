/*
 * listen_fds.c - see listen_fds.h. Owns the descriptors until they are taken.
 */
#include "common/listen_fds.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"

enum { FIRST = 3 };		/* SD_LISTEN_FDS_START */

static int n_passed;		/* FIRST and those that follow */

void listen_fds_init(void)
{
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	long n = count ? strtol(count, NULL, 10) : 0;

	n_passed = pid && strtol(pid, NULL, 10) == getpid() && n > 0 && n < 4096 ? (int)n : 0;
	/* A number without a descriptor will be that of something else by the time they are taken. */
	for (int fd = FIRST; fd < FIRST + n_passed; fd++)
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			n_passed = fd - FIRST;
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
}

static bool option_is(int fd, int option, int wanted)
{
	socklen_t n = sizeof wanted;
	int value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &n) == 0 && value == wanted;
}

static bool is_tcp_listener(int fd)
{
	return option_is(fd, SO_TYPE, SOCK_STREAM) && option_is(fd, SO_ACCEPTCONN, 1) &&
	       (option_is(fd, SO_DOMAIN, AF_INET) || option_is(fd, SO_DOMAIN, AF_INET6));
}

size_t listen_fds_take_tcp(int *fds, size_t max)
{
	size_t n = 0;

	for (int fd = FIRST; fd < FIRST + n_passed; fd++) {
		if (n < max && is_tcp_listener(fd)) {
			fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
			fds[n++] = fd;
		} else {
			log_warn("descriptor %d of the service manager is not used: only TCP sockets that listen are, "
				 "at most %zu", fd, max);
			close(fd);
		}
	}
	n_passed = 0;
	return n;
}
