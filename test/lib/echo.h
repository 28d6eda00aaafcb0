/*
 * echo.h - a service for tests of the wire layer. Messages are plain bytes, no protobuf.
 *
 *   /test.Echo/Unary    answers with the request; "x-header" and "x-trailer" are echoed as such
 *   /test.Echo/Chat     bidirectional: every message comes back, OK when the caller half-closes
 *   /test.Echo/Count    server streaming: the request is a decimal n; n messages of 1000 bytes
 *   /test.Echo/Sink     client streaming: answers with the number of bytes it got, in decimal
 *   /test.Echo/Fail     the request is "CODE text": ends with that status
 *   /test.Echo/Once     ends with OK at the first message
 *   /test.Echo/Silent   never answers, as a run may
 *   /test.Echo/Stuck    takes no message off the wire (paused)
 */
#ifndef TEST_LIB_ECHO_H
#define TEST_LIB_ECHO_H

#include "wire/wire.h"

/* What the last call that ended at the server was told. */
struct echo_seen {
	unsigned n_started, n_ended;
	enum wire_code last_code;
	char last_why[200];
	unsigned n_once;		/* messages (1) and half-closes (100) that Once was given */
	uint64_t left_ms;		/* of the last call that started */
	char bin[64];			/* value of "x-data-bin" of the last call */
	size_t bin_len;
	struct wire_call *stuck;	/* the last call of Stuck */
};
extern struct echo_seen echo_seen;

void echo_serve(struct wire *wire);

#endif
