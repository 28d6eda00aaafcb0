/*
 * census.h - how many connections each address has, and how fast they come. IPv6 peers count by their /64.
 */
#ifndef WIRE_CENSUS_H
#define WIRE_CENSUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct census;

/* What an address counts as. */
uint64_t census_key(const struct sockaddr *sa);

struct census *census_new(void);
void census_free(struct census *c);
/* Counts one connection more. */
void census_enter(struct census *c, const struct sockaddr *sa);
unsigned census_count(struct census *c, const struct sockaddr *sa);
void census_leave(struct census *c, const struct sockaddr *sa);
/* One more comes: false when its address exceeds WIRE_ARRIVALS. */
bool census_admit(struct census *c, const struct sockaddr *sa, uint64_t now_ms);

#endif
