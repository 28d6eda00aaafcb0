/*
 * h2_send.c - the sending half of h2.c.
 *
 *  - DATA is sent with NO_COPY: frame header and payload go straight to the output buffer;
 *  - RST_STREAM drops frames queued on its stream, so the RST(NO_ERROR) behind trailers is submitted
 *    when they have been sent.
 */
#include <errno.h>
#include <string.h>

#include "wire/h2_session.h"
#include "wire/limits.h"

/* ---- frames ---- */

static ssize_t on_read(nghttp2_session *session, int32_t id, uint8_t *to, size_t max, uint32_t *flags,
		       nghttp2_data_source *source, void *arg)
{
	struct h2 *h2 = arg;
	void *stream = h2_stream_of(session, id);
	enum h2_pull then;
	size_t n;

	(void)to;
	(void)source;
	if (!stream)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;	/* detached: an end without a status is no end */
	n = h2->ops->pull(stream, max, &then);
	if (n == 0 && then == H2_PULL_MORE)
		return NGHTTP2_ERR_DEFERRED;
	*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if (then == H2_PULL_MORE)
		return (ssize_t)n;
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (then == H2_PULL_TRAILERS) {
		*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
		h2->ops->on_trailers(stream);
	}
	return (ssize_t)n;
}

static int on_send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t n,
			nghttp2_data_source *source, void *arg)
{
	struct h2 *h2 = arg;
	void *stream = h2_stream_of(session, frame->hd.stream_id);
	uint8_t *to;

	(void)source;
	if (buf_len(h2->out) >= h2->out_max)
		return NGHTTP2_ERR_WOULDBLOCK;
	if (n && !stream)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;	/* detached after its bytes were counted */
	to = buf_reserve(h2->out, 9 + n);
	memcpy(to, head, 9);
	if (n && !h2->ops->copy(stream, to + 9, n))
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	buf_commit(h2->out, 9 + n);
	return 0;
}

static ssize_t on_read_length(nghttp2_session *session, uint8_t type, int32_t id, int32_t conn_window,
			      int32_t stream_window, uint32_t max_frame, void *arg)
{
	size_t n = max_frame < WIRE_SEND_FRAME_MAX ? max_frame : WIRE_SEND_FRAME_MAX;

	(void)session;
	(void)type;
	(void)id;
	(void)arg;
	if (conn_window > 0 && (size_t)conn_window < n)
		n = (size_t)conn_window;
	if (stream_window > 0 && (size_t)stream_window < n)
		n = (size_t)stream_window;
	return (ssize_t)n;
}

static void on_own_end(struct h2 *h2, nghttp2_session *session, int32_t id)
{
	void *stream = h2_stream_of(session, id);

	/* Without this the stream stays open at both ends until the client closes its half. */
	if (h2->role == WIRE_SERVER && nghttp2_session_get_stream_remote_close(session, id) == 0)
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
	if (stream)
		h2->ops->on_end_sent(stream);
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2 *h2 = arg;

	switch (frame->hd.type) {
	case NGHTTP2_DATA:
	case NGHTTP2_HEADERS:
		guard_sent_data(&h2->guard);
		if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
			on_own_end(h2, session, frame->hd.stream_id);
		break;
	case NGHTTP2_RST_STREAM:
		if (h2->role == WIRE_SERVER && frame->rst_stream.error_code != NGHTTP2_NO_ERROR)
			h2_guard_check(h2, GUARD_OWN_RESET);
		break;
	case NGHTTP2_GOAWAY:
		if (frame->goaway.last_stream_id == INT32_MAX)
			h2_ping(h2);		/* what crosses the notice arrives before the answer */
		if (frame->goaway.error_code == NGHTTP2_NO_ERROR)
			break;
		/* Also the library's own reset limiter ends here, which does not close by itself. */
		h2->ended = true;
		h2_note_reason(h2, nghttp2_http2_strerror(frame->goaway.error_code));
		break;
	default:
		break;
	}
	return 0;
}

void h2_send_callbacks(nghttp2_session_callbacks *cb)
{
	nghttp2_session_callbacks_set_send_data_callback(cb, on_send_data);
	nghttp2_session_callbacks_set_data_source_read_length_callback(cb, on_read_length);
	nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_frame_send);
}

