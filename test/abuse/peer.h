/*
 * peer.h - one connection of an attacker: blocking from outside, never stuck inside.
 *
 * What is to be sent is gathered and goes out in large writes; while it goes, what comes is read and counted
 * in `seen`, unless the peer is mute. Everything ends at `end_ms` at the latest.
 */
#ifndef TEST_ABUSE_PEER_H
#define TEST_ABUSE_PEER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "test/lib/block.h"

enum { PEER_CODES = 18, PEER_STREAMS = 128, PEER_TIME_MS = 20000, PEER_BLOCKED_MS = 300 };

/* What the other end has said so far. */
struct seen {
	bool settings, settings_ack, goaway;
	uint32_t goaway_code;
	char debug[64];				/* of the GOAWAY */
	unsigned resets[PEER_CODES];		/* RST_STREAM by code */
	unsigned statuses[PEER_CODES];		/* grpc-status */
	unsigned http_errors;			/* :status other than 200 */
	unsigned pongs;
	uint32_t request;			/* the latest stream that the other end has opened */
	uint64_t data_bytes;
};

struct peer {
	struct sockaddr_in to, from;
	bool is_agent;		/* what listens at `to`; else a master */
	bool is_server;		/* of a rogue server: the other end has dialled */
	bool is_mute;		/* reads nothing */
	bool keeps_acks;	/* does not acknowledge SETTINGS */
	bool is_closed;		/* by the other end, and what it said before that has been read */
	bool is_blocked;	/* mute, and the other end takes no more */
	int fd;
	uint32_t next_id;
	int64_t first_window, conn_window;	/* what may be sent: to a stream from its beginning, in all */
	int64_t windows[PEER_STREAMS];		/* to a stream, by its id; of older ones nothing is known */
	uint32_t patience_ms;			/* with a window that stays shut */
	uint64_t end_ms, sent_bytes;
	struct buf in, out;
	struct nghttp2_hd_inflater *inflater;
	struct seen seen;
};

/* Connects; false with the reason in errno. */
bool peer_open(struct peer *p);
/* The same for a socket that was accepted. */
void peer_take(struct peer *p, int fd);
void peer_close(struct peer *p);
/* Preface and SETTINGS, or SETTINGS alone from a server; the other end's are acknowledged when they come. */
void peer_hello(struct peer *p);

void peer_bytes(struct peer *p, const void *data, size_t n);
void peer_frame(struct peer *p, uint8_t type, uint8_t flags, uint32_t stream, const void *payload, size_t n);
void peer_frame_u32(struct peer *p, uint8_t type, uint32_t stream, uint32_t value);
/* One SETTINGS frame with one value. */
void peer_setting(struct peer *p, uint16_t name, uint32_t value);
/* The other end may send as much as it likes. */
void peer_open_windows(struct peer *p);
/* HEADERS of a call, with one field more unless `name` is NULL. The stream. */
uint32_t peer_request(struct peer *p, const char *path, const char *name, const char *value, uint8_t flags);
/* A block as HEADERS and as many CONTINUATIONs of 16 KiB as it needs. */
void peer_block(struct peer *p, uint32_t stream, const struct buf *block, uint8_t flags);
/* DATA as far as the windows of the other end allow; waits for them. How much of it went. */
size_t peer_data(struct peer *p, uint32_t stream, const void *data, size_t n, uint8_t flags);
/* DATA with one short message, whatever the windows are. */
void peer_message(struct peer *p, uint32_t stream, const void *data, size_t n, uint8_t flags);

/* Sends what is gathered. */
void peer_flush(struct peer *p);
/* Sends, then reads, also when mute, until `is_done` says so, the other end closes, or ms have passed. Whether it said so. */
bool peer_wait(struct peer *p, uint32_t ms, bool (*is_done)(const struct peer *p, const void *arg), const void *arg);
/* Nothing that is sent any more makes a difference. */
bool peer_is_over(const struct peer *p);
/* Whether the other end answers a PING. */
bool peer_is_served(struct peer *p);

#endif
