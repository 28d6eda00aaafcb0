/*
 * run.c - one run: joins the call that watches it and the process that is it.
 *
 * A run ends when three facts hold, in whatever order they arrive: exited, stdout at its end, stderr at its
 * end; a run that is being ended also needs a fourth, that nothing of its session is left. What outlives
 * SIGKILL is given up: it counts as gone and exited, and the reason names it. Each
 * handler records its fact and calls run_maybe_finish(), the only place that tells the end and frees the run.
 * A watcher that leaves changes nothing but who is told: its run is cancelled and ends in the same way.
 *
 *   NEW --started--> RUNNING --cancel, deadline--> TERMINATING --grace--> KILLING
 *    +-- start failed --+--------------- the facts -----+-------------------+--> DONE
 */
#include "agent/run.h"

#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/runs.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/sm.h"
#include "common/str.h"

enum run_state { RUN_NEW, RUN_RUNNING, RUN_TERMINATING, RUN_KILLING, RUN_DONE };

static const struct sm_state run_states[] = {
	[RUN_NEW]         = { "new",         SM(RUN_RUNNING) | SM(RUN_DONE) },
	[RUN_RUNNING]     = { "running",     SM(RUN_TERMINATING) | SM(RUN_KILLING) | SM(RUN_DONE) },
	[RUN_TERMINATING] = { "terminating", SM(RUN_KILLING) | SM(RUN_DONE) },
	[RUN_KILLING]     = { "killing",     SM(RUN_DONE) },
	[RUN_DONE]        = { "done",        0 },
};

struct run {
	struct list link;		/* live runs */
	struct runs *runs;
	uint8_t id[RUN_ID_BYTES];
	char name[16];			/* for the log */
	unsigned state;			/* enum run_state */
	const struct run_ops *ops;	/* NULL: the watcher has left */
	void *arg;
	struct exec *exec;
	ev_timer deadline, grace;
	uint64_t timeout_ms, grace_ms;
	uint64_t started_us, exited_us;
	bool has_exited, is_eof[EXEC_N_STREAMS], is_gone;	/* the facts */
	bool is_given_up;		/* gone, but for processes that cannot be killed */
	int code, signal;
	bool output_cut;
	uint64_t total[EXEC_N_STREAMS];
	enum run_end ending;		/* why we end it; 0: it ends by itself */
	char *reason;			/* words for `ending` */
};

static void run_move(struct run *run, enum run_state to)
{
	sm_move(run_states, &run->state, to, run->name);
}

const uint8_t *run_id(const struct run *run)
{
	return run->id;
}

struct run *run_from_link(struct list *link)
{
	return list_entry(link, struct run, link);
}

/* ---- the end ---- */

static void run_finish(struct run *run, struct run_result *result)
{
	struct ev_loop *loop = runs_loop(run->runs);

	ev_timer_stop(loop, &run->deadline);
	ev_timer_stop(loop, &run->grace);
	exec_free(run->exec);		/* reaps */
	run_move(run, RUN_DONE);
	if (run->ops)
		run->ops->on_end(run, result, run->arg);
	runs_remove(run->runs, &run->link);
	free(run->reason);
	free(run);
}

static const char *signal_text(int number)
{
	static char text[64];
	const char *name = sigdescr_np(number);

	snprintf(text, sizeof text, "killed by signal %d (%s)", number, name ? name : "real-time");
	return text;
}

static void run_maybe_finish(struct run *run)
{
	uint64_t end_us = run->has_exited ? run->exited_us : mono_us();
	struct run_result result = {
		.end = RUN_END_EXITED, .code = run->code, .signal = run->signal, .reason = "",
		.duration_ms = (end_us - run->started_us) / 1000, .output_cut = run->output_cut,
	};

	if ((!run->has_exited && !run->is_given_up) || !run->is_eof[EXEC_STDOUT] || !run->is_eof[EXEC_STDERR])
		return;
	if (run->state != RUN_RUNNING && !run->is_gone)
		return;
	if (run->ending) {
		result.end = run->ending;
		result.reason = run->reason;
	} else if (run->signal) {
		result.end = RUN_END_SIGNALLED;
		result.code = run->signal;
		result.reason = signal_text(run->signal);
	}
	memcpy(result.total, run->total, sizeof result.total);
	run_finish(run, &result);
}

/* ---- ending it ---- */

static void on_grace(struct ev_loop *loop, ev_timer *w, int events)
{
	struct run *run = w->data;

	(void)loop, (void)events;
	run_move(run, RUN_KILLING);
	exec_kill(run->exec, SIGKILL);
}

/* The first reason counts, and none that comes after the process has ended by itself. */
static void run_note_ending(struct run *run, enum run_end why, const char *reason)
{
	if (run->ending || run->has_exited)
		return;
	run->ending = why;
	run->reason = mem_strdup(reason);
}

static void run_terminate(struct run *run)
{
	struct ev_loop *loop = runs_loop(run->runs);

	run_move(run, RUN_TERMINATING);
	ev_timer_stop(loop, &run->deadline);
	exec_kill(run->exec, SIGTERM);
	ev_now_update(loop);		/* that was a walk over /proc */
	ev_timer_set(&run->grace, (double)run->grace_ms / 1000, 0.);
	ev_timer_start(loop, &run->grace);
}

void run_cancel(struct run *run, const char *reason)
{
	run_note_ending(run, RUN_END_CANCELLED, reason);
	if (run->state == RUN_RUNNING)
		run_terminate(run);	/* NEW: on_started() does it */
}

