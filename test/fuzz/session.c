#include "test/fuzz/session.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "wire/internal.h"

enum {
	OPT_OPERATOR = 1,
	OPT_BARE = 2,			/* not even the preface is said for the peer */
	OPT_FRAMES = 4,
	OPT_PIECES = 8,			/* with the upper bits: in pieces of 1 to 16 bytes */
	QUIET_TURNS = 4,
	END_MS = 20000
};

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct session *s = arg;

	(void)conn;
	assert(why);
	s->n_down++;
	s->conn = NULL;
}

/* The peer reads whatever it is sent. */
static void turn(struct session *s)
{
	char ignored[65536];

	for (int i = 0; i < QUIET_TURNS; i++) {
		ev_run(s->loop, EVRUN_NOWAIT);
		while (recv(s->fd, ignored, sizeof ignored, MSG_DONTWAIT) > 0)
			i = 0;
	}
}

void session_open(struct session *s, enum wire_role role, uint8_t options)
{
	static const struct wire_conn_ops ops = { .on_down = on_down };
	const struct sockaddr peer = { .sa_family = AF_UNIX };
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	*s = (struct session){ .loop = ev_loop_new(EVFLAG_NOENV) };
	s->wire = wire_new(s->loop);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
		abort();
	s->fd = ends[1];
	s->conn = conn_new(s->wire, role == WIRE_SERVER ? CONN_SNIFFING : CONN_DIALING, &ops, s);
	s->conn->role = role;
	s->conn->accepted = role == WIRE_SERVER;
	conn_attach(s->conn, ends[0], &peer, sizeof peer);
	s->conn->is_operator = options & OPT_OPERATOR;
	if (role == WIRE_CLIENT)
		conn_begin(s->conn, WIRE_CLIENT);
}

static void say(struct session *s, const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t end = mono_ms() + END_MS;

	while (n) {
		ssize_t done = send(s->fd, p, n, MSG_NOSIGNAL);

		if (done < 0 && errno != EAGAIN)
			return;
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
		turn(s);
		assert(mono_ms() < end);
	}
}

static void say_in_pieces(struct session *s, uint8_t options, const uint8_t *data, size_t n)
{
	size_t piece = options & OPT_PIECES ? (size_t)(options >> 4) + 1 : n;

	while (n) {
		size_t k = n < piece ? n : piece;

		say(s, data, k);
		data += k;
		n -= k;
	}
}

/* Records of type, flags, stream, length, payload. */
static void make_frames(const uint8_t *data, size_t n, struct buf *out)
{
	while (n >= 4) {
		size_t len = data[3] < n - 4 ? data[3] : n - 4;
		uint8_t head[9] = { 0, 0, (uint8_t)len, data[0], data[1], 0, 0, 0, data[2] };

		buf_append(out, head, sizeof head);
		buf_append(out, data + 4, len);
		data += 4 + len;
		n -= 4 + len;
	}
}

void session_feed(struct session *s, const uint8_t *data, size_t n)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	static const uint8_t settings[9] = { 0, 0, 0, 4 };
	uint8_t options = n ? data[0] : 0;
	struct buf frames = { 0 };

	if (n == 0)
		return;
	if (!(options & OPT_BARE) && s->conn->role == WIRE_SERVER)
		say(s, preface, sizeof preface - 1);
	if (!(options & OPT_BARE))
		say(s, settings, sizeof settings);
	if (options & OPT_FRAMES) {
		make_frames(data + 1, n - 1, &frames);
		say_in_pieces(s, options, buf_data(&frames), buf_len(&frames));
	} else {
		say_in_pieces(s, options, data + 1, n - 1);
	}
	buf_done(&frames);
}

void session_close(struct session *s)
{
	uint64_t end = mono_ms() + END_MS;
	struct wire_counts c;

	close(s->fd);
	s->fd = -1;
	do {
		turn(s);
		c = wire_count(s->wire);
	} while ((c.conns || c.calls) && mono_ms() < end);
	assert(c.conns == 0 && c.calls == 0 && c.buffered == 0 && s->n_down == 1);
	wire_free(s->wire);
	ev_loop_destroy(s->loop);
}
