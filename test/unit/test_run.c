/*
 * test_run.c - the state machine of a run and the list of all runs, on a process that is made of air: this
 * file defines exec.h itself and lets facts arrive in every order.
 */
#include <ev.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agent/past.h"
#include "agent/runs.h"
#include "common/mem.h"
#include "test/lib/unit.h"

/* ---- the process ---- */

struct exec {
	const struct exec_ops *ops;
	void *arg;
};

static struct {
	struct exec *last;
	unsigned n_started, n_freed;
	int killed[4], n_killed, signalled;
	bool paused, input_ended;
	size_t input;
} air;

struct exec_host *exec_host_new(struct ev_loop *loop)
{
	(void)loop;
	return NULL;
}

void exec_host_free(struct exec_host *h)
{
	(void)h;
}

struct exec *exec_start(struct exec_host *h, const struct exec_spec *spec, const struct exec_ops *ops, void *arg)
{
	struct exec *exec = mem_new(struct exec);

	(void)h, (void)spec;
	air.n_started++;
	exec->ops = ops;
	exec->arg = arg;
	air.last = exec;
	return exec;
}

void exec_free(struct exec *exec)
{
	air.n_freed++;
	free(exec);
}

void exec_input(struct exec *exec, const void *data, size_t n)
{
	(void)exec, (void)data;
	air.input += n;
}

void exec_input_end(struct exec *exec)
{
	(void)exec;
	air.input_ended = true;
}

void exec_pause(struct exec *exec)
{
	(void)exec;
	air.paused = true;
}

void exec_resume(struct exec *exec)
{
	(void)exec;
	air.paused = false;
}

void exec_signal(struct exec *exec, int number)
{
	(void)exec;
	air.signalled = number;
}

void exec_kill(struct exec *exec, int number)
{
	(void)exec;
	if (air.n_killed < 4)
		air.killed[air.n_killed++] = number;
}

/* ---- the watcher ---- */

static struct {
	unsigned n_started, n_ended, n_idle;
	uint64_t output;
	bool takes_more;
	uint64_t taken;
	struct run_result result;
	char reason[200];
} seen;

static struct ev_loop *loop;
static struct runs *runs;
static int exit_code, exit_signal;

static void on_started(struct run *run, pid_t pid, void *arg)
{
	(void)run, (void)arg;
	ck_assert_int_eq(pid, 4711);
	seen.n_started++;
}

static bool on_output(struct run *run, enum exec_stream stream, const void *data, size_t n, void *arg)
{
	(void)run, (void)stream, (void)data, (void)arg;
	seen.output += n;
	return seen.takes_more;
}

static void on_input_taken(struct run *run, uint64_t offset, bool closed, void *arg)
{
	(void)run, (void)closed, (void)arg;
	seen.taken = offset;
}

static void on_end(struct run *run, const struct run_result *result, void *arg)
{
	(void)run, (void)arg;
	seen.n_ended++;
	seen.result = *result;
	strncpy(seen.reason, result->reason, sizeof seen.reason - 1);
}

static const struct run_ops watcher = {
	.on_started = on_started, .on_output = on_output, .on_input_taken = on_input_taken, .on_end = on_end,
};

static void on_idle(void *arg)
{
	(void)arg;
	seen.n_idle++;
}

/* ---- helpers ---- */

static void open_runs(size_t max)
{
	memset(&air, 0, sizeof air);
	memset(&seen, 0, sizeof seen);
	exit_code = exit_signal = 0;
	loop = ev_loop_new(EVFLAG_NOENV);
	runs = runs_new(loop, max, on_idle, NULL);
	seen.takes_more = true;
}

/* Ends with the assertion that no watcher is left. */
static void close_runs(void)
{
	ck_assert_uint_eq(runs_count(runs), 0);
	ck_assert_uint_eq(air.n_started, air.n_freed);
	ck_assert(!ev_run(loop, EVRUN_NOWAIT));
	runs_free(runs);
	ev_loop_destroy(loop);
}

static struct run_spec spec_of(unsigned id)
{
	struct run_spec spec = { .grace_ms = 1 };

	memcpy(spec.id, &id, sizeof id);
	return spec;
}

/* Not started yet. */
static struct run *begin(const struct run_spec *spec)
{
	return run_new(runs, spec, &watcher, NULL);
}

static struct run *start_with(const struct run_spec *spec)
{
	struct run *run = begin(spec);

	air.last->ops->on_started(air.last, 4711, run);
	return run;
}

