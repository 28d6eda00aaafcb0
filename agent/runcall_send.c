/*
 * runcall_send.c - what the caller of a run is told.
 *
 * "started" waits a moment for an event to travel with: most commands are over by then, and every hop is spared a
 * message of its own. A caller that has standard input to send is told at once.
 *
 * After the exit the call stays open for the caller's acknowledgement, unless it has closed its side: then it cannot
 * give one, and what went out whole counts as received. Where no output waits for one the call ends at once: the end
 * itself is remembered longer than the run, for a caller that has lost it.
 */
#include "agent/result.h"
#include "agent/runcall.h"

enum { INPUT_LOW = 128 * 1024 };

static void send_output(struct run_call *rc, Sloth__V1__RunOutput *output)
{
	rc->reader.is_full = !wire_send_message(rc->call, &output->base);
}

/* Before every other message about a run that has started. */
void run_call_send_started(struct run_call *rc)
{
	Sloth__V1__RunStarted started = SLOTH__V1__RUN_STARTED__INIT;
	Sloth__V1__RunOutput output = SLOTH__V1__RUN_OUTPUT__INIT;
	struct run_view view;

	if (!rc->is_started_due)
		return;
	rc->is_started_due = false;
	ev_timer_stop(rc->agent->loop, &rc->started);
	if (!rc->reader.run)
		return;
	run_look(rc->reader.run, &view);
	started.run_id = (ProtobufCBinaryData){ RUN_ID_BYTES, rc->id };
	started.pid = (uint32_t)view.pid;
	started.epoch = (ProtobufCBinaryData){ IDENTITY_BYTES, rc->agent->identity.epoch };
	started.stdin_offset = view.received;
	started.stdin_taken = view.taken;
	started.stdin_closed = view.is_input_closed;
	started.position = rc->reader.position;
	output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_STARTED;
	output.started = &started;
	wire_send_message(rc->call, &output.base);
}

void run_call_send_taken(struct run_call *rc)
{
	Sloth__V1__RunStdinTaken taken = SLOTH__V1__RUN_STDIN_TAKEN__INIT;
	Sloth__V1__RunOutput output = SLOTH__V1__RUN_OUTPUT__INIT;

	run_call_send_started(rc);
	taken.offset = rc->taken;
	taken.closed = rc->is_input_closed;
	output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_STDIN_TAKEN;
	output.stdin_taken = &taken;
	rc->is_taken_due = false;
	send_output(rc, &output);
}

void run_call_send_gap(struct run_call *rc, uint64_t position, uint64_t bytes)
{
	Sloth__V1__RunGap gap = SLOTH__V1__RUN_GAP__INIT;
	Sloth__V1__RunOutput output = SLOTH__V1__RUN_OUTPUT__INIT;

	run_call_send_started(rc);
	gap.position = position;
	gap.bytes = bytes;
	output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_GAP;
	output.gap = &gap;
	send_output(rc, &output);
}

void run_call_send_exit(struct run_call *rc, const struct run_result *result)
{
	Sloth__V1__RunOutput output = SLOTH__V1__RUN_OUTPUT__INIT;
	Sloth__V1__RunExit exit = SLOTH__V1__RUN_EXIT__INIT;

	run_call_send_started(rc);
	if (rc->is_taken_due)
		run_call_send_taken(rc);
	exit.end = (Sloth__V1__RunEnd)result->end;
	exit.code = (uint32_t)result->code;
	exit.signal = (uint32_t)result->signal;
	exit.reason = (char *)(uintptr_t)result->reason;
	exit.stdout_bytes = result->total[EXEC_STDOUT];
	exit.stderr_bytes = result->total[EXEC_STDERR];
	exit.duration_ms = result->duration_ms;
	exit.output_cut = result->output_cut;
	exit.containment = (char *)(uintptr_t)result->containment;
	output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_EXIT;
	output.exit = &exit;
	wire_send_message(rc->call, &output.base);
	result_add_trailers(rc->call, result);
	rc->is_told = true;
}

/* ---- what the run says ---- */

