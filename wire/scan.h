/*
 * scan.h - the frame headers in a stream of HTTP/2 bytes, as they pass by (RFC 9113 section 4.1). Pure.
 *
 * nghttp2 does not report every frame (unknown types, CONTINUATION, DATA on closed streams are dropped
 * without a callback), but floods of any type have to be counted and half a header block timed.
 */
#ifndef WIRE_SCAN_H
#define WIRE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCAN_DATA = 0, SCAN_HEADERS = 1, SCAN_PRIORITY = 2, SCAN_RST_STREAM = 3, SCAN_SETTINGS = 4, SCAN_PING = 6,
       SCAN_CONTINUATION = 9 };
enum { SCAN_FLAG_END_STREAM = 0x1, SCAN_FLAG_ACK = 0x1, SCAN_FLAG_END_HEADERS = 0x4, SCAN_FLAG_PADDED = 0x8 };
enum { SCAN_PRIORITY_LEN = 5 };

struct scan {
	uint32_t skip;		/* bytes to pass over: the client's preface, then payloads */
	uint8_t head[9 + 4];	/* the first word of PRIORITY belongs to it */
	uint8_t n_head;
};

struct scan_frame {
	uint32_t length;
	uint8_t type, flags;
	uint32_t stream;
	uint32_t parent;	/* PRIORITY: the stream that this one depends on */
};

/* `preface` bytes come before the first frame: 24 from a client, 0 from a server. */
void scan_init(struct scan *s, uint32_t preface);
/* Moves *data on past the next frame header. False: input used up. */
bool scan_next(struct scan *s, const uint8_t **data, size_t *n, struct scan_frame *frame);

#endif