int h2_gather(struct h2 *h2, struct buf *out, size_t max, uint64_t now_ms)
{
	const uint8_t *data;
	ssize_t n = 1;

	h2->now_ms = now_ms;
	h2->out = out;
	h2->out_max = max;
	while (buf_len(out) < max && (n = nghttp2_session_mem_send(h2->session, &data)) > 0)
		buf_append(out, data, (size_t)n);
	h2->out = NULL;
	if (n < 0)
		h2_note_failure(h2, H2_INTERNAL_ERROR, nghttp2_strerror((int)n), "");
	return h2_act_on_failure(h2);
}

/* ---- streams ---- */

enum { FIELDS_MAX = WIRE_HEADER_FIELDS_MAX + 16 };

static size_t make_nv(const struct h2_field *f, size_t n, nghttp2_nv *nv)
{
	for (size_t i = 0; i < n && i < FIELDS_MAX; i++) {
		nv[i].name = (uint8_t *)(uintptr_t)f[i].name;
		nv[i].namelen = f[i].name_len;
		nv[i].value = (uint8_t *)(uintptr_t)f[i].value;
		nv[i].valuelen = f[i].value_len;
		nv[i].flags = f[i].no_index ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
	}
	return n < FIELDS_MAX ? n : FIELDS_MAX;
}

int32_t h2_request(struct h2 *h2, const struct h2_field *fields, size_t n, void *stream)
{
	nghttp2_nv nv[FIELDS_MAX];
	nghttp2_data_provider body = { .read_callback = on_read };
	int32_t id;

	n = make_nv(fields, n, nv);
	id = nghttp2_submit_request(h2->session, NULL, nv, n, &body, stream);
	return id > 0 ? id : -EAGAIN;
}

uint32_t h2_peer_max_streams(const struct h2 *h2)
{
	if (!h2->got_settings)
		return WIRE_PEER_STREAMS_GUESS;
	return nghttp2_session_get_remote_settings(h2->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

bool h2_is_worn_out(const struct h2 *h2)
{
	return nghttp2_session_get_next_stream_id(h2->session) > (UINT32_C(1) << 31) / 4 * 3;
}

void h2_respond(struct h2 *h2, int32_t id, const struct h2_field *fields, size_t n, bool body)
{
	nghttp2_nv nv[FIELDS_MAX];
	nghttp2_data_provider source = { .read_callback = on_read };

	n = make_nv(fields, n, nv);
	nghttp2_submit_response(h2->session, id, nv, n, body ? &source : NULL);
}

void h2_trailers(struct h2 *h2, int32_t id, const struct h2_field *fields, size_t n)
{
	nghttp2_nv nv[FIELDS_MAX];

	n = make_nv(fields, n, nv);
	nghttp2_submit_trailer(h2->session, id, nv, n);
}

void h2_resume(struct h2 *h2, int32_t id)
{
	nghttp2_session_resume_data(h2->session, id);
}

void h2_reset(struct h2 *h2, int32_t id, uint32_t error)
{
	nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE, id, error);
}

void h2_detach(struct h2 *h2, int32_t id)
{
	nghttp2_session_set_stream_user_data(h2->session, id, NULL);
}

void h2_consume(struct h2 *h2, int32_t id, size_t n)
{
	nghttp2_session_consume_stream(h2->session, id, n);
}

void h2_ping(struct h2 *h2)
{
	nghttp2_submit_ping(h2->session, NGHTTP2_FLAG_NONE, NULL);
}

void h2_goaway_notice(struct h2 *h2)
{
	if (h2->role == WIRE_SERVER)
		nghttp2_submit_shutdown_notice(h2->session);
}

void h2_goaway(struct h2 *h2, uint32_t error, const char *debug)
{
	int32_t last = nghttp2_session_get_last_proc_stream_id(h2->session);

	nghttp2_submit_goaway(h2->session, NGHTTP2_FLAG_NONE, last, error, (const uint8_t *)debug, strlen(debug));
}

uint32_t h2_peer_header_list_max(const struct h2 *h2)
{
	if (!h2->got_settings)
		return UINT32_MAX;
	return nghttp2_session_get_remote_settings(h2->session, NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE);
}
