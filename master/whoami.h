/*
 * whoami.h - WhoAmI: who the master takes a caller for.
 */
#ifndef MASTER_WHOAMI_H
#define MASTER_WHOAMI_H

#include <stddef.h>
#include <stdint.h>

struct wire_call;

void whoami_on_call(struct wire_call *call, const uint8_t *data, size_t len, void *master);

#endif
