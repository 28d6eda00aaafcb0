/*
 * mix.c - thousands of mixed calls with cancels and disconnects against a master and its agent.
 *
 *   mix MASTER_SOCKET MASTER_ADDRESS AGENT_ADDRESS NAME SECONDS SEED
 *
 * NAME is the agent that listens on AGENT_ADDRESS. Several connections have many
 * calls at once; each call is of a kind drawn from the tables in mix/. A connection lives for some calls, ends in
 * a way that is drawn too, and the next one takes its place. Every call has to end once, with a code that its
 * kind allows and with the output it was promised; what a disconnect cuts may also end as UNAVAILABLE.
 *
 * Prints how many calls of each kind ended with which code. Exit status 1 when something was not as it should be,
 * with words on stderr. After SECONDS nothing begins any more, and the program ends when nothing is alive.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "test/tools/mix/mix.h"
#include "wire/internal.h"

enum {
	CONNS = 6, AT_ONCE = 12,
	LIFE_MIN = 5, LIFE_MAX = 150,		/* calls of one connection */
	GRACE_MIN_MS = 20, GRACE_MAX_MS = 400,
	STUCK_MS = 60000,			/* no kind takes a fraction of it */
	WRONG_MAX = 20,				/* and it gives up */
	KINDS_MAX = 64
};

/* How a connection comes to its end. */
enum farewell { CLOSE_IDLE, CLOSE_NOW, CLOSE_IN_TIME, CUT_BOTH, CUT_READING, CUT_WRITING, N_FAREWELLS };

struct mix;

struct mix_conn {
	struct mix *mix;
	const char *address;
	unsigned place;			/* MIX_MASTER or MIX_AGENT */
	struct wire_conn *conn;		/* NULL: down */
	struct list calls;
	unsigned n_open, n_left;	/* calls: open; to begin before the end */
	enum farewell farewell;
	bool is_ending;
};

struct mix {
	struct ev_loop *loop;
	struct wire *wire;
	struct mix_conn conns[CONNS];
	const char *agent;
	const struct mix_kind *kinds[KINDS_MAX];
	size_t n_kinds;
	unsigned counts[KINDS_MAX][32];	/* by kind and code */
	unsigned n_calls, n_conns, n_wrong;
	uint64_t random;
	bool is_over;
	ev_timer end, watch;
	uint8_t past_run[16];
	bool has_past_run;
};

/* A call that is made on a connection which has been closed. */
static const struct mix_kind late_kind;

/* ---- drawing ---- */

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static uint32_t draw(struct mix *m, uint32_t below)
{
	return (uint32_t)(next_random(&m->random) % below);
}

uint32_t mix_random(struct mix_call *c, uint32_t below)
{
	return (uint32_t)(next_random(&c->random) % below);
}

static const struct mix_kind *draw_kind(struct mix *m, unsigned place)
{
	unsigned sum = 0, at;
	size_t i;

	for (i = 0; i < m->n_kinds; i++)
		sum += m->kinds[i]->places & place ? m->kinds[i]->weight : 0;
	at = draw(m, sum);
	for (i = 0;; i++) {
		unsigned weight = m->kinds[i]->places & place ? m->kinds[i]->weight : 0;

		if (at < weight)
			return m->kinds[i];
		at -= weight;
	}
}

/* ---- what is wrong ---- */

static void complain(struct mix *m, const struct mix_conn *mc, const char *what, const char *words)
{
	fprintf(stderr, "%s at %s: %s\n", what, mc ? mc->address : "the end", words);
	if (++m->n_wrong == WRONG_MAX)
		ev_break(m->loop, EVBREAK_ALL);
}

void mix_wrong(struct mix_call *c, const char *fmt, ...)
{
	struct buf words = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&words, fmt, ap);
	va_end(ap);
	complain(c->conn->mix, c->conn, c->kind->name, buf_string(&words));
	buf_done(&words);
}

/* ---- one call ---- */

static void refill(struct mix_conn *mc);

bool mix_is_at_master(const struct mix_call *c) { return c->conn->place == MIX_MASTER; }
const char *mix_agent_name(const struct mix_call *c) { return c->conn->mix->agent; }

const uint8_t *mix_past_run(struct mix_call *c)
{
	return c->conn->mix->has_past_run ? c->conn->mix->past_run : NULL;
}

void mix_note_run(struct mix_call *c)
{
	memcpy(c->conn->mix->past_run, c->run.id, sizeof c->run.id);
	c->conn->mix->has_past_run = true;
}

static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct mix_call *c = arg;

	(void)call;
	c->n_messages++;
	if (c->has_ended)
		mix_wrong(c, "a message after the end");
	else if (c->kind->on_message)
		c->kind->on_message(c, data, len);
}

static void on_drain(struct wire_call *call, void *arg)
{
	struct mix_call *c = arg;

	(void)call;
	if (c->kind->on_drain)
		c->kind->on_drain(c);
}

