/*
 * run_id.c - see run_id.h.
 */
#include "cli/run_id.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/record_text.h"
#include "cli/run_options.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

enum {
	RUN_ID_DIGITS_MIN = 4,
	RUN_ID_LIST_MAX = 10		/* of an ambiguous one are listed */
};

struct finding {
	const char *what, *prefix;
	Sloth__V1__RunRecord *record;	/* owned */
};

/* False: a usage error, which has been reported. */
static bool check_prefix(const struct cli_global *global, const char *what, const char *prefix)
{
	size_t n = strlen(prefix);
	char *error;

	if (n >= RUN_ID_DIGITS_MIN && n <= 2 * RUN_ID_SIZE && strspn(prefix, "0123456789abcdefABCDEF") == n)
		return true;
	error = mem_printf("%s is not the id of a run: its first %d or more, at most %d, hexadecimal digits",
			   str_quote(prefix), RUN_ID_DIGITS_MIN, 2 * RUN_ID_SIZE);
	output_failed(global, what, error, "sloth run list --all");
	free(error);
	return false;
}

/* "several runs begin with 3f2a: 3f2a... on web1, 3f2a... on web2" */
static char *ambiguous(const char *prefix, const Sloth__V1__ListRunsResponse *response)
{
	struct buf text = { 0 };

	buf_printf(&text, "several runs begin with %s:", prefix);
	for (size_t i = 0; i < response->n_runs && i < RUN_ID_LIST_MAX; i++) {
		char *id = record_id_text(response->runs[i]);

		buf_printf(&text, "%s %s on %s", i ? "," : "", id, response->runs[i]->agent_name);
		free(id);
	}
	if (response->n_runs > RUN_ID_LIST_MAX || response->more)
		buf_append_str(&text, ", and more");
	return buf_take_string(&text);
}

/* Messages live as long as their call. */
static Sloth__V1__RunRecord *copy_of(const Sloth__V1__RunRecord *record)
{
	size_t n = sloth__v1__run_record__get_packed_size(record);
	uint8_t *packed = mem_alloc(n ? n : 1);
	Sloth__V1__RunRecord *copy;

	sloth__v1__run_record__pack(record, packed);
	copy = sloth__v1__run_record__unpack(NULL, n, packed);
	free(packed);
	return copy;
}

static int on_answer(const void *message, const struct output *output, void *arg)
{
	const Sloth__V1__ListRunsResponse *response = message;
	struct finding *f = arg;
	char *error;

	if (response->n_runs == 1 && !response->more) {
		f->record = copy_of(response->runs[0]);
		return f->record ? EXIT_OK : EXIT_FAILED;
	}
	error = response->n_runs ? ambiguous(f->prefix, response) : mem_printf("no run has the id %s", f->prefix);
	output_failed(output->global, f->what, error, "sloth run list --all, which shows the ids");
	free(error);
	return EXIT_FAILED;
}

Sloth__V1__RunRecord *run_id_find(const struct cli_global *global, const char *what, const char *prefix, int *status)
{
	Sloth__V1__ListRunsRequest request = SLOTH__V1__LIST_RUNS_REQUEST__INIT;
	struct finding finding = { .what = what };
	const struct client_question question = {
		.what = what,
		.path = "/sloth.v1.Master/ListRuns",
		.request = &request.base,
		.response = &sloth__v1__list_runs_response__descriptor,
		.answer = on_answer,
		.arg = &finding,
	};
	char *lower;

	if (!check_prefix(global, what, prefix)) {
		*status = EXIT_USAGE;
		return NULL;
	}
	lower = mem_strdup(prefix);
	for (char *c = lower; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	finding.prefix = request.id_prefix = lower;
	request.limit = RUN_ID_LIST_MAX + 1;
	*status = client_ask(global, &question);
	free(lower);
	return finding.record;
}
