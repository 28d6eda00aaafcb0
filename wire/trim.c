/*
 * trim.c - see trim.h. The timer runs only between the last call of a busy time and the trim.
 */
#include "wire/trim.h"

#include <malloc.h>

static void on_timer(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct trim *t = w->data;

	(void)events;
	ev_ref(loop);
	t->most_calls = 0;
	t->most_bytes = 0;
	buf_done(t->scratch);
	malloc_trim(0);
}

void trim_init(struct trim *t, struct ev_loop *loop, struct buf *scratch)
{
	*t = (struct trim){ .loop = loop, .scratch = scratch };
	ev_timer_init(&t->timer, on_timer, 0, 0);
	t->timer.data = t;
}

void trim_stop(struct trim *t)
{
	if (!ev_is_active(&t->timer))
		return;
	ev_ref(t->loop);
	ev_timer_stop(t->loop, &t->timer);
}

void trim_note(struct trim *t, unsigned calls, size_t bytes)
{
	if (calls > t->most_calls)
		t->most_calls = calls;
	if (bytes > t->most_bytes)
		t->most_bytes = bytes;
	if (t->most_calls < TRIM_CALLS_MIN && t->most_bytes < TRIM_BYTES_MIN)
		return;
	trim_stop(t);
	if (calls > t->most_calls / 2)
		return;
	ev_timer_set(&t->timer, TRIM_AFTER_MS / 1000.0, 0);
	ev_timer_start(t->loop, &t->timer);
	ev_unref(t->loop);
}
