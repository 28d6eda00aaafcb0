/*
 * run.c - kinds of Run, in all its ways to an end.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "test/tools/mix/mix.h"

enum {
	LINES_MAX = 400, LONG_LINES_MAX = 60000,
	INPUT_MAX = 700000, CHUNK_MAX = 40000,
	SOON_MS = 200, PAUSE_MS = 30, TIME_MS = 150
};

static void send_event(struct mix_call *c, Sloth__V1__RunInput__EventCase event, void *of_event)
{
	Sloth__V1__RunInput input = SLOTH__V1__RUN_INPUT__INIT;

	input.event_case = event;
	input.cancel = of_event;
	wire_send_message(c->call, &input.base);
}

/* ---- commands that end by themselves ---- */

static void start_counting(struct mix_call *c, unsigned lines_max)
{
	char *command = mix_run_counting(c, lines_max);

	mix_run_command(c, command, 0);
	free(command);
}

static void start_run(struct mix_call *c) { start_counting(c, LINES_MAX); }
static void start_long_run(struct mix_call *c) { start_counting(c, LONG_LINES_MAX); }

static void judge_run(struct mix_call *c, enum wire_code code)
{
	if (code != WIRE_OK)
		return;
	mix_run_expect_whole(c);
	mix_run_expect_end(c, SLOTH__V1__RUN_END__RUN_END_EXITED, c->run.status);
	mix_note_run(c);
}

/* A reader that stops now and then. */
static void take_and_pause(struct mix_call *c, const uint8_t *data, size_t len)
{
	mix_run_message(c, data, len);
	if (mix_random(c, 4))
		return;
	wire_pause(c->call);
	mix_set_timer(c, mix_random(c, PAUSE_MS));
}

static void resume(struct mix_call *c) { wire_resume(c->call); }

static void start_missing_program(struct mix_call *c)
{
	Sloth__V1__RunStart start = SLOTH__V1__RUN_START__INIT;
	char path[] = "/nowhere/there-is-nothing";
	ProtobufCBinaryData argv = { strlen(path), (uint8_t *)path };

	random_bytes(c->run.id, sizeof c->run.id);
	start.argv = &argv;
	start.n_argv = 1;
	mix_run_open(c, &start, 0);
}

static void judge_missing_program(struct mix_call *c, enum wire_code code)
{
	(void)code;
	mix_run_expect_end(c, SLOTH__V1__RUN_END__RUN_END_NOT_STARTED, 127);
}

/* ---- commands that read ---- */

static void send_input(struct mix_call *c)
{
	Sloth__V1__RunStdin input = SLOTH__V1__RUN_STDIN__INIT;
	struct mix_run *r = &c->run;
	bool is_full = false;

	while (!r->input_is_over && !is_full) {
		size_t left = buf_len(&r->input) - r->n_sent, n = 1 + mix_random(c, CHUNK_MAX);

		n = n < left ? n : left;
		input.offset = r->n_sent;
		input.data = (ProtobufCBinaryData){ n, buf_data(&r->input) + r->n_sent };
		input.end = n == left && mix_random(c, 2);
		r->n_sent += n;
		r->input_is_over = n == left;
		send_event(c, SLOTH__V1__RUN_INPUT__EVENT_STDIN_DATA, &input);
		if (n == left && !input.end)
			wire_half_close(c->call);
		is_full = wire_queued(c->call) > CHUNK_MAX;
	}
}

/* `cat` says all of it, `head` what it wants. */
static void start_reader(struct mix_call *c)
{
	Sloth__V1__RunStart start = SLOTH__V1__RUN_START__INIT;
	size_t n = 1 + mix_random(c, INPUT_MAX), wanted = mix_random(c, 3) ? n : mix_random(c, (uint32_t)n);
	char *command = wanted == n ? mem_strdup("cat") : mem_printf("head -c %zu", wanted);
	uint8_t *to = buf_reserve(&c->run.input, n);

	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)mix_random(c, 256);
	buf_commit(&c->run.input, n);
	buf_append(&c->run.expected[0], to, wanted);
	random_bytes(c->run.id, sizeof c->run.id);
	start.command = command;
	mix_run_open(c, &start, 0);
	if (mix_random(c, 2))
		send_input(c);
	free(command);
}

static void take_echo(struct mix_call *c, const uint8_t *data, size_t len)
{
	mix_run_message(c, data, len);
	if (c->run.has_started)
		send_input(c);
}

