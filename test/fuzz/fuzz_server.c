/*
 * fuzz_server.c - bytes into a server session: every service of the test's, health and reflection behind it.
 * Whatever comes, the connection ends when the peer has gone, and no call outlives it. Input: session.h.
 */
#include "test/fuzz/fuzz.h"
#include "test/fuzz/session.h"
#include "test/lib/echo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct session s;

	session_open(&s, WIRE_SERVER, n ? data[0] : 0);
	echo_serve(s.wire);
	wire_serve_health(s.wire);
	wire_serve_reflection(s.wire);
	session_feed(&s, data, n);
	session_close(&s);
	return 0;
}
