/*
 * call.c - what both ends of a call have in common: queue, delivery, pause, deadline, end.
 *
 * A call has two ends that matter. `over`: its owner gets on_end next and nothing else. `id == 0`: no
 * stream refers to it. It is freed when on_end has returned and no stream refers to it, whichever comes
 * last; so a peer's late frames always find an object.
 *
 * Bytes of the peer go through the deframer to on_message at once, or wait in `held` while the call is
 * paused. The stream's window is credited for what has left `held`, and for the parts of a message that
 * is being put together (or a message larger than the window would never be whole).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
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
	call->progress_ms = mono_ms();
	list_init(&call->due_link);
	list_init(&call->waiting_link);
	list_push(&conn->calls, &call->link);
	deframe_init(&call->deframe, WIRE_MESSAGE_MAX);
	ev_timer_init(&call->timer, on_timer, 0, 0);
	call->timer.data = call;
	conn->n_calls++;
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
	conn->wire->buffered -= call->accounted;
	conn->wire->n_calls--;
	meta_done(&call->in);
	meta_done(&call->headers);
	meta_done(&call->trailers);
	buf_done(&call->sendq);
	buf_done(&call->held);
	buf_done(&call->request);
	deframe_done(&call->deframe);
	unpack_arena_done(&call->arena);
	free(call->path);
	free(call->user_agent);
	free(call->why);
	free(call->told_why);
	free(call);
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

static void tell(struct wire_call *call)
{
	release_handler(call);
	if (call->ops->on_end)
		call->ops->on_end(call, call->told_code, call->told_why, call->arg);
	call->told = true;
	if (call->id == 0)
		call_free(call);
}

void call_over(struct wire_call *call, enum wire_code code, const char *why)
{
	if (call->over)
		return;
	call->over = true;
	call->told_code = code;
	call->told_why = mem_strdup(why ? why : "");
	ev_timer_stop(call->conn->wire->loop, &call->timer);
	buf_done(&call->held);
	call_due(call, DUE_END);
}

void call_conn_down(struct wire_call *call, const char *why)
{
	if (call->id && call->conn->h2)
		h2_detach(call->conn->h2, call->id);
	call_over(call, WIRE_UNAVAILABLE, why);
	call_unlink_stream(call);
}

/* ---- accounting ---- */

void call_account(struct wire_call *call)
{
	size_t now = call->sendq.cap + call->held.cap + call->deframe.body.cap + call->request.cap;

	call->conn->wire->buffered += now - call->accounted;
	call->accounted = now;
}

/* ---- receiving ---- */

static void bad_message(struct wire_call *call, enum wire_code code, const char *why)
{
	if (call->role == WIRE_SERVER)
		server_fail(call, code, why);
	else
		client_fail(call, H2_CANCEL, code, why);
}

static void refuse_compressed(struct wire_call *call)
{
	if (!call->compressed) {
		bad_message(call, WIRE_INTERNAL, "message is flagged as compressed without a grpc-encoding");
	} else if (call->role == WIRE_SERVER) {
		meta_add(call->headers_sent ? &call->trailers : &call->headers, "grpc-accept-encoding", 20, "identity", 8);
		server_fail(call, WIRE_UNIMPLEMENTED, "compression is not supported, send with grpc-encoding: identity");
	} else {
		bad_message(call, WIRE_INTERNAL, "the server compressed a message, which was not offered");
	}
}

static void refuse_message(struct wire_call *call, enum deframe_result result)
{
	char text[120];

	switch (result) {
	case DEFRAME_TOO_LARGE:
		snprintf(text, sizeof text, "message of %u bytes is over the limit of %zu bytes",
			 deframe_declared(&call->deframe), call->deframe.max_message);
		bad_message(call, WIRE_RESOURCE_EXHAUSTED, text);
		break;
	case DEFRAME_COMPRESSED:
		refuse_compressed(call);
		break;
	default:
		bad_message(call, WIRE_INTERNAL, "message prefix has an unknown flag");
		break;
	}
}

static void on_message(struct wire_call *call, const uint8_t *data, size_t n)
{
	call->n_messages++;
	if (call->role == WIRE_SERVER && call->method->unary)
		server_message(call, data, n);
	else if (call->ops->on_message)
		call->ops->on_message(call, data, n, call->arg);
}

