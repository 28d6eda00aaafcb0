/*
 * run.c - one attached run, the client's side.
 *
 *          <-refused, provably not begun, by a master on its way out-
 *   DIALLING --up--> STARTING --started--> RUNNING --exit--> EXITED
 *      |               |  ^ lost            |  ^ lost           |
 *      |               |  v                 v  |                |
 *      |               |  RECONNECTING -- started               |
 *      +-- failed -----+---- call ended, out of time -----------+--> OVER
 *
 * The result is made once: from the agent's own word, else from how the call ended, else by us (a closed
 * stdout, a third Ctrl-C, no contact for too long). OVER shows it behind the output; when the last byte is written the
 * connection is let go of, no watcher is left, and the loop ends. From OVER on a signal ends the program at once, so
 * that a person gets out whoever blocks.
 */
#include "cli/run.h"

#include <stdlib.h>
#include <string.h>

#include "common/exits.h"
#include "common/mem.h"
#include "common/sm.h"
#include "common/str.h"

enum { RUN_END_S = 2 };		/* for the call to end after the agent told the end, which is its last word */

static const struct sm_state run_states[] = {
	[RUN_DIALLING]     = { "dialling",     SM(RUN_STARTING) | SM(RUN_OVER) },
	[RUN_STARTING]     = { "starting",     SM(RUN_DIALLING) | SM(RUN_RUNNING) | SM(RUN_RECONNECTING) | SM(RUN_EXITED) | SM(RUN_OVER) },
	[RUN_RUNNING]      = { "running",      SM(RUN_RECONNECTING) | SM(RUN_EXITED) | SM(RUN_OVER) },
	[RUN_RECONNECTING] = { "reconnecting", SM(RUN_RUNNING) | SM(RUN_EXITED) | SM(RUN_OVER) },
	[RUN_EXITED]       = { "exited",       SM(RUN_OVER) },
	[RUN_OVER]         = { "over",         0 },
};

void run_enter(struct run *run, enum run_state to)
{
	sm_move(run_states, &run->state, to, run->request.agent);
}

/* ---- the end ---- */

/* The result stands behind the output, also where both go to one place. */
static void leave_when_written(struct run *run)
{
	if (!run->is_shown && !view_is_busy(&run->view)) {
		run->is_shown = true;
		run_terminal_stop(run);
		run->view.ops->finish(&run->view, &run->result);
	}
	if (!view_is_busy(&run->view))
		client_leave(&run->client);
}

void run_over(struct run *run)
{
	if (run->state != RUN_OVER) {
		run_enter(run, RUN_OVER);
		source_stop(&run->source);
		run_output_stop(run);
		run_resume_stop(run);
		ev_timer_stop(run->client.loop, &run->end_timer);
		run_interrupt_last(run);
	}
	leave_when_written(run);
}

static void set_result_from_us(struct run *run, int status, char *error)
{
	if (run->has_result)
		free(error);
	else
		run_result_from_us(&run->result, status, error);
	run->has_result = true;
}

void run_abort(struct run *run, int status, char *error)
{
	if (run->request.kind == RUN_KIND_OBSERVE) {
		run_detach(run, status, error);
		return;
	}
	set_result_from_us(run, status, error);
	if (run->call)
		wire_end(run->call, WIRE_CANCELLED, "ended here");
	else
		run_over(run);
}

void run_detach(struct run *run, int status, char *error)
{
	set_result_from_us(run, status, error);
	if (run->call)
		wire_abandon(run->call, WIRE_CANCELLED, "left");
	else
		run_over(run);
}

/* ---- the call ---- */

bool run_send(struct run *run, const Sloth__V1__RunInput *event)
{
	return !run->call || wire_send_message(run->call, &event->base);
}

