/*
 * skipped_time.h - virtual time for a test program: waiting ends at once, and the clocks move by as much.
 *
 * It replaces clock_gettime(2) and epoll_wait(2) of the whole program, so one file of it includes this, and nothing of
 * test/lib does. Peers are in the same process: what is under way on the loopback gets a few real milliseconds before
 * the clocks move.
 */
#ifndef TEST_LIB_SKIPPED_TIME_H
#define TEST_LIB_SKIPPED_TIME_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef UNDER_WAY_MS
#define UNDER_WAY_MS 5
#endif

static int64_t skipped_ns;
static bool is_real;			/* time passes as it does */

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int rv = (int)syscall(SYS_clock_gettime, id, ts);
	int64_t ns = ts->tv_sec * 1000000000LL + ts->tv_nsec + skipped_ns;

	ts->tv_sec = ns / 1000000000LL;
	ts->tv_nsec = ns % 1000000000LL;
	return rv;
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
	int n = (int)syscall(SYS_epoll_wait, fd, events, max, is_real || !timeout_ms ? timeout_ms : UNDER_WAY_MS);

	if (n == 0 && timeout_ms > 0 && !is_real)
		skipped_ns += timeout_ms * 1000000LL;
	return n;
}

static inline void skipped_time_is_over(struct ev_loop *loop, struct ev_timer *w, int events)
{
	(void)w;
	(void)events;
	ev_break(loop, EVBREAK_ONE);
}

/* Lets the loop run until so much time has passed. */
static inline void pass_in(struct ev_loop *loop, double seconds)
{
	struct ev_timer t;

	ev_timer_init(&t, skipped_time_is_over, seconds, 0);
	ev_now_update(loop);
	ev_timer_start(loop, &t);
	ev_run(loop, 0);
	ev_timer_stop(loop, &t);
}

#endif
