/*
 * bridge.h - Run for an agent that knows RunCommand only (a foreign sloth-runner agent).
 *
 * It takes a command and a user, nothing else: stdin data, environment, directory, argument vector and
 * terminal are refused with FAILED_PRECONDITION. A stream that is cut before its last message ends the
 * run as unknown, with the reason.
 */
#ifndef MASTER_BRIDGE_H
#define MASTER_BRIDGE_H

#include "wire/proto/sloth.pb-c.h"

struct agent;
struct audit_run;
struct history_call;
struct master;
struct wire_call;

/* Takes the call, `audit` and what is in `history` over; `input` is its first message, a start or a resume. */
void bridge_start(struct master *m, struct wire_call *caller, struct agent *a, const Sloth__V1__RunInput *input,
		  struct audit_run *audit, struct history_call *history);

#endif
