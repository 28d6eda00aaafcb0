/* peer.c - see peer.h. */
#include "test/abuse/peer.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

enum { GATHER = 32 * 1024, STEP_MS = 50, PATIENCE_MS = 5000, MUTE_BUFFER = 4096, PIECE = 16384, WINDOW = 65535, SETTING_WINDOW = 4 };

/* ---- life ---- */

static void start(struct peer *p, int fd)
{
	int one = 1, small = MUTE_BUFFER;

	p->fd = fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (p->is_mute)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	p->next_id = 1;
	p->patience_ms = PATIENCE_MS;
	p->first_window = p->conn_window = WINDOW;
	p->end_ms = mono_ms() + PEER_TIME_MS;
	p->is_closed = p->is_blocked = false;
	p->sent_bytes = 0;
	p->seen = (struct seen){ 0 };
	if (nghttp2_hd_inflate_new(&p->inflater))
		abort();
}

bool peer_open(struct peer *p)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	if (bind(fd, (struct sockaddr *)&p->from, sizeof p->from) ||
	    connect(fd, (struct sockaddr *)&p->to, sizeof p->to)) {
		close(fd);
		return false;
	}
	start(p, fd);
	return true;
}

void peer_take(struct peer *p, int fd)
{
	p->is_server = true;
	start(p, fd);
}

void peer_close(struct peer *p)
{
	close(p->fd);
	buf_done(&p->in);
	buf_done(&p->out);
	nghttp2_hd_inflate_del(p->inflater);
}

bool peer_is_over(const struct peer *p)
{
	return p->is_closed || p->is_blocked || (p->seen.goaway && p->seen.goaway_code) || mono_ms() >= p->end_ms;
}

/* ---- receiving ---- */

static uint32_t u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void count(unsigned counters[PEER_CODES], uint32_t code)
{
	counters[code < PEER_CODES ? code : PEER_CODES - 1]++;
}

static bool is_named(const nghttp2_nv *nv, const char *name)
{
	return nv->namelen == strlen(name) && !memcmp(nv->name, name, nv->namelen);
}

static void on_field(struct peer *p, const nghttp2_nv *nv)
{
	char text[16];

	snprintf(text, sizeof text, "%.*s", (int)nv->valuelen, (const char *)nv->value);
	if (is_named(nv, "grpc-status"))
		count(p->seen.statuses, (uint32_t)strtoul(text, NULL, 10));
	else if (is_named(nv, ":status") && strcmp(text, "200"))
		p->seen.http_errors++;
}

static void on_block(struct peer *p, const uint8_t *data, size_t n)
{
	nghttp2_nv nv;
	int flags = 0;
	ssize_t used;

	do {
		used = nghttp2_hd_inflate_hd2(p->inflater, &nv, &flags, data, n, 1);
		if (used < 0) {
			p->is_closed = true;
			return;
		}
		data += used;
		n -= (size_t)used;
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			on_field(p, &nv);
	} while (!(flags & NGHTTP2_HD_INFLATE_FINAL));
	nghttp2_hd_inflate_end_headers(p->inflater);
}

static void on_goaway(struct seen *seen, const uint8_t *payload, size_t n)
{
	seen->goaway = true;
	seen->goaway_code = u32(payload + 4);
	snprintf(seen->debug, sizeof seen->debug, "%.*s", (int)(n - 8), (const char *)payload + 8);
}

static int64_t *window_of(struct peer *p, uint32_t stream)
{
	return stream ? &p->windows[stream / 2 % PEER_STREAMS] : &p->conn_window;
}

static void on_settings(struct peer *p, const uint8_t *payload, size_t n)
{
	for (size_t i = 0; i + 6 <= n; i += 6)
		if (payload[i] == 0 && payload[i + 1] == SETTING_WINDOW) {
			int64_t change = u32(payload + i + 2) - p->first_window;

			p->first_window += change;
			for (size_t at = 0; at < PEER_STREAMS; at++)
				p->windows[at] += change;
		}
	p->seen.settings = true;
}

/* From inside of receiving nothing may be sent. */
static void answer(struct peer *p, uint8_t type, const uint8_t *payload, size_t n)
{
	raw_head(&p->out, type, RAW_ACK, 0, n);
	if (n)
		buf_append(&p->out, payload, n);
}

