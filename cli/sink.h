/*
 * sink.h - writing to an inherited stdout or stderr without ever blocking the loop, and without
 * changing the file description that is shared with other programs.
 *
 *   regular file, device     written in place
 *   pipe, terminal           through a non-blocking description of our own (/proc/self/fd/N opened
 *                            again); where that is refused: poll, then a write that fits
 *   socket                   MSG_DONTWAIT
 *
 * What cannot be written at once is queued; the writer stops until on_event.
 */
#ifndef CLI_SINK_H
#define CLI_SINK_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

enum sink_kind { SINK_UNKNOWN, SINK_DIRECT, SINK_NONBLOCK, SINK_POLLED, SINK_SOCKET };

struct sink {
	struct ev_loop *loop;
	int fd;			/* written to; opened by us when own_fd */
	bool own_fd;
	enum sink_kind kind;	/* found out at the first write */
	int error;		/* -errno of a failed write: everything after it is dropped */
	struct buf queue;
	ev_io writable;
	/* From the loop: the queue is empty, or error is set. */
	void (*on_event)(struct sink *sink, void *arg);
	void *arg;
};

void sink_init(struct sink *s, struct ev_loop *loop, int fd, void (*on_event)(struct sink *, void *), void *arg);
/* 0: written; 1: some is queued, write no more until on_event; -errno. */
int sink_write(struct sink *s, const void *data, size_t n);
bool sink_is_busy(const struct sink *s);
/* Drops what is queued; true when something was. */
bool sink_discard(struct sink *s);
/* What is still queued is dropped. The inherited fd stays open. */
void sink_done(struct sink *s);

#endif
