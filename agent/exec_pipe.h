/*
 * exec_pipe.h - our ends of a process's pipes. For exec.c.
 */
#ifndef AGENT_EXEC_PIPE_H
#define AGENT_EXEC_PIPE_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

enum { EXEC_PIPE_LARGE = 512 * 1024 };	/* capacity of a pipe that proved busy */

/*
 * The reading end of an output stream. fd is -1 from its end on. Callbacks come from the loop; the pipe
 * may be freed in on_eof, not in on_data.
 */
struct outpipe {
	ev_io io;
	struct ev_loop *loop;
	uint8_t *buffer;	/* EXEC_CHUNK_MAX bytes, shared */
	int fd;
	int priority;		/* ev_set_priority() */
	bool is_paused, is_large;
	bool is_limited;	/* ends after `owed` more bytes, whoever holds it */
	size_t owed;
	void (*on_data)(struct outpipe *p, const void *data, size_t n);
	void (*on_eof)(struct outpipe *p, bool cut);
};

void outpipe_start(struct outpipe *p);		/* the fields above are set; takes fd */
void outpipe_done(struct outpipe *p);
void outpipe_pause(struct outpipe *p);
void outpipe_resume(struct outpipe *p);
/* What is in the pipe now is still delivered, then it ends: as cut, unless that was all there will ever be.
 * on_eof may come from inside. */
void outpipe_cut(struct outpipe *p);

/*
 * The writing end of standard input. fd is -1 from its end on.
 */
struct inpipe {
	ev_io io;
	struct ev_loop *loop;
	int fd;
	bool is_ending;		/* closes when the queue is empty */
	bool is_large;
	bool is_broken, is_told_broken;	/* the process reads no more */
	struct buf queue;
	uint64_t taken, told;	/* bytes the pipe took; of these reported */
	void (*on_taken)(struct inpipe *p, uint64_t offset, bool closed);
};

void inpipe_start(struct inpipe *p);
void inpipe_done(struct inpipe *p);
void inpipe_write(struct inpipe *p, const void *data, size_t n);
void inpipe_end(struct inpipe *p);

#endif
