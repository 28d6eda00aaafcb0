/*
 * run_result.c - how a run ended, in words and as an exit status.
 */
#include "cli/run_result.h"

#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

enum { RUN_SIGNAL_MAX = 64 };

static const char *const outcome_names[] = {
	[RESULT_UNKNOWN] = "unknown",
	[RESULT_EXITED] = "exited",
	[RESULT_SIGNALLED] = "signalled",
	[RESULT_TIMED_OUT] = "timed-out",
	[RESULT_CANCELLED] = "cancelled",
	[RESULT_NOT_STARTED] = "not-started",
	[RESULT_REJECTED] = "rejected",
	[RESULT_UNREACHABLE] = "unreachable",
};

const char *run_outcome_name(enum run_outcome outcome)
{
	return outcome_names[outcome];
}

void run_result_done(struct run_result *r)
{
	free(r->error);
	*r = (struct run_result){ 0 };
}

/* "KILL", or the number where it has no name. Static. */
static const char *signal_name(int number)
{
	const char *name = sigabbrev_np(number);

	return name ? name : "unknown";
}

static char *signal_text(int number)
{
	return mem_printf("signal %d (%s)", number, signal_name(number));
}

/* ---- the agent told the end ---- */

static char *reason_or(const Sloth__V1__RunExit *exit, const char *otherwise)
{
	return mem_strdup(*exit->reason ? exit->reason : otherwise);
}

static void from_signal(struct run_result *r, const Sloth__V1__RunExit *exit)
{
	char *signal = signal_text((int)exit->code);

	r->outcome = RESULT_SIGNALLED;
	r->signal = (int)exit->code;
	r->status = EXIT_SIGNAL + r->signal;
	r->error = mem_printf("ended by %s", signal);
	r->is_plain = true;
	free(signal);
}

/* Cancelled by us it has the status of the signal that we got, else of the one that ended it. */
static void from_cancel(struct run_result *r, const Sloth__V1__RunExit *exit, int interrupt)
{
	r->outcome = RESULT_CANCELLED;
	r->error = reason_or(exit, "cancelled");
	r->is_plain = interrupt != 0;
	if (interrupt)
		r->status = EXIT_SIGNAL + interrupt;
	else
		r->status = exit->signal ? EXIT_SIGNAL + (int)exit->signal : EXIT_LOST;
}

static void from_not_started(struct run_result *r, const Sloth__V1__RunExit *exit)
{
	bool has_status = exit->code == EXIT_CANNOT_EXEC || exit->code == EXIT_NOT_FOUND;

	r->outcome = RESULT_NOT_STARTED;
	r->status = has_status ? (int)exit->code : EXIT_LOST;
	r->error = reason_or(exit, "it could not be started");
}

static void check_totals(struct run_result *r, const Sloth__V1__RunExit *exit, const uint64_t arrived[2])
{
	char *before = r->error;

	if (exit->stdout_bytes == arrived[0] && exit->stderr_bytes == arrived[1])
		return;
	r->status = EXIT_LOST;
	r->is_plain = false;
	r->error = mem_printf("output is incomplete: %llu of %llu bytes of standard output and %llu of %llu of "
			      "standard error arrived%s%s", (unsigned long long)arrived[0],
			      (unsigned long long)exit->stdout_bytes, (unsigned long long)arrived[1],
			      (unsigned long long)exit->stderr_bytes, before ? "; " : "", before ? before : "");
	free(before);
}

/* Numbers that no command ends with: taken as they are they would become another command's status, 0 even. */
static bool is_possible(const Sloth__V1__RunExit *exit)
{
	if (exit->signal > RUN_SIGNAL_MAX)
		return false;
	if (exit->end == SLOTH__V1__RUN_END__RUN_END_SIGNALLED)
		return exit->code >= 1 && exit->code <= RUN_SIGNAL_MAX;
	return exit->code <= UINT8_MAX;
}

static void from_impossible(struct run_result *r, const Sloth__V1__RunExit *exit)
{
	r->outcome = RESULT_UNKNOWN;
	r->signal = 0;
	r->error = mem_printf("result unknown: the agent says status %u, signal %u, which no command ends with", exit->code,
			      exit->signal);
}

