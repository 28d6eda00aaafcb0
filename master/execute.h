/*
 * execute.h - agent.AgentRegistry/ExecuteCommand: a command for any gRPC client, as RunCommand at the agent.
 */
#ifndef MASTER_EXECUTE_H
#define MASTER_EXECUTE_H

#include <stddef.h>
#include <stdint.h>

struct wire_call;

void execute_start(struct wire_call *call, const uint8_t *data, size_t len, void *master);

#endif
