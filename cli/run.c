/*
 * run.c - one attached run, the client's side.
 *
 *   DIALLING --up--> STARTING --started--> RUNNING --exit--> EXITED
 *      |                |                     |                |
 *      +-- failed ------+-- call ended -------+----------------+--> OVER
 *
 * The result is made once: from the agent's own word, else from how the call ended, else by us (a closed
 * stdout, a third Ctrl-C). OVER shows it behind the output; when the last byte is written the connection is let
 * go of, no watcher is left, and the loop ends. From OVER on a signal ends the program at once, so that a person
 * gets out whoever blocks. While our stdout blocks, the call is paused: that is how the command comes to wait.
 */
#include "cli/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/exits.h"
#include "common/mem.h"
#include "common/sm.h"

enum {
	RUN_ACK_BYTES = 256 * 1024,	/* at most one acknowledgement for so many bytes, */
	RUN_ACK_S = 1,			/* or for so long */
	RUN_END_S = 2			/* for the call to end after the agent told the end, which is its last word */
};

static const struct sm_state run_states[] = {
	[RUN_DIALLING] = { "dialling", SM(RUN_STARTING) | SM(RUN_OVER) },
	[RUN_STARTING] = { "starting", SM(RUN_RUNNING) | SM(RUN_EXITED) | SM(RUN_OVER) },
	[RUN_RUNNING]  = { "running",  SM(RUN_EXITED) | SM(RUN_OVER) },
	[RUN_EXITED]   = { "exited",   SM(RUN_OVER) },
	[RUN_OVER]     = { "over",     0 },
};

static void run_move(struct run *run, enum run_state to)
{
	sm_move(run_states, &run->state, to, run->request.agent);
}

/* ---- the end ---- */

/* The result stands behind the output, also where both go to one place. */
static void run_leave_when_written(struct run *run)
{
	if (!run->is_shown && !view_is_busy(&run->view)) {
		run->is_shown = true;
		run->view.ops->finish(&run->view, &run->result);
	}
	if (!view_is_busy(&run->view))
		client_leave(&run->client);
}

/* The result is known: nothing is read or waited for any more but the last of our own output. */
static void run_over(struct run *run)
{
	if (run->state == RUN_OVER)
		return;
	run_move(run, RUN_OVER);
	source_stop(&run->source);
	ev_timer_stop(run->client.loop, &run->ack_timer);
	ev_timer_stop(run->client.loop, &run->end_timer);
	run_interrupt_last(run);
	run_leave_when_written(run);
}

void run_abort(struct run *run, int status, char *error)
{
	if (run->has_result)
		free(error);
	else
		run_result_from_us(&run->result, status, error);
	run->has_result = true;
	if (run->call)
		wire_end(run->call, WIRE_CANCELLED, "ended here");
	else
		run_over(run);
}

/* ---- output ---- */

static void send_ack(struct run *run, uint64_t position)
{
	Sloth__V1__RunInput event = SLOTH__V1__RUN_INPUT__INIT;
	Sloth__V1__RunAck ack = SLOTH__V1__RUN_ACK__INIT;

	ack.position = position;
	event.event_case = SLOTH__V1__RUN_INPUT__EVENT_ACK;
	event.ack = &ack;
	run->acked = position;
	run_send(run, &event);
}

static void on_ack_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct run *run = w->data;
	uint64_t position = run->arrived[FRAME_STDOUT] + run->arrived[FRAME_STDERR];

	(void)loop;
	(void)revents;
	if (!run->is_paused && position > run->acked)
		send_ack(run, position);
}

/* All that arrived is written. */
static void ack_written(struct run *run)
{
	uint64_t position = run->arrived[FRAME_STDOUT] + run->arrived[FRAME_STDERR];

	if (position - run->acked >= RUN_ACK_BYTES)
		send_ack(run, position);
	else if (!ev_is_active(&run->ack_timer)) {
		ev_timer_set(&run->ack_timer, RUN_ACK_S, 0);
		ev_timer_start(run->client.loop, &run->ack_timer);
	}
}

static void cannot_write(struct run *run, int error)
{
	run->is_write_told = true;
	if (error == -EPIPE)
		run_abort(run, EXIT_BROKEN_PIPE, NULL);
	else if (error == -EFBIG)
		run_abort(run, EXIT_LOST,
			  mem_printf("cancelled: its output is over %d MiB, the limit of -o %s; use -o raw",
				     VIEW_COLLECT_MAX >> 20, run->view.ops->format));
	else
		run_abort(run, EXIT_LOST, mem_printf("cancelled: its output cannot be written: %s", strerror(-error)));
}

/* What the view said to something that it was given. */
static void after_write(struct run *run, int ret)
{
	if (ret < 0) {
		cannot_write(run, ret);
	} else if (ret > 0) {
		run->is_paused = true;
		wire_pause(run->call);
	} else if (!run->is_paused) {
		ack_written(run);
	}
}

