/*
 * history_calls.c - what calls tell about a run. It ends here in one of three ways: the run is over, it goes on, or its
 * agent has to be asked.
 */
#include "master/history_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/str.h"
#include "master/follow.h"
#include "master/master.h"

/* ---- beginning ---- */

/* A run that was over and never began begins after all. */
static void reopen(struct history_run *run, struct agent *a)
{
	if (!list_is_empty(&run->dirty))
		run->h->n_unwritten--;
	run->record.state = RUN_RUNNING;
	run->record.ended_ms = run->record.since_ms = 0;
	run->record.has_output = run->record.is_followed;
	run->epoch[0] = '\0';
	run->may_have_begun = false;
	history_keep_text(&run->record.reason, &run->reason, NULL);
	history_open_run(run, a);
	history_touch(run);
}

static void watch(struct history_run *run, struct history_call *call)
{
	run->n_calls++;
	follow_leave(run);
	call->run = run;
}

static struct history_run *begin_new(struct history *h, struct agent *a, const struct history_what *what,
				     const uint8_t id[RUN_ID_LEN])
{
	struct run_record r = run_record_empty;
	struct history_run *run;
	char *command = run_command_text(what->command, what->argv, what->n_argv);

	memcpy(r.id, id, sizeof r.id);
	r.agent = a->record.name;
	r.principal = what->principal;
	r.command = command;
	r.run_as = *what->run_as || !a->user ? what->run_as : a->user;
	r.state = RUN_RUNNING;
	r.started_ms = wall_us() / 1000;
	r.is_detached = what->is_detached;
	r.is_followed = r.has_output = what->is_followed;
	run = history_enter(h, a, &r);
	history_touch(run);
	free(command);
	return run;
}

void history_begin(struct master *m, struct agent *a, const struct history_what *what, struct history_call *call)
{
	struct history *h = m->history;
	uint8_t id[RUN_ID_LEN];
	struct history_run *run;

	*call = (struct history_call){ .is_start = true };
	if (what->id.len == sizeof id)
		memcpy(id, what->id.data, sizeof id);
	else
		random_bytes(id, sizeof id);
	run = history_lookup(h, id);
	if (!run && h->n_open >= HISTORY_OPEN_MAX)
		h->n_missed++;
	else if (!run)
		watch(begin_new(h, a, what, id), call);
	else if (str_equal(run->record.agent, a->record.name)) {
		if (!run->record.is_open && run->record.is_void)
			reopen(run, a);
		if (run->record.is_open)
			watch(run, call);
	}
}

void history_join(struct master *m, const struct agent *a, ProtobufCBinaryData id, struct history_call *call)
{
	struct history_run *run = id.len == RUN_ID_LEN ? history_lookup(m->history, id.data) : NULL;

	*call = (struct history_call){ .run = NULL };
	if (run && run->record.is_open && str_equal(run->record.agent, a->record.name))
		watch(run, call);
}

const uint8_t *history_call_id(const struct history_call *call)
{
	return call->run ? call->run->record.id : NULL;
}

void history_call_sent(struct history_call *call, const char *epoch)
{
	struct history_run *run = call->run;

	if (!run || run->may_have_begun || !call->is_start)
		return;
	snprintf(run->epoch, sizeof run->epoch, "%s", epoch);
	history_touch(run);
}

void history_call_heard(struct history_call *call, bool is_queued)
{
	struct history_run *run = call->run;

	if (call->is_past_queue)
		return;
	call->is_heard = true;
	call->is_past_queue = !is_queued;
	if (run && run->record.is_open)
		history_set_state(run, is_queued ? RUN_QUEUED : RUN_RUNNING);
}

/* ---- end ---- */

/* The call is about the run no more. */
static struct history_run *leave(struct history_call *call)
{
	struct history_run *run = call->run;

	call->run = NULL;
	run->n_calls--;
	run->is_heard |= call->is_heard;
	return run;
}

/* It goes on without anybody who watches it. */
static void unwatch(struct history_run *run)
{
	if (run->record.is_open && !run->n_calls)
		follow_run(run);
	history_release(run);
}

static uint64_t told_number(struct wire_call *callee, const char *name)
{
	uint64_t n = 0;

	(void)str_parse_u64(wire_call_text(callee, name, ""), 0, UINT64_MAX, &n);
	return n;
}

static const char *default_reason(enum run_state state, const char *why)
{
	switch (state) {
	case RUN_TIMED_OUT: return "its time was over";
	case RUN_CANCELLED: return "it was cancelled";
	case RUN_REJECTED: return *why ? why : "it could not be started";
	case RUN_UNKNOWN: return *why ? why : "its agent does not know how it ended";
	default: return "";
	}
}