static void on_frame(struct peer *p, uint8_t type, uint8_t flags, uint32_t stream, const uint8_t *payload, size_t n)
{
	struct seen *seen = &p->seen;

	if (type == RAW_SETTINGS && flags & RAW_ACK) {
		seen->settings_ack = true;
	} else if (type == RAW_SETTINGS) {
		on_settings(p, payload, n);
		if (!p->keeps_acks)
			answer(p, RAW_SETTINGS, NULL, 0);
	} else if (type == RAW_PING && flags & RAW_ACK) {
		seen->pongs++;
	} else if (type == RAW_PING) {
		answer(p, RAW_PING, payload, n);
	} else if (type == RAW_WINDOW_UPDATE && n == 4) {
		*window_of(p, stream) += u32(payload);
	} else if (type == RAW_GOAWAY && n >= 8) {
		on_goaway(seen, payload, n);
	} else if (type == RAW_RST_STREAM && n == 4) {
		count(seen->resets, u32(payload));
	} else if (type == RAW_DATA) {
		seen->data_bytes += n;
	} else if (type == RAW_HEADERS) {
		seen->request = stream;
		on_block(p, payload, n);
	}
}

static void take_frames(struct peer *p)
{
	while (buf_len(&p->in) >= 9) {
		const uint8_t *h = buf_data(&p->in);
		size_t n = u32(h) >> 8;

		if (buf_len(&p->in) < 9 + n)
			return;
		on_frame(p, h[3], h[4], u32(h + 5) & INT32_MAX, h + 9, n);
		buf_consume(&p->in, 9 + n);
	}
}

static void receive(struct peer *p)
{
	char data[65536];
	ssize_t n = recv(p->fd, data, sizeof data, MSG_DONTWAIT);

	if (n > 0) {
		buf_append(&p->in, data, (size_t)n);
		if (p->is_server && buf_len(&p->in) >= sizeof RAW_PREFACE - 1 &&
		    !memcmp(buf_data(&p->in), "PRI ", 4))
			buf_consume(&p->in, sizeof RAW_PREFACE - 1);
		take_frames(p);
	} else if (n == 0 || errno != EAGAIN) {
		p->is_closed = true;
	}
}

/* ---- sending ---- */

static bool send_some(struct peer *p)
{
	ssize_t n = send(p->fd, buf_data(&p->out), buf_len(&p->out), MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0) {
		buf_consume(&p->out, (size_t)n);
		p->sent_bytes += (uint64_t)n;
	} else if (n < 0 && errno != EAGAIN) {
		/* The last words of the other end may still be on their way. */
		buf_clear(&p->out);
	}
	return n > 0;
}

static void wait_socket(const struct peer *p, bool reads, uint32_t ms)
{
	int events = (reads ? POLLIN : 0) | (buf_len(&p->out) ? POLLOUT : 0);
	struct pollfd fd = { .fd = p->fd, .events = (short)events };

	poll(&fd, 1, (int)ms);
}

void peer_flush(struct peer *p)
{
	uint64_t moved_ms = mono_ms();

	while (buf_len(&p->out) && !p->is_closed && mono_ms() < p->end_ms) {
		if (send_some(p))
			moved_ms = mono_ms();
		if (!p->is_mute)
			receive(p);
		p->is_blocked = p->is_mute && mono_ms() - moved_ms > PEER_BLOCKED_MS;
		if (p->is_blocked)
			return;
		if (buf_len(&p->out))
			wait_socket(p, !p->is_mute, STEP_MS);
	}
}

bool peer_wait(struct peer *p, uint32_t ms, bool (*is_done)(const struct peer *p, const void *arg), const void *arg)
{
	uint64_t end = mono_ms() + ms;

	peer_flush(p);
	do {
		if (is_done(p, arg) || p->is_closed)
			break;
		wait_socket(p, true, ms < STEP_MS ? ms : STEP_MS);
		receive(p);
		peer_flush(p);
	} while (mono_ms() < end);
	return is_done(p, arg);
}

static bool has_pong(const struct peer *p, const void *before)
{
	return p->seen.pongs > *(const unsigned *)before;
}

bool peer_is_served(struct peer *p)
{
	unsigned before = p->seen.pongs;

	peer_frame(p, RAW_PING, 0, 0, "served??", 8);
	return peer_wait(p, PEER_TIME_MS / 2, has_pong, &before);
}

/* ---- frames ---- */

