/*
 * dispatch.h - sloth.v1.Master/Run: the first message says which agent; from then on relay.c or bridge.c has the
 * call.
 */
#ifndef MASTER_DISPATCH_H
#define MASTER_DISPATCH_H

#include <stddef.h>
#include <stdint.h>

struct wire_call;

void dispatch_run(struct wire_call *call, const uint8_t *data, size_t len, void *master);

#endif
