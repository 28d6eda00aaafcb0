/*
 * conn_io.c - the bytes of a connection: from the socket to HTTP/2 and back.
 *
 * Reading goes on while the socket takes no more, or two ends that both have much to say would wait for
 * each other for ever; it stops when the library has queued too many answers to a peer that never reads.
 * Writing happens in the turn only (see internal.h): what a turn has produced leaves in few writes.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "wire/conn.h"
#include "wire/download.h"
#include "wire/sniff.h"

/* ---- reading ---- */

static bool has_pending(const struct wire_conn *conn)
{
	const struct transport *t = conn->transport;

	return t && t->ops->has_pending && t->ops->has_pending(t);
}

void conn_set_reading(struct wire_conn *conn, bool on)
{
	if (conn->reading == on)
		return;
	conn->reading = on;
	if (!on) {
		ev_io_stop(conn->wire->loop, &conn->reader);
		return;
	}
	ev_io_start(conn->wire->loop, &conn->reader);
	if (has_pending(conn))
		ev_feed_event(conn->wire->loop, &conn->reader, EV_READ);
}

static void on_input_h2(struct wire_conn *conn, const uint8_t *data, size_t n)
{
	if (h2_recv(conn->h2, data, n, conn->last_read_ms) < 0) {
		if (conn->state == CONN_HANDSHAKE)
			conn_note_fault(conn, WIRE_FAULT_NOT_GRPC);
		conn_blame(conn);
		conn_finish(conn, h2_why(conn->h2));
	}
	conn_time_header_block(conn);
	conn_mark_dirty(conn);
}

/* Without TLS only on this machine, and there only while nothing else is asked for. */
static bool refuse_plaintext(struct wire_conn *conn)
{
	struct wire *wire = conn->wire;
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;

	if (conn->peer.is_unix || conn->secure || (conn->peer.is_loopback && !wire->needs_tls))
		return false;
	if (getpeername(conn->transport->fd, (struct sockaddr *)&ss, &len) == 0 &&
	    seen_first(&wire->plaintext_seen, (struct sockaddr *)&ss))
		log_warn("plaintext peer %s (an older sloth-runner?): refused, TLS is required", conn->peer.address);
	conn_abort(conn, "plaintext: refused, TLS is required");
	return true;
}

/* Inside TLS both ends agree on HTTP/2 by ALPN (RFC 9113 section 3.2), or it could be bytes meant for another service. */
static bool refuse_unagreed(struct wire_conn *conn)
{
	if (!conn->secure)
		return refuse_plaintext(conn);
	conn_blame(conn);
	conn_abort(conn, "the peer speaks HTTP/2 inside TLS without having asked for it (ALPN h2)");
	return true;
}

static void on_input_known(struct wire_conn *conn, const uint8_t *data, size_t n)
{
	if (conn->state == CONN_HTTP1)
		conn_http1_input(conn, data, n);
	else if (conn->state < CONN_CLOSING)
		on_input_h2(conn, data, n);
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
		if (refuse_unagreed(conn))
			return;
		conn_begin(conn, WIRE_SERVER);
		used = 0;
		break;
	case SNIFF_REVERSE:
		if (refuse_unagreed(conn))
			return;
		conn_begin(conn, WIRE_CLIENT);
		used = SNIFF_REVERSE_LEN;
		break;
	case SNIFF_TLS:
		conn_blame(conn);
		conn_abort(conn, "the peer speaks TLS on a unix socket or twice");
		return;
	case SNIFF_HTTP1:
		if (download_is_offered(conn)) {
			conn_http1_begin(conn);
			used = 0;
			break;
		}
		buf_append_str(&conn->out, sniff_http1_answer);
		conn_blame(conn);
		conn_finish(conn, "the peer speaks HTTP/1.x, this port is gRPC (HTTP/2)");
		return;
	default:
		conn_blame(conn);
		conn_abort(conn, "the peer speaks neither HTTP/2 nor the reverse channel");
		return;
	}
	on_input_known(conn, conn->sniffed + used, conn->n_sniffed - used);
	if (take < n)
		on_input_known(conn, data + take, n - take);
}

static void on_input(struct wire_conn *conn, const uint8_t *data, size_t n)
{
	conn->last_read_ms = mono_ms();
	conn->has_spoken = true;
	if (conn->state == CONN_SNIFFING) {
		on_input_sniff(conn, data, n);
	} else if (conn->state < CONN_CLOSING) {
		on_input_known(conn, data, n);
	} else {
		conn->lingered += n;
		if (conn->lingered > WIRE_LINGER_BYTES && conn->state == CONN_LINGERING)
			conn_abort(conn, "closed");
	}
}

