/* How the ends of runs become words and exit statuses. */
#include <string.h>

#include "cli/run_result.h"
#include "test/lib/unit.h"

#define END(name) SLOTH__V1__RUN_END__RUN_END_##name

static Sloth__V1__RunExit exit_of(Sloth__V1__RunEnd end, unsigned code)
{
	Sloth__V1__RunExit exit = SLOTH__V1__RUN_EXIT__INIT;

	exit.end = end;
	exit.code = code;
	return exit;
}

static const struct {
	Sloth__V1__RunEnd end;
	unsigned code, signal;
	int interrupt, status;
	enum run_outcome outcome;
} ends[] = {
	{ END(EXITED), 0, 0, 0, 0, RESULT_EXITED },
	{ END(EXITED), 3, 0, 0, 3, RESULT_EXITED },
	{ END(EXITED), 255, 0, 0, 255, RESULT_EXITED },
	{ END(EXITED), 0, 0, 2, 0, RESULT_EXITED },
	{ END(SIGNALLED), 9, 9, 0, 137, RESULT_SIGNALLED },
	{ END(SIGNALLED), 2, 2, 0, 130, RESULT_SIGNALLED },
	{ END(TIMED_OUT), 0, 15, 0, 124, RESULT_TIMED_OUT },
	{ END(CANCELLED), 0, 15, 2, 130, RESULT_CANCELLED },
	{ END(CANCELLED), 0, 15, 15, 143, RESULT_CANCELLED },
	{ END(CANCELLED), 0, 9, 0, 137, RESULT_CANCELLED },
	{ END(CANCELLED), 0, 0, 0, 125, RESULT_CANCELLED },
	{ END(NOT_STARTED), 126, 0, 0, 126, RESULT_NOT_STARTED },
	{ END(NOT_STARTED), 127, 0, 0, 127, RESULT_NOT_STARTED },
	{ END(NOT_STARTED), 0, 0, 0, 125, RESULT_NOT_STARTED },
	{ END(UNKNOWN), 0, 0, 0, 125, RESULT_UNKNOWN },
	{ END(EXITED), 256, 0, 0, 125, RESULT_UNKNOWN },
	{ END(SIGNALLED), 128, 0, 0, 125, RESULT_UNKNOWN },
	{ END(SIGNALLED), 0, 0, 0, 125, RESULT_UNKNOWN },
	{ END(CANCELLED), 0, 128, 0, 125, RESULT_UNKNOWN },
	{ (Sloth__V1__RunEnd)99, 0, 0, 0, 125, RESULT_UNKNOWN },
};

START_TEST(result_has_the_documented_status)
{
	static const struct run_arrived nothing;

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		Sloth__V1__RunExit exit = exit_of(ends[i].end, ends[i].code);
		struct run_result r;

		exit.signal = ends[i].signal;
		run_result_from_exit(&r, &exit, &nothing, ends[i].interrupt);
		ck_assert_int_eq(r.status, ends[i].status);
		ck_assert_int_eq(r.outcome, ends[i].outcome);
		ck_assert((r.error == NULL) == (r.outcome == RESULT_EXITED));
		run_result_done(&r);
	}
}
END_TEST

START_TEST(result_is_no_success_when_a_byte_is_missing)
{
	Sloth__V1__RunExit exit = exit_of(END(EXITED), 0);
	const struct run_arrived arrived = { .bytes = { 99, 7 } };
	struct run_result r;

	exit.stdout_bytes = 100;
	exit.stderr_bytes = 7;
	run_result_from_exit(&r, &exit, &arrived, 0);
	ck_assert_int_eq(r.status, 125);
	ck_assert_ptr_nonnull(strstr(r.error, "99 of 100 bytes"));
	run_result_done(&r);
	exit.stdout_bytes = 99;
	run_result_from_exit(&r, &exit, &arrived, 0);
	ck_assert_int_eq(r.status, 0);
	run_result_done(&r);
}
END_TEST

static const struct {
	struct run_call_end end;
	enum run_outcome outcome;
	const char *error;
} calls[] = {
	{ { .code = WIRE_NOT_FOUND, .why = "agent not found or inactive: x" }, RESULT_REJECTED,
	  "agent not found or inactive: x" },
	{ { .code = WIRE_UNAVAILABLE, .why = "refused" }, RESULT_UNREACHABLE, "refused" },
	{ { .code = WIRE_UNAVAILABLE, .why = "reset", .is_lost = true }, RESULT_UNKNOWN,
	  "result unknown: connection to the master: reset" },
	{ { .code = WIRE_UNAVAILABLE, .why = "reset", .is_lost = true, .is_unprocessed = true }, RESULT_REJECTED, "reset" },
	{ { .code = WIRE_UNAVAILABLE, .why = "reset", .is_started = true }, RESULT_LOST, "result unknown: reset" },
	{ { .code = WIRE_NOT_FOUND, .why = "no such run", .is_resumed = true }, RESULT_UNKNOWN,
	  "result unknown: no such run; whether it has started is not known" },
	{ { .code = WIRE_NOT_FOUND, .why = "no such run", .is_resumed = true, .state = "never-began" }, RESULT_UNKNOWN,
	  "result unknown: no such run; whether it has started is not known" },
	{ { .code = WIRE_UNAVAILABLE, .why = "stopping", .state = "never-began" }, RESULT_REJECTED, "stopping" },
	{ { .code = WIRE_ALREADY_EXISTS, .why = "it is over" }, RESULT_UNKNOWN, "result unknown: it is over" },
	{ { .code = WIRE_ABORTED, .why = "attached elsewhere", .is_started = true }, RESULT_RUNNING,
	  "let go of: attached elsewhere; the command goes on there" },
	{ { .code = WIRE_OK, .why = "", .is_started = true }, RESULT_UNKNOWN,
	  "result unknown: the call ended without the run's end" },
	{ { .code = WIRE_INTERNAL, .why = "" }, RESULT_UNKNOWN, "result unknown: INTERNAL" },
};

