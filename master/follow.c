/*
 * follow.c - see follow.h. A run that is to be asked about stands in its agent's queue until there is a connection and
 * a place; an answer that is not the end puts it back at the tail.
 *
 *   follow_run() --> queue --> asking --"running"--> queue     --the end--> history_close()
 *                      ^          +--- failed: a while later ---> queue
 *
 * A call that is let go of lives on until its end is told: so what it is about is in a struct of its own.
 */
#include "master/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/channel.h"
#include "master/history_internal.h"
#include "master/master.h"
#include "master/store_runs.h"
#include "wire/wire.h"

struct follow_ask {
	struct follow *f;		/* NULL: let go of */
	struct history_run *run;	/* NULL: it is the list */
	struct wire_call *call;
	uint64_t began_ms;
	uint32_t wait_ms;
};

static void kick(struct follow *f);

/* As the master itself. */
static const struct wire_field *metadata(void)
{
	static struct wire_field fields[2];

	fields[0] = WIRE_FIELD("sloth-principal", "master");
	fields[1] = WIRE_FIELD("sloth-role", "admin");
	return fields;
}

static struct follow_ask *ask_new(struct follow *f, struct history_run *run, uint32_t wait_ms)
{
	struct follow_ask *ask = mem_new(struct follow_ask);

	*ask = (struct follow_ask){ .f = f, .run = run, .began_ms = mono_ms(), .wait_ms = wait_ms };
	return ask;
}

/* Whatever it answers does not matter any more. */
static void let_go(struct follow_ask *ask)
{
	ask->f = NULL;
	wire_end(ask->call, WIRE_CANCELLED, "the answer is not needed any more");
}

/* ---- later ---- */

static void on_again(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	kick(w->data);
}

static void try_again(struct follow *f)
{
	if (f->m->is_stopping || ev_is_active(&f->again))
		return;
	ev_now_update(f->m->loop);
	ev_timer_set(&f->again, backoff_next_ms(&f->backoff, (uint32_t)random_below(UINT32_MAX)) / 1000.0, 0);
	ev_timer_start(f->m->loop, &f->again);
}

static void enqueue(struct history_run *run)
{
	struct follow *f = run->follow;

	if (run->is_urgent)
		list_push_front(&f->queue, &run->queued);
	else
		list_push(&f->queue, &run->queued);
	run->is_urgent = false;
}

/* ---- what an agent says of a run ---- */

/* It has never heard of it. That it never began is sure only while it remembers all that it has had. */
static void take_never(struct history_run *run)
{
	const char *epoch = run->follow->agent->epoch;
	struct run_record r = run_record_empty;

	r.state = RUN_UNKNOWN;
	if (run->epoch[0] && epoch[0] && strcmp(run->epoch, epoch)) {
		r.reason = "its machine restarted";
	} else if (run->is_heard || wall_us() / 1000 - run->record.started_ms > FOLLOW_MEMORY_MS) {
		r.reason = "its agent does not remember it any more";
	} else {
		r.state = RUN_REJECTED;
		r.reason = "never began";
		r.is_void = true;
	}
	history_close(run, &r);
}

static void take_record(struct history_run *run, const Sloth__V1__RunRecord *message)
{
	struct run_record r = run_record_empty;
	enum run_state state;

	if (str_equal(message->state, "never-began")) {
		take_never(run);
		return;
	}
	if (!run_state_parse(message->state, &state) || (!run_state_is_end(state) && state != RUN_QUEUED)) {
		run->is_heard = true;
		history_set_state(run, RUN_RUNNING);
		return;
	}
	run->is_heard = true;
	if (!run_state_is_end(state)) {
		history_set_state(run, state);
		return;
	}
	run_record_take(&r, message, state);
	history_close(run, &r);
}

/* ---- WaitRun ---- */

/* The call of a run that is still open has failed. */
static void take_failure(struct history_run *run, enum wire_code code, const char *why)
{
	struct follow *f = run->follow;

	switch (code) {
	case WIRE_NOT_FOUND:
		take_never(run);
		return;
	case WIRE_UNIMPLEMENTED:
		history_close_as(run, RUN_UNKNOWN, "contact was lost, and its agent is too old to be asked");
		return;
	case WIRE_UNAVAILABLE:
		history_set_lost(run);
		break;
	default:
		log_debug("agent %s: cannot tell about a run: %s: %s", f->agent->record.name, wire_code_name(code), why);
		break;
	}
	enqueue(run);
	try_again(f);
}

