/*
 * guard.c - token buckets and counters against floods; the numbers are those of limits.h.
 *
 * Time is 32 bits wide here. Past its half range (24 days without an event) and when the clock seems to
 * go back, a bucket is not refilled for that one event: it errs on the strict side and by little.
 */
#include "wire/guard.h"

#include <string.h>

#include "wire/limits.h"

enum { MILLI = 1000 };

struct rate {
	uint32_t burst, per_s;
};

static const struct rate rates[GUARD_EMPTY_DATA] = {
	[GUARD_PEER_RESET] = { WIRE_PEER_RESETS },
	[GUARD_OWN_RESET] = { WIRE_OWN_RESETS },
	[GUARD_SETTINGS] = { WIRE_SETTINGS_RATE },
	[GUARD_PING] = { WIRE_PING_RATE },
	[GUARD_CONTROL] = { WIRE_CONTROL_RATE },
};

/* It refills slowly: a quiet run of many hours has nothing but keepalive PINGs on its connection. */
static const struct rate control_idle_rate = { WIRE_CONTROL_IDLE_MAX, 1 };

static const char *const reasons[GUARD_N_EVENTS] = {
	[GUARD_PEER_RESET] = "too many stream resets",
	[GUARD_OWN_RESET] = "too many stream errors",
	[GUARD_SETTINGS] = "too many SETTINGS",
	[GUARD_PING] = "too_many_pings",	/* the words that gRPC clients look for */
	[GUARD_CONTROL] = "too many control frames",
	[GUARD_EMPTY_DATA] = "empty DATA frames",
	[GUARD_BIG_HEADERS] = "too many oversized header blocks",
};

static void fill(struct guard_level *l, struct rate rate, uint64_t now_ms)
{
	l->milli = rate.burst * MILLI;
	l->at_ms = (uint32_t)now_ms;
}

static void refill(struct guard_level *l, struct rate rate, uint64_t now_ms)
{
	int32_t elapsed = (int32_t)((uint32_t)now_ms - l->at_ms);
	uint64_t milli = l->milli;

	if (elapsed > 0)
		milli += (uint64_t)elapsed * rate.per_s;	/* per ms and per_s: one thousandth of a token */
	if (milli > (uint64_t)rate.burst * MILLI)
		milli = (uint64_t)rate.burst * MILLI;
	l->milli = (uint32_t)milli;
	l->at_ms = (uint32_t)now_ms;
}

static bool take(struct guard_level *l, struct rate rate, uint64_t now_ms)
{
	refill(l, rate, now_ms);
	if (l->milli < MILLI)
		return false;
	l->milli -= MILLI;
	return true;
}

void guard_bucket_init(struct guard_bucket *b, uint32_t burst, uint32_t per_s, uint64_t now_ms)
{
	b->burst = burst;
	b->per_s = per_s;
	fill(&b->level, (struct rate){ burst, per_s }, now_ms);
}

bool guard_bucket_take(struct guard_bucket *b, uint64_t now_ms)
{
	return take(&b->level, (struct rate){ b->burst, b->per_s }, now_ms);
}

void guard_bucket_give(struct guard_bucket *b, uint64_t now_ms)
{
	refill(&b->level, (struct rate){ b->burst, b->per_s }, now_ms);
	if (b->level.milli + MILLI <= b->burst * MILLI)
		b->level.milli += MILLI;
}

void guard_init(struct guard *g, uint32_t min_ping_interval_ms, uint64_t now_ms)
{
	memset(g, 0, sizeof *g);
	g->min_ping_interval_ms = min_ping_interval_ms;
	for (int i = 0; i < GUARD_EMPTY_DATA; i++)
		fill(&g->levels[i], rates[i], now_ms);
	fill(&g->control_idle, control_idle_rate, now_ms);
}

static void count(uint8_t *counter)
{
	if (*counter < UINT8_MAX)
		++*counter;
}

/* gRPC A8: PINGs closer than the interval are strikes, and the last PING counts whatever it was. */
static bool ping_is_allowed(struct guard *g, uint64_t now_ms)
{
	uint32_t now = (uint32_t)now_ms;

	if (g->has_last_ping && now - g->last_ping_ms < g->min_ping_interval_ms)
		count(&g->ping_strikes);
	g->has_last_ping = true;
	g->last_ping_ms = now;
	return g->ping_strikes <= WIRE_PING_STRIKES_MAX;
}

bool guard_allow(struct guard *g, enum guard_event event, uint64_t now_ms)
{
	if (event < GUARD_EMPTY_DATA && !take(&g->levels[event], rates[event], now_ms))
		return false;
	switch (event) {
	case GUARD_PING:
		return ping_is_allowed(g, now_ms);
	case GUARD_CONTROL:
		return take(&g->control_idle, control_idle_rate, now_ms);
	case GUARD_EMPTY_DATA:
		count(&g->empty_data_run);
		return g->empty_data_run < 2;
	case GUARD_BIG_HEADERS:
		count(&g->big_headers);
		return g->big_headers < WIRE_BIG_HEADERS_MAX;
	default:
		return true;
	}
}

void guard_progress(struct guard *g)
{
	g->control_idle.milli = control_idle_rate.burst * MILLI;
	g->empty_data_run = 0;
}

void guard_sent_data(struct guard *g)
{
	uint32_t *pings = &g->levels[GUARD_PING].milli, full = rates[GUARD_PING].burst * MILLI;

	g->ping_strikes = 0;
	g->has_last_ping = false;
	g->control_idle.milli = control_idle_rate.burst * MILLI;
	*pings = *pings + MILLI < full ? *pings + MILLI : full;
}

const char *guard_reason(enum guard_event event)
{
	return event < GUARD_N_EVENTS ? reasons[event] : "too many frames";
}
