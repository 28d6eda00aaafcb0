/*
 * runcontrol.c - sloth.v1.Agent's ListRuns, WaitRun and ControlRun: what is known of runs, and steering them from aside.
 *
 * An answer about a run comes from three places: the table of those that are here, the outcomes of those that were, and,
 * for an id that is in neither, "never-began", or "unknown" where it may have been forgotten.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/caller.h"
#include "agent/result.h"
#include "agent/service.h"
#include "common/mem.h"
#include "wire/proto/sloth.pb-c.h"

enum { RUNS_SHOWN_MAX = 1000, IDS_MAX = 4096, ANSWER_MAX = 3 * 1024 * 1024 };

/* ---- records ---- */

struct record {
	Sloth__V1__RunRecord message;
	struct past_outcome outcome;	/* what strings may point into */
	uint8_t id[RUN_ID_BYTES];
};

static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void record_init(struct record *r, const struct agent *agent, const uint8_t *id)
{
	sloth__v1__run_record__init(&r->message);
	memcpy(r->id, id, RUN_ID_BYTES);
	r->message.run_id = (ProtobufCBinaryData){ RUN_ID_BYTES, r->id };
	r->message.agent_name = agent->config->own_name;
}

static void record_result(struct record *r, const struct run_result *result)
{
	Sloth__V1__RunRecord *m = &r->message;

	m->state = text(result_state(result->end));
	m->code = (uint32_t)result->code;
	m->signal = (uint32_t)result->signal;
	m->reason = text(result->reason);
	m->started_ms = result->started_ms;
	m->ended_ms = result->ended_ms;
	m->duration_ms = result->duration_ms;
	m->stdout_bytes = result->total[EXEC_STDOUT];
	m->stderr_bytes = result->total[EXEC_STDERR];
	m->containment = text(result->containment);
}

static void record_run(struct record *r, const struct agent *agent, const struct run *run)
{
	Sloth__V1__RunRecord *m = &r->message;
	struct run_view view;

	run_look(run, &view);
	record_init(r, agent, view.id);
	m->state = text(view.is_queued ? "queued" : "running");
	if (view.is_over)
		record_result(r, &view.result);
	if (!m->started_ms && !view.is_queued)
		m->started_ms = view.started_ms;
	m->principal = text(view.principal);
	m->command = text(view.command);
	m->run_as = text(view.user);
	m->detached = view.is_detached;
	m->has_output = view.has_output;
	m->pid = (uint32_t)view.pid;
}

/* Of one that is not in the table; age_ms as in past_remembers(). */
static void record_past(struct record *r, struct agent *agent, const uint8_t *id, uint64_t age_ms)
{
	const struct past *past = runs_past(agent->runs);
	struct run_result result;
	bool was_never;

	record_init(r, agent, id);
	if (!past_find(past, id, &r->outcome)) {
		was_never = past_remembers(past, age_ms);
		r->message.state = text(was_never ? "never-began" : result_state(RUN_END_UNKNOWN));
		r->message.reason = text(was_never ? "" : RESULT_FORGOTTEN);
		return;
	}
	run_result_of(&r->outcome, &result);
	if (!r->outcome.has_ended)
		result.reason = RESULT_NOT_RECORDED;
	record_result(r, &result);
}

/* Wherever it is. */
static void record_any(struct record *r, struct agent *agent, const uint8_t *id, uint64_t age_ms)
{
	struct run *run = runs_find(agent->runs, id);

	if (run)
		record_run(r, agent, run);
	else
		record_past(r, agent, id, age_ms);
}

static void answer(struct wire_call *call, const ProtobufCMessage *message)
{
	wire_send_message(call, message);
	wire_end(call, WIRE_OK, NULL);
}

static void answer_record(struct wire_call *call, const struct record *r)
{
	answer(call, &r->message.base);
}

/* The id of a request; NULL: it is none, and the call has been ended. */
static const uint8_t *check_id(struct wire_call *call, const ProtobufCBinaryData *id)
{
	if (id->len == RUN_ID_BYTES)
		return id->data;
	wire_endf(call, WIRE_INVALID_ARGUMENT, "the run id has %zu bytes, it must have %d", id->len, RUN_ID_BYTES);
	return NULL;
}

/* ---- ListRuns ---- */

