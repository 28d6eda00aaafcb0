/*
 * bridge.c - translates RunInput to RunCommandRequest, and StreamOutputResponse to RunOutput.
 *
 * The run ends for the caller with exactly one RunExit: from the agent's last message, or, when the
 * agent's call ends without one, with what is known about why. A signal that means the end cancels the
 * agent's call; whether the command died of it nobody says, so that end is unknown too.
 */
#include "master/bridge.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/audit_run.h"
#include "master/channel.h"
#include "master/master.h"
#include "master/relay.h"
#include "wire/proto/agent.pb-c.h"

struct bridge {
	struct relay_link link;
	struct wire_call *caller, *callee;	/* NULL: ended */
	struct wire_conn *own_conn;
	uint64_t started_ms;
	uint64_t stdout_bytes, stderr_bytes;
	bool has_exit;				/* RunExit is sent */
	bool is_cancelled;			/* by the caller's wish */
	bool has_timeout;
};

static void maybe_free(struct bridge *b)
{
	if (b->caller || b->callee)
		return;
	relay_link_done(&b->link);
	free(b);
}

/* ---- to the caller ---- */

static bool send_output(struct bridge *b, const Sloth__V1__RunOutput *output)
{
	return wire_send_message(b->caller, &output->base);
}

static void send_started(struct bridge *b, ProtobufCBinaryData run_id)
{
	Sloth__V1__RunStarted started = SLOTH__V1__RUN_STARTED__INIT;
	Sloth__V1__RunOutput output = SLOTH__V1__RUN_OUTPUT__INIT;

	started.run_id = run_id;
	output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_STARTED;
	output.started = &started;
	send_output(b, &output);
}

static const char *end_name(Sloth__V1__RunEnd end)
{
	switch (end) {
	case SLOTH__V1__RUN_END__RUN_END_EXITED: return "exited";
	case SLOTH__V1__RUN_END__RUN_END_TIMED_OUT: return "timed-out";
	default: return "unknown";
	}
}

static void add_number(struct bridge *b, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	wire_add_trailer(b->caller, &WIRE_FIELD(name, text));
}

static void tell_end(struct bridge *b, const Sloth__V1__RunExit *exit)
{
	struct run_record r = run_record_empty;

	if (!run_state_parse(end_name(exit->end), &r.state))
		r.state = RUN_UNKNOWN;
	r.code = exit->code;
	r.reason = exit->reason;
	r.stdout_bytes = exit->stdout_bytes;
	r.stderr_bytes = exit->stderr_bytes;
	r.duration_ms = exit->duration_ms;
	history_call_tell(&b->link.history, &r);
}

static void record_end(struct bridge *b, const Sloth__V1__RunExit *exit)
{
	const struct audit_result result = { end_name(exit->end), exit->code, true, exit->stdout_bytes, exit->stderr_bytes,
					     exit->duration_ms };

	audit_run_end(&b->link.audit, &result, exit->reason);
	tell_end(b, exit);
}

static void add_trailers(struct bridge *b, const Sloth__V1__RunExit *exit)
{
	wire_add_trailer(b->caller, &WIRE_FIELD("sloth-state", end_name(exit->end)));
	add_number(b, "sloth-exit", exit->code);
	add_number(b, "sloth-stdout-bytes", exit->stdout_bytes);
	add_number(b, "sloth-stderr-bytes", exit->stderr_bytes);
	add_number(b, "sloth-duration-ms", exit->duration_ms);
}

/* The run is over: its trusted end, as far as it can be trusted, and the call's. */
static void finish(struct bridge *b, Sloth__V1__RunEnd end, uint32_t code, const char *reason)
{
	Sloth__V1__RunExit run_exit = SLOTH__V1__RUN_EXIT__INIT;
	Sloth__V1__RunOutput output = SLOTH__V1__RUN_OUTPUT__INIT;

	if (b->has_exit || !b->caller)
		return;
	b->has_exit = true;
	run_exit.end = end;
	run_exit.code = code;
	run_exit.reason = (char *)(uintptr_t)reason;
	run_exit.stdout_bytes = b->stdout_bytes;
	run_exit.stderr_bytes = b->stderr_bytes;
	run_exit.duration_ms = mono_ms() - b->started_ms;
	output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_EXIT;
	output.exit = &run_exit;
	record_end(b, &run_exit);
	send_output(b, &output);
	add_trailers(b, &run_exit);
	wire_end(b->caller, WIRE_OK, "");
}

