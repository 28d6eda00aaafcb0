/*
 * conn_io.c - the bytes of a connection: from the socket to HTTP/2 and back.
 *
 * Reading goes on while the socket takes no more, or two ends that both have much to say would wait for
 * each other for ever; it stops when the library has queued too many answers to a peer that never reads.
 * Writing happens in the turn only (see internal.h): what a turn has produced leaves in few writes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "wire/conn.h"
#include "wire/sniff.h"

/* ---- reading ---- */

void conn_set_reading(struct wire_conn *conn, bool on)
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
		conn_blame(conn);
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
		conn_blame(conn);
		conn_abort(conn, "the peer speaks TLS, which this build does not have");
		return;
	case SNIFF_HTTP1:
		buf_append_str(&conn->out, sniff_http1_answer);
		conn_blame(conn);
		conn_finish(conn, "the peer speaks HTTP/1.x, this port is gRPC (HTTP/2)");
		return;
	default:
		conn_blame(conn);
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
void conn_set_blocked(struct wire_conn *conn, bool on)
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
	snprintf(text, sizeof text, "connection lost: %s", strerror(-error));
	conn_abort(conn, text);
}

static void after_flush(struct wire_conn *conn)
{
	conn_set_blocked(conn, false);
	if (!conn->transport)
		return;
	if (conn->state < CONN_CLOSING)
		conn_set_reading(conn, true);
	if (conn->state == CONN_CLOSING) {
		conn->transport->ops->shutdown(conn->transport);
		conn_set_state(conn, CONN_LINGERING);
		conn->closing_ms = mono_ms();
		conn_arm(conn);
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
	int rv, rounds = 0;

	if (!conn->transport || conn->deaf || conn->state >= CONN_LINGERING)
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

void conn_io_init(struct wire_conn *conn)
{
	int fd = conn->transport->fd;

	ev_io_init(&conn->reader, on_readable, fd, EV_READ);
	ev_io_init(&conn->writer, on_writable, fd, EV_WRITE);
	conn->reader.data = conn->writer.data = conn;
	conn_set_reading(conn, true);
}
