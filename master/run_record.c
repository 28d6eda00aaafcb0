/*
 * run_record.c - see run_record.h. Pure.
 */
#include "master/run_record.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/utf8.h"
#include "common/words.h"

const struct run_record run_record_empty = {
	.agent = "", .principal = "", .command = "", .run_as = "", .epoch = "", .reason = "", .containment = "",
};

/* ---- states ---- */

static const struct {
	const char *name;
	bool is_end;
} states[RUN_N_STATES] = {
	[RUN_UNKNOWN]      = { "unknown", true },
	[RUN_QUEUED]       = { "queued", false },
	[RUN_RUNNING]      = { "running", false },
	[RUN_EXITED]       = { "exited", true },
	[RUN_SIGNALLED]    = { "signalled", true },
	[RUN_TIMED_OUT]    = { "timed-out", true },
	[RUN_CANCELLED]    = { "cancelled", true },
	[RUN_REJECTED]     = { "rejected", true },
	[RUN_UNREACHABLE]  = { "unreachable", false },
	[RUN_LOST_CONTACT] = { "lost-contact", false },
};

const char *run_state_name(enum run_state state)
{
	return states[state].name;
}

bool run_state_parse(const char *name, enum run_state *out)
{
	for (int i = 0; i < RUN_N_STATES; i++)
		if (str_equal(states[i].name, name)) {
			*out = (enum run_state)i;
			return true;
		}
	return false;
}

bool run_state_is_end(enum run_state state)
{
	return states[state].is_end;
}

/* ---- messages ---- */

bool run_record_has_failed(const struct run_record *r)
{
	return !r->is_open && !(r->state == RUN_EXITED && r->code == 0);
}

static char *borrowed(const char *text)
{
	return (char *)(uintptr_t)text;		/* packing does not change it */
}

void run_record_fill(Sloth__V1__RunRecord *message, const struct run_record *r)
{
	sloth__v1__run_record__init(message);
	message->run_id = (ProtobufCBinaryData){ sizeof r->id, (uint8_t *)(uintptr_t)r->id };
	message->agent_name = borrowed(r->agent);
	message->principal = borrowed(r->principal);
	message->command = borrowed(r->command);
	message->run_as = borrowed(r->run_as);
	message->state = borrowed(run_state_name(r->state));
	message->code = r->code;
	message->signal = r->signal;
	message->reason = borrowed(r->reason);
	message->started_ms = r->started_ms;
	message->ended_ms = r->ended_ms;
	message->duration_ms = r->duration_ms;
	message->stdout_bytes = r->stdout_bytes;
	message->stderr_bytes = r->stderr_bytes;
	message->detached = r->is_detached;
	message->containment = borrowed(r->containment);
	message->has_output = r->has_output;
	message->since_ms = r->since_ms;
}

void run_record_take(struct run_record *r, const Sloth__V1__RunRecord *message, enum run_state state)
{
	r->state = state;
	r->code = message->code;
	r->signal = message->signal;
	r->reason = message->reason;
	r->containment = message->containment;
	r->ended_ms = message->ended_ms;
	r->duration_ms = message->duration_ms;
	r->stdout_bytes = message->stdout_bytes;
	r->stderr_bytes = message->stderr_bytes;
	r->has_output = message->has_output;
}

enum run_state run_state_of_end(Sloth__V1__RunEnd end)
{
	switch (end) {
	case SLOTH__V1__RUN_END__RUN_END_EXITED: return RUN_EXITED;
	case SLOTH__V1__RUN_END__RUN_END_SIGNALLED: return RUN_SIGNALLED;
	case SLOTH__V1__RUN_END__RUN_END_TIMED_OUT: return RUN_TIMED_OUT;
	case SLOTH__V1__RUN_END__RUN_END_CANCELLED: return RUN_CANCELLED;
	case SLOTH__V1__RUN_END__RUN_END_NOT_STARTED: return RUN_REJECTED;
	default: return RUN_UNKNOWN;
	}
}

void run_record_take_exit(struct run_record *r, const Sloth__V1__RunExit *exit)
{
	r->state = run_state_of_end(exit->end);
	r->code = exit->code;
	r->signal = exit->signal;
	r->reason = exit->reason;
	r->containment = exit->containment;
	r->duration_ms = exit->duration_ms;
	r->stdout_bytes = exit->stdout_bytes;
	r->stderr_bytes = exit->stderr_bytes;
}

/* ---- commands ---- */

char *run_text_cut(const char *text, size_t max)
{
	size_t n = strnlen(text, max + 1);

	return mem_strndup(text, n <= max ? n : utf8_cut(text, n, max));
}

char *run_command_text(const char *command, const ProtobufCBinaryData *argv, size_t n_argv)
{
	struct buf words = { 0 };
	char *text;

	if (*command || !n_argv)
		return run_text_cut(command, RUN_COMMAND_MAX);
	for (size_t i = 0; i < n_argv && buf_len(&words) <= RUN_COMMAND_MAX; i++)
		words_add(&words, argv[i].data, argv[i].len, RUN_COMMAND_MAX);
	text = run_text_cut(buf_string(&words), RUN_COMMAND_MAX);
	buf_done(&words);
	return text;
}
