/*
 * run_list.c - see run_list.h. The answer is put together as bytes: messages one behind the other are one message.
 */
#include "master/run_list.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/audit_query.h"
#include "master/gate.h"
#include "master/history.h"
#include "master/master.h"
#include "master/store_runs.h"
#include "wire/wire.h"

enum { PREFIX_MIN = 4, IDS_MAX = 64 };	/* a shorter prefix is looked for in all runs */

struct run_list {
	struct master *m;
	struct wire_call *call;
	ev_timer turn;
	struct gate_view view;
	char *agent, *principal;	/* globs; NULL: any */
	char prefix[RUN_ID_HEX];	/* hex digits in lower case; "": any */
	unsigned states;		/* set of 1 << enum run_state; 0: any */
	bool failed;
	struct run_list_ids { uint8_t id[RUN_ID_LEN]; } ids[IDS_MAX];
	size_t n_ids;			/* 0: any */
	int64_t since_ms, until_ms;
	uint32_t limit, n;
	bool is_full;			/* there are more */
	struct store_runs_at at;
	struct buf out;
};

/* ---- what is wanted ---- */

static bool has_id(const struct run_list *l, const uint8_t id[RUN_ID_LEN])
{
	for (size_t i = 0; i < l->n_ids; i++)
		if (!memcmp(l->ids[i].id, id, RUN_ID_LEN))
			return true;
	return l->n_ids == 0;
}

static bool has_prefix(const struct run_list *l, const uint8_t id[RUN_ID_LEN])
{
	char hex[RUN_ID_HEX];

	if (!*l->prefix)
		return true;
	str_hex(id, RUN_ID_LEN, hex);
	return str_has_prefix(hex, l->prefix);
}

static bool is_wanted(const struct run_list *l, const struct run_record *r)
{
	return r->started_ms >= l->since_ms && r->started_ms < l->until_ms && (!l->states || l->states & 1u << r->state) &&
	       (!l->failed || run_record_has_failed(r)) && has_prefix(l, r->id) && has_id(l, r->id) &&
	       (!l->agent || audit_query_matches(l->agent, r->agent)) &&
	       (!l->principal || audit_query_matches(l->principal, r->principal)) && gate_view_names(&l->view, r->agent);
}

/* ---- the answer ---- */

static void append(struct run_list *l, const Sloth__V1__ListRunsResponse *part)
{
	size_t n = sloth__v1__list_runs_response__get_packed_size(part);

	sloth__v1__list_runs_response__pack(part, buf_reserve(&l->out, n + 1));
	buf_commit(&l->out, n);
}

static void on_run(const struct run_record *r, void *arg)
{
	Sloth__V1__ListRunsResponse part = SLOTH__V1__LIST_RUNS_RESPONSE__INIT;
	Sloth__V1__RunRecord message, *messages[1] = { &message };
	struct run_list *l = arg;

	if (l->is_full || !is_wanted(l, r))
		return;
	run_record_fill(&message, r);
	part.n_runs = 1;
	part.runs = messages;
	if (l->n == l->limit ||
	    buf_len(&l->out) + sloth__v1__list_runs_response__get_packed_size(&part) > RUN_LIST_BYTES_MAX) {
		l->is_full = true;
		return;
	}
	append(l, &part);
	l->n++;
}

static void answer(struct run_list *l)
{
	Sloth__V1__ListRunsResponse rest = SLOTH__V1__LIST_RUNS_RESPONSE__INIT;

	rest.more = l->is_full;
	append(l, &rest);
	wire_send(l->call, buf_len(&l->out) ? (const void *)buf_data(&l->out) : "", buf_len(&l->out));
	wire_end(l->call, WIRE_OK, "");
}

/* ---- turns ---- */

/* The ids that begin like that: what the rest can be is put behind it. */
static int read_prefix(struct run_list *l)
{
	char low[RUN_ID_HEX] = "", high[RUN_ID_HEX] = "";
	uint8_t from[RUN_ID_LEN], to[RUN_ID_LEN];
	size_t n = strlen(l->prefix);

	memset(low, '0', RUN_ID_HEX - 1);
	memset(high, 'f', RUN_ID_HEX - 1);
	memcpy(low, l->prefix, n);
	memcpy(high, l->prefix, n);
	if (str_unhex(low, from, RUN_ID_LEN) || str_unhex(high, to, RUN_ID_LEN))
		return 0;
	return store_list_runs_within(l->m->store, from, to, RUN_LIST_ROWS, NULL, on_run, l);
}

