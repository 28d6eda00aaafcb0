/*
 * runcommand.c - agent.Agent/RunCommand: a run for any gRPC client.
 *
 * Output goes out as it is read. A client that is not ours decodes it as text, and one invalid byte would
 * end its call: it gets valid UTF-8, per message. The last message, and only it, says finished. Such a call cannot be
 * resumed: what it has been sent counts as received, and when it ends early, or the agent does, its run is cancelled.
 * The master has given the run an id, by which it asks how it ended when it has lost the call.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/caller.h"
#include "agent/result.h"
#include "agent/service.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/utf8.h"
#include "wire/proto/agent.pb-c.h"

struct command_call {
	struct wire_call *call;
	struct run_reader reader;
	bool is_foreign;
	struct utf8_stream clean[EXEC_N_STREAMS];
	struct buf text;		/* cleaned output of one message */
};

/* The master tells it of the caller behind it. */
static bool is_foreign(struct wire_call *call)
{
	return str_equal(wire_call_text(call, "sloth-client", NULL), "foreign") ||
	       !str_has_prefix(wire_call_user_agent(call), "sloth/");
}

static void take_id(struct wire_call *call, uint8_t *id)
{
	const char *told = wire_call_text(call, "sloth-run-id", NULL);

	if (!told || str_unhex(told, id, RUN_ID_BYTES))
		random_bytes(id, RUN_ID_BYTES);
}

static bool send_chunk(struct command_call *cc, enum exec_stream stream, const void *data, size_t n)
{
	Agent__StreamOutputResponse response = AGENT__STREAM_OUTPUT_RESPONSE__INIT;
	ProtobufCBinaryData bytes = { n, (uint8_t *)(uintptr_t)data };

	if (stream == EXEC_STDOUT)
		response.stdout_chunk = bytes;
	else
		response.stderr_chunk = bytes;
	return wire_send_message(cc->call, &response.base);
}

/* Sends what has been cleaned; it may be nothing. */
static bool send_text(struct command_call *cc, enum exec_stream stream)
{
	size_t n = buf_len(&cc->text);
	bool more = n == 0 || send_chunk(cc, stream, buf_data(&cc->text), n);

	buf_clear(&cc->text);
	return more;
}

static struct command_call *call_of(struct run_reader *r)
{
	return list_entry(r, struct command_call, reader);
}

static bool on_output(struct run_reader *r, enum exec_stream stream, const void *data, size_t n)
{
	struct command_call *cc = call_of(r);

	if (!cc->is_foreign)
		return send_chunk(cc, stream, data, n);
	utf8_stream_feed(&cc->clean[stream], data, n, &cc->text);
	return send_text(cc, stream);
}

static void finish(struct command_call *cc, const struct run_result *result)
{
	Agent__StreamOutputResponse response = AGENT__STREAM_OUTPUT_RESPONSE__INIT;
	bool has_code = result->end == RUN_END_EXITED || (result->end == RUN_END_NOT_STARTED && result->code);

	for (int i = 0; i < EXEC_N_STREAMS; i++) {
		utf8_stream_finish(&cc->clean[i], &cc->text);
		send_text(cc, (enum exec_stream)i);
	}
	response.finished = true;
	response.exit_code = has_code ? result->code : -1;
	response.error = (char *)(uintptr_t)result->reason;
	wire_send_message(cc->call, &response.base);
	result_add_trailers(cc->call, result);
	wire_end(cc->call, WIRE_OK, NULL);
}

static void on_run_end(struct run_reader *r, const struct run_result *result)
{
	finish(call_of(r), result);
	run_leave(r, RUN_DONE, "");
}

static void on_let_go(struct run_reader *r, enum run_let_go why)
{
	if (why == RUN_TAKEN_OVER)
		wire_end(call_of(r)->call, WIRE_ABORTED, "attached elsewhere");
	else if (why == RUN_REMOVED)
		wire_end(call_of(r)->call, WIRE_DATA_LOSS, "its output was removed meanwhile");
	else if (why == RUN_DAMAGED)
		wire_end(call_of(r)->call, WIRE_DATA_LOSS, "its output is damaged on the disk of its agent");
	else
		wire_end(call_of(r)->call, WIRE_UNAVAILABLE, "the agent is stopping; this run ends with it");
}

static const struct run_ops command_run_ops = { .on_output = on_output, .on_end = on_run_end, .on_let_go = on_let_go };

static void on_drain(struct wire_call *call, void *arg)
{
	struct command_call *cc = arg;

	(void)call;
	run_resume(&cc->reader);
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct command_call *cc = arg;
	char *reason = caller_lost(code, why);

	(void)call;
	run_leave(&cc->reader, RUN_GOODBYE, reason);
	free(reason);
	buf_done(&cc->text);
	free(cc);
}

static const struct wire_call_ops command_call_ops = { .on_drain = on_drain, .on_end = on_end };

void run_command_start(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct run_result not_started = { .end = RUN_END_NOT_STARTED, .containment = "" };
	Sloth__V1__RunStart start = SLOTH__V1__RUN_START__INIT;
	Agent__RunCommandRequest *request;
	struct command_call *cc;
	uint8_t id[RUN_ID_BYTES];
	struct run *run;
	char *words;

	request = wire_unpack(call, &agent__run_command_request__descriptor, data, len);
	if (!request)
		return;
	cc = mem_new(struct command_call);
	cc->call = call;
	cc->is_foreign = is_foreign(call);
	cc->reader = (struct run_reader){ .ops = &command_run_ops, .is_owner = true, .frees = true };
	wire_accept(call, &command_call_ops, cc);
	take_id(call, id);
	start.run_id = (ProtobufCBinaryData){ sizeof id, id };
	start.command = request->command;
	start.user = request->user;
	start.stdin_closed = true;
	start.reconnect_ms = 1;		/* nobody can come back to it */
	run = caller_begin(arg, call, &start, &words);
	if (run) {
		run_attach(run, &cc->reader);
	} else if (words) {
		not_started.reason = words;
		finish(cc, &not_started);
	}
	free(words);
}
