/*
 * record_json.c - the record of a run as JSON.
 */
#include <stdlib.h>

#include "cli/json.h"
#include "cli/record_text.h"
#include "common/str.h"

static void put_end(json_t *object, const Sloth__V1__RunRecord *r)
{
	bool is_over = record_is_over(r);

	json_put(object, "exit", str_equal(r->state, "exited") ? json_integer(r->code) : json_null());
	json_put(object, "signal", r->signal ? json_integer(r->signal) : json_null());
	json_put(object, "reason", json_text(r->reason));
	json_put(object, "ended", json_time(r->ended_ms / 1000));
	json_put(object, "duration_ms", is_over && r->started_ms ? json_integer((json_int_t)r->duration_ms) : json_null());
	json_put(object, "stdout_bytes", json_integer((json_int_t)r->stdout_bytes));
	json_put(object, "stderr_bytes", json_integer((json_int_t)r->stderr_bytes));
	json_put(object, "containment", json_text(r->containment));
}

static json_t *record_object(const Sloth__V1__RunRecord *r)
{
	json_t *object = json_object();
	char *id = record_id_text(r);

	json_put(object, "id", json_text(id));
	json_put(object, "agent", json_text(r->agent_name));
	json_put(object, "command", json_text(r->command));
	json_put(object, "by", json_text(r->principal));
	json_put(object, "run_as", json_text(r->run_as));
	json_put(object, "state", json_text(r->state));
	json_put(object, "since", json_time(r->since_ms / 1000));
	json_put(object, "over", json_boolean(record_is_over(r)));
	json_put(object, "started", json_time(r->started_ms / 1000));
	put_end(object, r);
	json_put(object, "detached", json_boolean(r->detached));
	json_put(object, "has_output", json_boolean(r->has_output));
	free(id);
	return object;
}

void record_json_runs(const struct output *to, const Sloth__V1__ListRunsResponse *runs, const char *error)
{
	json_t *document = json_object(), *list = json_array();

	(void)to;
	for (size_t i = 0; i < runs->n_runs; i++)
		json_array_append_new(list, record_object(runs->runs[i]));
	json_put(document, "runs", list);
	json_put(document, "more", json_boolean(runs->more));
	if (error)
		json_put(document, "error", json_text(error));
	json_print(document);
}

void record_json_run(const struct output *to, const Sloth__V1__RunRecord *run)
{
	(void)to;
	json_print(record_object(run));
}