void peer_bytes(struct peer *p, const void *data, size_t n)
{
	if (n)
		buf_append(&p->out, data, n);
	if (buf_len(&p->out) >= GATHER)
		peer_flush(p);
}

void peer_frame(struct peer *p, uint8_t type, uint8_t flags, uint32_t stream, const void *payload, size_t n)
{
	raw_head(&p->out, type, flags, stream, n);
	peer_bytes(p, payload, n);
}

void peer_frame_u32(struct peer *p, uint8_t type, uint32_t stream, uint32_t value)
{
	uint32_t wire = htonl(value);

	peer_frame(p, type, 0, stream, &wire, sizeof wire);
}

void peer_setting(struct peer *p, uint16_t name, uint32_t value)
{
	uint8_t entry[6] = { (uint8_t)(name >> 8), (uint8_t)name, (uint8_t)(value >> 24), (uint8_t)(value >> 16),
			     (uint8_t)(value >> 8), (uint8_t)value };

	peer_frame(p, RAW_SETTINGS, 0, 0, entry, sizeof entry);
}

void peer_hello(struct peer *p)
{
	if (!p->is_server)
		peer_bytes(p, RAW_PREFACE, sizeof RAW_PREFACE - 1);
	peer_frame(p, RAW_SETTINGS, 0, 0, NULL, 0);
}

void peer_open_windows(struct peer *p)
{
	peer_setting(p, SETTING_WINDOW, INT32_MAX);
	peer_frame_u32(p, RAW_WINDOW_UPDATE, 0, INT32_MAX - WINDOW);
}

uint32_t peer_request(struct peer *p, const char *path, const char *name, const char *value, uint8_t flags)
{
	struct buf block = { 0 };
	uint32_t id = p->next_id;

	p->next_id += 2;
	*window_of(p, id) = p->first_window;
	raw_request(&block, path, NULL);
	if (name)
		raw_field(&block, name, value);
	peer_block(p, id, &block, flags);
	buf_done(&block);
	return id;
}

void peer_block(struct peer *p, uint32_t stream, const struct buf *block, uint8_t flags)
{
	const uint8_t *data = buf_data(block);
	size_t left = buf_len(block), n;
	uint8_t type = RAW_HEADERS;

	do {
		n = left < PIECE ? left : PIECE;
		left -= n;
		raw_head(&p->out, type, flags | (left ? 0 : RAW_END_HEADERS), stream, n);
		buf_append(&p->out, data, n);
		data += n;
		type = RAW_CONTINUATION;
		flags = 0;
	} while (left);
	peer_bytes(p, NULL, 0);		/* in one piece: what is answered meanwhile may not come between */
}

/* How much may go now, of at most n. */
static size_t room(struct peer *p, uint32_t stream, size_t n)
{
	int64_t least = *window_of(p, stream);

	if (p->conn_window < least)
		least = p->conn_window;
	if (least > PIECE)
		least = PIECE;
	if (least < 0)
		least = 0;
	return n < (size_t)least ? n : (size_t)least;
}

struct sending {
	uint32_t stream;
	size_t left;
};

static bool has_room(const struct peer *p, const void *arg)
{
	const struct sending *s = arg;

	return p->conn_window > 0 && p->windows[s->stream / 2 % PEER_STREAMS] > 0;
}

size_t peer_data(struct peer *p, uint32_t stream, const void *data, size_t n, uint8_t flags)
{
	struct sending s = { stream, n };
	const uint8_t *at = data;

	while (s.left && !peer_is_over(p)) {
		size_t piece = room(p, stream, s.left);

		if (!piece && p->is_mute)
			break;
		if (!piece && !peer_wait(p, p->patience_ms, has_room, &s))
			break;
		if (!piece)
			continue;
		s.left -= piece;
		p->conn_window -= (int64_t)piece;
		*window_of(p, stream) -= (int64_t)piece;
		peer_frame(p, RAW_DATA, s.left ? 0 : flags, stream, at, piece);
		at += piece;
	}
	return n - s.left;
}

void peer_message(struct peer *p, uint32_t stream, const void *data, size_t n, uint8_t flags)
{
	uint8_t prefix[5] = { 0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	raw_head(&p->out, RAW_DATA, flags, stream, n + sizeof prefix);
	buf_append(&p->out, prefix, sizeof prefix);
	peer_bytes(p, data, n);
}
