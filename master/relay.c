/*
 * relay.c - two calls coupled.
 *
 * What the caller sent is kept until the agent's first message has come: so a call that an agent provably
 * did not begin to process (its connection was ending) can be sent again, once. While a connection is
 * being made the caller is paused. A relay is freed when both calls have ended and it waits for nothing.
 *
 *   caller gone   -> stop waiting; or reset the agent's call: a Run whose caller was lost with NO_ERROR,
 *                    anything else with CANCEL
 *   agent's end   -> its trailers and status go to the caller; or begin again, see above
 */
#include "master/relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/audit_run.h"
#include "master/channel.h"
#include "master/claim.h"
#include "master/identities.h"
#include "master/master.h"
#include "master/options.h"
#include "wire/proto/sloth.pb-c.h"

enum {
	SENT_MAX = 512 * 1024,		/* twice what a caller may send of stdin before the agent takes it */
	LAST_MAX = 4096,		/* bytes of the agent's last message: more than the end of a run has */
	TAG_EXIT = 5 << 3 | 2,		/* the first byte of a RunOutput that is `exit`, */
	TAG_QUEUED = 7 << 3 | 2		/* and of one that is `queued` */
};

struct relay {
	struct relay_link link;
	struct wire_call *caller, *callee;	/* NULL: not there, or ended */
	struct wire_conn *own_conn;		/* dialled for this call alone */
	struct channel_wait wait;
	const char *path;
	struct buf sent;			/* records of u32 length and message, until `answered` */
	struct buf last;			/* of a run: the agent's newest message, if it may be its end */
	bool is_waiting;
	bool half_closed;			/* the caller sends no more */
	bool answered;				/* the agent's first message has come, or too much was sent */
	bool retried;
	bool callee_full;			/* it takes no more until on_drain */
	bool has_epoch;				/* of the run, not the agent's own */
	bool is_start;
	bool is_removal;
	bool is_let_go;				/* by us: what its end says does not matter */
	char epoch[2 * 16 + 1];
	uint8_t removed[RUN_ID_LEN];		/* the run that is forgotten */
};

/* ---- what every relayed call has ---- */

/* Before the call is ended: what begins a run has not. */
static void never_began(struct wire_call *caller)
{
	wire_add_trailer(caller, &WIRE_FIELD("sloth-state", "never-began"));
}

/* Whoever comes after us takes the same call. */
static void will_be_back(struct wire_call *caller)
{
	wire_add_trailer(caller, &WIRE_FIELD("sloth-retry", "yes"));
}

void relay_refuse(struct wire_call *caller, const char *name, const char *why, bool is_start)
{
	if (is_start)
		never_began(caller);
	wire_endf(caller, WIRE_UNAVAILABLE, "agent not found or inactive: %s: %s", name, why);
}

/* This master has not been running for as long as it takes to hear of all agents, so it asks. With --insecure it does not
 * know whether the agent speaks TLS before it has registered. */
static bool is_to_be_tried(const struct master *m, const struct agent *a)
{
	return !a->is_active && !a->heard_ms && !m->options->insecure;
}

static char *why_inactive(const struct agent *a)
{
	if (!a->heard_ms)
		return mem_printf("agent not found or inactive: %s: not heard since the master was started", a->record.name);
	return mem_printf("agent not found or inactive: %s: not heard for %s", a->record.name,
			  str_duration_ms(mono_ms() - a->heard_ms));
}

/* Why a call to that agent is not passed on, owned, with its code; NULL: it is. */
static char *why_not(const struct master *m, const struct agent *a, const char *name, bool is_start, enum wire_code *code)
{
	*code = WIRE_UNAVAILABLE;
	if (m->is_stopping)
		return mem_strdup("the master is stopping");
	if (a && !a->is_active && !is_to_be_tried(m, a))
		return why_inactive(a);
	if (a && claim_conflict(a))
		return mem_printf("agent %s: %s", a->record.name, claim_conflict(a));
	*code = WIRE_NOT_FOUND;
	if (!a)
		return mem_printf("agent not found or inactive: %.*s", STR_NAME_MAX, name);
	*code = WIRE_FAILED_PRECONDITION;
	if (is_start && a->record.drained_s)
		return mem_printf("agent %s is drained by %s, it takes no new runs until sloth agent undrain %s", a->record.name,
				  a->record.drained_by, a->record.name);
	*code = WIRE_RESOURCE_EXHAUSTED;
	if (m->n_relays >= MASTER_RELAYS_MAX)
		return mem_printf("%d calls are being relayed, the limit: try again later", MASTER_RELAYS_MAX);
	if (a->n_relays >= MASTER_RELAYS_PER_AGENT_MAX)
		return mem_printf("agent %s has %d calls at once, the limit: try again later", a->record.name,
				  MASTER_RELAYS_PER_AGENT_MAX);
	return NULL;
}

