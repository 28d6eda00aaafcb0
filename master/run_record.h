/*
 * run_record.h - one run as the master knows it: what the history keeps, in one honest state.
 */
#ifndef MASTER_RUN_RECORD_H
#define MASTER_RUN_RECORD_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/proto/sloth.pb-c.h"

enum {
	RUN_ID_LEN = 16,
	RUN_ID_HEX = 2 * RUN_ID_LEN + 1,
	RUN_COMMAND_MAX = 4096,			/* bytes of a command that are kept */
	RUN_TEXT_MAX = 512			/* of a reason, of a name */
};

/* In the words of RunRecord.state. */
enum run_state {
	RUN_UNKNOWN, RUN_QUEUED, RUN_RUNNING, RUN_EXITED, RUN_SIGNALLED, RUN_TIMED_OUT, RUN_CANCELLED, RUN_REJECTED,
	RUN_UNREACHABLE, RUN_LOST_CONTACT, RUN_N_STATES
};
const char *run_state_name(enum run_state state);
/* False: there is no such state. */
bool run_state_parse(const char *name, enum run_state *out);
/* A run in such a state is over whoever tells it. */
bool run_state_is_end(enum run_state state);

/* Zeroed, with the strings set to "": nothing is known. No string is NULL. */
struct run_record {
	uint8_t id[RUN_ID_LEN];
	const char *agent, *principal, *command, *run_as;
	const char *epoch;			/* of the agent when it was asked first, hex; "": not known */
	const char *reason, *containment;
	enum run_state state;
	uint32_t code, signal;
	int64_t started_ms, ended_ms, since_ms;	/* unix milliseconds; 0: not so */
	uint64_t duration_ms, stdout_bytes, stderr_bytes;
	bool is_open;				/* its end is not known */
	bool is_void;				/* over, and provably never begun: its id may begin yet */
	bool is_followed;			/* its agent knows the id and can be asked */
	bool is_detached, has_output;
};
extern const struct run_record run_record_empty;

/* Over, and not with exit status 0. */
bool run_record_has_failed(const struct run_record *r);
/* Strings are borrowed from the record. */
void run_record_fill(Sloth__V1__RunRecord *message, const struct run_record *r);
/* What an agent says of one of its runs. Strings are borrowed; `state` is what the caller has parsed. */
void run_record_take(struct run_record *r, const Sloth__V1__RunRecord *message, enum run_state state);
/* The end of a run in the same words; one that is not known is RUN_UNKNOWN. */
enum run_state run_state_of_end(Sloth__V1__RunEnd end);
/* What an agent says at the end of a run. Strings are borrowed. */
void run_record_take_exit(struct run_record *r, const Sloth__V1__RunExit *exit);

/* A command as text, cut at RUN_COMMAND_MAX bytes: `command`, or where it is empty the vector as a shell would take
 * it. Valid UTF-8 if `command` is. Owned. */
char *run_command_text(const char *command, const ProtobufCBinaryData *argv, size_t n_argv);
/* A copy of at most `max` bytes that splits no character. Owned. */
char *run_text_cut(const char *text, size_t max);

#endif
