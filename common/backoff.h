/*
 * backoff.h - decorrelated jitter: each delay is random in [min, 3 x the delay before], at most max.
 * Pure: the caller brings the random number.
 */
#ifndef COMMON_BACKOFF_H
#define COMMON_BACKOFF_H

#include <stdint.h>

struct backoff {
	uint32_t min_ms, max_ms;
	uint32_t last_ms;	/* 0: fresh */
};

void backoff_init(struct backoff *b, uint32_t min_ms, uint32_t max_ms);
void backoff_reset(struct backoff *b);
/* The next delay; `random` is any uniformly distributed 32-bit number. */
uint32_t backoff_next_ms(struct backoff *b, uint32_t random);

#endif