/* ---- from the agent ---- */

static void take_finished(struct bridge *b, const Agent__StreamOutputResponse *response)
{
	char *reason;

	if (response->exit_code >= 0 && response->exit_code <= 255) {
		finish(b, SLOTH__V1__RUN_END__RUN_END_EXITED, (uint32_t)response->exit_code, response->error);
		return;
	}
	reason = mem_printf("the agent reports exit code %d%s%s", response->exit_code, *response->error ? ": " : "",
			    response->error);
	finish(b, SLOTH__V1__RUN_END__RUN_END_UNKNOWN, 0, reason);
	free(reason);
}

/* One stream's piece of a message. False: the caller takes no more for now. */
static bool pass_chunk(struct bridge *b, const ProtobufCBinaryData *chunk, bool is_stderr)
{
	Sloth__V1__RunOutput output = SLOTH__V1__RUN_OUTPUT__INIT;

	if (!chunk->len)
		return true;
	if (is_stderr) {
		output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_STDERR_DATA;
		output.stderr_data = *chunk;
		b->stderr_bytes += chunk->len;
	} else {
		output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_STDOUT_DATA;
		output.stdout_data = *chunk;
		b->stdout_bytes += chunk->len;
	}
	return send_output(b, &output);
}

static void on_callee_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct bridge *b = arg;
	const Agent__StreamOutputResponse *response;
	bool go_on;

	if (!b->caller || b->has_exit)
		return;
	response = wire_unpack(call, &agent__stream_output_response__descriptor, data, len);
	if (!response)
		return;			/* its on_end tells */
	go_on = pass_chunk(b, &response->stdout_chunk, false);
	go_on &= pass_chunk(b, &response->stderr_chunk, true);
	if (response->finished)
		take_finished(b, response);
	else if (!go_on)
		wire_pause(call);
}

/* Without a last message nobody knows how the command ended, or whether it did. */
static void take_cut(struct bridge *b, enum wire_code code, const char *why)
{
	char *reason;

	if (b->has_timeout && code == WIRE_DEADLINE_EXCEEDED) {
		finish(b, SLOTH__V1__RUN_END__RUN_END_TIMED_OUT, 0,
		       "the time is over; a foreign agent may still run the command");
		return;
	}
	if (b->is_cancelled)
		reason = mem_strdup("cancelled; a foreign agent does not say whether the command ended");
	else if (code == WIRE_OK)
		reason = mem_strdup("the agent ended the stream without a result");
	else
		reason = mem_printf("the agent's call was cut before the command ended (foreign agents end connections "
				    "by age): %s: %s", wire_code_name(code), why);
	finish(b, SLOTH__V1__RUN_END__RUN_END_UNKNOWN, 0, reason);
	free(reason);
}

static void on_callee_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct bridge *b = arg;
	const struct history_end end = { call, code, why, b->caller == NULL, NULL };

	b->callee = NULL;
	wire_conn_close(b->own_conn, 0, "the call has ended");
	if (b->caller && !wire_call_is_unprocessed(call)) {
		take_cut(b, code, why);
	} else {
		audit_run_end_by_call(&b->link.audit, &end);
		history_call_end(&b->link.history, &end);
		if (b->caller)
			relay_refuse(b->caller, b->link.name, why, true);
	}
	maybe_free(b);
}

static const struct wire_call_ops callee_ops = { .on_message = on_callee_message, .on_end = on_callee_end };

/* ---- from the caller ---- */

static void cancel(struct bridge *b)
{
	b->is_cancelled = true;
	if (b->callee)
		wire_end(b->callee, WIRE_CANCELLED, "cancelled by the caller");
}

static void refuse(struct bridge *b, const char *what)
{
	struct run_record r = run_record_empty;

	r.state = RUN_REJECTED;
	r.reason = what;
	audit_run_end_as(&b->link.audit, "rejected", what);
	history_call_tell(&b->link.history, &r);
	if (b->callee)
		wire_end(b->callee, WIRE_CANCELLED, "refused");
	wire_endf(b->caller, WIRE_FAILED_PRECONDITION, "agent %s is a foreign one and takes no %s", b->link.name, what);
}

