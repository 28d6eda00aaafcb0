/*
 * server.c - the answering side: which handler, and response headers and trailers.
 *
 * Rules: PROTOCOL-HTTP2 "Requests", "Responses"; what the library itself answers uses only the codes
 * that doc/statuscodes.md leaves to it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/utf8.h"
#include "wire/conn.h"
#include "wire/download.h"
#include "wire/field.h"
#include "wire/headers.h"
#include "wire/internal.h"

/* What a shortened grpc-message leaves to metadata. */
enum { HEADER_LIST_RESERVE = 256 };

/* ---- the request ---- */

struct wire_call *server_request(struct wire_conn *conn, int32_t id)
{
	struct wire_call *call = call_new(conn, WIRE_SERVER);

	call->id = id;
	return call;
}

/* The first one counts. */
static void take_text(struct wire_call *call, char **text, const char *value, size_t len)
{
	if (*text)
		return;
	*text = mem_strndup(value, len);
	call->text_bytes += len;
}

static void take_method(struct wire_call *call, const char *value, size_t len)
{
	call->is_post = HEADERS_IS(value, len, "POST");
	call->is_get = HEADERS_IS(value, len, "GET");
	call->is_head = HEADERS_IS(value, len, "HEAD");
}

static void take_timeout(struct wire_call *call, const uint8_t *value, size_t len)
{
	uint64_t ns;

	if (field_parse_timeout(value, len, &ns) < 0)
		call->bad_timeout = true;
	else
		call_set_deadline(call, ns / 1000);
}

void server_field(struct wire_call *call, const char *name, size_t n, const uint8_t *value, size_t len)
{
	if (call->headers_seen)
		return;		/* trailers of a request say nothing in gRPC */
	if (HEADERS_IS(name, n, ":path"))
		take_text(call, &call->path, (const char *)value, len);
	else if (HEADERS_IS(name, n, ":method"))
		take_method(call, (const char *)value, len);
	else if (HEADERS_IS(name, n, "content-type"))
		call->content = (uint8_t)field_content_type(value, len), call->has_content_type = true;
	else if (HEADERS_IS(name, n, "grpc-timeout"))
		take_timeout(call, value, len);
	else if (HEADERS_IS(name, n, "grpc-encoding"))
		call->compressed = !HEADERS_IS((const char *)value, len, "identity");
	else if (HEADERS_IS(name, n, "user-agent"))
		take_text(call, &call->user_agent, (const char *)value, len);
	else if (HEADERS_IS(name, n, "te"))
		call->has_te = true;		/* the library lets no other value pass than "trailers" */
	else if (name[0] != ':' && !(n >= 5 && !memcmp(name, "grpc-", 5)))
		call->in_too_large |= !headers_take_meta(&call->in, name, n, value, len);
}

static const struct wire_method *method_at(const struct wire *wire, const char *path, void **arg)
{
	for (size_t t = 0; t < wire->n_tables; t++)
		for (size_t i = 0; i < wire->tables[t].n; i++)
			if (!strcmp(wire->tables[t].methods[i].path, path)) {
				*arg = wire->tables[t].arg;
				return &wire->tables[t].methods[i];
			}
	return NULL;
}

static bool find_method(struct wire_call *call)
{
	call->method = method_at(call->conn->wire, call->path, &call->method_arg);
	if (call->method)
		call_set_runs_long(call, call->method->runs_long);
	return call->method;
}

/* ---- clients that do not speak gRPC at all ---- */

static enum download_method http_method(const struct wire_call *call)
{
	return call->is_get ? DOWNLOAD_GET : call->is_head ? DOWNLOAD_HEAD : DOWNLOAD_OTHER;
}

/* Its answer, when it came for a file; at the path of a gRPC method there is none. Owned. */
static struct download *find_download(const struct wire_call *call)
{
	const char *target = call->path ? call->path : "";
	struct download *d;
	void *arg;

	if (!download_is_offered(call->conn) || method_at(call->conn->wire, target, &arg))
		return NULL;
	if (!call->is_post && (call->has_content || !call->remote_done))
		return download_error(400, http_method(call));
	d = download_new(call->conn, http_method(call), target);
	if (!call->is_post || download_status(d) != 404)
		return d;
	download_free(d);		/* a POST is taken for a gRPC call that was meant */
	return NULL;
}

/* A reader that is too slow is cut off by the time of the call. */
static void answer_download(struct wire_call *call, struct download *d)
{
	struct headers h = { .n = 0 };

	call->download = d;
	call->conn->n_downloads++;
	call->started = true;
	call->local_done = call->headers_sent = true;
	download_headers(d, &h);
	h2_respond(call->conn->h2, call->id, h.fields, h.n, download_left(d) > 0);
	headers_done(&h);
	conn_limit_unsent(call->conn);
	conn_mark_dirty(call->conn);
	call_arm(call);
}

