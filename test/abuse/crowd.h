/*
 * crowd.h - many connections at once, from as many addresses as it takes.
 *
 * The addresses count up from `first.from`, `per_address` connections each. What has been opened is held until
 * standard input ends, then it is counted and "N of M left" is printed.
 */
#ifndef TEST_ABUSE_CROWD_H
#define TEST_ABUSE_CROWD_H

#include "test/abuse/peer.h"

struct crowd {
	struct peer first;		/* where to, from where */
	unsigned n, per_address;
	bool is_silent;			/* says nothing after connecting */
	unsigned streams;		/* that each connection opens */
};

/* 0, or 1 when connections could not be made at all. */
int crowd_run(struct crowd *c);
/* n connections, each closed as soon as it is made. */
int crowd_churn(struct crowd *c);

#endif
