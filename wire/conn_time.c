/*
 * conn_time.c - everything about a connection that happens because time passes.
 *
 * One table: when each thing is due (NEVER: it is not running) and what is then done. One ev_timer per
 * connection is set to the nearest; progress only moves times further away, so the timer is not touched
 * by traffic: it fires, finds nothing due and is set again.
 */
#include <stdio.h>

#include "common/clock.h"
#include "wire/conn.h"

#define NEVER UINT64_MAX

enum { CLOSING_MS = 5000 };

static uint64_t after(uint64_t begin_ms, uint64_t ms)
{
	return begin_ms ? begin_ms + ms : NEVER;
}

static bool is_beginning(const struct wire_conn *c)
{
	return c->state == CONN_SNIFFING || c->state == CONN_SECURING || c->state == CONN_HANDSHAKE ||
	       (c->state == CONN_HTTP1 && !conn_http1_is_answering(c));
}

static uint64_t dial_due(const struct wire_conn *c)
{
	if (c->state == CONN_DIALING || (c->dial_timeout_ms && is_beginning(c)))
		return c->begun_ms + c->dial_timeout_ms;
	return NEVER;
}

static void dial_act(struct wire_conn *c)
{
	char text[80];

	conn_note_fault(c, wire_conn_fault(c));
	snprintf(text, sizeof text, "timeout: no answer within %.1f s", c->dial_timeout_ms / 1000.0);
	conn_abort(c, text);
}

static uint64_t handshake_due(const struct wire_conn *c)
{
	return is_beginning(c) && !c->dial_timeout_ms ? c->begun_ms + WIRE_HANDSHAKE_MS : NEVER;
}

static void handshake_act(struct wire_conn *c)
{
	conn_blame(c);
	conn_abort(c, c->http1 ? "no whole request within 10 s of connecting" : "no HTTP/2 within 10 s of connecting");
}

static uint64_t settings_due(const struct wire_conn *c)
{
	return c->state == CONN_UP && !h2_settings_acked(c->h2) ? c->begun_ms + WIRE_SETTINGS_ACK_MS : NEVER;
}

static void settings_act(struct wire_conn *c)
{
	h2_goaway(c->h2, H2_SETTINGS_TIMEOUT, "");
	conn_blame(c);
	conn_finish(c, "SETTINGS not acknowledged within 10 s");
}

static uint64_t header_block_due(const struct wire_conn *c)
{
	return c->state < CONN_CLOSING ? after(c->header_block_ms, WIRE_HEADER_BLOCK_MS) : NEVER;
}

static void header_block_act(struct wire_conn *c)
{
	h2_goaway(c->h2, H2_ENHANCE_YOUR_CALM, "");
	conn_blame(c);
	conn_finish(c, "header block not complete within 5 s");
}

/* An operator may stop reading for as long as he likes (a pager, Ctrl-Z). */
static uint64_t stall_due(const struct wire_conn *c)
{
	return c->is_operator || c->state >= CONN_CLOSING ? NEVER : after(c->blocked_ms, WIRE_WRITE_STALL_MS);
}

static void stall_act(struct wire_conn *c)
{
	conn_blame(c);
	conn_abort(c, "the peer has read nothing for 30 s");
}

/* An operator who has a call open may be stopped (Ctrl-Z): then TCP alone looks whether he is there. */
static bool wants_keepalive(const struct wire_conn *c)
{
	if (c->accepted && c->is_operator && c->n_calls)
		return false;
	return c->keepalive_ms && c->h2 && c->state >= CONN_UP && c->state < CONN_CLOSING &&
	       (c->n_calls || c->keepalive_idle);
}

/* Silence of a quiet connection is no sign until a call waits for something. */
static uint64_t ping_due(const struct wire_conn *c)
{
	uint64_t since = c->n_calls && c->turned_ms > c->last_read_ms ? c->turned_ms : c->last_read_ms;

	return wants_keepalive(c) && !c->ping_out ? since + c->keepalive_ms : NEVER;
}

static void ping_act(struct wire_conn *c)
{
	c->ping_out = true;
	c->ping_sent_ms = mono_ms();
	h2_ping(c->h2);
	conn_mark_dirty(c);
}

/* Any byte counts as an answer. */
static uint64_t pong_due(const struct wire_conn *c)
{
	uint64_t since = c->ping_sent_ms > c->last_read_ms ? c->ping_sent_ms : c->last_read_ms;

	return wants_keepalive(c) && c->ping_out ? since + c->keepalive_timeout_ms : NEVER;
}

