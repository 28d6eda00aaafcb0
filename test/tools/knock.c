/*
 * knock.c - calls methods as whoever its certificate says, and tells how far it got.
 *
 *   knock [-k FILES] [-c CA] [-e KIND] [-m NAME=VALUE] [-l] ADDRESS <REQUESTS
 *
 * Over TLS with -c, the file of the CA that is trusted; with FILES.key and FILES.crt or without a certificate. KIND,
 * "master" by default, is who has to answer. Each line of the input is a call, "PATH [FIELD=TEXT]...", whose message
 * has these fields of text; all are made on one connection, one after the other, with the metadata of -m. For each it
 * prints "LETTER PATH CODE: WORDS":
 *
 *   y  it was let in, and got an answer or an error about what it asked
 *   -  refused for what it is        n  refused because it speaks for another
 *   p  refused by the policy         u  there is no such method
 *   x  no connection                 !  anything else
 *
 * With -l it calls nothing, but prints the path of every method of every service that the server reflects.
 */
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/str.h"
#include "wire/code.h"
#include "wire/identity.h"
#include "wire/proto/agent.pb-c.h"
#include "wire/proto/health.pb-c.h"
#include "wire/proto/reflection_v1.pb-c.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/tls.h"
#include "wire/wire.h"

#define REFLECTION "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"

enum { LINE_BYTES = 1024, CALL_MS = 10000, FIELD_BYTES_MAX = 127 };

struct knock {
	struct wire *wire;
	struct wire_tls *tls;
	struct wire_dial dial;
	struct wire_conn *conn;		/* NULL: down */
	struct wire_field metadata;
	size_t n_metadata;
	char path[LINE_BYTES], why_down[300];
	bool is_listing, has_failed;
};

static void next_call(struct knock *k);

/* ---- what an answer means ---- */

static char letter_of_denial(const char *why)
{
	if (strstr(why, "policy denies"))
		return 'p';
	return strstr(why, "does not speak for") ? 'n' : '-';
}

static char letter_of(enum wire_code code, const char *why)
{
	switch (code) {
	case WIRE_OK:
	case WIRE_INVALID_ARGUMENT:
	case WIRE_NOT_FOUND:
	case WIRE_FAILED_PRECONDITION: return 'y';
	case WIRE_PERMISSION_DENIED: return letter_of_denial(why);
	case WIRE_UNAUTHENTICATED: return '-';
	case WIRE_UNIMPLEMENTED: return 'u';
	case WIRE_UNAVAILABLE: return 'x';
	default: return '!';
	}
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct knock *k = arg;

	(void)call;
	printf("%c %s %s: %s\n", letter_of(code, why), k->path, wire_code_name(code), why);
	next_call(k);
}

/* A watch has no end of its own. */
static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	(void)data, (void)len, (void)arg;
	if (strstr(wire_call_path(call), "/Watch"))
		wire_end(call, WIRE_OK, "");
}

/* ---- asking ---- */

static void add_field(struct buf *message, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t n = equals ? strlen(equals + 1) : 0;
	uint8_t head[2] = { (uint8_t)(atoi(word) << 3 | 2), (uint8_t)n };

	if (!equals || n > FIELD_BYTES_MAX) {
		fprintf(stderr, "knock: no field: %s\n", word);
		exit(EXIT_FAILURE);
	}
	buf_append(message, head, sizeof head);
	buf_append(message, equals + 1, n);
}

static void parse(struct knock *k, char *line, struct buf *message)
{
	char *rest, *word = strtok_r(line, " \n", &rest);

	snprintf(k->path, sizeof k->path, "%s", word ? word : "");
	while ((word = strtok_r(NULL, " \n", &rest)))
		add_field(message, word);
}

static void next_call(struct knock *k)
{
	static const struct wire_call_ops ops = { .on_message = on_message, .on_end = on_end };
	struct wire_request request = { .metadata = &k->metadata, .n_metadata = k->n_metadata, .timeout_ms = CALL_MS };
	struct buf message = { 0 };
	struct wire_call *call;
	char line[LINE_BYTES];

	while (fgets(line, sizeof line, stdin)) {
		parse(k, line, &message);
		if (!k->conn) {
			printf("x %s: %s\n", k->path, k->why_down);
			buf_clear(&message);
			continue;
		}
		request.path = k->path;
		call = wire_call(k->conn, &request, &ops, k);
		wire_send(call, buf_len(&message) ? (void *)buf_data(&message) : "", buf_len(&message));
		wire_half_close(call);
		buf_done(&message);
		return;
	}
	buf_done(&message);
	if (k->conn)
		wire_conn_close(k->conn, 0, "done");
}

/* ---- the methods ---- */

