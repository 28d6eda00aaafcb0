/*
 * h2.c - see h2.h: life and receiving. Sending is h2_send.c's, what is looked at before the library sees it
 * h2_scan.c's. Traps of nghttp2 1.52 that shape all three:
 *
 *  - callbacks must not send or receive; they only note failures, which h2_recv() acts on afterwards;
 *  - on_stream_close is where a stream's object dies, but nghttp2_session_del() does not fire it;
 *  - auto window update is off: the connection window is credited at arrival, a stream's window when its
 *    bytes have been handed on, so that one slow stream never starves its neighbours.
 */
#include "wire/h2.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "wire/h2_session.h"
#include "wire/libraries.h"
#include "wire/limits.h"

/* Of the library: behind the guard's and our own limits. A CONTINUATION that comes in pieces counts as many. */
enum { MAX_CONTINUATIONS = 32, MAX_OUTBOUND_ACK = 100, RESET_BURST = 20000, RESET_RATE = 2000, PREFACE_LEN = 24 };

/* ---- failures ---- */

void h2_note_failure(struct h2 *h2, uint32_t error, const char *why, const char *debug)
{
	if (h2->failed)
		return;
	h2->failed = true;
	h2->fail_error = error;
	h2->fail_debug = debug;
	snprintf(h2->why, sizeof h2->why, "%s", why);
}

void h2_guard_check(struct h2 *h2, enum guard_event event)
{
	if (!guard_allow(&h2->guard, event, h2->now_ms))
		h2_note_failure(h2, H2_ENHANCE_YOUR_CALM, guard_reason(event), event == GUARD_PING ? "too_many_pings" : "");
}

void h2_note_reason(struct h2 *h2, const char *text)
{
	if (!h2->why[0])
		snprintf(h2->why, sizeof h2->why, "%s", text);
}

/* ---- receiving ---- */

void *h2_stream_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

static bool opens_stream(const struct h2 *h2, const nghttp2_frame *frame)
{
	return h2->role == WIRE_SERVER && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2 *h2 = arg;
	void *stream;

	h2->block_bytes = 0;
	h2->block_fields = 0;
	h2->block_too_large = false;
	h2->block_is_interim = false;
	if (h2->headers_unseen)
		h2->headers_unseen--;
	if (!opens_stream(h2, frame))
		return 0;
	guard_progress(&h2->guard);
	stream = h2->ops->on_request(h2->arg, frame->hd.stream_id);
	if (!stream)
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
	nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
	return 0;
}

/* Over the limit fields are dropped but the block is decoded to its end: HPACK state must stay right. */
static int on_too_large(struct h2 *h2)
{
	if (!h2->block_too_large)
		h2_guard_check(h2, GUARD_BIG_HEADERS);
	h2->block_too_large = true;
	if (h2->block_bytes > WIRE_HEADER_BOMB)
		h2_note_failure(h2, H2_ENHANCE_YOUR_CALM, "header block far over the limit", "");
	return h2->failed ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE : 0;
}

static bool is_interim(const uint8_t *name, size_t name_len, const uint8_t *value, size_t value_len)
{
	return name_len == 7 && !memcmp(name, ":status", 7) && value_len && *value == '1';
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
		     const uint8_t *value, size_t value_len, uint8_t flags, void *arg)
{
	struct h2 *h2 = arg;
	void *stream = h2_stream_of(session, frame->hd.stream_id);

	(void)flags;
	h2->block_bytes += name_len + value_len + 32;
	h2->block_fields++;
	if (h2->block_bytes > WIRE_HEADER_LIST_MAX || h2->block_fields > WIRE_HEADER_FIELDS_MAX)
		return on_too_large(h2);
	h2->block_is_interim |= is_interim(name, name_len, value, value_len);
	if (stream)
		h2->ops->on_field(stream, name, name_len, value, value_len);
	return 0;
}

static int on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t n, void *arg)
{
	struct h2 *h2 = arg;
	void *stream = h2_stream_of(session, id);

	(void)flags;
	guard_progress(&h2->guard);
	nghttp2_session_consume_connection(session, n);
	if (stream)
		h2->ops->on_data(stream, data, n);
	else
		nghttp2_session_consume_stream(session, id, n);
	return 0;
}

