/*
 * h2.h - one HTTP/2 session without I/O: bytes in, events out; bytes out on demand.
 *
 * The only module that knows nghttp2. Events come from inside h2_recv() and h2_gather(); every other
 * function only queues. A stream is known by its id and by the object that on_request() or
 * h2_request() has tied to it. Nothing here may be freed from inside an event.
 *
 * The module fails in one way: h2_recv() returns -EPROTO after it has queued a GOAWAY, h2_why() has the
 * words, and the caller flushes and closes.
 */
#ifndef WIRE_H2_H
#define WIRE_H2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "wire/guard.h"
#include "wire/wire.h"

struct h2;

/* Error codes of RFC 9113 section 7 that callers name. */
enum h2_error {
	H2_NO_ERROR = 0,
	H2_PROTOCOL_ERROR = 1,
	H2_INTERNAL_ERROR = 2,
	H2_SETTINGS_TIMEOUT = 4,
	H2_STREAM_CLOSED = 5,
	H2_FRAME_SIZE_ERROR = 6,
	H2_REFUSED_STREAM = 7,
	H2_CANCEL = 8,
	H2_ENHANCE_YOUR_CALM = 11
};

/* What follows the bytes that a stream has to send. */
enum h2_pull {
	H2_PULL_MORE,		/* unknown: nothing further is queued at the moment */
	H2_PULL_END,		/* END_STREAM */
	H2_PULL_TRAILERS	/* a trailing HEADERS frame, which on_trailers() submits */
};

struct h2_field {
	const char *name;
	size_t name_len;
	const void *value;
	size_t value_len;
	bool no_index;		/* differs per call: keep it out of the peer's HPACK table */
};

struct h2_ops {
	void (*on_settings)(void *arg);			/* SETTINGS from the peer, the first and any later */
	void (*on_ping_ack)(void *arg);
	void (*on_goaway)(void *arg, uint32_t error, const uint8_t *debug, size_t n);
	/* Server: HEADERS open a stream. Returns the object for the events below; NULL refuses it. */
	void *(*on_request)(void *arg, int32_t id);
	void (*on_field)(void *stream, const uint8_t *name, size_t name_len, const uint8_t *value, size_t value_len);
	/* A header block (request, response, 1xx or trailers) is whole. too_large: fields were dropped. */
	void (*on_headers)(void *stream, bool end_stream, bool too_large);
	void (*on_data)(void *stream, const uint8_t *data, size_t n);
	void (*on_half_close)(void *stream);		/* END_STREAM from the peer */
	void (*on_end_sent)(void *stream);		/* our END_STREAM has been gathered */
	/* Last event of a stream. unprocessed: the server has provably not looked at it. */
	void (*on_close)(void *stream, uint32_t error, bool unprocessed);
	/* How many bytes (at most max) can be sent now, and what comes after them. */
	size_t (*pull)(void *stream, size_t max, enum h2_pull *then);
	/* Moves exactly n of those bytes to `to`. False: they are not to be had, which resets the stream. */
	bool (*copy)(void *stream, uint8_t *to, size_t n);
	void (*on_trailers)(void *stream);		/* call h2_trailers() */
};

struct h2_config {
	enum wire_role role;
	bool is_operator;		/* the peer may reset as many streams as it opens */
	uint32_t max_streams;		/* that the peer may open */
	uint32_t min_ping_ms;		/* PINGs of a client closer than this are strikes */
};

struct h2 *h2_new(const struct h2_config *config, const struct h2_ops *ops, void *arg, uint64_t now_ms);
void h2_free(struct h2 *h2);			/* no events */

/* Feeds bytes of the peer. 0 or -EPROTO. */
int h2_recv(struct h2 *h2, const uint8_t *data, size_t n, uint64_t now_ms);
/* Appends frames to `out` until it holds `max` bytes or nothing is left. 0 or -EPROTO. */
int h2_gather(struct h2 *h2, struct buf *out, size_t max, uint64_t now_ms);
/* Neither direction has anything to come: the connection may be closed. */
bool h2_is_over(const struct h2 *h2);
const char *h2_why(const struct h2 *h2);
size_t h2_queued_frames(const struct h2 *h2);
bool h2_settings_acked(const struct h2 *h2);	/* the peer has acknowledged ours */
bool h2_in_header_block(const struct h2 *h2);	/* HEADERS without END_HEADERS so far */

/* Client: opens a stream; its id, or -EAGAIN when no id is left. */
int32_t h2_request(struct h2 *h2, const struct h2_field *fields, size_t n, void *stream);
/* Streams that may be open at the same time at the peer. */
uint32_t h2_peer_max_streams(const struct h2 *h2);
/* More than three quarters of the stream ids are used: replace the connection. */
bool h2_is_worn_out(const struct h2 *h2);
/* Server: response headers; without a body they end the stream. */
void h2_respond(struct h2 *h2, int32_t id, const struct h2_field *fields, size_t n, bool body);
void h2_trailers(struct h2 *h2, int32_t id, const struct h2_field *fields, size_t n);
/* There is something for pull() again. */
void h2_resume(struct h2 *h2, int32_t id);
/* The stream's object goes away: no event of the stream follows, and it is reset when it is to send. */
void h2_detach(struct h2 *h2, int32_t id);
void h2_reset(struct h2 *h2, int32_t id, uint32_t error);
/* n bytes of the stream's DATA have left our hands: its window may open by as much. */
void h2_consume(struct h2 *h2, int32_t id, size_t n);
void h2_ping(struct h2 *h2);
/* First GOAWAY of a graceful end, with a PING behind it: nothing is refused yet. */
void h2_goaway_notice(struct h2 *h2);
/* Last GOAWAY: streams above the last one seen are refused. `debug` may be "". */
void h2_goaway(struct h2 *h2, uint32_t error, const char *debug);
/* SETTINGS_MAX_HEADER_LIST_SIZE of the peer; UINT32_MAX: none. */
uint32_t h2_peer_header_list_max(const struct h2 *h2);

#endif