void run_kill(struct run *run, const char *reason)
{
	run_note_ending(run, RUN_END_CANCELLED, reason);
	if (run->state == RUN_RUNNING || run->state == RUN_TERMINATING) {
		ev_timer_stop(runs_loop(run->runs), &run->grace);
		run_move(run, RUN_KILLING);
	}
	exec_kill(run->exec, SIGKILL);
}

void run_leave(struct run *run, const char *reason)
{
	run->ops = NULL;
	run_cancel(run, reason);
	exec_resume(run->exec);		/* what it still writes is thrown away, but does not block it */
}

static void on_deadline(struct ev_loop *loop, ev_timer *w, int events)
{
	struct run *run = w->data;
	char *reason = mem_printf("timed out after %s", str_duration_ms(run->timeout_ms));

	(void)loop, (void)events;
	run_note_ending(run, RUN_END_TIMED_OUT, reason);
	free(reason);
	run_terminate(run);
}

/* ---- what the process does ---- */

static void on_started(struct exec *exec, pid_t pid, void *arg)
{
	struct run *run = arg;

	(void)exec;
	log_debug("%s: pid %d", run->name, pid);
	run_move(run, RUN_RUNNING);
	if (run->ops && run->ops->on_started)
		run->ops->on_started(run, pid, run->arg);
	if (run->ending) {
		run_terminate(run);
	} else if (run->timeout_ms) {
		ev_now_update(runs_loop(run->runs));	/* many may have been started in this turn */
		ev_timer_set(&run->deadline, (double)run->timeout_ms / 1000, 0.);
		ev_timer_start(runs_loop(run->runs), &run->deadline);
	}
}

static void on_failed(struct exec *exec, int code, const char *why, void *arg)
{
	struct run_result result = { .end = RUN_END_NOT_STARTED, .code = code };
	struct run *run = arg;
	char *reason = mem_strdup(why);	/* exec goes first */

	(void)exec;
	result.reason = reason;
	run_finish(run, &result);
	free(reason);
}

/* Output is taken only while the call takes more: this is where back-pressure reaches the process. */
static void on_output(struct exec *exec, enum exec_stream stream, const void *data, size_t n, void *arg)
{
	struct run *run = arg;

	run->total[stream] += n;
	if (run->ops && !run->ops->on_output(run, stream, data, n, run->arg))
		exec_pause(exec);	/* until run_resume() */
}

static void on_input_taken(struct exec *exec, uint64_t offset, bool closed, void *arg)
{
	struct run *run = arg;

	(void)exec;
	if (run->ops && run->ops->on_input_taken)
		run->ops->on_input_taken(run, offset, closed, run->arg);
}

static void on_eof(struct exec *exec, enum exec_stream stream, bool cut, void *arg)
{
	struct run *run = arg;

	(void)exec;
	run->is_eof[stream] = true;
	run->output_cut = run->output_cut || cut;
	run_maybe_finish(run);
}

static void on_exited(struct exec *exec, int code, int signal, void *arg)
{
	struct run *run = arg;

	(void)exec;
	run->has_exited = true;
	run->exited_us = mono_us();
	run->code = code;
	run->signal = signal;
	ev_timer_stop(runs_loop(run->runs), &run->deadline);
	run_maybe_finish(run);
}

/* SIGKILL did not end all of it. A run that had ended by itself by then stays so. */
static void run_give_up(struct run *run, const char *left)
{
	char *reason = run->reason;

	log_warn("%s: SIGKILL does not end %s; the run ends without", run->name, left);
	run->is_given_up = true;
	if (!run->ending)
		return;
	run->reason = mem_printf("%s; processes left that could not be killed: %s", reason, left);
	free(reason);
}

static void on_gone(struct exec *exec, const char *left, void *arg)
{
	struct run *run = arg;

	(void)exec;
	run->is_gone = true;
	if (left)
		run_give_up(run, left);
	ev_timer_stop(runs_loop(run->runs), &run->grace);
	run_maybe_finish(run);
}

static const struct exec_ops run_exec_ops = {
	.on_started = on_started, .on_failed = on_failed, .on_output = on_output,
	.on_input_taken = on_input_taken, .on_eof = on_eof, .on_exited = on_exited, .on_gone = on_gone,
};

/* ---- what the caller does ---- */

struct run *run_new(struct runs *runs, const struct run_spec *spec, const struct run_ops *ops, void *arg)
{
	struct run *run = mem_new(struct run);

	run->runs = runs;
	run->ops = ops;
	run->arg = arg;
	run->timeout_ms = spec->timeout_ms;
	run->grace_ms = spec->grace_ms ? spec->grace_ms : RUN_GRACE_MS;
	if (run->grace_ms > RUN_GRACE_MAX_MS)
		run->grace_ms = RUN_GRACE_MAX_MS;
	memcpy(run->id, spec->id, RUN_ID_BYTES);
	memcpy(run->name, "run ", 4);
	str_hex(run->id, 4, run->name + 4);
	ev_init(&run->deadline, on_deadline);
	ev_init(&run->grace, on_grace);
	run->deadline.data = run->grace.data = run;
	runs_add(runs, &run->link, run->id);
	run->started_us = mono_us();
	run->exec = exec_start(runs_host(runs), &spec->exec, &run_exec_ops, run);
	return run;
}

void run_input(struct run *run, const void *data, size_t n)
{
	exec_input(run->exec, data, n);
}

void run_input_end(struct run *run)
{
	exec_input_end(run->exec);
}

void run_resume(struct run *run)
{
	exec_resume(run->exec);
}

void run_signal(struct run *run, int number)
{
	exec_signal(run->exec, number);
}
