/*
 * raw.h - a peer that speaks HTTP/2 frame by frame, for what no real one sends.
 *
 * As a client it has the echo service of echo.h on the other side, as a server a client of the layer, in the
 * same process and loop. Field blocks are sent as literals without indexing and received through nghttp2's
 * inflater.
 */
#ifndef TEST_LIB_RAW_H
#define TEST_LIB_RAW_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "test/lib/block.h"
#include "wire/wire.h"

struct raw_frame {
	uint8_t type, flags;
	uint32_t stream;
	struct buf payload;	/* DATA, RST_STREAM, GOAWAY ... as sent; HEADERS as "name: value\n" lines */
};

struct raw {
	struct ev_loop *loop;
	struct wire *wire;
	struct wire_listener *listener;	/* NULL: we are the server */
	struct wire_conn *conn;		/* we are the server: the client's connection; NULL: down */
	int fd;
	bool is_guest;			/* at the server of another one */
	bool closed;			/* the other side closed, and everything it sent has been read */
	bool cut;			/* and not in order: a TCP reset */
	bool deaf;			/* the other side takes no more */
	struct buf in;
	struct nghttp2_hd_inflater *inflater;
	struct raw_frame frame;		/* received last */
	char why[200];			/* of the other side's connection, once down */
	bool up, drained, down;		/* the other side's connection */
	bool at_fault;			/* it ended because we broke a rule */
};

/* Connects; `from` is the client's address (NULL: 127.0.0.1, an operator). Nothing is sent. */
void raw_open(struct raw *r, const char *from);
/* Connects to the server of `host` as one more client; closed before it. up, drained and down are the host's. */
void raw_join(struct raw *r, const struct raw *host, const char *from);
/* Goes, waits until the other side has noticed, and connects anew. */
void raw_reopen(struct raw *r, const char *from);
/* Until the other side has the connection, or has refused it. */
void raw_turn_until_taken(struct raw *r);
/* Is dialled by a client of the layer instead, and has read its preface. timeout_ms: of the dial, 0: default. */
void raw_accept(struct raw *r, uint32_t timeout_ms);
/* Closes our end, then asserts that the other side has nothing alive. */
void raw_close(struct raw *r);
void raw_send(struct raw *r, const void *data, size_t n);
void raw_preface(struct raw *r);	/* client preface and empty SETTINGS */
void raw_handshake(struct raw *r);	/* the same, and both sides' SETTINGS are acknowledged */
void raw_send_frame(struct raw *r, uint8_t type, uint8_t flags, uint32_t stream, const void *payload, size_t n);
void raw_send_request(struct raw *r, uint32_t stream, const char *path, uint8_t flags);
/* A DATA frame with one gRPC message. */
void raw_send_message(struct raw *r, uint32_t stream, const char *text, uint8_t flags);

/* Turns the loop for a moment: what has been sent has been taken. */
void raw_turn(struct raw *r);
/* Waits (20 s) for the next frame, whatever it is; false: the other side closed first. */
bool raw_next(struct raw *r);
/* Waits (20 s) for the next frame of this type, passing over others; false: it closed first. */
bool raw_wait(struct raw *r, uint8_t type);
/* Waits for the header block that ends the stream; the value of a field in it, "" without one. Static. */
const char *raw_wait_end(struct raw *r, uint32_t stream, const char *field);
bool raw_wait_closed(struct raw *r);
uint32_t raw_u32(const struct raw *r, size_t at);	/* of the frame's payload */

#endif
