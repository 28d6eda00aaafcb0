/*
 * call_io.c - the messages of a call: from DATA to on_message, from wire_send() to DATA.
 *
 * Bytes of the peer go through the deframer to on_message at once, or wait in `held` while the call is
 * paused. The stream's window is credited for what has left `held`, and for the parts of a message that
 * is being put together (or a message larger than the window would never be whole).
 */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "wire/download.h"
#include "wire/internal.h"

/* ---- accounting ---- */

void call_account(struct wire_call *call)
{
	size_t now = call->sendq.cap + call->held.cap + call->deframe.body.cap + call->request.cap +
		     call->arena.used + call->in.bytes + call->text_bytes;

	call->conn->wire->buffered += now - call->accounted;
	if (call->is_run)
		call->conn->wire->buffered_runs += now - call->accounted;
	call->accounted = now;
}

void call_set_runs_long(struct wire_call *call, bool runs_long)
{
	call->runs_long = runs_long;
	call->is_run = runs_long && (call->conn->is_operator || call->role == WIRE_CLIENT);
	if (call->is_run)
		call->conn->wire->buffered_runs += call->accounted;
}

/* A run, an operator's or one that we ask for, is bounded by its windows and slowed down by wire_send(). All else has to
 * wait; not for runs whose readers have stopped, or heartbeats would be refused because of them. */
bool call_may_grow(const struct wire_call *call)
{
	const struct wire *wire = call->conn->wire;
	size_t max = call->conn->is_operator ? WIRE_BUFFERED_MAX : WIRE_BUFFERED_STRANGERS;

	return call->is_run || wire->buffered - wire->buffered_runs <= max;
}

/* ---- receiving ---- */

void call_refuse(struct wire_call *call, enum wire_code code, const char *why)
{
	if (call->role == WIRE_SERVER)
		server_fail(call, code, why);
	else
		client_fail(call, H2_CANCEL, code, why);
}

static void refuse_compressed(struct wire_call *call)
{
	if (!call->compressed) {
		call_refuse(call, WIRE_INTERNAL, "message is flagged as compressed without a grpc-encoding");
	} else if (call->role == WIRE_SERVER) {
		meta_add(call->headers_sent ? &call->trailers : &call->headers, "grpc-accept-encoding", 20, "identity", 8);
		server_fail(call, WIRE_UNIMPLEMENTED, "compression is not supported, send with grpc-encoding: identity");
	} else {
		call_refuse(call, WIRE_INTERNAL, "the server compressed a message, which was not offered");
	}
}

