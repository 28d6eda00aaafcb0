/*
 * standing.h - how the master is, in one line for its service manager:
 *
 *   listening on 0.0.0.0:50053; agents: 12 active, 1 of them not reached, 3 inactive; runs: 2
 */
#ifndef MASTER_STANDING_H
#define MASTER_STANDING_H

struct master;

/* The master is ready. From here on the line is said again within seconds of what changes it. */
void standing_begin(struct master *m);
/* The end has begun, which has words of its own. */
void standing_end(struct master *m);

#endif
