/*
 * run.h - one attached run, from the first connect to the last byte written, over as many calls as it takes. Only the
 * files run*.c and agent_run.c see inside.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <ev.h>

#include "cli/client.h"
#include "cli/run_interrupt.h"
#include "cli/run_result.h"
#include "cli/run_terminal.h"
#include "cli/source.h"
#include "cli/view.h"
#include "common/backoff.h"

enum run_state {
	RUN_DIALLING,		/* no call yet */
	RUN_STARTING,		/* the request is on its way */
	RUN_RUNNING,		/* the agent said that it runs */
	RUN_RECONNECTING,	/* contact was lost, and is looked for */
	RUN_EXITED,		/* the agent told the end; the call's own end follows */
	RUN_OVER		/* the result is known and shown */
};

enum { RUN_EPOCH_SIZE = 16 };

/* Looking for a run that we lost contact with: run_resume.c. */
struct run_resume {
	struct backoff backoff;
	ev_timer retry;			/* until the next attempt */
	ev_timer patience;		/* until the last one */
	uint64_t since_ms;		/* monotonic, when contact was lost */
	char *why;			/* it was lost; owned */
	bool is_noticed;		/* the user has been told */
	bool is_over;			/* the time was over while an attempt to begin was under way: it is the last */
};

struct run {
	unsigned state;
	struct client client;
	struct wire_call *call;		/* NULL: there is none at the moment */
	struct run_request request;
	struct run_options *options;
	struct view view;
	struct run_interrupt interrupt;
	struct run_terminal terminal;
	struct run_resume resume;
	uint64_t asked_ms;		/* boot clock, when it was asked for first */
	bool was_started;		/* the agent has said so, in this call or one before */
	bool is_queued;			/* it waits for its turn, as was said last */
	uint8_t epoch[RUN_EPOCH_SIZE];	/* of the agent, when it said so first */
	bool has_epoch;
	/* standard input */
	struct source source;
	struct buf stdin_kept;			/* the bytes from stdin_taken, or where we came in, to stdin_sent */
	uint64_t stdin_sent, stdin_taken;	/* offsets */
	bool is_stdin_begun;
	bool is_stdin_ended;			/* its end was sent */
	bool is_stdin_closed;			/* the command takes no more */
	bool is_stdin_blocked;			/* wire_send() said stop */
	/* output: arrived[0] + arrived[1] + missing == position, but for what was there before we attached */
	uint64_t arrived[FRAME_STREAMS];	/* bytes */
	uint64_t position;			/* of the next byte that we want */
	uint64_t call_position;			/* of the next byte that the call brings: at most position */
	uint64_t missing;			/* bytes that the agent did not have any more */
	uint64_t acked;				/* position */
	bool is_exit_acked;
	bool is_paused;
	ev_timer ack_timer;
	/* the end */
	ev_timer end_timer;			/* the call goes on after the exit */
	struct run_result result;
	bool has_result;
	bool is_leaving;			/* the run goes on without us: no word that would cancel it */
	bool is_shown;
	bool is_write_told;			/* the result says that output cannot be written */
};

/* agent_run.c: the whole of it, with the request and the view made before: the exit status. */
int run_play(struct run *run);
/* From the first connect to the end of the loop: the exit status, if all could be written. */
int run_main(struct run *run);

/* Ends the run from our side: the agent is told to cancel it. error is owned by the run from here on; NULL: a
 * silent end. */
void run_abort(struct run *run, int status, char *error);
/* The same, but the run goes on for as long as it may without us. */
void run_detach(struct run *run, int status, char *error);
/* The result is known and stands: nothing more is waited for but the last of our own output. */
void run_over(struct run *run);
/* Sends an event; false: stop until on_drain. Without a call it is dropped. */
bool run_send(struct run *run, const Sloth__V1__RunInput *event);
/* Begins a call on the connection that is up. */
void run_call(struct run *run);
/* There is a connection: the call that is due begins, if one is. */
void run_try(struct run *run);
/* It did not begin, for want of a master. */
void run_fail(struct run *run, const char *error, const char *hint);
/* Follows the table of states. */
void run_enter(struct run *run, enum run_state to);

/* run_start.c: the first message of a call. */
void run_send_start(struct run *run);
void run_send_resume(struct run *run);

/* run_output.c */
void run_output_init(struct run *run);
void run_output_stop(struct run *run);
/* The output of this call begins there. */
void run_output_begins(struct run *run, uint64_t position);
void run_output_take(struct run *run, enum frame_stream stream, const ProtobufCBinaryData *data);
void run_output_gap(struct run *run, const Sloth__V1__RunGap *gap);
/* What the view said to something that it was given. */
void run_output_wrote(struct run *run, int ret);
/* From the view: its sinks have room, or fail. */
void run_output_event(struct view *view, void *arg);
/* The exit has come: it is acknowledged behind the last byte. */
void run_output_ack_exit(struct run *run);

/* run_resume.c */
void run_resume_init(struct run *run);
/* Contact is lost, or that attempt to find it failed. */
void run_resume_begin(struct run *run, const char *why);
/* It provably has not begun, and is tried again from the start. */
void run_resume_unbegun(struct run *run, const char *why);
/* Whether there may be a next attempt, and whether one is waited for or under way. */
bool run_resume_has_time(const struct run *run);
bool run_resume_is_trying(const struct run *run);
/* That attempt failed: the next one follows. */
void run_resume_failed(struct run *run, const char *why);
/* No other attempt would end otherwise: somebody was revoked, or another master answers. */
bool run_resume_is_hopeless(const char *why);
/* That attempt failed, and was the last. */
void run_resume_give_up(struct run *run, const char *why);
/* The agent has answered: there is contact. */
void run_resume_end(struct run *run);
void run_resume_stop(struct run *run);

/* run_stdin.c */
/* The run has begun, or gone on, and takes input from `offset` on. */
void run_stdin_begin(struct run *run, const Sloth__V1__RunStarted *started);
void run_stdin_taken(struct run *run, const Sloth__V1__RunStdinTaken *taken);
void run_stdin_drained(struct run *run);
void run_stdin_stop(struct run *run);

#endif