static void refuse_message(struct wire_call *call, enum deframe_result result)
{
	char text[120];

	switch (result) {
	case DEFRAME_TOO_LARGE:
		snprintf(text, sizeof text, "message of %u bytes is over the limit of %zu bytes",
			 deframe_declared(&call->deframe), call->deframe.max_message);
		call_refuse(call, WIRE_RESOURCE_EXHAUSTED, text);
		break;
	case DEFRAME_COMPRESSED:
		refuse_compressed(call);
		break;
	default:
		call_refuse(call, WIRE_INTERNAL, "message prefix has an unknown flag");
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

/* Nothing of the peer is handed on any more: the owner has ended the call, or been told of its end. */
static bool is_deaf(const struct wire_call *call)
{
	return call->over || (call->role == WIRE_SERVER && call->local_done);
}

/* Hands on what is whole; returns how many bytes were used up. `data` outlives whatever the owner does. */
static size_t feed(struct wire_call *call, const uint8_t *data, size_t n)
{
	const uint8_t *msg;
	size_t left = n, len;
	enum deframe_result result = DEFRAME_MESSAGE;

	while (result == DEFRAME_MESSAGE && !is_deaf(call) && !call->paused) {
		result = deframe_next(&call->deframe, &data, &left, &msg, &len);
		if (result == DEFRAME_MESSAGE)
			on_message(call, msg, len);
	}
	if (result != DEFRAME_MESSAGE && result != DEFRAME_MORE)
		refuse_message(call, result);
	if (is_deaf(call))
		left = 0;
	if (call->id && n > left)
		h2_consume(call->conn->h2, call->id, n - left);
	return n - left;
}

/* END_STREAM counts when everything before it has been handed on. */
static void try_half_close(struct wire_call *call)
{
	if (!call->half_close_due || call->remote_done || is_deaf(call) || buf_len(&call->held))
		return;
	call->remote_done = true;
	if (call->role == WIRE_CLIENT)
		client_half_close(call);
	else if (!deframe_is_idle(&call->deframe))
		server_fail(call, WIRE_INTERNAL, "the request ends within a message");
	else
		server_half_close(call);
}

void call_deliver_held(struct wire_call *call)
{
	struct buf held = call->held;

	/* The owner may end the call while he is given what was held for it. */
	call->held = (struct buf){ 0 };
	buf_consume(&held, feed(call, buf_data(&held), buf_len(&held)));
	buf_trim(&held);
	call->held = held;
	call->progress_ms = mono_ms();
	call_account(call);
	call_arm(call);
	conn_mark_dirty(call->conn);		/* window updates */
	try_half_close(call);
}

void call_h2_data(void *arg, const uint8_t *data, size_t n)
{
	struct wire_call *call = arg;
	size_t used = 0;

	call->progress_ms = call->conn->last_read_ms;
	if (is_deaf(call) || call->foreign_body) {
		call->has_content |= n > 0;
		if (!is_deaf(call) && call->role == WIRE_CLIENT)
			client_foreign_body(call, data, n);
		h2_consume(call->conn->h2, call->id, n);
		return;
	}
	if (!call->paused && !buf_len(&call->held))
		used = feed(call, data, n);
	if (used < n)
		buf_append(&call->held, data + used, n - used);
	call_account(call);
	call_arm(call);
	if (!call_may_grow(call))
		call_refuse(call, WIRE_RESOURCE_EXHAUSTED, CALL_TOO_MUCH);
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
	too_large |= call->in_too_large;
	call_account(call);
	if (call->role == WIRE_SERVER)
		server_headers(call, end_stream, too_large);
	else
		client_headers(call, end_stream, too_large);
}

void call_h2_half_close(void *arg)
{
	struct wire_call *call = arg;

	call->half_close_due = true;
	if (call->role == WIRE_CLIENT)
		client_stream_ended(call);
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

static size_t pull_file(const struct wire_call *call, size_t max, enum h2_pull *then)
{
	uint64_t left = download_left(call->download);

	*then = left > max ? H2_PULL_MORE : H2_PULL_END;
	return left > max ? max : (size_t)left;
}

size_t call_h2_pull(void *arg, size_t max, enum h2_pull *then)
{
	struct wire_call *call = arg;
	size_t n = buf_len(&call->sendq);

	if (call->download)
		return pull_file(call, max, then);
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

bool call_h2_copy(void *arg, uint8_t *to, size_t n)
{
	struct wire_call *call = arg;

	if (call->download)
		return download_read(call->download, to, n) == 0;
	memcpy(to, buf_data(&call->sendq), n);
	buf_consume(&call->sendq, n);
	call->pulled = 0;
	call->progress_ms = mono_ms();
	if (!call->stopped || buf_len(&call->sendq) > WIRE_SEND_LOW)
		return true;
	call->stopped = false;
	call_due(call, DUE_DRAIN);
	return true;
}

void call_h2_trailers(void *arg)
{
	server_send_trailers(arg);
}

/* All but what the session has already counted into a frame. */
void call_drop_queue(struct wire_call *call)
{
	if (call->pulled)
		call->sendq.tail = call->sendq.head + call->pulled;
	else
		buf_clear(&call->sendq);
}

void call_wake_sender(struct wire_call *call)
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
	if (!call_may_grow(call)) {
		wire_end(call, WIRE_RESOURCE_EXHAUSTED, CALL_TOO_MUCH);
		return false;
	}
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
	call_wake_sender(call);
	if (!call->runs_long)
		call_arm(call);
	if (buf_len(&call->sendq) >= WIRE_SEND_HIGH || call->conn->wire->buffered > WIRE_BUFFERED_MAX)
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

/*
 * protobuf wants UTF-8 in a `string`, and a peer in another language ends the call over anything else: so
 * what a peer would refuse, ours included, is never sent.
 */
static bool is_sound(struct wire_call *call, const ProtobufCMessage *message, const uint8_t *packed, size_t len)
{
	const char *why = "";
	char text[160];

	if (unpack_check(message->descriptor, packed, len, &why) == 0)
		return true;
	snprintf(text, sizeof text, "%s to send: %s", message->descriptor->short_name, why);
	wire_end(call, WIRE_INTERNAL, text);
	return false;
}

bool wire_send_message(struct wire_call *call, const ProtobufCMessage *message)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	uint8_t *to;

	if (!queue_message_room(call, len))
		return true;
	to = reserve_message(call, len);
	protobuf_c_message_pack(message, to);
	return !is_sound(call, message, to, len) || queued(call, len);
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
	call_wake_sender(call);
}
