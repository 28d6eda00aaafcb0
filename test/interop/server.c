/*
 * server.c - interop_server: grpc.testing.TestService for the interop clients of other implementations.
 *
 *   interop_server --port N [--bind_address HOST]
 *
 * Listens on 127.0.0.1 and ::1 unless told otherwise, says where on stdout ("listening on 127.0.0.1:43211",
 * a line each), and has health and reflection as well. SIGTERM or SIGINT ends it in order.
 */
#include <ev.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/exits.h"
#include "test/interop/flags.h"
#include "test/interop/service.h"

enum { GRACE_MS = 500 };

struct server_flags {
	uint64_t port;
	const char *bind_address, *use_tls;
};

static const struct opt table[] = {
	{ "port", 0, OPT_UINT, "N", "port to listen on, 0 for any", offsetof(struct server_flags, port), 0, 65535 },
	{ "bind_address", 0, OPT_STRING, "HOST", "instead of 127.0.0.1 and ::1",
	  offsetof(struct server_flags, bind_address), 0, 0 },
	{ "use_tls", 0, OPT_STRING, "BOOL", "only false: this build has no TLS", offsetof(struct server_flags, use_tls), 0, 0 },
	{ 0 },
};

struct ending {
	struct wire *wire;
	ev_signal signals[2];
};

static void on_signal(struct ev_loop *loop, ev_signal *w, int events)
{
	struct ending *e = w->data;

	(void)events;
	for (int i = 0; i < 2; i++)
		ev_signal_stop(loop, &e->signals[i]);
	wire_shutdown(e->wire, GRACE_MS);
}

static void watch_signals(struct ending *e, struct ev_loop *loop)
{
	static const int numbers[] = { SIGTERM, SIGINT };

	for (int i = 0; i < 2; i++) {
		ev_signal_init(&e->signals[i], on_signal, numbers[i]);
		e->signals[i].data = e;
		ev_signal_start(loop, &e->signals[i]);
	}
}

static int listen_and_say(struct wire *wire, const struct server_flags *flags)
{
	struct wire_listener *listeners[2];
	char *error = NULL;
	size_t n = wire_listen_port(wire, flags->bind_address, (uint16_t)flags->port, &wire_log_faults,
				    listeners, &error);

	if (n == 0) {
		fprintf(stderr, "interop_server: cannot listen on %s\n", error);
		free(error);
		return EXIT_FAILED;
	}
	for (size_t i = 0; i < n; i++)
		printf("listening on %s\n", wire_listener_address(listeners[i]));
	fflush(stdout);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	struct server_flags flags = { 0 };
	struct ev_loop *loop;
	struct ending ending = { 0 };
	int status = EXIT_USAGE;

	if (!flags_parse("interop_server", "the server of the gRPC interop tests", table, argc, argv, &flags, &status) ||
	    !flags_are_plaintext("interop_server", flags.use_tls))
		return status;
	signal(SIGPIPE, SIG_IGN);
	loop = ev_default_loop(EVFLAG_NOENV);
	ending.wire = wire_new(loop);
	service_serve(ending.wire);
	wire_serve_health(ending.wire);
	wire_serve_reflection(ending.wire);
	status = listen_and_say(ending.wire, &flags);
	if (status == EXIT_OK) {
		watch_signals(&ending, loop);
		ev_run(loop, 0);
	}
	wire_free(ending.wire);
	ev_loop_destroy(loop);
	return status;
}