/* The trailers of the agent's call. False: they say nothing about the end. */
static bool read_trailers(const struct history_run *run, const struct history_end *end, struct run_record *r)
{
	struct wire_call *callee = end->callee;
	enum run_state state;

	if (!callee)
		return false;
	if (str_equal(wire_call_text(callee, "sloth-state", ""), "not-started"))
		state = RUN_REJECTED;
	else if (!run_state_parse(wire_call_text(callee, "sloth-state", ""), &state))
		return false;
	*r = run_record_empty;
	r->state = state;
	r->code = (uint32_t)told_number(callee, "sloth-exit");
	r->signal = state == RUN_SIGNALLED ? r->code : end->exit ? end->exit->signal : 0;
	r->stdout_bytes = told_number(callee, "sloth-stdout-bytes");
	r->stderr_bytes = told_number(callee, "sloth-stderr-bytes");
	r->duration_ms = told_number(callee, "sloth-duration-ms");
	r->containment = wire_call_text(callee, "sloth-containment", "");
	r->reason = end->exit && *end->exit->reason ? end->exit->reason : default_reason(state, end->why);
	r->has_output = run->record.is_detached && state != RUN_REJECTED;
	return true;
}

/* Its last message, for a call whose trailers never came: the caller had it, and left, or the connection broke. */
static bool read_exit(const struct history_run *run, const struct history_end *end, struct run_record *r)
{
	if (!end->exit)
		return false;
	*r = run_record_empty;
	run_record_take_exit(r, end->exit);
	if (!*r->reason)
		r->reason = default_reason(r->state, "");
	r->has_output = run->record.is_detached && r->state != RUN_REJECTED;
	return true;
}

/* Words with which an agent takes no start; what it has heard of before is something else. */
static bool is_refusal(enum wire_code code)
{
	switch (code) {
	case WIRE_INVALID_ARGUMENT:
	case WIRE_NOT_FOUND:
	case WIRE_PERMISSION_DENIED:
	case WIRE_RESOURCE_EXHAUSTED:
	case WIRE_FAILED_PRECONDITION:
	case WIRE_OUT_OF_RANGE:
	case WIRE_UNIMPLEMENTED:
	case WIRE_UNAUTHENTICATED:
		return true;
	default:
		return false;
	}
}

static void close_void(struct history_run *run, enum run_state state, const char *why)
{
	struct run_record r = run_record_empty;

	r.state = state;
	r.reason = why;
	r.is_void = true;
	r.since_ms = state == RUN_UNREACHABLE ? wall_us() / 1000 : 0;
	history_close(run, &r);
}

/* Its agent cannot be asked, and has not said how it ended. */
static void close_untold(struct history_run *run, const struct history_end *end)
{
	if (end->is_by_caller || end->code == WIRE_CANCELLED)
		history_close_as(run, RUN_CANCELLED, "its caller left");
	else
		history_close_as(run, RUN_UNKNOWN, end->code == WIRE_OK ? "its agent does not say how it ended" : end->why);
}

/* The call that may have begun the run did not. */
static void take_nothing(struct history_run *run, bool is_start, enum run_state state, const char *why)
{
	if (is_start && run->record.is_open && !run->n_calls && !run->may_have_begun)
		close_void(run, state, why);
	else
		unwatch(run);
}

static void take_untold(struct history_run *run, const struct history_end *end)
{
	if (!run->n_calls && !end->is_by_caller && end->code != WIRE_OK && end->code != WIRE_ABORTED &&
	    end->code != WIRE_ALREADY_EXISTS && end->code != WIRE_DATA_LOSS && !is_refusal(end->code))
		history_set_lost(run);
	unwatch(run);
}

void history_call_end(struct history_call *call, const struct history_end *end)
{
	bool is_start = call->is_start, is_heard = call->is_heard;
	struct history_run *run = call->run;
	struct run_record r;

	if (!run)
		return;
	leave(call);
	if (!run->record.is_open) {
		history_release(run);
		return;
	}
	if ((read_trailers(run, end, &r) && run_state_is_end(r.state)) || read_exit(run, end, &r)) {
		history_close(run, &r);
		return;
	}
	if (end->callee && wire_call_is_unprocessed(end->callee)) {
		take_nothing(run, is_start, RUN_UNREACHABLE, end->why);
		return;
	}
	if (is_start && !is_heard && is_refusal(end->code)) {
		take_nothing(run, is_start, RUN_REJECTED, *end->why ? end->why : wire_code_name(end->code));
		return;
	}
	run->may_have_begun = true;
	if (run->record.is_followed)
		take_untold(run, end);
	else
		close_untold(run, end);
}

void history_call_unsent(struct history_call *call, enum run_state state, const char *why)
{
	bool is_start = call->is_start;

	if (call->run)
		take_nothing(leave(call), is_start, state, why);
}

void history_call_tell(struct history_call *call, const struct run_record *r)
{
	struct history_run *run = call->run;

	if (!run)
		return;
	leave(call);
	if (run->record.is_open)
		history_close(run, r);
	else
		history_release(run);
}
