/*
 * call.c - one call: from its kind to the layer and back, and whether it may end as it did.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "test/tools/mix/mixture.h"

void mix_wrong(struct mix_call *c, const char *fmt, ...)
{
	struct buf words = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&words, fmt, ap);
	va_end(ap);
	mix_complain(c->conn->mix, c->conn, c->kind->name, buf_string(&words));
	buf_done(&words);
}

/* ---- what kinds ask ---- */

uint32_t mix_random(struct mix_call *c, uint32_t below)
{
	return (uint32_t)(mix_next_random(&c->random) % below);
}

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

/* ---- what the layer says ---- */

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
	mix_conn_refill(mc);
}

/* ---- what kinds do ---- */

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
	ev_now_update(c->conn->mix->loop);
	ev_timer_set(&c->timer, ms / 1000.0, 0);
	ev_timer_start(c->conn->mix->loop, &c->timer);
}

void mix_call_start(struct mix_conn *mc, const struct mix_kind *kind)
{
	struct mix_call *c = mem_new(struct mix_call);

	c->conn = mc;
	c->kind = kind;
	c->random = mix_next_random(&mc->mix->random);
	c->begun_ms = mono_ms();
	ev_timer_init(&c->timer, on_call_timer, 0, 0);
	c->timer.data = c;
	list_push(&mc->calls, &c->link);
	mc->n_open++;
	mc->mix->n_calls++;
	kind->start(c);
}

void mix_call_free(struct mix_call *c)
{
	if (!c->has_ended)
		mix_wrong(c, "has not ended");
	free(c);
}
