#include "test/lib/world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/audit.h"
#include "master/channel.h"
#include "master/control.h"
#include "master/fleet.h"
#include "master/gate.h"
#include "master/history.h"
#include "master/run_calls.h"
#include "master/service.h"
#include "master/store.h"
#include "test/lib/tmp.h"
#include "wire/internal.h"
#include "wire/unpack.h"

/* ---- the agent that is not real ---- */

static void on_hello(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct fake *f = arg;
	Sloth__V1__HelloResponse response = SLOTH__V1__HELLO_RESPONSE__INIT;

	(void)data, (void)len;
	f->n_hellos++;
	if (f->is_mute)
		return;
	response.name = (char *)(uintptr_t)f->name;
	response.instance = (ProtobufCBinaryData){ sizeof f->instance, f->instance };
	response.epoch = (ProtobufCBinaryData){ sizeof f->own_epoch, f->own_epoch };
	response.version = (char *)(uintptr_t)"9.9";
	response.shell = (char *)(uintptr_t)"/bin/bash";
	wire_send_message(call, &response.base);
	wire_end(call, WIRE_OK, NULL);
}

static void on_shutdown(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct fake *f = arg;

	(void)data, (void)len;
	f->n_shutdowns++;
	wire_send(call, "", 0);
	wire_end(call, WIRE_OK, NULL);
}

static void on_ping(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	(void)arg;
	wire_send(call, data, len);
	wire_end(call, WIRE_OK, NULL);
}

static void on_list_runs(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	Sloth__V1__ListRunsResponse response = SLOTH__V1__LIST_RUNS_RESPONSE__INIT;
	struct fake *f = arg;

	(void)data, (void)len;
	f->n_lists++;
	response.runs = f->has;
	response.n_runs = f->n_has;
	wire_send_message(call, &response.base);
	wire_end(call, WIRE_OK, NULL);
}

static void on_wait_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct fake *f = arg;

	(void)code, (void)why;
	if (f->waiting == call)
		f->waiting = NULL;
}

static void on_wait_run(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	static const struct wire_call_ops ops = { .on_end = on_wait_end };
	const Sloth__V1__RunQuery *query = wire_unpack(call, &sloth__v1__run_query__descriptor, data, len);
	struct fake *f = arg;

	ck_assert_ptr_nonnull(query);
	ck_assert_uint_eq(query->run_id.len, sizeof f->waited_for);
	memcpy(f->waited_for, query->run_id.data, sizeof f->waited_for);
	f->wait_ms = query->timeout_ms;
	f->n_waits++;
	snprintf(f->role, sizeof f->role, "%s", wire_call_text(call, "sloth-role", ""));
	if (f->answer) {
		wire_send_message(call, &f->answer->base);
		wire_end(call, WIRE_OK, NULL);
		return;
	}
	f->waiting = call;
	wire_accept(call, &ops, f);
}

static void on_control_run(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const Sloth__V1__RunRecord record = SLOTH__V1__RUN_RECORD__INIT;
	struct fake *f = arg;

	(void)data, (void)len;
	f->n_controls++;
	snprintf(f->role, sizeof f->role, "%s", wire_call_text(call, "sloth-role", ""));
	wire_send_message(call, f->answer ? &f->answer->base : &record.base);
	wire_end(call, WIRE_OK, NULL);
}

static void on_run_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct fake *f = arg;

	(void)call;
	f->n_messages++;
	buf_clear(&f->message);
	buf_append(&f->message, data, len);
}

static void on_run_half_close(struct wire_call *call, void *arg)
{
	struct fake *f = arg;

	(void)call;
	f->half_closed = true;
}

static void on_run_drain(struct wire_call *call, void *arg)
{
	struct fake *f = arg;

	(void)call;
	f->drained = true;
}

static void on_run_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct fake *f = arg;

	(void)why;
	if (f->run != call)
		return;
	f->run = NULL;
	f->ended = true;
	f->code = code;
}

