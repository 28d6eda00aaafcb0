/*
 * cases.c - what each case sends and what has to come back. Sizes and texts are those of the public
 * description.
 */
#include "test/interop/cases.h"

#include "common/clock.h"
#include "common/str.h"
#include "test/interop/proto/test.pb-c.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define SERVICE "/grpc.testing.TestService/"

enum { LARGE_REQUEST = 271828, LARGE_RESPONSE = 314159 };

static const size_t request_sizes[] = { 27182, 8, 1828, 45904 }, response_sizes[] = { 31415, 9, 2653, 58979 };
static const size_t large_response[] = { LARGE_RESPONSE };

static const struct probe_request unary_request = { SERVICE "UnaryCall", &grpc__testing__simple_response__descriptor, 0, false };
static const struct probe_request duplex_request = {
	SERVICE "FullDuplexCall", &grpc__testing__streaming_output_call_response__descriptor, 0, false
};
static const struct probe_request input_request = {
	SERVICE "StreamingInputCall", &grpc__testing__streaming_input_call_response__descriptor, 0, false
};

static Grpc__Testing__Payload payload_of(size_t n)
{
	static uint8_t zeros[LARGE_REQUEST];
	Grpc__Testing__Payload payload = GRPC__TESTING__PAYLOAD__INIT;

	payload.body = (ProtobufCBinaryData){ n, zeros };
	return payload;
}

/* ---- requests ---- */

static void send_empty(struct probe *p)
{
	Grpc__Testing__Empty empty = GRPC__TESTING__EMPTY__INIT;

	probe_send(p, &empty.base);
	probe_half_close(p);
}

static void send_large(struct probe *p)
{
	Grpc__Testing__SimpleRequest request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
	Grpc__Testing__Payload payload = payload_of(LARGE_REQUEST);

	request.response_size = LARGE_RESPONSE;
	request.payload = &payload;
	probe_send(p, &request.base);
	probe_half_close(p);
}

/* Asks for one response; size 0: for none. */
static void send_duplex(struct probe *p, size_t request_size, size_t response_size)
{
	Grpc__Testing__StreamingOutputCallRequest request = GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
	Grpc__Testing__ResponseParameters parameters = GRPC__TESTING__RESPONSE_PARAMETERS__INIT, *list[] = { &parameters };
	Grpc__Testing__Payload payload = payload_of(request_size);

	parameters.size = (int32_t)response_size;
	request.payload = &payload;
	request.response_parameters = list;
	request.n_response_parameters = response_size > 0;
	probe_send(p, &request.base);
}

static void send_input(struct probe *p, size_t n)
{
	Grpc__Testing__StreamingInputCallRequest request = GRPC__TESTING__STREAMING_INPUT_CALL_REQUEST__INIT;
	Grpc__Testing__Payload payload = payload_of(n);

	request.payload = &payload;
	probe_send(p, &request.base);
}

/* ---- cases ---- */

static void empty_unary(struct session *s)
{
	static const struct probe_request request = { SERVICE "EmptyCall", &grpc__testing__empty__descriptor, 0, false };
	struct probe p;

	probe_start(&p, s, &request);
	send_empty(&p);
	probe_wait_end(&p, WIRE_OK);
	if (p.n_messages != 1)
		session_fail(s, "%zu responses, expected 1", p.n_messages);
	probe_done(&p);
}

static void large_unary(struct session *s)
{
	struct probe p;

	probe_start(&p, s, &unary_request);
	send_large(&p);
	probe_wait_end(&p, WIRE_OK);
	probe_expect_bodies(&p, large_response, 1);
	probe_done(&p);
}

static void client_streaming(struct session *s)
{
	struct probe p;

	probe_start(&p, s, &input_request);
	for (size_t i = 0; i < COUNT(request_sizes); i++)
		send_input(&p, request_sizes[i]);
	probe_half_close(&p);
	probe_wait_end(&p, WIRE_OK);
	if (p.n_messages != 1 || p.sum != 74922)
		session_fail(s, "%zu responses, the sum is %lld; expected 74922", p.n_messages, (long long)p.sum);
	probe_done(&p);
}