static struct run *start(unsigned id)
{
	struct run_spec spec = spec_of(id);

	return start_with(&spec);
}

enum fact { EXITED, OUT_EOF, ERR_EOF, GONE };

static void happen(struct exec *exec, enum fact fact)
{
	switch (fact) {
	case EXITED:
		exec->ops->on_exited(exec, exit_code, exit_signal, exec->arg);
		break;
	case OUT_EOF:
		exec->ops->on_eof(exec, EXEC_STDOUT, false, exec->arg);
		break;
	case ERR_EOF:
		exec->ops->on_eof(exec, EXEC_STDERR, false, exec->arg);
		break;
	case GONE:
		exec->ops->on_gone(exec, NULL, exec->arg);
		break;
	}
}

static void end_all(struct exec *exec)
{
	happen(exec, EXITED);
	happen(exec, OUT_EOF);
	happen(exec, ERR_EOF);
}

/* ---- tests ---- */

START_TEST(a_run_ends_with_the_last_of_three_facts_in_every_order)
{
	static const enum fact orders[][3] = {
		{ EXITED, OUT_EOF, ERR_EOF }, { EXITED, ERR_EOF, OUT_EOF }, { OUT_EOF, EXITED, ERR_EOF },
		{ OUT_EOF, ERR_EOF, EXITED }, { ERR_EOF, EXITED, OUT_EOF }, { ERR_EOF, OUT_EOF, EXITED },
	};

	open_runs(10);
	for (unsigned i = 0; i < 6; i++) {
		exit_code = 40 + (int)i;
		start(i);
		happen(air.last, orders[i][0]);
		happen(air.last, orders[i][1]);
		ck_assert_uint_eq(seen.n_ended, i);
		happen(air.last, orders[i][2]);
		ck_assert_uint_eq(seen.n_ended, i + 1);
		ck_assert_int_eq(seen.result.end, RUN_END_EXITED);
		ck_assert_int_eq(seen.result.code, exit_code);
		ck_assert_str_eq(seen.reason, "");
		ck_assert_uint_eq(seen.n_idle, i + 1);
	}
	close_runs();
}
END_TEST

START_TEST(totals_are_kept_per_stream)
{
	open_runs(10);
	start(1);
	air.last->ops->on_output(air.last, EXEC_STDOUT, "abc", 3, air.last->arg);
	air.last->ops->on_output(air.last, EXEC_STDERR, "x", 1, air.last->arg);
	air.last->ops->on_output(air.last, EXEC_STDOUT, "de", 2, air.last->arg);
	end_all(air.last);
	ck_assert_uint_eq(seen.result.total[EXEC_STDOUT], 5);
	ck_assert_uint_eq(seen.result.total[EXEC_STDERR], 1);
	ck_assert(!seen.result.output_cut);
	close_runs();
}
END_TEST

START_TEST(a_watcher_that_takes_no_more_pauses_the_process)
{
	struct run *run;

	open_runs(10);
	run = start(1);
	seen.takes_more = false;
	air.last->ops->on_output(air.last, EXEC_STDOUT, "abc", 3, run);
	ck_assert(air.paused);
	run_resume(run);
	ck_assert(!air.paused);
	end_all(air.last);
	close_runs();
}
END_TEST

START_TEST(a_death_by_signal_is_told_as_such)
{
	open_runs(10);
	exit_signal = SIGSEGV;
	start(1);
	end_all(air.last);
	ck_assert_int_eq(seen.result.end, RUN_END_SIGNALLED);
	ck_assert_int_eq(seen.result.code, SIGSEGV);
	ck_assert_int_eq(seen.result.signal, SIGSEGV);
	ck_assert_str_eq(seen.reason, "killed by signal 11 (Segmentation fault)");
	close_runs();
}
END_TEST

START_TEST(what_cannot_be_started_ends_with_the_reason)
{
	struct run_spec spec;

	open_runs(10);
	spec = spec_of(1);
	begin(&spec);
	air.last->ops->on_failed(air.last, 127, "no such thing", air.last->arg);
	ck_assert_uint_eq(seen.n_ended, 1);
	ck_assert_uint_eq(seen.n_started, 0);
	ck_assert_int_eq(seen.result.end, RUN_END_NOT_STARTED);
	ck_assert_int_eq(seen.result.code, 127);
	ck_assert_str_eq(seen.reason, "no such thing");
	close_runs();
}
END_TEST

