/*
 * run_start.c - the first message of a call: what is to be run, as the user asked for it, or which run is meant.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"
#include "common/clock.h"
#include "common/mem.h"

static ProtobufCBinaryData *binary_strings(const char *const *strings, size_t n)
{
	ProtobufCBinaryData *list = mem_array(n, sizeof *list);

	for (size_t i = 0; strings && i < n; i++) {
		list[i].data = (uint8_t *)(uintptr_t)strings[i];	/* read only */
		list[i].len = strlen(strings[i]);
	}
	return list;
}

static char *string_or_empty(const char *s)
{
	return (char *)(uintptr_t)(s ? s : "");				/* read only */
}

/* A RunStart and what it points to. */
struct start {
	Sloth__V1__RunStart message;
	Sloth__V1__RunTerminal terminal;
	Sloth__V1__RunLimit **limits;
};

/* An agent takes 0 for its own default: who does not come back is waited for as short as can be said. */
static uint64_t patience_ms(const struct run_request *request)
{
	return request->reconnect_ms ? request->reconnect_ms : 1;
}

static void fill_rest(struct start *s, struct run *run)
{
	const struct run_request *request = &run->request;

	s->message.on_lost = request->is_kept ? SLOTH__V1__RUN_ON_LOST__RUN_ON_LOST_KEEP :
		SLOTH__V1__RUN_ON_LOST__RUN_ON_LOST_CANCEL;
	s->message.reconnect_ms = patience_ms(request);
	s->message.detach = run->options->detach;
	s->message.nice = request->nice;
	s->message.output_max_bytes = request->output_max;
	s->limits = mem_array(request->n_limits, sizeof(Sloth__V1__RunLimit *));
	for (size_t i = 0; i < request->n_limits; i++)
		s->limits[i] = &request->limits[i];
	s->message.limits = s->limits;
	s->message.n_limits = request->n_limits;
	if (!run->options->tty)
		return;
	sloth__v1__run_terminal__init(&s->terminal);
	run_terminal_describe(&s->terminal);
	s->message.terminal = &s->terminal;
}

static void start_init(struct start *s, struct run *run)
{
	const struct run_request *request = &run->request;
	const struct run_options *options = run->options;

	sloth__v1__run_start__init(&s->message);
	s->message.agent_name = string_or_empty(request->agent);
	s->message.run_id.data = run->request.id;
	s->message.run_id.len = RUN_ID_SIZE;
	s->message.command = string_or_empty(request->argv ? NULL : request->command);
	s->message.n_argv = request->n_argv;
	s->message.argv = binary_strings((const char *const *)request->argv, request->n_argv);
	s->message.n_env = options->env.n;
	s->message.env = binary_strings(options->env.items, options->env.n);
	s->message.cwd = string_or_empty(options->cwd);
	s->message.user = string_or_empty(options->user);
	s->message.timeout_ms = options->timeout_ms;
	s->message.kill_grace_ms = options->kill_grace_ms;
	s->message.stdin_closed = request->stdin_closed;
	fill_rest(s, run);
}

static void start_done(struct start *s)
{
	free(s->message.argv);
	free(s->message.env);
	free(s->limits);
}

void run_send_start(struct run *run)
{
	Sloth__V1__RunInput event = SLOTH__V1__RUN_INPUT__INIT;
	struct start start;

	run->asked_ms = boot_ms();
	start_init(&start, run);
	event.event_case = SLOTH__V1__RUN_INPUT__EVENT_START;
	event.start = &start.message;
	run_send(run, &event);
	start_done(&start);
}

void run_send_resume(struct run *run)
{
	Sloth__V1__RunInput event = SLOTH__V1__RUN_INPUT__INIT;
	Sloth__V1__RunResume resume = SLOTH__V1__RUN_RESUME__INIT;
	struct start start;
	bool has_start = run->request.kind == RUN_KIND_START && !run->was_started;

	resume.agent_name = string_or_empty(run->request.agent);
	resume.run_id.data = run->request.id;
	resume.run_id.len = RUN_ID_SIZE;
	resume.position = run->position;
	resume.observe = run->request.kind == RUN_KIND_OBSERVE;
	resume.follow = run->options->follow;
	if (run->has_epoch) {
		resume.epoch.data = run->epoch;
		resume.epoch.len = RUN_EPOCH_SIZE;
	}
	if (has_start) {
		start_init(&start, run);
		resume.start = &start.message;
		resume.age_ms = boot_ms() - run->asked_ms + 1;
	}
	event.event_case = SLOTH__V1__RUN_INPUT__EVENT_RESUME;
	event.resume = &resume;
	run_send(run, &event);
	if (has_start)
		start_done(&start);
}