/* The agent has answered this call, so that it is no attempt any more. */
static void take_contact(struct run *run)
{
	run_resume_end(run);
	if (run->state != RUN_RECONNECTING)
		return;
	run->acked = 0;			/* what became of the last acknowledgement is not known */
	if (run->interrupt.level == INTERRUPT_CANCELLED)
		run_interrupt_cancel_again(run);
}

static void take_epoch(struct run *run, const Sloth__V1__RunStarted *started)
{
	if (run->has_epoch || started->epoch.len != RUN_EPOCH_SIZE)
		return;
	memcpy(run->epoch, started->epoch.data, RUN_EPOCH_SIZE);
	run->has_epoch = true;
}

/* It runs, and needs us no more. A call that was taken up again has to be told that we go. */
static void leave_detached(struct run *run, bool is_resumed)
{
	run_result_from_start(&run->result);
	run->has_result = true;
	if (is_resumed)
		wire_abandon(run->call, WIRE_CANCELLED, "left");
	else
		ev_timer_start(run->client.loop, &run->end_timer);
}

static void on_started(struct run *run, const Sloth__V1__RunStarted *started)
{
	bool is_first = !run->was_started, is_resumed = run->state == RUN_RECONNECTING;

	if (run->has_result || (run->state != RUN_STARTING && !is_resumed))
		return;
	take_contact(run);
	run_enter(run, RUN_RUNNING);
	run->was_started = true;
	run->is_queued = false;
	take_epoch(run, started);
	if (run->options->detach && run->interrupt.level != INTERRUPT_CANCELLED) {
		leave_detached(run, is_resumed);
		return;
	}
	run_output_begins(run, started->position);
	run_output_wrote(run, is_first ? run->view.ops->started(&run->view) : run->is_paused);
	if (run->has_result || run->request.kind == RUN_KIND_OBSERVE)
		return;
	run_terminal_start(run);
	run_stdin_begin(run, started);
}

/* Success would say that it was left to itself, and where it can be found. */
static void take_missed_cancel(struct run *run)
{
	char *summary;

	if (!run->options->detach || run->interrupt.level != INTERRUPT_CANCELLED || run->result.outcome != RESULT_EXITED)
		return;
	summary = run_result_summary(&run->result);
	free(run->result.error);
	run->result.error = mem_printf("over before it was cancelled: %s", summary);
	run->result.status = EXIT_SIGNAL + run->interrupt.signal;
	free(summary);
}

static void on_exit_told(struct run *run, const Sloth__V1__RunExit *exit)
{
	const struct run_arrived arrived = {
		.bytes = { run->arrived[FRAME_STDOUT], run->arrived[FRAME_STDERR] },
		.missing = run->missing,
		.may_miss = run->request.kind != RUN_KIND_START,
	};

	if (run->has_result)
		return;
	take_contact(run);
	run_enter(run, RUN_EXITED);
	run_result_from_exit(&run->result, exit, &arrived, run->interrupt.signal);
	if (run->request.kind == RUN_KIND_OBSERVE)
		run_result_observed(&run->result);
	take_missed_cancel(run);
	run->has_result = true;
	source_stop(&run->source);
	run_output_ack_exit(run);
	ev_timer_start(run->client.loop, &run->end_timer);
}

static void on_queued(struct run *run, const Sloth__V1__RunQueued *queued)
{
	char *text;

	if (run->has_result)
		return;
	text = mem_printf("queued: %s has as many commands as it runs at once; %u wait before this one", run->request.agent,
			  queued->ahead);
	run->view.ops->notice(&run->view, text);
	free(text);
	take_contact(run);
	run->is_queued = true;
}

/* Nothing that could come would change the result. */
static void on_end_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct run *run = w->data;

	(void)loop;
	(void)revents;
	if (run->options->detach || run->request.kind == RUN_KIND_OBSERVE)
		wire_abandon(run->call, WIRE_CANCELLED, "left");
	else
		wire_end(run->call, WIRE_CANCELLED, "the call goes on after the end of its run");
}