static void answer_text(struct wire_call *call)
{
	const char *text = call->is_post ? "gRPC needs content-type: application/grpc\n" : "gRPC needs POST\n";
	uint16_t status = call->is_post ? 415 : 405;
	struct headers h = { .n = 0 };
	char code[8];

	snprintf(code, sizeof code, "%u", status);
	headers_add_text(&h, ":status", code);
	headers_add_text(&h, "content-type", "text/plain");
	if (status == 405)
		headers_add_text(&h, "allow", "POST");
	call->http_status = status;
	call->local_done = call->headers_sent = true;
	if (!call->is_head)
		buf_append_str(&call->sendq, text);
	h2_respond(call->conn->h2, call->id, h.fields, h.n, !call->is_head);
	headers_done(&h);
	conn_mark_dirty(call->conn);
	call_over(call, WIRE_UNIMPLEMENTED, text);
}

static void answer_http(struct wire_call *call)
{
	struct download *d = find_download(call);

	if (d)
		answer_download(call, d);
	else
		answer_text(call);
}

/* Such a client may not look for an answer before it has sent its body, which is therefore waited for
 * until the request's time is over. */
static bool refuse_http(struct wire_call *call)
{
	call->foreign_body = !call->is_post || !call->has_content_type || call->content == FIELD_CONTENT_FOREIGN;
	if (call->foreign_body)
		call_arm(call);
	return call->foreign_body;
}

/* gRPC asks for "te: trailers" to find proxies that drop trailers. Calls work without, so one line is enough. */
static void note_te(struct wire_call *call)
{
	struct wire *wire = call->conn->wire;

	if (call->has_te || wire->missed_te)
		return;
	wire->missed_te = true;
	log_debug("connection %s: request without \"te: trailers\": a proxy on the way may drop statuses; said once",
		  call->conn->peer.address);
}

/* Who shows no certificate may not know that it needs one; who shows one that is not accepted reads why. */
static bool refuse_role(struct wire_call *call)
{
	const struct wire_peer *peer = &call->conn->peer;
	const struct wire *wire = call->conn->wire;
	char text[300];

	if (call->method->roles & peer->roles)
		return false;
	if (wire->on_refusal)
		wire->on_refusal(call, wire->refusal_arg);
	if (peer->refused)
		snprintf(text, sizeof text, "%s", peer->refused);
	else if (!peer->identity && !peer->is_unix)
		snprintf(text, sizeof text, "this needs a certificate of this cluster: enrol first");
	else
		snprintf(text, sizeof text, "%s is not for you, see sloth whoami", call->method->path);
	server_fail(call, peer->identity || peer->is_unix ? WIRE_PERMISSION_DENIED : WIRE_UNAUTHENTICATED, text);
	return true;
}

static bool refuse_grpc(struct wire_call *call, bool too_large)
{
	char text[300];

	if (too_large)
		server_fail(call, WIRE_RESOURCE_EXHAUSTED, "request headers are over the limit of 16 KiB or 128 fields");
	else if (call->content == FIELD_CONTENT_OTHER_CODEC)
		server_fail(call, WIRE_UNIMPLEMENTED, "only application/grpc and application/grpc+proto are served");
	else if (!call->path || strlen(call->path) > WIRE_PATH_MAX || !find_method(call)) {
		snprintf(text, sizeof text, "unknown method %s", str_quote(call->path ? call->path : ""));
		server_fail(call, WIRE_UNIMPLEMENTED, text);
	} else if (call->bad_timeout)
		server_fail(call, WIRE_INTERNAL, "malformed grpc-timeout");
	else if (wire_call_left_ms(call) == 0)
		server_fail(call, WIRE_DEADLINE_EXCEEDED, "deadline exceeded");
	else if (refuse_role(call))
		return true;
	else if (!call_may_grow(call))
		server_fail(call, WIRE_RESOURCE_EXHAUSTED, CALL_TOO_MUCH);
	else if (call->conn->wire->shutting_down && call->conn->goaway_final)
		server_fail(call, WIRE_UNAVAILABLE, "shutting down");
	else
		return false;
	return true;
}

/* Handlers at work are counted for strangers only: an operator's streams are limit enough. */
static bool count_handler(struct wire_call *call)
{
	struct wire_conn *conn = call->conn;

	if (conn->is_operator || call->runs_long)
		return true;
	if (conn->n_handlers >= WIRE_HANDLERS_PER_CONN || conn->wire->n_handlers >= WIRE_HANDLERS_MAX)
		return false;
	call->counted = true;
	conn->n_handlers++;
	conn->wire->n_handlers++;
	return true;
}

static void start(struct wire_call *call, const uint8_t *data, size_t len)
{
	call->started = true;
	if (!count_handler(call)) {
		server_fail(call, WIRE_RESOURCE_EXHAUSTED, "too many calls are at work, try again later");
		return;
	}
	call->progress_ms = mono_ms();
	call_arm(call);
	call->method->start(call, data, len, call->method_arg);
}

