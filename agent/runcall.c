/*
 * runcall.c - sloth.v1.Agent/Run: a run and its call.
 *
 * One run_call per call, from its arrival to its on_end. It has a run from the first message to the run's
 * end. Whichever ends first lets go of the other: a call that ends early cancels its run, a run that ends
 * sends its exit and ends the call. What the peer sends against the rules ends the call, and so the run.
 *
 * "started" waits started_delay_s for an event to travel with: most commands are over by then, and every hop
 * is spared a message of its own. A caller that has standard input to send is told at once.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/caller.h"
#include "agent/result.h"
#include "agent/service.h"
#include "common/log.h"
#include "common/mem.h"

enum {
	INPUT_HIGH = 256 * 1024,	/* input that waits for the process: beyond it the call is paused */
	INPUT_LOW = 128 * 1024
};

static const double started_delay_s = 0.005;

struct run_call {
	struct agent *agent;
	struct wire_call *call;
	struct run *run;		/* NULL: none yet, or it has ended */
	bool has_begun;
	bool is_paused;			/* the call, by us */
	bool is_full;			/* the call takes no more until on_drain */
	bool is_taken_due;		/* `taken` is to be told in on_drain: the latest only, however many it was */
	bool is_input_closed;		/* by the process */
	bool has_input_ended;
	uint64_t received, taken;	/* bytes of standard input: come, and in the process's pipe */
	uint64_t acked;			/* position that the caller has written out */
	uint8_t id[RUN_ID_BYTES];
	pid_t pid;			/* until "started" is sent; 0: nothing to tell */
	ev_timer started;
};

/* ---- from the run to the call ---- */

/* Before every other message. */
static void send_started(struct run_call *rc)
{
	Sloth__V1__RunStarted started = SLOTH__V1__RUN_STARTED__INIT;
	Sloth__V1__RunOutput output = SLOTH__V1__RUN_OUTPUT__INIT;

	if (!rc->pid)
		return;
	ev_timer_stop(rc->agent->loop, &rc->started);
	started.run_id = (ProtobufCBinaryData){ RUN_ID_BYTES, rc->id };
	started.pid = (uint32_t)rc->pid;
	started.epoch = (ProtobufCBinaryData){ IDENTITY_BYTES, rc->agent->identity.epoch };
	output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_STARTED;
	output.started = &started;
	rc->pid = 0;
	wire_send_message(rc->call, &output.base);
}

static void on_started_due(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop, (void)events;
	send_started(w->data);
}

static void on_started(struct run *run, pid_t pid, void *arg)
{
	struct run_call *rc = arg;

	memcpy(rc->id, run_id(run), sizeof rc->id);
	rc->pid = pid;
	if (rc->has_input_ended)
		ev_timer_start(rc->agent->loop, &rc->started);
	else
		send_started(rc);	/* the caller waits for it with its standard input */
}

static bool on_output(struct run *run, enum exec_stream stream, const void *data, size_t n, void *arg)
{
	Sloth__V1__RunOutput output = SLOTH__V1__RUN_OUTPUT__INIT;
	ProtobufCBinaryData bytes = { n, (uint8_t *)(uintptr_t)data };
	struct run_call *rc = arg;

	(void)run;
	send_started(rc);
	if (stream == EXEC_STDOUT) {
		output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_STDOUT_DATA;
		output.stdout_data = bytes;
	} else {
		output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_STDERR_DATA;
		output.stderr_data = bytes;
	}
	rc->is_full = !wire_send_message(rc->call, &output.base);
	return !rc->is_full;
}

static void send_taken(struct run_call *rc)
{
	Sloth__V1__RunStdinTaken taken = SLOTH__V1__RUN_STDIN_TAKEN__INIT;
	Sloth__V1__RunOutput output = SLOTH__V1__RUN_OUTPUT__INIT;

	send_started(rc);
	taken.offset = rc->taken;
	taken.closed = rc->is_input_closed;
	output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_STDIN_TAKEN;
	output.stdin_taken = &taken;
	rc->is_taken_due = false;
	rc->is_full = !wire_send_message(rc->call, &output.base);
}

static void on_input_taken(struct run *run, uint64_t offset, bool closed, void *arg)
{
	struct run_call *rc = arg;

	(void)run;
	rc->taken = offset;
	rc->is_input_closed = closed;
	if (rc->is_full)
		rc->is_taken_due = true;
	else
		send_taken(rc);
	if (rc->is_paused && (closed || rc->received - rc->taken < INPUT_LOW)) {
		rc->is_paused = false;
		wire_resume(rc->call);
	}
}

