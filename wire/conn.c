/*
 * conn.c - one HTTP/2 connection: its life. Its bytes are conn_io.c's, its times conn_time.c's; who is at its other
 * end is conn_secure.c's.
 *
 *   DIALING --connected--> HANDSHAKE --SETTINGS--> UP --close, GOAWAY--> DRAINING --last call--> CLOSING
 *      |                     ^   ^                                                                ^ |
 *      +----TLS---> SECURING-+   |                                              HTTP1 --answered--+ |
 *                    ^  |        |                                                ^                 |
 *   SNIFFING <--TLS--+--+--------|--ALPN http/1.1, or a request line inside TLS---+                 |
 *      |    --peer known---------+                                          out is empty: LINGERING
 *      |                                                                                            |
 *      +------------------------- error, timeout: from every state --------> DOWN <-----------------+
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

static const struct sm_state conn_states[] = {
	[CONN_DIALING]   = { "dialing", SM(CONN_SECURING) | SM(CONN_HANDSHAKE) | SM(CONN_DOWN) },
	[CONN_SNIFFING]  = { "sniffing", SM(CONN_SECURING) | SM(CONN_HTTP1) | SM(CONN_HANDSHAKE) | SM(CONN_CLOSING) | SM(CONN_DOWN) },
	[CONN_SECURING]  = { "securing", SM(CONN_SNIFFING) | SM(CONN_HTTP1) | SM(CONN_HANDSHAKE) | SM(CONN_DOWN) },
	[CONN_HTTP1]     = { "http/1", SM(CONN_CLOSING) | SM(CONN_DOWN) },
	[CONN_HANDSHAKE] = { "handshake", SM(CONN_UP) | SM(CONN_DRAINING) | SM(CONN_CLOSING) | SM(CONN_DOWN) },
	[CONN_UP]        = { "up", SM(CONN_DRAINING) | SM(CONN_CLOSING) | SM(CONN_DOWN) },
	[CONN_DRAINING]  = { "draining", SM(CONN_CLOSING) | SM(CONN_DOWN) },
	[CONN_CLOSING]   = { "closing", SM(CONN_LINGERING) | SM(CONN_DOWN) },
	[CONN_LINGERING] = { "lingering", SM(CONN_DOWN) },
	[CONN_DOWN]      = { "down", 0 },
};

static const struct wire_conn_ops no_ops;

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
	wire_conn_set_ops(conn, ops, arg);
	conn->peer = (struct wire_peer){ .address = "", .pid = -1, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	list_push(&wire->conns, &conn->link);
	wire->n_conns++;
	list_init(&conn->dirty_link);
	list_init(&conn->dying_link);
	list_init(&conn->calls);
	list_init(&conn->waiting);
	conn->begun_ms = mono_ms();
	conn->goaway_debug = "graceful_stop";
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

	if (conn->state == CONN_HANDSHAKE) {
		conn_set_state(conn, CONN_UP);
		conn->up_due = true;
		conn_mark_dirty(conn);
	}
	conn_start_waiting(conn);	/* more streams may be allowed than before */
}

static void on_ping_ack(void *arg)
{
	struct wire_conn *conn = arg;

	conn->ping_out = false;
	if (conn->is_older_ping)
		conn->is_older_ping = false;
	else if (conn->state == CONN_DRAINING)
		conn_drain_final(conn);
}

/* doc/keepalive.md: a peer that was asked too often is asked half as often from here on. */
static void note_strict_peer(struct wire_conn *conn, uint32_t error, const uint8_t *debug, size_t n)
{
	static const char strict[] = "too_many_pings";
	struct wire *wire = conn->wire;

	if (error != H2_ENHANCE_YOUR_CALM || n != sizeof strict - 1 || memcmp(debug, strict, n))
		return;
	if (wire->keepalive_scale < WIRE_KEEPALIVE_SCALE_MAX)
		wire->keepalive_scale *= 2;
	log_debug("connection %s: too many PINGs for it, new connections send 1/%u as many", conn->peer.address,
		  wire->keepalive_scale);
}

