/*
 * examine.c - see examine.h. Dials, says Hello, then sends Pings one after the other; the connection and the calls on
 * it are nobody else's.
 *
 * The caller may leave at any time; what is under way goes on to its end. Freed when there is no caller, no call and no
 * connection.
 */
#include "master/examine.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/examine_findings.h"
#include "master/gate.h"
#include "master/master.h"
#include "master/secure.h"
#include "master/waiting.h"

enum { HELLO_MAX = 64 * 1024 };

struct examine {
	struct master *m;
	struct wire_call *caller;	/* NULL: gone, or answered */
	struct wire_conn *conn;		/* NULL: down */
	struct wire_call *call;		/* Hello or a Ping under way */
	char *name, *address;
	bool in_tls, was_up;
	struct findings findings;
	int64_t asked_ms;		/* Hello, by the wall clock */
	uint64_t sent_us, took_us[EXAMINE_PINGS];
	unsigned n_pings;
};

static void maybe_free(struct examine *e)
{
	if (e->caller || e->call || e->conn)
		return;
	e->m->n_examines--;
	findings_done(&e->findings);
	free(e->name);
	free(e->address);
	free(e);
}

static void on_caller_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct examine *e = arg;

	(void)call, (void)code, (void)why;
	e->caller = NULL;
	maybe_free(e);
}

/* Owned; NULL: none. */
static char *advice(const struct examine *e, enum reach reach)
{
	const struct agent *a = registry_find(e->m->registry, e->name);
	struct reach_agent of = a ? registry_reach_agent(a) : (struct reach_agent){ .name = e->name };
	char *accept = waiting_command(e->m, e->name), *text;

	of.address = e->address;
	of.accept = accept;
	text = reach_advice(reach, &of);
	free(accept);
	return text;
}

/* All that there is to find out is. The caller's end follows. */
static void finish(struct examine *e)
{
	Sloth__V1__ExamineResponse response = SLOTH__V1__EXAMINE_RESPONSE__INIT;
	Sloth__V1__Finding *steps[STEP_N];
	const struct agent *a = registry_find(e->m->registry, e->name);

	findings_round_trip(&e->findings, e->took_us, e->n_pings);
	if (a)
		findings_record(&e->findings, a, a->unreachable ? advice(e, a->reach) : NULL);
	for (int i = 0; i < STEP_N; i++)
		steps[i] = &e->findings.steps[i];
	response.findings = steps;
	response.n_findings = STEP_N;
	if (e->caller) {
		wire_send_message(e->caller, &response.base);
		wire_end(e->caller, WIRE_OK, "");
	}
	if (e->conn)
		wire_conn_close(e->conn, 0, "examined");
}

/* ---- Ping ---- */

static void ping(struct examine *e);

static void on_pong(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len,
		    void *arg)
{
	struct examine *e = arg;

	(void)call, (void)data, (void)len;
	e->call = NULL;
	if (code != WIRE_OK)
		findings_failed(&e->findings, STEP_ROUND_TRIP, mem_printf("Ping: %s %s", wire_code_name(code), why), NULL);
	else
		e->took_us[e->n_pings++] = mono_us() - e->sent_us;
	if (code == WIRE_OK && e->n_pings < EXAMINE_PINGS && e->caller)
		ping(e);
	else
		finish(e);
	maybe_free(e);
}

static void ping(struct examine *e)
{
	const Sloth__V1__PingRequest message = SLOTH__V1__PING_REQUEST__INIT;
	const struct wire_request request = { .path = "/sloth.v1.Agent/Ping", .timeout_ms = EXAMINE_PING_MS };

	e->sent_us = mono_us();
	e->call = wire_unary(e->conn, &request, &message.base, on_pong, e);
}

/* ---- Hello ---- */

static void note_version(struct examine *e, const char *version)
{
	if (str_equal(version, SLOTH_VERSION))
		findings_ok(&e->findings, STEP_VERSION, mem_printf("%s, as the master", version));
	else
		findings_ok(&e->findings, STEP_VERSION,
			    mem_printf("%s; the master is %s", str_quote(version), SLOTH_VERSION));
}

static void take_hello(struct examine *e, const Sloth__V1__HelloResponse *hello)
{
	findings_connected(&e->findings, e->address, wire_conn_peer(e->conn)->identity);
	findings_clock(&e->findings, hello->now_ms, e->asked_ms, wall_us() / 1000);
	note_version(e, hello->version);
	if (str_equal(hello->name, e->name))
		findings_ok(&e->findings, STEP_IDENTITY, mem_printf("agent %s", e->name));
	else
		findings_failed(&e->findings, STEP_IDENTITY,
				mem_printf("that address answers as %s", str_quote(hello->name)), advice(e, REACH_OTHER_AGENT));
}

