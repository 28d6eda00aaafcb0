/*
 * guard.h - rates that a peer may not exceed. Pure: `now_ms` is an argument.
 *
 * One struct per connection. Every guard_* function records one event and says whether the peer is
 * still within its budget; when not, the connection is ended with ENHANCE_YOUR_CALM and the phrase that
 * guard_reason() gives.
 */
#ifndef WIRE_GUARD_H
#define WIRE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

/* What is in a token bucket. Times are the low 32 bits of now_ms, so that thousands cost little. */
struct guard_level {
	uint32_t milli;			/* tokens x 1000 */
	uint32_t at_ms;
};

/* A token bucket of its own; zeroed and then guard_bucket_init() fills it. burst: at most 4 million. */
struct guard_bucket {
	uint32_t burst, per_s;
	struct guard_level level;
};
void guard_bucket_init(struct guard_bucket *b, uint32_t burst, uint32_t per_s, uint64_t now_ms);
bool guard_bucket_take(struct guard_bucket *b, uint64_t now_ms);
/* What was taken was not owed. */
void guard_bucket_give(struct guard_bucket *b, uint64_t now_ms);

enum guard_event {
	GUARD_PEER_RESET,	/* RST_STREAM for a stream whose trailers we have not sent: Rapid Reset */
	GUARD_OWN_RESET,	/* RST_STREAM sent by us or by the library with an error: MadeYouReset */
	GUARD_SETTINGS,		/* SETTINGS flood, CVE-2019-9515 */
	GUARD_PING,		/* PING flood of a client, CVE-2019-9512; strikes, see guard_sent_data() */
	GUARD_CONTROL,		/* any frame but HEADERS and non-empty DATA: CVE-2019-9513, 9518 */
	GUARD_EMPTY_DATA,	/* DATA without bytes and without END_STREAM, two in a row */
	GUARD_BIG_HEADERS,	/* a header block over the limit */
	GUARD_N_EVENTS
};

struct guard {
	struct guard_level levels[GUARD_EMPTY_DATA];	/* of the events before it, which have a rate */
	struct guard_level control_idle;		/* control frames without a request or data between */
	uint32_t min_ping_interval_ms;
	uint32_t last_ping_ms;
	bool has_last_ping;
	uint8_t ping_strikes;
	uint8_t empty_data_run;
	uint8_t big_headers;
};

void guard_init(struct guard *g, uint32_t min_ping_interval_ms, uint64_t now_ms);
/* True: within budget. */
bool guard_allow(struct guard *g, enum guard_event event, uint64_t now_ms);
/* A request arrived, or DATA with content: the count of control frames starts again. */
void guard_progress(struct guard *g);
/* We sent HEADERS or DATA (once per frame): the peer answers that with PINGs that probe the bandwidth
 * and with WINDOW_UPDATEs, so PING strikes and the count of control frames start again, and one more
 * PING is within the rate. */
void guard_sent_data(struct guard *g);
const char *guard_reason(enum guard_event event);

#endif
