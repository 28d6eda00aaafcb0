/*
 * seen.h - addresses that something was said about already: the newest SEEN_MAX of them. Pure.
 */
#ifndef WIRE_SEEN_H
#define WIRE_SEEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { SEEN_MAX = 64 };

struct seen {			/* zeroed: nobody yet */
	uint64_t keys[SEEN_MAX];
	unsigned n;		/* ever */
};

/* Whether this is the first time; notes it. */
bool seen_first(struct seen *s, const struct sockaddr *sa);

#endif