/* It answered, but not to Hello; or nothing did. */
static void take_failure(struct examine *e, const struct wire_conn *conn, enum wire_code code, const char *why)
{
	enum wire_fault fault = wire_conn_fault(conn);
	enum reach reach = reach_of_conn(conn);

	if (code == WIRE_UNIMPLEMENTED) {
		findings_connected(&e->findings, e->address, wire_conn_peer(conn)->identity);
		findings_ok(&e->findings, STEP_IDENTITY, mem_strdup("foreign: no program of Sloth's"));
	} else if (code == WIRE_UNAVAILABLE || code == WIRE_DEADLINE_EXCEEDED) {
		findings_fault(&e->findings, e->address, e->in_tls, fault,
			       reach_words(reach, code == WIRE_UNAVAILABLE ? why : "timeout"), advice(e, reach));
	} else {
		findings_connected(&e->findings, e->address, wire_conn_peer(conn)->identity);
		findings_failed(&e->findings, STEP_IDENTITY, mem_printf("Hello: %s %s", wire_code_name(code), why),
				advice(e, reach));
	}
}

static void on_hello(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len,
		     void *arg)
{
	const Sloth__V1__HelloResponse *hello = NULL;
	struct examine *e = arg;

	e->call = NULL;
	if (code == WIRE_OK)
		hello = wire_unpack(call, &sloth__v1__hello_response__descriptor, data, len);
	if (hello)
		take_hello(e, hello);
	else if (code == WIRE_OK)
		take_failure(e, wire_call_conn(call), WIRE_INTERNAL, "malformed answer");
	else
		take_failure(e, wire_call_conn(call), code, why);
	if (hello && e->caller && e->conn && wire_conn_is_open(e->conn))
		ping(e);
	else
		finish(e);
	maybe_free(e);
}

static void on_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	const Sloth__V1__HelloRequest message = SLOTH__V1__HELLO_REQUEST__INIT;
	const struct wire_request request = {
		.path = "/sloth.v1.Agent/Hello", .timeout_ms = EXAMINE_HELLO_MS, .max_message = HELLO_MAX,
	};
	struct examine *e = arg;

	(void)peer;
	e->was_up = true;
	e->asked_ms = wall_us() / 1000;
	e->call = wire_unary(conn, &request, &message.base, on_hello, e);
}

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct examine *e = arg;

	e->conn = NULL;
	if (!e->was_up) {
		take_failure(e, conn, WIRE_UNAVAILABLE, why);
		finish(e);
	}
	maybe_free(e);
}

static void dial(struct examine *e, const struct agent *a)
{
	static const struct wire_conn_ops ops = { .on_up = on_up, .on_down = on_down };
	const struct wire_dial how = {
		.address = e->address, .role = WIRE_CLIENT, .tls = a->is_insecure ? NULL : secure_tls(e->m),
		.expect = WIRE_KIND_AGENT, .expect_name = e->name, .timeout_ms = EXAMINE_DIAL_MS, .is_one_of_many = true,
		.is_elsewhere = !a->is_local,
	};

	e->in_tls = how.tls != NULL;
	e->conn = wire_dial(e->m->wire, &how, &ops, e);
}

/* Who waits to be accepted is in no list. */
static void not_found(struct master *m, struct wire_call *call, const char *name)
{
	char *words = waiting_words(m, name);

	if (words)
		wire_end(call, WIRE_NOT_FOUND, words);
	else
		wire_endf(call, WIRE_NOT_FOUND, "agent not found: %s", str_quote(name));
	free(words);
}

void examine_start(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	static const struct wire_call_ops ops = { .on_end = on_caller_end };
	const Sloth__V1__ExamineRequest *request = wire_unpack(call, &sloth__v1__examine_request__descriptor, data, len);
	struct master *m = arg;
	const struct agent *a;
	struct examine *e;

	if (!request || !master_may(m, call, POLICY_LIST, request->agent_name, NULL))
		return;
	a = registry_find(m->registry, request->agent_name);
	if (!a) {
		not_found(m, call, request->agent_name);
	} else if (m->n_examines >= EXAMINE_MAX) {
		wire_end(call, WIRE_RESOURCE_EXHAUSTED, "too many agents are being examined, try again later");
	} else {
		e = mem_new(struct examine);
		e->m = m;
		e->caller = call;
		e->name = mem_strdup(a->record.name);
		e->address = mem_strdup(a->record.address);
		findings_init(&e->findings);
		m->n_examines++;
		wire_accept(call, &ops, e);
		dial(e, a);
	}
}
