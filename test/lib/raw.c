#include "test/lib/raw.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "test/lib/echo.h"
#include "wire/internal.h"

enum { DEADLINE_MS = 20000 };


static void receive(struct raw *r);

static void on_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	struct raw *r = arg;

	(void)conn;
	(void)peer;
	r->up = true;
}

static void on_drain(struct wire_conn *conn, const char *why, void *arg)
{
	struct raw *r = arg;

	(void)conn;
	(void)why;
	r->drained = true;
}

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct raw *r = arg;

	(void)conn;
	r->down = true;
	r->at_fault = conn->at_fault;
	r->conn = NULL;
	snprintf(r->why, sizeof r->why, "%s", why);
}

static const struct wire_conn_ops conn_ops = { .on_up = on_up, .on_drain = on_drain, .on_down = on_down };

static void begin(struct raw *r)
{
	signal(SIGPIPE, SIG_IGN);
	*r = (struct raw){ .loop = ev_loop_new(EVFLAG_NOENV) };
	r->wire = wire_new(r->loop);
	ck_assert_int_eq(nghttp2_hd_inflate_new(&r->inflater), 0);
}

static void connect_from(struct raw *r, const char *from)
{
	struct sockaddr_in to = { .sin_family = AF_INET }, self = { .sin_family = AF_INET };
	int one = 1;

	to.sin_port = htons((uint16_t)atoi(strrchr(wire_listener_address(r->listener), ':') + 1));
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	inet_pton(AF_INET, from, &self.sin_addr);
	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(r->fd, 0);
	setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	ck_assert_int_eq(bind(r->fd, (struct sockaddr *)&self, sizeof self), 0);
	ck_assert_int_eq(connect(r->fd, (struct sockaddr *)&to, sizeof to), 0);
}

void raw_open(struct raw *r, const char *from)
{
	char *error = NULL;

	begin(r);
	echo_serve(r->wire);
	wire_serve_health(r->wire);
	r->listener = wire_listen(r->wire, "127.0.0.1:0", &conn_ops, r, &error);
	ck_assert_msg(r->listener != NULL, "%s", error);
	connect_from(r, from ? from : "127.0.0.1");
}

void raw_join(struct raw *r, const struct raw *host, const char *from)
{
	*r = (struct raw){ .loop = host->loop, .wire = host->wire, .listener = host->listener, .is_guest = true };
	ck_assert_int_eq(nghttp2_hd_inflate_new(&r->inflater), 0);
	connect_from(r, from);
}

void raw_turn_until_taken(struct raw *r)
{
	uint64_t end = mono_ms() + DEADLINE_MS;

	while (!r->down && wire_count(r->wire).conns == 0 && mono_ms() < end)
		ev_run(r->loop, EVRUN_NOWAIT);
	ev_run(r->loop, EVRUN_NOWAIT);		/* a refused one ends in the turn after that */
}

void raw_reopen(struct raw *r, const char *from)
{
	uint64_t end = mono_ms() + DEADLINE_MS;

	raw_turn_until_taken(r);
	close(r->fd);
	while (wire_count(r->wire).conns && mono_ms() < end)
		ev_run(r->loop, EVRUN_NOWAIT);
	ck_assert_uint_eq(wire_count(r->wire).conns, 0);
	r->up = r->drained = r->down = r->closed = r->cut = r->deaf = false;
	buf_clear(&r->in);
	connect_from(r, from);
}

static int listen_on_any(char *address, size_t size)
{
	struct sockaddr_in self = { .sin_family = AF_INET };
	socklen_t len = sizeof self;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, "127.0.0.1", &self.sin_addr);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&self, sizeof self), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&self, &len), 0);
	snprintf(address, size, "127.0.0.1:%u", ntohs(self.sin_port));
	return fd;
}

void raw_accept(struct raw *r, uint32_t timeout_ms)
{
	char address[40];
	struct wire_dial dial = { .address = address, .role = WIRE_CLIENT, .timeout_ms = timeout_ms };
	int one = 1, fd = listen_on_any(address, sizeof address);

	begin(r);
	r->conn = wire_dial(r->wire, &dial, &conn_ops, r);
	r->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(r->fd, 0);
	close(fd);
	setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	while (buf_len(&r->in) < sizeof RAW_PREFACE - 1 && !r->closed)
		receive(r);
	ck_assert(!memcmp(buf_data(&r->in), RAW_PREFACE, sizeof RAW_PREFACE - 1));
	buf_consume(&r->in, sizeof RAW_PREFACE - 1);
}

void raw_turn(struct raw *r)
{
	for (int i = 0; i < 20; i++)
		ev_run(r->loop, EVRUN_NOWAIT);
}

/* Everything that the server's connections leave. */
static void close_server(struct raw *r)
{
	struct wire_counts c;
	uint64_t end = mono_ms() + DEADLINE_MS;

	if (r->listener)
		wire_listener_close(r->listener);
	do {
		ev_run(r->loop, EVRUN_NOWAIT);
		c = wire_count(r->wire);
	} while ((c.conns || c.calls) && mono_ms() < end);
	ck_assert_uint_eq(c.conns + c.calls, 0);
	wire_free(r->wire);
	ev_loop_destroy(r->loop);
}

void raw_close(struct raw *r)
{
	close(r->fd);
	if (!r->is_guest)
		close_server(r);
	nghttp2_hd_inflate_del(r->inflater);
	buf_done(&r->in);
	buf_done(&r->frame.payload);
}

/* ---- sending ---- */

