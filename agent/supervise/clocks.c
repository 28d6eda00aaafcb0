/*
 * clocks.c - deadlines of one run: few, so a look at all of them is the queue.
 */
#include "agent/supervise/clocks.h"

#include <limits.h>

bool clocks_take(struct clocks *c, enum clock which, uint64_t now_ms)
{
	if (c->due_ms[which] == 0 || c->due_ms[which] > now_ms)
		return false;
	c->due_ms[which] = 0;
	return true;
}

int clocks_wait_ms(const struct clocks *c, uint64_t now_ms)
{
	uint64_t first = UINT64_MAX;

	for (int i = 0; i < N_CLOCKS; i++)
		if (c->due_ms[i] && c->due_ms[i] < first)
			first = c->due_ms[i];
	if (first == UINT64_MAX)
		return -1;
	if (first <= now_ms)
		return 0;
	return first - now_ms < INT_MAX ? (int)(first - now_ms) : INT_MAX;
}
