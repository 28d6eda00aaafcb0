/*
 * run_output.c - the output of a run on its way to where it belongs, and what the agent hears of it.
 *
 * Every byte has a position, counted over both streams. A call begins at a position of its own: what we have already is
 * passed over, what the agent has no more is counted as missing. While our stdout blocks, the call is paused: that is how
 * the command comes to wait.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

enum {
	RUN_ACK_BYTES = 256 * 1024,	/* at most one acknowledgement for so many bytes, */
	RUN_ACK_S = 1			/* or for so long */
};

/* ---- acknowledgements ---- */

static void send_ack(struct run *run, bool is_exit)
{
	Sloth__V1__RunInput event = SLOTH__V1__RUN_INPUT__INIT;
	Sloth__V1__RunAck ack = SLOTH__V1__RUN_ACK__INIT;

	if (run->request.kind == RUN_KIND_OBSERVE)
		return;
	ack.position = run->position;
	ack.exit = is_exit;
	event.event_case = SLOTH__V1__RUN_INPUT__EVENT_ACK;
	event.ack = &ack;
	run->acked = run->position;
	run->is_exit_acked |= is_exit;
	run_send(run, &event);
}

static void on_ack_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct run *run = w->data;

	(void)loop;
	(void)revents;
	if (run->call && !run->is_paused && run->position > run->acked)
		send_ack(run, false);
}

/* All that arrived is written. */
static void ack_written(struct run *run)
{
	if (run->position - run->acked >= RUN_ACK_BYTES) {
		send_ack(run, false);
	} else if (!ev_is_active(&run->ack_timer)) {
		ev_timer_set(&run->ack_timer, RUN_ACK_S, 0);
		ev_timer_start(run->client.loop, &run->ack_timer);
	}
}

/* What box and json hold until the end is counted as written: who kills sloth then did not want it. */
void run_output_ack_exit(struct run *run)
{
	if (run->state == RUN_EXITED && run->call && !run->is_exit_acked && !view_is_busy(&run->view))
		send_ack(run, true);
}

/* ---- output ---- */

static void cannot_write(struct run *run, int error)
{
	const char *what = run->request.kind == RUN_KIND_OBSERVE ? "" : "cancelled: ";

	run->is_write_told = true;
	if (error == -EPIPE)
		run_abort(run, EXIT_BROKEN_PIPE, NULL);
	else if (error == -EMSGSIZE)
		run_abort(run, EXIT_LOST,
			  mem_printf("%sits output is over %d MiB, the limit of -o %s; use -o raw", what,
				     VIEW_COLLECT_MAX >> 20, run->view.ops->format));
	else
		run_abort(run, EXIT_LOST, mem_printf("%sits output cannot be written: %s", what, strerror(-error)));
}

void run_output_wrote(struct run *run, int ret)
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

/* How much is missing is shown as a notice, which nobody sees who is not there; the result says it, too. */
static void skip_missing(struct run *run, uint64_t position)
{
	uint64_t n = position - run->position;
	char *text;

	run->position = run->call_position = position;
	if (run->acked < position)
		run->acked = position;
	if (n == 0)
		return;
	run->missing += n;
	text = mem_printf("%llu bytes of output are missing here: the agent has no more of it", (unsigned long long)n);
	run->view.ops->notice(&run->view, text);
	free(text);
}

void run_output_begins(struct run *run, uint64_t position)
{
	if (position > run->position)
		skip_missing(run, position);
	else
		run->call_position = position;
}

void run_output_gap(struct run *run, const Sloth__V1__RunGap *gap)
{
	if (run->has_result)
		return;
	if (gap->position > run->position)
		skip_missing(run, gap->position);
	else if (gap->position > run->call_position)
		run->call_position = gap->position;
}

void run_output_take(struct run *run, enum frame_stream stream, const ProtobufCBinaryData *data)
{
	uint64_t known = run->position - run->call_position;
	size_t skipped = data->len < known ? data->len : (size_t)known, n = data->len - skipped;

	if (run->has_result)
		return;
	run->call_position += data->len;
	if (n == 0)
		return;
	run->arrived[stream] += n;
	run->position += n;
	run_output_wrote(run, run->view.ops->output(&run->view, stream, data->data + skipped, n));
}

void run_output_event(struct view *view, void *arg)
{
	struct run *run = arg;

	if (run->state == RUN_OVER) {
		run_over(run);
	} else if (run->has_result) {
		run_output_ack_exit(run);	/* the end of the call follows; view_error() stays */
	} else if (view_error(view)) {
		cannot_write(run, view_error(view));
	} else if (!view_is_busy(view) && run->is_paused) {
		run->is_paused = false;
		if (!run->call)
			return;
		ack_written(run);
		wire_resume(run->call);
	}
}

void run_output_init(struct run *run)
{
	view_attach(&run->view, run->client.loop, run_output_event, run);
	ev_timer_init(&run->ack_timer, on_ack_timer, 0, 0);
	run->ack_timer.data = run;
}

void run_output_stop(struct run *run)
{
	ev_timer_stop(run->client.loop, &run->ack_timer);
}
