/*
 * conn.c - one HTTP/2 connection: its socket, its life and its flushing. Times are conn_time.c's.
 *
 *   DIALING --connected--> HANDSHAKE --SETTINGS--> UP --close, GOAWAY--> DRAINING --last call--> CLOSING
 *                             ^                                                                    |
 *   SNIFFING --peer known-----+                                             out is empty: LINGERING
 *      |                                                                                           |
 *      +------------------------- error, timeout: from every state --------> DOWN <----------------+
 *
 * The socket is closed when the state becomes DOWN; the struct goes when all calls have been told and
 * on_down has returned. h2 lives to that point, because its callbacks may be on the stack.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/sm.h"
#include "common/str.h"
#include "wire/census.h"
#include "wire/conn.h"
#include "wire/internal.h"
#include "wire/sniff.h"

static const struct sm_state conn_states[] = {
	[CONN_DIALING]   = { "dialing", SM(CONN_HANDSHAKE) | SM(CONN_DOWN) },
	[CONN_SNIFFING]  = { "sniffing", SM(CONN_HANDSHAKE) | SM(CONN_CLOSING) | SM(CONN_DOWN) },
	[CONN_HANDSHAKE] = { "handshake", SM(CONN_UP) | SM(CONN_DRAINING) | SM(CONN_CLOSING) | SM(CONN_DOWN) },
	[CONN_UP]        = { "up", SM(CONN_DRAINING) | SM(CONN_CLOSING) | SM(CONN_DOWN) },
	[CONN_DRAINING]  = { "draining", SM(CONN_CLOSING) | SM(CONN_DOWN) },
	[CONN_CLOSING]   = { "closing", SM(CONN_LINGERING) | SM(CONN_DOWN) },
	[CONN_LINGERING] = { "lingering", SM(CONN_DOWN) },
	[CONN_DOWN]      = { "down", 0 },
};

void conn_set_state(struct wire_conn *conn, enum conn_state state)
{
	sm_move(conn_states, &conn->state, state, conn->peer.address);
}

static void set_why(struct wire_conn *conn, const char *why)
{
	if (!conn->why)
		conn->why = mem_strdup(why);
}

struct wire_conn *conn_new(struct wire *wire, enum conn_state state, const struct wire_conn_ops *ops, void *arg)
{
	struct wire_conn *conn = mem_new(struct wire_conn);

	conn->wire = wire;
	conn->state = state;
	conn->ops = ops;
	conn->arg = arg;
	conn->peer = (struct wire_peer){ .address = "", .pid = -1, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	list_push(&wire->conns, &conn->link);
	wire->n_conns++;
	list_init(&conn->dirty_link);
	list_init(&conn->dying_link);
	list_init(&conn->calls);
	list_init(&conn->waiting);
	conn->begun_ms = mono_ms();
	conn_time_init(conn);
	return conn;
}

void conn_mark_dirty(struct wire_conn *conn)
{
	if (conn->state == CONN_DOWN || !list_is_empty(&conn->dirty_link))
		return;
	list_push(&conn->wire->dirty, &conn->dirty_link);
	wire_schedule(conn->wire);
}

/* ---- events of the HTTP/2 session ---- */

static void on_settings(void *arg)
{
	struct wire_conn *conn = arg;

	if (conn->state != CONN_HANDSHAKE)
		return;
	conn_set_state(conn, CONN_UP);
	conn->up_due = true;
	conn_mark_dirty(conn);
	conn_start_waiting(conn);
}

static void on_ping_ack(void *arg)
{
	struct wire_conn *conn = arg;

	conn->ping_out = false;
	if (conn->state == CONN_DRAINING)
		conn_drain_final(conn);
}

static void on_goaway(void *arg, uint32_t error, const uint8_t *debug, size_t n)
{
	struct wire_conn *conn = arg;
	char text[300];

	snprintf(text, sizeof text, "the peer ends the connection: %s %s", wire_h2_error_name(error),
		 n ? str_quote_n(debug, n) : "");
	if (error)
		set_why(conn, text);
	if (conn->state != CONN_UP && conn->state != CONN_HANDSHAKE)
		return;
	conn_drain(conn, UINT32_MAX, text);	/* what runs may end; how long that takes is the peer's business */
}

static void *on_request(void *arg, int32_t id)
{
	struct wire_conn *conn = arg;

	if (conn->state >= CONN_CLOSING)
		return NULL;
	conn->n_streams++;
	return server_request(conn, id);
}