static const struct probe_request streaming_request = {
	SERVICE "StreamingOutputCall", &grpc__testing__streaming_output_call_response__descriptor, 0, false
};

/* Asks for all of response_sizes in one request, each so long after the one before it. */
static void send_streaming(struct probe *p, int32_t interval_us)
{
	Grpc__Testing__StreamingOutputCallRequest request = GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
	Grpc__Testing__ResponseParameters parameters[COUNT(response_sizes)], *list[COUNT(response_sizes)];

	for (size_t i = 0; i < COUNT(response_sizes); i++) {
		grpc__testing__response_parameters__init(&parameters[i]);
		parameters[i].size = (int32_t)response_sizes[i];
		parameters[i].interval_us = interval_us;
		list[i] = &parameters[i];
	}
	request.response_parameters = list;
	request.n_response_parameters = COUNT(list);
	probe_send(p, &request.base);
	probe_half_close(p);
}

static void server_streaming(struct session *s)
{
	struct probe p;

	probe_start(&p, s, &streaming_request);
	send_streaming(&p, 0);
	probe_wait_end(&p, WIRE_OK);
	probe_expect_bodies(&p, response_sizes, COUNT(response_sizes));
	probe_done(&p);
}

static void response_intervals(struct session *s)
{
	enum { INTERVAL_MS = 20 };
	uint64_t begin_ms = mono_ms(), took_ms;
	struct probe p;

	probe_start(&p, s, &streaming_request);
	send_streaming(&p, INTERVAL_MS * 1000);
	probe_wait_end(&p, WIRE_OK);
	took_ms = mono_ms() - begin_ms;
	if (took_ms < COUNT(response_sizes) * INTERVAL_MS)
		session_fail(s, "%llu ms, expected %zu intervals of %d ms", (unsigned long long)took_ms, COUNT(response_sizes),
			     INTERVAL_MS);
	probe_expect_bodies(&p, response_sizes, COUNT(response_sizes));
	probe_done(&p);
}

/* Two calls: what is asked in the first is not answered before its end, whatever happens meanwhile. */
static void half_duplex(struct session *s)
{
	struct probe_request request = duplex_request;
	struct probe p;

	request.path = SERVICE "HalfDuplexCall";
	probe_start(&p, s, &request);
	for (size_t i = 0; i < COUNT(request_sizes); i++)
		send_duplex(&p, request_sizes[i], response_sizes[i]);
	large_unary(s);
	probe_expect_bodies(&p, NULL, 0);
	probe_half_close(&p);
	probe_wait_end(&p, WIRE_OK);
	probe_expect_bodies(&p, response_sizes, COUNT(response_sizes));
	probe_done(&p);
}

static void ping_pong(struct session *s)
{
	struct probe p;

	probe_start(&p, s, &duplex_request);
	for (size_t i = 0; i < COUNT(request_sizes); i++) {
		send_duplex(&p, request_sizes[i], response_sizes[i]);
		probe_wait_messages(&p, i + 1);
	}
	probe_half_close(&p);
	probe_wait_end(&p, WIRE_OK);
	probe_expect_bodies(&p, response_sizes, COUNT(response_sizes));
	probe_done(&p);
}

static void empty_stream(struct session *s)
{
	struct probe p;

	probe_start(&p, s, &duplex_request);
	probe_half_close(&p);
	probe_wait_end(&p, WIRE_OK);
	probe_expect_bodies(&p, NULL, 0);
	probe_done(&p);
}

static void cancel_after_begin(struct session *s)
{
	struct probe p;

	probe_start(&p, s, &input_request);
	probe_flush(&p);
	probe_cancel(&p);
	probe_wait_end(&p, WIRE_CANCELLED);
	probe_done(&p);
}

static void cancel_after_first_response(struct session *s)
{
	struct probe p;

	probe_start(&p, s, &duplex_request);
	send_duplex(&p, request_sizes[0], response_sizes[0]);
	probe_wait_messages(&p, 1);
	probe_cancel(&p);
	probe_wait_end(&p, WIRE_CANCELLED);
	probe_expect_bodies(&p, response_sizes, 1);
	probe_done(&p);
}

