/*
 * facts_read.h - single readings of the machine. For facts.c and usage.c. What cannot be read is 0 or "".
 */
#ifndef AGENT_FACTS_READ_H
#define AGENT_FACTS_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

/* A small file as a string, borrowed from `text`, which the caller owns and passes again for the next. */
const char *facts_file(const char *path, struct buf *text);

struct facts_memory {
	uint64_t total, available;	/* bytes */
};
struct facts_memory facts_memory(void);
struct facts_disk {
	uint64_t total, free;		/* bytes of the root file system; free: for users */
	uint64_t used;
};
struct facts_disk facts_disk(void);
void facts_load(double load[3]);
uint64_t facts_uptime(void);		/* seconds */

#endif
