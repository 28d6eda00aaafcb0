/*
 * backoff.c - the arithmetic of backoff.h. A minimum of 0 counts as 1, a maximum below the minimum as
 * the minimum: the delay is never 0 and never stuck.
 */
#include "common/backoff.h"

void backoff_init(struct backoff *b, uint32_t min_ms, uint32_t max_ms)
{
	b->min_ms = min_ms ? min_ms : 1;
	b->max_ms = max_ms > b->min_ms ? max_ms : b->min_ms;
	b->last_ms = 0;
}

void backoff_reset(struct backoff *b)
{
	b->last_ms = 0;
}

uint32_t backoff_next_ms(struct backoff *b, uint32_t random)
{
	uint64_t top = 3 * (uint64_t)(b->last_ms ? b->last_ms : b->min_ms);

	if (top > b->max_ms)
		top = b->max_ms;
	/* Scaling instead of modulo: `random` / 2^32 of the way from min to top, both included. */
	b->last_ms = b->min_ms + (uint32_t)((random * (top - b->min_ms + 1)) >> 32);
	return b->last_ms;
}
