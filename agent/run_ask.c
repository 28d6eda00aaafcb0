/*
 * run_ask.c - what is asked of a run from outside: input, signals, its end; and what can be known of it.
 *
 * Everything goes on to the supervisor, and nothing once the run is over. A run that waits in the queue keeps its input
 * and knows of its end.
 */
#include <string.h>

#include "agent/run_own.h"
#include "agent/runs.h"
#include "common/str.h"

/* ---- what is asked of it ---- */

void run_input(struct run *run, const void *data, size_t n)
{
	if (run->state == RUN_QUEUED) {
		buf_append(&run->early, data, n);
		runs_queue_grew(run->runs, n);
	} else if (run->exec && run->state != RUN_OVER && !run->is_input_closed) {
		exec_input(run->exec, run->received, data, n);
	}
	run->received += n;
}

void run_input_end(struct run *run)
{
	if (run->exec && !run->has_input_ended && run->state != RUN_OVER)
		exec_input_end(run->exec);
	run->has_input_ended = true;
}

void run_acknowledge(struct run *run, uint64_t position)
{
	if (position <= run->freed || run->is_detached)
		return;
	run->freed = position;
	if (run->exec && run->state != RUN_OVER)
		exec_free_output(run->exec, position);
}

void run_resize(struct run *run, unsigned rows, unsigned columns)
{
	if (run->exec && run->state != RUN_OVER)
		exec_resize(run->exec, rows, columns);
}

void run_signal(struct run *run, int number)
{
	if (run->exec && run->state != RUN_OVER)
		exec_signal(run->exec, number);
}

void run_cancel(struct run *run, const char *reason)
{
	if (run->state == RUN_OVER)
		return;
	run->is_cancelled = true;
	if (run->state == RUN_QUEUED) {
		run_end_unbegun(run, RUN_END_CANCELLED, reason);
	} else if (run->exec) {
		exec_stop(run->exec, SUP_END_CANCELLED, reason, false);
		run_guard_soon(run);
		run_discard(run);
	}
}

void run_kill(struct run *run, const char *reason)
{
	if (!run->exec || run->state == RUN_OVER)
		return;
	exec_stop(run->exec, SUP_END_CANCELLED, reason, true);
	run_guard_soon(run);
}

/* ---- looking ---- */

void run_result_of(const struct past_outcome *o, struct run_result *out)
{
	static const char *const containments[] = { "", "cgroup", "subreaper" };

	*out = (struct run_result){
		.end = o->end < RUN_N_ENDS ? (enum run_end)o->end : RUN_END_UNKNOWN, .code = o->code, .signal = o->signal,
		.reason = o->reason, .duration_ms = o->duration_ms, .output_cut = o->output_cut,
		.started_ms = o->started_ms, .ended_ms = o->ended_ms,
		.containment = o->containment < 3 ? containments[o->containment] : "",
	};
	memcpy(out->total, o->total, sizeof out->total);
}

void run_result(const struct run *run, struct run_result *out)
{
	run_result_of(&run->outcome, out);
	out->reason = run->reason;
}

void run_look(const struct run *run, struct run_view *out)
{
	*out = (struct run_view){
		.id = run->id, .principal = run->principal, .command = run->command, .user = run->user,
		.is_queued = run->state == RUN_QUEUED, .is_over = run->state == RUN_OVER,
		.is_detached = run->is_detached, .has_output = run->has_files,
		.pid = run->state == RUN_OVER ? 0 : run->pid, .started_ms = run->started_ms,
		.received = run->received, .taken = run->taken, .has_input_ended = run->has_input_ended,
		.is_input_closed = run->is_input_closed || run->has_input_ended || run->state >= RUN_SWEEPING,
	};
	if (out->is_over)
		run_result(run, &out->result);
}

void run_wait(struct run *run, struct run_waiter *w)
{
	list_push(&run->waiters, &w->link);
}

/* ---- whose it is ---- */

/* Without certificates a caller is its address, and has another port each time. */
static size_t lasting_length(const char *principal)
{
	const char *colon = str_has_prefix(principal, "tcp:") ? strrchr(principal, ':') : NULL;

	return colon ? (size_t)(colon - principal) : strlen(principal);
}

bool run_is_owner(const char *a, const char *b)
{
	size_t n = lasting_length(a);

	return n == lasting_length(b) && memcmp(a, b, n) == 0;
}

/* FNV-1a. */
uint64_t run_owner_hash(const char *principal)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	size_t n = lasting_length(principal);

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (uint8_t)principal[i]) * UINT64_C(0x100000001b3);
	return hash;
}
