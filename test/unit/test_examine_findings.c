/*
 * test_examine_findings.c - from one connection to a line for each step: where it failed, what came before, what is left
 * out; clocks and round trips in words.
 */
#include <string.h>

#include "common/mem.h"
#include "master/examine_findings.h"
#include "test/lib/unit.h"

static struct findings f;

/* "ok", "failed" and "skipped" of the steps of a connection by their first letters. */
static const char *letters(void)
{
	static char text[STEP_N + 1];

	for (int i = 0; i < STEP_N; i++)
		text[i] = *f.steps[i].result;
	text[STEP_CLOCK] = '\0';
	return text;
}

static const struct {
	enum wire_fault fault;
	bool in_tls;
	const char *letters;
} faults[] = {
	{ WIRE_FAULT_LOOKUP, true, "fsssss" },
	{ WIRE_FAULT_NO_ROUTE, true, "ofssss" },
	{ WIRE_FAULT_REFUSED, true, "ofssss" },
	{ WIRE_FAULT_TIMEOUT, true, "ofssss" },
	{ WIRE_FAULT_NEEDS_TLS, false, "ofssss" },
	{ WIRE_FAULT_CLOSED, true, "oofsss" },
	{ WIRE_FAULT_SILENT, true, "oofsss" },
	{ WIRE_FAULT_NOT_TLS, true, "oofsss" },
	{ WIRE_FAULT_REJECTED, true, "oofsss" },
	{ WIRE_FAULT_TLS, true, "oofsss" },
	{ WIRE_FAULT_CLOSED, false, "oosfss" },
	{ WIRE_FAULT_SILENT, false, "oosfss" },
	{ WIRE_FAULT_NOT_GRPC, true, "ooofss" },
	{ WIRE_FAULT_OTHER_CA, true, "oooofs" },
	{ WIRE_FAULT_DATES, true, "oooofs" },
	{ WIRE_FAULT_REVOKED, true, "oooofs" },
	{ WIRE_FAULT_OTHER_PEER, true, "ooooof" },
};

START_TEST(a_fault_fails_its_step_and_leaves_the_rest_out)
{
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		findings_init(&f);
		findings_fault(&f, "10.0.0.7:1", faults[i].in_tls, faults[i].fault, mem_strdup("why"), NULL);
		ck_assert_msg(!strcmp(letters(), faults[i].letters), "%d: %s", (int)faults[i].fault, letters());
		findings_done(&f);
	}
}
END_TEST

START_TEST(clocks_are_compared_at_the_middle_of_the_question)
{
	findings_init(&f);
	findings_clock(&f, 0, 1000, 1100);
	ck_assert_str_eq(f.steps[STEP_CLOCK].result, "skipped");
	findings_clock(&f, 1050 + 2500, 1000, 1100);
	ck_assert_str_eq(f.steps[STEP_CLOCK].result, "ok");
	ck_assert_str_eq(f.steps[STEP_CLOCK].detail, "2.5 s ahead of the master's");
	findings_clock(&f, 100000 - 60000, 100000, 100000);
	ck_assert_str_eq(f.steps[STEP_CLOCK].result, "failed");
	ck_assert_str_eq(f.steps[STEP_CLOCK].detail, "1m 0s behind the master's");
	ck_assert_ptr_nonnull(strstr(f.steps[STEP_CLOCK].advice, "timedatectl"));
	findings_done(&f);
}
END_TEST

START_TEST(round_trips_have_a_least_and_a_middle_one)
{
	uint64_t us[] = { 9000, 1000, 2500, 2000, 3000 };

	findings_init(&f);
	findings_round_trip(&f, us, 0);
	ck_assert_str_eq(f.steps[STEP_ROUND_TRIP].result, "skipped");
	findings_round_trip(&f, us, 5);
	ck_assert_str_eq(f.steps[STEP_ROUND_TRIP].detail, "1.00 ms at best, median 2.50 ms of 5");
	findings_done(&f);
}
END_TEST

UNIT_MAIN(a_fault_fails_its_step_and_leaves_the_rest_out, clocks_are_compared_at_the_middle_of_the_question,
	  round_trips_have_a_least_and_a_middle_one)