struct agent *relay_find_agent(struct master *m, struct wire_call *caller, const char *name, bool is_start, char **why_out)
{
	struct agent *a = registry_find(m->registry, name);
	enum wire_code code;
	char *why = why_not(m, a, name, is_start, &code);

	if (!why) {
		if (is_to_be_tried(m, a))
			channel_try(a->channel);
		return a;
	}
	if (is_start)
		never_began(caller);
	if (m->is_stopping)
		will_be_back(caller);
	wire_end(caller, code, why);
	if (why_out)
		*why_out = why;
	else
		free(why);
	return NULL;
}

void relay_link_init(struct relay_link *l, struct master *m, struct agent *a, bool is_run, struct audit_run *audit)
{
	l->m = m;
	l->agent = a;
	l->name = mem_strdup(a->record.name);
	l->is_run = is_run;
	l->audit = audit;
	list_push(&m->relays, &l->link);
	m->n_relays++;
	a->n_relays++;
	if (is_run) {
		m->runs_active++;
		m->runs_total++;
	}
}

void relay_link_done(struct relay_link *l)
{
	audit_run_end_as(&l->audit, "cancelled", "the caller left before it began");
	history_call_unsent(&l->history, RUN_CANCELLED, "the caller left before it began");
	list_remove(&l->link);
	l->m->n_relays--;
	if (l->agent)
		l->agent->n_relays--;
	if (l->is_run)
		l->m->runs_active--;
	free(l->name);
}

void relay_forget_agent(struct master *m, struct agent *a)
{
	list_for_each(pos, tmp, &m->relays) {
		struct relay_link *l = list_entry(pos, struct relay_link, link);

		if (l->agent == a)
			l->agent = NULL;
	}
	a->n_relays = 0;
}

void relay_metadata(struct relay_metadata *md, struct master *m, struct wire_call *caller, const char *epoch)
{
	principal_of_call(&md->principal, &m->users, caller);
	md->n = 0;
	md->fields[md->n++] = WIRE_FIELD("sloth-principal", md->principal.name);
	if (!str_has_prefix(wire_call_user_agent(caller), "sloth/"))
		md->fields[md->n++] = WIRE_FIELD("sloth-client", "foreign");
	if (md->principal.roles & WIRE_ADMIN)
		md->fields[md->n++] = WIRE_FIELD("sloth-role", "admin");
	if (*epoch)
		md->fields[md->n++] = WIRE_FIELD("sloth-epoch", epoch);
}

/* ---- life ---- */

static void maybe_free(struct relay *r)
{
	if (r->caller || r->callee || r->is_waiting)
		return;
	buf_done(&r->sent);
	buf_done(&r->last);
	relay_link_done(&r->link);
	free(r);
}

/* ---- what was sent ---- */

static void remember(struct relay *r, const uint8_t *data, size_t len)
{
	uint32_t n = (uint32_t)len;

	if (r->answered)
		return;
	if (buf_len(&r->sent) && buf_len(&r->sent) + len > SENT_MAX) {
		r->answered = true;		/* it cannot be sent again */
		buf_done(&r->sent);
		return;
	}
	buf_append(&r->sent, &n, sizeof n);
	buf_append(&r->sent, data, len);
}

/* Sends what is remembered to a new callee. */
static void replay(struct relay *r)
{
	const uint8_t *at = buf_data(&r->sent), *end = at + buf_len(&r->sent);
	uint32_t n;

	for (; at < end; at += n) {
		memcpy(&n, at, sizeof n);
		at += sizeof n;
		if (!wire_send(r->callee, at, n))
			r->callee_full = true;
	}
	if (r->half_closed)
		wire_half_close(r->callee);
}

/* ---- waiting for a connection ---- */

static void connect_callee(struct relay *r);

static void refuse(struct relay *r, const char *why)
{
	const struct agent *a = r->link.agent;
	char *words = mem_printf("%s%s", a && !a->heard_ms ? "not heard since the master was started, and not reached: " : "", why);

	audit_run_end_as(&r->link.audit, "unreachable", words);
	history_call_unsent(&r->link.history, RUN_UNREACHABLE, words);
	relay_refuse(r->caller, r->link.name, words, r->is_start);
	free(words);
}