static void timeout_on_sleeping_server(struct session *s)
{
	struct probe_request request = duplex_request;
	struct probe p;

	request.timeout_ms = 1;
	probe_start(&p, s, &request);
	send_duplex(&p, request_sizes[0], 0);
	probe_wait_end(&p, WIRE_DEADLINE_EXCEEDED);
	probe_done(&p);
}

static void custom_metadata(struct session *s)
{
	struct probe_request request = unary_request;
	struct probe p;

	request.with_metadata = true;
	probe_start(&p, s, &request);
	send_large(&p);
	probe_wait_end(&p, WIRE_OK);
	probe_expect_metadata(&p);
	probe_done(&p);

	request = duplex_request;
	request.with_metadata = true;
	probe_start(&p, s, &request);
	send_duplex(&p, LARGE_REQUEST, LARGE_RESPONSE);
	probe_half_close(&p);
	probe_wait_end(&p, WIRE_OK);
	probe_expect_bodies(&p, large_response, 1);
	probe_expect_metadata(&p);
	probe_done(&p);
}

/* Asks for a status in a unary call. */
static void ask_status(struct session *s, Grpc__Testing__EchoStatus *status)
{
	Grpc__Testing__SimpleRequest request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
	struct probe p;

	request.response_status = status;
	probe_start(&p, s, &unary_request);
	probe_send(&p, &request.base);
	probe_half_close(&p);
	probe_wait_end(&p, (enum wire_code)status->code);
	probe_expect_why(&p, status->message);
	probe_done(&p);
}

static void status_code_and_message(struct session *s)
{
	Grpc__Testing__StreamingOutputCallRequest request = GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
	Grpc__Testing__EchoStatus status = GRPC__TESTING__ECHO_STATUS__INIT;
	char message[] = "test status message";
	struct probe p;

	status.code = WIRE_UNKNOWN;
	status.message = message;
	ask_status(s, &status);

	request.response_status = &status;
	probe_start(&p, s, &duplex_request);
	probe_send(&p, &request.base);
	probe_half_close(&p);
	probe_wait_end(&p, WIRE_UNKNOWN);
	probe_expect_why(&p, message);
	probe_done(&p);
}

static void special_status_message(struct session *s)
{
	Grpc__Testing__EchoStatus status = GRPC__TESTING__ECHO_STATUS__INIT;
	char message[] = "\t\ntest with whitespace\r\nand Unicode BMP \xe2\x98\xba and non-BMP \xf0\x9f\x98\x88\t\n";

	status.code = WIRE_UNKNOWN;
	status.message = message;
	ask_status(s, &status);
}

static void expect_unimplemented(struct session *s, const char *path)
{
	struct probe_request request = { path, &grpc__testing__empty__descriptor, 0, false };
	struct probe p;

	probe_start(&p, s, &request);
	send_empty(&p);
	probe_wait_end(&p, WIRE_UNIMPLEMENTED);
	probe_done(&p);
}

static void unimplemented_method(struct session *s)
{
	expect_unimplemented(s, SERVICE "UnimplementedCall");
}

static void unimplemented_service(struct session *s)
{
	expect_unimplemented(s, "/grpc.testing.UnimplementedService/UnimplementedCall");
}

const struct interop_case interop_cases[] = {
	{ "empty_unary", empty_unary },
	{ "large_unary", large_unary },
	{ "client_streaming", client_streaming },
	{ "server_streaming", server_streaming },
	{ "ping_pong", ping_pong },
	{ "empty_stream", empty_stream },
	{ "cancel_after_begin", cancel_after_begin },
	{ "cancel_after_first_response", cancel_after_first_response },
	{ "timeout_on_sleeping_server", timeout_on_sleeping_server },
	{ "custom_metadata", custom_metadata },
	{ "status_code_and_message", status_code_and_message },
	{ "special_status_message", special_status_message },
	{ "unimplemented_method", unimplemented_method },
	{ "unimplemented_service", unimplemented_service },
	{ "half_duplex", half_duplex },
	{ "response_intervals", response_intervals },
	{ 0 },
};

const struct interop_case *case_find(const char *name)
{
	for (const struct interop_case *c = interop_cases; c->name; c++)
		if (str_equal(c->name, name))
			return c;
	return NULL;
}
