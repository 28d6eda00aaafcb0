/*
 * fleet.c - many agents in one program, for tests and measurements of a master.
 *
 *   fleet [--state DIR | --token FILE] [--spread] MASTER N
 *
 * Each agent has a loopback address of its own (127.1.x.y, one port), a connection to the master, registers
 * as fleet-NNNN, sends heartbeats as it is told, and answers Hello and Ping; it runs no commands. A connection that is
 * lost comes back as an agent's does. Prints "registered N" whenever all are, and one line for every refusal or lost
 * connection. SIGTERM ends it.
 *
 * With TLS its members have certificates that the CA in a master's state directory signs, or each enrols with the
 * token, which must have N uses. They all come from 127.0.0.1, as if behind one gateway, or with --spread from
 * as many addresses.
 */
#include <arpa/inet.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/opt.h"
#include "common/str.h"
#include "test/tools/fleet/papers.h"
#include "wire/proto/agent.pb-c.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/tls.h"
#include "wire/transport.h"
#include "wire/wire.h"

enum { FLEET_MAX = 16000, PORT_FIRST = 20000, PORT_TRIES = 50, BEAT_S = 5, CALL_MS = 10000,
       AGAIN_MIN_MS = 200, AGAIN_MAX_MS = 10000 };	/* as agents have it */

struct fleet;

struct member {
	struct fleet *fleet;
	struct wire_conn *conn;		/* to the master */
	struct wire_listener *listener;
	struct wire_tls *tls;		/* NULL: not enrolled, or none is needed */
	bool is_new;			/* its connection is without a certificate of its own */
	bool is_registered;
	ev_timer beat, again;
	struct backoff backoff;
	char name[32], host[32], address[64], instance[33];
	uint8_t id[16];
};

struct fleet {
	struct wire_tls tls;		/* first; of the listeners: each member's own */
	struct ev_loop *loop;
	struct wire *wire;
	struct papers *papers;		/* NULL: plaintext */
	const char *master;
	struct member *members;
	size_t n, n_registered;
	uint8_t epoch[16];
	ev_signal term;
	bool is_stopping;
};

struct settings {
	const char *state_dir, *token_file;
	bool spread;
};

static const struct opt options[] = {
	{ "state", 0, OPT_STRING, "DIR", "TLS, signed by the CA of this state directory", offsetof(struct settings, state_dir), 0, 0 },
	{ "token", 0, OPT_STRING, "FILE", "TLS, each enrols with this token", offsetof(struct settings, token_file), 0, 0 },
	{ "spread", 0, OPT_FLAG, NULL, "dial from many addresses", offsetof(struct settings, spread), 0, 0 },
	{ NULL },
};

/* ---- addresses ---- */

static unsigned n_sources, next_source;		/* 0: the kernel's choice */

/* Takes the place of libc's: the wire layer has no use for a source address, a test of its limits has. */
int connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t len)
{
	struct sockaddr_in from = { .sin_family = AF_INET };

	if (n_sources && to.__sockaddr__->sa_family == AF_INET) {
		from.sin_addr.s_addr = htonl(0x7f020001 + next_source++ % n_sources);	/* 127.2.0.1 and on */
		if (bind(fd, (struct sockaddr *)&from, sizeof from))
			return -1;
	}
	return (int)syscall(SYS_connect, fd, to.__sockaddr__, len);
}

/* ---- what the master asks ---- */

static struct member *member_at(struct fleet *fleet, const char *host)
{
	for (size_t i = 0; i < fleet->n; i++)
		if (str_equal(fleet->members[i].host, host))
			return &fleet->members[i];
	return NULL;
}

/* Listeners share one TLS; which agent is meant shows in the address that was dialled. */
static struct transport *accept_as_member(struct wire_tls *tls, struct transport *below)
{
	struct fleet *fleet = (struct fleet *)tls;
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof at;
	char host[INET_ADDRSTRLEN] = "";
	const struct member *m;

	getsockname(below->fd, (struct sockaddr *)&at, &len);
	inet_ntop(AF_INET, &at.sin_addr, host, sizeof host);
	m = member_at(fleet, host);
	tls = m && m->tls ? m->tls : papers_first(fleet->papers);
	return tls->accept(tls, below);
}

