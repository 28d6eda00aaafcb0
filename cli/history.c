/*
 * history.c - `sloth run list` and `sloth history`: the master's records of runs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/record_text.h"
#include "cli/report.h"
#include "cli/when.h"
#include "common/clock.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

enum { LINES_DEFAULT = 50, LINES_MAX = 1000000 };

#define HISTORY_OPTION(name, letter, kind, arg, help, field) \
	{ name, letter, kind, arg, help, offsetof(struct history_options, field), 0, 0 }
#define HISTORY_OPTION_AGENT \
	HISTORY_OPTION("agent", 0, OPT_STRING, "GLOB", "only on agents whose name matches", agent)

const struct opt run_list_options[] = {
	HISTORY_OPTION_AGENT,
	HISTORY_OPTION("state", 0, OPT_CHOICE,
		       "STATE=queued|running|exited|signalled|timed-out|cancelled|rejected|unreachable|lost-contact|unknown",
		       "only runs in this state: running, queued, exited, ...", state),
	HISTORY_OPTION("all", 0, OPT_FLAG, NULL, "runs that are over, too", all),
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

const struct opt history_options[] = {
	HISTORY_OPTION_AGENT,
	HISTORY_OPTION("by", 0, OPT_STRING, "GLOB", "only what was started by whoever matches", by),
	HISTORY_OPTION("since", 0, OPT_STRING, "TIME",
		       "only from then on: 2026-11-25, 2026-11-25T07:02:00Z, or an age like 2h or 7d", since),
	HISTORY_OPTION("until", 0, OPT_STRING, "TIME", "only what was started before that", until),
	HISTORY_OPTION("failed", 0, OPT_FLAG, NULL, "only what is over and did not exit with status 0", failed),
	HISTORY_OPTION("lines", 'n', OPT_STRING, "N", "at most so many; without it 50, 0: all that the master tells at once",
		       lines),
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

struct listing {
	const char *what;		/* "history" */
	const char *none;		/* what to say when there is nothing */
	const char *none_hint;
	bool is_open_only, is_kept_only;
	uint64_t wanted;		/* how many its user has asked for; 0: did not say */
};

static bool is_wanted(const struct listing *l, const Sloth__V1__RunRecord *r)
{
	return !(l->is_open_only && record_is_over(r)) && !(l->is_kept_only && !r->has_output);
}

/* The array is the caller's. */
static size_t pick(const struct listing *l, const Sloth__V1__ListRunsResponse *response, Sloth__V1__RunRecord **out)
{
	size_t n = 0;

	for (size_t i = 0; i < response->n_runs; i++)
		if (is_wanted(l, response->runs[i]))
			out[n++] = response->runs[i];
	return n;
}

static int on_answer(const void *message, const struct output *output, void *arg)
{
	Sloth__V1__ListRunsResponse shown = *(const Sloth__V1__ListRunsResponse *)message;
	Sloth__V1__RunRecord **picked = mem_array(shown.n_runs, sizeof *picked);
	const struct listing *l = arg;

	shown.n_runs = pick(l, &shown, picked);
	shown.runs = picked;
	output->ops->runs(output, &shown, shown.n_runs ? NULL : l->none);
	free(picked);
	if (shown.n_runs) {
		fflush(stdout);
		if (shown.more && !(l->wanted && shown.n_runs >= l->wanted) && output->ops == &output_text)
			report_error("older ones were left out: sloth history -n N and --until TIME show them");
		return EXIT_OK;
	}
	report_error("%s: %s", l->what, l->none);
	report_hint("%s", l->none_hint);
	return EXIT_FAILED;
}

static int ask(const struct cli_global *global, const Sloth__V1__ListRunsRequest *request, struct listing *listing)
{
	const struct client_question question = {
		.what = listing->what,
		.path = "/sloth.v1.Master/ListRuns",
		.request = &request->base,
		.response = &sloth__v1__list_runs_response__descriptor,
		.answer = on_answer,
		.arg = listing,
	};

	return client_ask(global, &question);
}

static char *text_or_empty(const char *text)
{
	return (char *)(uintptr_t)(text ? text : "");		/* packing does not change it */
}

/* Owns problem. */
static int usage_error(const struct cli_global *global, const char *what, char *problem)
{
	char *hint = mem_printf("sloth %s --help", what);

	output_failed(global, what, problem, hint);
	free(hint);
	free(problem);
	return EXIT_USAGE;
}

int run_list_main(void *options, int argc, char **argv)
{
	const struct history_options *o = options;
	Sloth__V1__ListRunsRequest request = SLOTH__V1__LIST_RUNS_REQUEST__INIT;
	struct listing listing = {
		.what = "run list", .is_open_only = !o->state && !o->all, .is_kept_only = o->kept,
		.none = o->state || o->agent ? "no run matches" : o->all ? "there was no run" : "no run is under way",
		.none_hint = "sloth run list --all, or sloth history",
	};
	char *states[RECORD_OPEN_STATES];

	(void)argc;
	(void)argv;
	request.agent_name = text_or_empty(o->agent);
	request.states = states;
	request.n_states = o->state ? 1 : o->all ? 0 : RECORD_OPEN_STATES;
	for (size_t i = 0; i < request.n_states; i++)
		states[i] = text_or_empty(o->state ? o->state : record_open_states[i]);
	return ask(&o->global, &request, &listing);
}

/* False: a usage error, which has been reported. */
static bool take_time(const struct history_options *o, const char *option, const char *text, int64_t *out_ms)
{
	int64_t s = 0;

	if (text && when_parse(text, wall_s(), &s)) {
		usage_error(&o->global, "history", mem_printf("%s: %s is no time like 2026-11-25, 2026-11-25T07:02:00Z, 2h or 7d",
							      option, str_quote(text)));
		return false;
	}
	*out_ms = s * 1000;
	return true;
}

int history_main(void *options, int argc, char **argv)
{
	const struct history_options *o = options;
	Sloth__V1__ListRunsRequest request = SLOTH__V1__LIST_RUNS_REQUEST__INIT;
	struct listing listing = {
		.what = "history", .none = "nothing matches", .none_hint = "sloth history, without what filters it",
	};
	uint64_t lines = LINES_DEFAULT;

	(void)argc;
	(void)argv;
	if (o->lines && str_parse_u64(o->lines, 0, LINES_MAX, &lines))
		return usage_error(&o->global, "history", mem_printf("-n: %s is no number from 0 to %d", str_quote(o->lines),
								     LINES_MAX));
	if (!take_time(o, "--since", o->since, &request.since_ms) || !take_time(o, "--until", o->until, &request.until_ms))
		return EXIT_USAGE;
	request.agent_name = text_or_empty(o->agent);
	request.principal = text_or_empty(o->by);
	request.failed = o->failed;
	request.limit = (uint32_t)lines;
	listing.wanted = o->lines ? lines : 0;
	return ask(&o->global, &request, &listing);
}