void raw_send(struct raw *r, const void *data, size_t n)
{
	const char *p = data;

	while (n && !r->deaf) {
		ssize_t done = send(r->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);

		ev_run(r->loop, EVRUN_NOWAIT);
		if (done < 0 && errno != EAGAIN) {
			r->deaf = true;
		} else if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
}

void raw_send_frame(struct raw *r, uint8_t type, uint8_t flags, uint32_t stream, const void *payload, size_t n)
{
	struct buf b = { 0 };

	raw_head(&b, type, flags, stream, n);
	if (n)
		buf_append(&b, payload, n);
	raw_send(r, buf_data(&b), buf_len(&b));
	buf_done(&b);
}

void raw_preface(struct raw *r)
{
	raw_send(r, RAW_PREFACE, sizeof RAW_PREFACE - 1);
	raw_send_frame(r, RAW_SETTINGS, 0, 0, NULL, 0);
}

void raw_handshake(struct raw *r)
{
	raw_preface(r);
	ck_assert(raw_wait(r, RAW_SETTINGS));
	ck_assert_uint_eq(r->frame.flags, 0);
	raw_send_frame(r, RAW_SETTINGS, RAW_ACK, 0, NULL, 0);
	ck_assert(raw_wait(r, RAW_SETTINGS));
	ck_assert_uint_eq(r->frame.flags, RAW_ACK);
}

void raw_send_request(struct raw *r, uint32_t stream, const char *path, uint8_t flags)
{
	struct buf block = { 0 };

	raw_request(&block, path, NULL);
	raw_send_frame(r, RAW_HEADERS, RAW_END_HEADERS | flags, stream, buf_data(&block), buf_len(&block));
	buf_done(&block);
}

void raw_send_message(struct raw *r, uint32_t stream, const char *text, uint8_t flags)
{
	size_t n = strlen(text);
	uint8_t prefix[5] = { 0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	struct buf b = { 0 };

	buf_append(&b, prefix, 5);
	buf_append(&b, text, n);
	raw_send_frame(r, RAW_DATA, flags, stream, buf_data(&b), buf_len(&b));
	buf_done(&b);
}

/* ---- receiving ---- */

static void inflate(struct raw *r, const uint8_t *data, size_t n)
{
	nghttp2_nv nv;
	int flags = 0;
	ssize_t used;

	buf_clear(&r->frame.payload);
	do {
		flags = 0;
		used = nghttp2_hd_inflate_hd2(r->inflater, &nv, &flags, data, n, 1);
		ck_assert_int_ge(used, 0);
		data += used;
		n -= (size_t)used;
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			buf_printf(&r->frame.payload, "%.*s: %.*s\n", (int)nv.namelen, nv.name, (int)nv.valuelen, nv.value);
	} while (!(flags & NGHTTP2_HD_INFLATE_FINAL));
	nghttp2_hd_inflate_end_headers(r->inflater);
}

static bool take_frame(struct raw *r)
{
	const uint8_t *h = buf_data(&r->in);
	size_t n;

	if (buf_len(&r->in) < 9)
		return false;
	n = (size_t)h[0] << 16 | (size_t)h[1] << 8 | h[2];
	if (buf_len(&r->in) < 9 + n)
		return false;
	r->frame.type = h[3];
	r->frame.flags = h[4];
	r->frame.stream = ((uint32_t)h[5] << 24 | (uint32_t)h[6] << 16 | (uint32_t)h[7] << 8 | h[8]) & 0x7fffffff;
	if (r->frame.type == RAW_HEADERS) {
		inflate(r, h + 9, n);
	} else {
		buf_clear(&r->frame.payload);
		buf_append(&r->frame.payload, h + 9, n);
	}
	buf_consume(&r->in, 9 + n);
	return true;
}

static void receive(struct raw *r)
{
	char data[16384];
	ssize_t n;

	ev_run(r->loop, EVRUN_NOWAIT);
	n = recv(r->fd, data, sizeof data, MSG_DONTWAIT);
	if (n > 0)
		buf_append(&r->in, data, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		r->closed = true, r->cut = n < 0;
	else
		poll(&(struct pollfd){ .fd = r->fd, .events = POLLIN }, 1, 2);
}

bool raw_next(struct raw *r)
{
	uint64_t end = mono_ms() + DEADLINE_MS;

	while (!take_frame(r)) {
		if (r->closed)
			return false;
		receive(r);
		ck_assert_msg(mono_ms() < end, "no frame within %d ms", DEADLINE_MS);
	}
	return true;
}

bool raw_wait(struct raw *r, uint8_t type)
{
	while (raw_next(r))
		if (r->frame.type == type)
			return true;
	return false;
}

const char *raw_wait_end(struct raw *r, uint32_t stream, const char *field)
{
	static char value[400];
	char name[80];
	const char *at;

	do
		ck_assert_msg(raw_wait(r, RAW_HEADERS), "closed without trailers: %s", r->why);
	while (r->frame.stream != stream || !(r->frame.flags & RAW_END_STREAM));
	snprintf(name, sizeof name, "%s: ", field);
	at = strstr(buf_string(&r->frame.payload), name);
	snprintf(value, sizeof value, "%.*s", at ? (int)strcspn(at + strlen(name), "\n") : 0, at ? at + strlen(name) : "");
	return value;
}

bool raw_wait_closed(struct raw *r)
{
	while (raw_next(r))
		;
	return r->closed;
}

uint32_t raw_u32(const struct raw *r, size_t at)
{
	const uint8_t *p = buf_data(&r->frame.payload) + at;

	ck_assert_uint_ge(buf_len(&r->frame.payload), at + 4);
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
