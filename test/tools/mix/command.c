/*
 * command.c - what all kinds of runs do: commands with output that is known beforehand.
 *
 * Every byte is checked when it comes, so that also what was cut short, cancelled or timed out has to be right as
 * far as it came.
 */
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "test/tools/mix/mix.h"

enum { ERROR_LINES_MAX = 40, ACT_AFTER_MAX = 600000, GRACE_MS = 500 };

const char mix_endless[] = "yes mixed", mix_quiet[] = "sleep 4711.25";
static const char endless_line[] = "mixed\n";

/* ---- what is asked for ---- */

const char *mix_run_path(const struct mix_call *c)
{
	return mix_is_at_master(c) ? "/sloth.v1.Master/Run" : "/sloth.v1.Agent/Run";
}

void mix_run_open(struct mix_call *c, Sloth__V1__RunStart *start, uint64_t deadline_ms)
{
	Sloth__V1__RunInput input = SLOTH__V1__RUN_INPUT__INIT;

	if (!*start->agent_name)
		start->agent_name = mix_text(mix_agent_name(c));
	start->run_id = (ProtobufCBinaryData){ sizeof c->run.id, c->run.id };
	start->kill_grace_ms = GRACE_MS;
	start->reconnect_ms = 1;	/* who is lost does not come back */
	input.event_case = SLOTH__V1__RUN_INPUT__EVENT_START;
	input.start = start;
	mix_open(c, mix_run_path(c), deadline_ms);
	wire_send_message(c->call, &input.base);
}

void mix_run_command(struct mix_call *c, const char *command, uint64_t deadline_ms)
{
	Sloth__V1__RunStart start = SLOTH__V1__RUN_START__INIT;

	random_bytes(c->run.id, sizeof c->run.id);	/* the agent may know those of a mixture before */
	start.command = mix_text(command);
	start.stdin_closed = true;
	mix_run_open(c, &start, deadline_ms);
}

static void expect_lines(struct buf *b, unsigned first, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		buf_printf(b, "%u\n", first + i);
}

char *mix_run_counting(struct mix_call *c, unsigned lines_max)
{
	unsigned first = 1 + mix_random(c, 1000), n = mix_random(c, lines_max), errors = mix_random(c, ERROR_LINES_MAX);

	c->run.status = mix_random(c, 256);
	expect_lines(&c->run.expected[0], first, n);
	expect_lines(&c->run.expected[1], first, errors);
	return mem_printf("seq %u %u; seq %u %u >&2; exit %u", first, first + n - 1, first, first + errors - 1,
			  c->run.status);
}

void mix_run_expect_endless(struct mix_call *c)
{
	c->run.is_endless = true;
	c->run.act_after = mix_random(c, ACT_AFTER_MAX);
}

void mix_run_done(struct mix_run *r)
{
	buf_done(&r->expected[0]);
	buf_done(&r->expected[1]);
	buf_done(&r->input);
}

/* ---- what comes ---- */

static bool is_promised(const struct buf *expected, size_t at, const ProtobufCBinaryData *data)
{
	return at + data->len <= buf_len(expected) && !memcmp(buf_data(expected) + at, data->data, data->len);
}

static bool is_endless(size_t at, const ProtobufCBinaryData *data)
{
	for (size_t i = 0; i < data->len; i++)
		if (data->data[i] != (uint8_t)endless_line[(at + i) % (sizeof endless_line - 1)])
			return false;
	return true;
}

void mix_run_output(struct mix_call *c, int stream, const ProtobufCBinaryData *data)
{
	struct mix_run *r = &c->run;
	size_t at = r->n_got[stream];
	bool is_right = !data->len || (r->is_endless && stream == 0 ? is_endless(at, data) :
				       is_promised(&r->expected[stream], at, data));

	if (!is_right && !r->is_wrong)
		mix_wrong(c, "stream %d: not the bytes that were promised at %zu to %zu", stream, at, at + data->len);
	r->is_wrong |= !is_right;
	r->n_got[stream] += data->len;
}

/* Without it a command with much output waits when its spool is full. */
static void acknowledge(struct mix_call *c)
{
	Sloth__V1__RunInput input = SLOTH__V1__RUN_INPUT__INIT;
	Sloth__V1__RunAck ack = SLOTH__V1__RUN_ACK__INIT;

	ack.position = c->run.n_got[0] + c->run.n_got[1];
	input.event_case = SLOTH__V1__RUN_INPUT__EVENT_ACK;
	input.ack = &ack;
	wire_send_message(c->call, &input.base);
}

static void take_exit(struct mix_call *c, const Sloth__V1__RunExit *exit)
{
	struct mix_run *r = &c->run;

	r->has_exit = true;
	r->end = exit->end;
	r->code = exit->code;
	if (exit->stdout_bytes != r->n_got[0] || exit->stderr_bytes != r->n_got[1] || exit->output_cut)
		mix_wrong(c, "%llu and %llu bytes were sent, %zu and %zu came", (unsigned long long)exit->stdout_bytes,
			  (unsigned long long)exit->stderr_bytes, r->n_got[0], r->n_got[1]);
}

void mix_run_message(struct mix_call *c, const uint8_t *data, size_t len)
{
	const Sloth__V1__RunOutput *event = mix_unpack(c, &sloth__v1__run_output__descriptor, data, len);
	struct mix_run *r = &c->run;

	if (!event)
		return;
	if (r->has_exit)
		mix_wrong(c, "event %d after the exit", (int)event->event_case);
	switch (event->event_case) {
	case SLOTH__V1__RUN_OUTPUT__EVENT_STARTED:
		r->has_started = true;
		return;
	case SLOTH__V1__RUN_OUTPUT__EVENT_EXIT:
		take_exit(c, event->exit);
		wire_half_close(c->call);	/* it has all */
		return;
	case SLOTH__V1__RUN_OUTPUT__EVENT_STDOUT_DATA:
		mix_run_output(c, 0, &event->stdout_data);
		acknowledge(c);
		break;
	case SLOTH__V1__RUN_OUTPUT__EVENT_STDERR_DATA:
		mix_run_output(c, 1, &event->stderr_data);
		acknowledge(c);
		break;
	case SLOTH__V1__RUN_OUTPUT__EVENT_STDIN_TAKEN:
		r->input_is_over |= event->stdin_taken->closed;
		break;
	default:
		mix_wrong(c, "event %d", (int)event->event_case);
	}
	if (!r->has_started)
		mix_wrong(c, "event %d before it has started", (int)event->event_case);
}

bool mix_run_is_time(struct mix_call *c)
{
	struct mix_run *r = &c->run;

	if (r->has_acted || (r->n_got[0] < r->act_after && r->act_after % 2))
		return false;
	r->has_acted = true;
	return true;
}

/* ---- the end ---- */

void mix_run_expect_whole(struct mix_call *c)
{
	for (int i = 0; i < 2; i++)
		if (c->run.n_got[i] != buf_len(&c->run.expected[i]))
			mix_wrong(c, "stream %d: %zu of %zu bytes", i, c->run.n_got[i], buf_len(&c->run.expected[i]));
}

void mix_run_expect_end(struct mix_call *c, Sloth__V1__RunEnd end, unsigned code)
{
	const struct mix_run *r = &c->run;

	if (!r->has_exit)
		mix_wrong(c, "a run without an exit");
	else if (r->end != end || r->code != code)
		mix_wrong(c, "end %d, code %u, expected %d and %u", (int)r->end, r->code, (int)end, code);
}
