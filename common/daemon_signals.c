/*
 * daemon_signals.c - see daemon_signals.h. Owns nothing but its watchers; cannot fail.
 */
#include "common/daemon_signals.h"

#include <signal.h>
#include <stddef.h>

static void on_stop(struct ev_loop *loop, ev_signal *w, int events)
{
	struct daemon_signals *s = w->data;

	(void)loop, (void)events;
	s->on_stop(w->signum == SIGTERM ? "SIGTERM" : "SIGINT", s->arg);
}

static void on_hangup(struct ev_loop *loop, ev_signal *w, int events)
{
	struct daemon_signals *s = w->data;

	(void)loop, (void)events;
	s->on_hangup(s->arg);
}

static void watch(struct daemon_signals *s, ev_signal *w, int number, void (*on)(struct ev_loop *, ev_signal *, int))
{
	ev_signal_init(w, on, number);
	w->data = s;
	ev_signal_start(s->loop, w);
	ev_unref(s->loop);
}

void daemon_signals_watch(struct daemon_signals *s, struct ev_loop *loop)
{
	s->loop = loop;
	watch(s, &s->terminate, SIGTERM, on_stop);
	watch(s, &s->interrupt, SIGINT, on_stop);
	watch(s, &s->hangup, SIGHUP, on_hangup);
}

void daemon_signals_unwatch(struct daemon_signals *s)
{
	ev_signal *all[] = { &s->terminate, &s->interrupt, &s->hangup };

	if (!s->loop)
		return;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		ev_ref(s->loop);
		ev_signal_stop(s->loop, all[i]);
		signal(all[i]->signum, SIG_IGN);
	}
	s->loop = NULL;
}