/* Hands on what is whole; returns how many bytes were used up. */
static size_t feed(struct wire_call *call, const uint8_t *data, size_t n)
{
	const uint8_t *msg;
	size_t left = n, len;
	enum deframe_result result = DEFRAME_MESSAGE;

	while (result == DEFRAME_MESSAGE && !call->over && !call->paused) {
		result = deframe_next(&call->deframe, &data, &left, &msg, &len);
		if (result == DEFRAME_MESSAGE)
			on_message(call, msg, len);
	}
	if (result != DEFRAME_MESSAGE && result != DEFRAME_MORE)
		refuse_message(call, result);
	if (call->over)
		left = 0;
	if (call->id && n > left)
		h2_consume(call->conn->h2, call->id, n - left);
	return n - left;
}

/* END_STREAM counts when everything before it has been handed on. */
static void try_half_close(struct wire_call *call)
{
	if (!call->half_close_due || call->remote_done || call->over || buf_len(&call->held))
		return;
	call->remote_done = true;
	if (call->role == WIRE_CLIENT)
		client_half_close(call);
	else if (!deframe_is_idle(&call->deframe))
		server_fail(call, WIRE_INTERNAL, "the request ends within a message");
	else
		server_half_close(call);
}

static void deliver_held(struct wire_call *call)
{
	if (buf_len(&call->held))
		buf_consume(&call->held, feed(call, buf_data(&call->held), buf_len(&call->held)));
	buf_trim(&call->held);
	call_account(call);
	conn_mark_dirty(call->conn);		/* window updates */
	try_half_close(call);
}

void call_h2_data(void *arg, const uint8_t *data, size_t n)
{
	struct wire_call *call = arg;
	size_t used = 0;

	call->progress_ms = call->conn->last_read_ms;
	if (call->over || call->foreign_body) {
		if (!call->over)
			client_foreign_body(call, data, n);
		h2_consume(call->conn->h2, call->id, n);
		return;
	}
	if (!call->paused && !buf_len(&call->held))
		used = feed(call, data, n);
	if (used < n)
		buf_append(&call->held, data + used, n - used);
	call_account(call);
}

void call_h2_field(void *arg, const uint8_t *name, size_t name_len, const uint8_t *value, size_t value_len)
{
	struct wire_call *call = arg;

	if (call->over)
		return;
	if (call->role == WIRE_SERVER)
		server_field(call, (const char *)name, name_len, value, value_len);
	else
		client_field(call, (const char *)name, name_len, value, value_len);
}

void call_h2_headers(void *arg, bool end_stream, bool too_large)
{
	struct wire_call *call = arg;

	if (call->over)
		return;
	if (call->role == WIRE_SERVER)
		server_headers(call, end_stream, too_large);
	else
		client_headers(call, end_stream, too_large);
}

void call_h2_half_close(void *arg)
{
	struct wire_call *call = arg;

	call->half_close_due = true;
	try_half_close(call);
}

void call_h2_end_sent(void *arg)
{
	struct wire_call *call = arg;

	call->end_sent = true;
	if (call->role == WIRE_SERVER)
		call_over(call, WIRE_OK, "");
}

/* A client that is paused still gets what had arrived whole before the stream closed. */
void call_h2_close(void *arg, uint32_t error, bool unprocessed)
{
	struct wire_call *call = arg;
	struct wire_conn *conn = call->conn;

	conn->n_streams--;
	if (call->role == WIRE_SERVER)
		server_closed(call, error);
	else if (!call->half_close_due)
		client_closed(call, error, unprocessed);
	call_unlink_stream(call);
	conn_start_waiting(conn);
}

/* ---- sending ---- */

size_t call_h2_pull(void *arg, size_t max, enum h2_pull *then)
{
	struct wire_call *call = arg;
	size_t n = buf_len(&call->sendq);

	if (n > max) {
		call->pulled = max;
		*then = H2_PULL_MORE;
		return max;
	}
	call->pulled = n;
	*then = !call->local_done ? H2_PULL_MORE :
		call->role == WIRE_CLIENT || call->http_status ? H2_PULL_END : H2_PULL_TRAILERS;
	return n;
}

void call_h2_copy(void *arg, uint8_t *to, size_t n)
{
	struct wire_call *call = arg;

	memcpy(to, buf_data(&call->sendq), n);
	buf_consume(&call->sendq, n);
	call->pulled = 0;
	call->progress_ms = mono_ms();
	if (!call->stopped || buf_len(&call->sendq) > WIRE_SEND_LOW)
		return;
	call->stopped = false;
	call_due(call, DUE_DRAIN);
}