static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct run *run = arg;
	const Sloth__V1__RunOutput *event = wire_unpack(call, &sloth__v1__run_output__descriptor, data, len);

	if (!event)
		return;
	switch (event->event_case) {
	case SLOTH__V1__RUN_OUTPUT__EVENT_STARTED:
		on_started(run, event->started);
		break;
	case SLOTH__V1__RUN_OUTPUT__EVENT_STDOUT_DATA:
		run_output_take(run, FRAME_STDOUT, &event->stdout_data);
		break;
	case SLOTH__V1__RUN_OUTPUT__EVENT_STDERR_DATA:
		run_output_take(run, FRAME_STDERR, &event->stderr_data);
		break;
	case SLOTH__V1__RUN_OUTPUT__EVENT_STDIN_TAKEN:
		run_stdin_taken(run, event->stdin_taken);
		break;
	case SLOTH__V1__RUN_OUTPUT__EVENT_EXIT:
		on_exit_told(run, event->exit);
		break;
	case SLOTH__V1__RUN_OUTPUT__EVENT_GAP:
		run_output_gap(run, event->gap);
		break;
	case SLOTH__V1__RUN_OUTPUT__EVENT_QUEUED:
		on_queued(run, event->queued);
		break;
	default:
		break;			/* an event of a newer agent */
	}
}

static void on_call_drain(struct wire_call *call, void *arg)
{
	(void)call;
	run_stdin_drained(arg);
}

/* Provably: nobody has looked at it, or who has says so. */
static bool is_unbegun(const struct wire_call *call)
{
	return wire_call_is_unprocessed(call) || str_equal(wire_call_text(call, "sloth-state", ""), "never-began");
}

/* The call ended without saying anything about the run: if that may have begun, another call can find it. */
static bool is_contact_lost(const struct run *run, const struct wire_call *call, const struct run_call_end *end)
{
	if (run->state == RUN_STARTING && is_unbegun(call))
		return false;
	if (run_resume_is_hopeless(end->why))
		return false;
	return end->code == WIRE_UNAVAILABLE || (end->is_lost && !run_result_is_refusal(end->code));
}

static bool resume(struct run *run, const struct wire_call *call, const struct run_call_end *end)
{
	char *why;

	if (run->request.reconnect_ms == 0 || !is_contact_lost(run, call, end))
		return false;
	why = mem_printf("%s%s", end->is_lost ? "connection to the master: " : "", end->why);
	run_resume_begin(run, why);
	free(why);
	return true;
}

/* It has not begun, and whoever refused it goes away: the next master may take it. */
static bool is_for_the_next_master(const struct run *run, const struct wire_call *call)
{
	if (run->state != RUN_STARTING || run->request.kind != RUN_KIND_START || run->interrupt.level != INTERRUPT_NONE)
		return false;
	return wire_call_is_unprocessed(call) || (is_unbegun(call) && *wire_call_text(call, "sloth-retry", ""));
}

static bool begin_again(struct run *run, const struct wire_call *call, const char *why)
{
	if (!is_for_the_next_master(run, call) || !run_resume_has_time(run))
		return false;
	run_enter(run, RUN_DIALLING);
	run_resume_unbegun(run, why);
	return true;
}

/* Only to read, or only to start: then an end in order is no loss. */
static bool is_end_in_order(const struct run *run, enum wire_code code)
{
	return code == WIRE_OK && (run->state == RUN_RUNNING || run->is_queued) && run->request.kind == RUN_KIND_OBSERVE &&
	       !run->options->follow;
}

/* The agent ends the call as soon as a detached run has started. Whether our cancel came before that is not known. */
static bool cancel_again(struct run *run, enum wire_code code)
{
	if (code != WIRE_OK || run->state != RUN_RUNNING || !run->options->detach || run->request.reconnect_ms == 0)
		return false;
	run_resume_begin(run, "it started while it was cancelled");
	return true;
}

