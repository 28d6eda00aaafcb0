/*
 * sm.h - state machines as tables: which states may follow which.
 *
 * A machine has one enum, one table and one setter; the setter is the only place that changes the
 * state, logs "old -> new" at debug, and aborts on a transition that the table does not have.
 */
#ifndef COMMON_SM_H
#define COMMON_SM_H

#include <stdint.h>

#define SM(state) (UINT32_C(1) << (state))

struct sm_state {
	const char *name;
	uint32_t next;		/* set of SM(state) that may follow */
};

/* Moves *state to `to`. `what` names the object in the debug log. */
void sm_move(const struct sm_state *table, unsigned *state, unsigned to, const char *what);

#endif
