/*
 * reconnect.c - the redial machine as a table of transitions.
 *
 * Owns no timer and no socket. Events that do not fit the state (a connection that ends after
 * reconnect_stop(), a second report of the same end) are ignored: they arrive late, not wrongly.
 *
 * Coming up takes the count of attempts back to 0; the delays start over only once a connection has
 * lasted, because a peer that sends SETTINGS and then drops is to be spared as well.
 */
#include "wire/reconnect.h"

#include "common/sm.h"

enum { LASTED_MS = 5000 };	/* up for a while: the peer was not just refusing us politely */

static const struct sm_state states[] = {
	[RECONNECT_IDLE]    = { "idle",    SM(RECONNECT_DIALING) },
	[RECONNECT_DIALING] = { "dialing", SM(RECONNECT_UP) | SM(RECONNECT_WAITING) | SM(RECONNECT_IDLE) },
	[RECONNECT_UP]      = { "up",      SM(RECONNECT_WAITING) | SM(RECONNECT_IDLE) },
	[RECONNECT_WAITING] = { "waiting", SM(RECONNECT_DIALING) | SM(RECONNECT_IDLE) },
};

static void set_state(struct reconnect *r, enum reconnect_state to)
{
	sm_move(states, &r->state, to, "reconnect");
}

static void dial(struct reconnect *r)
{
	set_state(r, RECONNECT_DIALING);
	if (r->attempts < UINT32_MAX)
		r->attempts++;
}

void reconnect_init(struct reconnect *r, uint32_t min_ms, uint32_t max_ms)
{
	*r = (struct reconnect){ .state = RECONNECT_IDLE };
	backoff_init(&r->backoff, min_ms, max_ms);
}

bool reconnect_want(struct reconnect *r)
{
	if (r->state != RECONNECT_IDLE)
		return false;
	dial(r);
	return true;
}

void reconnect_up(struct reconnect *r, uint64_t now_ms)
{
	if (r->state != RECONNECT_DIALING)
		return;
	set_state(r, RECONNECT_UP);
	r->up_since_ms = now_ms;
	r->attempts = 0;
}

void reconnect_down(struct reconnect *r, uint64_t now_ms, bool graceful, uint32_t random)
{
	bool lasted = r->state == RECONNECT_UP && now_ms - r->up_since_ms >= LASTED_MS;

	if (r->state != RECONNECT_DIALING && r->state != RECONNECT_UP)
		return;
	if (lasted)
		backoff_reset(&r->backoff);
	r->due_ms = now_ms;
	if (!lasted || !graceful)
		r->due_ms += backoff_next_ms(&r->backoff, random);
	set_state(r, RECONNECT_WAITING);
}

uint64_t reconnect_wait_ms(const struct reconnect *r, uint64_t now_ms)
{
	if (r->state != RECONNECT_WAITING)
		return UINT64_MAX;
	return r->due_ms > now_ms ? r->due_ms - now_ms : 0;
}

bool reconnect_due(struct reconnect *r, uint64_t now_ms)
{
	if (r->state != RECONNECT_WAITING || now_ms < r->due_ms)
		return false;
	dial(r);
	return true;
}

void reconnect_stop(struct reconnect *r)
{
	if (r->state != RECONNECT_IDLE)
		set_state(r, RECONNECT_IDLE);
}