static void pong_act(struct wire_conn *c)
{
	char text[80];

	snprintf(text, sizeof text, "connection lost: no answer to PING within %.1f s", c->keepalive_timeout_ms / 1000.0);
	conn_abort(c, text);
}

static uint64_t idle_due(const struct wire_conn *c)
{
	if (c->role != WIRE_SERVER || c->peer.is_unix || c->dial_timeout_ms || c->state != CONN_UP || c->n_calls)
		return NEVER;
	return (c->turned_ms ? c->turned_ms : c->begun_ms) + WIRE_IDLE_MS;
}

static void idle_act(struct wire_conn *c)
{
	c->goaway_debug = "max_idle";
	conn_drain(c, WIRE_GOAWAY_MS, "idle for 15 min");
}

static uint64_t goaway_due(const struct wire_conn *c)
{
	bool waits = c->state == CONN_DRAINING && c->role == WIRE_SERVER && !c->goaway_final;

	return waits ? after(c->drain_ms, WIRE_GOAWAY_MS) : NEVER;
}

static void goaway_act(struct wire_conn *c)
{
	conn_drain_final(c);
}

static uint64_t grace_due(const struct wire_conn *c)
{
	return c->state == CONN_DRAINING ? after(c->drain_ms, c->drain_grace_ms) : NEVER;
}

static void grace_act(struct wire_conn *c)
{
	conn_drain_final(c);
	conn_finish(c, "shut down: the time to finish is over");
}

static uint64_t closing_due(const struct wire_conn *c)
{
	if (c->state == CONN_CLOSING)
		return after(c->closing_ms, CLOSING_MS);
	return c->state == CONN_LINGERING ? after(c->closing_ms, WIRE_LINGER_MS) : NEVER;
}

static void closing_act(struct wire_conn *c)
{
	conn_abort(c, "closed");
}

static void download_act(struct wire_conn *c)
{
	conn_blame(c);
	conn_abort(c, "the peer is too slow in taking what it asked for, or takes nothing");
}

static const struct {
	uint64_t (*due)(const struct wire_conn *);
	void (*act)(struct wire_conn *);
} times[] = {
	{ dial_due, dial_act },
	{ handshake_due, handshake_act },
	{ settings_due, settings_act },
	{ header_block_due, header_block_act },
	{ stall_due, stall_act },
	{ ping_due, ping_act },
	{ pong_due, pong_act },
	{ idle_due, idle_act },
	{ goaway_due, goaway_act },
	{ grace_due, grace_act },
	{ closing_due, closing_act },
	{ conn_http1_due_ms, download_act },
};

enum { N_TIMES = sizeof times / sizeof *times };

static uint64_t nearest(const struct wire_conn *c)
{
	uint64_t first = NEVER;

	for (size_t i = 0; i < N_TIMES; i++) {
		uint64_t due = times[i].due(c);

		if (due < first)
			first = due;
	}
	return first;
}

static void on_timer(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct wire_conn *c = w->data;
	uint64_t now = mono_ms();

	(void)loop;
	(void)events;
	c->armed_ms = 0;
	for (size_t i = 0; i < N_TIMES && c->state != CONN_DOWN; i++)
		if (times[i].due(c) <= now)
			times[i].act(c);
	conn_arm(c);
}

void conn_time_init(struct wire_conn *c)
{
	ev_timer_init(&c->timer, on_timer, 0, 0);
	c->timer.data = c;
}

void conn_time_stop(struct wire_conn *c)
{
	ev_timer_stop(c->wire->loop, &c->timer);
	c->armed_ms = 0;
}

void conn_arm(struct wire_conn *c)
{
	uint64_t due, now;

	if (c->state == CONN_DOWN)
		return;
	due = nearest(c);
	if (due == NEVER || (c->armed_ms && c->armed_ms <= due))
		return;
	now = mono_ms();
	ev_timer_stop(c->wire->loop, &c->timer);
	ev_now_update(c->wire->loop);
	ev_timer_set(&c->timer, due > now ? (double)(due - now) / 1000 : 0, 0);
	ev_timer_start(c->wire->loop, &c->timer);
	c->armed_ms = due;
}

void conn_time_header_block(struct wire_conn *c)
{
	bool open = c->h2 && h2_in_header_block(c->h2);

	if (open == (c->header_block_ms != 0))
		return;
	c->header_block_ms = open ? mono_ms() : 0;
	if (open)
		conn_arm(c);
}