static void on_run(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	static const struct wire_call_ops ops = {
		.on_message = on_run_message, .on_half_close = on_run_half_close, .on_drain = on_run_drain,
		.on_end = on_run_end,
	};
	struct fake *f = arg;

	f->n_runs++;
	if (f->n_refused) {
		f->n_refused--;
		h2_reset(call->conn->h2, call->id, H2_REFUSED_STREAM);
		return;
	}
	f->run = call;
	f->n_messages = 0;
	f->left_ms = wire_call_left_ms(call);
	f->half_closed = f->ended = f->drained = false;
	snprintf(f->principal, sizeof f->principal, "%s", wire_call_text(call, "sloth-principal", ""));
	snprintf(f->client, sizeof f->client, "%s", wire_call_text(call, "sloth-client", ""));
	snprintf(f->epoch, sizeof f->epoch, "%s", wire_call_text(call, "sloth-epoch", ""));
	snprintf(f->role, sizeof f->role, "%s", wire_call_text(call, "sloth-role", ""));
	wire_accept(call, &ops, f);
	if (data)
		on_run_message(call, data, len, f);
}

static void on_master_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	struct fake *f = arg;

	(void)peer;
	f->conn = conn;
	f->n_conns++;
}

static void on_master_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct fake *f = arg;

	(void)why;
	if (f->conn == conn)
		f->conn = NULL;
}

void fake_open(struct world *w, struct fake *f, const char *name, bool is_foreign)
{
	static const struct wire_conn_ops ops = { .on_up = on_master_up, .on_down = on_master_down };
	static const struct wire_method foreign[] = {
		{ "/agent.Agent/RunCommand", WIRE_ANYONE, 0, true, true, on_run },
		{ "/agent.Agent/Shutdown", WIRE_ANYONE, 0, true, false, on_shutdown },
	};
	static const struct wire_method ours[] = {
		{ "/sloth.v1.Agent/Hello", WIRE_ANYONE, 0, true, false, on_hello },
		{ "/sloth.v1.Agent/Run", WIRE_ANYONE, 0, false, true, on_run },
		{ "/sloth.v1.Agent/Ping", WIRE_ANYONE, 0, true, false, on_ping },
		{ "/sloth.v1.Agent/ListRuns", WIRE_ANYONE, 0, true, false, on_list_runs },
		{ "/sloth.v1.Agent/WaitRun", WIRE_ANYONE, 0, true, true, on_wait_run },
		{ "/sloth.v1.Agent/ControlRun", WIRE_ANYONE, 0, true, false, on_control_run },
	};
	char *error = NULL;

	*f = (struct fake){ .name = name, .instance = { (uint8_t)name[0], (uint8_t)name[1] }, .own_epoch = { 0xee } };
	f->wire = wire_new(w->turn.loop);
	wire_serve(f->wire, foreign, sizeof foreign / sizeof *foreign, f);
	if (!is_foreign)
		wire_serve(f->wire, ours, sizeof ours / sizeof *ours, f);
	f->listener = wire_listen(f->wire, "127.0.0.1:0", &ops, f, &error);
	ck_assert_msg(f->listener != NULL, "%s", error);
}

void fake_close(struct fake *f)
{
	wire_free(f->wire);
	buf_done(&f->message);
	f->wire = NULL;
}

const char *fake_address(const struct fake *f)
{
	return wire_listener_address(f->listener);
}

/* ---- the master ---- */

void world_open(struct world *w)
{
	struct wire_dial dial = { .role = WIRE_CLIENT };
	char *why = NULL;

	signal(SIGPIPE, SIG_IGN);
	*w = (struct world){ .turn.loop = ev_loop_new(EVFLAG_NOENV) };
	w->m.loop = w->turn.loop;
	w->m.wire = wire_new(w->m.loop);
	w->m.registry = registry_new();
	ck_assert_int_eq(gate_load(&w->m, &why), EXIT_OK);
	w->m.store = store_open(tmp_path("registry.db"), &why);
	w->m.audit = audit_open(w->m.loop, tmp_path("audit"), NULL);
	w->m.state_dir = "state";
	w->m.started_ms = mono_ms();
	list_init(&w->m.relays);
	list_init(&w->m.audit_queries);
	list_init(&w->m.run_waits);
	control_serve(&w->m);
	service_serve(&w->m);
	fleet_start(&w->m);
	history_open(&w->m, NULL);
	why = mem_printf("unix:%s", tmp_path("master.sock"));
	w->m.listeners[w->m.n_listeners++] = wire_listen(w->m.wire, why, NULL, NULL, &why);
	w->operator = wire_new(w->turn.loop);
	dial.address = why;
	w->conn = wire_dial(w->operator, &dial, NULL, NULL);
	free(why);
}