START_TEST(cancel_terminates_and_waits_until_nothing_is_left)
{
	struct run *run;

	open_runs(10);
	exit_signal = SIGTERM;
	run = start(1);
	run_cancel(run, "enough");
	ck_assert_int_eq(air.killed[0], SIGTERM);
	end_all(air.last);
	ck_assert_uint_eq(seen.n_ended, 0);
	happen(air.last, GONE);
	ck_assert_uint_eq(seen.n_ended, 1);
	ck_assert_int_eq(seen.result.end, RUN_END_CANCELLED);
	ck_assert_int_eq(seen.result.signal, SIGTERM);
	ck_assert_str_eq(seen.reason, "enough");
	ck_assert_int_eq(air.n_killed, 1);
	close_runs();
}
END_TEST

START_TEST(what_survives_the_grace_is_killed)
{
	struct run *run;

	open_runs(10);
	run = start(1);
	run_cancel(run, "enough");
	while (air.n_killed < 2)
		ev_run(loop, EVRUN_ONCE);
	ck_assert_int_eq(air.killed[1], SIGKILL);
	end_all(air.last);
	happen(air.last, GONE);
	ck_assert_uint_eq(seen.n_ended, 1);
	close_runs();
}
END_TEST

START_TEST(the_deadline_ends_a_run_as_timed_out)
{
	struct run_spec spec;

	open_runs(10);
	spec = spec_of(1);
	spec.timeout_ms = 2;
	spec.grace_ms = 60000;
	start_with(&spec);
	while (air.n_killed < 1)
		ev_run(loop, EVRUN_ONCE);
	ck_assert_int_eq(air.killed[0], SIGTERM);
	end_all(air.last);
	happen(air.last, GONE);
	ck_assert_int_eq(seen.result.end, RUN_END_TIMED_OUT);
	ck_assert_str_eq(seen.reason, "timed out after 2 ms");
	close_runs();
}
END_TEST

START_TEST(what_cannot_be_killed_is_given_up_and_named)
{
	struct run *run;

	open_runs(10);
	run = start(1);
	run_kill(run, "enough");
	air.last->ops->on_gone(air.last, "pid 17, 18", run);
	happen(air.last, OUT_EOF);
	ck_assert_uint_eq(seen.n_ended, 0);
	happen(air.last, ERR_EOF);		/* its exit never comes */
	ck_assert_uint_eq(seen.n_ended, 1);
	ck_assert_int_eq(seen.result.end, RUN_END_CANCELLED);
	ck_assert_str_eq(seen.reason, "enough; processes left that could not be killed: pid 17, 18");
	close_runs();
}
END_TEST

START_TEST(a_run_that_ended_by_itself_stays_so_when_it_is_cancelled_too_late)
{
	struct run *run;

	open_runs(10);
	exit_code = 3;
	run = start(1);
	happen(air.last, EXITED);
	run_cancel(run, "too late");
	happen(air.last, OUT_EOF);
	happen(air.last, ERR_EOF);
	happen(air.last, GONE);
	ck_assert_int_eq(seen.result.end, RUN_END_EXITED);
	ck_assert_int_eq(seen.result.code, 3);
	close_runs();
}
END_TEST

START_TEST(the_first_reason_counts)
{
	struct run *run;

	open_runs(10);
	run = start(1);
	run_cancel(run, "first");
	run_cancel(run, "second");
	ck_assert_int_eq(air.n_killed, 1);
	end_all(air.last);
	happen(air.last, GONE);
	ck_assert_str_eq(seen.reason, "first");
	close_runs();
}
END_TEST

START_TEST(a_cancel_before_the_start_is_told_ends_it_after)
{
	struct run_spec spec;
	struct run *run;

	open_runs(10);
	spec = spec_of(1);
	run = begin(&spec);
	run_cancel(run, "early");
	ck_assert_int_eq(air.n_killed, 0);
	air.last->ops->on_started(air.last, 4711, run);
	ck_assert_int_eq(air.killed[0], SIGTERM);
	end_all(air.last);
	happen(air.last, GONE);
	ck_assert_int_eq(seen.result.end, RUN_END_CANCELLED);
	close_runs();
}
END_TEST

START_TEST(a_run_whose_watcher_left_is_cancelled_drained_and_told_nobody)
{
	struct run *run;

	open_runs(10);
	run = start(1);
	seen.takes_more = false;
	air.last->ops->on_output(air.last, EXEC_STDOUT, "abc", 3, run);
	run_leave(run, "lost");
	ck_assert(!air.paused);
	ck_assert_int_eq(air.killed[0], SIGTERM);
	air.last->ops->on_output(air.last, EXEC_STDOUT, "abc", 3, run);
	ck_assert(!air.paused);
	ck_assert_uint_eq(seen.output, 3);
	end_all(air.last);
	ck_assert_uint_eq(runs_count(runs), 1);
	happen(air.last, GONE);
	ck_assert_uint_eq(seen.n_ended, 0);
	ck_assert_uint_eq(seen.n_idle, 1);
	close_runs();
}
END_TEST

