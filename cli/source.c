/*
 * source.c - reading an inherited stdin in bounded steps.
 *
 * The fd stays as it is: one read(2) follows one poll. (Opening a pipe again, as sink.c does, would hide
 * the end of a pipe whose writer is gone.)
 */
#include "cli/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/mem.h"

enum { SOURCE_BACKGROUND_S = 1 };

bool source_is_empty(int fd)
{
	struct stat st;

	/* An O_PATH fd is what main() puts in the place of a closed one. */
	if (fcntl(fd, F_GETFL) & O_PATH || fstat(fd, &st))
		return true;
	return S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

static void source_end(struct source *s, int error)
{
	source_stop(s);
	s->ops->on_end(error, s->arg);
}

/* A terminal that is not ours has no job control for us: it is read like a pipe. */
static bool is_in_background(const struct source *s)
{
	pid_t foreground;

	if (!s->is_terminal)
		return false;
	foreground = tcgetpgrp(s->fd);
	return foreground > 0 && foreground != getpgrp();
}

/* One step. True: there may be more at once. */
static bool read_step(struct source *s)
{
	size_t room = s->ops->room(s->arg);
	ssize_t n;

	if (!room)
		return false;
	n = read(s->fd, s->step, room < SOURCE_STEP ? room : SOURCE_STEP);
	if (n > 0) {
		s->ops->on_data(s->step, (size_t)n, s->arg);
		return true;
	}
	if (n == 0)
		source_end(s, 0);
	else if (errno != EAGAIN && errno != EINTR)
		source_end(s, -errno);
	return false;
}

static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct source *s = w->data;

	(void)revents;
	if (is_in_background(s)) {
		ev_io_stop(loop, w);
		ev_timer_start(loop, &s->background);
		return;
	}
	read_step(s);
	source_pump(s);
}

/* Nobody tells a running job that it has come to the foreground. */
static void on_background(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct source *s = w->data;

	(void)revents;
	if (is_in_background(s))
		return;
	ev_timer_stop(loop, w);
	source_pump(s);
}

void source_start(struct source *s, struct ev_loop *loop, int fd, const struct source_ops *ops, void *arg)
{
	struct stat st;

	*s = (struct source){ .loop = loop, .fd = fd, .is_open = true, .ops = ops, .arg = arg };
	s->is_direct = fstat(fd, &st) || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode);
	s->is_terminal = !s->is_direct && isatty(fd);
	s->step = mem_alloc(SOURCE_STEP);
	ev_io_init(&s->readable, on_readable, fd, EV_READ);
	s->readable.data = s;
	ev_timer_init(&s->background, on_background, SOURCE_BACKGROUND_S, SOURCE_BACKGROUND_S);
	s->background.data = s;
	source_pump(s);
}

void source_pump(struct source *s)
{
	if (!s->is_open || ev_is_active(&s->background))
		return;
	if (s->is_direct) {
		while (s->is_open && read_step(s))
			;
		return;
	}
	if (s->ops->room(s->arg))
		ev_io_start(s->loop, &s->readable);
	else
		ev_io_stop(s->loop, &s->readable);
}

void source_stop(struct source *s)
{
	if (!s->is_open)
		return;
	s->is_open = false;
	ev_io_stop(s->loop, &s->readable);
	ev_timer_stop(s->loop, &s->background);
	free(s->step);
	s->step = NULL;
}
