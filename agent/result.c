/*
 * result.c - the end of a run in trailing metadata.
 */
#include "agent/result.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "wire/wire.h"

static const char *const states[RUN_N_ENDS] = {
	[RUN_END_UNKNOWN] = "unknown",
	[RUN_END_EXITED] = "exited",
	[RUN_END_SIGNALLED] = "signalled",
	[RUN_END_TIMED_OUT] = "timed-out",
	[RUN_END_CANCELLED] = "cancelled",
	[RUN_END_NOT_STARTED] = "rejected",
};

const char *result_state(enum run_end end)
{
	return states[end];
}

static void add_number(struct wire_call *call, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, value);
	wire_add_trailer(call, &WIRE_FIELD(name, text));
}

void result_add_trailers(struct wire_call *call, const struct run_result *result)
{
	wire_add_trailer(call, &WIRE_FIELD("sloth-state", result_state(result->end)));
	add_number(call, "sloth-exit", (uint64_t)result->code);
	add_number(call, "sloth-stdout-bytes", result->total[EXEC_STDOUT]);
	add_number(call, "sloth-stderr-bytes", result->total[EXEC_STDERR]);
	add_number(call, "sloth-duration-ms", result->duration_ms);
	if (result->containment[0])
		wire_add_trailer(call, &WIRE_FIELD("sloth-containment", result->containment));
}
