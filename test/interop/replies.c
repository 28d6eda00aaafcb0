/*
 * replies.c - the responses that one call still owes.
 *
 * Three things stop the queue, and each goes on by itself: the time of the next response (timer), the
 * caller's window (on_drain), and a half-duplex call that is still being asked (finish). As long as something
 * is queued the call takes no further request, so that a caller who only asks is not served from memory.
 */
#include "test/interop/replies.h"

#include <stdlib.h>

#include "common/mem.h"

struct reply {
	size_t size;
	uint32_t interval_us;
};

static uint8_t zeros[REPLIES_SIZE_MAX];

Grpc__Testing__Payload replies_payload(size_t n)
{
	Grpc__Testing__Payload payload = GRPC__TESTING__PAYLOAD__INIT;

	payload.body = (ProtobufCBinaryData){ n, zeros };
	return payload;
}

static void send_one(struct replies *r, size_t size)
{
	Grpc__Testing__StreamingOutputCallResponse response = GRPC__TESTING__STREAMING_OUTPUT_CALL_RESPONSE__INIT;
	Grpc__Testing__Payload payload = replies_payload(size);

	response.payload = &payload;
	r->is_blocked = !wire_send_message(r->call, &response.base);
}

static void wait_for_time(struct replies *r, uint32_t us)
{
	ev_now_update(r->loop);
	ev_timer_set(&r->timer, us / 1e6, 0);
	ev_timer_start(r->loop, &r->timer);
}

/* is_time: the response at the head has waited. */
static void send_due(struct replies *r, bool is_time)
{
	while (r->next < r->n && !r->is_blocked && !r->is_held && !ev_is_active(&r->timer)) {
		const struct reply *next = &r->queue[r->next];

		if (next->interval_us && !is_time) {
			wait_for_time(r, next->interval_us);
			return;
		}
		is_time = false;
		r->next++;
		send_one(r, next->size);
	}
	if (r->next < r->n) {
		if (!r->is_held)
			wire_pause(r->call);
		return;
	}
	r->n = r->next = 0;
	wire_resume(r->call);
	if (r->is_last)
		wire_end(r->call, WIRE_OK, NULL);
}

static void on_time(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	send_due(w->data, true);
}

void replies_init(struct replies *r, struct wire_call *call, struct ev_loop *loop)
{
	*r = (struct replies){ .call = call, .loop = loop };
	ev_timer_init(&r->timer, on_time, 0, 0);
	r->timer.data = r;
}

void replies_done(struct replies *r)
{
	ev_timer_stop(r->loop, &r->timer);
	free(r->queue);
}

static bool is_possible(const struct replies *r, const Grpc__Testing__StreamingOutputCallRequest *request)
{
	if (request->n_response_parameters > REPLIES_MAX - r->n)
		return false;
	for (size_t i = 0; i < request->n_response_parameters; i++) {
		const Grpc__Testing__ResponseParameters *p = request->response_parameters[i];

		if (p->size < 0 || p->size > REPLIES_SIZE_MAX || p->interval_us < 0)
			return false;
	}
	return true;
}

void replies_add(struct replies *r, const Grpc__Testing__StreamingOutputCallRequest *request)
{
	if (!is_possible(r, request)) {
		wire_end(r->call, WIRE_INVALID_ARGUMENT, "response_parameters that cannot be served");
		return;
	}
	if (request->n_response_parameters)
		r->queue = mem_realloc(r->queue, (r->n + request->n_response_parameters) * sizeof *r->queue);
	for (size_t i = 0; i < request->n_response_parameters; i++) {
		const Grpc__Testing__ResponseParameters *p = request->response_parameters[i];

		r->queue[r->n++] = (struct reply){ (size_t)p->size, (uint32_t)p->interval_us };
	}
	send_due(r, false);
}

void replies_hold(struct replies *r)
{
	r->is_held = true;
}

void replies_on_drain(struct replies *r)
{
	r->is_blocked = false;
	send_due(r, false);
}

void replies_finish(struct replies *r)
{
	r->is_last = true;
	r->is_held = false;
	send_due(r, false);
}
