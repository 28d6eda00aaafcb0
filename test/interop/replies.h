/*
 * replies.h - the responses that one call still owes: payloads of given sizes, each some time after the one
 * before it, no faster than the caller takes them.
 */
#ifndef TEST_INTEROP_REPLIES_H
#define TEST_INTEROP_REPLIES_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "test/interop/proto/test.pb-c.h"
#include "wire/wire.h"

enum { REPLIES_MAX = 10000, REPLIES_SIZE_MAX = 4 * 1024 * 1024 - 64 };

struct replies {
	struct wire_call *call;
	struct ev_loop *loop;
	ev_timer timer;			/* active: the response at the head has to wait */
	struct reply *queue;		/* [next, n): not yet sent */
	size_t n, next;
	bool is_held;
	bool is_blocked;		/* the caller takes no more for now */
	bool is_last;			/* the call ends with OK after what is queued */
};

/* `call` stays valid until replies_done(), which its on_end calls. */
void replies_init(struct replies *r, struct wire_call *call, struct ev_loop *loop);
void replies_done(struct replies *r);
/*
 * Queues what the request asks for and sends what is due. A request that cannot be served ends the call:
 * a size below 0 or above REPLIES_SIZE_MAX, more than REPLIES_MAX responses at once.
 */
void replies_add(struct replies *r, const Grpc__Testing__StreamingOutputCallRequest *request);
/* Nothing is sent before replies_finish(). */
void replies_hold(struct replies *r);
void replies_on_drain(struct replies *r);
/* Nothing will be added: OK follows the last response. */
void replies_finish(struct replies *r);

/* A payload of n zeros; the memory is static. */
Grpc__Testing__Payload replies_payload(size_t n);

#endif
