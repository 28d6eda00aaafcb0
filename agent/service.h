/*
 * service.h - what the agent serves: agent.Agent for any gRPC client, sloth.v1.Agent for its master.
 */
#ifndef AGENT_SERVICE_H
#define AGENT_SERVICE_H

#include "wire/wire.h"

struct agent;

void service_register(struct agent *agent);

/* Handlers with files of their own; `arg` is the agent. */
void run_call_start(struct wire_call *call, const uint8_t *data, size_t len, void *arg);
void run_command_start(struct wire_call *call, const uint8_t *data, size_t len, void *arg);
void list_runs_start(struct wire_call *call, const uint8_t *data, size_t len, void *arg);
void run_wait_start(struct wire_call *call, const uint8_t *data, size_t len, void *arg);
void run_control_start(struct wire_call *call, const uint8_t *data, size_t len, void *arg);

#endif
