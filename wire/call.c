/*
 * call.c - what both ends of a call have in common: life, deadline, end. Its messages are call_io.c's.
 *
 * A call has two ends that matter. `over`: its owner gets on_end next and nothing else. `id == 0`: no
 * stream refers to it. It is freed when on_end has returned and no stream refers to it, whichever comes
 * last; so a peer's late frames always find an object.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "wire/download.h"
#include "wire/internal.h"

static const struct wire_call_ops no_ops;

/* ---- life ---- */

static void on_timer(struct ev_loop *loop, struct ev_timer *w, int events);

struct wire_call *call_new(struct wire_conn *conn, enum wire_role role)
{
	struct wire_call *call = mem_new(struct wire_call);

	call->conn = conn;
	call->role = role;
	call->ops = &no_ops;
	call->deadline_us = UINT64_MAX;
	call->begun_ms = call->progress_ms = mono_ms();
	list_init(&call->due_link);
	list_init(&call->waiting_link);
	list_push(&conn->calls, &call->link);
	deframe_init(&call->deframe, WIRE_MESSAGE_MAX);
	ev_timer_init(&call->timer, on_timer, 0, 0);
	call->timer.data = call;
	conn_call_came(conn);
	conn->wire->n_calls++;
	conn->wire->calls_total++;
	return call;
}

static void call_free(struct wire_call *call)
{
	struct wire_conn *conn = call->conn;

	ev_timer_stop(conn->wire->loop, &call->timer);
	list_remove(&call->link);
	list_remove(&call->due_link);
	list_remove(&call->waiting_link);
	trim_note(&conn->wire->trim, conn->wire->n_calls, conn->wire->buffered);
	conn->wire->buffered -= call->accounted;
	if (call->is_run)
		conn->wire->buffered_runs -= call->accounted;
	conn->wire->n_calls--;
	meta_done(&call->in);
	meta_done(&call->headers);
	meta_done(&call->trailers);
	buf_done(&call->sendq);
	buf_done(&call->held);
	buf_done(&call->request);
	deframe_done(&call->deframe);
	unpack_arena_done(&call->arena);
	conn->n_downloads -= call->download != NULL;
	download_free(call->download);
	free(call->path);
	free(call->user_agent);
	free(call->why);
	free(call->told_why);
	free(call);
	trim_note(&conn->wire->trim, conn->wire->n_calls, conn->wire->buffered);
	conn_call_gone(conn);
}

void call_unlink_stream(struct wire_call *call)
{
	call->id = 0;
	if (call->told)
		call_free(call);
}

void call_due(struct wire_call *call, unsigned what)
{
	call->due |= what;
	if (list_is_empty(&call->due_link))
		list_push(&call->conn->wire->due, &call->due_link);
	wire_schedule(call->conn->wire);
}

static void release_handler(struct wire_call *call)
{
	if (!call->counted)
		return;
	call->counted = false;
	call->conn->n_handlers--;
	call->conn->wire->n_handlers--;
}

/* The owner has been told, so what the peer sent has no reader; its last frames may be long in leaving. */
static void drop_received(struct wire_call *call)
{
	deframe_done(&call->deframe);
	buf_done(&call->held);
	buf_done(&call->request);
	unpack_arena_done(&call->arena);
	meta_done(&call->in);
	call_account(call);
}

static void tell(struct wire_call *call)
{
	release_handler(call);
	if (call->ops->on_end)
		call->ops->on_end(call, call->told_code, call->told_why, call->arg);
	call->told = true;
	if (call->id == 0)
		call_free(call);
	else
		drop_received(call);
}

void call_over(struct wire_call *call, enum wire_code code, const char *why)
{
	if (call->over)
		return;
	call->over = true;
	call->told_code = code;
	call->told_why = mem_strdup(why ? why : "");
	ev_timer_stop(call->conn->wire->loop, &call->timer);
	call_due(call, DUE_END);
}

void call_conn_down(struct wire_call *call, const char *why)
{
	bool is_whole = call->role == WIRE_CLIENT && call->half_close_due && buf_len(&call->held);

	if (call->id && call->conn->h2)
		h2_detach(call->conn->h2, call->id);
	/* The response has come whole, its reader is only slow: the lost connection takes nothing from it. */
	if (!is_whole || call->conn->wire->is_freeing)
		call_over(call, WIRE_UNAVAILABLE, why);
	call_unlink_stream(call);
}

/* ---- ending ---- */

static void server_end(struct wire_call *call, enum wire_code code, const char *why)
{
	if (call->local_done)
		return;
	call->local_done = true;
	call->code = code;
	call->why = mem_strdup(why);
	if (!call->headers_sent)
		server_send_headers(call);
	call_wake_sender(call);
}

static void client_end(struct wire_call *call, uint32_t h2_error, enum wire_code code, const char *why)
{
	client_fail(call, h2_error, code, why ? why : "cancelled");
}

void wire_end(struct wire_call *call, enum wire_code code, const char *why)
{
	if (call->over)
		return;
	if (call->role == WIRE_SERVER)
		server_end(call, code, why);
	else
		client_end(call, H2_CANCEL, code, why);
}

void wire_endf(struct wire_call *call, enum wire_code code, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	wire_end(call, code, buf_string(&text));
	buf_done(&text);
}

