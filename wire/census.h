/*
 * census.h - how many connections each address or identity has, and how fast they come from an address. IPv6 peers
 * count by their /64. Whoever is counted is a key, which is never 0.
 */
#ifndef WIRE_CENSUS_H
#define WIRE_CENSUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "wire/wire.h"

struct census;

uint64_t census_key(const struct sockaddr *sa);
uint64_t census_key_of_identity(const struct wire_identity *who);

struct census *census_new(void);
void census_free(struct census *c);
/* Counts one connection more. */
void census_enter(struct census *c, uint64_t key);
unsigned census_count(struct census *c, uint64_t key);
void census_leave(struct census *c, uint64_t key);
/* One more comes: false when it exceeds WIRE_ARRIVALS. */
bool census_admit(struct census *c, uint64_t key, uint64_t now_ms);
/* One that came was no stranger. */
void census_excuse(struct census *c, uint64_t key, uint64_t now_ms);

#endif