START_TEST(input_and_signals_are_passed_on)
{
	struct run *run;

	open_runs(10);
	run = start(1);
	run_input(run, "abc", 3);
	run_input_end(run);
	run_signal(run, SIGUSR1);
	ck_assert_uint_eq(air.input, 3);
	ck_assert(air.input_ended);
	ck_assert_int_eq(air.signalled, SIGUSR1);
	air.last->ops->on_input_taken(air.last, 3, false, run);
	ck_assert_uint_eq(seen.taken, 3);
	end_all(air.last);
	close_runs();
}
END_TEST

START_TEST(an_id_is_admitted_once)
{
	struct run_spec spec;

	open_runs(10);
	spec = spec_of(7);
	ck_assert_int_eq(runs_admit(runs, spec.id), RUNS_OK);
	start(7);
	ck_assert_int_eq(runs_admit(runs, spec.id), RUNS_KNOWN);
	end_all(air.last);
	ck_assert_int_eq(runs_admit(runs, spec.id), RUNS_KNOWN);
	close_runs();
}
END_TEST

START_TEST(past_ids_are_bounded_but_a_live_one_is_always_known)
{
	struct run_spec first, last;
	struct exec *live;

	open_runs(10);
	first = spec_of(0);
	last = spec_of(2 * PAST_MAX);
	start(0);
	live = air.last;
	for (unsigned i = 1; i <= 2 * PAST_MAX; i++) {
		start(i);
		end_all(air.last);
	}
	ck_assert_int_eq(runs_admit(runs, first.id), RUNS_KNOWN);
	ck_assert_int_eq(runs_admit(runs, last.id), RUNS_KNOWN);
	end_all(live);
	ck_assert_int_eq(runs_admit(runs, first.id), RUNS_OK);
	close_runs();
}
END_TEST

START_TEST(runs_beyond_the_limit_are_not_admitted)
{
	struct run_spec spec;
	struct exec *one;

	open_runs(2);
	spec = spec_of(3);
	start(1);
	one = air.last;
	start(2);
	ck_assert_int_eq(runs_admit(runs, spec.id), RUNS_FULL);
	end_all(one);
	ck_assert_int_eq(runs_admit(runs, spec.id), RUNS_OK);
	end_all(air.last);
	close_runs();
}
END_TEST

START_TEST(stopping_admits_nothing_and_cancels_all)
{
	struct run_spec spec;
	struct exec *one;

	open_runs(10);
	spec = spec_of(3);
	start(1);
	one = air.last;
	start(2);
	runs_stop(runs);
	ck_assert_int_eq(runs_admit(runs, spec.id), RUNS_STOPPING);
	runs_cancel_all(runs, "stopping");
	ck_assert_int_eq(air.n_killed, 2);
	end_all(one);
	happen(one, GONE);
	ck_assert_uint_eq(seen.n_idle, 0);
	end_all(air.last);
	happen(air.last, GONE);
	ck_assert_uint_eq(seen.n_idle, 1);
	ck_assert_str_eq(seen.reason, "stopping");
	close_runs();
}
END_TEST

UNIT_MAIN(a_run_ends_with_the_last_of_three_facts_in_every_order, totals_are_kept_per_stream,
	  a_watcher_that_takes_no_more_pauses_the_process, a_death_by_signal_is_told_as_such,
	  what_cannot_be_started_ends_with_the_reason, cancel_terminates_and_waits_until_nothing_is_left,
	  what_survives_the_grace_is_killed, what_cannot_be_killed_is_given_up_and_named, the_deadline_ends_a_run_as_timed_out,
	  a_run_that_ended_by_itself_stays_so_when_it_is_cancelled_too_late, the_first_reason_counts,
	  a_cancel_before_the_start_is_told_ends_it_after,
	  a_run_whose_watcher_left_is_cancelled_drained_and_told_nobody, input_and_signals_are_passed_on,
	  an_id_is_admitted_once, past_ids_are_bounded_but_a_live_one_is_always_known,
	  runs_beyond_the_limit_are_not_admitted, stopping_admits_nothing_and_cancels_all)