START_TEST(result_of_a_call_without_an_end_is_never_a_success)
{
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		struct run_result r;

		run_result_from_call(&r, &calls[i].end);
		ck_assert_int_eq(r.status, 125);
		ck_assert_int_eq(r.outcome, calls[i].outcome);
		ck_assert_str_eq(r.error, calls[i].error);
		run_result_done(&r);
	}
}
END_TEST

START_TEST(result_counts_what_was_gone_before_we_came)
{
	Sloth__V1__RunExit exit = exit_of(END(EXITED), 0);
	struct run_arrived arrived = { .bytes = { 60, 10 }, .missing = 30, .may_miss = true };
	struct run_result r;

	exit.stdout_bytes = 90;
	exit.stderr_bytes = 10;
	run_result_from_exit(&r, &exit, &arrived, 0);
	ck_assert_int_eq(r.status, 0);
	ck_assert_uint_eq(r.missing, 30);
	run_result_done(&r);
	arrived.may_miss = false;
	run_result_from_exit(&r, &exit, &arrived, 0);
	ck_assert_int_eq(r.status, 125);
	run_result_done(&r);
	arrived.may_miss = true;
	arrived.missing = 29;
	run_result_from_exit(&r, &exit, &arrived, 0);
	ck_assert_int_eq(r.status, 125);
	run_result_observed(&r);
	ck_assert_int_eq(r.status, 125);
	run_result_done(&r);
}
END_TEST

static const struct {
	const char *state;
	unsigned code, signal;
	int status;
} records[] = {
	{ "exited", 3, 0, 3 }, { "exited", 0, 0, 0 }, { "signalled", 9, 9, 137 }, { "timed-out", 0, 15, 124 },
	{ "cancelled", 0, 15, 143 }, { "rejected", 127, 0, 127 }, { "rejected", 0, 0, 125 }, { "unknown", 0, 0, 125 },
	{ "running", 0, 0, 124 }, { "lost-contact", 0, 0, 124 }, { "exited", 256, 0, 125 },
};

START_TEST(result_of_a_record_has_the_status_of_its_run)
{
	for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
		Sloth__V1__RunRecord record = SLOTH__V1__RUN_RECORD__INIT;
		struct run_result r;

		record.state = (char *)(uintptr_t)records[i].state;
		record.code = records[i].code;
		record.signal = records[i].signal;
		run_result_from_record(&r, &record);
		ck_assert_msg(r.status == records[i].status, "%s %u: %d", record.state, record.code, r.status);
		run_result_done(&r);
	}
}
END_TEST

static const struct {
	struct run_lost lost;
	enum run_outcome outcome;
	const char *error, *hint;
} losses[] = {
	{ { .is_started = true, .arrived = 7 }, RESULT_LOST, "result unknown: no contact for 2.0 s: reset; it had started, and 7 bytes",
	  "sloth run wait 000102030405060708090a0b0c0d0e0f" },
	{ { .arrived = 0 }, RESULT_UNKNOWN, "whether it has started is not known", "sloth run show 0001020304" },
};

START_TEST(result_of_a_lost_run_says_what_is_known)
{
	static const uint8_t id[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

	for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
		struct run_lost lost = losses[i].lost;
		struct run_result r;

		lost.why = "reset";
		lost.for_ms = 2000;
		lost.id = id;
		run_result_from_lost(&r, &lost);
		ck_assert_int_eq(r.status, 125);
		ck_assert_int_eq(r.outcome, losses[i].outcome);
		ck_assert_msg(strstr(r.error, losses[i].error) != NULL, "%s", r.error);
		ck_assert_msg(strstr(r.hint, losses[i].hint) != NULL, "%s", r.hint);
		run_result_done(&r);
	}
}
END_TEST

UNIT_MAIN(result_counts_what_was_gone_before_we_came, result_of_a_record_has_the_status_of_its_run,
	  result_of_a_lost_run_says_what_is_known, result_has_the_documented_status, result_is_no_success_when_a_byte_is_missing,
	  result_of_a_call_without_an_end_is_never_a_success)