/* The same for calls. */
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

static void set_registered(struct member *m, bool on)
{
	struct fleet *fleet = m->fleet;

	if (m->is_registered == on)
		return;
	m->is_registered = on;
	fleet->n_registered = on ? fleet->n_registered + 1 : fleet->n_registered - 1;
	if (on && fleet->n_registered == fleet->n)
		printf("registered %zu\n", fleet->n);
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
		if (m->conn)
			wire_conn_close(m->conn, 0, "not registered");
		return;
	}
	interval_s = answer->interval_ms ? answer->interval_ms / 1000.0 : BEAT_S;
	ev_timer_set(&m->beat, interval_s * (double)random_below(1000) / 1000, interval_s);
	ev_timer_start(m->fleet->loop, &m->beat);
	backoff_reset(&m->backoff);
	set_registered(m, true);
}

static void ask_to_register(struct member *m)
{
	const struct wire_field instance = WIRE_FIELD("sloth-instance", m->instance);
	struct wire_request request = {
		.path = "/agent.AgentRegistry/RegisterAgent", .metadata = &instance, .n_metadata = 1, .timeout_ms = CALL_MS,
	};
	Agent__RegisterAgentRequest registration = AGENT__REGISTER_AGENT_REQUEST__INIT;

	registration.agent_name = m->name;
	registration.agent_address = m->address;
	wire_unary(m->conn, &request, &registration.base, on_registered, m);
}

/* With the certificate it comes again. */
static void on_enrolled(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len,
			void *arg)
{
	struct member *m = arg;
	const Sloth__V1__EnrollResponse *answer = NULL;

	if (code == WIRE_OK)
		answer = wire_unpack(call, &sloth__v1__enroll_response__descriptor, data, len);
	if (answer && answer->certificate.len) {
		m->tls = papers_take(m->fleet->papers, answer);
		backoff_reset(&m->backoff);
	} else {
		printf("%s: not enrolled: %s\n", m->name, answer ? answer->message : why);
	}
	if (m->conn)
		wire_conn_close(m->conn, 0, "answered");
}

static void ask_to_enrol(struct member *m)
{
	const struct wire_request request = { .path = "/sloth.v1.Master/Enroll", .timeout_ms = CALL_MS };
	Sloth__V1__EnrollRequest message = SLOTH__V1__ENROLL_REQUEST__INIT;

	papers_fill(m->fleet->papers, m->name, &message);
	wire_unary(m->conn, &request, &message.base, on_enrolled, m);
}

static void on_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	struct member *m = arg;

	(void)conn;
	(void)peer;
	if (m->fleet->papers && !m->tls)
		ask_to_enrol(m);
	else
		ask_to_register(m);
}

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct member *m = arg;
	struct ev_loop *loop = m->fleet->loop;
	bool has_enrolled = m->tls && m->is_new;

	(void)conn;
	m->conn = NULL;
	m->is_new = !m->tls;
	set_registered(m, false);
	ev_timer_stop(loop, &m->beat);
	if (m->fleet->is_stopping)
		return;
	if (!has_enrolled)
		printf("%s: lost the master: %s\n", m->name, why);
	ev_timer_set(&m->again, has_enrolled ? 0 : backoff_next_ms(&m->backoff, (uint32_t)random_below(UINT32_MAX)) / 1000.0, 0);
	ev_timer_start(loop, &m->again);
}

static void dial(struct member *m)
{
	static const struct wire_conn_ops ops = { .on_up = on_up, .on_down = on_down };
	struct fleet *fleet = m->fleet;
	struct wire_dial dial = { .address = fleet->master, .role = WIRE_CLIENT };

	if (fleet->papers) {
		dial.tls = m->tls ? m->tls : papers_first(fleet->papers);
		dial.expect = WIRE_KIND_MASTER;
	}
	m->conn = wire_dial(fleet->wire, &dial, &ops, m);
}

