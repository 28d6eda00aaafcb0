/*
 * dial.c - how a connection begins that we begin: look up, connect to each address in turn, speak first.
 *
 * Reasons are short words ("refused", "timeout", "no route"), because owners put the address in front.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "wire/conn.h"
#include "wire/resolve.h"
#include "wire/sniff.h"

enum { ADDRS_MAX = 8, BACKLOG_RETRY_MS = 5, FILES_SPARE = 32 };

struct dial {
	struct wire_conn *conn;
	enum wire_role role;
	struct wire_tls *tls;		/* NULL: plaintext */
	enum wire_kind expect;
	char expect_name[WIRE_NAME_MAX + 1];	/* "": any */
	bool is_elsewhere;
	struct wire_addr addr;
	struct sockaddr_storage addrs[ADDRS_MAX];
	size_t n, at;
	int fd;
	struct ev_io connected;
	struct ev_timer patience;	/* with the address being tried */
	struct resolve_query *query;
};

static enum wire_fault fault_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ENOENT: return WIRE_FAULT_REFUSED;
	case ETIMEDOUT: return WIRE_FAULT_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH: return WIRE_FAULT_NO_ROUTE;
	default: return WIRE_FAULT_NONE;
	}
}

static const char *reason(int error)
{
	switch (error) {
	case ECONNREFUSED: return "refused";
	case ETIMEDOUT: return "timeout";
	case EHOSTUNREACH: return "no route to host";
	case ENETUNREACH: return "network unreachable";
	case ENOENT: return "no such socket";
	case EACCES: return "permission denied";
	default: return strerror(error);
	}
}

static socklen_t length_of(const struct sockaddr_storage *ss)
{
	switch (ss->ss_family) {
	case AF_INET: return sizeof(struct sockaddr_in);
	case AF_INET6: return sizeof(struct sockaddr_in6);
	default: return sizeof(struct sockaddr_un);
	}
}

