/*
 * unpack.h - protobuf messages from peers, decoded within bounds. Pure.
 *
 * protobuf-c alone is not safe on hostile input: repeated singular sub-messages merge in O(n^2), memory
 * is up to 92 times the input, strings may hold NUL and invalid UTF-8. So a scan over the bytes comes
 * first, and unpacking draws from an arena with a budget.
 */
#ifndef WIRE_UNPACK_H
#define WIRE_UNPACK_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

enum {
	UNPACK_DEPTH_MAX = 32,
	UNPACK_FIELDS_MAX = 200000,
	UNPACK_UNKNOWN_MAX = 1000,
	UNPACK_BUDGET_MAX = 32 * 1024 * 1024
};

/* Memory of one decoded message at a time; zeroed is empty. */
struct unpack_arena {
	struct unpack_chunk *chunks;
	size_t used, budget;
};
void unpack_arena_done(struct unpack_arena *a);

/* 0, or -EBADMSG with *why set to a static phrase. */
int unpack_check(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len, const char **why);
/* Checks and decodes; the arena's former content is gone. NULL with *error -EBADMSG or -ENOSPC (budget). */
ProtobufCMessage *unpack_message(struct unpack_arena *a, const ProtobufCMessageDescriptor *type,
				 const uint8_t *data, size_t len, int *error, const char **why);

#endif
