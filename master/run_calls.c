/*
 * run_calls.c - see run_calls.h. A run that the history does not know is its agent's to tell about, if the caller names
 * that.
 */
#include "master/run_calls.h"

#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "master/audit.h"
#include "master/gate.h"
#include "master/history.h"
#include "master/master.h"
#include "master/relay.h"
#include "wire/wire.h"

/* ---- which run ---- */

/* What a call is about. */
struct target {
	struct master *m;
	struct wire_call *call;
	const char *asked_agent;	/* as the caller names it; "": wherever the run is */
	char id[RUN_ID_HEX];
	bool is_known;			/* to the history */
	bool is_open, is_followed;
	char *agent, *run_as, *principal;	/* owned; as the history has them */
};

static void target_done(struct target *t)
{
	free(t->agent);
	free(t->run_as);
	free(t->principal);
}

static void on_found(const struct run_record *r, void *arg)
{
	struct target *t = arg;

	t->is_known = true;
	t->is_open = r->is_open;
	t->is_followed = r->is_followed;
	t->agent = mem_strdup(r->agent);
	t->run_as = mem_strdup(r->run_as);
	t->principal = mem_strdup(r->principal);
}

/* Whoever may neither list that agent nor has started the run does not learn that it is there. */
static bool may_know(const struct target *t)
{
	struct gate_view view;

	gate_view_init(&view, t->m, t->call);
	return *t->asked_agent || gate_view_names(&view, t->agent) || principal_is_same(view.who.name, t->principal);
}

static bool is_there(const struct target *t)
{
	if (!t->is_known)
		return *t->asked_agent;
	return may_know(t) && (!*t->asked_agent || str_equal(t->asked_agent, t->agent));
}

/* The agent that it is about. */
static const char *agent_of(const struct target *t)
{
	return *t->asked_agent ? t->asked_agent : t->agent;
}

/* Also where there is no such run. False: the call has been ended. */
static bool find(struct target *t, struct master *m, struct wire_call *call, const char *agent, ProtobufCBinaryData id)
{
	int err;

	*t = (struct target){ .m = m, .call = call, .asked_agent = agent };
	if (id.len != RUN_ID_LEN) {
		wire_endf(call, WIRE_INVALID_ARGUMENT, "a run's id has %d bytes", RUN_ID_LEN);
		return false;
	}
	str_hex(id.data, id.len, t->id);
	err = history_find(m, id.data, on_found, t);
	if (err && err != -ENOENT) {
		wire_endf(call, WIRE_UNAVAILABLE, "the master's database cannot be used (%s): try again later", strerror(-err));
		return false;
	}
	return true;
}

static void refuse_unknown(const struct target *t)
{
	if (*t->asked_agent)
		wire_endf(t->call, WIRE_NOT_FOUND, "no run %s on agent %s is known: sloth run list", t->id,
			  str_quote(t->asked_agent));
	else
		wire_endf(t->call, WIRE_NOT_FOUND, "no run %s is known: sloth run list, or name its agent", t->id);
}

/* ---- WaitRun ---- */

struct waiter {
	struct list link;		/* m->run_waits */
	struct master *m;
	struct wire_call *call;
	struct history_wait wait;
	ev_timer timeout;
	uint8_t id[RUN_ID_LEN];
};

static void answer(const struct run_record *r, void *arg)
{
	struct wire_call *call = arg;
	Sloth__V1__RunRecord message;

	run_record_fill(&message, r);
	wire_send_message(call, &message.base);
	wire_end(call, WIRE_OK, "");
}

static void answer_as_it_is(struct master *m, struct wire_call *call, const uint8_t id[RUN_ID_LEN])
{
	int err = history_find(m, id, answer, call);

	if (err)
		wire_endf(call, WIRE_UNAVAILABLE, "the run cannot be looked up (%s): try again later", strerror(-err));
}

static void on_told(const struct run_record *r, void *arg)
{
	struct waiter *w = arg;

	(void)r;			/* without the texts that are in the store */
	answer_as_it_is(w->m, w->call, w->id);
}

static void on_timeout(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct waiter *w = timer->data;

	(void)loop;
	(void)events;
	answer_as_it_is(w->m, w->call, w->id);
}

static void on_waiter_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct waiter *w = arg;

	(void)call;
	(void)code;
	(void)why;
	ev_timer_stop(w->m->loop, &w->timeout);
	history_unwait(&w->wait);
	list_remove(&w->link);
	w->m->n_run_waits--;
	free(w);
}