static const struct h2_ops h2_ops = {
	.on_settings = on_settings,
	.on_ping_ack = on_ping_ack,
	.on_goaway = on_goaway,
	.on_request = on_request,
	.on_field = call_h2_field,
	.on_headers = call_h2_headers,
	.on_data = call_h2_data,
	.on_half_close = call_h2_half_close,
	.on_end_sent = call_h2_end_sent,
	.on_close = call_h2_close,
	.pull = call_h2_pull,
	.copy = call_h2_copy,
	.on_trailers = call_h2_trailers,
};

void conn_begin(struct wire_conn *conn, enum wire_role role)
{
	struct h2_config config = {
		.role = role,
		.max_streams = conn->is_operator ? WIRE_STREAMS_OPERATOR : WIRE_STREAMS_UNKNOWN,
		.min_ping_ms = WIRE_MIN_PING_MS,
	};

	conn->role = role;
	conn->h2 = h2_new(&config, &h2_ops, conn, mono_ms());
	conn_set_state(conn, CONN_HANDSHAKE);
	conn_mark_dirty(conn);
	conn_start_waiting(conn);
}

/* ---- reading ---- */

static void set_reading(struct wire_conn *conn, bool on)
{
	if (conn->reading == on)
		return;
	conn->reading = on;
	if (on)
		ev_io_start(conn->wire->loop, &conn->reader);
	else
		ev_io_stop(conn->wire->loop, &conn->reader);
}

static void on_input_h2(struct wire_conn *conn, const uint8_t *data, size_t n)
{
	if (h2_recv(conn->h2, data, n, conn->last_read_ms) < 0) {
		log_debug("connection %s: %s", conn->peer.address, h2_why(conn->h2));
		conn_finish(conn, h2_why(conn->h2));
	}
	conn_time_header_block(conn);
	conn_mark_dirty(conn);
}

/* Bytes that come before the peer's kind is known; the rest belongs to HTTP/2. */
static void on_input_sniff(struct wire_conn *conn, const uint8_t *data, size_t n)
{
	size_t take = sizeof conn->sniffed - conn->n_sniffed;
	size_t used;

	if (take > n)
		take = n;
	memcpy(conn->sniffed + conn->n_sniffed, data, take);
	conn->n_sniffed = (uint8_t)(conn->n_sniffed + take);
	switch (sniff_kind(conn->sniffed, conn->n_sniffed)) {
	case SNIFF_MORE:
		return;
	case SNIFF_HTTP2:
		conn_begin(conn, WIRE_SERVER);
		used = 0;
		break;
	case SNIFF_REVERSE:
		conn_begin(conn, WIRE_CLIENT);
		used = SNIFF_REVERSE_LEN;
		break;
	case SNIFF_TLS:
		conn_abort(conn, "the peer speaks TLS, which this build does not have");
		return;
	case SNIFF_HTTP1:
		buf_append_str(&conn->out, sniff_http1_answer);
		conn_finish(conn, "the peer speaks HTTP/1.x, this port is gRPC (HTTP/2)");
		return;
	default:
		conn_abort(conn, "the peer speaks neither HTTP/2 nor the reverse channel");
		return;
	}
	on_input_h2(conn, conn->sniffed + used, conn->n_sniffed - used);
	if (take < n && conn->state != CONN_DOWN)
		on_input_h2(conn, data + take, n - take);
}

static void on_input(struct wire_conn *conn, const uint8_t *data, size_t n)
{
	conn->last_read_ms = mono_ms();
	if (conn->state == CONN_SNIFFING) {
		on_input_sniff(conn, data, n);
	} else if (conn->state < CONN_CLOSING) {
		on_input_h2(conn, data, n);
	} else {
		conn->lingered += n;
		if (conn->lingered > WIRE_LINGER_BYTES && conn->state == CONN_LINGERING)
			conn_abort(conn, "closed");
	}
}

static void on_read_end(struct wire_conn *conn, ssize_t rv)
{
	char text[160];

	if (rv == 0 && conn->h2 && !conn->told_up && !conn->up_due)
		conn_abort(conn, "the peer closed the connection before HTTP/2 was set up");
	else if (rv == 0)
		conn_abort(conn, "the peer closed the connection");
	else {
		snprintf(text, sizeof text, "connection lost: %s", strerror((int)-rv));
		conn_abort(conn, text);
	}
}

