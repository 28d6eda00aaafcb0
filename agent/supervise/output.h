/*
 * output.h - an output stream of a run on its way into the spool.
 *
 * A stream is read only when the spool has room. A record that could not be written (the disk is full) is kept, and
 * nothing is read until it is written.
 */
#ifndef SUPERVISE_OUTPUT_H
#define SUPERVISE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/supervise/spool.h"

enum { OUTPUT_STREAMS = 2 };

struct output_stream {
	int fd;				/* -1: its end was reached */
	bool is_large;
	bool is_limited;		/* ends after `owed` more bytes, whoever holds it */
	size_t owed;
	uint64_t total;			/* bytes that were read */
};

struct output {
	struct output_stream streams[OUTPUT_STREAMS];
	struct spool *spool;
	struct spool_record *record;	/* shared by both; its data may be waiting */
	bool is_pending;
	bool is_cut;			/* somebody else still held a stream open */
};

/* Takes the descriptors; -1: there is no such stream. */
void output_start(struct output *o, struct spool *spool, struct spool_record *record, int out, int err);
void output_done(struct output *o);
/* Whether a stream is to be polled. */
bool output_wants(const struct output *o, size_t stream);
/* The stream is readable: one record. has_hung_up: nobody can write any more, so all records up to the end. */
void output_read(struct output *o, size_t stream, bool has_hung_up);
/* Tries to write what is pending. */
void output_retry(struct output *o);
/* What is in the pipes now is still read, then they end. */
void output_cut(struct output *o);
/* Ends at once; what has not found room in the spool is dropped. */
void output_abandon(struct output *o);
/* Everything was read and written. */
bool output_has_ended(const struct output *o);

#endif