struct list_answer {
	struct agent *agent;
	struct record *records;
	size_t n, room, bytes;
	bool more;
};

static struct record *next_record(struct list_answer *l)
{
	if (l->n == l->room || l->bytes > ANSWER_MAX) {
		l->more = true;
		return NULL;
	}
	return &l->records[l->n++];
}

static void count_bytes(struct list_answer *l, const struct record *r)
{
	l->bytes += sloth__v1__run_record__get_packed_size(&r->message);
}

static void add_run(struct run *run, void *arg)
{
	struct list_answer *l = arg;
	struct record *r = next_record(l);

	if (!r)
		return;
	record_run(r, l->agent, run);
	count_bytes(l, r);
}

static void add_id(struct list_answer *l, const uint8_t *id)
{
	struct record *r = next_record(l);

	if (!r)
		return;
	record_any(r, l->agent, id, 0);
	count_bytes(l, r);
}

static void send_list(struct wire_call *call, struct list_answer *l)
{
	Sloth__V1__ListRunsResponse response = SLOTH__V1__LIST_RUNS_RESPONSE__INIT;
	Sloth__V1__RunRecord **runs = mem_array(l->n, sizeof *runs);

	for (size_t i = 0; i < l->n; i++)
		runs[i] = &l->records[i].message;
	response.runs = runs;
	response.n_runs = l->n;
	response.more = l->more;
	response.epoch = (ProtobufCBinaryData){ IDENTITY_BYTES, l->agent->identity.epoch };
	answer(call, &response.base);
	free(runs);
}

void list_runs_start(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	Sloth__V1__ListRunsRequest *request = wire_unpack(call, &sloth__v1__list_runs_request__descriptor, data, len);
	struct list_answer l = { .agent = arg };
	size_t here;

	if (!request || caller_refuse_stopping(arg, call))
		return;
	if (request->n_run_ids > IDS_MAX) {
		wire_endf(call, WIRE_INVALID_ARGUMENT, "%zu run ids, at most %d are taken", request->n_run_ids, IDS_MAX);
		return;
	}
	for (size_t i = 0; i < request->n_run_ids; i++)
		if (!check_id(call, &request->run_ids[i]))
			return;
	here = request->limit ? request->limit : RUNS_SHOWN_MAX;
	l.room = request->n_run_ids ? request->n_run_ids : here < IDS_MAX ? here : IDS_MAX;
	l.records = mem_array(l.room, sizeof *l.records);
	for (size_t i = 0; i < request->n_run_ids; i++)
		add_id(&l, request->run_ids[i].data);
	if (request->n_run_ids == 0)
		runs_each(l.agent->runs, add_run, &l);
	send_list(call, &l);
	free(l.records);
}

/* ---- WaitRun ---- */

struct wait_call {
	struct run_waiter waiter;
	struct agent *agent;
	struct wire_call *call;
	uint8_t id[RUN_ID_BYTES];
	ev_timer timeout;
};

static void answer_as_it_is(struct wait_call *wc)
{
	struct record r;

	if (!runs_find(wc->agent->runs, wc->id) && caller_refuse_stopping(wc->agent, wc->call))
		return;
	record_any(&r, wc->agent, wc->id, 0);
	answer_record(wc->call, &r);
}

static void on_over(struct run_waiter *w, struct run *run)
{
	(void)run;
	answer_as_it_is(list_entry(w, struct wait_call, waiter));
}

static void on_timeout(struct ev_loop *loop, ev_timer *w, int events)
{
	struct wait_call *wc = w->data;

	(void)loop, (void)events;
	list_remove(&wc->waiter.link);
	answer_as_it_is(wc);
}

static void on_wait_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct wait_call *wc = arg;

	(void)call, (void)code, (void)why;
	list_remove(&wc->waiter.link);
	ev_timer_stop(wc->agent->loop, &wc->timeout);
	free(wc);
}

static const struct wire_call_ops wait_call_ops = { .on_end = on_wait_end };

