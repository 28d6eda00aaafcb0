/*
 * test_owner.c - owners may do anything at any time: whatever they do from inside a callback, every call ends
 * once, every connection goes down once, and nothing is alive afterwards.
 *
 * Both ends of one call are played here. Each sends enough to be stopped by back-pressure; at one event
 * one of them does one thing that the other does not expect.
 */
#include <stdlib.h>

#include "common/mem.h"
#include "test/lib/pair.h"
#include "test/lib/unit.h"

enum event { ON_START, ON_MESSAGE, ON_HALF_CLOSE, ON_DRAIN, ON_END, ON_CONN_DRAIN, EVENTS };
enum action { END_OK, END_ERROR, ABANDON, CLOSE_NOW, CLOSE_SOON, NEW_CALL, SEND, HALF_CLOSE, PAUSE, PAUSE_AND_RESUME, ACTIONS };
enum { MESSAGES = 5, MESSAGE_BYTES = 90000 };

struct player {
	struct game *game;
	enum event at;			/* EVENTS: this one does nothing odd */
	enum action what;
	bool acted, started;
	unsigned ends;
	int left;			/* messages to send */
};

struct game {
	struct pair p;
	struct player caller, answerer;
	struct record extra;		/* of NEW_CALL */
	bool wants_extra;
	uint8_t *bytes;
};

static void send_all(struct wire_call *call, struct player *pl)
{
	bool more = true;

	while (more && pl->left > 0) {
		pl->left--;
		more = wire_send(call, pl->game->bytes, MESSAGE_BYTES);
	}
	if (pl->left == 0 && pl == &pl->game->caller)
		wire_half_close(call);
}

static void call_again(struct game *g, struct wire_conn *conn)
{
	struct wire_request request = { .path = "/test.Echo/Unary" };

	if (wire_conn_role(conn) != WIRE_CLIENT || g->wants_extra)
		return;
	g->wants_extra = true;
	g->extra.call = wire_call(conn, &request, &record_ops, &g->extra);
	wire_send(g->extra.call, "x", 1);
	wire_half_close(g->extra.call);
}

static void act(struct player *pl, enum event at, struct wire_conn *conn, struct wire_call *call)
{
	if (pl->at != at || pl->acted)
		return;
	pl->acted = true;
	switch (pl->what) {
	case END_OK:
	case END_ERROR:
		if (call)
			wire_end(call, pl->what == END_OK ? WIRE_OK : WIRE_ABORTED, "as the test wants it");
		break;
	case ABANDON:
		if (call)
			wire_abandon(call, WIRE_ABORTED, "as the test wants it");
		break;
	case CLOSE_NOW:
	case CLOSE_SOON:
		wire_conn_close(conn, pl->what == CLOSE_NOW ? 0 : 50, "as the test wants it");
		break;
	case NEW_CALL:
		call_again(pl->game, conn);
		break;
	case SEND:
		if (call)
			wire_send(call, pl->game->bytes, MESSAGE_BYTES);
		break;
	case HALF_CLOSE:
		if (call)
			wire_half_close(call);
		break;
	default:
		if (call)
			wire_pause(call);
		if (call && pl->what == PAUSE_AND_RESUME)
			wire_resume(call);
		break;
	}
}

/* ---- both ends ---- */

static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct player *pl = arg;

	ck_assert_uint_eq(pl->ends, 0);
	act(pl, ON_MESSAGE, wire_call_conn(call), call);
	ck_assert_uint_eq(data[len - 1], 0);	/* borrowed until we return, whatever we did */
}

static void on_half_close(struct wire_call *call, void *arg)
{
	struct player *pl = arg;

	ck_assert_uint_eq(pl->ends, 0);
	act(pl, ON_HALF_CLOSE, wire_call_conn(call), call);
	wire_end(call, WIRE_OK, NULL);
}