void world_close(struct world *w)
{
	struct wire_counts counts;

	wire_shutdown(w->operator, 0);
	w->m.is_stopping = true;
	fleet_stop(&w->m);
	history_stop(&w->m);
	run_calls_stop(&w->m);
	wire_shutdown(w->m.wire, 0);
	ev_run(w->turn.loop, 0);
	counts = wire_count(w->m.wire);
	ck_assert_uint_eq(counts.conns + counts.calls + counts.listeners, 0);
	ck_assert_uint_eq(w->m.n_relays, 0);
	ck_assert_uint_eq(w->m.runs_active, 0);
	fleet_free(&w->m);
	history_free(&w->m);
	store_close(w->m.store);
	registry_free(w->m.registry);
	gate_close(&w->m);
	wire_free(w->operator);
	wire_free(w->m.wire);
	audit_close(w->m.audit);
	ev_loop_destroy(w->turn.loop);
}

/* ---- the operator ---- */

void world_call(struct world *w, const char *path, const ProtobufCMessage *first, struct record *r)
{
	const struct wire_request request = { .path = path, .runs_long = true };

	*r = (struct record){ .call = NULL };
	r->call = wire_call(w->conn, &request, &record_ops, r);
	wire_send_message(r->call, first);
}

static void *decode(const ProtobufCMessageDescriptor *type, const struct record *r)
{
	static struct unpack_arena arena;
	const char *why = "";
	int error;
	void *message = unpack_message(&arena, type, buf_data(&r->last), buf_len(&r->last), &error, &why);

	ck_assert_msg(message != NULL, "%s", why);
	return message;
}

void *world_ask(struct world *w, const char *path, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *type, struct record *r)
{
	world_call(w, path, request, r);
	wire_half_close(r->call);
	pair_run(&w->turn, pair_is, &r->ended);
	ck_assert_msg(r->code == WIRE_OK, "%s", r->why);
	return decode(type, r);
}

void fake_register(struct world *w, const char *name, const char *address, const struct fake *f, struct record *r)
{
	struct wire_field metadata;
	struct wire_request how = { .path = "/agent.AgentRegistry/RegisterAgent", .metadata = &metadata, .n_metadata = 1 };
	Agent__RegisterAgentRequest request = AGENT__REGISTER_AGENT_REQUEST__INIT;
	char instance[33];

	str_hex(f->instance, sizeof f->instance, instance);
	metadata = WIRE_FIELD("sloth-instance", instance);
	request.agent_name = (char *)(uintptr_t)name;
	request.agent_address = (char *)(uintptr_t)address;
	*r = (struct record){ .call = NULL };
	r->call = wire_call(w->conn, &how, &record_ops, r);
	wire_send_message(r->call, &request.base);
	wire_half_close(r->call);
	pair_run(&w->turn, pair_is, &r->ended);
	ck_assert_msg(r->code == WIRE_OK, "%s", r->why);
}

struct check_wait {
	struct channel_wait wait;
	bool told;
};

static void on_told(const char *why, void *arg)
{
	struct check_wait *c = arg;

	(void)why;
	c->told = true;
}

void fake_register_foreign(struct world *w, struct fake *f)
{
	const struct registration reg = { f->name, fake_address(f), "", true, true, true };
	struct check_wait c = { .wait = { .told = on_told, .arg = &c } };
	struct agent *a;
	char *why = NULL;

	ck_assert_int_ge(fleet_register(&w->m, &reg, "test", &a, &why), 0);
	ck_assert(channel_join(a->channel, &c.wait));
	pair_run(&w->turn, pair_is, &c.told);
}