void wire_abandon(struct wire_call *call, enum wire_code code, const char *why)
{
	if (!call->over && call->role == WIRE_CLIENT)
		client_end(call, H2_NO_ERROR, code, why);
}

/* ---- due work ---- */

void call_run_due(struct wire_call *call)
{
	unsigned due = call->due;

	call->due = 0;
	if (due & DUE_DELIVER && !call->over && !call->paused)
		call_deliver_held(call);
	if (due & DUE_DRAIN && !call->over && !call->local_done && call->ops->on_drain)
		call->ops->on_drain(call, call->arg);
	if (due & DUE_END)
		tell(call);
}

void wire_pause(struct wire_call *call)
{
	call->paused = true;
}

void wire_resume(struct wire_call *call)
{
	if (!call->paused)
		return;
	call->paused = false;
	if (!call->over)
		call_due(call, DUE_DELIVER);
}

/* ---- time ---- */

/* A call that holds memory or one of the handlers. Of a run that is only half of a message, whose other half the
 * caller has and may send; its output may wait for a slow reader. */
static bool has_to_move(const struct wire_call *call)
{
	if (call->runs_long)
		return !call->paused && !deframe_is_idle(&call->deframe);
	return call->counted || buf_len(&call->sendq);
}

/* A unary request has to be whole in time; with a stranger something has to move; a file is not for ever. */
static uint64_t stall_due_ms(const struct wire_call *call)
{
	if (call->download)
		return download_due_ms(call->download);
	if (call->role == WIRE_SERVER && !call->started)
		return call->begun_ms + WIRE_REQUEST_MS;
	if (call->conn->is_operator || !call->id || !has_to_move(call))
		return UINT64_MAX;
	return call->progress_ms + WIRE_STREAM_STALL_MS;
}

static uint64_t due_us(const struct wire_call *call)
{
	uint64_t stall = stall_due_ms(call);

	if (stall == UINT64_MAX || stall * 1000 > call->deadline_us)
		return call->deadline_us;
	return stall * 1000;
}

void call_arm(struct wire_call *call)
{
	uint64_t due = due_us(call), now;

	if (call->over || due == UINT64_MAX || (ev_is_active(&call->timer) && call->armed_us <= due))
		return;
	now = mono_us();
	ev_timer_stop(call->conn->wire->loop, &call->timer);
	ev_now_update(call->conn->wire->loop);
	ev_timer_set(&call->timer, due > now ? (double)(due - now) / 1e6 : 0, 0);
	ev_timer_start(call->conn->wire->loop, &call->timer);
	call->armed_us = due;
}

static void on_timer(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct wire_call *call = w->data;
	uint64_t now = mono_us();

	(void)loop;
	(void)events;
	if (call->deadline_us <= now)
		call_refuse(call, WIRE_DEADLINE_EXCEEDED, "deadline exceeded");
	else if (due_us(call) > now)
		call_arm(call);
	else if (call->role == WIRE_SERVER && !call->started)
		call_refuse(call, WIRE_DEADLINE_EXCEEDED, "request not complete within 60 s");
	else
		call_refuse(call, WIRE_UNAVAILABLE, "nothing has moved for 60 s");
}

void call_set_deadline(struct wire_call *call, uint64_t us_from_now)
{
	uint64_t now = mono_us();

	call->deadline_us = us_from_now > UINT64_MAX - 1 - now ? UINT64_MAX - 1 : now + us_from_now;
	call_arm(call);
}

uint64_t wire_call_left_ms(const struct wire_call *call)
{
	uint64_t now = mono_us();

	if (call->deadline_us == UINT64_MAX)
		return UINT64_MAX;
	return call->deadline_us > now ? (call->deadline_us - now) / 1000 : 0;
}

/* ---- what owners ask and set ---- */

void wire_accept(struct wire_call *call, const struct wire_call_ops *ops, void *arg)
{
	call->ops = ops ? ops : &no_ops;
	call->arg = arg;
}

const struct wire_field *wire_call_field(const struct wire_call *call, const char *name)
{
	return meta_find(&call->in, name);
}

const struct wire_field *wire_call_field_at(const struct wire_call *call, size_t i)
{
	return i < call->in.n ? &call->in.fields[i] : NULL;
}

const char *wire_call_text(const struct wire_call *call, const char *name, const char *otherwise)
{
	const struct wire_field *f = meta_find(&call->in, name);

	return f && !memchr(f->value, 0, f->len) ? f->value : otherwise;
}

void *wire_unpack(struct wire_call *call, const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len)
{
	const char *why = "";
	int error = 0;
	void *message = unpack_message(&call->arena, type, data, len, &error, &why);
	char text[120];

	call_account(call);
	if (message)
		return message;
	snprintf(text, sizeof text, "invalid %s: %s", type->short_name, why);
	call_refuse(call, error == -ENOSPC ? WIRE_RESOURCE_EXHAUSTED : WIRE_INTERNAL, text);
	return NULL;
}

struct wire_conn *wire_call_conn(const struct wire_call *call)
{
	return call->conn;
}

const char *wire_call_path(const struct wire_call *call)
{
	return call->path ? call->path : "";
}

const char *wire_call_user_agent(const struct wire_call *call)
{
	return call->user_agent ? call->user_agent : "";
}

bool wire_call_is_unprocessed(const struct wire_call *call)
{
	return call->unprocessed;
}
