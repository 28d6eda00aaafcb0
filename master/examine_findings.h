/*
 * examine_findings.h - what an examination has found, step by step: from one connection that worked or failed to a
 * line for each step. No I/O.
 */
#ifndef MASTER_EXAMINE_FINDINGS_H
#define MASTER_EXAMINE_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/proto/sloth.pb-c.h"
#include "wire/wire.h"

struct agent;

/* In the order in which a connection passes them, then what is known without one. */
enum examine_step {
	STEP_LOOKUP, STEP_TCP, STEP_TLS, STEP_ALPN, STEP_CERTIFICATE, STEP_IDENTITY, STEP_CLOCK, STEP_ROUND_TRIP,
	STEP_VERSION, STEP_CONTACT, STEP_REACH, STEP_N
};

struct findings {
	Sloth__V1__Finding steps[STEP_N];	/* detail and advice are owned */
};

/* Every step is skipped. */
void findings_init(struct findings *f);
void findings_done(struct findings *f);
/* Take `detail` and `advice`; advice NULL: none. */
void findings_ok(struct findings *f, enum examine_step step, char *detail);
void findings_failed(struct findings *f, enum examine_step step, char *detail, char *advice);

/* The steps up to ALPN, or to the certificate of `identity` where there is TLS: passed. */
void findings_connected(struct findings *f, const char *address, const struct wire_identity *identity);
/* The connection failed there: the steps before it are passed. Takes `detail` and `advice`. */
void findings_fault(struct findings *f, const char *address, bool in_tls, enum wire_fault fault, char *detail,
		    char *advice);
/* The agent's clock by its own words, and ours around its answer. */
void findings_clock(struct findings *f, int64_t agent_ms, int64_t asked_ms, int64_t answered_ms);
/* Sorts `us`. n may be 0. */
void findings_round_trip(struct findings *f, uint64_t *us, unsigned n);
/* Last contact and reach, as the registry has them. Takes `advice`: what to do where it is unreachable, else NULL. */
void findings_record(struct findings *f, const struct agent *a, char *advice);

#endif
