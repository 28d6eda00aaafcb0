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
#include "common/mem.h"
#include "test/interop/flags.h"
#include "test/interop/service.h"
#include "wire/tls.h"

enum { GRACE_MS = 500 };

struct server_flags {
	uint64_t port;
	const char *bind_address, *use_tls, *cert_file, *key_file, *ca_file;
};

static const struct opt table[] = {
	{ "port", 0, OPT_UINT, "N", "port to listen on, 0 for any", offsetof(struct server_flags, port), 0, 65535 },
	{ "bind_address", 0, OPT_STRING, "HOST", "instead of 127.0.0.1 and ::1",
	  offsetof(struct server_flags, bind_address), 0, 0 },
	{ "use_tls", 0, OPT_STRING, "BOOL", "true: TLS; needs the two below", offsetof(struct server_flags, use_tls), 0, 0 },
	{ "tls_cert_file", 0, OPT_STRING, "PATH", "the server's certificate", offsetof(struct server_flags, cert_file), 0, 0 },
	{ "tls_key_file", 0, OPT_STRING, "PATH", "and its key", offsetof(struct server_flags, key_file), 0, 0 },
	{ "ca_file", 0, OPT_STRING, "PATH", "CA that clients' certificates are checked with; none by default",
	  offsetof(struct server_flags, ca_file), 0, 0 },
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

/* True: *tls is what the flags ask for. */
static bool make_tls(const struct server_flags *flags, struct wire_tls **tls)
{
	const struct tls_config config = {
		.cert_file = flags->cert_file, .key_file = flags->key_file, .ca_file = flags->ca_file,
	};
	char *error = NULL;
	bool wanted;

	if (!flags_parse_bool("interop_server", flags->use_tls, &wanted))
		return false;
	if (!wanted)
		return true;
	if (!flags->cert_file || !flags->key_file)
		error = mem_strdup("--use_tls=true needs --tls_cert_file and --tls_key_file");
	else
		*tls = wire_tls_new(&config, &error);
	if (error)
		fprintf(stderr, "interop_server: %s\n", error);
	free(error);
	return *tls != NULL;
}

int main(int argc, char **argv)
{
	struct server_flags flags = { 0 };
	struct wire_tls *tls = NULL;
	struct ev_loop *loop;
	struct ending ending = { 0 };
	int status = EXIT_USAGE;

	if (!flags_parse("interop_server", "the server of the gRPC interop tests", table, argc, argv, &flags, &status) ||
	    !make_tls(&flags, &tls))
		return status;
	signal(SIGPIPE, SIG_IGN);
	loop = ev_default_loop(EVFLAG_NOENV);
	ending.wire = wire_new(loop);
	wire_set_tls(ending.wire, tls);
	if (tls)
		wire_require_tls(ending.wire);
	service_serve(ending.wire);
	wire_serve_health(ending.wire);
	wire_serve_reflection(ending.wire);
	status = listen_and_say(ending.wire, &flags);
	if (status == EXIT_OK) {
		watch_signals(&ending, loop);
		ev_run(loop, 0);
	}
	wire_free(ending.wire);
	wire_tls_free(tls);
	ev_loop_destroy(loop);
	return status;
}