/* An agent that does not wait as it is asked to is not asked in a circle. */
static void take_answer(struct history_run *run, const struct follow_ask *ask, const Sloth__V1__RunRecord *message)
{
	struct follow *f = ask->f;
	bool is_early = mono_ms() - ask->began_ms < ask->wait_ms / 2;
	uint8_t id[RUN_ID_LEN];

	memcpy(id, run->record.id, sizeof id);
	take_record(run, message);
	if (history_lookup(f->m->history, id) != run || !run->record.is_open)
		return;
	enqueue(run);
	if (is_early)
		try_again(f);
	else
		backoff_reset(&f->backoff);
}

static void on_waited(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len,
		      void *arg)
{
	struct follow_ask *ask = arg;
	struct follow *f = ask->f;
	struct history_run *run = ask->run;
	const Sloth__V1__RunRecord *message = NULL;

	if (f) {
		run->asking = NULL;
		f->n_asking--;
		run->is_asked = true;
		if (code == WIRE_OK)
			message = wire_unpack(call, &sloth__v1__run_record__descriptor, data, len);
		if (message)
			take_answer(run, ask, message);
		else
			take_failure(run, code == WIRE_OK ? WIRE_INTERNAL : code, why);
		if (!ev_is_active(&f->again))
			kick(f);
	}
	free(ask);
}

static uint32_t time_for(const struct history_run *run)
{
	if (!run->is_asked)
		return FOLLOW_FIRST_MS;
	return run->follow->n_asking < FOLLOW_LONG_MAX ? FOLLOW_WAIT_MS : FOLLOW_TURN_MS;
}

/* Never 0, which would say that it is not known. */
static uint64_t age_ms(const struct history_run *run)
{
	int64_t age = wall_us() / 1000 - run->record.started_ms;

	return age > 0 ? (uint64_t)age : 1;
}

static void ask_about(struct history_run *run, struct wire_conn *conn)
{
	Sloth__V1__RunQuery query = SLOTH__V1__RUN_QUERY__INIT;
	uint32_t wait_ms = time_for(run);
	const struct wire_request request = {
		.path = "/sloth.v1.Agent/WaitRun", .metadata = metadata(), .n_metadata = 2,
		.timeout_ms = wait_ms + FOLLOW_SLACK_MS, .max_message = 64 * 1024, .runs_long = true,
	};

	query.agent_name = run->agent;
	query.run_id = (ProtobufCBinaryData){ RUN_ID_LEN, run->record.id };
	query.timeout_ms = wait_ms;
	query.age_ms = age_ms(run);
	run->asking = ask_new(run->follow, run, wait_ms);
	run->follow->n_asking++;
	run->asking->call = wire_unary(conn, &request, &query.base, on_waited, run->asking);
}

/* ---- ListRuns ---- */

static void on_exists(const struct run_record *r, void *arg)
{
	(void)r;
	(void)arg;
}

/* A run that the history lacks. */
static void enter(struct follow *f, const Sloth__V1__RunRecord *message)
{
	struct history *h = f->m->history;
	struct run_record r = run_record_empty;
	struct history_run *run;
	enum run_state state;

	if (message->run_id.len != RUN_ID_LEN || !run_state_parse(message->state, &state) ||
	    history_lookup(h, message->run_id.data) || h->n_open >= HISTORY_OPEN_MAX ||
	    store_find_run(f->m->store, message->run_id.data, on_exists, NULL) != -ENOENT)
		return;
	memcpy(r.id, message->run_id.data, RUN_ID_LEN);
	r.agent = f->agent->record.name;
	r.principal = message->principal;
	r.command = message->command;
	r.run_as = message->run_as;
	r.epoch = f->agent->epoch;
	r.started_ms = message->started_ms > 0 ? message->started_ms : wall_us() / 1000;
	r.is_detached = message->detached;
	r.is_followed = true;
	r.has_output = message->has_output;
	r.state = run_state_is_end(state) ? RUN_RUNNING : state;
	run = history_enter(h, f->agent, &r);
	run->may_have_begun = run->is_heard = true;
	history_touch(run);
	log_info("agent %s: has a run that was not known here: %s", f->agent->record.name, message->state);
	if (run_state_is_end(state))
		take_record(run, message);
	else
		follow_run(run);
}

static void on_listed(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len,
		      void *arg)
{
	struct follow_ask *ask = arg;
	struct follow *f = ask->f;
	const Sloth__V1__ListRunsResponse *list = NULL;

	(void)why;
	if (f) {
		f->listing = NULL;
		f->has_listed = code == WIRE_OK || code == WIRE_UNIMPLEMENTED;
		if (code == WIRE_OK)
			list = wire_unpack(call, &sloth__v1__list_runs_response__descriptor, data, len);
		for (size_t i = 0; list && i < list->n_runs && i < FOLLOW_RUNS_MAX; i++)
			enter(f, list->runs[i]);
	}
	free(ask);
}

