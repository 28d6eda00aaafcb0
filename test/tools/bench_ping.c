/*
 * bench_ping.c - calls without a run over one connection to a master, for `make bench-peers`.
 *
 *   bench_ping ADDRESS N [AGENT]
 *       N calls of Master/Ping, 100 at a time, by way of AGENT if one is named. Prints calls per second.
 *
 * Exit status 1 when a call failed.
 */
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/wire.h"

enum { IN_FLIGHT = 100 };

struct pings {
	struct wire_conn *conn;
	const char *agent;
	unsigned n_left, n_open, n_failed;
	uint64_t begin_us, end_us;
};

static void start_ping(struct pings *p);

static void on_answer(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len, void *arg)
{
	struct pings *p = arg;

	(void)call;
	(void)data;
	(void)len;
	p->n_open--;
	if (code != WIRE_OK) {
		if (!p->n_failed++)
			fprintf(stderr, "bench_ping: %s: %s\n", wire_code_name(code), why);
		p->n_left = 0;
	}
	if (p->n_left)
		start_ping(p);
	else if (!p->n_open) {
		p->end_us = mono_us();
		wire_conn_close(p->conn, 0, "done");
	}
}

static void start_ping(struct pings *p)
{
	static const struct wire_request request = { .path = "/sloth.v1.Master/Ping" };
	Sloth__V1__PingRequest message = SLOTH__V1__PING_REQUEST__INIT;

	message.agent_name = (char *)p->agent;
	p->n_left--;
	p->n_open++;
	wire_unary(p->conn, &request, &message.base, on_answer, p);
}

static void on_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	struct pings *p = arg;

	(void)conn;
	(void)peer;
	p->begin_us = mono_us();
	while (p->n_left && p->n_open < IN_FLIGHT)
		start_ping(p);
}

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct pings *p = arg;

	(void)conn;
	if (!p->end_us) {
		fprintf(stderr, "bench_ping: %s\n", why);
		p->n_failed++;
	}
}

int main(int argc, char **argv)
{
	static const struct wire_conn_ops ops = { .on_up = on_up, .on_down = on_down };
	struct pings p = { .agent = argc > 3 ? argv[3] : "" };
	struct wire_dial dial = { .role = WIRE_CLIENT };
	struct ev_loop *loop;
	struct wire *wire;
	unsigned n = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;

	signal(SIGPIPE, SIG_IGN);
	if (!n) {
		fputs("usage: bench_ping ADDRESS N [AGENT]\n", stderr);
		return EXIT_FAILURE;
	}
	p.n_left = n;
	dial.address = argv[1];
	loop = ev_loop_new(EVFLAG_NOENV);
	wire = wire_new(loop);
	p.conn = wire_dial(wire, &dial, &ops, &p);
	ev_run(loop, 0);
	wire_free(wire);
	ev_loop_destroy(loop);
	if (p.n_failed)
		return EXIT_FAILURE;
	printf("%.0f\n", n * 1e6 / (double)(p.end_us - p.begin_us));
	return EXIT_SUCCESS;
}
