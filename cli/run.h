/*
 * run.h - one attached run, from the first connect to the last byte written. Only the files run*.c and
 * agent_run.c see inside.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <ev.h>

#include "cli/client.h"
#include "cli/run_interrupt.h"
#include "cli/run_result.h"
#include "cli/source.h"
#include "cli/view.h"

enum run_state {
	RUN_DIALLING,		/* no call yet */
	RUN_STARTING,		/* the request is on its way */
	RUN_RUNNING,		/* the agent said that it runs */
	RUN_EXITED,	/* the agent told the end; the call's own end follows */
	RUN_OVER		/* the result is known and shown */
};

struct run {
	unsigned state;
	struct client client;
	struct wire_call *call;		/* NULL before and after */
	struct run_request request;
	struct run_options *options;
	struct view view;
	struct run_interrupt interrupt;
	/* standard input */
	struct source source;
	uint64_t stdin_sent, stdin_taken;	/* offsets */
	bool is_stdin_blocked;			/* wire_send() said stop */
	/* output */
	uint64_t arrived[FRAME_STREAMS];	/* bytes */
	uint64_t acked;				/* position */
	bool is_paused;
	ev_timer ack_timer;
	/* the end */
	ev_timer end_timer;			/* the call goes on after the exit */
	struct run_result result;
	bool has_result;
	bool is_shown;
	bool is_write_told;			/* the result says that output cannot be written */
};

/* The whole run: the exit status. */
int run_main(struct run *run);

/* Ends the run from our side: the agent is told to cancel it. error is owned by the run from here on; NULL: a
 * silent end. */
void run_abort(struct run *run, int status, char *error);
/* Sends an event; false: stop until on_drain. */
bool run_send(struct run *run, const Sloth__V1__RunInput *event);

/* run_start.c: the first message of the call. */
void run_send_start(struct run *run);

/* run_stdin.c */
void run_stdin_start(struct run *run, uint64_t offset);
void run_stdin_taken(struct run *run, const Sloth__V1__RunStdinTaken *taken);
void run_stdin_drained(struct run *run);

#endif
