/*
 * run_calls.h - WaitRun and ControlRun of sloth.v1.Master.
 *
 * Who may list an agent may wait for its runs; who may run commands there may stop, signal and remove runs of his own,
 * and administrators those of anybody: that is judged by the agent, which knows whose they are.
 *
 * Waiting survives whatever comes between: it is for the history to learn the end.
 */
#ifndef MASTER_RUN_CALLS_H
#define MASTER_RUN_CALLS_H

#include <stddef.h>
#include <stdint.h>

struct master;
struct wire_call;

enum { RUN_WAITS_MAX = 4096 };		/* callers that wait */

void run_calls_wait(struct wire_call *call, const uint8_t *data, size_t len, void *master);
void run_calls_control(struct wire_call *call, const uint8_t *data, size_t len, void *master);
/* The master ends: nobody waits any more. */
void run_calls_stop(struct master *m);

#endif
