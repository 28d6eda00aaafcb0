/*
 * run_result.h - how a run ended, as the user gets it: words, exit status, numbers. Pure.
 *
 * Nothing is a success but an exit with status 0 whose output arrived to the last byte.
 */
#ifndef CLI_RUN_RESULT_H
#define CLI_RUN_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/code.h"
#include "wire/proto/sloth.pb-c.h"

enum run_outcome {
	RESULT_UNKNOWN,		/* nothing was heard of its end */
	RESULT_EXITED,
	RESULT_SIGNALLED,
	RESULT_TIMED_OUT,
	RESULT_CANCELLED,
	RESULT_NOT_STARTED,	/* the agent could not execute it */
	RESULT_REJECTED,		/* refused before it began */
	RESULT_UNREACHABLE		/* the agent could not be reached */
};

struct run_result {
	enum run_outcome outcome;
	int status;		/* our exit status */
	int exit_code;		/* RESULT_EXITED: the command's own; else -1 */
	int signal;		/* that ended the process; 0: none */
	uint64_t duration_ms;
	bool is_trusted;	/* the agent told the end: duration and totals are its own */
	bool is_cut;		/* a process left behind still held the output open: its later output is not here */
	bool is_silent;		/* nobody wants to hear of it (a closed stdout) */
	bool is_plain;		/* error says no more than the summary */
	char *error;		/* owned, one line; NULL: an exit as it should be */
	const char *hint;	/* NULL: none */
};

void run_result_done(struct run_result *r);

/* The agent told the end. arrived: bytes of stdout and stderr here; interrupt: the signal that made us
 * cancel the run, 0: none. */
void run_result_from_exit(struct run_result *r, const Sloth__V1__RunExit *exit, const uint64_t arrived[2], int interrupt);

/* The call ended, and no end of the run had come. */
struct run_call_end {
	enum wire_code code;
	const char *why;
	bool is_started;	/* the agent had said that it runs */
	bool is_lost;		/* the connection to the master went */
	bool is_unprocessed;	/* the master has certainly not seen the call */
	int interrupt;
};
void run_result_from_call(struct run_result *r, const struct run_call_end *end);

/* We ended it ourselves. status: the exit status; error is owned by the result from here on. */
void run_result_from_us(struct run_result *r, int status, char *error);

/* "exited", "timed-out": the state in JSON. */
const char *run_outcome_name(enum run_outcome outcome);
/* "exit 0 after 41 ms", "ended by signal 9 (KILL) after 2.0 s". Owned. */
char *run_result_summary(const struct run_result *r);

#endif
