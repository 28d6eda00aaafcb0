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
	RESULT_UNREACHABLE,	/* the agent could not be reached */
	RESULT_LOST,		/* it had started, and contact was lost: it may go on */
	RESULT_RUNNING		/* it goes on without us, as it should */
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
	bool is_incomplete;	/* bytes did not arrive that should have */
	uint64_t missing;	/* bytes that the agent did not have any more */
	char *containment;	/* owned, "cgroup" or "subreaper"; NULL: not known, or nothing ran */
	char *error;		/* owned, one line; NULL: an exit as it should be */
	char *hint;		/* owned; NULL: none */
};

void run_result_done(struct run_result *r);

/* What has come here of the output. */
struct run_arrived {
	uint64_t bytes[2];	/* of stdout and stderr */
	uint64_t missing;	/* of both */
	bool may_miss;		/* we came later, and took what there was */
};
/* The agent told the end. interrupt: the signal that made us cancel the run, 0: none. */
void run_result_from_exit(struct run_result *r, const Sloth__V1__RunExit *exit, const struct run_arrived *arrived,
			  int interrupt);
/* For who only reads: how the command ended is no failure of reading. */
void run_result_observed(struct run_result *r);
/* It runs, and goes on without us. */
void run_result_from_start(struct run_result *r);
/* How a run ended that nobody was attached to. interrupt: as above. */
void run_result_from_record(struct run_result *r, const Sloth__V1__RunRecord *record);

/* The call ended, and no end of the run had come. */
struct run_call_end {
	enum wire_code code;
	const char *why;
	const char *state;	/* what the trailers call the run's state; NULL or "": nothing */
	bool is_started;	/* the agent had said that it runs */
	bool is_resumed;	/* the call was not the first one */
	bool is_joined;		/* the run was there before us */
	bool is_lost;		/* the connection to the master went */
	bool is_unprocessed;	/* the master has certainly not seen the call */
	const uint8_t *id;	/* of the run, 16 bytes */
	const char *agent;	/* NULL: not known */
	int interrupt;
};
void run_result_from_call(struct run_result *r, const struct run_call_end *end);
/* A code that decides: asking again would bring the same answer. */
bool run_result_is_refusal(enum wire_code code);

/* Contact was lost and did not come back in time. */
struct run_lost {
	const char *why;
	uint64_t for_ms;
	bool is_started;
	uint64_t arrived;	/* bytes of output */
	const uint8_t *id;
	int interrupt;
};
void run_result_from_lost(struct run_result *r, const struct run_lost *lost);

/* We ended it ourselves. status: the exit status; error is owned by the result from here on. */
void run_result_from_us(struct run_result *r, int status, char *error);

/* "exited", "timed-out": the state in JSON. */
const char *run_outcome_name(enum run_outcome outcome);
/* "exit 0 after 41 ms", "ended by signal 9 (KILL) after 2.0 s". Owned. */
char *run_result_summary(const struct run_result *r);

#endif
