/*
 * audit_run.c - see audit_run.h. Who asked is copied: the caller may be gone when the run ends.
 */
#include "master/audit_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/history.h"
#include "master/master.h"

struct audit_run {
	struct master *m;
	const char *kind;
	struct principal who;
	char *agent;
	uint8_t id[AUDIT_RUN_ID_MAX];
};

enum { EVENT_MAX = 32 };

static void name_event(char out[EVENT_MAX], const char *kind, const char *what)
{
	snprintf(out, EVENT_MAX, "%s.%s", kind, what);
}

/* ---- beginning ---- */

static void refuse(struct wire_call *call, const struct audit *audit, int err)
{
	enum wire_code code = err == -ENOSPC || err == -EDQUOT ? WIRE_RESOURCE_EXHAUSTED : WIRE_UNAVAILABLE;

	wire_end(call, code, audit_failing(audit));
}

struct audit_run *audit_run_begin(struct master *m, struct wire_call *call, const struct audit_run_what *what)
{
	struct audit_run *run = mem_new(struct audit_run);
	struct audit_event e = what->event;
	char name[EVENT_MAX];
	int err;

	principal_of_call(&run->who, &m->users, call);
	if (e.run_id_len == sizeof run->id)
		memcpy(run->id, e.run_id, sizeof run->id);
	else
		random_bytes(run->id, sizeof run->id);
	name_event(name, what->kind, "start");
	e.event = name;
	e.who = &run->who;
	e.run_id = run->id;
	e.run_id_len = sizeof run->id;
	e.is_decided = true;
	err = audit_note(m->audit, &e);
	if (err) {
		refuse(call, m->audit, err);
		free(run);
		return NULL;
	}
	run->m = m;
	run->kind = what->kind;
	run->agent = mem_strdup(e.agent);
	return run;
}

/* Whoever may do nothing could push out older records with long commands. */
static void leave_out_words(struct audit_event *e)
{
	e->command = e->cwd = NULL;
	e->n_argv = e->n_env = 0;
}

void audit_run_deny(struct master *m, struct wire_call *call, const struct audit_run_what *what, const char *reason)
{
	struct audit_event e = what->event;
	struct principal who;
	char name[EVENT_MAX];

	principal_of_call(&who, &m->users, call);
	name_event(name, what->kind, "denied");
	e.event = name;
	e.who = &who;
	e.is_decided = e.is_denied = true;
	e.reason = reason;
	if (!guard_bucket_take(&m->refusals, mono_ms()))
		leave_out_words(&e);
	audit_note_past(m->audit, &e);
}

/* ---- end ---- */

void audit_run_end(struct audit_run **run, const struct audit_result *result, const char *reason)
{
	struct audit_run *r = *run;
	struct audit_event e = { .result = result, .reason = reason };
	char name[EVENT_MAX];

	if (!r)
		return;
	*run = NULL;
	r->who.from = NULL;		/* stands in the other record, and may be gone */
	name_event(name, r->kind, "end");
	e.event = name;
	e.who = &r->who;
	e.agent = r->agent;
	e.run_id = r->id;
	e.run_id_len = sizeof r->id;
	audit_note_past(r->m->audit, &e);
	free(r->agent);
	free(r);
}

void audit_run_end_as(struct audit_run **run, const char *state, const char *reason)
{
	const struct audit_result result = { .state = state };

	audit_run_end(run, &result, reason);
}

/* The agent's words are taken only where they are ones that are known. NULL: none. */
static const char *told_state(struct wire_call *callee)
{
	static const char *const states[] = { "exited", "signalled", "timed-out", "cancelled", "rejected", "not-started",
					      "unknown", "queued", "running" };
	const char *told = wire_call_text(callee, "sloth-state", "");

	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (str_equal(told, states[i]))
			return states[i];
	return NULL;
}

static uint64_t told_number(struct wire_call *callee, const char *name)
{
	uint64_t n = 0;

	(void)str_parse_u64(wire_call_text(callee, name, ""), 0, UINT64_MAX, &n);
	return n;
}

/* A call of ours that is OK without an end has left the run: it is detached, or was only looked at. */
static const char *untold_state(const struct audit_run *run, struct wire_call *callee, enum wire_code code)
{
	if (wire_call_is_unprocessed(callee))
		return "unreachable";
	if (code == WIRE_OK && !str_equal(run->kind, "execute"))
		return "running";
	return code == WIRE_CANCELLED ? "cancelled" : "unknown";
}

static void read_trailers(struct wire_call *callee, struct audit_result *result)
{
	result->code = told_number(callee, "sloth-exit");
	result->has_counts = true;
	result->stdout_bytes = told_number(callee, "sloth-stdout-bytes");
	result->stderr_bytes = told_number(callee, "sloth-stderr-bytes");
	result->duration_ms = told_number(callee, "sloth-duration-ms");
}

static void read_exit(const Sloth__V1__RunExit *exit, struct audit_result *result)
{
	*result = (struct audit_result){
		.state = run_state_name(run_state_of_end(exit->end)), .code = exit->code, .has_counts = true,
		.stdout_bytes = exit->stdout_bytes, .stderr_bytes = exit->stderr_bytes, .duration_ms = exit->duration_ms,
	};
}

void audit_run_end_by_call(struct audit_run **run, const struct history_end *end)
{
	const char *why = end->exit ? end->exit->reason : end->why;
	struct audit_result result = { .state = told_state(end->callee) };

	if (!*run)
		return;
	if (result.state && !str_equal(result.state, "queued") && !str_equal(result.state, "running"))
		read_trailers(end->callee, &result);
	else if (end->exit)
		read_exit(end->exit, &result);
	else if (!result.state)
		result.state = untold_state(*run, end->callee, end->code);
	audit_run_end(run, &result, end->exit || end->code == WIRE_OK || *why ? why : wire_code_name(end->code));
}
