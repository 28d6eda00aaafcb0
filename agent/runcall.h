/*
 * runcall.h - a call of sloth.v1.Agent/Run: what runcall.c, which hears the caller, and runcall_send.c, which tells it,
 * have in common.
 */
#ifndef AGENT_RUNCALL_H
#define AGENT_RUNCALL_H

#include <ev.h>

#include "agent/agent.h"
#include "wire/proto/sloth.pb-c.h"

struct run_call {
	struct agent *agent;
	struct wire_call *call;
	struct run_reader reader;
	bool has_begun;
	bool is_detached;		/* ends when the run has started */
	bool is_half_closed;		/* by the caller: it acknowledges nothing from here on */
	bool is_told;			/* the exit has been sent */
	bool is_all_had;		/* before that: all output was acknowledged, and the end alone outlives the run */
	bool is_paused;			/* the call, by us */
	bool is_taken_due;		/* `taken` is to be told in on_drain: the latest only, however many it was */
	bool is_started_due;		/* with the next message, or when the timer has run out */
	uint64_t acked;			/* position */
	uint64_t taken;			/* bytes of standard input in the process's pipe */
	bool is_input_closed;		/* by the process */
	uint8_t id[RUN_ID_BYTES];
	ev_timer started, unacked;
};

extern const struct run_ops run_call_run_ops;

void run_call_send_started(struct run_call *rc);
void run_call_send_taken(struct run_call *rc);
void run_call_send_gap(struct run_call *rc, uint64_t position, uint64_t bytes);
/* And the trailers; the call is ended by the caller of this. */
void run_call_send_exit(struct run_call *rc, const struct run_result *result);

#endif
