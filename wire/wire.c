/*
 * wire.c - the shared part: what belongs to no single connection, and the turn (see internal.h).
 */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "wire/census.h"
#include "wire/health.h"
#include "wire/internal.h"
#include "wire/resolve.h"

static bool has_work(const struct wire *wire)
{
	return !list_is_empty(&wire->due) || !list_is_empty(&wire->dirty) || !list_is_empty(&wire->dying);
}

/* Each list is taken as it stands, so that work which makes work cannot keep the loop from its sockets. */
static void run_due(struct wire *wire)
{
	struct list batch = LIST_INIT(batch);
	struct list *link;

	list_splice(&batch, &wire->due);
	while ((link = list_pop(&batch)))
		call_run_due(list_entry(link, struct wire_call, due_link));
}

static void run_dirty(struct wire *wire)
{
	struct list batch = LIST_INIT(batch);
	struct list *link;

	list_splice(&batch, &wire->dirty);
	while ((link = list_pop(&batch))) {
		struct wire_conn *conn = list_entry(link, struct wire_conn, dirty_link);

		conn_announce(conn);
		conn_flush(conn);
	}
}

static void run_dying(struct wire *wire)
{
	struct list batch = LIST_INIT(batch);
	struct list *link;

	list_splice(&batch, &wire->dying);
	while ((link = list_pop(&batch))) {
		struct wire_conn *conn = list_entry(link, struct wire_conn, dying_link);

		conn_bury(conn);
	}
}

static void turn(struct wire *wire)
{
	run_due(wire);
	run_dirty(wire);
	run_dying(wire);
}

static void on_idle(struct ev_loop *loop, struct ev_idle *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
}

static void on_turn(struct ev_loop *loop, struct ev_prepare *w, int events)
{
	struct wire *wire = w->data;

	(void)events;
	turn(wire);
	if (has_work(wire)) {
		ev_idle_start(loop, &wire->again);	/* the loop must not sleep on it */
		return;
	}
	ev_idle_stop(loop, &wire->again);
	ev_prepare_stop(loop, &wire->turn);
}

void wire_schedule(struct wire *wire)
{
	ev_prepare_start(wire->loop, &wire->turn);
}

struct wire *wire_new(struct ev_loop *loop)
{
	struct wire *wire = mem_new(struct wire);

	wire->loop = loop;
	ev_prepare_init(&wire->turn, on_turn);
	wire->turn.data = wire;
	ev_idle_init(&wire->again, on_idle);
	list_init(&wire->due);
	list_init(&wire->dirty);
	list_init(&wire->dying);
	list_init(&wire->conns);
	list_init(&wire->listeners);
	wire->in = mem_alloc(WIRE_READ_BUFFER);
	wire->keepalive_scale = 1;
	guard_bucket_init(&wire->fault_lines, WIRE_FAULT_LINES, mono_ms());
	trim_init(&wire->trim, loop, &wire->out);
	trim_init(&wire->conn_trim, loop, &wire->out);
	wire->census = census_new();
	return wire;
}

static void close_listeners(struct wire *wire)
{
	while (!list_is_empty(&wire->listeners))
		wire_listener_close(list_entry(wire->listeners.next, struct wire_listener, link));
}

void wire_free(struct wire *wire)
{
	if (!wire)
		return;
	close_listeners(wire);
	wire->is_freeing = true;
	list_for_each(pos, tmp, &wire->conns)
		conn_end_all(list_entry(pos, struct wire_conn, link), "shut down");
	while (has_work(wire))
		turn(wire);
	ev_prepare_stop(wire->loop, &wire->turn);
	ev_idle_stop(wire->loop, &wire->again);
	trim_stop(&wire->trim);
	trim_stop(&wire->conn_trim);
	resolver_free(wire->resolver);
	health_free(wire->health);
	census_free(wire->census);
	buf_done(&wire->out);
	free(wire->in);
	free(wire->tables);
	free(wire);
}

void wire_stop_serving(struct wire *wire)
{
	wire->stopped_serving = true;
	health_changed(wire);
}

void wire_shutdown(struct wire *wire, uint32_t grace_ms)
{
	wire->shutting_down = true;
	wire_stop_serving(wire);
	close_listeners(wire);
	list_for_each(pos, tmp, &wire->conns)
		wire_conn_close(list_entry(pos, struct wire_conn, link), grace_ms, "shutting down");
}

struct wire_counts wire_count(const struct wire *wire)
{
	struct wire_counts c = {
		.conns = wire->n_conns, .calls = wire->n_calls, .calls_total = wire->calls_total, .buffered = wire->buffered,
	};

	for (const struct list *l = wire->listeners.next; l != &wire->listeners; l = l->next)
		c.listeners++;
	return c;
}

void wire_log_counts(const struct wire *wire)
{
	struct wire_counts c = wire_count(wire);

	log_debug("wire: %u connections, %u calls, %zu bytes buffered, %llu calls since the start", c.conns, c.calls,
		  c.buffered, (unsigned long long)c.calls_total);
}

struct ev_loop *wire_loop(const struct wire *wire)
{
	return wire->loop;
}

void wire_set_admission(struct wire *wire, wire_admit *admit, void *arg)
{
	wire->admit = admit;
	wire->admit_arg = arg;
}

void wire_set_refusal(struct wire *wire, void (*on_refusal)(struct wire_call *call, void *arg), void *arg)
{
	wire->on_refusal = on_refusal;
	wire->refusal_arg = arg;
}

void wire_serve_files(struct wire *wire, wire_find_file *find, void *arg)
{
	wire->find_file = find;
	wire->find_file_arg = arg;
}

void wire_set_tls(struct wire *wire, struct wire_tls *tls)
{
	wire->tls = tls;
}

void wire_require_tls(struct wire *wire)
{
	wire->needs_tls = true;
}

size_t wire_cut(struct wire *wire, bool (*matches)(const struct wire_peer *peer, void *arg), void *arg, const char *why)
{
	size_t n = 0;

	list_for_each(pos, tmp, &wire->conns) {
		struct wire_conn *conn = list_entry(pos, struct wire_conn, link);

		if (conn->state < CONN_HANDSHAKE || conn->state == CONN_DOWN || !matches(&conn->peer, arg))
			continue;
		conn_abort(conn, why);
		n++;
	}
	return n;
}

void wire_serve(struct wire *wire, const struct wire_method *methods, size_t n, void *arg)
{
	for (size_t i = 0; i < n; i++)
		if (!methods[i].roles) {
			log_error("method %s is open to nobody: a mistake in its table", methods[i].path);
			abort();
		}
	wire->tables = mem_realloc(wire->tables, (wire->n_tables + 1) * sizeof *wire->tables);
	wire->tables[wire->n_tables++] = (struct wire_table){ methods, n, arg };
}
