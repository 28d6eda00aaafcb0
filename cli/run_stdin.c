/*
 * run_stdin.c - our standard input on its way to the command.
 *
 * At most STDIN_WINDOW bytes are sent that the command has not taken. Reading begins when the run has
 * begun, so that a run that is refused costs no input.
 */
#include <string.h>
#include <unistd.h>

#include "cli/run.h"
#include "common/exits.h"
#include "common/mem.h"

enum { STDIN_WINDOW = 256 * 1024 };

static void send_stdin(struct run *run, const uint8_t *data, size_t n, bool is_end)
{
	Sloth__V1__RunInput event = SLOTH__V1__RUN_INPUT__INIT;
	Sloth__V1__RunStdin bytes = SLOTH__V1__RUN_STDIN__INIT;

	bytes.offset = run->stdin_sent;
	bytes.data.data = (uint8_t *)(uintptr_t)data;	/* read only */
	bytes.data.len = n;
	bytes.end = is_end;
	event.event_case = SLOTH__V1__RUN_INPUT__EVENT_STDIN_DATA;
	event.stdin_data = &bytes;
	run->stdin_sent += n;
	run->is_stdin_blocked = !run_send(run, &event);
}

static size_t on_room(void *arg)
{
	const struct run *run = arg;
	uint64_t outstanding = run->stdin_sent - run->stdin_taken;

	if (run->is_stdin_blocked || outstanding >= STDIN_WINDOW)
		return 0;
	return (size_t)(STDIN_WINDOW - outstanding);
}

static void on_data(const uint8_t *data, size_t n, void *arg)
{
	send_stdin(arg, data, n, false);
}

/* A command that took a cut input for a whole one would do harm. A terminal that is gone is an end. */
static void on_source_end(int error, void *arg)
{
	struct run *run = arg;

	if (error && !run->source.is_terminal)
		run_abort(run, EXIT_LOST, mem_printf("cancelled: standard input cannot be read: %s", strerror(-error)));
	else
		send_stdin(run, NULL, 0, true);
}

static const struct source_ops source_ops = { .room = on_room, .on_data = on_data, .on_end = on_source_end };

void run_stdin_start(struct run *run, uint64_t offset)
{
	run->stdin_sent = run->stdin_taken = offset;
	if (!run->request.stdin_closed)
		source_start(&run->source, run->client.loop, STDIN_FILENO, &source_ops, run);
}

void run_stdin_taken(struct run *run, const Sloth__V1__RunStdinTaken *taken)
{
	if (taken->closed) {
		source_stop(&run->source);
		return;
	}
	/* Never beyond what was sent: a wrong agent must not open the window. */
	if (taken->offset > run->stdin_taken && taken->offset <= run->stdin_sent)
		run->stdin_taken = taken->offset;
	source_pump(&run->source);
}

void run_stdin_drained(struct run *run)
{
	run->is_stdin_blocked = false;
	source_pump(&run->source);
}
