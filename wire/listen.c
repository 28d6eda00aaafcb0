/*
 * listen.c - how a connection begins that a peer begins: listening sockets, admission, accept.
 *
 * Admission is decided before a byte is read: connections in all, on unix sockets, and per address
 * for strangers, at a time and per second. Out of descriptors the listener rests for a moment instead of spinning.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/listen_fds.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/notify.h"
#include "common/port_holder.h"
#include "wire/census.h"
#include "wire/conn.h"

enum { BACKLOG = 1024, LET_GO_PAUSE_MS = 50, LET_GO_TRIES = 60 };
static const double rest_s = 0.1;

/* ---- accepting ---- */

static void rest(struct wire_listener *l, const char *why)
{
	if (guard_bucket_take(&l->wire->fault_lines, mono_ms()))
		log_error("listener %s: cannot accept: %s; trying again in 100 ms", l->address, why);
	ev_io_stop(l->wire->loop, &l->watcher);
	ev_timer_set(&l->pause, rest_s, 0);
	ev_timer_start(l->wire->loop, &l->pause);
}

static void on_rested(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct wire_listener *l = w->data;

	(void)events;
	ev_io_start(loop, &l->watcher);
}

/* About half of the descriptors at most: the rest is for what connections ask for. */
static unsigned max_conns(bool is_operator)
{
	struct rlimit limit;
	unsigned max = WIRE_CONNS_MAX;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 2 < max)
		max = (unsigned)(limit.rlim_cur / 2);
	return is_operator ? max + max / WIRE_CONNS_SPARE : max;
}

/*
 * What a stranger's address has too much of. One that is refused costs little and takes nothing of the rate: many
 * behind one address come back until all of them are in.
 */
static const char *exceeds(struct census *census, uint64_t address)
{
	if (census_count(census, address) > WIRE_CONNS_PER_ADDRESS)
		return "too many connections from its address";
	return census_admit(census, address, mono_ms()) ? NULL : "too many connections within a short time from its address";
}

static bool admit(struct wire_listener *l, struct wire_conn *conn)
{
	struct wire *wire = l->wire;
	const char *why = NULL;

	if (wire->n_conns - wire->n_many > max_conns(conn->is_operator))
		why = "too many connections";
	else if (conn->peer.is_unix && wire->n_unix > WIRE_CONNS_UNIX)
		why = "too many connections on unix sockets";
	else if (conn->counted_as)
		why = exceeds(wire->census, conn->counted_as);
	if (!why)
		return true;
	log_debug("connection %s: refused, %s", conn->peer.address, why);
	conn_abort(conn, why);
	return false;
}

static void take(struct wire_listener *l, int fd, const struct sockaddr *sa, socklen_t len)
{
	struct wire_conn *conn = conn_new(l->wire, CONN_SNIFFING, l->ops, l->arg);

	conn->role = WIRE_SERVER;
	conn->accepted = true;
	conn_attach(conn, fd, sa, len);
	if (admit(l, conn) && !conn->peer.is_unix)
		wire_conn_set_keepalive(conn, WIRE_SERVER_PING_MS, WIRE_SERVER_PING_TIMEOUT_MS, true);
}

static bool is_passing(int error)
{
	return error == ECONNABORTED || error == EPROTO || error == EINTR || error == EPERM;
}

static void on_acceptable(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct wire_listener *l = w->data;
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	(void)loop;
	(void)events;
	for (int i = 0; i < WIRE_ACCEPTS_PER_TURN; i++) {
		len = sizeof ss;
		fd = accept4(l->fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			take(l, fd, (struct sockaddr *)&ss, len);
		} else if (errno == EAGAIN) {
			return;
		} else if (!is_passing(errno)) {
			rest(l, strerror(errno));
			return;
		}
	}
}

/* ---- listening ---- */

/* A socket that nobody listens on; anything else at that path is not ours to remove. */
static bool is_stale(const struct wire_addr *a)
{
	struct stat st;
	struct sockaddr_storage ss;
	socklen_t len;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool stale;

	if (fd < 0)
		return false;
	if (lstat(a->path, &st) || !S_ISSOCK(st.st_mode) || wire_addr_to_sockaddr(a, &ss, &len) < 0) {
		close(fd);
		return false;
	}
	stale = connect(fd, (struct sockaddr *)&ss, len) < 0 && errno == ECONNREFUSED;
	close(fd);
	return stale;
}

static int bind_unix(int fd, const struct wire_addr *a, const struct sockaddr *sa, socklen_t len)
{
	mode_t old;
	int rv;

	if (is_stale(a))
		unlink(a->path);
	old = umask(0117);		/* 0660 from the first moment on */
	rv = bind(fd, sa, len);
	umask(old);
	return rv;
}

