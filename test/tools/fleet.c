/*
 * fleet.c - many agents in one program, for tests and measurements of a master.
 *
 *   fleet MASTER N
 *
 * Each agent has a loopback address of its own (127.1.x.y, one port), a connection to the master, registers
 * as fleet-NNNN, sends heartbeats as it is told, and answers Hello and Ping; it runs no commands. Prints
 * "registered N" when all are, and one line for every refusal or lost connection. SIGTERM ends it.
 */
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"
#include "wire/proto/agent.pb-c.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/wire.h"

enum { FLEET_MAX = 16000, PORT_FIRST = 20000, PORT_TRIES = 50, BEAT_S = 5 };

struct fleet;

struct member {
	struct fleet *fleet;
	struct wire_conn *conn;		/* to the master */
	struct wire_listener *listener;
	ev_timer beat;
	char name[32], host[32], address[64], instance[33];
	uint8_t id[16];
};

struct fleet {
	struct ev_loop *loop;
	struct wire *wire;
	struct member *members;
	size_t n, n_registered;
	uint8_t epoch[16];
	ev_signal term;
	bool is_stopping;
};

/* ---- what the master asks ---- */

static struct member *member_at(struct fleet *fleet, const char *host)
{
	for (size_t i = 0; i < fleet->n; i++)
		if (str_equal(fleet->members[i].host, host))
			return &fleet->members[i];
	return NULL;
}

/* Which agent is meant shows in the address that was dialled. */
static void on_hello(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	Sloth__V1__HelloResponse answer = SLOTH__V1__HELLO_RESPONSE__INIT;
	struct fleet *fleet = arg;
	struct member *m = member_at(fleet, wire_conn_local_host(wire_call_conn(call)));

	(void)data;
	(void)len;
	if (!m) {
		wire_end(call, WIRE_INTERNAL, "nobody has this address");
		return;
	}
	answer.name = m->name;
	answer.instance = (ProtobufCBinaryData){ sizeof m->id, m->id };
	answer.epoch = (ProtobufCBinaryData){ sizeof fleet->epoch, fleet->epoch };
	answer.version = (char *)SLOTH_VERSION;
	answer.shell = (char *)"/bin/sh";
	wire_send_message(call, &answer.base);
	wire_end(call, WIRE_OK, NULL);
}

static void on_ping(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const Sloth__V1__PingRequest *request = wire_unpack(call, &sloth__v1__ping_request__descriptor, data, len);
	Sloth__V1__PingResponse answer = SLOTH__V1__PING_RESPONSE__INIT;

	(void)arg;
	if (!request)
		return;
	answer.payload = request->payload;
	wire_send_message(call, &answer.base);
	wire_end(call, WIRE_OK, NULL);
}

/* ---- what an agent tells ---- */

static void on_beaten(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len,
		      void *arg)
{
	const struct member *m = arg;

	(void)call;
	(void)data;
	(void)len;
	if (code != WIRE_OK && !m->fleet->is_stopping)
		printf("%s: heartbeat: %s\n", m->name, why);
}

static void on_beat(struct ev_loop *loop, ev_timer *w, int events)
{
	static const struct wire_request request = { .path = "/agent.AgentRegistry/Heartbeat", .timeout_ms = 10000 };
	Agent__HeartbeatRequest beat = AGENT__HEARTBEAT_REQUEST__INIT;
	struct member *m = w->data;

	(void)loop;
	(void)events;
	beat.agent_name = m->name;
	beat.version = (char *)SLOTH_VERSION;
	wire_unary(m->conn, &request, &beat.base, on_beaten, m);
}

static void on_registered(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data,
			  size_t len, void *arg)
{
	struct member *m = arg;
	const Agent__RegisterAgentResponse *answer = NULL;
	double interval_s;

	if (code == WIRE_OK)
		answer = wire_unpack(call, &agent__register_agent_response__descriptor, data, len);
	if (!answer || !answer->success) {
		printf("%s: not registered: %s\n", m->name, answer ? answer->message : why);
		return;
	}
	interval_s = answer->interval_ms ? answer->interval_ms / 1000.0 : BEAT_S;
	ev_timer_set(&m->beat, interval_s * (double)random_below(1000) / 1000, interval_s);
	ev_timer_start(m->fleet->loop, &m->beat);
	if (++m->fleet->n_registered == m->fleet->n)
		printf("registered %zu\n", m->fleet->n);
}

