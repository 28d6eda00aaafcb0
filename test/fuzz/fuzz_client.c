/*
 * fuzz_client.c - bytes into a client session with three calls under way: one that waits for a single answer,
 * one that goes on sending, one whose owner reads only when all has been said. Whatever the server says, each call ends
 * once, and a single answer is delivered with OK only. Input: session.h.
 */
#include <assert.h>

#include "test/fuzz/fuzz.h"
#include "test/fuzz/session.h"
#include "wire/proto/health.pb-c.h"

enum { CALLS = 3 };

static unsigned n_ends;
static struct wire_call *slow;		/* NULL: has ended */

static void on_answer(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len, void *arg)
{
	(void)arg;
	assert(why && (code == WIRE_OK) == (data != NULL));
	if (data)
		wire_unpack(call, &grpc__health__v1__health_check_response__descriptor, data, len);
	n_ends++;
}

static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	(void)arg;
	wire_send(call, data, len);
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	(void)code;
	(void)arg;
	assert(why && wire_call_text(call, "x", ""));
	if (call == slow)
		slow = NULL;
	n_ends++;
}

static void start_calls(struct wire_conn *conn)
{
	static const struct wire_call_ops ops = { .on_message = on_message, .on_end = on_end };
	struct wire_request request = { .path = "/test.Echo/Chat" };
	Grpc__Health__V1__HealthCheckRequest question = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

	wire_unary(conn, &request, &question.base, on_answer, NULL);
	wire_send(wire_call(conn, &request, &ops, NULL), "hello", 5);
	slow = wire_call(conn, &request, &ops, NULL);
	wire_pause(slow);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct session s;

	n_ends = 0;
	session_open(&s, WIRE_CLIENT, n ? data[0] : 0);
	start_calls(s.conn);
	session_feed(&s, data, n);
	if (slow)
		wire_resume(slow);
	session_close(&s);
	assert(n_ends == CALLS);
	return 0;
}