static void on_frame_settings(struct h2 *h2, const nghttp2_frame *frame)
{
	if (frame->hd.flags & NGHTTP2_FLAG_ACK) {
		h2->settings_acked = true;
		return;
	}
	h2_guard_check(h2, GUARD_SETTINGS);
	h2->got_settings = true;
	h2->ops->on_settings(h2->arg);
}

/* How often a server may ask is its own affair: short of a flood, which the count of control frames stops. */
static void on_frame_ping(struct h2 *h2, const nghttp2_frame *frame)
{
	if (frame->hd.flags & NGHTTP2_FLAG_ACK)
		h2->ops->on_ping_ack(h2->arg);
	else if (h2->role == WIRE_SERVER)
		h2_guard_check(h2, GUARD_PING);
}

/* A client that resets a call we have answered whole only tidies up; others make work for nothing. An
 * operator may cancel all his calls at once. */
static void on_frame_reset(struct h2 *h2, nghttp2_session *session, const nghttp2_frame *frame)
{
	if (h2->role == WIRE_SERVER && !h2->is_operator && nghttp2_session_get_stream_local_close(session, frame->hd.stream_id) != 1)
		h2_guard_check(h2, GUARD_PEER_RESET);
}

/* Of a response only the final block is one; interim ones may come without end. */
static void on_frame_headers(struct h2 *h2)
{
	if (h2->block_is_interim)
		h2_guard_check(h2, GUARD_CONTROL);
	else
		guard_progress(&h2->guard);
}

static void on_frame_data(struct h2 *h2, const nghttp2_frame *frame)
{
	bool is_padding = frame->hd.length && frame->hd.length == frame->data.padlen;

	if (is_padding && !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		h2_guard_check(h2, GUARD_EMPTY_DATA);
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2 *h2 = arg;
	bool end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
	void *stream;

	switch (frame->hd.type) {
	case NGHTTP2_SETTINGS:
		on_frame_settings(h2, frame);
		return 0;
	case NGHTTP2_PING:
		on_frame_ping(h2, frame);
		return 0;
	case NGHTTP2_GOAWAY:
		h2->ops->on_goaway(h2->arg, frame->goaway.error_code, frame->goaway.opaque_data, frame->goaway.opaque_data_len);
		return 0;
	case NGHTTP2_RST_STREAM:
		on_frame_reset(h2, session, frame);
		return 0;
	case NGHTTP2_HEADERS:
		on_frame_headers(h2);
		break;
	case NGHTTP2_DATA:
		on_frame_data(h2, frame);
		break;
	default:
		return 0;
	}
	stream = h2_stream_of(session, frame->hd.stream_id);
	if (stream && frame->hd.type == NGHTTP2_HEADERS)
		h2->ops->on_headers(stream, end, h2->block_too_large);
	stream = h2_stream_of(session, frame->hd.stream_id);
	if (stream && end)
		h2->ops->on_half_close(stream);
	return 0;
}

static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error, void *arg)
{
	struct h2 *h2 = arg;

	(void)session;
	(void)frame;
	if (nghttp2_is_fatal(error) || error == NGHTTP2_ERR_PROTO)
		h2_note_reason(h2, nghttp2_strerror(error));
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error, void *arg)
{
	struct h2 *h2 = arg;
	void *stream = h2_stream_of(session, id);

	if (!stream)
		return 0;
	nghttp2_session_set_stream_user_data(session, id, NULL);
	h2->ops->on_close(stream, error, error == NGHTTP2_REFUSED_STREAM);
	return 0;
}

/* ---- life ---- */

static nghttp2_session_callbacks *make_callbacks(void)
{
	nghttp2_session_callbacks *cb;

	if (nghttp2_session_callbacks_new(&cb))
		return NULL;
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data_chunk);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame_recv);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cb, on_invalid_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
	h2_send_callbacks(cb);
	return cb;
}

