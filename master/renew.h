/*
 * renew.h - Renew: the identity of the connection gets a certificate for another key.
 *
 * The former certificate stays valid until it expires, so that a client that dies anywhere on the way has one that
 * works; asked again with the same request it gets the same certificate.
 */
#ifndef MASTER_RENEW_H
#define MASTER_RENEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ask;
struct wire_call;

void renew_on_call(struct wire_call *call, const uint8_t *data, size_t len, void *master);
/* The same for an ask that turns out to come from whom it asks for. */
bool renew_own(struct ask *a);

#endif
