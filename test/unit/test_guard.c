/* Rates that a peer may not exceed, in simulated time. */
#include <string.h>

#include "test/lib/unit.h"
#include "wire/guard.h"
#include "wire/limits.h"

enum { START = 1000000 };

static struct guard fresh(void)
{
	struct guard g;

	guard_init(&g, WIRE_MIN_PING_MS, START);
	return g;
}

/* How many events of a flood at one moment are allowed. */
static unsigned flood(struct guard *g, enum guard_event event, uint64_t now_ms)
{
	unsigned n = 0;

	while (n < 100000 && guard_allow(g, event, now_ms))
		n++;
	return n;
}

START_TEST(bucket_allows_its_burst_and_then_its_rate)
{
	struct guard_bucket b;

	guard_bucket_init(&b, 3, 2, START);
	for (int i = 0; i < 3; i++)
		ck_assert(guard_bucket_take(&b, START));
	ck_assert(!guard_bucket_take(&b, START));
	ck_assert(!guard_bucket_take(&b, START + 499));
	ck_assert(guard_bucket_take(&b, START + 500));
	ck_assert(!guard_bucket_take(&b, START + 500));
	ck_assert(guard_bucket_take(&b, START + 1000));
}
END_TEST

START_TEST(bucket_never_holds_more_than_its_burst)
{
	struct guard_bucket b;

	guard_bucket_init(&b, 2, 1000, START);
	for (int i = 0; i < 2; i++)
		ck_assert(guard_bucket_take(&b, START + 3600000));
	ck_assert(!guard_bucket_take(&b, START + 3600000));
}
END_TEST

START_TEST(bucket_survives_a_clock_that_goes_back_and_32_bits)
{
	struct guard_bucket b;

	guard_bucket_init(&b, 1, 1, UINT32_MAX - UINT64_C(10));
	ck_assert(guard_bucket_take(&b, UINT32_MAX - UINT64_C(10)));
	ck_assert(!guard_bucket_take(&b, UINT32_MAX - UINT64_C(5000)));
	ck_assert(!guard_bucket_take(&b, UINT32_MAX - UINT64_C(4500)));
	ck_assert(guard_bucket_take(&b, UINT32_MAX + UINT64_C(1000)));
}
END_TEST

START_TEST(bucket_without_burst_allows_nothing)
{
	struct guard_bucket b;

	guard_bucket_init(&b, 0, 10, START);
	ck_assert(!guard_bucket_take(&b, START + 60000));
}
END_TEST

