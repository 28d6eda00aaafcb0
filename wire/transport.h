/*
 * transport.h - what a connection reads from and writes to. Non-blocking.
 *
 * read and write return bytes moved, 0 (read: end of stream), or -errno; -EAGAIN: wait for the descriptor. -EBADMSG:
 * why() has words. The plain socket is below; TLS has the same face and lies on top of one.
 */
#ifndef WIRE_TRANSPORT_H
#define WIRE_TRANSPORT_H

#include <stddef.h>
#include <sys/types.h>

#include "wire/wire.h"

struct transport;

struct transport_ops {
	ssize_t (*read)(struct transport *t, void *to, size_t n);
	ssize_t (*write)(struct transport *t, const void *from, size_t n);
	void (*shutdown)(struct transport *t);	/* no more writes; the peer sees an end, not a reset */
	void (*close)(struct transport *t);	/* frees */

	/* Those of a transport that has to be set up first; the plain one has none of them. */
	int (*handshake)(struct transport *t);	/* 0: done; -EAGAIN: again when the descriptor is ready; -EBADMSG */
	bool (*has_pending)(const struct transport *t);	/* bytes that no event of the descriptor will tell of */
	const char *(*why)(const struct transport *t);
};

/* What a handshake has found out. */
struct transport_peer {
	bool is_reverse;		/* the client will take the server's role */
	bool is_http1;			/* the client named HTTP/1.x, and neither of the others */
	bool has_protocol;		/* the peer named HTTP/2, in either role; else it has to be sniffed */
	struct wire_identity identity;	/* kind NONE: none that is worth anything */
	bool is_expired;		/* good but for its time */
	char refused[240];		/* why its certificate is not accepted; "": it is, or there is none */
	char ca[WIRE_FINGERPRINT_LEN + 1];
	bool has_spoken;		/* a byte of it has come */
	enum wire_fault fault;		/* at a client: why the handshake has failed */
	struct wire_identity met;	/* with WIRE_FAULT_OTHER_PEER: who answered */
};

struct transport {
	const struct transport_ops *ops;
	int fd;
	/* After -EAGAIN: it waits for the other readiness than its name says. */
	bool read_wants_write, write_wants_read;
	const struct transport_peer *peer;	/* NULL: plaintext */
};

/* Takes over a connected socket. */
struct transport *transport_plain(int fd);

/* What a client wants of the server. */
struct transport_wish {
	bool is_reverse;
	enum wire_kind kind;
	const char *name;		/* NULL: any */
};

/* TLS, as tls.c has it; so that a program without TLS needs nothing of it. Both take over `below`. */
struct wire_tls {
	struct transport *(*connect)(struct wire_tls *tls, struct transport *below, const struct transport_wish *wish);
	struct transport *(*accept)(struct wire_tls *tls, struct transport *below);
};

#endif
