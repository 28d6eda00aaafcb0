/*
 * token_calls.h - CreateToken, ListTokens, RevokeToken of sloth.v1.Master.
 */
#ifndef MASTER_TOKEN_CALLS_H
#define MASTER_TOKEN_CALLS_H

#include <stddef.h>
#include <stdint.h>

struct wire_call;

void token_on_create(struct wire_call *call, const uint8_t *data, size_t len, void *master);
void token_on_list(struct wire_call *call, const uint8_t *data, size_t len, void *master);
void token_on_revoke(struct wire_call *call, const uint8_t *data, size_t len, void *master);

#endif
