/*
 * spool.h - the output of a run as a file of records: the side that writes it. The format is in supervise.h.
 *
 * What is held is what lies between base and end. A spool that is not detached never loses a byte: it is full at its
 * limit, and whoever writes waits until something was freed. Empty it always takes one record, so that a limit
 * or a full file system slows a run down but cannot stop it for ever. A detached one drops its oldest records.
 */
#ifndef SUPERVISE_SPOOL_H
#define SUPERVISE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/supervise/supervise.h"

enum { SPOOL_MAX_DEFAULT = 8 * 1024 * 1024, SPOOL_CHECK_BYTES = 1024 * 1024 };

struct spool {
	int fd;				/* -1: none */
	struct sup_spool *head;		/* mapped */
	uint64_t max, free_min;
	bool is_detached;
	bool is_low;			/* the file system had less than free_min when it was looked at last */
	bool cannot_punch;
	uint64_t position;		/* payload bytes that were written */
	uint64_t punched;		/* offset in the file before which everything is a hole */
	uint64_t free_to;		/* position before which output is not needed, also what is still to come */
	uint64_t unchecked;		/* bytes written since the file system was looked at */
};

/* A record with room for its data. */
struct spool_record {
	struct sup_record head;
	uint8_t data[SUP_DATA_MAX];
};

/* Makes DIR/out, empty. 0 or -errno. */
int spool_create(struct spool *s, int dir_fd);
void spool_close(struct spool *s);
/* Empty again, for another run; the limits are gone. 0 or -errno. */
int spool_reset(struct spool *s);
/* max 0: SPOOL_MAX_DEFAULT. */
void spool_limit(struct spool *s, uint64_t max, uint64_t free_min, bool is_detached);

/* How many bytes of data the next record may have; 0: it is full. */
size_t spool_room(const struct spool *s);
/* Writes a record with length, stream and time; sets its position. 0, or -errno and nothing has changed: -ENOSPC
 * and -EDQUOT pass. */
int spool_write(struct spool *s, struct spool_record *record);
/* A reader waits for more: true once for each time it said so. */
bool spool_takes_wants(struct spool *s);
/* Records that lie before this position altogether are gone, also those that are still to come. Nothing for a detached spool. */
void spool_free(struct spool *s, uint64_t position);
/* Makes room on the disk for something else: the oldest records of a detached spool go. False: nothing can. */
bool spool_drop(struct spool *s);
/* Looks at the file system again. */
void spool_look(struct spool *s);

#endif
