/*
 * run_wait.c - `sloth run wait ID`: until the run is over, whatever becomes of the master meanwhile.
 *
 * A question without an answer is asked again, with growing pauses, until RECONNECT_MS have passed without one.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/record_text.h"
#include "cli/report.h"
#include "cli/run_id.h"
#include "cli/run_options.h"
#include "cli/run_result.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

enum { ASK_MAX_MS = 3600 * 1000, RETRY_MIN_MS = 200, RETRY_MAX_MS = 5000 };

struct waiting {
	const struct run_wait_options *options;
	Sloth__V1__RunQuery query;
	uint64_t until_ms;	/* monotonic; UINT64_MAX: for ever */
	uint64_t heard_ms;	/* when an answer came, or the first question was asked */
	bool is_over;		/* there is an answer that stands, or nothing more to hope for */
	bool is_lost;		/* the latter */
};

const struct opt run_wait_options[] = {
	{ "timeout", 0, OPT_DURATION, "TIME", "wait no longer than that",
	  offsetof(struct run_wait_options, timeout_ms), 0, 0 },
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

static int show(const Sloth__V1__RunRecord *record, const struct output *output)
{
	struct run_result result;
	char *id = record_id_text(record);
	int status;

	run_result_from_record(&result, record);
	if (output->ops == &output_json)
		output->ops->run(output, record);
	if (result.error)
		report_error("run wait: %s on %s: %s", id, record->agent_name, result.error);
	status = result.status;
	run_result_done(&result);
	free(id);
	return status;
}

static int on_answer(const void *message, const struct output *output, void *arg)
{
	const Sloth__V1__RunRecord *record = message;
	struct waiting *w = arg;

	w->heard_ms = mono_ms();
	w->is_over = record_is_over(record) || w->heard_ms >= w->until_ms;
	return w->is_over ? show(record, output) : EXIT_OK;
}

/* A refusal stands. */
static bool on_lost(enum wire_code code, void *arg)
{
	struct waiting *w = arg;

	uint64_t now = mono_ms();

	w->is_lost = !run_result_is_refusal(code) && (now - w->heard_ms >= RUN_RECONNECT_MS || now >= w->until_ms);
	w->is_over = w->is_lost || run_result_is_refusal(code);
	return !w->is_over;
}

static void pause_for(struct backoff *backoff)
{
	uint32_t random, ms;
	struct timespec time;

	random_bytes(&random, sizeof random);
	ms = backoff_next_ms(backoff, random);
	time = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
	nanosleep(&time, NULL);
}

static int wait_for(struct waiting *w)
{
	const struct client_question question = {
		.what = "run wait",
		.path = "/sloth.v1.Master/WaitRun",
		.request = &w->query.base,
		.response = &sloth__v1__run_record__descriptor,
		.answer = on_answer,
		.lost = on_lost,
		.arg = w,
		.waits = true,
	};
	struct backoff backoff;
	uint64_t now, heard;
	int status;

	backoff_init(&backoff, RETRY_MIN_MS, RETRY_MAX_MS);
	w->heard_ms = mono_ms();
	for (;;) {
		now = mono_ms();
		heard = w->heard_ms;
		if (w->until_ms != UINT64_MAX)
			w->query.timeout_ms = now >= w->until_ms ? 1 : w->until_ms - now > ASK_MAX_MS ? ASK_MAX_MS :
				(uint32_t)(w->until_ms - now);
		status = client_ask(&w->options->global, &question);
		if (w->is_over || status == EXIT_USAGE)
			return w->is_lost ? EXIT_LOST : status;
		if (w->heard_ms != heard)
			backoff_reset(&backoff);
		pause_for(&backoff);
	}
}

int run_wait_main(void *options, int argc, char **argv)
{
	struct waiting w = { .options = options, .query = SLOTH__V1__RUN_QUERY__INIT, .until_ms = UINT64_MAX };
	Sloth__V1__RunRecord *record;
	int status;

	(void)argc;
	if (w.options->timeout_ms)
		w.until_ms = mono_ms() + w.options->timeout_ms;
	record = run_id_find(&w.options->global, "run wait", argv[0], &status);
	if (!record)
		return EXIT_LOST;		/* every other status is that of the command */
	w.query.agent_name = record->agent_name;
	w.query.run_id = record->run_id;
	status = wait_for(&w);
	sloth__v1__run_record__free_unpacked(record, NULL);
	return status;
}
