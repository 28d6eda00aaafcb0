/*
 * run_control.c - `sloth run show`, `stop`, `signal` and `rm`: one run, one question.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/record_text.h"
#include "cli/run_id.h"
#include "common/clock.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

enum { SIGNAL_MAX = 64 };

int run_show_main(void *options, int argc, char **argv)
{
	struct output output = { 0 };
	Sloth__V1__RunRecord *record;
	int status;

	(void)argc;
	if (output_init(&output, options))
		return EXIT_USAGE;
	record = run_id_find(options, "run show", argv[0], &status);
	if (!record)
		return status;
	output.ops->run(&output, record);
	sloth__v1__run_record__free_unpacked(record, NULL);
	return EXIT_OK;
}

/* ---- ControlRun ---- */

struct controlling {
	const char *done;		/* what was done, when the answer is there */
	bool was_over;			/* before it was asked for */
};

/* Of a run that it has forgotten an agent knows how it ended, and no more. */
static bool is_forgotten(const Sloth__V1__RunRecord *record)
{
	return !*record->command && !record->has_output;
}

/* Owned: it is said of what was done, not of what was to be. */
static char *done_text(const struct controlling *c, const Sloth__V1__RunRecord *record)
{
	bool is_stop = str_equal(c->done, "stopped");
	char *state, *text;

	if (is_stop && !record_is_over(record))
		return mem_strdup("stopping");
	if (str_equal(c->done, "removed") && is_forgotten(record))
		return mem_strdup("nothing to remove: its agent has it no more");
	if (!is_stop || !c->was_over)
		return mem_strdup(c->done);
	state = record_state_text(record, wall_s());
	text = mem_printf("was over already: %s", state);
	free(state);
	return text;
}

static int on_answer(const void *message, const struct output *output, void *arg)
{
	const Sloth__V1__RunRecord *record = message;
	char *id = record_id_text(record), *done = done_text(arg, record);

	output->ops->done(output, done, id, record->state);
	free(done);
	free(id);
	return EXIT_OK;
}

/* `control` has its action; `done` as in struct controlling. */
static int control_run(const struct cli_global *global, const char *what, const char *prefix,
		       Sloth__V1__RunControl *control, const char *done)
{
	struct controlling controlling = { .done = done };
	const struct client_question question = {
		.what = what,
		.path = "/sloth.v1.Master/ControlRun",
		.request = &control->base,
		.response = &sloth__v1__run_record__descriptor,
		.answer = on_answer,
		.list = "sloth run list --all",
		.arg = &controlling,
	};
	int status;
	Sloth__V1__RunRecord *record = run_id_find(global, what, prefix, &status);

	if (!record)
		return status;
	controlling.was_over = record_is_over(record);
	control->agent_name = record->agent_name;
	control->run_id = record->run_id;
	status = client_ask(global, &question);
	sloth__v1__run_record__free_unpacked(record, NULL);
	return status;
}

int run_stop_main(void *options, int argc, char **argv)
{
	Sloth__V1__RunControl control = SLOTH__V1__RUN_CONTROL__INIT;
	Sloth__V1__RunCancel stop = SLOTH__V1__RUN_CANCEL__INIT;

	(void)argc;
	control.action_case = SLOTH__V1__RUN_CONTROL__ACTION_STOP;
	control.stop = &stop;
	return control_run(options, "run stop", argv[0], &control, "stopped");
}

int run_rm_main(void *options, int argc, char **argv)
{
	Sloth__V1__RunControl control = SLOTH__V1__RUN_CONTROL__INIT;
	Sloth__V1__RunRemove remove = SLOTH__V1__RUN_REMOVE__INIT;

	(void)argc;
	control.action_case = SLOTH__V1__RUN_CONTROL__ACTION_REMOVE;
	control.remove = &remove;
	return control_run(options, "run rm", argv[0], &control, "removed");
}

/* "TERM", "SIGTERM", "term", "15". 0: there is none. */
static uint32_t signal_number(const char *text)
{
	uint64_t number;

	if (str_parse_u64(text, 1, SIGNAL_MAX, &number) == 0)
		return (uint32_t)number;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (int i = 1; i <= SIGNAL_MAX; i++) {
		const char *name = sigabbrev_np(i);

		if (name && strcasecmp(name, text) == 0)
			return (uint32_t)i;
	}
	return 0;
}

int run_signal_main(void *options, int argc, char **argv)
{
	Sloth__V1__RunControl control = SLOTH__V1__RUN_CONTROL__INIT;
	Sloth__V1__RunSignal signal = SLOTH__V1__RUN_SIGNAL__INIT;
	char *error;

	(void)argc;
	signal.number = signal_number(argv[1]);
	control.action_case = SLOTH__V1__RUN_CONTROL__ACTION_SIGNAL;
	control.signal = &signal;
	if (signal.number)
		return control_run(options, "run signal", argv[0], &control, "signal sent");
	error = mem_printf("%s is no signal: a name like HUP, or a number up to %d", str_quote(argv[1]), SIGNAL_MAX);
	output_failed(options, "run signal", error, "kill -l, which lists them");
	free(error);
	return EXIT_USAGE;
}