static void on_readable(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct wire_conn *conn = w->data;
	ssize_t n;

	(void)loop;
	(void)events;
	for (int i = 0; i < WIRE_READS_PER_TURN && conn->reading; i++) {
		n = conn->transport->ops->read(conn->transport, conn->wire->in, WIRE_READ_BUFFER);
		if (n == -EAGAIN)
			break;
		if (n <= 0) {
			on_read_end(conn, n);
			break;
		}
		on_input(conn, conn->wire->in, (size_t)n);
		if ((size_t)n < WIRE_READ_BUFFER)
			break;
	}
}

/* ---- writing ---- */

/* What the socket did not take is kept; the write watcher goes on with it. */
static void set_blocked(struct wire_conn *conn, bool on)
{
	if (conn->blocked == on)
		return;
	conn->blocked = on;
	conn->blocked_ms = on ? mono_ms() : 0;
	if (on) {
		ev_io_start(conn->wire->loop, &conn->writer);
		conn_arm(conn);
	} else {
		ev_io_stop(conn->wire->loop, &conn->writer);
	}
}

/* 0: all written; -EAGAIN: the rest is in conn->out; another -errno. */
static int write_out(struct wire_conn *conn, struct buf *b)
{
	while (buf_len(b)) {
		ssize_t n = conn->transport->ops->write(conn->transport, buf_data(b), buf_len(b));

		if (n < 0) {
			if (n == -EAGAIN && b != &conn->out)
				buf_append(&conn->out, buf_data(b), buf_len(b));
			return (int)n;
		}
		buf_consume(b, (size_t)n);
		if (conn->blocked_ms)
			conn->blocked_ms = conn->last_read_ms = mono_ms();
	}
	return 0;
}

static int flush_old(struct wire_conn *conn)
{
	int rv = write_out(conn, &conn->out);

	if (rv == 0)
		buf_trim(&conn->out);
	return rv;
}

/* 1: went on; 0: nothing to write; -errno. */
static int gather_and_write(struct wire_conn *conn)
{
	struct buf *out = &conn->wire->out;
	int rv;

	buf_clear(out);
	rv = h2_gather(conn->h2, out, WIRE_WRITE_BUFFER, mono_ms());
	if (rv < 0 || buf_len(out) == 0)
		return rv;
	rv = write_out(conn, out);
	return rv < 0 ? rv : 1;
}

static void write_failed(struct wire_conn *conn, int error)
{
	char text[160];

	if (error == -EAGAIN) {
		set_blocked(conn, true);
		/* A peer that floods and never reads makes the library queue answers: then nothing is read. */
		if (conn->h2 && h2_queued_frames(conn->h2) > WIRE_OUTBOUND_FRAMES_MAX)
			set_reading(conn, false);
		return;
	}
	if (error == -EPROTO) {
		conn_finish(conn, h2_why(conn->h2));
		return;
	}
	snprintf(text, sizeof text, "connection lost: %s", strerror(-error));
	conn_abort(conn, text);
}

static void after_flush(struct wire_conn *conn)
{
	set_blocked(conn, false);
	if (conn->transport && conn->state < CONN_CLOSING)
		set_reading(conn, true);
	if (conn->state == CONN_CLOSING) {
		conn->transport->ops->shutdown(conn->transport);
		conn_set_state(conn, CONN_LINGERING);
	} else if (conn->h2 && h2_is_over(conn->h2)) {
		conn_finish(conn, h2_why(conn->h2)[0] ? h2_why(conn->h2) : "closed");
	} else if (conn->state == CONN_DRAINING && conn->n_calls == 0 && (conn->role == WIRE_CLIENT || conn->goaway_final)) {
		conn_drain_final(conn);
		conn_finish(conn, conn->why);
	}
}

void conn_flush(struct wire_conn *conn)
{
	int rv, rounds = 0;

	if (!conn->transport || conn->state >= CONN_LINGERING)
		return;
	rv = flush_old(conn);
	if (rv == 0 && conn->h2)
		do
			rv = gather_and_write(conn);
		while (rv > 0 && ++rounds < WIRE_WRITES_PER_TURN);
	if (rv < 0)
		write_failed(conn, rv);
	else if (rv > 0)
		conn_mark_dirty(conn);		/* the rest in the next turn */
	else
		after_flush(conn);
}