static void on_turn(struct ev_loop *loop, ev_timer *w, int events)
{
	struct run_list *l = w->data;
	unsigned n_read = 0;
	int err = history_flush(l->m);

	(void)events;
	if (!err && strlen(l->prefix) >= PREFIX_MIN)
		err = read_prefix(l);
	else if (!err)
		err = store_list_runs(l->m->store, &l->at, l->since_ms, RUN_LIST_ROWS, &n_read, on_run, l);
	if (err)
		wire_endf(l->call, WIRE_UNAVAILABLE, "the master's database cannot be used (%s): try again later", strerror(-err));
	else if (n_read < RUN_LIST_ROWS || l->is_full)
		answer(l);
	else
		ev_timer_start(loop, w);
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct run_list *l = arg;

	(void)call;
	(void)code;
	(void)why;
	ev_timer_stop(l->m->loop, &l->turn);
	l->m->n_run_lists--;
	buf_done(&l->out);
	free(l->agent);
	free(l->principal);
	free(l);
}

/* ---- the request ---- */

static bool take_prefix(struct run_list *l, const char *prefix)
{
	size_t n = strnlen(prefix, RUN_ID_HEX);

	if (n >= RUN_ID_HEX || strspn(prefix, "0123456789abcdefABCDEF") != n)
		return false;
	for (size_t i = 0; i <= n; i++)
		l->prefix[i] = (char)(prefix[i] >= 'A' && prefix[i] <= 'F' ? prefix[i] - 'A' + 'a' : prefix[i]);
	return true;
}

static bool take_states(struct run_list *l, const Sloth__V1__ListRunsRequest *request, const char **wrong)
{
	enum run_state state;

	for (size_t i = 0; i < request->n_states; i++) {
		*wrong = request->states[i];
		if (!run_state_parse(request->states[i], &state))
			return false;
		l->states |= 1u << state;
	}
	return true;
}

static bool take_ids(struct run_list *l, const Sloth__V1__ListRunsRequest *request)
{
	if (request->n_run_ids > IDS_MAX)
		return false;
	for (size_t i = 0; i < request->n_run_ids; i++) {
		if (request->run_ids[i].len != RUN_ID_LEN)
			return false;
		memcpy(l->ids[l->n_ids++].id, request->run_ids[i].data, RUN_ID_LEN);
	}
	return true;
}

/* False: the call has been ended. */
static bool take_request(struct run_list *l, struct wire_call *call, const Sloth__V1__ListRunsRequest *request)
{
	const char *wrong = "";

	if (!take_prefix(l, request->id_prefix)) {
		wire_endf(call, WIRE_INVALID_ARGUMENT, "%s is no beginning of a run's id: hex digits, 32 at most",
			  str_quote(request->id_prefix));
	} else if (!take_states(l, request, &wrong)) {
		wire_endf(call, WIRE_INVALID_ARGUMENT, "%s is no state of a run: queued, running, exited, signalled, timed-out, "
			  "cancelled, rejected, unreachable, lost-contact, unknown", str_quote(wrong));
	} else if (!take_ids(l, request)) {
		wire_endf(call, WIRE_INVALID_ARGUMENT, "%d ids at most, of %d bytes each", IDS_MAX, RUN_ID_LEN);
	} else {
		l->failed = request->failed;
		l->limit = request->limit ? request->limit : RUN_LIST_DEFAULT;
		if (l->limit > RUN_LIST_RUNS_MAX)
			l->limit = RUN_LIST_RUNS_MAX;
		l->since_ms = request->since_ms ? request->since_ms : INT64_MIN;
		l->until_ms = l->at.started_ms = request->until_ms ? request->until_ms : INT64_MAX;
		return true;
	}
	return false;
}

void run_list_start(struct wire_call *call, const uint8_t *data, size_t len, void *master)
{
	static const struct wire_call_ops ops = { .on_end = on_end };
	const Sloth__V1__ListRunsRequest *request = wire_unpack(call, &sloth__v1__list_runs_request__descriptor, data, len);
	struct master *m = master;
	struct run_list *l;

	if (!request || !master_may(m, call, POLICY_LIST, NULL, NULL))
		return;
	if (m->n_run_lists >= RUN_LISTS_MAX) {
		wire_endf(call, WIRE_RESOURCE_EXHAUSTED, "the history is being read %d times at once, the limit: try again later",
			  RUN_LISTS_MAX);
		return;
	}
	l = mem_new(struct run_list);
	if (!take_request(l, call, request)) {
		free(l);
		return;
	}
	l->m = m;
	l->call = call;
	l->agent = *request->agent_name ? mem_strdup(request->agent_name) : NULL;
	l->principal = *request->principal ? mem_strdup(request->principal) : NULL;
	gate_view_init(&l->view, m, call);
	ev_timer_init(&l->turn, on_turn, 0, 0);
	l->turn.data = l;
	m->n_run_lists++;
	wire_accept(call, &ops, l);
	ev_timer_start(m->loop, &l->turn);
}