static void on_output(struct run *run, enum frame_stream stream, const ProtobufCBinaryData *data)
{
	if (run->has_result)
		return;
	run->arrived[stream] += data->len;
	after_write(run, run->view.ops->output(&run->view, stream, data->data, data->len));
}

static void on_view_event(struct view *view, void *arg)
{
	struct run *run = arg;

	if (run->state == RUN_OVER) {
		run_leave_when_written(run);
	} else if (run->has_result) {
		return;			/* the end of the call follows; view_error() stays */
	} else if (view_error(view)) {
		cannot_write(run, view_error(view));
	} else if (!view_is_busy(view) && run->is_paused) {
		run->is_paused = false;
		ack_written(run);
		wire_resume(run->call);
	}
}

/* ---- the call ---- */

bool run_send(struct run *run, const Sloth__V1__RunInput *event)
{
	return wire_send_message(run->call, &event->base);
}

static void on_started(struct run *run, const Sloth__V1__RunStarted *started)
{
	if (run->state != RUN_STARTING)
		return;
	run_move(run, RUN_RUNNING);
	after_write(run, run->view.ops->started(&run->view));
	if (!run->has_result)
		run_stdin_start(run, started->stdin_offset);
}

static void on_exit_told(struct run *run, const Sloth__V1__RunExit *exit)
{
	if (run->has_result)
		return;
	run_move(run, RUN_EXITED);
	run_result_from_exit(&run->result, exit, run->arrived, run->interrupt.signal);
	run->has_result = true;
	source_stop(&run->source);
	ev_timer_start(run->client.loop, &run->end_timer);
}

/* Nothing that could come would change the result. */
static void on_end_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct run *run = w->data;

	(void)loop;
	(void)revents;
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
		on_output(run, FRAME_STDOUT, &event->stdout_data);
		break;
	case SLOTH__V1__RUN_OUTPUT__EVENT_STDERR_DATA:
		on_output(run, FRAME_STDERR, &event->stderr_data);
		break;
	case SLOTH__V1__RUN_OUTPUT__EVENT_STDIN_TAKEN:
		run_stdin_taken(run, event->stdin_taken);
		break;
	case SLOTH__V1__RUN_OUTPUT__EVENT_EXIT:
		on_exit_told(run, event->exit);
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

static void on_call_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct run *run = arg;
	const struct run_call_end end = {
		.code = code,
		.why = why,
		.is_started = run->state >= RUN_RUNNING,
		.is_lost = !run->client.conn || !wire_conn_is_open(run->client.conn),
		.is_unprocessed = wire_call_is_unprocessed(call),
		.interrupt = run->interrupt.signal,
	};

	run->call = NULL;
	if (!run->has_result)
		run_result_from_call(&run->result, &end);
	run->has_result = true;
	run_over(run);
}

static const struct wire_call_ops call_ops = {
	.on_message = on_message,
	.on_drain = on_call_drain,
	.on_end = on_call_end,
};

/* ---- the beginning ---- */

static void on_up(struct client *client, void *arg)
{
	struct run *run = arg;
	struct wire_request request = { .path = "/sloth.v1.Master/Run", .runs_long = true };

	if (run->state != RUN_DIALLING)
		return;
	run_move(run, RUN_STARTING);
	client_fill_request(client, &request);
	run->call = wire_call(client->conn, &request, &call_ops, run);
	run_send_start(run);
}

static void fail(struct run *run, const char *error, const char *hint)
{
	if (run->has_result)
		return;
	run_result_from_us(&run->result, EXIT_LOST, mem_strdup(error));
	run->result.outcome = RESULT_UNREACHABLE;
	run->result.hint = hint;
	run->has_result = true;
}

static void on_failed(struct client *client, const char *error, const char *hint, void *arg)
{
	struct run *run = arg;

	(void)client;
	fail(run, error, hint);
	run_over(run);
}

int run_main(struct run *run)
{
	static const struct client_ops ops = { .on_up = on_up, .on_failed = on_failed };
	char *error = NULL, *hint = NULL;

	if (client_open(&run->client, &run->options->global, &ops, run, &error, &hint)) {
		fail(run, error, hint);
		run->view.ops->finish(&run->view, &run->result);
	} else {
		view_attach(&run->view, run->client.loop, on_view_event, run);
		ev_timer_init(&run->ack_timer, on_ack_timer, 0, 0);
		run->ack_timer.data = run;
		ev_timer_init(&run->end_timer, on_end_late, RUN_END_S, 0);
		run->end_timer.data = run;
		run_interrupt_start(run);
		client_loop(&run->client);
	}
	free(error);
	free(hint);
	return run->result.status;
}