/* v1alpha has the methods of v1. */
static const struct {
	const char *name;
	const ProtobufCServiceDescriptor *of;
} services[] = {
	{ "agent.Agent", &agent__agent__descriptor },
	{ "agent.AgentRegistry", &agent__agent_registry__descriptor },
	{ "grpc.health.v1.Health", &grpc__health__v1__health__descriptor },
	{ "grpc.reflection.v1.ServerReflection", &grpc__reflection__v1__server_reflection__descriptor },
	{ "grpc.reflection.v1alpha.ServerReflection", &grpc__reflection__v1__server_reflection__descriptor },
	{ "sloth.v1.Agent", &sloth__v1__agent__descriptor },
	{ "sloth.v1.Master", &sloth__v1__master__descriptor },
};

static void print_methods(const char *service)
{
	for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
		if (!str_equal(services[i].name, service))
			continue;
		for (unsigned j = 0; j < services[i].of->n_methods; j++)
			printf("/%s/%s\n", service, services[i].of->methods[j].name);
		return;
	}
	printf("/%s/ is a service that knock does not know\n", service);
}

static void on_listed(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len,
		      void *arg)
{
	const Grpc__Reflection__V1__ServerReflectionResponse *answer;
	struct knock *k = arg;

	answer = code ? NULL : wire_unpack(call, &grpc__reflection__v1__server_reflection_response__descriptor, data, len);
	if (!answer || !answer->list_services_response) {
		fprintf(stderr, "knock: no list of services: %s\n", why);
		k->has_failed = true;
	} else {
		for (size_t i = 0; i < answer->list_services_response->n_service; i++)
			print_methods(answer->list_services_response->service[i]->name);
	}
	wire_conn_close(wire_call_conn(call), 0, "done");
}

static void list(struct knock *k)
{
	static const struct wire_request request = { .path = REFLECTION, .timeout_ms = CALL_MS };
	Grpc__Reflection__V1__ServerReflectionRequest message = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;

	message.message_request_case = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES;
	message.list_services = (char *)(uintptr_t)"";
	wire_unary(k->conn, &request, &message.base, on_listed, k);
}

/* ---- the connection ---- */

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct knock *k = arg;

	(void)conn;
	k->conn = NULL;
	snprintf(k->why_down, sizeof k->why_down, "%s", why);
}

static void run(struct knock *k)
{
	static const struct wire_conn_ops ops = { .on_down = on_down };
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV);

	k->wire = wire_new(loop);
	k->conn = wire_dial(k->wire, &k->dial, &ops, k);
	if (k->is_listing)
		list(k);
	else
		next_call(k);
	ev_run(loop, 0);
	wire_free(k->wire);
	ev_loop_destroy(loop);
}

/* ---- the command line ---- */

static struct wire_tls *make_tls(const char *ca, const char *stem)
{
	char *cert = mem_printf("%s.crt", stem), *key = mem_printf("%s.key", stem), *error = NULL;
	const struct tls_config config = { .ca_file = ca, .cert_file = *stem ? cert : NULL, .key_file = *stem ? key : NULL };
	struct wire_tls *tls = ca ? wire_tls_new(&config, &error) : NULL;

	if (error) {
		fprintf(stderr, "knock: %s\n", error);
		exit(EXIT_FAILURE);
	}
	free(cert);
	free(key);
	return tls;
}

static void take_metadata(struct knock *k, char *text)
{
	char *value = strchr(text, '=');

	if (!value)
		return;
	*value++ = '\0';
	k->metadata = WIRE_FIELD(text, value);
	k->n_metadata = 1;
}

int main(int argc, char **argv)
{
	struct knock k = { .dial = { .role = WIRE_CLIENT, .expect = WIRE_KIND_MASTER } };
	const char *ca = NULL, *stem = "";
	int option;

	signal(SIGPIPE, SIG_IGN);
	while ((option = getopt(argc, argv, "k:c:e:m:l")) != -1)
		switch (option) {
		case 'k': stem = optarg; break;
		case 'c': ca = optarg; break;
		case 'e': k.dial.expect = identity_kind_parse(optarg); break;
		case 'm': take_metadata(&k, optarg); break;
		case 'l': k.is_listing = true; break;
		default: return EXIT_FAILURE;
		}
	if (optind + 1 != argc) {
		fputs("usage: knock [-k FILES] [-c CA] [-e KIND] [-m NAME=VALUE] [-l] ADDRESS <REQUESTS\n", stderr);
		return EXIT_FAILURE;
	}
	k.dial.address = argv[optind];
	k.dial.tls = k.tls = make_tls(ca, stem);
	run(&k);
	wire_tls_free(k.tls);
	return k.has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