/* ---- commands that are ended ---- */

static void start_endless(struct mix_call *c)
{
	mix_run_expect_endless(c);
	mix_run_command(c, mix_endless, 0);
}

static void take_and_cancel(struct mix_call *c, const uint8_t *data, size_t len)
{
	Sloth__V1__RunCancel cancel = SLOTH__V1__RUN_CANCEL__INIT;

	mix_run_message(c, data, len);
	if (mix_run_is_time(c))
		send_event(c, SLOTH__V1__RUN_INPUT__EVENT_CANCEL, &cancel);
}

static void judge_cancelled(struct mix_call *c, enum wire_code code)
{
	(void)code;
	mix_run_expect_end(c, SLOTH__V1__RUN_END__RUN_END_CANCELLED, c->run.code);
}

static void take_and_reset(struct mix_call *c, const uint8_t *data, size_t len)
{
	mix_run_message(c, data, len);
	if (mix_run_is_time(c))
		wire_end(c->call, WIRE_CANCELLED, "enough");
}

static void take_and_abandon(struct mix_call *c, const uint8_t *data, size_t len)
{
	mix_run_message(c, data, len);
	if (mix_run_is_time(c))
		wire_abandon(c->call, WIRE_ABORTED, "enough");
}

static void start_signalled(struct mix_call *c)
{
	static const unsigned signals[] = { SIGTERM, SIGKILL, SIGINT, SIGUSR1, SIGHUP };

	c->run.signal = signals[mix_random(c, sizeof signals / sizeof *signals)];
	mix_run_command(c, mix_quiet, 0);
}

static void take_and_signal(struct mix_call *c, const uint8_t *data, size_t len)
{
	Sloth__V1__RunSignal number = SLOTH__V1__RUN_SIGNAL__INIT;

	mix_run_message(c, data, len);
	number.number = c->run.signal;
	if (mix_run_is_time(c))
		send_event(c, SLOTH__V1__RUN_INPUT__EVENT_SIGNAL, &number);
}

static void judge_signalled(struct mix_call *c, enum wire_code code)
{
	(void)code;
	mix_run_expect_end(c, SLOTH__V1__RUN_END__RUN_END_SIGNALLED, c->run.signal);
}

static void start_with_timeout(struct mix_call *c)
{
	Sloth__V1__RunStart start = SLOTH__V1__RUN_START__INIT;

	c->run.is_endless = mix_random(c, 2);
	random_bytes(c->run.id, sizeof c->run.id);
	start.command = mix_text(c->run.is_endless ? mix_endless : mix_quiet);
	start.timeout_ms = 1 + mix_random(c, TIME_MS);
	start.stdin_closed = (int)mix_random(c, 2);
	mix_run_open(c, &start, 0);
}

static void judge_timed_out(struct mix_call *c, enum wire_code code)
{
	(void)code;
	mix_run_expect_end(c, SLOTH__V1__RUN_END__RUN_END_TIMED_OUT, c->run.code);
}

static void start_with_deadline(struct mix_call *c)
{
	c->run.is_endless = mix_random(c, 2);
	mix_run_command(c, c->run.is_endless ? mix_endless : mix_quiet, 1 + mix_random(c, TIME_MS));
}

static void start_unsent(struct mix_call *c)
{
	start_run(c);
	wire_end(c->call, WIRE_CANCELLED, "unsent");
}

static void start_short_lived(struct mix_call *c)
{
	start_run(c);
	mix_set_timer(c, mix_random(c, SOON_MS));
}

static void end_short_lived(struct mix_call *c) { wire_end(c->call, WIRE_CANCELLED, "enough"); }

/* ---- runs that must be refused ---- */

static void start_again(struct mix_call *c)
{
	Sloth__V1__RunStart start = SLOTH__V1__RUN_START__INIT;
	const uint8_t *id = mix_past_run(c);

	start.command = mix_text(mix_quiet);
	if (id)
		memcpy(c->run.id, id, sizeof c->run.id);
	mix_run_open(c, &start, 0);
	if (!id)
		wire_end(c->call, WIRE_ALREADY_EXISTS, "none has been yet");
}

/* Of the run before, as long as the agent does not know that its caller has all of it; the same goes for its end, and
 * for being refused because it was somebody else's. */
static void ignore_message(struct mix_call *c, const uint8_t *data, size_t len)
{
	(void)c, (void)data, (void)len;
}

