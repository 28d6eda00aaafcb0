/*
 * exec_in.c - the writing end of standard input.
 *
 * What the pipe takes at once is never copied; the rest waits in the queue. That the process no longer
 * reads is noticed when something is to be written: until then nobody needs to know.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "agent/exec.h"
#include "agent/exec_pipe.h"
#include "common/fd.h"

/* Bytes that went into the pipe; a pipe without a reader is closed. */
static size_t pipe_take(struct inpipe *p, const void *data, size_t n)
{
	ssize_t taken = write(p->fd, data, n);

	if (taken < 0 && errno != EAGAIN && errno != EINTR) {
		ev_io_stop(p->loop, &p->io);
		fd_close(&p->fd);
		buf_done(&p->queue);
		p->is_broken = true;
	}
	if (taken <= 0)
		return 0;
	p->taken += (uint64_t)taken;
	if ((size_t)taken < n && !p->is_large) {
		p->is_large = true;
		fcntl(p->fd, F_SETPIPE_SZ, EXEC_PIPE_LARGE);
	}
	return (size_t)taken;
}

/* Tells what was taken, in steps of a chunk or when nothing waits. */
static void tell(struct inpipe *p)
{
	bool is_due = p->taken != p->told && (buf_len(&p->queue) == 0 || p->taken - p->told >= EXEC_CHUNK_MAX);

	if (p->is_broken ? p->is_told_broken : !is_due)
		return;
	p->told = p->taken;
	p->is_told_broken = p->is_broken;
	p->on_taken(p, p->taken, p->is_broken);
}

static void on_writable(struct ev_loop *loop, ev_io *w, int events)
{
	struct inpipe *p = w->data;
	size_t n = buf_len(&p->queue);

	(void)events;
	if (p->fd >= 0 && n > 0) {
		n = pipe_take(p, buf_data(&p->queue), n);
		if (p->fd >= 0)
			buf_consume(&p->queue, n);
	}
	if (p->fd >= 0 && buf_len(&p->queue) > 0) {
		ev_io_start(loop, w);
	} else if (p->fd >= 0) {
		ev_io_stop(loop, w);
		buf_trim(&p->queue);
		if (p->is_ending)
			fd_close(&p->fd);
	}
	tell(p);
}

void inpipe_start(struct inpipe *p)
{
	ev_io_init(&p->io, on_writable, p->fd, EV_WRITE);
	p->io.data = p;
}

void inpipe_done(struct inpipe *p)
{
	if (p->fd >= 0) {
		ev_io_stop(p->loop, &p->io);
		fd_close(&p->fd);
	}
	ev_clear_pending(p->loop, &p->io);
	buf_done(&p->queue);
}

void inpipe_write(struct inpipe *p, const void *data, size_t n)
{
	size_t taken = 0;

	if (p->fd < 0 || p->is_ending || n == 0)
		return;
	if (buf_len(&p->queue) == 0)
		taken = pipe_take(p, data, n);
	if (p->fd >= 0 && taken < n)
		buf_append(&p->queue, (const uint8_t *)data + taken, n - taken);
	ev_feed_event(p->loop, &p->io, EV_WRITE);
}

void inpipe_end(struct inpipe *p)
{
	if (p->fd < 0)
		return;
	p->is_ending = true;
	ev_feed_event(p->loop, &p->io, EV_WRITE);
}
