/*
 * h2_session.h - the struct that h2.c, h2_scan.c and h2_send.c share. Nobody else includes it, nor nghttp2.
 */
#ifndef WIRE_H2_SESSION_H
#define WIRE_H2_SESSION_H

#include <nghttp2/nghttp2.h>

#include "wire/guard.h"
#include "wire/h2.h"
#include "wire/scan.h"
#include "wire/strict.h"

struct h2 {
	nghttp2_session *session;
	const struct h2_ops *ops;
	void *arg;
	enum wire_role role;
	bool is_operator;
	struct guard guard;
	struct scan scan;
	struct strict strict;		/* at a server */
	uint64_t now_ms;		/* of the h2_recv() or h2_gather() in progress */
	struct buf *out;		/* while gathering */
	size_t out_max;
	size_t block_bytes;		/* of the header block being received */
	uint32_t block_fields;
	bool block_too_large;
	bool block_is_interim;		/* a 1xx response */
	unsigned headers_unseen;	/* HEADERS that the library has not reported */
	bool in_header_block;
	bool began;			/* the header of the peer's first frame is there */
	bool got_settings, settings_acked;
	bool failed;			/* a callback saw a reason to end the connection */
	bool reported;			/* and the owner knows */
	bool ended;			/* a GOAWAY with an error has gone out */
	uint32_t fail_error;
	const char *fail_debug;
	char why[160];
};

/* Inside callbacks: the connection has to end, which the caller hears when the callbacks have returned. */
void h2_note_failure(struct h2 *h2, uint32_t error, const char *why, const char *debug);
void h2_guard_check(struct h2 *h2, enum guard_event event);
/* The words for an end that the library brings about; the first ones count. */
void h2_note_reason(struct h2 *h2, const char *text);
/* -EPROTO, once, when there is a failure; its GOAWAY is queued. */
int h2_act_on_failure(struct h2 *h2);
void *h2_stream_of(nghttp2_session *session, int32_t id);
/* Before and after the library has been given bytes of the peer. */
void h2_scan_frames(struct h2 *h2, const uint8_t *data, size_t n);
void h2_scan_dropped(struct h2 *h2);
void h2_send_callbacks(nghttp2_session_callbacks *cb);

#endif
