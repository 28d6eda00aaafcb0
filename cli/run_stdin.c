/*
 * run_stdin.c - our standard input on its way to the command.
 *
 * At most STDIN_WINDOW bytes are sent that the command has not taken. They are kept, so that a call that follows a
 * lost one goes on where the command is. Reading begins when the run has begun, so that a run that is refused costs no
 * input, and rests while there is no call.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run.h"
#include "common/exits.h"
#include "common/mem.h"

enum { STDIN_WINDOW = 256 * 1024 };

static void send_piece(struct run *run, uint64_t offset, const uint8_t *data, size_t n, bool is_end)
{
	Sloth__V1__RunInput event = SLOTH__V1__RUN_INPUT__INIT;
	Sloth__V1__RunStdin bytes = SLOTH__V1__RUN_STDIN__INIT;

	bytes.offset = offset;
	bytes.data.data = (uint8_t *)(uintptr_t)data;	/* read only */
	bytes.data.len = n;
	bytes.end = is_end;
	event.event_case = SLOTH__V1__RUN_INPUT__EVENT_STDIN_DATA;
	event.stdin_data = &bytes;
	run->is_stdin_blocked = !run_send(run, &event);
}

static size_t on_room(void *arg)
{
	const struct run *run = arg;
	uint64_t outstanding = run->stdin_sent - run->stdin_taken;

	if (run->state != RUN_RUNNING || run->is_stdin_blocked || outstanding >= STDIN_WINDOW)
		return 0;
	return (size_t)(STDIN_WINDOW - outstanding);
}

static void send_stdin(struct run *run, const uint8_t *data, size_t n)
{
	buf_append(&run->stdin_kept, data, n);
	send_piece(run, run->stdin_sent, data, n, false);
	run->stdin_sent += n;
}

static void on_data(const uint8_t *data, size_t n, void *arg)
{
	struct run *run = arg;
	struct buf keys = { 0 };

	if (!run->options->tty) {
		send_stdin(run, data, n);
		return;
	}
	if (run_terminal_filter(&run->terminal, data, n, &keys)) {
		run_terminal_leave(run);
	} else if (buf_len(&keys)) {
		send_stdin(run, buf_data(&keys), buf_len(&keys));
	}
	buf_done(&keys);
}

static void send_end(struct run *run)
{
	run->is_stdin_ended = true;
	send_piece(run, run->stdin_sent, NULL, 0, true);
}

/* A command that took a cut input for a whole one would do harm. A terminal that is gone is an end. */
static void on_source_end(int error, void *arg)
{
	struct run *run = arg;

	if (error && !run->source.is_terminal)
		run_abort(run, EXIT_LOST, mem_printf("cancelled: standard input cannot be read: %s", strerror(-error)));
	else
		send_end(run);
}

static const struct source_ops source_ops = { .room = on_room, .on_data = on_data, .on_end = on_source_end };

/* Offset of the oldest byte that can be sent again. */
static uint64_t kept_from(const struct run *run)
{
	return run->stdin_sent - buf_len(&run->stdin_kept);
}

static void free_taken(struct run *run, uint64_t offset)
{
	uint64_t from = kept_from(run);

	if (offset > from)
		buf_consume(&run->stdin_kept, (size_t)(offset - from));
	run->stdin_taken = offset;
}

/* What the run has not got goes out again, in the order in which it went before. */
static void send_again(struct run *run, uint64_t offset)
{
	size_t at = (size_t)(offset - kept_from(run)), n;

	while (at < buf_len(&run->stdin_kept)) {
		n = buf_len(&run->stdin_kept) - at;
		n = n < SOURCE_STEP ? n : SOURCE_STEP;
		send_piece(run, kept_from(run) + at, buf_data(&run->stdin_kept) + at, n, false);
		at += n;
	}
	if (run->is_stdin_ended)
		send_end(run);
}

static bool is_held(struct run *run, uint64_t offset)
{
	if (offset >= kept_from(run) && offset <= run->stdin_sent)
		return true;
	run_abort(run, EXIT_LOST, mem_printf("cancelled: the agent asks for standard input from byte %llu on, and only "
					     "what follows byte %llu is still here", (unsigned long long)offset,
					     (unsigned long long)kept_from(run)));
	return false;
}

static void begin(struct run *run, const Sloth__V1__RunStarted *started)
{
	run->is_stdin_begun = true;
	if (run->request.kind == RUN_KIND_START && !is_held(run, started->stdin_offset))
		return;
	run->stdin_sent = started->stdin_offset;
	run->stdin_taken = started->stdin_taken < run->stdin_sent ? started->stdin_taken : run->stdin_sent;
	source_start(&run->source, run->client.loop, STDIN_FILENO, &source_ops, run);
}

static void go_on(struct run *run, const Sloth__V1__RunStarted *started)
{
	if (!is_held(run, started->stdin_offset))
		return;
	send_again(run, started->stdin_offset);
	if (started->stdin_taken > run->stdin_taken && started->stdin_taken <= started->stdin_offset)
		free_taken(run, started->stdin_taken);
	source_pump(&run->source);
}

void run_stdin_begin(struct run *run, const Sloth__V1__RunStarted *started)
{
	if (run->request.stdin_closed || run->is_stdin_closed)
		return;
	if (started->stdin_closed)
		run_stdin_stop(run);
	else if (!run->is_stdin_begun)
		begin(run, started);
	else
		go_on(run, started);
}

void run_stdin_taken(struct run *run, const Sloth__V1__RunStdinTaken *taken)
{
	if (taken->closed) {
		run_stdin_stop(run);
		return;
	}
	/* Never beyond what was sent: a wrong agent must not open the window. */
	if (taken->offset > run->stdin_taken && taken->offset <= run->stdin_sent)
		free_taken(run, taken->offset);
	source_pump(&run->source);
}

void run_stdin_drained(struct run *run)
{
	run->is_stdin_blocked = false;
	source_pump(&run->source);
}

void run_stdin_stop(struct run *run)
{
	run->is_stdin_closed = true;
	source_stop(&run->source);
	buf_clear(&run->stdin_kept);
	run->stdin_taken = run->stdin_sent;
}