static void on_call_timer(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct mix_call *c = w->data;

	(void)loop, (void)events;
	c->kind->on_timer(c);
}

static void count(struct mix_call *c, enum wire_code code)
{
	struct mix *m = c->conn->mix;

	for (size_t i = 0; i < m->n_kinds; i++)
		if (m->kinds[i] == c->kind)
			m->counts[i][code % 32]++;
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct mix_call *c = arg;
	struct mix_conn *mc = c->conn;

	(void)call;
	if (c->has_ended) {
		mix_wrong(c, "ended twice: %s: %s", wire_code_name(code), why);
		return;
	}
	c->has_ended = true;
	ev_timer_stop(mc->mix->loop, &c->timer);
	count(c, code);
	mc->n_open--;
	if (c->kind->codes & 1u << code) {
		if (c->kind->judge)
			c->kind->judge(c, code);
	} else if (code != WIRE_UNAVAILABLE || !mc->is_ending) {
		mix_wrong(c, "ended with %s: %s", wire_code_name(code), why);
	}
	mix_run_done(&c->run);
	buf_done(&c->payload);
	refill(mc);
}

struct wire_call *mix_open(struct mix_call *c, const char *path, uint64_t timeout_ms)
{
	static const struct wire_call_ops ops = { on_message, NULL, on_drain, on_end };
	struct wire_request request = { .path = path, .timeout_ms = timeout_ms, .runs_long = true };

	c->call = wire_call(c->conn->conn, &request, &ops, c);
	return c->call;
}

void mix_ask(struct mix_call *c, const char *path, const ProtobufCMessage *message)
{
	mix_open(c, path, 0);
	wire_send_message(c->call, message);
	wire_half_close(c->call);
}

void *mix_unpack(struct mix_call *c, const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len)
{
	void *message = wire_unpack(c->call, type, data, len);

	if (!message)
		mix_wrong(c, "message %u is malformed", c->n_messages);
	return message;
}

void mix_set_timer(struct mix_call *c, unsigned ms)
{
	ev_timer_stop(c->conn->mix->loop, &c->timer);
	ev_timer_set(&c->timer, ms / 1000.0, 0);
	ev_timer_start(c->conn->mix->loop, &c->timer);
}

static void start_call(struct mix_conn *mc, const struct mix_kind *kind)
{
	struct mix_call *c = mem_new(struct mix_call);

	c->conn = mc;
	c->kind = kind;
	c->random = next_random(&mc->mix->random);
	c->begun_ms = mono_ms();
	ev_timer_init(&c->timer, on_call_timer, 0, 0);
	c->timer.data = c;
	list_push(&mc->calls, &c->link);
	mc->n_open++;
	mc->mix->n_calls++;
	kind->start(c);
}

/* ---- connections ---- */

static void dial(struct mix_conn *mc);

static void start_late(struct mix_call *c)
{
	mix_open(c, "/grpc.health.v1.Health/Check", 0);
}

static const struct mix_kind late_kind = {
	.name = "late", .places = MIX_BOTH, .codes = MIX_CODE(UNAVAILABLE), .start = start_late,
};

/* The socket is gone for one of both directions, and nobody has told the layer. Not while it is being dialled. */
static void cut(struct mix_conn *mc, int how)
{
	if (mc->conn->transport)
		shutdown(mc->conn->transport->fd, how);
	else
		wire_conn_close(mc->conn, 0, "cut");
}

static void say_farewell(struct mix_conn *mc)
{
	if (mc->is_ending || (mc->farewell == CLOSE_IDLE && mc->n_open))
		return;
	mc->is_ending = true;
	switch (mc->farewell) {
	case CUT_BOTH: cut(mc, SHUT_RDWR); return;
	case CUT_READING: cut(mc, SHUT_RD); return;
	case CUT_WRITING: cut(mc, SHUT_WR); return;
	case CLOSE_IN_TIME:
		wire_conn_close(mc->conn, GRACE_MIN_MS + draw(mc->mix, GRACE_MAX_MS - GRACE_MIN_MS), "in time");
		break;
	default:
		wire_conn_close(mc->conn, 0, "now");
		break;
	}
	start_call(mc, &late_kind);
}

/* As many calls as there should be at once, or the end of the connection. */
static void refill(struct mix_conn *mc)
{
	while (!mc->is_ending && mc->n_left && mc->n_open < AT_ONCE) {
		mc->n_left--;
		start_call(mc, draw_kind(mc->mix, mc->place));
	}
	if (!mc->n_left)
		say_farewell(mc);
}

static void end_unasked(struct mix_conn *mc, const char *why)
{
	if (mc->is_ending)
		return;
	mc->is_ending = true;
	complain(mc->mix, mc, "connection ended unasked", why);
}

static void on_conn_drain(struct wire_conn *conn, const char *why, void *arg)
{
	(void)conn;
	end_unasked(arg, why);
}

