/*
 * cases.h - the cases of the public gRPC interop description, by name, and two of our own: half_duplex, and
 * response_intervals, which the description asks of servers only.
 */
#ifndef TEST_INTEROP_CASES_H
#define TEST_INTEROP_CASES_H

#include "test/interop/probe.h"

struct interop_case {
	const char *name;
	void (*run)(struct session *s);
};

/* Ends with a case whose name is NULL. */
extern const struct interop_case interop_cases[];
const struct interop_case *case_find(const char *name);

#endif
