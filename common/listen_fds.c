/*
 * listen_fds.c - see listen_fds.h. Owns the descriptors until they are taken.
 *
 * Of those that are kept only the first KEPT_MAX count, more than any daemon of ours listens on: one beyond is taken for
 * one that was opened for us.
 */
#include "common/listen_fds.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"

enum { FIRST = 3, KEPT_MAX = 64 };	/* SD_LISTEN_FDS_START */

static int n_passed;		/* FIRST and those that follow */
static uint64_t kept;		/* bit i: FIRST + i is kept, and not taken */

static bool is_kept(int fd)
{
	return fd - FIRST < KEPT_MAX && (kept & (UINT64_C(1) << (fd - FIRST)));
}

/* names: "a:b:c", one for each descriptor. */
static void find_kept(const char *names)
{
	const size_t wanted = strlen(LISTEN_FDS_KEPT);
	size_t len;

	kept = 0;
	for (int i = 0; names && i < n_passed && i < KEPT_MAX; i++) {
		len = strcspn(names, ":");
		if (len == wanted && memcmp(names, LISTEN_FDS_KEPT, len) == 0)
			kept |= UINT64_C(1) << i;
		names = names[len] ? names + len + 1 : NULL;
	}
}

void listen_fds_init(void)
{
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	long n = count ? strtol(count, NULL, 10) : 0;

	n_passed = pid && strtol(pid, NULL, 10) == getpid() && n > 0 && n < 4096 ? (int)n : 0;
	/* A number without a descriptor will be that of something else by the time they are taken. */
	for (int fd = FIRST; fd < FIRST + n_passed; fd++)
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			n_passed = fd - FIRST;
	find_kept(getenv("LISTEN_FDNAMES"));
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

static void set_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

size_t listen_fds_take_tcp(int *fds, size_t max)
{
	size_t n = 0;

	for (int fd = FIRST; fd < FIRST + n_passed; fd++) {
		if (is_kept(fd))
			continue;
		if (n < max && is_tcp_listener(fd)) {
			set_nonblocking(fd);
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

static bool is_same_in6(const struct sockaddr_in6 *a, const struct sockaddr_in6 *b)
{
	return a->sin6_port == b->sin6_port && a->sin6_scope_id == b->sin6_scope_id &&
	       memcmp(&a->sin6_addr, &b->sin6_addr, sizeof a->sin6_addr) == 0;
}

static bool is_same_in(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

static bool is_same(const struct sockaddr *a, const struct sockaddr *b)
{
	if (a->sa_family != b->sa_family)
		return false;
	switch (a->sa_family) {
	case AF_INET:
		return is_same_in((const struct sockaddr_in *)a, (const struct sockaddr_in *)b);
	case AF_INET6:
		return is_same_in6((const struct sockaddr_in6 *)a, (const struct sockaddr_in6 *)b);
	case AF_UNIX:
		return strncmp(((const struct sockaddr_un *)a)->sun_path, ((const struct sockaddr_un *)b)->sun_path,
			       sizeof ((const struct sockaddr_un *)a)->sun_path) == 0;
	default:
		return false;
	}
}

int listen_fds_take_kept(const struct sockaddr *sa)
{
	for (int fd = FIRST; fd < FIRST + KEPT_MAX; fd++) {
		struct sockaddr_storage own = { 0 };
		socklen_t len = sizeof own;

		if (!is_kept(fd) || !option_is(fd, SO_TYPE, SOCK_STREAM) || !option_is(fd, SO_ACCEPTCONN, 1) ||
		    getsockname(fd, (struct sockaddr *)&own, &len) || !is_same((const struct sockaddr *)&own, sa))
			continue;
		kept &= ~(UINT64_C(1) << (fd - FIRST));
		set_nonblocking(fd);
		return fd;
	}
	return -1;
}

bool listen_fds_close_kept(void)
{
	bool had_some = kept != 0;

	for (int fd = FIRST; fd < FIRST + KEPT_MAX; fd++)
		if (is_kept(fd))
			close(fd);
	kept = 0;
	return had_some;
}
