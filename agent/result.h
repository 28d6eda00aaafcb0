/*
 * result.h - the end of a run in a call's trailing metadata, for relays that do not decode messages.
 *
 *   sloth-state         exited, signalled, timed-out, cancelled, rejected, unknown
 *   sloth-exit          exit status; of "signalled" the signal; of "rejected" 126, 127 or 0
 *   sloth-stdout-bytes  sloth-stderr-bytes  sloth-duration-ms
 *   sloth-containment   cgroup, subreaper; missing: nothing ran
 */
#ifndef AGENT_RESULT_H
#define AGENT_RESULT_H

#include "agent/run.h"

struct wire_call;

/* Of a run that began, and of whose end there is no trace. */
#define RESULT_NOT_RECORDED "its end was not recorded: its machine was restarted, or what ran it was killed"
/* Of an id that is not known any more, or never was. */
#define RESULT_FORGOTTEN "its agent has started more runs since then than it remembers: whether it began is not known"

void result_add_trailers(struct wire_call *call, const struct run_result *result);
const char *result_state(enum run_end end);

#endif
