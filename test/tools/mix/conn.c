/*
 * conn.c - one connection after the other: how each lives, and how it comes to its end.
 *
 * is_ending is set before anything is done that may cut calls off; a connection that ends without it is wrong.
 */
#include <sys/socket.h>

#include "test/tools/mix/mixture.h"
#include "wire/internal.h"

enum {
	AT_ONCE = 12,
	LIFE_MIN = 5, LIFE_MAX = 150,		/* calls of one connection */
	GRACE_MIN_MS = 20, GRACE_MAX_MS = 400
};

static void start_late(struct mix_call *c)
{
	mix_open(c, "/grpc.health.v1.Health/Check", 0);
}

const struct mix_kind mix_late_kind = {
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
		wire_conn_close(mc->conn, GRACE_MIN_MS + mix_draw(mc->mix, GRACE_MAX_MS - GRACE_MIN_MS), "in time");
		break;
	default:
		wire_conn_close(mc->conn, 0, "now");
		break;
	}
	mix_call_start(mc, &mix_late_kind);
}

/* As many calls as there should be at once, or the end of the connection. */
void mix_conn_refill(struct mix_conn *mc)
{
	while (!mc->is_ending && mc->n_left && mc->n_open < AT_ONCE) {
		mc->n_left--;
		mix_call_start(mc, mix_draw_kind(mc->mix, mc->place));
	}
	if (!mc->n_left)
		say_farewell(mc);
}

static void end_unasked(struct mix_conn *mc, const char *why)
{
	if (mc->is_ending)
		return;
	mc->is_ending = true;
	mix_complain(mc->mix, mc, "connection ended unasked", why);
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
	while ((link = list_pop(&mc->calls)))
		mix_call_free(list_entry(link, struct mix_call, link));
	if (!mc->mix->is_over)
		mix_conn_dial(mc);
}

void mix_conn_dial(struct mix_conn *mc)
{
	static const struct wire_conn_ops ops = { .on_drain = on_conn_drain, .on_down = on_conn_down };
	struct wire_dial how = { .address = mc->address, .role = WIRE_CLIENT };
	struct mix *m = mc->mix;

	m->n_conns++;
	mc->is_ending = false;
	mc->n_open = 0;
	mc->n_left = LIFE_MIN + mix_draw(m, LIFE_MAX - LIFE_MIN);
	mc->farewell = (enum mix_farewell)mix_draw(m, N_FAREWELLS);
	mc->conn = wire_dial(m->wire, &how, &ops, mc);
	mix_conn_refill(mc);
}

void mix_conn_end(struct mix_conn *mc)
{
	mc->n_left = 0;
	if (mc->conn)
		say_farewell(mc);
}