static void on_told(const char *why, void *arg)
{
	struct relay *r = arg;

	r->is_waiting = false;
	if (r->caller && !why)
		connect_callee(r);
	else if (r->caller)
		refuse(r, why);
	maybe_free(r);
}

/* ---- the agent's end ---- */

/* Nothing is decoded on its way, but for its first byte: when the call has ended its last message is looked at. A caller
 * that has the exit may leave before the trailers come: the run has ended as it says all the same. */
static void keep_last(struct relay *r, const uint8_t *data, size_t len)
{
	buf_clear(&r->last);
	if (r->link.is_run && len <= LAST_MAX)
		buf_append(&r->last, data, len);
}

static const Sloth__V1__RunExit *read_last(struct relay *r, struct wire_call *callee)
{
	const Sloth__V1__RunOutput *output = NULL;

	if (buf_len(&r->last) && *(const uint8_t *)buf_data(&r->last) == TAG_EXIT)
		output = wire_unpack(callee, &sloth__v1__run_output__descriptor, buf_data(&r->last), buf_len(&r->last));
	return output && output->event_case == SLOTH__V1__RUN_OUTPUT__EVENT_EXIT ? output->exit : NULL;
}

static void on_callee_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct relay *r = arg;

	if (!r->answered)
		buf_done(&r->sent);
	r->answered = true;
	history_call_heard(&r->link.history, r->link.is_run && len > 0 && data[0] == TAG_QUEUED);
	keep_last(r, data, len);
	if (r->caller && !wire_send(r->caller, data, len))
		wire_pause(call);
}

static void on_callee_drain(struct wire_call *call, void *arg)
{
	struct relay *r = arg;

	(void)call;
	r->callee_full = false;
	if (r->caller)
		wire_resume(r->caller);
}

static void pass_trailers(struct relay *r, struct wire_call *call)
{
	const struct wire_field *f;

	for (size_t i = 0; (f = wire_call_field_at(call, i)); i++)
		if (str_has_prefix(f->name, "sloth-"))
			wire_add_trailer(r->caller, f);
}

static bool may_begin_again(const struct relay *r, struct wire_call *call)
{
	return r->caller && !r->is_let_go && !r->answered && !r->retried && !r->own_conn && r->link.agent &&
	       wire_call_is_unprocessed(call);
}

/* What the audit log and the history have of it. */
static void tell_end(struct relay *r, struct wire_call *callee, enum wire_code code, const char *why)
{
	const Sloth__V1__RunExit *exit = read_last(r, callee);
	const struct history_end end = { callee, code, why, !r->caller || r->is_let_go, exit };

	audit_run_end_by_call(&r->link.audit, &end);
	history_call_end(&r->link.history, &end);
	if (r->is_removal && code == WIRE_OK)
		history_removed(r->link.m, r->removed);
}

static void on_callee_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct relay *r = arg;
	bool again = may_begin_again(r, call);

	r->callee = NULL;
	if (r->own_conn)
		wire_conn_close(r->own_conn, 0, "the call has ended");
	r->own_conn = NULL;
	if (!again)
		tell_end(r, call, code, why);
	if (again) {
		r->retried = true;
		wire_pause(r->caller);
		log_debug("agent %s: a call was not begun (%s), sent again", r->link.name, why);
		connect_callee(r);
	} else if (r->caller && !r->is_let_go) {
		pass_trailers(r, call);
		if (code == WIRE_UNAVAILABLE && wire_call_is_unprocessed(call))
			relay_refuse(r->caller, r->link.name, why, r->is_start);
		else if (code == WIRE_UNAVAILABLE)
			wire_endf(r->caller, code, "agent %s: %s", r->link.name, why);
		else
			wire_end(r->caller, code, why);
	}
	maybe_free(r);
}

static const struct wire_call_ops callee_ops = {
	.on_message = on_callee_message,
	.on_drain = on_callee_drain,
	.on_end = on_callee_end,
};

/* For RunCommand, whose request has none. */
static void add_run_id(struct relay_metadata *md, const struct history_call *history)
{
	const uint8_t *id = history_call_id(history);

	if (!id)
		return;
	str_hex(id, RUN_ID_LEN, md->run_id);
	md->fields[md->n++] = WIRE_FIELD("sloth-run-id", md->run_id);
}