void server_headers(struct wire_call *call, bool end_stream, bool too_large)
{
	(void)end_stream;
	if (call->headers_seen)
		return;
	call->headers_seen = true;
	if ((!too_large && refuse_http(call)) || refuse_grpc(call, too_large)) {
		meta_done(&call->in);		/* nobody will ask for it, and its budget may be what is missing */
		call_account(call);
		return;
	}
	note_te(call);
	if (call->method->max_message)
		call->deframe.max_message = call->method->max_message;
	if (call->method->unary)
		call_arm(call);
	else
		start(call, NULL, 0);
}

void server_message(struct wire_call *call, const uint8_t *data, size_t len)
{
	if (call->n_messages > 1)
		server_fail(call, WIRE_INTERNAL, "more than one request message for a unary method");
	else
		buf_append(&call->request, data, len);
}

void server_half_close(struct wire_call *call)
{
	if (call->foreign_body) {
		answer_http(call);
		return;
	}
	if (!call->method->unary) {
		if (call->ops->on_half_close)
			call->ops->on_half_close(call, call->arg);
		return;
	}
	if (call->n_messages == 0) {
		server_fail(call, WIRE_INTERNAL, "no request message");
		return;
	}
	start(call, buf_data(&call->request), buf_len(&call->request));
	buf_done(&call->request);
	call_account(call);
}

void server_closed(struct wire_call *call, uint32_t error)
{
	char text[80];

	if (error == H2_CANCEL) {
		call_over(call, WIRE_CANCELLED, "cancelled by the caller");
		return;
	}
	snprintf(text, sizeof text, "the caller reset the call: %s", wire_h2_error_name(error));
	call_over(call, WIRE_UNAVAILABLE, text);
}

/* ---- the response ---- */

static bool may_add(const struct wire_field *field)
{
	return field_name_is_valid(field->name) &&
	       (field_is_bin(field->name, strlen(field->name)) || field_value_is_valid(field->value, field->len));
}

void wire_add_header(struct wire_call *call, const struct wire_field *field)
{
	if (may_add(field))
		meta_add(&call->headers, field->name, strlen(field->name), field->value, field->len);
}

void wire_add_trailer(struct wire_call *call, const struct wire_field *field)
{
	if (may_add(field))
		meta_add(&call->trailers, field->name, strlen(field->name), field->value, field->len);
}

/* grpc-status and grpc-message, the latter shortened to what `max` bytes of fields leave it. `message` holds
 * its text. */
static void add_status(struct headers *h, const struct wire_call *call, size_t max, char *code, struct buf *message)
{
	size_t taken;

	snprintf(code, 8, "%d", (int)call->code);
	headers_add_text(h, "grpc-status", code);
	if (call->code == WIRE_OK || !call->why)
		return;
	taken = h->bytes + HEADER_LIST_RESERVE;
	field_encode_message(call->why, max > taken ? max - taken : 0, message);
	if (buf_len(message))
		headers_add(h, "grpc-message", buf_data(message), buf_len(message), true);
}

/* What the peer says it takes, and never more than we would: a block that is too large is no answer at all. */
static size_t header_list_max(const struct wire_call *call)
{
	uint32_t max = h2_peer_header_list_max(call->conn->h2);

	return max < WIRE_HEADER_LIST_MAX ? max : WIRE_HEADER_LIST_MAX;
}

/* The status goes out in any case, metadata as far as the peer has room for it. */
static void submit(struct wire_call *call, bool initial, bool trailers)
{
	size_t max = header_list_max(call);
	struct headers h = { .n = 0 };
	struct buf message = { 0 };
	char code[8];

	if (initial) {
		headers_add_text(&h, ":status", "200");
		headers_add_text(&h, "content-type", "application/grpc");
	}
	if (trailers)
		add_status(&h, call, max, code, &message);
	h.max = max ? max : 1;
	if (initial)
		headers_add_meta(&h, &call->headers);
	if (trailers)
		headers_add_meta(&h, &call->trailers);
	if (initial)
		h2_respond(call->conn->h2, call->id, h.fields, h.n, !trailers);
	else
		h2_trailers(call->conn->h2, call->id, h.fields, h.n);
	headers_done(&h);
	buf_done(&message);
}

void server_send_headers(struct wire_call *call)
{
	if (call->id == 0)
		return;
	call->headers_sent = true;
	submit(call, true, call->local_done && buf_len(&call->sendq) == 0);
	conn_mark_dirty(call->conn);
}

void server_send_trailers(struct wire_call *call)
{
	submit(call, false, true);
}

void server_fail(struct wire_call *call, enum wire_code code, const char *why)
{
	if (call->over)
		return;
	if (call->download) {
		h2_reset(call->conn->h2, call->id, H2_CANCEL);
		conn_mark_dirty(call->conn);
		call_over(call, code, why);
		return;
	}
	if (call->foreign_body) {		/* its time is over */
		answer_http(call);
		return;
	}
	call_drop_queue(call);
	wire_end(call, code, why);
	call_over(call, code, why);
}
