/*
 * client.c - the calling side: request headers out, response headers and status in.
 *
 * Rules: PROTOCOL-HTTP2 "Requests", "Responses"; doc/http-grpc-status-mapping.md where a response is no
 * gRPC. The status is the trailers'; a stream that ends without one is an error whatever it delivered.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "wire/field.h"
#include "wire/headers.h"
#include "wire/internal.h"

enum { FOREIGN_BODY_MAX = 200 };

static const char user_agent[] = "sloth/" SLOTH_VERSION " grpc-c/" SLOTH_VERSION;

/* ---- the request ---- */

static void copy_metadata(struct wire_call *call, const struct wire_request *request)
{
	for (size_t i = 0; i < request->n_metadata; i++) {
		const struct wire_field *f = &request->metadata[i];

		if (field_name_is_valid(f->name) &&
		    (field_is_bin(f->name, strlen(f->name)) || field_value_is_valid(f->value, f->len)))
			meta_add(&call->headers, f->name, strlen(f->name), f->value, f->len);
	}
}

static void refuse(struct wire_call *call, enum wire_code code, const char *why)
{
	call->unprocessed = true;
	call_over(call, code, why);
}

/* It would be refused elsewhere too, so it does not count as unprocessed. */
static void refuse_metadata(struct wire_call *call, size_t n)
{
	char text[80];

	snprintf(text, sizeof text, "%zu fields of metadata: at most %u are sent", n, WIRE_HEADER_FIELDS_MAX);
	call_over(call, WIRE_RESOURCE_EXHAUSTED, text);
}

struct wire_call *wire_call(struct wire_conn *conn, const struct wire_request *request,
			    const struct wire_call_ops *ops, void *arg)
{
	struct wire_call *call = call_new(conn, WIRE_CLIENT);

	wire_accept(call, ops, arg);
	call->path = mem_strdup(request->path);
	call_set_runs_long(call, request->runs_long);
	if (request->max_message)
		call->deframe.max_message = request->max_message;
	copy_metadata(call, request);
	if (request->timeout_ms)
		call_set_deadline(call, request->timeout_ms * 1000);
	if (conn->state > CONN_UP) {
		refuse(call, WIRE_UNAVAILABLE, conn->why ? conn->why : "the connection is closing");
	} else if (request->n_metadata > WIRE_HEADER_FIELDS_MAX) {
		refuse_metadata(call, request->n_metadata);
	} else if (conn->n_waiting >= WIRE_WAITING_CALLS_MAX) {
		refuse(call, WIRE_RESOURCE_EXHAUSTED, "too many calls wait for this connection");
	} else {
		list_push(&conn->waiting, &call->waiting_link);
		conn->n_waiting++;
		conn_start_waiting(conn);
	}
	return call;
}

static void add_timeout(struct headers *h, const struct wire_call *call, char *text)
{
	uint64_t now = mono_us();

	if (call->deadline_us == UINT64_MAX)
		return;
	field_format_timeout(call->deadline_us > now ? call->deadline_us - now : 1, text);
	headers_add(h, "grpc-timeout", text, strlen(text), true);
}

void client_submit(struct wire_call *call)
{
	struct wire_conn *conn = call->conn;
	struct headers h = { .n = 0 };
	char timeout[16];
	int32_t id;

	headers_add_text(&h, ":method", "POST");
	headers_add_text(&h, ":scheme", "http");
	headers_add_text(&h, ":path", call->path);
	headers_add_text(&h, ":authority", conn->authority ? conn->authority : "localhost");
	add_timeout(&h, call, timeout);
	headers_add_text(&h, "te", "trailers");
	headers_add_text(&h, "content-type", "application/grpc");
	headers_add_text(&h, "user-agent", user_agent);
	headers_add_text(&h, "grpc-accept-encoding", "identity");
	headers_add_meta(&h, &call->headers);
	if (h.bytes > h2_peer_header_list_max(conn->h2)) {
		call_over(call, WIRE_RESOURCE_EXHAUSTED, "metadata is over the limit that the server announced");
		headers_done(&h);
		return;
	}
	id = h2_request(conn->h2, h.fields, h.n, call);
	headers_done(&h);
	if (id < 0) {
		refuse(call, WIRE_UNAVAILABLE, "the connection has no stream ids left");
		return;
	}
	call->id = id;
	call->headers_sent = true;
	conn->n_streams++;
	conn_mark_dirty(conn);
}

/* ---- the response ---- */

static void take_status(struct wire_call *call, const uint8_t *value, size_t len)
{
	call->has_status = true;
	call->code = (enum wire_code)field_parse_status(value, len, &call->odd_status);
}

static void take_message(struct wire_call *call, const uint8_t *value, size_t len)
{
	free(call->why);
	call->why = field_decode_message(value, len);
}

