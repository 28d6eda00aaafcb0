/*
 * dispatch.c - a Run before its first message. It has no state of its own: the call's argument is the master.
 */
#include "master/dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "master/audit_run.h"
#include "master/bridge.h"
#include "master/gate.h"
#include "master/history.h"
#include "master/master.h"
#include "master/relay.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/wire.h"

/* A Run that has told what it is about. */
struct asked {
	const Sloth__V1__RunStart *start;	/* NULL: it begins nothing */
	const Sloth__V1__RunResume *resume;	/* NULL: it is a start */
	const char *agent;
	const char *user;			/* as whom; NULL: not known */
	/* of a run that is resumed, as the history has it */
	bool is_known, is_void;
	char *known_agent, *known_user, *known_principal, *known_command;	/* owned */
	char epoch[2 * 16 + 1];
};

static void asked_done(struct asked *a)
{
	free(a->known_agent);
	free(a->known_user);
	free(a->known_principal);
	free(a->known_command);
}

static void on_known(const struct run_record *r, void *arg)
{
	struct asked *a = arg;

	a->is_known = true;
	a->is_void = r->is_void;
	a->known_agent = mem_strdup(r->agent);
	a->known_user = mem_strdup(r->run_as);
	a->known_principal = mem_strdup(r->principal);
	a->known_command = mem_strdup(r->command);
	snprintf(a->epoch, sizeof a->epoch, "%s", r->epoch);
}

/* A run that is resumed runs as whoever it was started as, wherever it was: the history may know. */
static void take_resume(struct master *m, struct asked *a, const Sloth__V1__RunResume *resume)
{
	a->resume = resume;
	a->start = resume->start;
	a->agent = resume->agent_name;
	if (resume->run_id.len == RUN_ID_LEN)
		(void)history_find(m, resume->run_id.data, on_known, a);	/* a store that cannot be read knows none */
	if (!*a->agent && a->is_known)
		a->agent = a->known_agent;
	if (a->is_known && str_equal(a->agent, a->known_agent))
		a->user = a->known_user;
	else if (a->start)
		a->user = a->start->user;
}

/* False: the call has been ended. */
static bool take_first(struct master *m, struct wire_call *call, const Sloth__V1__RunInput *input, struct asked *a)
{
	*a = (struct asked){ .start = NULL };
	switch (input->event_case) {
	case SLOTH__V1__RUN_INPUT__EVENT_START:
		a->start = input->start;
		a->agent = input->start->agent_name;
		a->user = input->start->user;
		return true;
	case SLOTH__V1__RUN_INPUT__EVENT_RESUME:
		take_resume(m, a, input->resume);
		return true;
	default:
		wire_end(call, WIRE_INVALID_ARGUMENT, "the first message of a Run is start or resume");
		return false;
	}
}

/* What may begin is recorded as begun; what is only come back to, if its end is open. */
static void begin_history(struct master *m, struct wire_call *call, const struct asked *a, struct relay_request *relay)
{
	struct principal who;
	struct history_what what;
	const Sloth__V1__RunStart *start = a->start;
	ProtobufCBinaryData id;

	if (!start || (a->resume && a->is_known && !a->is_void)) {
		if (a->resume)
			history_join(m, relay->agent, a->resume->run_id, &relay->history);
		return;
	}
	id = a->resume ? a->resume->run_id : start->run_id;
	principal_of_call(&who, &m->users, call);
	what = (struct history_what){
		.id = id, .principal = who.name, .command = start->command, .run_as = start->user,
		.argv = start->argv, .n_argv = start->n_argv, .is_detached = start->detach,
		.is_followed = id.len == RUN_ID_LEN && !relay->agent->record.is_foreign,
	};
	history_begin(m, relay->agent, &what, &relay->history);
}

static struct audit_run_what describe(const struct asked *a)
{
	const Sloth__V1__RunStart *start = a->start;

	if (!start)
		return (struct audit_run_what){ .kind = "resume", .event = {
			.agent = a->agent, .run_id = a->resume->run_id.data, .run_id_len = a->resume->run_id.len } };
	return (struct audit_run_what){ .kind = a->resume ? "resume" : "run", .event = {
		.agent = a->agent, .command = start->command, .argv = start->argv, .n_argv = start->n_argv,
		.env = start->env, .n_env = start->n_env, .run_id = start->run_id.data, .run_id_len = start->run_id.len,
		.run_as = start->user, .cwd = start->cwd } };
}