static bool is_ending(uint32_t number)
{
	return number == SIGINT || number == SIGTERM || number == SIGKILL || number == SIGHUP || number == SIGQUIT;
}

static void on_caller_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct bridge *b = arg;
	const Sloth__V1__RunInput *input = wire_unpack(call, &sloth__v1__run_input__descriptor, data, len);

	if (!input)
		return;			/* on_caller_end() does the rest */
	switch (input->event_case) {
	case SLOTH__V1__RUN_INPUT__EVENT_STDIN_DATA:
		if (input->stdin_data->data.len)
			refuse(b, "standard input");
		break;
	case SLOTH__V1__RUN_INPUT__EVENT_SIGNAL:
		if (is_ending(input->signal->number))
			cancel(b);
		break;
	case SLOTH__V1__RUN_INPUT__EVENT_CANCEL:
		cancel(b);
		break;
	default:
		break;			/* acknowledgements, sizes: nothing here needs them */
	}
}

static void on_caller_drain(struct wire_call *call, void *arg)
{
	struct bridge *b = arg;

	(void)call;
	if (b->callee)
		wire_resume(b->callee);
}

static void on_caller_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct bridge *b = arg;

	(void)call;
	(void)code;
	b->caller = NULL;
	if (b->callee) {
		log_debug("agent %s: caller gone: %s", b->link.name, why);
		wire_end(b->callee, WIRE_CANCELLED, "the caller is gone");
	}
	maybe_free(b);
}

static const struct wire_call_ops caller_ops = {
	.on_message = on_caller_message,
	.on_drain = on_caller_drain,
	.on_end = on_caller_end,
};

/* ---- start ---- */

/* What of a start a foreign agent cannot do; NULL: nothing. */
static const char *unfit(const Sloth__V1__RunStart *start)
{
	if (start->n_argv)
		return "argument vector (--argv)";
	if (start->n_env)
		return "environment (--env)";
	if (*start->cwd)
		return "working directory (--cwd)";
	if (start->terminal)
		return "terminal";
	return NULL;
}

static void call_agent(struct bridge *b, const struct agent *a, const Sloth__V1__RunStart *start)
{
	Agent__RunCommandRequest run = AGENT__RUN_COMMAND_REQUEST__INIT;
	struct relay_metadata md;
	struct wire_request request = {
		.path = "/agent.Agent/RunCommand", .timeout_ms = start->timeout_ms, .runs_long = true
	};

	relay_metadata(&md, b->link.m, b->caller, a->epoch);
	request.metadata = md.fields;
	request.n_metadata = md.n;
	run.command = start->command;
	run.user = start->user;
	b->has_timeout = start->timeout_ms != 0;
	b->callee = wire_call(b->own_conn, &request, &callee_ops, b);
	wire_send_message(b->callee, &run.base);
	wire_half_close(b->callee);
}

void bridge_start(struct master *m, struct wire_call *caller, struct agent *a, const Sloth__V1__RunInput *input,
		  struct audit_run *audit, struct history_call *history)
{
	const char *what, *why = NULL;
	struct wire_conn *conn;
	struct bridge *b;
	bool own;

	what = input->event_case == SLOTH__V1__RUN_INPUT__EVENT_START ? unfit(input->start) : "resuming";
	if (what) {
		audit_run_end_as(&audit, "rejected", what);
		history_call_unsent(history, RUN_REJECTED, what);
		wire_endf(caller, WIRE_FAILED_PRECONDITION, "agent %s is a foreign one and takes no %s", a->record.name, what);
		return;
	}
	conn = channel_connection(a->channel, &own, &why);
	if (!conn) {
		why = why ? why : "it has just registered and is being checked";
		audit_run_end_as(&audit, "unreachable", why);
		history_call_unsent(history, RUN_UNREACHABLE, why);
		relay_refuse(caller, a->record.name, why, true);
		return;
	}
	b = mem_new(struct bridge);
	relay_link_init(&b->link, m, a, true, audit);
	b->link.history = *history;
	b->caller = caller;
	b->own_conn = conn;
	b->started_ms = mono_ms();
	wire_accept(caller, &caller_ops, b);
	call_agent(b, a, input->start);
	send_started(b, input->start->run_id);
}