void run_result_from_exit(struct run_result *r, const Sloth__V1__RunExit *exit, const uint64_t arrived[2],
			  int interrupt)
{
	*r = (struct run_result){ .exit_code = -1, .status = EXIT_LOST, .is_trusted = true };
	r->duration_ms = exit->duration_ms;
	r->signal = (int)exit->signal;
	r->is_cut = exit->output_cut;
	if (!is_possible(exit)) {
		from_impossible(r, exit);
		return;
	}
	switch (exit->end) {
	case SLOTH__V1__RUN_END__RUN_END_EXITED:
		r->outcome = RESULT_EXITED;
		r->status = r->exit_code = (int)exit->code;
		break;
	case SLOTH__V1__RUN_END__RUN_END_SIGNALLED:
		from_signal(r, exit);
		break;
	case SLOTH__V1__RUN_END__RUN_END_TIMED_OUT:
		r->outcome = RESULT_TIMED_OUT;
		r->status = EXIT_TIMED_OUT;
		r->error = reason_or(exit, "timed out");
		r->is_plain = true;
		break;
	case SLOTH__V1__RUN_END__RUN_END_CANCELLED:
		from_cancel(r, exit, interrupt);
		break;
	case SLOTH__V1__RUN_END__RUN_END_NOT_STARTED:
		from_not_started(r, exit);
		break;
	default:
		r->outcome = RESULT_UNKNOWN;
		r->error = mem_printf("result unknown: %s", *exit->reason ? exit->reason : "the agent does not know it");
	}
	check_totals(r, exit, arrived);
}

/* ---- nobody told the end ---- */

/* What a status of the master says about a run of which no start was heard. */
static enum run_outcome refusal(enum wire_code code)
{
	switch (code) {
	case WIRE_UNAVAILABLE:
		return RESULT_UNREACHABLE;
	case WIRE_NOT_FOUND:
	case WIRE_INVALID_ARGUMENT:
	case WIRE_FAILED_PRECONDITION:
	case WIRE_PERMISSION_DENIED:
	case WIRE_UNAUTHENTICATED:
	case WIRE_RESOURCE_EXHAUSTED:
	case WIRE_UNIMPLEMENTED:
	case WIRE_OUT_OF_RANGE:
		return RESULT_REJECTED;
	default:
		return RESULT_UNKNOWN;
	}
}

void run_result_from_call(struct run_result *r, const struct run_call_end *end)
{
	const char *why = *end->why ? end->why : wire_code_name(end->code);

	*r = (struct run_result){ .exit_code = -1, .status = EXIT_LOST };
	if (end->is_unprocessed)
		r->outcome = RESULT_REJECTED;
	else if (!end->is_started && !end->is_lost)
		r->outcome = refusal(end->code);
	if (r->outcome == RESULT_UNKNOWN)
		r->error = mem_printf("result unknown: %s%s", end->is_lost ? "connection to the master: " : "",
				      end->code == WIRE_OK ? "the call ended without the run's end" : why);
	else
		r->error = mem_strdup(why);
	if (r->outcome == RESULT_REJECTED && end->code == WIRE_NOT_FOUND)
		r->hint = "sloth agent list";
	else if (r->outcome == RESULT_UNREACHABLE)
		r->hint = "sloth agent list, which shows its state";
	else if (r->outcome == RESULT_REJECTED && (end->code == WIRE_UNIMPLEMENTED || end->code == WIRE_UNAUTHENTICATED ||
						   end->code == WIRE_PERMISSION_DENIED))
		r->hint = client_hint(end->code, end->why);
	else if (r->outcome == RESULT_UNKNOWN)
		r->hint = "looking at the agent's machine before you run it again: it may have done its work";
	if (end->interrupt)
		r->status = EXIT_SIGNAL + end->interrupt;
}

void run_result_from_us(struct run_result *r, int status, char *error)
{
	*r = (struct run_result){ .exit_code = -1, .status = status, .error = error };
	r->is_silent = !error;
}

/* ---- words ---- */

char *run_result_summary(const struct run_result *r)
{
	const char *after = str_duration_ms(r->duration_ms);
	char *signal, *text;

	switch (r->outcome) {
	case RESULT_EXITED:
		return mem_printf("exit %d after %s", r->exit_code, after);
	case RESULT_SIGNALLED:
		signal = signal_text(r->signal);
		text = mem_printf("ended by %s after %s", signal, after);
		free(signal);
		return text;
	case RESULT_TIMED_OUT:
		return mem_printf("timed out after %s", after);
	case RESULT_CANCELLED:
		return mem_printf("cancelled after %s", after);
	case RESULT_NOT_STARTED:
	case RESULT_REJECTED:
		return mem_strdup("not run");
	case RESULT_UNREACHABLE:
		return mem_strdup("not run: unreachable");
	default:
		return mem_strdup("result unknown");
	}
}
