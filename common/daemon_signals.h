/*
 * daemon_signals.h - the signals that a daemon hears in its loop: SIGTERM and SIGINT to stop, SIGHUP.
 *
 * Watched from the making of the loop on, so that a signal which comes before the loop turns is heard by
 * its first turn. They do not keep the loop alive.
 */
#ifndef COMMON_DAEMON_SIGNALS_H
#define COMMON_DAEMON_SIGNALS_H

#include <ev.h>

struct daemon_signals {		/* all zero: not watched */
	struct ev_loop *loop;
	ev_signal terminate, interrupt, hangup;
	void (*on_stop)(const char *name, void *arg);	/* "SIGTERM" or "SIGINT"; may come again */
	void (*on_hangup)(void *arg);
	void *arg;
};

/* The two callbacks and arg are set. */
void daemon_signals_watch(struct daemon_signals *s, struct ev_loop *loop);
/* Before the loop is destroyed. From here on the signals are ignored: the process is as good as gone, and its
 * exit status shall not become that of a late signal. */
void daemon_signals_unwatch(struct daemon_signals *s);

#endif
