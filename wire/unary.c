/*
 * unary.c - one request, one response, on top of wire_call(). The response is handed out together with
 * an OK status only.
 */
#include <stdlib.h>

#include "common/buf.h"
#include "common/mem.h"
#include "wire/wire.h"

struct unary {
	wire_unary_done *done;
	void *arg;
	struct buf response;
	unsigned n;
};

static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct unary *u = arg;

	if (++u->n > 1)
		wire_end(call, WIRE_INTERNAL, "more than one response message for a unary call");
	else
		buf_append(&u->response, data, len);
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct unary *u = arg;
	/* An empty message is a message: its pointer must not look like none. */
	const uint8_t *data = buf_len(&u->response) ? buf_data(&u->response) : (const uint8_t *)"";

	if (code != WIRE_OK)
		u->done(call, code, why, NULL, 0, u->arg);
	else if (u->n == 0)
		u->done(call, WIRE_INTERNAL, "the server answered OK without a message", NULL, 0, u->arg);
	else
		u->done(call, WIRE_OK, "", data, buf_len(&u->response), u->arg);
	buf_done(&u->response);
	free(u);
}

struct wire_call *wire_unary(struct wire_conn *conn, const struct wire_request *request,
			     const ProtobufCMessage *message, wire_unary_done *done, void *arg)
{
	static const struct wire_call_ops ops = { .on_message = on_message, .on_end = on_end };
	struct unary *u = mem_new(struct unary);
	struct wire_call *call;

	u->done = done;
	u->arg = arg;
	call = wire_call(conn, request, &ops, u);
	wire_send_message(call, message);
	wire_half_close(call);
	return call;
}
