/*
 * run_list.h - ListRuns of sloth.v1.Master: what ran where, from the history.
 *
 * The store is read a piece at a time, so that a long history does not hold up what is relayed meanwhile. Whoever may
 * list an agent sees its runs.
 */
#ifndef MASTER_RUN_LIST_H
#define MASTER_RUN_LIST_H

#include <stddef.h>
#include <stdint.h>

struct wire_call;

enum {
	RUN_LIST_DEFAULT = 1000,		/* runs of an answer, where the caller names no limit */
	RUN_LIST_RUNS_MAX = 10000,		/* of an answer: decoded a run has more than 2 KiB, and clients have 32 MiB */
	RUN_LIST_BYTES_MAX = 4 * 1024 * 1024 - 16 * 1024,	/* of an answer: clients refuse more than 4 MiB */
	RUN_LIST_ROWS = 1000,			/* read in one turn of the loop */
	RUN_LISTS_MAX = 16			/* at once: each may hold an answer */
};

void run_list_start(struct wire_call *call, const uint8_t *data, size_t len, void *master);

#endif