static void call_agent(struct relay *r, struct wire_conn *conn)
{
	const char *epoch = r->has_epoch ? r->epoch : r->link.agent->epoch;
	uint64_t left = wire_call_left_ms(r->caller);
	struct relay_metadata md;
	struct wire_request request = { .path = r->path, .runs_long = true };

	relay_metadata(&md, r->link.m, r->caller, epoch);
	if (!r->link.is_run)
		add_run_id(&md, &r->link.history);
	request.metadata = md.fields;
	request.n_metadata = md.n;
	if (!r->link.is_run && left != UINT64_MAX)
		request.timeout_ms = left ? left : 1;
	history_call_sent(&r->link.history, r->link.agent->epoch);
	r->callee = wire_call(conn, &request, &callee_ops, r);
	r->callee_full = false;
	replay(r);
	if (!r->callee_full)
		wire_resume(r->caller);
}

/* Calls the agent as soon as there is a connection, or refuses the caller. */
static void connect_callee(struct relay *r)
{
	struct agent *a = r->link.agent;
	struct wire_conn *conn;
	const char *why = "the agent was deleted";
	bool own = false;

	conn = a ? channel_connection(a->channel, &own, &why) : NULL;
	if (conn) {
		r->own_conn = own ? conn : NULL;
		call_agent(r, conn);
	} else if (why) {
		refuse(r, why);
	} else {
		r->is_waiting = channel_join(a->channel, &r->wait);
	}
}

/* ---- the caller's end ---- */

static void on_caller_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct relay *r = arg;

	remember(r, data, len);
	if (!r->callee || wire_send(r->callee, data, len))
		return;
	r->callee_full = true;
	wire_pause(call);
}

static void on_caller_half_close(struct wire_call *call, void *arg)
{
	struct relay *r = arg;

	(void)call;
	r->half_closed = true;
	if (r->callee)
		wire_half_close(r->callee);
}

static void on_caller_drain(struct wire_call *call, void *arg)
{
	struct relay *r = arg;

	(void)call;
	if (r->callee)
		wire_resume(r->callee);
}

/* Whoever was revoked is not waited for. */
static bool may_come_back(const struct relay *r, struct wire_call *caller)
{
	const struct wire_peer *peer = wire_conn_peer(wire_call_conn(caller));

	return !peer->identity || !identities_judge(r->link.m, peer);
}

/* Only who cancels a Run says so: every other end is that of a lost caller. */
static void let_go_of_callee(struct relay *r, struct wire_call *caller, enum wire_code code)
{
	if (r->link.is_run && code != WIRE_CANCELLED && may_come_back(r, caller))
		wire_abandon(r->callee, code, "the caller is lost");
	else
		wire_end(r->callee, WIRE_CANCELLED, "the caller is gone");
}

static void on_caller_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct relay *r = arg;

	r->caller = NULL;
	if (r->is_waiting)
		channel_leave(&r->wait);
	r->is_waiting = false;
	if (r->callee && code != WIRE_OK)
		log_debug("agent %s: caller gone: %s", r->link.name, why);
	if (r->callee)
		let_go_of_callee(r, call, code);
	maybe_free(r);
}

static const struct wire_call_ops caller_ops = {
	.on_message = on_caller_message,
	.on_half_close = on_caller_half_close,
	.on_drain = on_caller_drain,
	.on_end = on_caller_end,
};

void relay_start(struct master *m, struct wire_call *caller, const struct relay_request *request)
{
	struct relay *r = mem_new(struct relay);

	relay_link_init(&r->link, m, request->agent, request->is_run, request->audit);
	r->link.history = request->history;
	r->link.is_resumable = request->is_run;
	r->has_epoch = request->epoch != NULL;
	if (r->has_epoch)
		snprintf(r->epoch, sizeof r->epoch, "%s", request->epoch);
	if (request->removes) {
		r->is_removal = true;
		memcpy(r->removed, request->removes, sizeof r->removed);
	}
	r->caller = caller;
	r->path = request->path;
	r->half_closed = request->is_unary;
	r->is_start = request->is_start;
	channel_wait_init(&r->wait, on_told, r);
	remember(r, request->first, request->first_len);
	wire_accept(caller, &caller_ops, r);
	wire_pause(caller);
	connect_callee(r);
}

bool relay_stop(struct master *m)
{
	bool goes_on = false;

	list_for_each(pos, tmp, &m->relays) {
		struct relay_link *l = list_entry(pos, struct relay_link, link);
		struct relay *r = list_entry(l, struct relay, link);

		goes_on |= !l->is_resumable;
		if (!l->is_resumable)
			continue;
		r->is_let_go = true;
		if (r->callee)
			wire_abandon(r->callee, WIRE_UNAVAILABLE, "the master is stopping");
		if (r->caller)
			wire_end(r->caller, WIRE_UNAVAILABLE, "the master is stopping");
	}
	return goes_on;
}
