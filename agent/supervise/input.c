/*
 * input.c - the writing end of standard input.
 *
 * What the pipe takes at once is never copied; the rest waits in the queue. That the process no longer
 * reads is noticed when something is to be written: until then nobody needs to know.
 */
#include "agent/supervise/input.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "agent/supervise/supervise.h"
#include "agent/supervise/terminal.h"
#include "common/fd.h"

enum { PIPE_LARGE = 512 * 1024 };	/* capacity of a pipe that proved busy */

void input_start(struct input *in, int fd, bool is_terminal)
{
	*in = (struct input){ .fd = fd, .is_terminal = is_terminal };
}

static void close_fd(struct input *in)
{
	if (in->is_terminal)
		in->fd = -1;
	else
		fd_close(&in->fd);
}

void input_done(struct input *in)
{
	close_fd(in);
	buf_done(&in->queue);
}

static size_t take(struct input *in, const uint8_t *data, size_t n)
{
	ssize_t taken = write(in->fd, data, n);

	if (taken < 0 && errno != EAGAIN && errno != EINTR) {
		close_fd(in);
		buf_done(&in->queue);
		in->is_broken = true;
	}
	if (taken <= 0)
		return 0;
	in->taken += (uint64_t)taken;
	in->is_in_line = data[taken - 1] != '\n';
	if ((size_t)taken < n && !in->is_large && !in->is_terminal) {
		in->is_large = true;
		fcntl(in->fd, F_SETPIPE_SZ, PIPE_LARGE);
	}
	return (size_t)taken;
}

static void end_if_done(struct input *in)
{
	if (in->fd < 0 || !in->is_ending || buf_len(&in->queue) > 0)
		return;
	if (in->is_terminal)
		terminal_end_input(in->fd, in->is_in_line);
	close_fd(in);
}

void input_write(struct input *in, uint64_t offset, const void *data, size_t n)
{
	const uint8_t *from = data;
	size_t done = 0;

	if (input_is_closed(in) || offset > in->arrived || in->arrived - offset >= n)
		return;
	done = (size_t)(in->arrived - offset);
	if (buf_len(&in->queue) + (n - done) > SUP_INPUT_MAX + SUP_DATA_MAX)
		return;
	in->arrived = offset + n;
	if (buf_len(&in->queue) == 0)
		done += take(in, from + done, n - done);
	if (in->fd >= 0 && done < n)
		buf_append(&in->queue, from + done, n - done);
}

void input_end(struct input *in)
{
	in->is_ending = true;
	end_if_done(in);
}

void input_push(struct input *in)
{
	size_t n = take(in, buf_data(&in->queue), buf_len(&in->queue));

	if (in->fd < 0)
		return;
	buf_consume(&in->queue, n);
	buf_trim(&in->queue);
	end_if_done(in);
}

bool input_is_due(const struct input *in)
{
	if (in->is_broken)
		return !in->is_told_broken;
	return in->taken != in->told && (buf_len(&in->queue) == 0 || in->taken - in->told >= SUP_DATA_MAX);
}

uint64_t input_tell(struct input *in)
{
	in->told = in->taken;
	in->is_told_broken = in->is_broken;
	return in->taken | (in->is_broken ? UINT64_C(1) << 63 : 0);
}