/* A run that provably never began may begin under the epoch of this moment. */
static const char *epoch_of(const struct asked *a)
{
	return a->start && a->is_void ? NULL : a->epoch;
}

/* Goes on with a call that may: it is taken over. */
static void pass_on(struct master *m, struct wire_call *call, const Sloth__V1__RunInput *input, const struct asked *a,
		    struct relay_request *relay)
{
	begin_history(m, call, a, relay);
	if (a->resume)
		relay->epoch = epoch_of(a);
	relay->is_start = !a->resume;
	if (relay->agent->record.is_foreign)
		bridge_start(m, call, relay->agent, input, relay->audit, &relay->history);
	else
		relay_start(m, call, relay);
}

/* As whom it was started, and as whom it would be. */
static bool may_run(struct master *m, struct wire_call *call, const struct asked *a)
{
	return master_may_run(m, call, a->agent, a->user) &&
	       (!a->resume || !a->start || master_may_run(m, call, a->agent, a->start->user));
}

/* What begins a run that is known already is what has asked for it, by whoever has: the history tells no other story. */
static const char *why_not_the_same(struct master *m, struct wire_call *call, const struct asked *a)
{
	struct principal who;
	char *command;
	bool is_same;

	if (!a->resume || !a->start)
		return NULL;
	if (a->start->run_id.len != a->resume->run_id.len ||
	    memcmp(a->start->run_id.data, a->resume->run_id.data, a->start->run_id.len) != 0)
		return "the start is that of another run";
	if (!a->is_known)
		return NULL;
	principal_of_call(&who, &m->users, call);
	if (!str_equal(a->agent, a->known_agent) || !principal_is_same(who.name, a->known_principal))
		return "the run was asked for on another agent, or by somebody else";
	command = run_command_text(a->start->command, a->start->argv, a->start->n_argv);
	is_same = !*a->known_command || str_equal(command, a->known_command);
	free(command);
	return is_same ? NULL : "the run was asked for with another command";
}

static void begin(struct master *m, struct wire_call *call, const Sloth__V1__RunInput *input, const struct asked *a,
		  struct relay_request *relay)
{
	const struct audit_run_what what = describe(a);
	const char *other;
	char *why;

	if (a->resume && !*a->agent) {
		wire_end(call, WIRE_NOT_FOUND, "no such run is known here: name its agent");
		return;
	}
	if (!may_run(m, call, a)) {
		audit_run_deny(m, call, &what, "the policy denies it");
		return;
	}
	other = why_not_the_same(m, call, a);
	if (other) {
		wire_end(call, WIRE_INVALID_ARGUMENT, other);
		audit_run_deny(m, call, &what, other);
		return;
	}
	relay->agent = relay_find_agent(m, call, a->agent, !a->resume, &why);
	if (!relay->agent) {
		audit_run_deny(m, call, &what, why);
		free(why);
		return;
	}
	relay->audit = audit_run_begin(m, call, &what);
	if (relay->audit)
		pass_on(m, call, input, a, relay);
}

static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct master *m = arg;
	const Sloth__V1__RunInput *input = wire_unpack(call, &sloth__v1__run_input__descriptor, data, len);
	struct relay_request relay = { .path = "/sloth.v1.Agent/Run", .first = data, .first_len = len, .is_run = true };
	struct asked a;

	if (!input || !take_first(m, call, input, &a))
		return;
	begin(m, call, input, &a, &relay);
	asked_done(&a);
}

static void on_half_close(struct wire_call *call, void *arg)
{
	(void)arg;
	wire_end(call, WIRE_INVALID_ARGUMENT, "a Run needs a first message: start or resume");
}

void dispatch_run(struct wire_call *call, const uint8_t *data, size_t len, void *master)
{
	static const struct wire_call_ops ops = { .on_message = on_message, .on_half_close = on_half_close };

	(void)data;
	(void)len;
	wire_accept(call, &ops, master);
}
