/*
 * runs.h - runs through a master to one agent that is not real, "web1", and what the master says of them afterwards.
 * One world, one agent and one call at a time, which tests may use directly.
 */
#ifndef TEST_LIB_RUNS_H
#define TEST_LIB_RUNS_H

#include "test/lib/world.h"

extern struct world w;
extern struct fake web1;
extern struct record call;		/* the newest call of a run */

void runs_set_up(void);
void runs_tear_down(void);
void runs_register(void);		/* web1, as it is reached now */

/* 16 bytes that all are this one. */
ProtobufCBinaryData runs_id(uint8_t byte);
/* "make all" as daemon. */
Sloth__V1__RunStart runs_start(uint8_t id);

/* ---- the caller ---- */

void runs_send_start(Sloth__V1__RunStart *start);
/* Until the agent has it. `start` may be NULL. */
void runs_begin(uint8_t id);
void runs_resume(uint8_t id, const char *agent, Sloth__V1__RunStart *start);

/* ---- the agent ---- */

bool runs_has_message(void *fake);	/* for pair_run() */
bool runs_is_waiting(void *fake);	/* a WaitRun waits for its answer */
/* It says something, and the caller has it. */
void runs_answer(void);
void runs_tell(const char *trailer, const char *value);
/* Its call ends, and that of the caller; with the trailers of a run that has exited. */
void runs_end(enum wire_code code, const char *why);
void runs_end_exited(const char *code);
/* It answers the WaitRun that it has, or gets. */
void runs_answer_wait(const char *state, uint32_t code, const char *reason);

/* ---- what the master says ---- */

/* Valid until the next question. */
Sloth__V1__ListRunsResponse *runs_list(const Sloth__V1__ListRunsRequest *request);
/* The run with that id, which has to be there. */
const Sloth__V1__RunRecord *runs_show(uint8_t id);
/* Until it is in that state. */
void runs_expect(uint8_t id, const char *state);

#endif