static void wait_for(struct agent *agent, struct wire_call *call, struct run *run, const uint8_t *id, uint32_t timeout_ms)
{
	struct wait_call *wc = mem_new(struct wait_call);

	wc->agent = agent;
	wc->call = call;
	wc->waiter.on_over = on_over;
	memcpy(wc->id, id, RUN_ID_BYTES);
	list_init(&wc->waiter.link);
	ev_timer_init(&wc->timeout, on_timeout, (double)timeout_ms / 1000, 0.);
	wc->timeout.data = wc;
	wire_accept(call, &wait_call_ops, wc);
	run_wait(run, &wc->waiter);
	if (timeout_ms)
		ev_timer_start(agent->loop, &wc->timeout);
}

void run_wait_start(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	Sloth__V1__RunQuery *request = wire_unpack(call, &sloth__v1__run_query__descriptor, data, len);
	const uint8_t *id = request ? check_id(call, &request->run_id) : NULL;
	struct agent *agent = arg;
	struct run_view view;
	struct record r;
	struct run *run;

	if (!id || caller_refuse_stopping(agent, call))
		return;
	run = runs_find(agent->runs, id);
	if (run)
		run_look(run, &view);
	if (run && !view.is_over) {
		wait_for(agent, call, run, id, request->timeout_ms);
		return;
	}
	record_any(&r, agent, id, request->age_ms);
	answer_record(call, &r);
}

/* ---- ControlRun ---- */

static void stop_run(struct wire_call *call, struct run *run)
{
	char *who = caller_principal(call), *reason = mem_printf("stopped by %s", who);

	run_cancel(run, reason);
	free(reason);
	free(who);
}

/* False: the call has been ended. */
static bool act(struct wire_call *call, struct run *run, const Sloth__V1__RunControl *request)
{
	struct run_view view;

	run_look(run, &view);
	switch (request->action_case) {
	case SLOTH__V1__RUN_CONTROL__ACTION_STOP:
		stop_run(call, run);
		return true;
	case SLOTH__V1__RUN_CONTROL__ACTION_SIGNAL:
		if (request->signal->number < 1 || request->signal->number > (uint32_t)SIGRTMAX) {
			wire_endf(call, WIRE_INVALID_ARGUMENT, "signal %u: there is no such signal", request->signal->number);
			return false;
		}
		if (view.is_over || !view.pid) {
			wire_end(call, WIRE_FAILED_PRECONDITION, view.is_over ? "the run is over" : "the run has not started yet");
			return false;
		}
		run_signal(run, (int)request->signal->number);
		return true;
	case SLOTH__V1__RUN_CONTROL__ACTION_REMOVE:
		if (!view.is_over)
			wire_end(call, WIRE_FAILED_PRECONDITION, "the run is not over; stop it first");
		return view.is_over;
	default:
		wire_end(call, WIRE_INVALID_ARGUMENT, "neither stop, nor signal, nor remove");
		return false;
	}
}

static void control_past(struct agent *agent, struct wire_call *call, const Sloth__V1__RunControl *request,
			 const uint8_t *id)
{
	bool is_removed = request->action_case == SLOTH__V1__RUN_CONTROL__ACTION_REMOVE;
	struct record r;

	record_past(&r, agent, id, 0);
	if (!past_has(runs_past(agent->runs), id))
		caller_refuse_unknown(agent, call, id);
	else if (!caller_may_past(call, &r.outcome))
		caller_refuse_other(call, id);
	else if (is_removed || request->action_case == SLOTH__V1__RUN_CONTROL__ACTION_STOP)
		answer_record(call, &r);
	else
		wire_end(call, WIRE_FAILED_PRECONDITION, "the run is over");
}

void run_control_start(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	Sloth__V1__RunControl *request = wire_unpack(call, &sloth__v1__run_control__descriptor, data, len);
	const uint8_t *id = request ? check_id(call, &request->run_id) : NULL;
	struct agent *agent = arg;
	struct run_view view;
	struct record r;
	struct run *run;

	if (!id || caller_refuse_stopping(agent, call))
		return;
	run = runs_find(agent->runs, id);
	if (!run) {
		control_past(agent, call, request, id);
		return;
	}
	run_look(run, &view);
	if (!caller_may(call, view.principal)) {
		caller_refuse_other(call, id);
		return;
	}
	if (!act(call, run, request))
		return;
	record_any(&r, agent, id, 0);	/* one that was stopped in the queue may be gone */
	answer_record(call, &r);
	if (request->action_case == SLOTH__V1__RUN_CONTROL__ACTION_REMOVE)
		run_remove(run);
}
