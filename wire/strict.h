/*
 * strict.h - rules of RFC 9113 for frames of a client that nghttp2 leaves out. Pure.
 *
 * Without the dependency tree of RFC 7540 the library forgets a stream when it closes, and ignores whatever
 * comes for it; PRIORITY and the length of CONTINUATION it does not look at. The frame headers tell enough:
 * what a client does on a stream that it has ended itself is a fault, never a race. The newest streams are
 * remembered, older ones are ignored as the library does.
 */
#ifndef WIRE_STRICT_H
#define WIRE_STRICT_H

#include <stdint.h>

#include "wire/scan.h"

enum { STRICT_STREAMS = 256 };			/* remembered */

/* Stream ids by half: 1, 3, 5 are 0, 1, 2; those below `n` are open or have been. */
struct strict {
	uint32_t n;
	uint32_t opened[STRICT_STREAMS / 32];	/* index modulo STRICT_STREAMS */
	uint32_t ended[STRICT_STREAMS / 32];	/* by the client: END_STREAM, RST_STREAM */
};

struct strict_fault {
	uint32_t error;				/* of RFC 9113 section 7 */
	const char *why;
};

/* A frame in order of arrival; within a header block CONTINUATION only. NULL: nothing to say against it. */
const struct strict_fault *strict_check(struct strict *s, const struct scan_frame *frame);

#endif