static void on_writable(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct wire_conn *conn = w->data;

	(void)loop;
	(void)events;
	conn_flush(conn);
}

/* ---- beginning ---- */

static void note_unix_peer(struct wire_conn *conn, int fd)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	conn->peer.is_unix = true;
	conn->wire->n_unix++;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return;
	conn->peer.pid = cred.pid;
	conn->peer.uid = cred.uid;
	conn->peer.gid = cred.gid;
}

static void note_local_host(struct wire_conn *conn, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	char text[WIRE_ADDR_MAX];
	struct wire_addr addr;
	const char *why;

	if (getsockname(fd, (struct sockaddr *)&ss, &len))
		return;
	wire_addr_from_sockaddr((struct sockaddr *)&ss, len, text);
	if (wire_addr_parse(text, 0, &addr, &why) == 0)
		snprintf(conn->local_host, sizeof conn->local_host, "%.63s", addr.host);
}

/* 127.0.0.1 and ::1 themselves: other addresses of the loopback network stand for strangers. */
static bool is_operator_address(const char *host)
{
	return !strcmp(host, "127.0.0.1") || !strcmp(host, "::1");
}

static void note_tcp_peer(struct wire_conn *conn, int fd, const struct sockaddr *sa, socklen_t len)
{
	struct wire_addr addr;
	const char *why;
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	note_local_host(conn, fd);
	conn->peer.is_loopback = wire_sockaddr_is_loopback(sa);
	if (wire_addr_parse(conn->peer_address, 0, &addr, &why) == 0)
		conn->is_operator |= is_operator_address(addr.host);
	if (!conn->is_operator && conn->accepted) {
		memcpy(&conn->remote, sa, len);
		census_enter(conn->wire->census, sa);
	}
}

void conn_attach(struct wire_conn *conn, int fd, const struct sockaddr *sa, socklen_t len)
{
	char text[WIRE_ADDR_MAX];

	conn->transport = transport_plain(fd);
	if (!conn->peer_address) {
		wire_addr_from_sockaddr(sa, len, text);
		conn->peer_address = mem_strdup(text);
	}
	conn->peer.address = conn->peer_address;
	if (sa->sa_family == AF_UNIX) {
		note_unix_peer(conn, fd);
		conn->is_operator = true;
	} else {
		note_tcp_peer(conn, fd, sa, len);
	}
	ev_io_init(&conn->reader, on_readable, fd, EV_READ);
	ev_io_init(&conn->writer, on_writable, fd, EV_WRITE);
	conn->reader.data = conn->writer.data = conn;
	conn->last_read_ms = mono_ms();
	set_reading(conn, true);
	conn_arm(conn);
}

/* ---- calls ---- */

void conn_start_waiting(struct wire_conn *conn)
{
	while (!list_is_empty(&conn->waiting) && (conn->state == CONN_HANDSHAKE || conn->state == CONN_UP) &&
	       conn->role == WIRE_CLIENT && conn->n_streams < h2_peer_max_streams(conn->h2)) {
		struct wire_call *call = list_entry(list_pop(&conn->waiting), struct wire_call, waiting_link);

		conn->n_waiting--;
		client_submit(call);
	}
}

void conn_call_gone(struct wire_conn *conn)
{
	conn->n_calls--;
	if (conn->n_calls == 0) {
		conn->idle_ms = mono_ms();
		conn_arm(conn);
		if (conn->state == CONN_DRAINING)
			conn_mark_dirty(conn);
	}
}

static void fail_waiting(struct wire_conn *conn, const char *why)
{
	struct list *link;

	while ((link = list_pop(&conn->waiting))) {
		struct wire_call *call = list_entry(link, struct wire_call, waiting_link);

		conn->n_waiting--;
		call->unprocessed = true;
		call_over(call, WIRE_UNAVAILABLE, why);
		call_unlink_stream(call);
	}
}

static void fail_calls(struct wire_conn *conn, const char *why)
{
	fail_waiting(conn, why);
	list_for_each(pos, tmp, &conn->calls)
		call_conn_down(list_entry(pos, struct wire_call, link), why);
}

/* ---- ending ---- */

void conn_drain(struct wire_conn *conn, uint32_t grace_ms, const char *why)
{
	set_why(conn, why);
	conn_set_state(conn, CONN_DRAINING);
	conn->drain_due = true;
	conn->drain_ms = mono_ms();
	conn->drain_grace_ms = grace_ms;
	fail_waiting(conn, why);
	if (conn->role == WIRE_SERVER) {
		h2_goaway_notice(conn->h2);
		h2_ping(conn->h2);
	}
	conn_mark_dirty(conn);
	conn_arm(conn);
}

