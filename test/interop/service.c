/*
 * service.c - grpc.testing.TestService.
 *
 * Each handler does what the public interop description says of it: metadata is echoed, a response_status
 * ends the call with itself, sizes and intervals are obeyed. Compression is not spoken: a request that has
 * to be compressed is refused, a response is never compressed.
 */
#include "test/interop/service.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "test/interop/replies.h"

static const char echo_initial[] = "x-grpc-test-echo-initial", echo_trailing[] = "x-grpc-test-echo-trailing-bin";

typedef Grpc__Testing__StreamingOutputCallRequest output_request;

/* ---- what all handlers do ---- */

static void echo_metadata(struct wire_call *call)
{
	const struct wire_field *field;

	if ((field = wire_call_field(call, echo_initial)))
		wire_add_header(call, field);
	if ((field = wire_call_field(call, echo_trailing)))
		wire_add_trailer(call, field);
}

/* True: the call has been ended as the caller asked for. */
static bool end_as_asked(struct wire_call *call, const Grpc__Testing__EchoStatus *status)
{
	if (!status || status->code == 0)
		return false;
	if (status->code < 0 || status->code > WIRE_UNAUTHENTICATED)
		wire_endf(call, WIRE_UNKNOWN, "status %d: %s", status->code, status->message);
	else
		wire_end(call, (enum wire_code)status->code, status->message);
	return true;
}

/* A compressed message does not come this far. True: the call has been ended. */
static bool end_uncompressed(struct wire_call *call, const Grpc__Testing__BoolValue *expect_compressed)
{
	if (!expect_compressed || !expect_compressed->value)
		return false;
	wire_end(call, WIRE_INVALID_ARGUMENT, "the request is not compressed");
	return true;
}

/* ---- unary ---- */

static void empty_call(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	Grpc__Testing__Empty empty = GRPC__TESTING__EMPTY__INIT;

	(void)arg;
	if (!wire_unpack(call, &grpc__testing__empty__descriptor, data, len))
		return;
	echo_metadata(call);
	wire_send_message(call, &empty.base);
	wire_end(call, WIRE_OK, NULL);
}

static void unary_call(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	Grpc__Testing__SimpleRequest *request = wire_unpack(call, &grpc__testing__simple_request__descriptor, data, len);
	Grpc__Testing__SimpleResponse response = GRPC__TESTING__SIMPLE_RESPONSE__INIT;
	Grpc__Testing__Payload payload;

	(void)arg;
	if (!request)
		return;
	echo_metadata(call);
	if (end_as_asked(call, request->response_status) || end_uncompressed(call, request->expect_compressed))
		return;
	if (request->response_size < 0 || request->response_size > REPLIES_SIZE_MAX ||
	    request->response_type != GRPC__TESTING__PAYLOAD_TYPE__COMPRESSABLE) {
		wire_end(call, WIRE_INVALID_ARGUMENT, "a response that cannot be served");
		return;
	}
	payload = replies_payload((size_t)request->response_size);
	response.payload = &payload;
	wire_send_message(call, &response.base);
	wire_end(call, WIRE_OK, NULL);
}

/* ---- streaming input ---- */

struct sum {
	int64_t bytes;
};

static void input_on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const Grpc__Testing__StreamingInputCallRequest *request =
		wire_unpack(call, &grpc__testing__streaming_input_call_request__descriptor, data, len);
	struct sum *sum = arg;

	if (!request || end_uncompressed(call, request->expect_compressed))
		return;
	if (request->payload)
		sum->bytes += (int64_t)request->payload->body.len;
	if (sum->bytes > INT32_MAX)
		wire_end(call, WIRE_OUT_OF_RANGE, "more than aggregated_payload_size can say");
}

static void input_on_half_close(struct wire_call *call, void *arg)
{
	Grpc__Testing__StreamingInputCallResponse response = GRPC__TESTING__STREAMING_INPUT_CALL_RESPONSE__INIT;
	const struct sum *sum = arg;

	response.aggregated_payload_size = (int32_t)sum->bytes;
	wire_send_message(call, &response.base);
	wire_end(call, WIRE_OK, NULL);
}

static void input_on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	(void)call;
	(void)code;
	(void)why;
	free(arg);
}

static void streaming_input_call(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	static const struct wire_call_ops ops = {
		.on_message = input_on_message, .on_half_close = input_on_half_close, .on_end = input_on_end
	};

	(void)data;
	(void)len;
	(void)arg;
	echo_metadata(call);
	wire_accept(call, &ops, mem_new(struct sum));
}

/* ---- streaming output ---- */

static void add_request(struct replies *r, const uint8_t *data, size_t len)
{
	output_request *request = wire_unpack(r->call, &grpc__testing__streaming_output_call_request__descriptor, data, len);

	if (request && !end_as_asked(r->call, request->response_status))
		replies_add(r, request);
}

static void output_on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	(void)call;
	add_request(arg, data, len);
}

static void output_on_drain(struct wire_call *call, void *arg)
{
	(void)call;
	replies_on_drain(arg);
}

static void output_on_half_close(struct wire_call *call, void *arg)
{
	(void)call;
	replies_finish(arg);
}

static void output_on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	(void)call;
	(void)code;
	(void)why;
	replies_done(arg);
	free(arg);
}

static struct replies *begin_output(struct wire_call *call, struct wire *wire)
{
	static const struct wire_call_ops ops = {
		.on_message = output_on_message,
		.on_drain = output_on_drain,
		.on_half_close = output_on_half_close,
		.on_end = output_on_end,
	};
	struct replies *r = mem_new(struct replies);

	replies_init(r, call, wire_loop(wire));
	echo_metadata(call);
	wire_accept(call, &ops, r);
	return r;
}

static void streaming_output_call(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct replies *r = begin_output(call, arg);

	add_request(r, data, len);
	replies_finish(r);
}

static void full_duplex_call(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	begin_output(call, arg);
}

static void half_duplex_call(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	replies_hold(begin_output(call, arg));
}

void service_serve(struct wire *wire)
{
	static const struct wire_method methods[] = {
		{ .path = "/grpc.testing.TestService/EmptyCall", .roles = WIRE_ANYONE, .unary = true, .start = empty_call },
		{ .path = "/grpc.testing.TestService/UnaryCall", .roles = WIRE_ANYONE, .unary = true, .start = unary_call },
		{ .path = "/grpc.testing.TestService/StreamingOutputCall", .roles = WIRE_ANYONE, .unary = true, .start = streaming_output_call },
		{ .path = "/grpc.testing.TestService/StreamingInputCall", .roles = WIRE_ANYONE, .start = streaming_input_call },
		{ .path = "/grpc.testing.TestService/FullDuplexCall", .roles = WIRE_ANYONE, .start = full_duplex_call },
		{ .path = "/grpc.testing.TestService/HalfDuplexCall", .roles = WIRE_ANYONE, .start = half_duplex_call },
	};

	wire_serve(wire, methods, sizeof methods / sizeof *methods, wire);
}
