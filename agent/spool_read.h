/*
 * spool_read.h - reading the output of a run from the spool that its supervisor writes; see supervise.h.
 *
 * Any number of readers, each at a place of its own. Reading never waits: it ends where the spool ends, where the
 * budget does, or where whoever takes the output says stop.
 */
#ifndef AGENT_SPOOL_READ_H
#define AGENT_SPOOL_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/supervise/supervise.h"

/* The open file; { -1, NULL } is none. */
struct spool_file {
	int fd;
	struct sup_spool *head;		/* mapped */
};

#define SPOOL_FILE_NONE ((struct spool_file){ -1, NULL })

/* Opens the file "out" in a directory. 0 or -errno; -EBADMSG: it is no spool. */
int spool_file_open(struct spool_file *s, int dir_fd);
void spool_file_close(struct spool_file *s);

/* { .position = P } begins at the payload byte P, or at the oldest one held. */
struct spool_reader {
	uint64_t position;		/* of the payload byte that comes next */
	uint64_t at;			/* in the file; 0: not placed yet */
	uint64_t gap;			/* SPOOL_GAP: bytes that are missing before `position` */
};

enum spool_verdict {
	SPOOL_EMPTY,		/* all of it has been read; the supervisor will say when there is more */
	SPOOL_MORE,		/* the budget is used up */
	SPOOL_STOPPED,		/* `take` said stop */
	SPOOL_GAP,		/* what comes next is not held any more: `position` has moved on, read again */
	SPOOL_DAMAGED		/* what is there is no record */
};

/* At most SUP_DATA_MAX bytes of stream 0 or 1, borrowed. False: stop after this. */
typedef bool spool_take(unsigned stream, const void *data, size_t n, void *arg);

/* What many readers read through, one after the other. */
struct spool_window;
struct spool_window *spool_window_new(void);
void spool_window_free(struct spool_window *w);

/* Reads about `budget` bytes of the file. */
enum spool_verdict spool_read(const struct spool_file *s, struct spool_reader *r, struct spool_window *w, size_t budget,
			      spool_take *take, void *arg);

#endif
