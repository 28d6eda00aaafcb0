/*
 * runcall.c - sloth.v1.Agent/Run: a run and one of its callers.
 *
 * One run_call per call, from its arrival to its on_end. With its first message it gets to a run: a new one, one that is
 * there, or one that is over and of which the outcome is left. A call that ends early is a lost caller, who may come
 * back, unless it was reset on purpose or broke a rule: that ends the run as well.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/caller.h"
#include "agent/result.h"
#include "agent/runcall.h"
#include "agent/service.h"
#include "common/buf.h"
#include "common/mem.h"
#include "common/str.h"

/* Input that waits for the process: beyond it the call is paused, and what is still on its way then is taken. */
enum { INPUT_HIGH = 256 * 1024, INPUT_MAX = SUP_INPUT_MAX + SUP_DATA_MAX };

static const double started_delay_s = 0.005, unacked_s = 5;

/* The peer has broken a rule. */
static void __attribute__((format(printf, 3, 4))) break_off(struct run_call *rc, enum wire_code code, const char *fmt, ...)
{
	struct buf words = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&words, fmt, ap);
	va_end(ap);
	wire_end(rc->call, code, buf_string(&words));
	run_leave(&rc->reader, RUN_GOODBYE, buf_string(&words));
	buf_done(&words);
}

/* ---- events for a run ---- */

/* What a run in the queue is sent is held by the agent itself: no more than is on its way. */
static void pause_at_high(struct run_call *rc, const struct run_view *view, uint64_t waiting)
{
	if (rc->is_paused || rc->is_input_closed || waiting <= (view->is_queued ? 0 : INPUT_HIGH))
		return;
	rc->is_paused = true;
	wire_pause(rc->call);
}

static void take_input(struct run_call *rc, const Sloth__V1__RunStdin *input)
{
	struct run_view view;
	uint64_t waiting;

	run_look(rc->reader.run, &view);
	if (input->offset != view.received) {
		break_off(rc, WIRE_INVALID_ARGUMENT, "standard input at offset %llu, expected %llu",
			  (unsigned long long)input->offset, (unsigned long long)view.received);
		return;
	}
	if (view.has_input_ended && input->data.len > 0) {
		break_off(rc, WIRE_INVALID_ARGUMENT, "standard input after its end");
		return;
	}
	waiting = view.received + input->data.len - view.taken;
	if (!view.is_input_closed && waiting > INPUT_MAX) {
		break_off(rc, WIRE_RESOURCE_EXHAUSTED, "standard input is %llu bytes ahead of what the run has taken, and may be "
			  "%d", (unsigned long long)waiting, INPUT_HIGH);
		return;
	}
	if (view.is_queued && !runs_queue_takes(rc->agent->runs, input->data.len)) {
		break_off(rc, WIRE_RESOURCE_EXHAUSTED, "too much standard input waits with runs that wait for their turn");
		return;
	}
	run_input(rc->reader.run, input->data.data, input->data.len);
	if (input->end)
		run_input_end(rc->reader.run);
	pause_at_high(rc, &view, waiting);
}

static void take_signal(struct run_call *rc, uint32_t number)
{
	if (number < 1 || number > (uint32_t)SIGRTMAX)
		break_off(rc, WIRE_INVALID_ARGUMENT, "signal %u: there is no such signal", number);
	else
		run_signal(rc->reader.run, (int)number);
}

static void take_resize(struct run_call *rc, const Sloth__V1__RunResize *size)
{
	if (size->rows <= UINT16_MAX && size->columns <= UINT16_MAX)
		run_resize(rc->reader.run, size->rows, size->columns);
}

static void take_ack(struct run_call *rc, const Sloth__V1__RunAck *ack)
{
	if (rc->reader.is_owner && rc->reader.run)
		run_acknowledge(rc->reader.run, ack->position);
	rc->acked = ack->position;
	if (!ack->exit || !rc->is_told)
		return;
	run_leave(&rc->reader, RUN_DONE, "");
	wire_end(rc->call, WIRE_OK, NULL);
}

/* An event for a run that lives, from its owner. */
static void take_event(struct run_call *rc, const Sloth__V1__RunInput *input)
{
	switch (input->event_case) {
	case SLOTH__V1__RUN_INPUT__EVENT_STDIN_DATA:
		take_input(rc, input->stdin_data);
		break;
	case SLOTH__V1__RUN_INPUT__EVENT_SIGNAL:
		take_signal(rc, input->signal->number);
		break;
	case SLOTH__V1__RUN_INPUT__EVENT_CANCEL:
		run_cancel(rc->reader.run, "cancelled by its caller");
		break;
	case SLOTH__V1__RUN_INPUT__EVENT_RESIZE:
		take_resize(rc, input->resize);
		break;
	case SLOTH__V1__RUN_INPUT__EVENT_START:
	case SLOTH__V1__RUN_INPUT__EVENT_RESUME:
		break_off(rc, WIRE_INVALID_ARGUMENT, "a second start or resume in one call");
		break;
	default:		/* an event of a later version */
		break;
	}
}

