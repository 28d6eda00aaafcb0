/*
 * run_interrupt.h - what signals to sloth do to the run.
 *
 *   Ctrl-C          1st: SIGINT to the command; 2nd: cancel; 3rd: give up waiting
 *   SIGTERM, SIGHUP 1st: cancel, and give up when that takes too long; 2nd: give up
 *
 * Before the run has begun there is nothing to interrupt: the first one cancels, and where not even a
 * request is out, gives up. While contact is lost the first one gives up, too. Giving up does not wait for the reader of the output either. Once the result is known
 * every one of them ends sloth at once.
 */
#ifndef CLI_RUN_INTERRUPT_H
#define CLI_RUN_INTERRUPT_H

#include <ev.h>

struct run;

enum { RUN_INTERRUPT_SIGNALS = 3 };

struct run_interrupt {
	enum { INTERRUPT_NONE, INTERRUPT_SENT, INTERRUPT_CANCELLED } level;
	int signal;				/* that made us cancel; 0: none did */
	ev_signal watchers[RUN_INTERRUPT_SIGNALS];
	ev_timer give_up;
};

/* Signals that are ignored (nohup, background jobs of scripts) stay ignored. */
void run_interrupt_start(struct run *run);
/* Contact is there again, and the agent may not have heard that it shall cancel. */
void run_interrupt_cancel_again(struct run *run);
/* The result is known: from here on a signal ends the program, whatever blocks it. */
void run_interrupt_last(struct run *run);

#endif
