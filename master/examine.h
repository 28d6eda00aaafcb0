/*
 * examine.h - ExamineAgent: looks at one agent from here, step by step, on a connection of its own, and says of each step
 * whether it went well and what to do. Works for agents that are not heard, too: then the steps say why.
 */
#ifndef MASTER_EXAMINE_H
#define MASTER_EXAMINE_H

#include <stddef.h>
#include <stdint.h>

struct wire_call;

enum {
	EXAMINE_DIAL_MS = 5000, EXAMINE_HELLO_MS = 2500,
	EXAMINE_PINGS = 5, EXAMINE_PING_MS = 1500,
	EXAMINE_CLOCK_MS = 5000,	/* clocks that differ by more are wrong */
	EXAMINE_MAX = 64		/* at once: each is a connection */
};

/* A row of the method table. `arg` is the master. */
void examine_start(struct wire_call *call, const uint8_t *data, size_t len, void *arg);

#endif