static void start_on_nobody(struct mix_call *c)
{
	Sloth__V1__RunStart start = SLOTH__V1__RUN_START__INIT;

	start.agent_name = mix_text(MIX_NOBODY);
	start.command = mix_text(mix_quiet);
	mix_run_open(c, &start, 0);
}

static void start_without_start(struct mix_call *c)
{
	Sloth__V1__RunCancel cancel = SLOTH__V1__RUN_CANCEL__INIT;

	mix_open(c, mix_run_path(c), 0);
	if (mix_random(c, 2))
		send_event(c, SLOTH__V1__RUN_INPUT__EVENT_CANCEL, &cancel);
	else
		wire_half_close(c->call);
}

/* Standard input with a hole in it: also the command that runs has to end. */
static void start_with_hole(struct mix_call *c)
{
	Sloth__V1__RunStart start = SLOTH__V1__RUN_START__INIT;
	Sloth__V1__RunStdin input = SLOTH__V1__RUN_STDIN__INIT;

	random_bytes(c->run.id, sizeof c->run.id);
	start.command = mix_text(mix_quiet);
	mix_run_open(c, &start, 0);
	input.offset = 1 + mix_random(c, 1000);
	send_event(c, SLOTH__V1__RUN_INPUT__EVENT_STDIN_DATA, &input);
}

const struct mix_kind mix_run_kinds[] = {
	{ "run", 12, MIX_BOTH, MIX_CODE(OK), start_run, .on_message = mix_run_message, .judge = judge_run },
	{ "run, long", 3, MIX_BOTH, MIX_CODE(OK), start_long_run, .on_message = mix_run_message, .judge = judge_run },
	{ "run, paused", 4, MIX_BOTH, MIX_CODE(OK), start_long_run, .on_message = take_and_pause, .on_timer = resume,
	  .judge = judge_run },
	{ "run, no program", 3, MIX_BOTH, MIX_CODE(OK), start_missing_program, .on_message = mix_run_message,
	  .judge = judge_missing_program },
	{ "run with input", 6, MIX_BOTH, MIX_CODE(OK), start_reader, .on_message = take_echo, .on_drain = send_input,
	  .judge = judge_run },
	{ "run cancelled", 4, MIX_BOTH, MIX_CODE(OK), start_endless, .on_message = take_and_cancel,
	  .judge = judge_cancelled },
	{ "run reset", 4, MIX_BOTH, MIX_CODE(CANCELLED), start_endless, .on_message = take_and_reset },
	{ "run abandoned", 4, MIX_BOTH, MIX_CODE(ABORTED), start_endless, .on_message = take_and_abandon },
	{ "run signalled", 4, MIX_BOTH, MIX_CODE(OK), start_signalled, .on_message = take_and_signal,
	  .judge = judge_signalled },
	{ "run timed out", 3, MIX_BOTH, MIX_CODE(OK), start_with_timeout, .on_message = mix_run_message,
	  .judge = judge_timed_out },
	{ "run past deadline", 3, MIX_BOTH, MIX_CODE(DEADLINE_EXCEEDED), start_with_deadline,
	  .on_message = mix_run_message },
	{ "run unsent", 3, MIX_BOTH, MIX_CODE(CANCELLED), start_unsent, .on_message = mix_run_message },
	{ "run cut short", 4, MIX_BOTH, MIX_CODE(OK) | MIX_CODE(CANCELLED), start_short_lived,
	  .on_message = mix_run_message,
	  .on_timer = end_short_lived, .judge = judge_run },
	{ "run again", 2, MIX_BOTH, MIX_CODE(ALREADY_EXISTS) | MIX_CODE(OK) | MIX_CODE(PERMISSION_DENIED), start_again,
	  .on_message = ignore_message },
	{ "run on nobody", 2, MIX_MASTER, MIX_CODE(NOT_FOUND), start_on_nobody, .on_message = mix_run_message },
	{ "run without start", 2, MIX_BOTH, MIX_CODE(INVALID_ARGUMENT), start_without_start,
	  .on_message = mix_run_message },
	{ "run, hole in input", 2, MIX_BOTH, MIX_CODE(INVALID_ARGUMENT), start_with_hole,
	  .on_message = mix_run_message },
};
const size_t mix_n_run_kinds = sizeof mix_run_kinds / sizeof *mix_run_kinds;
