/*
 * trim.h - gives memory back after a busy time.
 *
 * Many calls or connections at once leave a heap full of holes, which the allocator keeps for good unless it is told.
 */
#ifndef WIRE_TRIM_H
#define WIRE_TRIM_H

#include <ev.h>
#include <stddef.h>

#include "common/buf.h"

enum {
	TRIM_AFTER_MS = 2000,			/* of quiet */
	TRIM_CALLS_MIN = 16,			/* at once; fewer are not worth it */
	TRIM_BYTES_MIN = 256 * 1024		/* held for calls */
};

struct trim {
	struct ev_loop *loop;
	struct ev_timer timer;			/* does not keep the loop */
	struct buf *scratch;
	unsigned most_calls;			/* since the last trim */
	size_t most_bytes;
};

/* `scratch` is emptied with the rest: a buffer that nobody has anything in when a timer runs. */
void trim_init(struct trim *t, struct ev_loop *loop, struct buf *scratch);
void trim_stop(struct trim *t);
/* So many calls (or connections) are alive, so many bytes are held for them. */
void trim_note(struct trim *t, unsigned calls, size_t bytes);

#endif