static int bind_tcp(int fd, const struct sockaddr *sa, socklen_t len)
{
	int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (sa->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	return bind(fd, sa, len);
}

/* What the service manager has kept of an earlier process; of a unix socket only while its path leads to it. -1: nothing. */
static int take_kept(const struct wire_addr *a, const struct sockaddr *sa)
{
	struct stat st;
	int fd = listen_fds_take_kept(sa);

	if (fd < 0 || !a->is_unix || (lstat(a->path, &st) == 0 && S_ISSOCK(st.st_mode) && !is_stale(a)))
		return fd;
	close(fd);
	return -1;
}

/* The listening socket or -errno. */
static int open_new(const struct wire_addr *a, const struct sockaddr *sa, socklen_t len)
{
	int fd, rv, error;

	fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	rv = a->is_unix ? bind_unix(fd, a, sa, len) : bind_tcp(fd, sa, len);
	if (rv == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

/* The configuration names other addresses than before: what was kept for these may be in the way, and is let go of. The
 * manager does it when it comes to it, so this waits; nothing runs yet. */
static int open_in_its_place(const struct wire_addr *a, const struct sockaddr *sa, socklen_t len)
{
	static const struct timespec pause = { .tv_nsec = 1000L * 1000 * LET_GO_PAUSE_MS };
	int fd = -EADDRINUSE;

	if (!listen_fds_close_kept())
		return fd;
	notify_keep_none(LISTEN_FDS_KEPT);
	for (int i = 0; i < LET_GO_TRIES && fd == -EADDRINUSE; i++) {
		nanosleep(&pause, NULL);
		fd = open_new(a, sa, len);
	}
	return fd;
}

/* The listening socket, kept or new, or -errno. */
static int open_socket(const struct wire_addr *a)
{
	struct sockaddr_storage ss = { 0 };
	const struct sockaddr *sa = (const struct sockaddr *)&ss;
	socklen_t len;
	int fd, rv = wire_addr_to_sockaddr(a, &ss, &len);

	if (rv < 0)
		return rv;
	fd = take_kept(a, sa);
	if (fd < 0)
		fd = open_new(a, sa, len);
	return fd == -EADDRINUSE ? open_in_its_place(a, sa, len) : fd;
}

static char *bound_address(int fd, const struct wire_addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	char text[WIRE_ADDR_MAX];

	if (a->is_unix || getsockname(fd, (struct sockaddr *)&ss, &len))
		wire_addr_format(a, text);
	else
		wire_addr_from_sockaddr((struct sockaddr *)&ss, len, text);
	return mem_strdup(text);
}

/* Owned words. */
static char *explain(const char *address, const struct wire_addr *a, int error)
{
	char *holder, *words;

	if (error == EADDRNOTAVAIL)
		return mem_printf("%s: no interface of this machine has that address (yet)", address);
	if (error != EADDRINUSE || a->is_unix)
		return mem_printf("%s: %s", address, error == EINVAL ? "not a literal address" : strerror(error));
	holder = port_holder(a->port);
	words = mem_printf("%s: %s: %s", address, strerror(error), holder);
	free(holder);
	return words;
}

static struct wire_listener *listen_on(struct wire *wire, int fd, const struct wire_addr *a,
				       const struct wire_conn_ops *ops, void *arg)
{
	struct wire_listener *l = mem_new(struct wire_listener);
	struct stat st;

	l->wire = wire;
	l->ops = ops;
	l->arg = arg;
	l->fd = fd;
	l->address = bound_address(fd, a);
	l->path = a->is_unix ? mem_strdup(a->path) : NULL;
	if (l->path && lstat(l->path, &st) == 0) {
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	ev_timer_init(&l->pause, on_rested, 0, 0);
	ev_io_init(&l->watcher, on_acceptable, fd, EV_READ);
	l->pause.data = l->watcher.data = l;
	ev_io_start(wire->loop, &l->watcher);
	list_push(&wire->listeners, &l->link);
	return l;
}

struct wire_listener *wire_listen_fd(struct wire *wire, int fd, const struct wire_conn_ops *ops)
{
	static const struct wire_addr unknown = { .is_unix = false };
	struct wire_listener *l = listen_on(wire, fd, &unknown, ops, NULL);

	l->is_passed = true;
	return l;
}

struct wire_listener *wire_listen(struct wire *wire, const char *address, const struct wire_conn_ops *ops,
				  void *arg, char **error)
{
	struct wire_addr a;
	const char *why;
	int fd;

	if (wire_addr_parse(address, 0, &a, &why) < 0) {
		*error = mem_printf("%s: %s", address, why);
		return NULL;
	}
	fd = open_socket(&a);
	if (fd < 0) {
		*error = explain(address, &a, -fd);
		return NULL;
	}
	return listen_on(wire, fd, &a, ops, arg);
}

void wire_listeners_keep(struct wire_listener *const *listeners, size_t n)
{
	if (listen_fds_close_kept())
		notify_keep_none(LISTEN_FDS_KEPT);
	for (size_t i = 0; i < n; i++)
		listeners[i]->is_kept = !listeners[i]->is_passed && notify_keep(listeners[i]->fd, LISTEN_FDS_KEPT);
}

const char *wire_listener_address(const struct wire_listener *l)
{
	return l->address;
}

/* Somebody may have put another socket in its place. */
static bool is_same_socket(const struct wire_listener *l)
{
	struct stat st;

	return lstat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino;
}

void wire_listener_close(struct wire_listener *l)
{
	if (!l)
		return;
	ev_io_stop(l->wire->loop, &l->watcher);
	ev_timer_stop(l->wire->loop, &l->pause);
	list_remove(&l->link);
	if (l->path && !l->is_kept && is_same_socket(l))
		unlink(l->path);
	close(l->fd);
	free(l->address);
	free(l->path);
	free(l);
}
