/*
 * tidy.h - gives memory back after a busy time.
 *
 * Many calls at once leave a heap full of holes, which the allocator keeps for good unless it is told.
 */
#ifndef MASTER_TIDY_H
#define MASTER_TIDY_H

#include <ev.h>

struct master;

enum {
	TIDY_AFTER_MS = 2000,		/* of quiet */
	TIDY_CALLS_MIN = 16		/* at once; fewer are not worth it */
};

struct tidy {
	ev_timer timer;
	unsigned most;			/* calls relayed at once since the last time */
};

void tidy_init(struct master *m);
/* The number of relayed calls has changed. */
void tidy_note(struct master *m);
/* The master ends. */
void tidy_stop(struct master *m);

#endif