static void on_conn_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct mix_conn *mc = arg;
	struct list *link;

	(void)conn;
	end_unasked(mc, why);
	mc->conn = NULL;
	while ((link = list_pop(&mc->calls))) {
		struct mix_call *c = list_entry(link, struct mix_call, link);

		if (!c->has_ended)
			mix_wrong(c, "has not ended");
		free(c);
	}
	if (!mc->mix->is_over)
		dial(mc);
}

static void dial(struct mix_conn *mc)
{
	static const struct wire_conn_ops ops = { .on_drain = on_conn_drain, .on_down = on_conn_down };
	struct wire_dial how = { .address = mc->address, .role = WIRE_CLIENT };
	struct mix *m = mc->mix;

	m->n_conns++;
	mc->is_ending = false;
	mc->n_open = 0;
	mc->n_left = LIFE_MIN + draw(m, LIFE_MAX - LIFE_MIN);
	mc->farewell = (enum farewell)draw(m, N_FAREWELLS);
	mc->conn = wire_dial(m->wire, &how, &ops, mc);
	refill(mc);
}

/* ---- the program ---- */

static void on_time(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct mix *m = w->data;

	(void)events;
	m->is_over = true;
	ev_timer_stop(loop, w);
	for (size_t i = 0; i < CONNS; i++) {
		m->conns[i].n_left = 0;
		if (m->conns[i].conn)
			say_farewell(&m->conns[i]);
	}
}

static void watch_conn(struct mix_conn *mc, uint64_t now)
{
	list_for_each(link, tmp, &mc->calls) {
		struct mix_call *c = list_entry(link, struct mix_call, link);

		if (c->has_ended || now - c->begun_ms < STUCK_MS)
			continue;
		mix_wrong(c, "does not end: %u messages, %zu and %zu bytes of output", c->n_messages,
			  c->run.n_got[0], c->run.n_got[1]);
		ev_break(mc->mix->loop, EVBREAK_ALL);
	}
}

static void on_watch(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct mix *m = w->data;

	(void)loop, (void)events;
	for (size_t i = 0; i < CONNS; i++)
		watch_conn(&m->conns[i], mono_ms());
}

static void take_kinds(struct mix *m, const struct mix_kind *kinds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		m->kinds[m->n_kinds++] = &kinds[i];
}

static void run(struct mix *m, double seconds)
{
	m->loop = ev_loop_new(EVFLAG_NOENV);
	m->wire = wire_new(m->loop);
	ev_timer_init(&m->end, on_time, seconds, 0);
	m->end.data = m;
	ev_timer_start(m->loop, &m->end);
	ev_timer_init(&m->watch, on_watch, 1, 1);
	m->watch.data = m;
	ev_timer_start(m->loop, &m->watch);
	ev_unref(m->loop);
	for (size_t i = 0; i < CONNS; i++)
		dial(&m->conns[i]);
	ev_run(m->loop, 0);
}

static void expect_nothing_alive(struct mix *m)
{
	struct wire_counts c = wire_count(m->wire);
	char text[120];

	snprintf(text, sizeof text, "%u connections, %u calls, %zu bytes", c.conns, c.calls, c.buffered);
	if (c.conns || c.calls || c.buffered)
		complain(m, NULL, "still alive", text);
	m->is_over = true;
	wire_free(m->wire);
	ev_loop_destroy(m->loop);
}

static void print_counts(const struct mix *m)
{
	for (size_t i = 0; i < m->n_kinds; i++) {
		printf("%-22s", m->kinds[i]->name);
		for (unsigned code = 0; code < 32; code++)
			if (m->counts[i][code])
				printf(" %s %u", wire_code_name((enum wire_code)code), m->counts[i][code]);
		printf("\n");
	}
	printf("%u calls on %u connections, %u wrong\n", m->n_calls, m->n_conns, m->n_wrong);
}

static void set_up(struct mix *m, char **addresses)
{
	for (size_t i = 0; i < CONNS; i++) {
		struct mix_conn *mc = &m->conns[i];

		mc->mix = m;
		mc->address = addresses[i % 3];
		mc->place = i % 3 == 2 ? MIX_AGENT : MIX_MASTER;
		list_init(&mc->calls);
	}
	take_kinds(m, mix_plain_kinds, mix_n_plain_kinds);
	take_kinds(m, mix_run_kinds, mix_n_run_kinds);
	take_kinds(m, &late_kind, 1);
}

int main(int argc, char **argv)
{
	struct mix m = { 0 };

	signal(SIGPIPE, SIG_IGN);
	if (argc != 7) {
		fputs("usage: mix MASTER_SOCKET MASTER_ADDRESS AGENT_ADDRESS NAME SECONDS SEED\n", stderr);
		return EXIT_FAILURE;
	}
	set_up(&m, argv + 1);
	m.agent = argv[4];
	m.random = strtoull(argv[6], NULL, 10);
	run(&m, strtod(argv[5], NULL));
	expect_nothing_alive(&m);
	print_counts(&m);
	return m.n_wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