static void on_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	struct member *m = arg;
	const struct wire_field instance = WIRE_FIELD("sloth-instance", m->instance);
	struct wire_request request = {
		.path = "/agent.AgentRegistry/RegisterAgent", .metadata = &instance, .n_metadata = 1,
	};
	Agent__RegisterAgentRequest registration = AGENT__REGISTER_AGENT_REQUEST__INIT;

	(void)peer;
	registration.agent_name = m->name;
	registration.agent_address = m->address;
	wire_unary(conn, &request, &registration.base, on_registered, m);
}

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct member *m = arg;

	(void)conn;
	m->conn = NULL;
	ev_timer_stop(m->fleet->loop, &m->beat);
	if (!m->fleet->is_stopping)
		printf("%s: lost the master: %s\n", m->name, why);
}

/* ---- the program ---- */

static void listen_on_free_port(struct member *m, unsigned first)
{
	char *error = NULL;

	for (unsigned i = 0; !m->listener && i < PORT_TRIES; i++) {
		snprintf(m->address, sizeof m->address, "%s:%u", m->host, PORT_FIRST + (first + i) % 10000);
		m->listener = wire_listen(m->fleet->wire, m->address, NULL, NULL, &error);
		free(error);
		error = NULL;
	}
	if (!m->listener) {
		fprintf(stderr, "fleet: no free port on %s\n", m->host);
		exit(EXIT_FAILURE);
	}
}

static void start_member(struct fleet *fleet, size_t i, const char *master)
{
	static const struct wire_conn_ops ops = { .on_up = on_up, .on_down = on_down };
	struct wire_dial dial = { .address = master, .role = WIRE_CLIENT };
	struct member *m = &fleet->members[i];

	m->fleet = fleet;
	snprintf(m->name, sizeof m->name, "fleet-%04zu", i);
	snprintf(m->host, sizeof m->host, "127.1.%zu.%zu", i / 250, i % 250 + 1);
	random_bytes(m->id, sizeof m->id);
	str_hex(m->id, sizeof m->id, m->instance);
	listen_on_free_port(m, (unsigned)getpid());
	ev_timer_init(&m->beat, on_beat, 0, 0);
	m->beat.data = m;
	m->conn = wire_dial(fleet->wire, &dial, &ops, m);
}

static void on_term(struct ev_loop *loop, ev_signal *w, int events)
{
	struct fleet *fleet = w->data;

	(void)events;
	fleet->is_stopping = true;
	ev_signal_stop(loop, w);
	wire_shutdown(fleet->wire, 0);
}

int main(int argc, char **argv)
{
	struct fleet fleet = { .n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0 };
	const struct wire_method methods[] = {
		{ .path = "/sloth.v1.Agent/Hello", .roles = WIRE_ANYONE, .unary = true, .start = on_hello },
		{ .path = "/sloth.v1.Agent/Ping", .roles = WIRE_ANYONE, .unary = true, .start = on_ping },
	};

	if (!fleet.n || fleet.n > FLEET_MAX) {
		fputs("usage: fleet MASTER N\n", stderr);
		return EXIT_FAILURE;
	}
	signal(SIGPIPE, SIG_IGN);
	setlinebuf(stdout);
	fd_raise_limit(4 * fleet.n + 100);
	fleet.loop = ev_loop_new(EVFLAG_NOENV);
	fleet.wire = wire_new(fleet.loop);
	fleet.members = mem_array(fleet.n, sizeof *fleet.members);
	memset(fleet.members, 0, fleet.n * sizeof *fleet.members);
	random_bytes(fleet.epoch, sizeof fleet.epoch);
	wire_serve(fleet.wire, methods, sizeof methods / sizeof *methods, &fleet);
	ev_signal_init(&fleet.term, on_term, SIGTERM);
	fleet.term.data = &fleet;
	ev_signal_start(fleet.loop, &fleet.term);
	for (size_t i = 0; i < fleet.n; i++)
		start_member(&fleet, i, argv[1]);
	ev_run(fleet.loop, 0);
	wire_free(fleet.wire);
	ev_loop_destroy(fleet.loop);
	free(fleet.members);
	return EXIT_SUCCESS;
}
