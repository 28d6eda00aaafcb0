/*
 * tidy.c - one timer that runs only between the last call of a busy time and the trim.
 */
#include "master/tidy.h"

#include <malloc.h>

#include "master/master.h"

static void on_timer(struct ev_loop *loop, ev_timer *w, int events)
{
	struct master *m = w->data;

	(void)loop;
	(void)events;
	m->tidy.most = 0;
	malloc_trim(0);
}

void tidy_init(struct master *m)
{
	ev_timer_init(&m->tidy.timer, on_timer, 0, 0);
	m->tidy.timer.data = m;
}

void tidy_note(struct master *m)
{
	struct tidy *t = &m->tidy;

	if (m->n_relays > t->most)
		t->most = m->n_relays;
	if (m->n_relays || t->most < TIDY_CALLS_MIN || m->is_stopping)
		return;
	ev_timer_stop(m->loop, &t->timer);
	ev_timer_set(&t->timer, TIDY_AFTER_MS / 1000.0, 0);
	ev_timer_start(m->loop, &t->timer);
}

void tidy_stop(struct master *m)
{
	ev_timer_stop(m->loop, &m->tidy.timer);
}
