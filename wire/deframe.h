/*
 * deframe.h - length-prefixed gRPC messages out of a stream of bytes (PROTOCOL-HTTP2
 * "Length-Prefixed-Message": flag, big-endian u32, data). Pure.
 *
 * Memory grows with the bytes that really came, never with the length that a prefix declares. A message
 * that lies whole in the input is not copied.
 */
#ifndef WIRE_DEFRAME_H
#define WIRE_DEFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

enum deframe_result {
	DEFRAME_MORE,		/* the input is used up, no message is complete */
	DEFRAME_MESSAGE,	/* *msg, *msg_len: valid until the next call or until the input goes away */
	DEFRAME_TOO_LARGE,	/* declared length over the limit */
	DEFRAME_COMPRESSED,	/* flag 1: the message is compressed */
	DEFRAME_BAD_FLAG	/* flag over 1 */
};

struct deframe {
	size_t max_message;
	struct buf body;
	uint8_t prefix[5];
	uint8_t n_prefix;
	bool delivered;		/* body holds the message handed out last */
	uint32_t need;		/* length of the message being assembled */
};

void deframe_init(struct deframe *d, size_t max_message);
void deframe_done(struct deframe *d);
/* Takes bytes from *data (moved on) until a message is complete or the input is used up. */
enum deframe_result deframe_next(struct deframe *d, const uint8_t **data, size_t *n, const uint8_t **msg, size_t *msg_len);
/* Nothing of a next message has come: the stream may end here. */
bool deframe_is_idle(const struct deframe *d);
/* Length declared by the last prefix, for error texts. */
uint32_t deframe_declared(const struct deframe *d);
/* Writes the 5-byte prefix of an uncompressed message. */
void deframe_put_prefix(uint8_t out[5], uint32_t len);

#endif
