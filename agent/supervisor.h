/*
 * supervisor.h - the agent's end of one supervisor: its packets, its directory, its spool. See supervise/supervise.h.
 *
 * Callbacks come from the loop only. Sending never fails and never waits: what the socket does not take is queued, and
 * what a supervisor that is gone does not take is dropped.
 */
#ifndef AGENT_SUPERVISOR_H
#define AGENT_SUPERVISOR_H

#include <ev.h>

#include "agent/spool_read.h"
#include "common/buf.h"
#include "common/list.h"

enum { SUPERVISOR_NAME_MAX = 64 };

struct supervisor;

struct supervisor_ops {
	/* data: p->length bytes, borrowed. supervisor_free() is allowed here and in on_gone. */
	void (*on_packet)(struct supervisor *s, const struct sup_packet *p, const void *data);
	/* Last: the connection has ended. */
	void (*on_gone)(struct supervisor *s);
};

struct supervisor {
	struct list link;			/* the pool's */
	void *owner;				/* of whoever made it */
	struct ev_loop *loop;
	const struct supervisor_ops *ops;
	int fd, dir_fd;				/* dir_fd: -1 while there is none */
	char name[SUPERVISOR_NAME_MAX];		/* first name of its directory; "": adopted */
	struct spool_file spool;
	ev_io in, out;
	struct buf queue;			/* packets, each whole */
	bool *is_freed;				/* while a callback runs */
	unsigned phase;				/* the owner's */
};

/* Takes fd. */
struct supervisor *supervisor_new(struct ev_loop *loop, int fd, const struct supervisor_ops *ops, void *owner);
/* Closes the connection: what was sent before is still processed. */
void supervisor_free(struct supervisor *s);
void supervisor_send(struct supervisor *s, enum sup_type type, uint64_t value, const void *data, size_t n);
/* Its own run may have stopped it. */
bool supervisor_is_stopped(const struct supervisor *s);
void supervisor_signal(const struct supervisor *s, int number);

/* One packet appended to `out`, and all packets of `packets` sent, which is empty afterwards. */
void supervisor_pack(struct buf *out, enum sup_type type, uint64_t value, const void *data, size_t n);
void supervisor_send_all(struct supervisor *s, struct buf *packets);

/* The directory: takes dir_fd; the one before is closed, with its spool. */
void supervisor_set_dir(struct supervisor *s, int dir_fd);

#endif