static void wait_for_end(struct master *m, struct wire_call *call, const Sloth__V1__RunQuery *query)
{
	static const struct wire_call_ops ops = { .on_end = on_waiter_end };
	struct waiter *w;

	if (m->is_stopping || m->n_run_waits >= RUN_WAITS_MAX) {
		wire_end(call, m->is_stopping ? WIRE_UNAVAILABLE : WIRE_RESOURCE_EXHAUSTED,
			 m->is_stopping ? "the master is stopping" : "too many callers wait for runs: try again later");
		return;
	}
	w = mem_new(struct waiter);
	*w = (struct waiter){ .m = m, .call = call, .wait = { .told = on_told, .arg = w } };
	memcpy(w->id, query->run_id.data, RUN_ID_LEN);
	list_init(&w->wait.link);
	list_push(&m->run_waits, &w->link);
	m->n_run_waits++;
	ev_timer_init(&w->timeout, on_timeout, query->timeout_ms / 1000.0, 0);
	w->timeout.data = w;
	wire_accept(call, &ops, w);
	if (history_wait(m, w->id, &w->wait))
		answer_as_it_is(m, call, w->id);
	else if (query->timeout_ms)
		ev_timer_start(m->loop, &w->timeout);
}

static void relay_wait(struct target *t, const uint8_t *data, size_t len)
{
	struct relay_request relay = { .path = "/sloth.v1.Agent/WaitRun", .first = data, .first_len = len, .is_unary = true };

	relay.agent = relay_find_agent(t->m, t->call, agent_of(t), false, NULL);
	if (relay.agent)
		relay_start(t->m, t->call, &relay);
}

void run_calls_wait(struct wire_call *call, const uint8_t *data, size_t len, void *master)
{
	const Sloth__V1__RunQuery *query = wire_unpack(call, &sloth__v1__run_query__descriptor, data, len);
	struct master *m = master;
	struct target t;

	if (!query || !master_may(m, call, POLICY_LIST, *query->agent_name ? query->agent_name : NULL, NULL))
		return;
	if (!find(&t, m, call, query->agent_name, query->run_id)) {
		target_done(&t);
		return;
	}
	if (!is_there(&t))
		refuse_unknown(&t);
	else if (!t.is_known)
		relay_wait(&t, data, len);
	else if (t.is_open)
		wait_for_end(m, call, query);
	else
		answer_as_it_is(m, call, query->run_id.data);
	target_done(&t);
}

void run_calls_stop(struct master *m)
{
	list_for_each(pos, tmp, &m->run_waits)
		wire_end(list_entry(pos, struct waiter, link)->call, WIRE_UNAVAILABLE, "the master is stopping");
}

/* ---- ControlRun ---- */

static const char *event_name(const Sloth__V1__RunControl *control)
{
	switch (control->action_case) {
	case SLOTH__V1__RUN_CONTROL__ACTION_STOP: return "run.stop";
	case SLOTH__V1__RUN_CONTROL__ACTION_SIGNAL: return "run.signal";
	case SLOTH__V1__RUN_CONTROL__ACTION_REMOVE: return "run.remove";
	default: return NULL;
	}
}

static void record(const struct target *t, const Sloth__V1__RunControl *control, const char *denied)
{
	struct principal who;
	char number[16] = "";
	struct audit_event e = {
		.event = event_name(control), .who = &who, .agent = agent_of(t), .run_id = control->run_id.data,
		.run_id_len = control->run_id.len, .is_decided = true, .is_denied = denied != NULL, .reason = denied,
	};

	if (control->action_case == SLOTH__V1__RUN_CONTROL__ACTION_SIGNAL) {
		snprintf(number, sizeof number, "%u", control->signal->number);
		e.object = number;
	}
	principal_of_call(&who, &t->m->users, t->call);
	audit_note_past(t->m->audit, &e);
}

static void pass_on(struct target *t, const Sloth__V1__RunControl *control, const uint8_t *data, size_t len)
{
	struct relay_request relay = { .path = "/sloth.v1.Agent/ControlRun", .first = data, .first_len = len, .is_unary = true };

	if (t->is_known && !t->is_followed) {
		wire_endf(t->call, WIRE_FAILED_PRECONDITION, "run %s cannot be reached any more: it was started by ExecuteCommand or "
			  "on a foreign agent", t->id);
		return;
	}
	relay.agent = relay_find_agent(t->m, t->call, agent_of(t), false, NULL);
	if (!relay.agent)
		return;
	if (control->action_case == SLOTH__V1__RUN_CONTROL__ACTION_REMOVE)
		relay.removes = control->run_id.data;
	record(t, control, NULL);
	relay_start(t->m, t->call, &relay);
}

void run_calls_control(struct wire_call *call, const uint8_t *data, size_t len, void *master)
{
	const Sloth__V1__RunControl *control = wire_unpack(call, &sloth__v1__run_control__descriptor, data, len);
	struct master *m = master;
	struct target t;

	if (!control)
		return;
	if (!event_name(control)) {
		wire_end(call, WIRE_INVALID_ARGUMENT, "nothing is to be done: stop, signal or remove");
		return;
	}
	if (!find(&t, m, call, control->agent_name, control->run_id)) {
		target_done(&t);
		return;
	}
	if (!is_there(&t))
		refuse_unknown(&t);
	else if (!master_may_run(m, call, agent_of(&t), t.is_known ? t.run_as : NULL))
		record(&t, control, "the policy denies it");
	else
		pass_on(&t, control, data, len);
	target_done(&t);
}