void client_field(struct wire_call *call, const char *name, size_t n, const uint8_t *value, size_t len)
{
	if (HEADERS_IS(name, n, ":status"))
		call->http_status = len == 3 ? (uint16_t)((value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0')) : 0;
	else if (HEADERS_IS(name, n, "content-type"))
		call->content = (uint8_t)field_content_type(value, len), call->has_content_type = true;
	else if (HEADERS_IS(name, n, "grpc-status"))
		take_status(call, value, len);
	else if (HEADERS_IS(name, n, "grpc-message"))
		take_message(call, value, len);
	else if (HEADERS_IS(name, n, "grpc-encoding"))
		call->compressed = !HEADERS_IS((const char *)value, len, "identity");
	else if (name[0] != ':' && !(n >= 5 && !memcmp(name, "grpc-", 5)))
		call->in_too_large |= !headers_take_meta(&call->in, name, n, value, len);
}

static void forget_status(struct wire_call *call)
{
	call->has_status = false;
	free(call->why);
	call->why = NULL;
}

/* 1xx responses come before the real one and are not for us. A status is one at the end only: ahead of the
 * messages it cannot know how they went. */
static void take_first_headers(struct wire_call *call, bool end_stream)
{
	if (!end_stream)
		forget_status(call);
	if (call->http_status >= 100 && call->http_status < 200) {
		meta_done(&call->in);
		call->has_content_type = call->compressed = false;
		return;
	}
	call->headers_seen = true;
	if (!call->has_status)
		call->foreign_body = call->http_status != 200 || !call->has_content_type || call->content == FIELD_CONTENT_FOREIGN;
}

void client_headers(struct wire_call *call, bool end_stream, bool too_large)
{
	if (too_large) {
		client_fail(call, H2_CANCEL, WIRE_RESOURCE_EXHAUSTED, "response headers are over the limit of 16 KiB or 128 fields");
		return;
	}
	if (call->headers_seen && !end_stream) {
		client_fail(call, H2_PROTOCOL_ERROR, WIRE_INTERNAL, "a second header block does not end the response");
		return;
	}
	if (!call->headers_seen)
		take_first_headers(call, end_stream);
}

/* The server wants no more; a reset here would look like a cancelled call to it. */
void client_stream_ended(struct wire_call *call)
{
	if (call->over || call->local_done)
		return;
	call_drop_queue(call);
	call->local_done = true;
	h2_resume(call->conn->h2, call->id);
	conn_mark_dirty(call->conn);
}

void client_foreign_body(struct wire_call *call, const uint8_t *data, size_t n)
{
	size_t room = FOREIGN_BODY_MAX - buf_len(&call->request);

	buf_append(&call->request, data, n < room ? n : room);
	if (n >= room)
		client_half_close(call);
}

static void end_foreign(struct wire_call *call)
{
	enum wire_code code = call->http_status == 200 ? WIRE_UNKNOWN : wire_code_from_http(call->http_status);
	char text[FOREIGN_BODY_MAX * 4 + 100];
	size_t n = buf_len(&call->request);

	snprintf(text, sizeof text, "the server answered with HTTP status %u and no gRPC%s%s", call->http_status,
		 n ? ": " : "", n ? str_quote_n(buf_data(&call->request), n) : "");
	if (call->half_close_due)
		call_over(call, code, text);
	else
		client_fail(call, H2_CANCEL, code, text);	/* its rest is of no interest */
}

/* The server's clock was ahead of ours: a call that is cancelled when its time is over has run out of it. */
static enum wire_code at_deadline(const struct wire_call *call, enum wire_code code)
{
	return code == WIRE_CANCELLED && wire_call_left_ms(call) == 0 ? WIRE_DEADLINE_EXCEEDED : code;
}

/* A number that no table has is told with the words that came along. */
static void end_with_status(struct wire_call *call)
{
	const char *words = call->why ? call->why : "", *link = *words ? ": " : "";
	char *text = NULL;

	if (call->odd_status > 0)
		text = mem_printf("unknown status %ld%s%s", call->odd_status, link, words);
	else if (call->odd_status)
		text = mem_printf("status is not a number%s%s", link, words);
	call_over(call, at_deadline(call, call->code), text ? text : words);
	free(text);
}

void client_half_close(struct wire_call *call)
{
	if (call->foreign_body && !call->has_status)
		end_foreign(call);
	else if (!call->has_status)
		call_over(call, WIRE_UNKNOWN, "the server ended the call without a status");
	else if (call->code == WIRE_OK && !deframe_is_idle(&call->deframe))
		call_over(call, WIRE_INTERNAL, "the response ends within a message");
	else
		end_with_status(call);
}

static void reset_reason(const struct wire_call *call, uint32_t error, char *text, size_t size)
{
	const struct wire_conn *conn = call->conn;

	if (conn->state >= CONN_DRAINING && conn->why)
		snprintf(text, size, "%s", conn->why);
	else
		snprintf(text, size, "the server reset the call: %s", wire_h2_error_name(error));
}

void client_closed(struct wire_call *call, uint32_t error, bool unprocessed)
{
	char text[320];

	if (call->over)
		return;
	call->unprocessed = unprocessed && !call->headers_seen;
	reset_reason(call, error, text, sizeof text);
	call_over(call, at_deadline(call, wire_code_from_h2(error)), text);
}

void client_fail(struct wire_call *call, uint32_t h2_error, enum wire_code code, const char *why)
{
	if (call->over)
		return;
	if (call->id) {
		h2_reset(call->conn->h2, call->id, h2_error);
		conn_mark_dirty(call->conn);
	} else if (!list_is_empty(&call->waiting_link)) {
		list_remove(&call->waiting_link);
		call->conn->n_waiting--;
		call->unprocessed = true;
	}
	call_over(call, code, why);
}
