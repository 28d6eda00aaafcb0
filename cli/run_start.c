/*
 * run_start.c - the first message of a run: what is to be run, as the user asked for it.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"
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

void run_send_start(struct run *run)
{
	const struct run_request *request = &run->request;
	const struct run_options *options = run->options;
	Sloth__V1__RunInput event = SLOTH__V1__RUN_INPUT__INIT;
	Sloth__V1__RunStart start = SLOTH__V1__RUN_START__INIT;

	start.agent_name = string_or_empty(request->agent);
	start.run_id.data = run->request.id;
	start.run_id.len = RUN_ID_SIZE;
	start.command = string_or_empty(request->argv ? NULL : request->command);
	start.n_argv = request->n_argv;
	start.argv = binary_strings((const char *const *)request->argv, request->n_argv);
	start.n_env = options->env.n;
	start.env = binary_strings(options->env.items, options->env.n);
	start.cwd = string_or_empty(options->cwd);
	start.user = string_or_empty(options->user);
	start.timeout_ms = options->timeout_ms;
	start.kill_grace_ms = options->kill_grace_ms;
	start.stdin_closed = request->stdin_closed;
	event.event_case = SLOTH__V1__RUN_INPUT__EVENT_START;
	event.start = &start;
	run_send(run, &event);
	free(start.argv);
	free(start.env);
}