static struct run_call *call_of(struct run_reader *r)
{
	return list_entry(r, struct run_call, reader);
}

static void on_queued(struct run_reader *r, unsigned ahead)
{
	Sloth__V1__RunQueued queued = SLOTH__V1__RUN_QUEUED__INIT;
	Sloth__V1__RunOutput output = SLOTH__V1__RUN_OUTPUT__INIT;

	queued.ahead = ahead;
	output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_QUEUED;
	output.queued = &queued;
	wire_send_message(call_of(r)->call, &output.base);
}

static void on_started(struct run_reader *r)
{
	struct run_call *rc = call_of(r);
	struct run_view view;

	run_look(r->run, &view);
	rc->is_started_due = true;
	if (view.is_input_closed && !rc->is_detached)
		ev_timer_start(rc->agent->loop, &rc->started);
	else
		run_call_send_started(rc);	/* the caller waits for it with its standard input */
	if (!rc->is_detached)
		return;
	run_leave(r, RUN_LOST, "");
	wire_end(rc->call, WIRE_OK, NULL);
}

static bool on_output(struct run_reader *r, enum exec_stream stream, const void *data, size_t n)
{
	Sloth__V1__RunOutput output = SLOTH__V1__RUN_OUTPUT__INIT;
	ProtobufCBinaryData bytes = { n, (uint8_t *)(uintptr_t)data };
	struct run_call *rc = call_of(r);

	run_call_send_started(rc);
	if (stream == EXEC_STDOUT) {
		output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_STDOUT_DATA;
		output.stdout_data = bytes;
	} else {
		output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_STDERR_DATA;
		output.stderr_data = bytes;
	}
	return wire_send_message(rc->call, &output.base);
}

static void on_gap(struct run_reader *r, uint64_t position, uint64_t bytes)
{
	run_call_send_gap(call_of(r), position, bytes);
}

static void on_input_taken(struct run_reader *r, uint64_t offset, bool closed)
{
	struct run_call *rc = call_of(r);
	struct run_view view;

	rc->taken = offset;
	rc->is_input_closed = closed;
	if (r->is_full)
		rc->is_taken_due = true;
	else
		run_call_send_taken(rc);
	run_look(r->run, &view);
	if (rc->is_paused && (closed || view.received - rc->taken < INPUT_LOW)) {
		rc->is_paused = false;
		wire_resume(rc->call);
	}
}

static void on_run_end(struct run_reader *r, const struct run_result *result)
{
	struct run_call *rc = call_of(r);

	if (result)
		run_call_send_exit(rc, result);
	else
		run_call_send_started(rc);	/* an observer that does not follow has all there is */
	if (rc->is_paused) {
		rc->is_paused = false;
		wire_resume(rc->call);
	}
	rc->is_all_had = result && r->is_owner && rc->acked >= result->total[EXEC_STDOUT] + result->total[EXEC_STDERR];
	if (r->is_owner && !rc->is_half_closed && !rc->is_all_had)
		ev_timer_start(rc->agent->loop, &rc->unacked);
	else
		wire_end(rc->call, WIRE_OK, NULL);
}

static void on_let_go(struct run_reader *r, enum run_let_go why)
{
	struct run_call *rc = call_of(r);

	if (rc->is_told)
		wire_end(rc->call, WIRE_OK, NULL);
	else if (why == RUN_TAKEN_OVER)
		wire_end(rc->call, WIRE_ABORTED, "attached elsewhere");
	else if (why == RUN_REMOVED)
		wire_end(rc->call, WIRE_DATA_LOSS, "its output was removed meanwhile");
	else if (why == RUN_DAMAGED)
		wire_end(rc->call, WIRE_DATA_LOSS, "its output is damaged on the disk of its agent");
	else
		wire_end(rc->call, WIRE_UNAVAILABLE, "the agent is stopping; its runs go on");
}

const struct run_ops run_call_run_ops = {
	.on_queued = on_queued, .on_started = on_started, .on_output = on_output, .on_gap = on_gap,
	.on_input_taken = on_input_taken, .on_end = on_run_end, .on_let_go = on_let_go,
};
