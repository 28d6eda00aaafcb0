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
	[RESULT_LOST] = "lost-contact",
	[RESULT_RUNNING] = "running",
};

const char *run_outcome_name(enum run_outcome outcome)
{
	return outcome_names[outcome];
}

void run_result_done(struct run_result *r)
{
	free(r->error);
	free(r->hint);
	free(r->containment);
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

static bool is_whole(const Sloth__V1__RunExit *exit, const struct run_arrived *a)
{
	if (!a->missing)
		return exit->stdout_bytes == a->bytes[0] && exit->stderr_bytes == a->bytes[1];
	return a->may_miss && exit->stdout_bytes + exit->stderr_bytes == a->bytes[0] + a->bytes[1] + a->missing;
}

static void check_totals(struct run_result *r, const Sloth__V1__RunExit *exit, const struct run_arrived *arrived)
{
	char *before = r->error;

	r->missing = arrived->missing;
	if (is_whole(exit, arrived))
		return;
	r->status = EXIT_LOST;
	r->is_plain = false;
	r->is_incomplete = true;
	r->error = mem_printf("output is incomplete: %llu of %llu bytes of standard output and %llu of %llu of "
			      "standard error arrived%s%s", (unsigned long long)arrived->bytes[0],
			      (unsigned long long)exit->stdout_bytes, (unsigned long long)arrived->bytes[1],
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

static void from_end(struct run_result *r, const Sloth__V1__RunExit *exit, int interrupt)
{
	*r = (struct run_result){ .exit_code = -1, .status = EXIT_LOST, .is_trusted = true };
	r->duration_ms = exit->duration_ms;
	r->signal = (int)exit->signal;
	r->is_cut = exit->output_cut;
	r->containment = *exit->containment ? mem_strdup(exit->containment) : NULL;
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
}

void run_result_from_exit(struct run_result *r, const Sloth__V1__RunExit *exit, const struct run_arrived *arrived,
			  int interrupt)
{
	from_end(r, exit, interrupt);
	if (r->outcome != RESULT_UNKNOWN)
		check_totals(r, exit, arrived);
	r->missing = arrived->missing;
}

void run_result_observed(struct run_result *r)
{
	if (r->is_incomplete || r->outcome == RESULT_UNKNOWN)
		return;
	free(r->error);
	r->error = NULL;
	r->status = EXIT_OK;
}

void run_result_from_start(struct run_result *r)
{
	*r = (struct run_result){ .outcome = RESULT_RUNNING, .exit_code = -1 };
}

/* ---- the master's record ---- */

static bool exit_from_record(const Sloth__V1__RunRecord *record, Sloth__V1__RunExit *exit)
{
	static const struct {
		const char *state;
		Sloth__V1__RunEnd end;
	} ends[] = {
		{ "exited", SLOTH__V1__RUN_END__RUN_END_EXITED },
		{ "signalled", SLOTH__V1__RUN_END__RUN_END_SIGNALLED },
		{ "timed-out", SLOTH__V1__RUN_END__RUN_END_TIMED_OUT },
		{ "cancelled", SLOTH__V1__RUN_END__RUN_END_CANCELLED },
		{ "rejected", SLOTH__V1__RUN_END__RUN_END_NOT_STARTED },
		{ "never-began", SLOTH__V1__RUN_END__RUN_END_NOT_STARTED },
		{ "unknown", SLOTH__V1__RUN_END__RUN_END_UNKNOWN },
	};
	const char *state = record->state;

	/* Over, and its agent could not be reached: it never began. */
	if (record->ended_ms && str_equal(state, "unreachable"))
		state = "rejected";
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		if (!str_equal(state, ends[i].state))
			continue;
		exit->end = ends[i].end;
		exit->code = record->code;
		exit->signal = record->signal;
		exit->reason = record->reason;
		exit->duration_ms = record->duration_ms;
		exit->containment = record->containment;
		return true;
	}
	return false;
}

void run_result_from_record(struct run_result *r, const Sloth__V1__RunRecord *record)
{
	Sloth__V1__RunExit exit = SLOTH__V1__RUN_EXIT__INIT;

	if (exit_from_record(record, &exit))
		from_end(r, &exit, 0);
	else
		*r = (struct run_result){ .outcome = RESULT_RUNNING, .exit_code = -1, .status = EXIT_TIMED_OUT,
			.error = mem_printf("it is not over: %s%s%s", record->state, *record->reason ? ": " : "",
					    record->reason) };
}

/* ---- nobody told the end ---- */

bool run_result_is_refusal(enum wire_code code)
{
	switch (code) {
	case WIRE_NOT_FOUND:
	case WIRE_INVALID_ARGUMENT:
	case WIRE_FAILED_PRECONDITION:
	case WIRE_PERMISSION_DENIED:
	case WIRE_UNAUTHENTICATED:
	case WIRE_RESOURCE_EXHAUSTED:
	case WIRE_UNIMPLEMENTED:
	case WIRE_OUT_OF_RANGE:
	case WIRE_ALREADY_EXISTS:
	case WIRE_ABORTED:
		return true;
	default:
		return false;
	}
}

/* A call that looks for a run hands the start over with it: where it could be proved that the run never began, it would
 * have begun. */
static enum run_outcome call_outcome(const struct run_call_end *end)
{
	bool is_new = !end->is_started && !end->is_resumed;

	if (end->code == WIRE_ABORTED && (end->is_started || end->is_resumed || end->is_joined))
		return RESULT_RUNNING;
	if (end->is_unprocessed && is_new)
		return RESULT_REJECTED;
	if (is_new && str_equal(end->state, "never-began"))
		return RESULT_REJECTED;
	if (is_new && !end->is_lost && end->code == WIRE_UNAVAILABLE)
		return RESULT_UNREACHABLE;
	if (is_new && !end->is_lost && run_result_is_refusal(end->code) && end->code != WIRE_ALREADY_EXISTS)
		return RESULT_REJECTED;
	if (end->is_started && (end->is_lost || end->code == WIRE_UNAVAILABLE))
		return RESULT_LOST;
	return RESULT_UNKNOWN;
}

static char *call_error(const struct run_result *r, const struct run_call_end *end)
{
	const char *why = *end->why ? end->why : wire_code_name(end->code), *known = "";

	if (end->is_resumed)
		known = end->is_started ? "; it had started" : "; whether it has started is not known";
	if (r->outcome == RESULT_RUNNING)
		return mem_printf("let go of: %s; the command goes on there", why);
	if (r->outcome != RESULT_UNKNOWN && r->outcome != RESULT_LOST)
		return mem_strdup(why);
	return mem_printf("result unknown: %s%s%s", end->is_lost ? "connection to the master: " : "",
			  end->code == WIRE_OK ? "the call ended without the run's end" : why, known);
}

/* "sloth run show ID, ..."; without an id there is nothing to ask for. */
static char *id_hint(const char *verb, const uint8_t *id, const char *rest)
{
	char hex[2 * 16 + 1];

	if (!id)
		return NULL;
	str_hex(id, 16, hex);
	return mem_printf("sloth run %s %s%s", verb, hex, rest);
}

static char *call_hint(const struct run_result *r, const struct run_call_end *end)
{
	if (r->outcome == RESULT_UNKNOWN)
		return id_hint("show", end->id, ", before you run it again: it may have done its work");
	if (r->outcome == RESULT_LOST)
		return id_hint("wait", end->id, ", which says how it ended");
	if (r->outcome == RESULT_RUNNING)
		return id_hint("attach", end->id, ", which takes it back");
	if (r->outcome == RESULT_UNREACHABLE && !end->agent)
		return mem_strdup("sloth agent list, which shows its state");
	if (end->code == WIRE_NOT_FOUND)
		return end->is_joined ? id_hint("show", end->id, ", which has what is known of it") : mem_strdup("sloth agent list");
	if (end->code == WIRE_UNAVAILABLE && !end->is_lost && end->agent)
		return mem_printf("sloth agent doctor %s, which finds why", end->agent);
	if (end->code == WIRE_UNIMPLEMENTED || end->code == WIRE_UNAUTHENTICATED || end->code == WIRE_PERMISSION_DENIED)
		return mem_strdup(client_hint(end->code, end->why));
	return NULL;
}

void run_result_from_call(struct run_result *r, const struct run_call_end *end)
{
	*r = (struct run_result){ .outcome = call_outcome(end), .exit_code = -1, .status = EXIT_LOST };
	r->error = call_error(r, end);
	r->hint = call_hint(r, end);
	if (end->interrupt)
		r->status = EXIT_SIGNAL + end->interrupt;
}

void run_result_from_lost(struct run_result *r, const struct run_lost *lost)
{
	const char *time = str_duration_ms(lost->for_ms);

	*r = (struct run_result){ .exit_code = -1, .status = EXIT_LOST };
	if (lost->is_started) {
		r->outcome = RESULT_LOST;
		r->error = mem_printf("result unknown: no contact for %s: %s; it had started, and %llu bytes of its output "
				      "arrived", time, lost->why, (unsigned long long)lost->arrived);
		r->hint = id_hint("wait", lost->id, ", which says how it ended");
	} else {
		r->error = mem_printf("result unknown: no contact for %s: %s; whether it has started is not known", time,
				      lost->why);
		r->hint = id_hint("show", lost->id, ", before you run it again");
	}
	if (lost->interrupt)
		r->status = EXIT_SIGNAL + lost->interrupt;
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
	case RESULT_RUNNING:
		return mem_strdup("goes on");
	default:
		return mem_strdup("result unknown");
	}
}