static void close_attempt(struct dial *d)
{
	struct ev_loop *loop = d->conn->wire->loop;

	ev_io_stop(loop, &d->connected);
	ev_timer_stop(loop, &d->patience);
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

void dial_cancel(struct wire_conn *conn)
{
	struct dial *d = conn->dial;

	if (!d)
		return;
	conn->dial = NULL;
	close_attempt(d);
	if (d->query)
		resolve_cancel(d->query);
	free(d);
}

bool dial_is_looking_up(const struct wire_conn *conn)
{
	return conn->dial && conn->dial->query;
}

static void give_up(struct dial *d, enum wire_fault fault, const char *why)
{
	conn_note_fault(d->conn, fault);
	conn_abort(d->conn, why);
}

static void begin_plaintext(struct wire_conn *conn, enum wire_role role)
{
	if (role == WIRE_SERVER)
		buf_append(&conn->out, SNIFF_REVERSE_LINE, SNIFF_REVERSE_LEN);
	conn_begin(conn, role);
}

/* The socket is connected: from here on it is the connection's. */
static void succeed(struct dial *d)
{
	struct wire_conn *conn = d->conn;
	const struct sockaddr_storage *ss = &d->addrs[d->at];
	struct transport_wish wish = { .is_reverse = d->role == WIRE_SERVER, .kind = d->expect };
	char name[WIRE_NAME_MAX + 1];
	enum wire_role role = d->role;
	struct wire_tls *tls = d->tls;
	int fd = d->fd;

	d->fd = -1;
	memcpy(name, d->expect_name, sizeof name);
	wish.name = name;
	conn_attach(conn, fd, (const struct sockaddr *)ss, length_of(ss));
	dial_cancel(conn);
	if (tls)
		conn_secure(conn, tls, &wish);
	else
		begin_plaintext(conn, role);
}

static void try_address(struct dial *d);

static void try_next(struct dial *d, int error)
{
	close_attempt(d);
	if (++d->at < d->n)
		try_address(d);
	else
		give_up(d, fault_of(error), reason(error));
}

static void on_connected(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct dial *d = w->data;
	int error = 0;
	socklen_t len = sizeof error;

	(void)events;
	ev_io_stop(loop, w);
	if (getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	if (error)
		try_next(d, error);
	else
		succeed(d);
}

static void on_patience(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct dial *d = w->data;

	(void)loop;
	(void)events;
	if (d->fd >= 0) {
		try_next(d, ETIMEDOUT);
	} else {
		try_address(d);		/* a unix socket whose backlog was full */
	}
}

/* Every address still to be tried gets the same share of the time that is left. */
static double share_s(const struct dial *d)
{
	uint64_t end = d->conn->begun_ms + d->conn->dial_timeout_ms, now = mono_ms();

	return end > now ? (double)(end - now) / 1000 / (double)(d->n - d->at) : 0;
}

static void wait_for(struct dial *d, double seconds)
{
	struct ev_loop *loop = d->conn->wire->loop;

	ev_now_update(loop);
	ev_timer_set(&d->patience, seconds, 0);
	ev_timer_start(loop, &d->patience);
}

static void try_address(struct dial *d)
{
	const struct sockaddr_storage *ss = &d->addrs[d->at];

	if (!d->tls && ss->ss_family != AF_UNIX && !wire_sockaddr_is_loopback((const struct sockaddr *)ss)) {
		give_up(d, WIRE_FAULT_NEEDS_TLS, "that address needs TLS: plaintext (--insecure) does not leave this machine");
		return;
	}
	d->fd = socket(ss->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->fd < 0) {
		try_next(d, errno);
	} else if (connect(d->fd, (const struct sockaddr *)ss, length_of(ss)) == 0) {
		succeed(d);
	} else if (errno == EINPROGRESS) {
		ev_io_set(&d->connected, d->fd, EV_WRITE);
		ev_io_start(d->conn->wire->loop, &d->connected);
		if (d->at + 1 < d->n)
			wait_for(d, share_s(d));
	} else if (errno == EAGAIN) {
		close_attempt(d);
		wait_for(d, BACKLOG_RETRY_MS / 1000.0);
	} else {
		try_next(d, errno);
	}
}

static bool is_allowed(const struct dial *d, const struct sockaddr_storage *ss)
{
	return !d->is_elsewhere || wire_sockaddr_is_elsewhere((const struct sockaddr *)ss);
}

/* The first address that may be dialled, and with it all the others that may. */
static void try_addresses(struct dial *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		if (is_allowed(d, &d->addrs[i]))
			d->addrs[n++] = d->addrs[i];
	d->n = n;
	if (n)
		try_address(d);
	else
		give_up(d, WIRE_FAULT_NONE, "that address leads to this machine's own loopback interface, or to no machine");
}

static void on_resolved(const struct sockaddr_storage *addrs, size_t n, const char *why, void *arg)
{
	struct dial *d = arg;

	d->query = NULL;
	if (n == 0) {
		give_up(d, WIRE_FAULT_LOOKUP, why);
		return;
	}
	d->n = n < ADDRS_MAX ? n : ADDRS_MAX;
	memcpy(d->addrs, addrs, d->n * sizeof *addrs);
	try_addresses(d);
}

/* "localhost" needs no resolver. */
static void add_localhost(struct dial *d)
{
	static const char *const hosts[] = { "127.0.0.1", "::1" };
	struct wire_addr a = { .port = d->addr.port };
	socklen_t len;

	for (size_t i = 0; i < 2; i++) {
		snprintf(a.host, sizeof a.host, "%s", hosts[i]);
		if (wire_addr_to_sockaddr(&a, &d->addrs[d->n], &len) == 0)
			d->n++;
	}
}

static void start(struct dial *d)
{
	struct wire *wire = d->conn->wire;
	socklen_t len;

	if (wire_addr_to_sockaddr(&d->addr, &d->addrs[0], &len) == 0)
		d->n = 1;
	else if (!strcmp(d->addr.host, "localhost"))
		add_localhost(d);
	if (d->n) {
		try_addresses(d);
		return;
	}
	if (!wire->resolver)
		wire->resolver = resolver_new(wire->loop);
	d->query = resolve_start(wire->resolver, d->addr.host, d->addr.port, on_resolved, d);
}

static struct dial *dial_new(struct wire_conn *conn, const struct wire_dial *how)
{
	struct dial *d = mem_new(struct dial);

	d->conn = conn;
	d->role = how->role;
	d->tls = how->tls;
	d->expect = how->expect;
	snprintf(d->expect_name, sizeof d->expect_name, "%s", how->expect_name ? how->expect_name : "");
	d->is_elsewhere = how->is_elsewhere;
	d->fd = -1;
	ev_io_init(&d->connected, on_connected, -1, EV_WRITE);
	ev_timer_init(&d->patience, on_patience, 0, 0);
	d->connected.data = d->patience.data = d;
	return d;
}

/* Whoever registers agents has them dialled: that may not take what callers need, which is half (listen.c). */
static bool take_descriptor(struct wire_conn *conn)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    (limit.rlim_cur < FILES_SPARE || conn->wire->n_many >= (limit.rlim_cur - FILES_SPARE) / 8 * 3))
		return false;
	conn->is_one_of_many = true;
	conn->wire->n_many++;
	return true;
}

struct wire_conn *wire_dial(struct wire *wire, const struct wire_dial *dial, const struct wire_conn_ops *ops, void *arg)
{
	struct wire_conn *conn = conn_new(wire, CONN_DIALING, ops, arg);
	const char *why = "";

	conn->role = dial->role;
	conn->is_operator = true;
	conn->peer_address = mem_strdup(dial->address);
	conn->peer.address = conn->peer_address;
	conn->dial_timeout_ms = dial->timeout_ms ? dial->timeout_ms : WIRE_DIAL_MS;
	if (dial->keepalive_ms)
		conn->keepalive_ms = wire->keepalive_scale *
			(dial->keepalive_ms > WIRE_KEEPALIVE_MIN_MS ? dial->keepalive_ms : WIRE_KEEPALIVE_MIN_MS);
	conn->keepalive_timeout_ms = dial->keepalive_timeout_ms ? dial->keepalive_timeout_ms : 10000;
	conn->keepalive_idle = dial->keepalive_idle;
	conn->dial = dial_new(conn, dial);
	if (wire_addr_parse(dial->address, 0, &conn->dial->addr, &why) < 0) {
		conn_abort(conn, why);
		return conn;
	}
	if (!conn->dial->addr.is_unix && conn->dial->addr.port == 0) {
		conn_abort(conn, "port is not in 1..65535");
		return conn;
	}
	if (dial->is_one_of_many && !take_descriptor(conn)) {
		conn_abort(conn, "too few file descriptors are left (ulimit -n)");
		return conn;
	}
	if (!conn->dial->addr.is_unix)
		conn->authority = mem_strdup(dial->address);
	start(conn->dial);
	conn_arm(conn);
	return conn;
}
