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
	static const uint64_t nothing[2];

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		Sloth__V1__RunExit exit = exit_of(ends[i].end, ends[i].code);
		struct run_result r;

		exit.signal = ends[i].signal;
		run_result_from_exit(&r, &exit, nothing, ends[i].interrupt);
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
	const uint64_t arrived[] = { 99, 7 };
	struct run_result r;

	exit.stdout_bytes = 100;
	exit.stderr_bytes = 7;
	run_result_from_exit(&r, &exit, arrived, 0);
	ck_assert_int_eq(r.status, 125);
	ck_assert_ptr_nonnull(strstr(r.error, "99 of 100 bytes"));
	run_result_done(&r);
	exit.stdout_bytes = 99;
	run_result_from_exit(&r, &exit, arrived, 0);
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
	{ { .code = WIRE_UNAVAILABLE, .why = "reset", .is_started = true }, RESULT_UNKNOWN, "result unknown: reset" },
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

UNIT_MAIN(result_has_the_documented_status, result_is_no_success_when_a_byte_is_missing,
	  result_of_a_call_without_an_end_is_never_a_success)
