/*
 * probe.h - one call of the interop client as a case sees it: send, wait for what comes, judge.
 *
 * A case is straight-line code: every wait turns the loop until its condition holds, the call has ended or
 * the time of the case is up. The first thing that goes wrong is kept in words, what follows from it is not;
 * so a case needs no error paths.
 */
#ifndef TEST_INTEROP_PROBE_H
#define TEST_INTEROP_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "wire/wire.h"

enum { SESSION_SECONDS = 20, PROBE_BODIES_MAX = 16 };

/* The connection that the calls of a case share. */
struct session {
	struct ev_loop *loop;
	struct wire *wire;
	struct wire_conn *conn;		/* NULL when down */
	bool is_up;
	double until_s;			/* by the loop's clock: the time of the case is up */
	struct buf failure;		/* empty: all is well */
};

/* Dials and waits; a failure is kept like any other. */
void session_open(struct session *s, const struct wire_dial *dial);
/* Ends the connection in order. `failure` stays, the caller frees it. */
void session_close(struct session *s);
void session_fail(struct session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct probe {
	struct session *session;
	struct wire_call *call;		/* NULL when it has ended */
	const ProtobufCMessageDescriptor *response;
	size_t n_messages;
	size_t bodies[PROBE_BODIES_MAX];	/* bytes of each response's payload */
	int64_t sum;			/* of a StreamingInputCallResponse */
	enum wire_code code;
	char *why;
	bool has_initial, has_trailing;	/* the echoed metadata has come, each in its place */
};

struct probe_request {
	const char *path;
	const ProtobufCMessageDescriptor *response;
	uint64_t timeout_ms;
	bool with_metadata;		/* the two fields that a server echoes */
};

void probe_start(struct probe *p, struct session *s, const struct probe_request *request);
void probe_done(struct probe *p);
void probe_send(struct probe *p, const ProtobufCMessage *message);
void probe_half_close(struct probe *p);
void probe_cancel(struct probe *p);
/* What is queued goes out. */
void probe_flush(struct probe *p);
/* Until n messages have come. */
void probe_wait_messages(struct probe *p, size_t n);
/* Until the call has ended; its status has to be `code`. */
void probe_wait_end(struct probe *p, enum wire_code code);

void probe_expect_bodies(struct probe *p, const size_t *sizes, size_t n);
void probe_expect_why(struct probe *p, const char *why);
void probe_expect_metadata(struct probe *p);

#endif
