/*
 * sm.c - the setter behind every state machine. A transition that its table does not have is our own
 * mistake and aborts.
 */
#include "common/sm.h"

#include <stdlib.h>

#include "common/log.h"

void sm_move(const struct sm_state *table, unsigned *state, unsigned to, const char *what)
{
	const struct sm_state *from = &table[*state];

	if (to >= 32 || !(from->next & SM(to))) {
		/* `to` may be no state at all: its name is not looked up. */
		log_error("%s: state %s (%u) may not become %u", what, from->name, *state, to);
		abort();
	}
	log_debug("%s: %s -> %s", what, from->name, table[to].name);
	*state = to;
}
