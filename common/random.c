/*
 * random.c - random numbers of the kernel. Aborts where there are none: an identity made of anything
 * else would be worse.
 */
#include "common/str.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "common/log.h"

void random_bytes(void *out, size_t n)
{
	uint8_t *p = out;

	while (n) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			log_error("no random numbers: getrandom: %m");
			abort();
		}
		p += got;
		n -= (size_t)got;
	}
}

uint64_t random_below(uint64_t bound)
{
	/* 2^64 mod bound: numbers below it would make small results likelier, and are drawn again. */
	uint64_t uneven = -bound % bound;
	uint64_t r;

	do
		random_bytes(&r, sizeof r);
	while (r < uneven);
	return r % bound;
}