static void on_goaway(void *arg, uint32_t error, const uint8_t *debug, size_t n)
{
	struct wire_conn *conn = arg;
	char text[300];

	snprintf(text, sizeof text, "the peer ends the connection: %s%s%s", wire_h2_error_name(error), n ? " " : "",
		 n ? str_quote_n(debug, n) : "");
	if (error)
		set_why(conn, text);
	note_strict_peer(conn, error, debug, n);
	conn->peer_ends = true;
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

/* ---- beginning ---- */

void conn_begin(struct wire_conn *conn, enum wire_role role)
{
	struct h2_config config;

	if (!conn_admit(conn))
		return;
	config = (struct h2_config){
		.role = role,
		.is_operator = conn->is_operator,
		.max_streams = conn->is_operator ? WIRE_STREAMS_OPERATOR : WIRE_STREAMS_UNKNOWN,
		.min_ping_ms = WIRE_MIN_PING_MS,
	};

	conn->role = role;
	conn->h2 = h2_new(&config, &h2_ops, conn, mono_ms());
	conn_set_state(conn, CONN_HANDSHAKE);
	conn_mark_dirty(conn);
	conn_start_waiting(conn);
}

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

/* Finds hosts that have vanished, not readers that are slow: TCP_USER_TIMEOUT would end those too. */
static void set_tcp_keepalive(int fd)
{
	int on = 1, idle_s = 60, interval_s = 10, probes = 3;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

static void note_tcp_peer(struct wire_conn *conn, int fd, const struct sockaddr *sa)
{
	struct wire_addr addr;
	const char *why;
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	note_local_host(conn, fd);
	set_tcp_keepalive(fd);
	conn->peer.is_loopback = wire_sockaddr_is_loopback(sa);
	if (wire_addr_parse(conn->peer_address, 0, &addr, &why) == 0)
		conn->is_operator |= !conn->wire->needs_tls && is_operator_address(addr.host);
	if (!conn->is_operator && conn->accepted) {
		conn->counted_as = census_key(sa);
		census_enter(conn->wire->census, conn->counted_as);
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
		note_tcp_peer(conn, fd, sa);
	}
	conn->last_read_ms = mono_ms();
	conn_io_init(conn);
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

/* on_down comes after every on_end. */
static void bury_soon(struct wire_conn *conn)
{
	list_push(&conn->wire->dying, &conn->dying_link);
	wire_schedule(conn->wire);
}

/* What looks after a connection in use has slept while there was nothing to look after. */
void conn_call_came(struct wire_conn *conn)
{
	if (conn->n_calls++)
		return;
	conn->turned_ms = mono_ms();
	conn_arm(conn);
}

void conn_call_gone(struct wire_conn *conn)
{
	conn->n_calls--;
	if (conn->n_calls == 0 && conn->state == CONN_DOWN) {
		bury_soon(conn);
	} else if (conn->n_calls == 0) {
		conn->turned_ms = mono_ms();
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

/* What is served gets its status while there is a way to send it. */
static void finish_calls(struct wire_conn *conn, const char *why)
{
	fail_waiting(conn, why);
	list_for_each(pos, tmp, &conn->calls) {
		struct wire_call *call = list_entry(pos, struct wire_call, link);

		if (call->role == WIRE_SERVER)
			server_fail(call, WIRE_UNAVAILABLE, why);
		else
			call_conn_down(call, why);
	}
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
	if (conn->role == WIRE_SERVER && conn->peer_ends) {
		conn_drain_final(conn);		/* it opens no more streams: none can be on its way */
	} else if (conn->role == WIRE_SERVER) {
		h2_goaway_notice(conn->h2);
		conn->is_older_ping = conn->ping_out;
	}
	conn_mark_dirty(conn);
	conn_arm(conn);
}

void conn_drain_final(struct wire_conn *conn)
{
	if (conn->goaway_final)
		return;
	conn->goaway_final = true;
	h2_goaway(conn->h2, H2_NO_ERROR, conn->role == WIRE_SERVER ? conn->goaway_debug : "");
	conn_mark_dirty(conn);
}

void conn_finish(struct wire_conn *conn, const char *why)
{
	if (conn->state >= CONN_CLOSING)
		return;
	set_why(conn, why);
	conn_set_state(conn, CONN_CLOSING);
	conn->closing_ms = mono_ms();
	finish_calls(conn, conn->why);
	conn_mark_dirty(conn);
	conn_arm(conn);
}

void conn_abort(struct wire_conn *conn, const char *why)
{
	if (conn->state == CONN_DOWN)
		return;
	set_why(conn, why);
	dial_cancel(conn);
	if (conn->transport) {
		conn_io_stop(conn);
		conn->transport->ops->close(conn->transport);
		conn->transport = NULL;
	}
	conn_time_stop(conn);
	if (conn->peer.is_unix)
		conn->wire->n_unix--;
	if (conn->counted_as)
		census_leave(conn->wire->census, conn->counted_as);
	conn_set_state(conn, CONN_DOWN);
	list_remove(&conn->dirty_link);
	fail_calls(conn, conn->why);
	if (conn->n_calls == 0)
		bury_soon(conn);
}

void conn_end_all(struct wire_conn *conn, const char *why)
{
	conn_abort(conn, why);
	list_for_each(pos, tmp, &conn->calls)
		call_over(list_entry(pos, struct wire_call, link), WIRE_UNAVAILABLE, why);
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

void conn_bury(struct wire_conn *conn)
{
	if (conn->ops->on_down)
		conn->ops->on_down(conn, conn->why, conn->arg);
	trim_note(&conn->wire->conn_trim, conn->wire->n_conns--, 0);
	conn->wire->n_many -= conn->is_one_of_many;
	list_remove(&conn->link);
	h2_free(conn->h2);
	conn_http1_free(conn->http1);
	buf_done(&conn->out);
	free(conn->peer_address);
	free(conn->secure);
	free(conn->met);
	free(conn->authority);
	free(conn->why);
	trim_note(&conn->wire->conn_trim, conn->wire->n_conns, 0);
	free(conn);
}

/* ---- what owners ask ---- */

void wire_conn_set_ops(struct wire_conn *conn, const struct wire_conn_ops *ops, void *arg)
{
	conn->ops = ops ? ops : &no_ops;
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