void conn_drain_final(struct wire_conn *conn)
{
	if (conn->goaway_final)
		return;
	conn->goaway_final = true;
	h2_goaway(conn->h2, H2_NO_ERROR, conn->role == WIRE_SERVER ? "graceful_stop" : "");
	conn_mark_dirty(conn);
}

void conn_finish(struct wire_conn *conn, const char *why)
{
	if (conn->state >= CONN_CLOSING)
		return;
	set_why(conn, why);
	conn_set_state(conn, CONN_CLOSING);
	conn->closing_ms = mono_ms();
	fail_calls(conn, conn->why);
	conn_mark_dirty(conn);
	conn_arm(conn);
}

void conn_abort(struct wire_conn *conn, const char *why)
{
	if (conn->state == CONN_DOWN)
		return;
	set_why(conn, why);
	dial_cancel(conn);
	set_reading(conn, false);
	set_blocked(conn, false);
	conn_time_stop(conn);
	if (conn->transport)
		conn->transport->ops->close(conn->transport);
	conn->transport = NULL;
	if (conn->peer.is_unix)
		conn->wire->n_unix--;
	if (conn->remote.ss_family)
		census_leave(conn->wire->census, (struct sockaddr *)&conn->remote);
	conn_set_state(conn, CONN_DOWN);
	list_remove(&conn->dirty_link);
	fail_calls(conn, conn->why);
	list_push(&conn->wire->dying, &conn->dying_link);
	wire_schedule(conn->wire);
}

void wire_conn_close(struct wire_conn *conn, uint32_t grace_ms, const char *why)
{
	if (conn->state < CONN_HANDSHAKE) {
		conn_abort(conn, why);
	} else if (conn->state <= CONN_UP && grace_ms) {
		conn_drain(conn, grace_ms, why);
	} else if (conn->state == CONN_DRAINING && grace_ms) {
		conn->drain_grace_ms = grace_ms;
		conn->drain_ms = mono_ms();
		conn_arm(conn);
	} else if (conn->state < CONN_CLOSING) {
		conn_drain_final(conn);
		conn_finish(conn, why);
	}
}

void conn_announce(struct wire_conn *conn)
{
	if (conn->up_due && !conn->told_up && conn->state != CONN_DOWN) {
		conn->told_up = true;
		if (conn->ops->on_up)
			conn->ops->on_up(conn, &conn->peer, conn->arg);
	}
	if (conn->drain_due && !conn->told_drain && conn->state != CONN_DOWN) {
		conn->told_drain = true;
		if (conn->ops->on_drain)
			conn->ops->on_drain(conn, conn->why ? conn->why : "", conn->arg);
	}
}

bool conn_bury(struct wire_conn *conn)
{
	if (!list_is_empty(&conn->calls))
		return false;
	if (conn->ops->on_down)
		conn->ops->on_down(conn, conn->why, conn->arg);
	conn->wire->n_conns--;
	list_remove(&conn->link);
	h2_free(conn->h2);
	buf_done(&conn->out);
	free(conn->peer_address);
	free(conn->authority);
	free(conn->why);
	free(conn);
	return true;
}

/* ---- what owners ask ---- */

void wire_conn_set_ops(struct wire_conn *conn, const struct wire_conn_ops *ops, void *arg)
{
	conn->ops = ops;
	conn->arg = arg;
}

void wire_conn_set_keepalive(struct wire_conn *conn, uint32_t after_ms, uint32_t timeout_ms, bool idle)
{
	conn->keepalive_ms = after_ms;
	conn->keepalive_timeout_ms = timeout_ms;
	conn->keepalive_idle = idle;
	conn_arm(conn);
}

enum wire_role wire_conn_role(const struct wire_conn *conn)
{
	return conn->role;
}

const struct wire_peer *wire_conn_peer(const struct wire_conn *conn)
{
	return &conn->peer;
}

const char *wire_conn_local_host(const struct wire_conn *conn)
{
	return conn->local_host;
}

bool wire_conn_is_open(const struct wire_conn *conn)
{
	return conn->state == CONN_UP && !(conn->h2 && h2_is_worn_out(conn->h2));
}
