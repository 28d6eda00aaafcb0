/*
 * output.c - reads a run's output into its spool.
 *
 * One read per stream and turn of the loop: while a record is written the process fills the pipe again. A read that
 * fills a whole record shows a busy stream: its pipe gets room once.
 */
#include "agent/supervise/output.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"

enum { PIPE_LARGE = 512 * 1024 };

void output_start(struct output *o, struct spool *spool, struct spool_record *record, int out, int err)
{
	*o = (struct output){ .spool = spool, .record = record };
	o->streams[0] = (struct output_stream){ .fd = out };
	o->streams[1] = (struct output_stream){ .fd = err };
}

void output_done(struct output *o)
{
	for (size_t i = 0; i < OUTPUT_STREAMS; i++)
		fd_close(&o->streams[i].fd);
}

bool output_wants(const struct output *o, size_t stream)
{
	return o->streams[stream].fd >= 0 && !o->is_pending && spool_room(o->spool) > 0;
}

bool output_has_ended(const struct output *o)
{
	return o->streams[0].fd < 0 && o->streams[1].fd < 0 && !o->is_pending;
}

void output_retry(struct output *o)
{
	if (o->is_pending)
		o->is_pending = spool_write(o->spool, o->record) != 0;
}

/* All that was owed is read: the end, unless somebody else still holds the stream open. */
static void finish_limited(struct output *o, struct output_stream *s)
{
	uint8_t byte;
	ssize_t n;

	do
		n = read(s->fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n > 0 || (n < 0 && errno != EIO))
		o->is_cut = true;
	fd_close(&s->fd);
}

static size_t how_much(const struct output *o, const struct output_stream *s)
{
	size_t room = spool_room(o->spool);

	return s->is_limited && s->owed < room ? s->owed : room;
}

static void keep(struct output *o, struct output_stream *s, size_t n)
{
	o->record->head = (struct sup_record){
		.length = (uint32_t)n, .stream = (uint32_t)(s - o->streams), .time_us = (uint64_t)wall_us(),
	};
	s->total += n;
	o->is_pending = true;
	output_retry(o);
}

/* False: nothing was there. */
static bool read_record(struct output *o, struct output_stream *s)
{
	ssize_t n = read(s->fd, o->record->data, how_much(o, s));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {		/* a terminal that nobody has open any more says EIO */
		fd_close(&s->fd);
		return false;
	}
	keep(o, s, (size_t)n);
	if (n == SUP_DATA_MAX && !s->is_large) {
		s->is_large = true;
		fcntl(s->fd, F_SETPIPE_SZ, PIPE_LARGE);
	}
	if (s->is_limited && (s->owed -= (size_t)n) == 0)
		finish_limited(o, s);
	return true;
}

void output_read(struct output *o, size_t stream, bool has_hung_up)
{
	while (output_wants(o, stream) && read_record(o, &o->streams[stream]) && has_hung_up)
		;
}

void output_abandon(struct output *o)
{
	if (output_has_ended(o))
		return;
	if (o->is_pending)
		o->streams[o->record->head.stream].total -= o->record->head.length;
	o->is_pending = false;
	o->is_cut = true;
	output_done(o);
}

void output_cut(struct output *o)
{
	for (size_t i = 0; i < OUTPUT_STREAMS; i++) {
		struct output_stream *s = &o->streams[i];
		int n = 0;

		if (s->fd < 0 || s->is_limited)
			continue;
		s->is_limited = true;
		if (ioctl(s->fd, FIONREAD, &n) == 0 && n > 0)
			s->owed = (size_t)n;
		if (s->owed == 0)
			finish_limited(o, s);
	}
}
