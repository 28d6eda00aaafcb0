/*
 * crowd.h - how often each address may ask: a token bucket for each of the last CROWD_HOSTS that did. Pure.
 *
 * The numbers let 300 agents behind one address ask at once and then every two seconds; what goes beyond costs
 * the master no more than the look at this table. IPv6 addresses count by their /64.
 */
#ifndef MASTER_CROWD_H
#define MASTER_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/guard.h"

enum { CROWD_HOSTS = 256, CROWD_BURST = 600, CROWD_PER_S = 200, CROWD_ALL_BURST = 2000, CROWD_ALL_PER_S = 500,
       CROWD_LINES_BURST = 50, CROWD_LINES_PER_S = 1 };

struct crowd_host {
	uint64_t key;			/* 0: unused */
	uint64_t used_ms;
	struct guard_bucket bucket;
};

struct crowd {
	struct crowd_host hosts[CROWD_HOSTS];
	struct guard_bucket all;	/* an attacker with many addresses */
	struct guard_bucket lines;	/* records of refusals */
};

void crowd_init(struct crowd *c, uint64_t now_ms);
/* `host`: an address without its port. True: it may. */
bool crowd_may_ask(struct crowd *c, const char *host, uint64_t now_ms);
/* Whether one more refusal may be recorded: strangers do not fill the disk. */
bool crowd_may_be_said(struct crowd *c, uint64_t now_ms);

#endif