static void on_run_end(struct run *run, const struct run_result *result, void *arg)
{
	Sloth__V1__RunOutput output = SLOTH__V1__RUN_OUTPUT__INIT;
	Sloth__V1__RunExit exit = SLOTH__V1__RUN_EXIT__INIT;
	struct run_call *rc = arg;

	(void)run;
	rc->run = NULL;
	send_started(rc);
	if (rc->is_taken_due)
		send_taken(rc);
	exit.end = (Sloth__V1__RunEnd)result->end;
	exit.code = (uint32_t)result->code;
	exit.signal = (uint32_t)result->signal;
	exit.reason = (char *)(uintptr_t)result->reason;
	exit.stdout_bytes = result->total[EXEC_STDOUT];
	exit.stderr_bytes = result->total[EXEC_STDERR];
	exit.duration_ms = result->duration_ms;
	exit.output_cut = result->output_cut;
	output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_EXIT;
	output.exit = &exit;
	wire_send_message(rc->call, &output.base);
	result_add_trailers(rc->call, result);
	wire_end(rc->call, WIRE_OK, NULL);
}

static const struct run_ops run_call_run_ops = {
	.on_started = on_started, .on_output = on_output, .on_input_taken = on_input_taken, .on_end = on_run_end,
};

/* ---- from the call to the run ---- */

static void take_input(struct run_call *rc, const Sloth__V1__RunStdin *input)
{
	if (input->offset != rc->received) {
		wire_endf(rc->call, WIRE_INVALID_ARGUMENT, "standard input at offset %llu, expected %llu",
			  (unsigned long long)input->offset, (unsigned long long)rc->received);
		return;
	}
	if (rc->has_input_ended && input->data.len > 0) {
		wire_end(rc->call, WIRE_INVALID_ARGUMENT, "standard input after its end");
		return;
	}
	rc->received += input->data.len;
	run_input(rc->run, input->data.data, input->data.len);
	if (input->end) {
		rc->has_input_ended = true;
		run_input_end(rc->run);
	}
	if (!rc->is_paused && !rc->is_input_closed && rc->received - rc->taken > INPUT_HIGH) {
		rc->is_paused = true;
		wire_pause(rc->call);
	}
}

static void take_signal(struct run_call *rc, uint32_t number)
{
	if (number < 1 || number > (uint32_t)SIGRTMAX) {
		wire_endf(rc->call, WIRE_INVALID_ARGUMENT, "signal %u: there is no such signal", number);
		return;
	}
	run_signal(rc->run, (int)number);
}

/* An event for a run that lives. */
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
		run_cancel(rc->run, "cancelled by its caller");
		break;
	case SLOTH__V1__RUN_INPUT__EVENT_ACK:
		rc->acked = input->ack->position;
		break;
	case SLOTH__V1__RUN_INPUT__EVENT_START:
	case SLOTH__V1__RUN_INPUT__EVENT_RESUME:
		wire_end(rc->call, WIRE_INVALID_ARGUMENT, "a second start or resume in one call");
		break;
	default:		/* a resize without a terminal, or an event of a later version */
		break;
	}
}

static void take_first(struct run_call *rc, const Sloth__V1__RunInput *input)
{
	rc->has_begun = true;
	if (input->event_case == SLOTH__V1__RUN_INPUT__EVENT_START) {
		rc->has_input_ended = input->start->stdin_closed;
		rc->run = caller_begin(rc->agent, rc->call, input->start, &run_call_run_ops, rc);
	} else if (input->event_case == SLOTH__V1__RUN_INPUT__EVENT_RESUME) {
		wire_end(rc->call, WIRE_FAILED_PRECONDITION, "this agent keeps no output, so a run cannot be resumed");
	} else {
		wire_end(rc->call, WIRE_INVALID_ARGUMENT, "the first message of a run must be start or resume");
	}
}

static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct run_call *rc = arg;
	Sloth__V1__RunInput *input = wire_unpack(call, &sloth__v1__run_input__descriptor, data, len);

	if (!input)
		return;
	if (!rc->has_begun)
		take_first(rc, input);
	else if (rc->run)
		take_event(rc, input);
}

static void on_half_close(struct wire_call *call, void *arg)
{
	struct run_call *rc = arg;

	if (!rc->has_begun)
		wire_end(call, WIRE_INVALID_ARGUMENT, "the call ended before a run was asked for");
	else if (rc->run)
		run_input_end(rc->run);
}

static void on_drain(struct wire_call *call, void *arg)
{
	struct run_call *rc = arg;

	(void)call;
	rc->is_full = false;
	if (rc->is_taken_due)
		send_taken(rc);
	if (rc->run)
		run_resume(rc->run);
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct run_call *rc = arg;
	char *reason;

	(void)call;
	if (rc->run) {
		reason = caller_lost(code, why);
		run_leave(rc->run, reason);
		free(reason);
	}
	ev_timer_stop(rc->agent->loop, &rc->started);
	free(rc);
}

static const struct wire_call_ops run_call_ops = {
	.on_message = on_message, .on_half_close = on_half_close, .on_drain = on_drain, .on_end = on_end,
};

void run_call_start(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct run_call *rc = mem_new(struct run_call);

	(void)data, (void)len;
	rc->agent = arg;
	rc->call = call;
	ev_timer_init(&rc->started, on_started_due, started_delay_s, 0.);
	rc->started.data = rc;
	wire_accept(call, &run_call_ops, rc);
}