static void on_call_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct run *run = arg;
	const struct run_call_end end = {
		.code = code,
		.why = why,
		.state = wire_call_text(call, "sloth-state", ""),
		.is_started = run->was_started,
		.is_resumed = run->state == RUN_RECONNECTING,
		.is_lost = !run->client.conn || !wire_conn_is_open(run->client.conn),
		.is_unprocessed = wire_call_is_unprocessed(call),
		.is_joined = run->request.kind != RUN_KIND_START,
		.id = run->request.id,
		.agent = run->request.agent,
		.interrupt = run->interrupt.signal,
	};

	run->call = NULL;
	if (!run->has_result && is_end_in_order(run, code)) {
		run_result_from_start(&run->result);
		run->result.missing = run->missing;
	} else if (!run->has_result && (begin_again(run, call, why) || cancel_again(run, code) || resume(run, call, &end))) {
		return;
	} else if (!run->has_result) {
		run_result_from_call(&run->result, &end);
		if (run->request.kind == RUN_KIND_OBSERVE && code == WIRE_NOT_FOUND)
			run->result.status = EXIT_FAILED;	/* there is nothing to read: nothing was lost on the way */
	}
	run->has_result = true;
	run_over(run);
}

static const struct wire_call_ops call_ops = {
	.on_message = on_message,
	.on_drain = on_call_drain,
	.on_end = on_call_end,
};

void run_call(struct run *run)
{
	struct wire_request request = { .path = "/sloth.v1.Master/Run", .runs_long = true };
	bool is_start = run->request.kind == RUN_KIND_START && run->state == RUN_STARTING;

	client_fill_request(&run->client, &request);
	run->call = wire_call(run->client.conn, &request, &call_ops, run);
	run->call_position = run->position;
	run->is_stdin_blocked = false;
	if (is_start)
		run_send_start(run);
	else
		run_send_resume(run);
}

/* ---- the beginning ---- */

void run_try(struct run *run)
{
	if (run->state == RUN_DIALLING)
		run_enter(run, RUN_STARTING);
	else if (run->state != RUN_RECONNECTING || run->call)
		return;
	run_call(run);
}

static void on_up(struct client *client, void *arg)
{
	(void)client;
	run_try(arg);
}

void run_fail(struct run *run, const char *error, const char *hint)
{
	if (run->has_result)
		return;
	run_result_from_us(&run->result, EXIT_LOST, mem_strdup(error));
	run->result.outcome = RESULT_UNREACHABLE;
	run->result.hint = mem_strdup(hint);
	run->has_result = true;
}

static void on_failed(struct client *client, const char *error, const char *hint, void *arg)
{
	struct run *run = arg;

	(void)client;
	if (run->state == RUN_RECONNECTING && run_resume_is_hopeless(error)) {
		run_resume_give_up(run, error);
	} else if (run->state == RUN_RECONNECTING || (run->state == RUN_DIALLING && run_resume_is_trying(run))) {
		run_resume_failed(run, error);
	} else if (run->state == RUN_DIALLING) {
		run_fail(run, error, hint);
		run_over(run);
	}
}

static void init_watchers(struct run *run)
{
	run_output_init(run);
	run_resume_init(run);
	ev_timer_init(&run->end_timer, on_end_late, RUN_END_S, 0);
	run->end_timer.data = run;
	run_interrupt_start(run);
}

int run_main(struct run *run)
{
	static const struct client_ops ops = { .on_up = on_up, .on_failed = on_failed };
	char *error = NULL, *hint = NULL;

	if (client_open(&run->client, &run->options->global, &ops, run, &error, &hint)) {
		run_fail(run, error, hint);
		run->view.ops->finish(&run->view, &run->result);
	} else {
		init_watchers(run);
		client_loop(&run->client);
	}
	free(error);
	free(hint);
	buf_done(&run->stdin_kept);
	return run->result.status;
}
