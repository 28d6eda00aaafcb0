/*
 * sink.c - writing to an inherited fd without blocking the loop.
 *
 * Invariant: the watcher is active exactly while the queue holds something. A pipe that polls writable
 * takes PIPE_BUF bytes without blocking, so that much is written where nothing better is allowed.
 */
#include "cli/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"

static enum sink_kind find_kind(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return SINK_DIRECT;	/* the write says what is wrong */
	if (S_ISSOCK(st.st_mode))
		return SINK_SOCKET;
	if (S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && isatty(fd)))
		return SINK_POLLED;
	return SINK_DIRECT;
}

/* A pipe whose reader is gone cannot be opened again: then the write on the old fd meets EPIPE. */
static void open_again(struct sink *s)
{
	char path[32];
	int fd;

	snprintf(path, sizeof path, "/proc/self/fd/%d", s->fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return;
	s->fd = fd;
	s->own_fd = true;
	s->kind = SINK_NONBLOCK;
	ev_io_set(&s->writable, fd, EV_WRITE);
}

static bool polls_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) != 0;
}

static ssize_t write_some(const struct sink *s, const uint8_t *data, size_t n)
{
	switch (s->kind) {
	case SINK_SOCKET:
		return send(s->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	case SINK_POLLED:
		if (!polls_writable(s->fd)) {
			errno = EAGAIN;
			return -1;
		}
		return write(s->fd, data, n < PIPE_BUF ? n : PIPE_BUF);
	default:
		return write(s->fd, data, n);
	}
}

/* Bytes that were taken; fewer than n when the fd would block or after an error, which is recorded. */
static size_t write_ready(struct sink *s, const uint8_t *data, size_t n)
{
	size_t done = 0;

	while (done < n && !s->error) {
		ssize_t ret = write_some(s, data + done, n - done);

		if (ret >= 0)
			done += (size_t)ret;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			s->error = -errno;
	}
	return done;
}

static void on_writable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct sink *s = w->data;

	(void)revents;
	buf_consume(&s->queue, write_ready(s, buf_data(&s->queue), buf_len(&s->queue)));
	if (s->error)
		buf_clear(&s->queue);
	if (buf_len(&s->queue))
		return;
	ev_io_stop(loop, w);
	s->on_event(s, s->arg);
}

void sink_init(struct sink *s, struct ev_loop *loop, int fd, void (*on_event)(struct sink *, void *), void *arg)
{
	*s = (struct sink){ .loop = loop, .fd = fd, .on_event = on_event, .arg = arg };
	ev_io_init(&s->writable, on_writable, fd, EV_WRITE);
	s->writable.data = s;
}

int sink_write(struct sink *s, const void *data, size_t n)
{
	size_t done = 0;

	if (s->error)
		return s->error;
	if (s->kind == SINK_UNKNOWN) {
		s->kind = find_kind(s->fd);
		if (s->kind == SINK_POLLED)
			open_again(s);
	}
	if (buf_len(&s->queue) == 0)
		done = write_ready(s, data, n);
	if (s->error)
		return s->error;
	if (done == n)
		return 0;
	buf_append(&s->queue, (const uint8_t *)data + done, n - done);
	ev_io_start(s->loop, &s->writable);
	return 1;
}

bool sink_is_busy(const struct sink *s)
{
	return buf_len(&s->queue) != 0;
}

bool sink_discard(struct sink *s)
{
	if (!sink_is_busy(s))
		return false;
	ev_io_stop(s->loop, &s->writable);
	buf_clear(&s->queue);
	return true;
}

void sink_done(struct sink *s)
{
	sink_discard(s);
	if (s->own_fd)
		fd_close(&s->fd);
	buf_done(&s->queue);
}
