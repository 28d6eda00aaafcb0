/*
 * run_terminal.h - --tty: the user's terminal as the command's.
 *
 * Raw while the run has contact, the user's own while it has not, so that Ctrl-C always does something. Bytes of the
 * keyboard pass through a filter that finds "~." behind a line break, which leaves.
 */
#ifndef CLI_RUN_TERMINAL_H
#define CLI_RUN_TERMINAL_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/proto/sloth.pb-c.h"

struct buf;
struct run;

struct run_terminal {
	bool is_on;			/* contact: the terminal is the command's */
	bool is_inside;			/* of a line: a '~' is none of ours */
	bool has_tilde;			/* one came at the beginning of a line, and is held */
	bool is_watching;
	ev_signal resized, suspended, continued;
};

/* TERM and the size. The strings live as long as the process. */
void run_terminal_describe(Sloth__V1__RunTerminal *terminal);
/* Both do nothing without --tty. */
void run_terminal_start(struct run *run);
void run_terminal_stop(struct run *run);
/* What of the keys goes to the command is appended to `out`. True: "~." was among them; what follows it is dropped. Pure. */
bool run_terminal_filter(struct run_terminal *t, const uint8_t *data, size_t n, struct buf *out);
/* What "~." does. */
void run_terminal_leave(struct run *run);

#endif
