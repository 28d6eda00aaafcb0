/*
 * census.h - how many connections each address has. IPv6 peers count by their /64.
 */
#ifndef WIRE_CENSUS_H
#define WIRE_CENSUS_H

#include <stdbool.h>
#include <sys/socket.h>

struct census;

struct census *census_new(void);
void census_free(struct census *c);
/* Counts one connection more. */
void census_enter(struct census *c, const struct sockaddr *sa);
unsigned census_count(struct census *c, const struct sockaddr *sa);
void census_leave(struct census *c, const struct sockaddr *sa);

#endif