START_TEST(rated_events_have_their_burst)
{
	static const struct {
		enum guard_event event;
		unsigned burst, per_s;
	} cases[] = {
		{ GUARD_PEER_RESET, 200, 20 },
		{ GUARD_OWN_RESET, 100, 10 },
		{ GUARD_SETTINGS, 10, 10 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct guard g = fresh();

		ck_assert_uint_eq(flood(&g, cases[i].event, START), cases[i].burst);
		ck_assert_uint_eq(flood(&g, cases[i].event, START + 1000), cases[i].per_s);
	}
}
END_TEST

START_TEST(one_kind_of_event_does_not_use_up_another)
{
	struct guard g = fresh();

	flood(&g, GUARD_PEER_RESET, START);
	ck_assert(guard_allow(&g, GUARD_OWN_RESET, START));
	ck_assert(guard_allow(&g, GUARD_SETTINGS, START));
}
END_TEST

START_TEST(pings_at_the_minimal_interval_are_fine_for_ever)
{
	struct guard g = fresh();

	for (unsigned i = 0; i < 10000; i++)
		UNIT_ASSERT(guard_allow(&g, GUARD_PING, START + (uint64_t)i * WIRE_MIN_PING_MS));
}
END_TEST

START_TEST(third_strike_is_one_too_many)
{
	struct guard g = fresh();

	ck_assert(guard_allow(&g, GUARD_PING, START));
	ck_assert(guard_allow(&g, GUARD_PING, START + 1000));
	ck_assert(guard_allow(&g, GUARD_PING, START + 2000));
	ck_assert(!guard_allow(&g, GUARD_PING, START + 3000));
}
END_TEST

START_TEST(strikes_start_again_when_we_send)
{
	struct guard g = fresh();

	for (unsigned i = 0; i < 1000; i++) {
		UNIT_ASSERT(guard_allow(&g, GUARD_PING, START + i * 200));
		UNIT_ASSERT(guard_allow(&g, GUARD_PING, START + i * 200));
		guard_sent_data(&g);
	}
}
END_TEST

/* A gRPC client that measures the bandwidth sends one PING per round trip while it receives. */
START_TEST(probes_that_answer_our_data_are_fine_at_any_rate)
{
	struct guard g = fresh();

	for (unsigned i = 0; i < 10000; i++) {
		guard_sent_data(&g);
		UNIT_ASSERT(guard_allow(&g, GUARD_PING, START + i / 10));
	}
}
END_TEST

START_TEST(pings_beyond_our_data_hit_the_flat_cap)
{
	struct guard g = fresh();
	unsigned allowed = 0;

	/* Three PINGs for each frame of ours; strikes alone would let them pass. */
	for (unsigned i = 0; i < 100; i++) {
		guard_sent_data(&g);
		for (unsigned k = 0; k < 3; k++)
			allowed += guard_allow(&g, GUARD_PING, START);
	}
	ck_assert_uint_lt(allowed, 115);
}
END_TEST

START_TEST(minimal_interval_of_zero_leaves_the_flat_cap)
{
	struct guard g;

	guard_init(&g, 0, START);
	ck_assert_uint_eq(flood(&g, GUARD_PING, START), 10);
}
END_TEST

START_TEST(control_frames_are_capped_without_progress)
{
	struct guard g = fresh();

	ck_assert_uint_eq(flood(&g, GUARD_CONTROL, START), WIRE_CONTROL_IDLE_MAX);
}
END_TEST

START_TEST(control_frames_are_capped_per_second_with_progress)
{
	struct guard g = fresh();
	unsigned n = 0;

	for (; n < 100000 && guard_allow(&g, GUARD_CONTROL, START); n++)
		guard_progress(&g);
	ck_assert_uint_eq(n, 20000);
}
END_TEST

START_TEST(window_updates_that_answer_our_data_are_progress)
{
	struct guard g = fresh();

	for (unsigned i = 0; i < 100000; i++) {
		UNIT_ASSERT(guard_allow(&g, GUARD_CONTROL, START + i / 10));
		guard_sent_data(&g);
	}
}
END_TEST

/* A PING and the ACK of one of ours every ten seconds, and nothing else for a week. */
START_TEST(quiet_connection_lives_on_keepalive_alone)
{
	struct guard g = fresh();

	for (uint64_t s = 0; s < 7 * 86400; s += 10) {
		UNIT_ASSERT(guard_allow(&g, GUARD_CONTROL, START + s * 1000));
		UNIT_ASSERT(guard_allow(&g, GUARD_CONTROL, START + s * 1000));
		UNIT_ASSERT(guard_allow(&g, GUARD_PING, START + s * 1000));
	}
}
END_TEST

START_TEST(second_empty_data_frame_in_a_row_is_too_many)
{
	struct guard g = fresh();

	ck_assert(guard_allow(&g, GUARD_EMPTY_DATA, START));
	guard_progress(&g);
	ck_assert(guard_allow(&g, GUARD_EMPTY_DATA, START));
	ck_assert(!guard_allow(&g, GUARD_EMPTY_DATA, START));
}
END_TEST

START_TEST(third_oversized_header_block_is_too_many)
{
	struct guard g = fresh();

	ck_assert(guard_allow(&g, GUARD_BIG_HEADERS, START));
	guard_progress(&g);
	ck_assert(guard_allow(&g, GUARD_BIG_HEADERS, START + 3600000));
	ck_assert(!guard_allow(&g, GUARD_BIG_HEADERS, START + 7200000));
}
END_TEST

START_TEST(what_was_exceeded_stays_exceeded)
{
	struct guard g = fresh();

	for (int i = 0; i < 1000; i++) {
		guard_allow(&g, GUARD_EMPTY_DATA, START);
		guard_allow(&g, GUARD_BIG_HEADERS, START);
	}
	ck_assert(!guard_allow(&g, GUARD_EMPTY_DATA, START));
	ck_assert(!guard_allow(&g, GUARD_BIG_HEADERS, START));
}
END_TEST

START_TEST(every_event_has_a_reason)
{
	for (int i = 0; i < GUARD_N_EVENTS; i++)
		ck_assert_uint_gt(strlen(guard_reason((enum guard_event)i)), 0);
	ck_assert_str_eq(guard_reason(GUARD_PING), "too_many_pings");
}
END_TEST

START_TEST(guard_is_small)
{
	ck_assert_uint_le(sizeof(struct guard), 64);
}
END_TEST

UNIT_MAIN(bucket_allows_its_burst_and_then_its_rate, bucket_never_holds_more_than_its_burst,
	  bucket_survives_a_clock_that_goes_back_and_32_bits, bucket_without_burst_allows_nothing,
	  rated_events_have_their_burst, one_kind_of_event_does_not_use_up_another,
	  pings_at_the_minimal_interval_are_fine_for_ever, third_strike_is_one_too_many, strikes_start_again_when_we_send,
	  probes_that_answer_our_data_are_fine_at_any_rate, pings_beyond_our_data_hit_the_flat_cap,
	  minimal_interval_of_zero_leaves_the_flat_cap, control_frames_are_capped_without_progress,
	  control_frames_are_capped_per_second_with_progress, window_updates_that_answer_our_data_are_progress,
	  quiet_connection_lives_on_keepalive_alone, second_empty_data_frame_in_a_row_is_too_many,
	  third_oversized_header_block_is_too_many, what_was_exceeded_stays_exceeded, every_event_has_a_reason,
	  guard_is_small)
