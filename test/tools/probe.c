/*
 * probe.c - a healthy client beside an attack: whether it is answered, and how fast.
 *
 *   probe ADDRESS PATH LIMIT_MS PID
 *
 * An empty request to the unary method PATH every 10 ms over a connection that stays, and beside it over one
 * that is made for it. It prints "asking" when it begins. SIGTERM ends it: it prints "N answers, worst MS ms, MS ms
 * by the clock"; the exit status is 1 when a call failed or took longer than LIMIT_MS. The first number, which is
 * judged, leaves out the time for which the server, process PID, or the probe (whichever had to wait longer) was ready
 * to run and had no processor: that says something about the machine only.
 */
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "wire/code.h"
#include "wire/proto/health.pb-c.h"
#include "wire/wire.h"

enum { PAUSE_MS = 10, GIVE_UP_MS = 20000 };

struct probe;

/* One of the two clients. */
struct client {
	struct probe *probe;
	struct wire_conn *conn;
	bool is_fresh;			/* dials for every call */
	bool is_waiting;
	uint64_t begin_us, self_delay_us, server_delay_us;
	ev_timer pause;
};

struct probe {
	struct ev_loop *loop;
	struct wire *wire;
	const char *address, *path;
	struct client clients[2];
	uint64_t worst_us, worst_clock_us, limit_ms;
	unsigned n_answers, n_failed;
	const char *server_pid;
	bool is_stopping;
	ev_signal term;
};

static void ask(struct client *c);

/* How long a process has waited for a processor since it began. */
static uint64_t delay_us(const char *pid)
{
	unsigned long long ran_ns, waited_ns = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%s/schedstat", pid);
	f = fopen(path, "r");
	if (f && fscanf(f, "%llu %llu", &ran_ns, &waited_ns) != 2)
		waited_ns = 0;
	if (f)
		fclose(f);
	return waited_ns / 1000;
}

/* They may have waited at the same time: the longer wait is what the machine has certainly cost. */
static uint64_t waited_us(const struct client *c)
{
	uint64_t self = delay_us("self") - c->self_delay_us;
	uint64_t server = delay_us(c->probe->server_pid) - c->server_delay_us;

	return self > server ? self : server;
}

static void pause_then_ask(struct client *c)
{
	if (c->probe->is_stopping)
		return;
	ev_now_update(c->probe->loop);
	ev_timer_set(&c->pause, PAUSE_MS / 1000.0, 0);
	ev_timer_start(c->probe->loop, &c->pause);
}

static void fail(struct probe *p, const char *what, const char *why)
{
	if (p->n_failed++ == 0)
		fprintf(stderr, "probe: %s: %s\n", what, why);
}

static void on_answer(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len,
		      void *arg)
{
	struct client *c = arg;
	struct probe *p = c->probe;
	uint64_t took = mono_us() - c->begin_us, waited = waited_us(c);

	if (took > p->worst_clock_us)
		p->worst_clock_us = took;
	took = took > waited ? took - waited : 0;
	(void)call;
	(void)data;
	(void)len;
	c->is_waiting = false;
	if (took > p->worst_us)
		p->worst_us = took;
	p->n_answers++;
	if (code != WIRE_OK)
		fail(p, wire_code_name(code), why);
	if (c->is_fresh || p->is_stopping)
		wire_conn_close(c->conn, 0, "done");
	else
		pause_then_ask(c);
}

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct client *c = arg;

	(void)conn;
	c->conn = NULL;
	if (!c->is_fresh && !c->probe->is_stopping)
		fail(c->probe, "the connection that was to stay", why);
	pause_then_ask(c);
}

static void ask(struct client *c)
{
	static const struct wire_conn_ops ops = { .on_down = on_down };
	const struct wire_dial dial = { .address = c->probe->address, .role = WIRE_CLIENT, .timeout_ms = GIVE_UP_MS };
	const struct wire_request request = { .path = c->probe->path, .timeout_ms = GIVE_UP_MS };
	const Grpc__Health__V1__HealthCheckRequest nothing = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

	c->self_delay_us = delay_us("self");
	c->server_delay_us = delay_us(c->probe->server_pid);
	c->begin_us = mono_us();
	c->is_waiting = true;
	if (!c->conn)
		c->conn = wire_dial(c->probe->wire, &dial, &ops, c);
	wire_unary(c->conn, &request, &nothing.base, on_answer, c);
}

static void on_pause(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	ask(w->data);
}

/* Calls that are under way get their answers first. */
static void on_term(struct ev_loop *loop, ev_signal *w, int events)
{
	struct probe *p = w->data;

	(void)events;
	p->is_stopping = true;
	ev_signal_stop(loop, w);
	for (size_t i = 0; i < 2; i++) {
		ev_timer_stop(loop, &p->clients[i].pause);
		if (p->clients[i].conn && !p->clients[i].is_waiting)
			wire_conn_close(p->clients[i].conn, 0, "done");
	}
}

static void run(struct probe *p)
{
	p->loop = ev_loop_new(EVFLAG_NOENV);
	p->wire = wire_new(p->loop);
	ev_signal_init(&p->term, on_term, SIGTERM);
	p->term.data = p;
	ev_signal_start(p->loop, &p->term);
	puts("asking");
	fflush(stdout);
	for (size_t i = 0; i < 2; i++) {
		struct client *c = &p->clients[i];

		c->probe = p;
		c->is_fresh = i == 1;
		ev_timer_init(&c->pause, on_pause, 0, 0);
		c->pause.data = c;
		ask(c);
	}
	ev_run(p->loop, 0);
	wire_free(p->wire);
	ev_loop_destroy(p->loop);
}

int main(int argc, char **argv)
{
	struct probe p = { 0 };

	signal(SIGPIPE, SIG_IGN);
	if (argc != 5) {
		fputs("usage: probe ADDRESS PATH LIMIT_MS PID\n", stderr);
		return EXIT_FAILURE;
	}
	p.address = argv[1];
	p.path = argv[2];
	p.server_pid = argv[4];
	p.limit_ms = strtoul(argv[3], NULL, 10);
	run(&p);
	printf("%u answers, worst %.1f ms, %.1f ms by the clock\n", p.n_answers, (double)p.worst_us / 1000,
	       (double)p.worst_clock_us / 1000);
	return p.n_failed || !p.n_answers || p.worst_us > p.limit_ms * 1000 ? EXIT_FAILURE : EXIT_SUCCESS;
}