/* The end of what had not begun, as far as HTTP/2 is concerned. */
static void note_end(struct wire_conn *conn)
{
	const struct transport_peer *p = conn->transport->peer;

	if (p && p->fault)
		conn_note_fault(conn, p->fault);
	else if (!p && conn->state == CONN_HANDSHAKE && !conn->has_spoken)
		conn_note_fault(conn, WIRE_FAULT_CLOSED);
}

static void lost(struct wire_conn *conn, int error)
{
	const struct transport *t = conn->transport;
	char text[300];

	if (error == -EBADMSG)
		conn_blame(conn);
	note_end(conn);
	snprintf(text, sizeof text, "connection lost: %s", error == -EBADMSG && t->ops->why ? t->ops->why(t) : strerror(-error));
	conn_abort(conn, text);
}

static void on_read_end(struct wire_conn *conn, ssize_t rv)
{
	if (rv == 0)
		note_end(conn);
	if (rv == 0 && conn->state == CONN_HTTP1 && conn_http1_is_answering(conn) && !conn->deaf)
		conn_set_reading(conn, false);		/* its request was all that it had to say */
	else if (rv == 0 && conn->h2 && !conn->told_up && !conn->up_due)
		conn_abort(conn, "the peer closed the connection before HTTP/2 was set up");
	else if (rv == 0)
		conn_abort(conn, "the peer closed the connection");
	else
		lost(conn, (int)rv);
}

/* The first byte of a TLS handshake, left where it is. 1: it is one; 0: not; -EAGAIN. */
static int peek_tls(struct wire_conn *conn)
{
	uint8_t first;
	ssize_t n;

	if (conn->peer.is_unix || conn->is_sniffable || conn->secure)
		return 0;
	if (conn->speaks_tls)
		return 1;			/* it waits for its turn */
	do
		n = recv(conn->transport->fd, &first, 1, MSG_PEEK);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	conn->speaks_tls = n == 1 && sniff_kind(&first, 1) == SNIFF_TLS;
	conn->is_sniffable = !conn->speaks_tls;
	return conn->speaks_tls;
}

/* True: it is not known yet what the peer speaks, or it is TLS, which has begun. */
static bool sniff_tls(struct wire_conn *conn)
{
	int rv = peek_tls(conn);

	if (rv == 1 && conn->wire->tls) {
		conn_secure(conn, conn->wire->tls, NULL);
	} else if (rv == 1) {
		conn_blame(conn);
		conn_abort(conn, "the peer speaks TLS, and there is no certificate here");
	}
	return rv != 0;
}

static void on_readable(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct wire_conn *conn = w->data;
	ssize_t n;

	(void)events;
	if (conn->state == CONN_SECURING) {
		conn_secure_step(conn);
		return;
	}
	if (conn->state == CONN_SNIFFING && sniff_tls(conn))
		return;
	for (int i = 0; i < WIRE_READS_PER_TURN && conn->reading; i++) {
		n = conn->transport->ops->read(conn->transport, conn->wire->in, WIRE_READ_BUFFER);
		if (n == -EAGAIN) {
			conn_watch_writing(conn);
			break;
		}
		if (n <= 0) {
			on_read_end(conn, n);
			break;
		}
		on_input(conn, conn->wire->in, (size_t)n);
		if ((size_t)n < WIRE_READ_BUFFER)
			break;
	}
	if (conn->reading && has_pending(conn))
		ev_feed_event(loop, &conn->reader, EV_READ);
	if (conn->blocked && conn->transport && conn->transport->write_wants_read)
		conn_mark_dirty(conn);
}

/* ---- writing ---- */

void conn_watch_writing(struct wire_conn *conn)
{
	const struct transport *t = conn->transport;

	if (t->read_wants_write || (conn->blocked && !t->write_wants_read))
		ev_io_start(conn->wire->loop, &conn->writer);
	else
		ev_io_stop(conn->wire->loop, &conn->writer);
}