void call_h2_trailers(void *arg)
{
	server_send_trailers(arg);
}

/* All but what the session has already counted into a frame. */
void call_drop_queue(struct wire_call *call)
{
	call->sendq.tail = call->sendq.head + call->pulled;
}

static void wake_sender(struct wire_call *call)
{
	if (call->id == 0)
		return;
	h2_resume(call->conn->h2, call->id);
	conn_mark_dirty(call->conn);
}

static bool queue_message_room(struct wire_call *call, size_t len)
{
	char text[100];

	if (call->over || call->local_done)
		return false;
	if (len <= WIRE_MESSAGE_MAX)
		return true;
	snprintf(text, sizeof text, "message of %zu bytes to send is over the limit of %u bytes", len, WIRE_MESSAGE_MAX);
	wire_end(call, WIRE_RESOURCE_EXHAUSTED, text);
	return false;
}

/* Room for one message behind its prefix; the caller fills it and calls queued(). */
static uint8_t *reserve_message(struct wire_call *call, size_t len)
{
	uint8_t *to = buf_reserve(&call->sendq, len + 5);

	deframe_put_prefix(to, (uint32_t)len);
	return to + 5;
}

static bool queued(struct wire_call *call, size_t len)
{
	if (buf_len(&call->sendq) == 0)
		call->progress_ms = mono_ms();
	buf_commit(&call->sendq, len + 5);
	call_account(call);
	if (call->role == WIRE_SERVER && !call->headers_sent)
		server_send_headers(call);
	wake_sender(call);
	if (!call->runs_long)
		call_arm(call);
	if (buf_len(&call->sendq) >= WIRE_SEND_HIGH)
		call->stopped = true;
	return !call->stopped;
}

bool wire_send(struct wire_call *call, const void *data, size_t len)
{
	uint8_t *to;

	if (!queue_message_room(call, len))
		return true;
	to = reserve_message(call, len);
	if (len)
		memcpy(to, data, len);
	return queued(call, len);
}

bool wire_send_message(struct wire_call *call, const ProtobufCMessage *message)
{
	size_t len = protobuf_c_message_get_packed_size(message);

	if (!queue_message_room(call, len))
		return true;
	protobuf_c_message_pack(message, reserve_message(call, len));
	return queued(call, len);
}

size_t wire_queued(const struct wire_call *call)
{
	return buf_len(&call->sendq);
}

void wire_half_close(struct wire_call *call)
{
	if (call->over || call->local_done || call->role == WIRE_SERVER)
		return;
	call->local_done = true;
	wake_sender(call);
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
	wake_sender(call);
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
		deliver_held(call);
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

/* A unary request has to be whole in time; what is sent to a stranger has to move. */
static uint64_t stall_due_ms(const struct wire_call *call)
{
	if (call->role == WIRE_SERVER && !call->started)
		return call->progress_ms + WIRE_REQUEST_MS;
	if (call->runs_long || call->conn->is_operator || !buf_len(&call->sendq) || !call->id)
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

static void out_of_time(struct wire_call *call, enum wire_code code, const char *why)
{
	if (call->role == WIRE_SERVER)
		server_fail(call, code, why);
	else
		client_fail(call, H2_CANCEL, code, why);
}

static void on_timer(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct wire_call *call = w->data;
	uint64_t now = mono_us();

	(void)loop;
	(void)events;
	if (call->deadline_us <= now)
		out_of_time(call, WIRE_DEADLINE_EXCEEDED, "deadline exceeded");
	else if (due_us(call) > now)
		call_arm(call);
	else if (call->role == WIRE_SERVER && !call->started)
		out_of_time(call, WIRE_DEADLINE_EXCEEDED, "request not complete within 60 s");
	else
		out_of_time(call, WIRE_UNAVAILABLE, "the peer has taken nothing for 60 s");
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
	call->ops = ops;
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

	if (message)
		return message;
	snprintf(text, sizeof text, "invalid %s: %s", type->short_name, why);
	bad_message(call, error == -ENOSPC ? WIRE_RESOURCE_EXHAUSTED : WIRE_INTERNAL, text);
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
