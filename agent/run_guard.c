/*
 * run_guard.c - runs whose own processes stop their supervisor, as those of the same user can (SIGSTOP).
 *
 * The clocks of a run are its supervisor's, and one that is stopped keeps none. So while a run is about to start, and when
 * it should be ending, by --timeout or because it was cancelled, its supervisor is looked at once a second, and continued
 * where it is stopped: then it sees by itself what is due. One that is found stopped STRIKES times is killed; what is left
 * is swept up, and how the run would have ended is not known.
 */
#include <signal.h>

#include "agent/run_own.h"
#include "agent/runs.h"
#include "common/clock.h"
#include "common/log.h"

enum { STRIKES = 5 };

static const double look_s = 1;

static void on_guard(struct ev_loop *loop, ev_timer *w, int events)
{
	struct run *run = w->data;

	(void)events;
	ev_timer_set(w, look_s, 0.);
	ev_timer_start(loop, w);
	if (!run->exec || !exec_is_stopped(run->exec))
		return;
	if (++run->strikes < STRIKES) {
		exec_signal_supervisor(run->exec, SIGCONT);
		return;
	}
	log_warn("run %s: it stops its supervisor again and again, which is killed", run->hex);
	exec_signal_supervisor(run->exec, SIGKILL);
	run_guard_stop(run);
}

void run_guard_init(struct run *run)
{
	ev_init(&run->guard, on_guard);
	run->guard.data = run;
}

static void start(struct run *run, double after_s)
{
	struct ev_loop *loop = runs_loop(run->runs);

	if (ev_is_active(&run->guard) && ev_timer_remaining(loop, &run->guard) <= after_s)
		return;
	ev_timer_stop(loop, &run->guard);
	ev_now_update(loop);
	ev_timer_set(&run->guard, after_s, 0.);
	ev_timer_start(loop, &run->guard);
}

void run_guard_stop(struct run *run)
{
	ev_timer_stop(runs_loop(run->runs), &run->guard);
}

void run_guard_soon(struct run *run)
{
	start(run, look_s);
}

void run_guard_timeout(struct run *run)
{
	int64_t past_ms = wall_us() / 1000 - run->started_ms;
	double left_s = (double)run->timeout_ms / 1000 - (past_ms > 0 ? (double)past_ms / 1000 : 0);

	if (run->is_cancelled)
		return;
	run_guard_stop(run);
	if (run->timeout_ms)
		start(run, (left_s > 0 ? left_s : 0) + look_s);
}