/* What the socket did not take is kept; the write watcher goes on with it. */
void conn_set_blocked(struct wire_conn *conn, bool on)
{
	if (conn->blocked == on)
		return;
	conn->blocked = on;
	conn->blocked_ms = on ? mono_ms() : 0;
	conn_watch_writing(conn);
	if (on)
		conn_arm(conn);
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
			conn->blocked_ms = mono_ms();
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

/* A file is sent in small pieces, one in a turn: TLS costs time, and hundreds may be at it. */
static int gather(struct wire_conn *conn, struct buf *out)
{
	if (conn->http1)
		return conn_http1_gather(conn->http1, out);
	return h2_gather(conn->h2, out, conn->n_downloads ? WIRE_DOWNLOAD_PIECE : WIRE_WRITE_BUFFER, mono_ms());
}

/* 1: went on; 0: nothing to write; -errno. */
static int gather_and_write(struct wire_conn *conn)
{
	struct buf *out = &conn->wire->out;
	int rv;

	buf_clear(out);
	rv = gather(conn, out);
	if (rv < 0 || buf_len(out) == 0)
		return rv;
	rv = write_out(conn, out);
	return rv < 0 ? rv : 1;
}

static void write_failed(struct wire_conn *conn, int error)
{
	if (error == -EAGAIN) {
		conn_set_blocked(conn, true);
		/* A peer that floods and never reads makes the library queue answers: then nothing is read. */
		if (conn->h2 && h2_queued_frames(conn->h2) > WIRE_OUTBOUND_FRAMES_MAX)
			conn_set_reading(conn, false);
		return;
	}
	if (error == -EPROTO) {
		conn_blame(conn);
		conn_finish(conn, h2_why(conn->h2));
		return;
	}
	/* The peer has gone, but its last words may lie in the receive queue: a cancel, say. */
	if ((error == -EPIPE || error == -ECONNRESET) && conn->reading) {
		conn->deaf = true;
		conn_set_blocked(conn, false);
		return;
	}
	lost(conn, error);
}

static void after_flush(struct wire_conn *conn)
{
	char text[120];

	conn_set_blocked(conn, false);
	if (!conn->transport)
		return;
	if (conn->state < CONN_CLOSING && !conn->http1)
		conn_set_reading(conn, true);
	if (conn->state == CONN_CLOSING) {
		conn->transport->ops->shutdown(conn->transport);
		conn_set_state(conn, CONN_LINGERING);
		conn->closing_ms = mono_ms();
		conn_arm(conn);
	} else if (conn->state == CONN_HTTP1 && conn_http1_is_over(conn)) {
		conn_finish(conn, conn_http1_why(conn, text, sizeof text));
	} else if (conn->h2 && h2_is_over(conn->h2)) {
		if (h2_why(conn->h2)[0])
			conn_blame(conn);
		conn_finish(conn, h2_why(conn->h2)[0] ? h2_why(conn->h2) : "closed");
	} else if (conn->state == CONN_DRAINING && conn->n_calls == 0 && (conn->role == WIRE_CLIENT || conn->goaway_final)) {
		conn_drain_final(conn);
		conn_finish(conn, conn->why);
	}
}

void conn_flush(struct wire_conn *conn)
{
	int rv, rounds = conn->http1 || conn->n_downloads ? 1 : WIRE_WRITES_PER_TURN;

	if (!conn->transport || conn->deaf || conn->state == CONN_SECURING || conn->state >= CONN_LINGERING)
		return;
	rv = flush_old(conn);
	if (rv == 0 && (conn->h2 || conn->http1))
		do
			rv = gather_and_write(conn);
		while (rv > 0 && --rounds > 0);
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

	(void)events;
	if (conn->state == CONN_SECURING) {
		conn_secure_step(conn);
		return;
	}
	if (conn->transport->read_wants_write) {
		conn->transport->read_wants_write = false;
		ev_feed_event(loop, &conn->reader, EV_READ);
	}
	conn_watch_writing(conn);
	conn_flush(conn);
}

/* Fails where the socket is none of TCP, which needs no such limit. */
void conn_limit_unsent(struct wire_conn *conn)
{
	int unsent = WIRE_DOWNLOAD_UNSENT;

	setsockopt(conn->transport->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

void conn_io_stop(struct wire_conn *conn)
{
	conn->reading = conn->blocked = false;
	ev_io_stop(conn->wire->loop, &conn->reader);
	ev_io_stop(conn->wire->loop, &conn->writer);
}

void conn_io_init(struct wire_conn *conn)
{
	int fd = conn->transport->fd;

	ev_io_init(&conn->reader, on_readable, fd, EV_READ);
	ev_io_init(&conn->writer, on_writable, fd, EV_WRITE);
	conn->reader.data = conn->writer.data = conn;
	conn_set_reading(conn, true);
}
