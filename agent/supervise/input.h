/*
 * input.h - the standard input of a run: a pipe, or the terminal.
 *
 * Offsets are those of the caller's stream. What arrived before is skipped, so that a caller may send again after a
 * reconnect; what leaves a gap or is more than SUP_INPUT_MAX ahead of the process is not taken, and not counted.
 */
#ifndef SUPERVISE_INPUT_H
#define SUPERVISE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

struct input {
	int fd;				/* -1: none, or its end was reached */
	bool is_terminal;		/* fd belongs to somebody else */
	bool is_ending;			/* ends when the queue is empty */
	bool is_large, is_broken;	/* broken: the process reads no more */
	bool is_told_broken;
	bool is_in_line;		/* the terminal was given part of a line */
	struct buf queue;
	uint64_t arrived, taken, told;	/* told: of what was taken */
};

/* fd -1: the run has no input. */
void input_start(struct input *in, int fd, bool is_terminal);
void input_done(struct input *in);
void input_write(struct input *in, uint64_t offset, const void *data, size_t n);
void input_end(struct input *in);
/* fd is writable. */
void input_push(struct input *in);
static inline bool input_waits(const struct input *in) { return in->fd >= 0 && buf_len(&in->queue) > 0; }
/* Takes no more, whatever comes. */
static inline bool input_is_closed(const struct input *in) { return in->fd < 0 || in->is_ending; }
/* True: the caller is owed a SUP_TAKEN. In steps of a packet, or when nothing waits. */
bool input_is_due(const struct input *in);
/* The value of the SUP_TAKEN, which is told by this. */
uint64_t input_tell(struct input *in);

#endif