static void on_drain(struct wire_call *call, void *arg)
{
	struct player *pl = arg;

	ck_assert_uint_eq(pl->ends, 0);
	act(pl, ON_DRAIN, wire_call_conn(call), call);
	send_all(call, pl);
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct player *pl = arg;

	(void)code;
	ck_assert_ptr_nonnull(why);
	act(pl, ON_END, wire_call_conn(call), call);
	pl->ends++;
}

static const struct wire_call_ops ops = { on_message, on_half_close, on_drain, on_end };

static void on_start(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct game *g = arg;

	(void)data;
	(void)len;
	g->answerer.started = true;
	wire_accept(call, &ops, &g->answerer);
	act(&g->answerer, ON_START, wire_call_conn(call), call);
	send_all(call, &g->answerer);
}

static void conn_drain(struct wire_conn *conn, const char *why, void *arg)
{
	struct game *g = arg;

	(void)why;
	act(&g->caller, ON_CONN_DRAIN, conn, NULL);
}

static void conn_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct game *g = arg;

	(void)conn;
	ck_assert_str_ne(why, "");
	g->p.n_down++;
	g->p.conn = NULL;
}

static bool is_over(void *arg)
{
	struct game *g = arg;
	bool stuck = g->caller.what == PAUSE && (g->caller.acted || g->answerer.acted);

	return (g->caller.ends && (g->answerer.ends || !g->answerer.started) && (!g->wants_extra || g->extra.ended)) || stuck;
}

static void play(enum pair_form form, struct player caller, struct player answerer)
{
	static const struct wire_conn_ops conn_ops = { .on_drain = conn_drain, .on_down = conn_down };
	struct wire_method method = { .path = "/test.Owner/Play", .roles = WIRE_ANYONE, .start = on_start };
	struct wire_request request = { .path = method.path };
	struct game g = { .caller = caller, .answerer = answerer, .bytes = mem_array(MESSAGE_BYTES, 1) };
	struct wire_call *call;

	g.caller.game = g.answerer.game = &g;
	g.caller.left = g.answerer.left = MESSAGES;
	pair_open(&g.p, form);
	wire_serve(g.p.answerer, &method, 1, &g);
	wire_conn_set_ops(g.p.conn, &conn_ops, &g);
	g.caller.started = true;
	call = wire_call(g.p.conn, &request, &ops, &g.caller);
	act(&g.caller, ON_START, g.p.conn, call);
	send_all(call, &g.caller);
	pair_run(&g.p, is_over, &g);
	pair_close(&g.p);
	ck_assert(g.caller.acted || caller.at == EVENTS || caller.at == ON_HALF_CLOSE);
	ck_assert(g.answerer.acted || answerer.at == EVENTS || answerer.at == ON_CONN_DRAIN);
	ck_assert_uint_eq(g.caller.ends, 1);
	ck_assert_uint_eq(g.answerer.ends, g.answerer.started);
	ck_assert_uint_eq(g.p.n_down, 1);
	record_done(&g.extra);
	free(g.bytes);
}

START_TEST(caller_may_do_anything_at_any_time)
{
	for (int at = 0; at < EVENTS; at++)
		for (int what = 0; what < ACTIONS; what++)
			for (int form = 0; form < PAIR_FORMS; form++)
				play((enum pair_form)form, (struct player){ .at = (enum event)at, .what = (enum action)what },
				     (struct player){ .at = EVENTS, .what = (enum action)what });
}
END_TEST

START_TEST(answerer_may_do_anything_at_any_time)
{
	for (int at = 0; at < EVENTS; at++)
		for (int what = 0; what < ACTIONS; what++)
			for (int form = 0; form < PAIR_FORMS; form++)
				play((enum pair_form)form, (struct player){ .at = EVENTS, .what = (enum action)what },
				     (struct player){ .at = (enum event)at, .what = (enum action)what });
}
END_TEST

UNIT_MAIN(caller_may_do_anything_at_any_time, answerer_may_do_anything_at_any_time)