static nghttp2_option *make_option(void)
{
	nghttp2_option *o;

	if (nghttp2_option_new(&o))
		return NULL;
	nghttp2_option_set_no_auto_window_update(o, 1);
	nghttp2_option_set_peer_max_concurrent_streams(o, WIRE_PEER_STREAMS_GUESS);
	nghttp2_option_set_max_outbound_ack(o, MAX_OUTBOUND_ACK);
	nghttp2_option_set_max_continuations(o, MAX_CONTINUATIONS);
	nghttp2_option_set_stream_reset_rate_limit(o, RESET_BURST, RESET_RATE);
	nghttp2_option_set_max_deflate_dynamic_table_size(o, 4096);
	return o;
}

static int open_session(struct h2 *h2)
{
	nghttp2_session_callbacks *cb = make_callbacks();
	nghttp2_option *o = make_option();
	int rv = NGHTTP2_ERR_NOMEM;

	if (cb && o && h2->role == WIRE_SERVER)
		rv = nghttp2_session_server_new2(&h2->session, cb, h2, o);
	else if (cb && o)
		rv = nghttp2_session_client_new2(&h2->session, cb, h2, o);
	nghttp2_session_callbacks_del(cb);
	nghttp2_option_del(o);
	return rv;
}

static int submit_settings(struct h2 *h2, uint32_t max_streams)
{
	nghttp2_settings_entry e[] = {
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WIRE_STREAM_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, WIRE_HEADER_LIST_MAX },
		{ NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
		{ NGHTTP2_SETTINGS_MAX_FRAME_SIZE, h2->role == WIRE_CLIENT ? WIRE_FRAME_CLIENT : WIRE_FRAME_SERVER },
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, max_streams },
	};
	int rv;

	if (h2->role == WIRE_CLIENT)
		e[4] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 };
	rv = nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, e, sizeof e / sizeof *e);
	if (rv == 0)
		rv = nghttp2_session_set_local_window_size(h2->session, NGHTTP2_FLAG_NONE, 0, WIRE_CONN_WINDOW);
	return rv;
}

struct h2 *h2_new(const struct h2_config *config, const struct h2_ops *ops, void *arg, uint64_t now_ms)
{
	struct h2 *h2 = mem_new(struct h2);

	h2->ops = ops;
	h2->arg = arg;
	h2->role = config->role;
	h2->is_operator = config->is_operator;
	guard_init(&h2->guard, config->min_ping_ms, now_ms);
	scan_init(&h2->scan, config->role == WIRE_SERVER ? PREFACE_LEN : 0);
	if (open_session(h2) || submit_settings(h2, config->max_streams))
		abort();	/* out of memory is the only reason */
	return h2;
}

void h2_free(struct h2 *h2)
{
	if (!h2)
		return;
	nghttp2_session_del(h2->session);
	free(h2);
}

/* The caller hears of a failure once. */
int h2_act_on_failure(struct h2 *h2)
{
	if (!h2->failed || h2->reported)
		return 0;
	h2->reported = true;
	h2_goaway(h2, h2->fail_error, h2->fail_debug);
	return -EPROTO;
}

int h2_recv(struct h2 *h2, const uint8_t *data, size_t n, uint64_t now_ms)
{
	ssize_t rv;

	h2->now_ms = now_ms;
	h2_scan_frames(h2, data, n);
	if (h2->failed)
		return h2_act_on_failure(h2);
	rv = nghttp2_session_mem_recv(h2->session, data, n);
	if (rv < 0)
		h2_note_failure(h2, rv == NGHTTP2_ERR_BAD_CLIENT_MAGIC ? H2_PROTOCOL_ERROR : H2_ENHANCE_YOUR_CALM,
			     nghttp2_strerror((int)rv), "");
	h2_scan_dropped(h2);
	return h2_act_on_failure(h2);
}

bool h2_is_over(const struct h2 *h2)
{
	return (h2->ended || !nghttp2_session_want_read(h2->session)) && !nghttp2_session_want_write(h2->session);
}

const char *h2_why(const struct h2 *h2)
{
	return h2->why;
}

size_t h2_queued_frames(const struct h2 *h2)
{
	return nghttp2_session_get_outbound_queue_size(h2->session);
}

bool h2_settings_acked(const struct h2 *h2)
{
	return h2->settings_acked;
}

bool h2_in_header_block(const struct h2 *h2)
{
	return h2->in_header_block;
}

struct library h2_library(void)
{
	return (struct library){ "nghttp2", nghttp2_version(0)->version_str, NGHTTP2_VERSION };
}
