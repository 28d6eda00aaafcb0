/*
 * reconnect.h - when to dial again. A pure state machine: events in, what to do and when out.
 *
 *   IDLE --want--> DIALING --up--> UP --down--> WAITING --due--> DIALING
 *                     +--- failed ----------------^
 *
 * Delays follow backoff.h and start over only after a connection came up whole (SETTINGS arrived) and lasted
 * for a while, so a peer that accepts and drops is not hammered.
 */
#ifndef WIRE_RECONNECT_H
#define WIRE_RECONNECT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/backoff.h"

enum reconnect_state { RECONNECT_IDLE, RECONNECT_DIALING, RECONNECT_UP, RECONNECT_WAITING };

struct reconnect {
	unsigned state;			/* enum reconnect_state */
	struct backoff backoff;
	uint64_t due_ms;		/* WAITING: when to dial */
	uint64_t up_since_ms;
	uint32_t attempts;		/* since it was last up */
};

void reconnect_init(struct reconnect *r, uint32_t min_ms, uint32_t max_ms);
/* A connection is wanted. True: dial. False: one is there, on its way, or to be waited for. */
bool reconnect_want(struct reconnect *r);
void reconnect_up(struct reconnect *r, uint64_t now_ms);
/* The dial failed, or the connection went down. Sets due_ms. `random` as for backoff_next_ms(). A
 * connection that was up for a while and ended in good order (graceful) may be dialled at once. */
void reconnect_down(struct reconnect *r, uint64_t now_ms, bool graceful, uint32_t random);
/* Milliseconds until the next dial; 0: now; UINT64_MAX: none is planned. */
uint64_t reconnect_wait_ms(const struct reconnect *r, uint64_t now_ms);
/* The delay is over. True: dial. */
bool reconnect_due(struct reconnect *r, uint64_t now_ms);
/* Nothing is wanted any more. */
void reconnect_stop(struct reconnect *r);

#endif
