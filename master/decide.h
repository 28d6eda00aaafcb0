/*
 * decide.h - what operators do about identities: ListIdentities, Accept, Reject, Revoke of sloth.v1.Master.
 *
 * Each decision is a transaction of its own; the answer says of each identity what was decided, or why not.
 */
#ifndef MASTER_DECIDE_H
#define MASTER_DECIDE_H

#include <stddef.h>
#include <stdint.h>

struct wire_call;

enum { DECIDE_LIST_MAX = 3 * 1024 * 1024 };	/* bytes: beyond, addresses are left out; clients take 4 MiB */

void decide_on_list(struct wire_call *call, const uint8_t *data, size_t len, void *master);
void decide_on_accept(struct wire_call *call, const uint8_t *data, size_t len, void *master);
void decide_on_reject(struct wire_call *call, const uint8_t *data, size_t len, void *master);
void decide_on_revoke(struct wire_call *call, const uint8_t *data, size_t len, void *master);

#endif
