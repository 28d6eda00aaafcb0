/*
 * session.h - one connection of the wire layer whose peer is the fuzzer: a socket pair, no listener, no
 * dialling. Shared by the targets that feed a server and a client session.
 *
 * Input: one byte of options, then the peer's bytes, as they are or (OPT_FRAMES) as records of type, flags,
 * stream, length and payload that become whole frames, so that mutations stay within frames.
 */
#ifndef TEST_FUZZ_SESSION_H
#define TEST_FUZZ_SESSION_H

#include <ev.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/wire.h"

struct session {
	struct ev_loop *loop;
	struct wire *wire;
	struct wire_conn *conn;		/* NULL: down */
	int fd;				/* the peer's end */
	unsigned n_down;
};

/* The connection exists; `role` is its own. Bit 0 of `options`: the peer is an operator. */
void session_open(struct session *s, enum wire_role role, uint8_t options);
/* Sends what the peer has to say, as the options want it, behind what every peer of that role says first. */
void session_feed(struct session *s, const uint8_t *data, size_t n);
/* The peer goes away; asserts that nothing is left. */
void session_close(struct session *s);

#endif