/* ---- the first message ---- */

static void attach(struct run_call *rc, struct run *run)
{
	struct run_view view;

	run_look(run, &view);
	memcpy(rc->id, view.id, sizeof rc->id);
	rc->taken = view.taken;
	rc->is_input_closed = view.is_input_closed;
	rc->reader.frees = rc->is_half_closed;
	if (rc->reader.is_owner)
		pause_at_high(rc, &view, view.received - view.taken);
	if (!run_attach(run, &rc->reader))
		wire_endf(rc->call, WIRE_RESOURCE_EXHAUSTED, "the run has %d readers, as many as it may have",
			  RUN_OBSERVERS_MAX);
}

static void end_with(struct run_call *rc, const struct run_result *result)
{
	run_call_send_exit(rc, result);
	wire_end(rc->call, WIRE_OK, NULL);
}

static void take_start(struct run_call *rc, const Sloth__V1__RunStart *start)
{
	struct run_result result = { .end = RUN_END_NOT_STARTED, .containment = "" };
	char *not_started;
	struct run *run = caller_begin(rc->agent, rc->call, start, &not_started);

	rc->reader.is_owner = true;
	rc->is_detached = start->detach;
	if (run) {
		attach(rc, run);
	} else if (not_started) {
		result.reason = not_started;
		end_with(rc, &result);
	}
	free(not_started);
}

/* A run whose output is forgotten: its caller may have had it all; who wants nothing else hears that there is none. */
static void tell_outcome(struct run_call *rc, uint64_t position, const struct past_outcome *outcome)
{
	struct run_result result;
	uint64_t total;

	run_result_of(outcome, &result);
	if (!outcome->has_ended)
		result.reason = RESULT_NOT_RECORDED;
	total = result.total[EXEC_STDOUT] + result.total[EXEC_STDERR];
	if (position < total && !rc->reader.is_owner) {
		wire_end(rc->call, WIRE_NOT_FOUND, "its output is not kept any more");
		return;
	}
	if (position < total)
		run_call_send_gap(rc, total, total - position);
	end_with(rc, &result);
}

/* The master's word, where it has one, else the caller's. */
static bool is_epoch_ours(struct run_call *rc, const Sloth__V1__RunResume *resume, bool *is_known)
{
	const char *told = wire_call_text(rc->call, "sloth-epoch", NULL);
	uint8_t epoch[IDENTITY_BYTES];

	*is_known = true;
	if (told && str_unhex(told, epoch, sizeof epoch) == 0)
		return memcmp(epoch, rc->agent->identity.epoch, sizeof epoch) == 0;
	*is_known = resume->epoch.len == IDENTITY_BYTES;
	return *is_known && memcmp(resume->epoch.data, rc->agent->identity.epoch, IDENTITY_BYTES) == 0;
}

/* An id that is not known: it has never begun, or what was known of it is gone. */
static void resume_unknown(struct run_call *rc, const Sloth__V1__RunResume *resume)
{
	struct run_result result = { .end = RUN_END_UNKNOWN, .reason = "its machine restarted", .containment = "" };
	bool is_known, is_ours = is_epoch_ours(rc, resume, &is_known);

	if (is_known && !is_ours) {
		end_with(rc, &result);
		return;
	}
	if (!past_remembers(runs_past(rc->agent->runs), resume->age_ms)) {
		result.reason = RESULT_FORGOTTEN;
		end_with(rc, &result);
		return;
	}
	if (is_ours && resume->start && resume->start->run_id.len == RUN_ID_BYTES &&
	    memcmp(resume->start->run_id.data, resume->run_id.data, RUN_ID_BYTES) == 0) {
		take_start(rc, resume->start);
		return;
	}
	wire_add_trailer(rc->call, &WIRE_FIELD("sloth-state", "never-began"));
	caller_refuse_unknown(rc->agent, rc->call, resume->run_id.data);
}