static void on_again(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	dial(w->data);
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

static void start_member(struct fleet *fleet, size_t i, bool has_ca)
{
	struct member *m = &fleet->members[i];

	m->fleet = fleet;
	snprintf(m->name, sizeof m->name, "fleet-%04zu", i);
	snprintf(m->host, sizeof m->host, "127.1.%zu.%zu", i / 250, i % 250 + 1);
	random_bytes(m->id, sizeof m->id);
	str_hex(m->id, sizeof m->id, m->instance);
	if (has_ca)
		m->tls = papers_sign(fleet->papers, m->name);
	m->is_new = !m->tls;
	listen_on_free_port(m, (unsigned)getpid());
	backoff_init(&m->backoff, AGAIN_MIN_MS, AGAIN_MAX_MS);
	ev_timer_init(&m->beat, on_beat, 0, 0);
	ev_timer_init(&m->again, on_again, 0, 0);
	m->beat.data = m->again.data = m;
	ev_timer_start(fleet->loop, &m->again);		/* when all are there */
}

static void on_term(struct ev_loop *loop, ev_signal *w, int events)
{
	struct fleet *fleet = w->data;

	(void)events;
	fleet->is_stopping = true;
	ev_signal_stop(loop, w);
	for (size_t i = 0; i < fleet->n; i++)
		ev_timer_stop(loop, &fleet->members[i].again);
	wire_shutdown(fleet->wire, 0);
}

static void read_arguments(int argc, char **argv, struct fleet *fleet, struct settings *settings)
{
	char *error = NULL;
	int at = opt_parse(options, argc, argv, settings, &error);

	if (at > 0 && argc == at + 2) {
		fleet->master = argv[at];
		fleet->n = strtoul(argv[at + 1], NULL, 10);
	}
	if (fleet->n && fleet->n <= FLEET_MAX && !(settings->state_dir && settings->token_file))
		return;
	fprintf(stderr, "fleet: %s\nusage: fleet [--state DIR | --token FILE] [--spread] MASTER N\n", error ? error : "what?");
	exit(EXIT_FAILURE);
}

static void open_wire(struct fleet *fleet)
{
	static const struct wire_method methods[] = {
		{ .path = "/sloth.v1.Agent/Hello", .roles = WIRE_ANYONE, .unary = true, .start = on_hello },
		{ .path = "/sloth.v1.Agent/Ping", .roles = WIRE_ANYONE, .unary = true, .start = on_ping },
	};

	fleet->wire = wire_new(fleet->loop);
	fleet->tls.accept = accept_as_member;
	if (fleet->papers)
		wire_set_tls(fleet->wire, &fleet->tls);
	wire_serve(fleet->wire, methods, sizeof methods / sizeof *methods, fleet);
}

static void close_all(struct fleet *fleet)
{
	wire_free(fleet->wire);
	for (size_t i = 0; i < fleet->n; i++)
		wire_tls_free(fleet->members[i].tls);
	papers_free(fleet->papers);
	ev_loop_destroy(fleet->loop);
	free(fleet->members);
}

int main(int argc, char **argv)
{
	struct fleet fleet = { .n = 0 };
	struct settings settings = { .spread = false };

	read_arguments(argc, argv, &fleet, &settings);
	signal(SIGPIPE, SIG_IGN);
	setlinebuf(stdout);
	fd_raise_limit(4 * fleet.n + 100);
	if (settings.state_dir || settings.token_file)
		fleet.papers = papers_open(settings.state_dir, settings.token_file);
	n_sources = settings.spread ? (unsigned)fleet.n : 0;
	fleet.loop = ev_loop_new(EVFLAG_NOENV);
	fleet.members = mem_array(fleet.n, sizeof *fleet.members);
	memset(fleet.members, 0, fleet.n * sizeof *fleet.members);
	random_bytes(fleet.epoch, sizeof fleet.epoch);
	open_wire(&fleet);
	ev_signal_init(&fleet.term, on_term, SIGTERM);
	fleet.term.data = &fleet;
	ev_signal_start(fleet.loop, &fleet.term);
	for (size_t i = 0; i < fleet.n; i++)
		start_member(&fleet, i, settings.state_dir != NULL);
	ev_run(fleet.loop, 0);
	close_all(&fleet);
	return EXIT_SUCCESS;
}
