/*
 * orphans.h - processes whose run is over although they could not be ended: reaped when they end after all.
 */
#ifndef AGENT_ORPHANS_H
#define AGENT_ORPHANS_H

#include "agent/proc.h"

struct ev_loop;
struct orphans;
struct orphans *orphans_new(struct ev_loop *loop);
/* Those that still run go on; nobody in this process reaps them. */
void orphans_free(struct orphans *o);

/* Takes what *p owns. Does not keep the loop alive. */
void orphans_take(struct orphans *o, struct proc *p);

#endif
