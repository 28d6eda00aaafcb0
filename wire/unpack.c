/*
 * unpack.c - protobuf-c on an arena with a budget, after unpack_check() has passed the bytes.
 *
 * The arena hands out memory from chunks that only grow; nothing is freed before the next message. Its
 * first, small chunk is kept for the next message. Past the budget it hands out NULL, which protobuf-c
 * takes as out of memory.
 */
#include "wire/unpack.h"

#include <errno.h>
#include <stdlib.h>

#include "common/mem.h"

enum {
	/*
	 * Budget per wire byte. A small sub-message or string costs 10 to 16 times its bytes (struct,
	 * pointer, 32 to 64 bytes of protobuf-c's own notes), which a list of short names or arguments
	 * needs; only next to empty ones cost up to 92 times.
	 */
	BUDGET_RATIO = 16,
	BUDGET_BASE = 1024 * 1024,

	ALIGNMENT = 8,
	CHUNK_FIRST = 1008,		/* with its header and malloc's 1 KiB; kept between messages */
	CHUNK_GROWTH_MAX = 256 * 1024
};

struct unpack_chunk {
	struct unpack_chunk *next;		/* the one before it, smaller or as large */
	size_t size, used;
	_Alignas(ALIGNMENT) uint8_t data[];
};

static void add_chunk(struct unpack_arena *a, size_t n)
{
	size_t size = CHUNK_FIRST - sizeof(struct unpack_chunk);
	struct unpack_chunk *c;

	if (a->chunks)
		size = a->chunks->size < CHUNK_GROWTH_MAX / 2 ? 2 * a->chunks->size : CHUNK_GROWTH_MAX;
	if (size < n)
		size = n;
	c = mem_realloc(NULL, sizeof *c + size);
	*c = (struct unpack_chunk){ .next = a->chunks, .size = size };
	a->chunks = c;
}

static void *arena_alloc(void *arg, size_t n)
{
	struct unpack_arena *a = arg;
	struct unpack_chunk *c = a->chunks;
	size_t aligned = (n + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);

	if (aligned < n || a->used > a->budget || aligned > a->budget - a->used) {
		a->used = SIZE_MAX;		/* the budget is gone for good */
		return NULL;
	}
	if (!c || aligned > c->size - c->used) {
		add_chunk(a, aligned);
		c = a->chunks;
	}
	a->used += aligned;
	c->used += aligned;
	return c->data + (c->used - aligned);
}

/* protobuf-c frees single fields when it gives up; all goes at once, later. */
static void arena_free(void *arg, void *p)
{
	(void)arg;
	(void)p;
}

/* Empties; keeps the chunk only if it is the small first one. */
static void arena_reset(struct unpack_arena *a, size_t budget)
{
	struct unpack_chunk *c = a->chunks;

	while (c && (c->next || c->size > CHUNK_FIRST)) {
		a->chunks = c->next;
		free(c);
		c = a->chunks;
	}
	if (c)
		c->used = 0;
	a->used = 0;
	a->budget = budget;
}

void unpack_arena_done(struct unpack_arena *a)
{
	arena_reset(a, 0);
	free(a->chunks);
	a->chunks = NULL;
}

static size_t budget_for(size_t len)
{
	if (len > (UNPACK_BUDGET_MAX - BUDGET_BASE) / BUDGET_RATIO)
		return UNPACK_BUDGET_MAX;
	return len * BUDGET_RATIO + BUDGET_BASE;
}

ProtobufCMessage *unpack_message(struct unpack_arena *a, const ProtobufCMessageDescriptor *type,
				 const uint8_t *data, size_t len, int *error, const char **why)
{
	ProtobufCAllocator allocator = { arena_alloc, arena_free, a };
	ProtobufCMessage *message;

	arena_reset(a, budget_for(len));
	*error = unpack_check(type, data, len, why);
	if (*error)
		return NULL;
	message = protobuf_c_message_unpack(type, &allocator, len, data);
	if (message)
		return message;
	*error = a->used == SIZE_MAX ? -ENOSPC : -EBADMSG;
	*why = a->used == SIZE_MAX ? "needs too much memory" : "malformed";
	arena_reset(a, 0);
	return NULL;
}