static void ask_for_list(struct follow *f, struct wire_conn *conn)
{
	const Sloth__V1__ListRunsRequest message = SLOTH__V1__LIST_RUNS_REQUEST__INIT;
	const struct wire_request request = {
		.path = "/sloth.v1.Agent/ListRuns", .metadata = metadata(), .n_metadata = 2, .timeout_ms = FOLLOW_SLACK_MS,
	};

	f->listing = ask_new(f, NULL, 0);
	f->listing->call = wire_unary(conn, &request, &message.base, on_listed, f->listing);
}

/* ---- one agent ---- */

static bool has_work(const struct follow *f)
{
	return !f->m->is_stopping && (!list_is_empty(&f->queue) || (!f->has_listed && !f->listing));
}

/* Asks as much as it may. Without a connection follow_up() comes back. */
static void kick(struct follow *f)
{
	struct wire_conn *conn;
	const char *why;
	bool is_own;

	if (!has_work(f) || !f->agent->channel || f->agent->record.is_foreign)
		return;
	conn = channel_connection(f->agent->channel, &is_own, &why);
	if (!conn)
		return;
	if (!f->has_listed && !f->listing)
		ask_for_list(f, conn);
	while (f->n_asking < FOLLOW_ASKS_MAX && !list_is_empty(&f->queue))
		ask_about(list_entry(list_pop(&f->queue), struct history_run, queued), conn);
}

struct follow *follow_of(struct master *m, struct agent *a)
{
	struct follow *f = a->follow;

	if (f)
		return f;
	f = a->follow = mem_new(struct follow);
	f->m = m;
	f->agent = a;
	list_init(&f->runs);
	list_init(&f->queue);
	backoff_init(&f->backoff, FOLLOW_AGAIN_MIN_MS, FOLLOW_AGAIN_MAX_MS);
	ev_timer_init(&f->again, on_again, 0, 0);
	f->again.data = f;
	return f;
}

/* Runs of this name from before it was in the registry. */
static void adopt_strays(struct follow *f)
{
	list_for_each(pos, tmp, &f->m->history->strays) {
		struct history_run *run = list_entry(pos, struct history_run, of_agent);

		if (!str_equal(run->agent, f->agent->record.name))
			continue;
		list_remove(&run->of_agent);
		list_push(&f->runs, &run->of_agent);
		run->follow = f;
		if (!run->n_calls && run->record.is_followed)
			enqueue(run);
	}
}

void follow_up(struct master *m, struct agent *a)
{
	struct follow *f;

	if (!m->history || m->is_stopping || a->record.is_foreign)
		return;
	f = follow_of(m, a);
	adopt_strays(f);
	ev_timer_stop(m->loop, &f->again);
	backoff_reset(&f->backoff);
	kick(f);
}

void follow_down(struct master *m, struct agent *a)
{
	if (!a->follow || m->is_stopping)
		return;
	list_for_each(pos, tmp, &a->follow->runs) {
		struct history_run *run = list_entry(pos, struct history_run, of_agent);

		if (!run->n_calls)
			history_set_lost(run);
	}
}

static void let_go_of_all(struct follow *f)
{
	list_for_each(pos, tmp, &f->runs)
		follow_leave(list_entry(pos, struct history_run, of_agent));
	if (f->listing)
		let_go(f->listing);
	f->listing = NULL;
	ev_timer_stop(f->m->loop, &f->again);
}

void follow_forget_agent(struct master *m, struct agent *a)
{
	struct follow *f = a->follow;

	if (!f)
		return;
	let_go_of_all(f);
	list_for_each(pos, tmp, &f->runs) {
		struct history_run *run = list_entry(pos, struct history_run, of_agent);

		run->follow = NULL;
		if (!run->n_calls)
			history_set_lost(run);
	}
	list_splice(&m->history->strays, &f->runs);
	a->follow = NULL;
	free(f);
}

void follow_run(struct history_run *run)
{
	if (!run->follow || run->asking || !list_is_empty(&run->queued) || !run->record.is_followed)
		return;
	run->is_asked = false;
	enqueue(run);
	if (!ev_is_active(&run->follow->again))
		kick(run->follow);
}

void follow_leave(struct history_run *run)
{
	struct follow_ask *ask = run->asking;

	list_remove(&run->queued);
	if (!ask)
		return;
	run->asking = NULL;
	run->follow->n_asking--;
	let_go(ask);
}

void follow_stop(struct master *m)
{
	for (size_t i = 0; i < registry_count(m->registry); i++)
		if (registry_at(m->registry, i)->follow)
			let_go_of_all(registry_at(m->registry, i)->follow);
}