static void take_resume(struct run_call *rc, const Sloth__V1__RunResume *resume)
{
	struct past_outcome outcome;
	struct run_view view;
	struct run *run;

	if (resume->run_id.len != RUN_ID_BYTES) {
		wire_endf(rc->call, WIRE_INVALID_ARGUMENT, "the run id has %zu bytes, it must have %d", resume->run_id.len,
			  RUN_ID_BYTES);
		return;
	}
	rc->reader.is_owner = !resume->observe;
	rc->reader.follows = resume->follow;
	rc->reader.position = resume->position;
	run = runs_find(rc->agent->runs, resume->run_id.data);
	if (run) {
		run_look(run, &view);
		if (!caller_may(rc->call, view.principal))
			caller_refuse_other(rc->call, resume->run_id.data);
		else
			attach(rc, run);
	} else if (past_find(runs_past(rc->agent->runs), resume->run_id.data, &outcome)) {
		if (!caller_may_past(rc->call, &outcome))
			caller_refuse_other(rc->call, resume->run_id.data);
		else
			tell_outcome(rc, resume->position, &outcome);
	} else {
		resume_unknown(rc, resume);
	}
}

static void take_first(struct run_call *rc, const Sloth__V1__RunInput *input)
{
	rc->has_begun = true;
	if (caller_refuse_stopping(rc->agent, rc->call))
		return;
	if (input->event_case == SLOTH__V1__RUN_INPUT__EVENT_START)
		take_start(rc, input->start);
	else if (input->event_case == SLOTH__V1__RUN_INPUT__EVENT_RESUME)
		take_resume(rc, input->resume);
	else
		wire_end(rc->call, WIRE_INVALID_ARGUMENT, "the first message of a run must be start or resume");
}

/* ---- the call ---- */

static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct run_call *rc = arg;
	Sloth__V1__RunInput *input = wire_unpack(call, &sloth__v1__run_input__descriptor, data, len);

	if (!input)
		return;
	if (!rc->has_begun)
		take_first(rc, input);
	else if (input->event_case == SLOTH__V1__RUN_INPUT__EVENT_ACK)
		take_ack(rc, input->ack);
	else if (rc->reader.run && rc->reader.is_owner && !rc->is_told)
		take_event(rc, input);
	else if (rc->reader.run && !rc->reader.is_owner)
		break_off(rc, WIRE_FAILED_PRECONDITION, "who observes a run cannot steer it");
}

static void on_half_close(struct wire_call *call, void *arg)
{
	struct run_call *rc = arg;

	rc->is_half_closed = true;
	if (!rc->has_begun) {
		wire_end(call, WIRE_INVALID_ARGUMENT, "the call ended before a run was asked for");
	} else if (rc->reader.run && rc->reader.is_owner) {
		rc->reader.frees = true;
		if (!rc->is_told) {
			run_input_end(rc->reader.run);
			return;
		}
		run_leave(&rc->reader, RUN_DONE, "");
		wire_end(call, WIRE_OK, NULL);
	}
}

static void on_drain(struct wire_call *call, void *arg)
{
	struct run_call *rc = arg;

	(void)call;
	if (!rc->reader.run)
		return;
	rc->reader.is_full = false;
	if (rc->is_taken_due)
		run_call_send_taken(rc);
	if (!rc->reader.is_full)
		run_resume(&rc->reader);
}

static enum run_leave leave_of(const struct run_call *rc, enum wire_code code)
{
	if (rc->is_all_had)
		return RUN_DONE;
	if (code == WIRE_CANCELLED)
		return RUN_GOODBYE;
	return code == WIRE_OK && rc->is_told && rc->is_half_closed ? RUN_DONE : RUN_LOST;
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct run_call *rc = arg;

	(void)call, (void)why;
	run_leave(&rc->reader, leave_of(rc, code), "cancelled by its caller");
	ev_timer_stop(rc->agent->loop, &rc->started);
	ev_timer_stop(rc->agent->loop, &rc->unacked);
	free(rc);
}

static const struct wire_call_ops run_call_ops = {
	.on_message = on_message, .on_half_close = on_half_close, .on_drain = on_drain, .on_end = on_end,
};

static void on_started_due(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop, (void)events;
	run_call_send_started(w->data);
}

static void on_unacked(struct ev_loop *loop, ev_timer *w, int events)
{
	struct run_call *rc = w->data;

	(void)loop, (void)events;
	wire_end(rc->call, WIRE_OK, NULL);
}

void run_call_start(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct run_call *rc = mem_new(struct run_call);

	(void)data, (void)len;
	rc->agent = arg;
	rc->call = call;
	rc->reader.ops = &run_call_run_ops;
	ev_timer_init(&rc->started, on_started_due, started_delay_s, 0.);
	ev_timer_init(&rc->unacked, on_unacked, unacked_s, 0.);
	rc->started.data = rc->unacked.data = rc;
	wire_accept(call, &run_call_ops, rc);
}
