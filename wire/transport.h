/*
 * transport.h - what a connection reads from and writes to. Non-blocking.
 *
 * read and write return bytes moved, 0 (read: end of stream), or -errno; -EAGAIN: wait for the
 * descriptor. The plain socket is below; TLS and the tests' faulty ones have the same face.
 */
#ifndef WIRE_TRANSPORT_H
#define WIRE_TRANSPORT_H

#include <stddef.h>
#include <sys/types.h>

struct transport;

struct transport_ops {
	ssize_t (*read)(struct transport *t, void *to, size_t n);
	ssize_t (*write)(struct transport *t, const void *from, size_t n);
	void (*shutdown)(struct transport *t);	/* no more writes; the peer sees an end, not a reset */
	void (*close)(struct transport *t);	/* frees */
};

struct transport {
	const struct transport_ops *ops;
	int fd;
};

/* Takes over a connected socket. */
struct transport *transport_plain(int fd);

#endif
