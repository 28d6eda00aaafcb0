/*
 * health.c - see health.h. The server as a whole ("") and every service it has are SERVING until it
 * drains. Open to everybody and cheap.
 */
#include "wire/health.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "wire/internal.h"
#include "wire/proto/health.pb-c.h"

enum { WATCHERS_MAX = 64 };

typedef Grpc__Health__V1__HealthCheckRequest check_request;
typedef Grpc__Health__V1__HealthCheckResponse check_response;
typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus serving_status;

struct health {
	struct wire *wire;
	struct list watchers;
};

struct watcher {
	struct list link;
	struct health *health;
	struct wire_call *call;
	char *service;
	serving_status told;
};

/* `service` is the part of some method's path between the slashes. */
static bool is_served(const struct wire *wire, const char *service)
{
	size_t n = strlen(service);

	if (n == 0)
		return true;
	for (size_t t = 0; t < wire->n_tables; t++)
		for (size_t i = 0; i < wire->tables[t].n; i++) {
			const char *path = wire->tables[t].methods[i].path;

			if (!strncmp(path + 1, service, n) && path[1 + n] == '/')
				return true;
		}
	return false;
}

static serving_status status_of(const struct wire *wire, const char *service)
{
	if (!is_served(wire, service))
		return GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN;
	if (wire->stopped_serving)
		return GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING;
	return GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
}

static void send_status(struct wire_call *call, serving_status status)
{
	check_response answer = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

	answer.status = status;
	wire_send_message(call, &answer.base);
}

static void on_check(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct health *h = arg;
	check_request *request = wire_unpack(call, &grpc__health__v1__health_check_request__descriptor, data, len);

	if (!request)
		return;
	if (!is_served(h->wire, request->service)) {
		wire_end(call, WIRE_NOT_FOUND, "unknown service");
		return;
	}
	send_status(call, status_of(h->wire, request->service));
	wire_end(call, WIRE_OK, NULL);
}

static void watcher_on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct watcher *w = arg;

	(void)call;
	(void)code;
	(void)why;
	list_remove(&w->link);
	free(w->service);
	free(w);
}

/* Operators and strangers have as many each, and one stranger's connection not all of them. */
static bool has_room(struct health *h, const struct wire_call *call)
{
	bool is_operator = call->conn->is_operator;
	unsigned n = 0, of_conn = 0;

	list_for_each(pos, tmp, &h->watchers) {
		const struct wire_conn *conn = list_entry(pos, struct watcher, link)->call->conn;

		n += conn->is_operator == is_operator;
		of_conn += conn == call->conn;
	}
	return n < WATCHERS_MAX && (is_operator || of_conn < WIRE_HANDLERS_PER_CONN);
}

/* Ends with the call only: a service that is unknown today may be there tomorrow. */
static void on_watch(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	static const struct wire_call_ops ops = { .on_end = watcher_on_end };
	struct health *h = arg;
	check_request *request = wire_unpack(call, &grpc__health__v1__health_check_request__descriptor, data, len);
	struct watcher *w;

	if (!request)
		return;
	if (!has_room(h, call)) {
		wire_end(call, WIRE_RESOURCE_EXHAUSTED, "too many watchers");
		return;
	}
	w = mem_new(struct watcher);
	w->health = h;
	w->call = call;
	w->service = mem_strdup(request->service);
	list_push(&h->watchers, &w->link);
	wire_accept(call, &ops, w);
	w->told = status_of(h->wire, w->service);
	send_status(call, w->told);
}

static void tell_change(struct watcher *w)
{
	serving_status status = status_of(w->health->wire, w->service);

	if (status == w->told)
		return;
	w->told = status;
	send_status(w->call, status);
}

void health_changed(struct wire *wire)
{
	if (!wire->health)
		return;
	list_for_each(pos, tmp, &wire->health->watchers) {
		struct watcher *w = list_entry(pos, struct watcher, link);

		tell_change(w);
		if (wire->shutting_down)
			wire_end(w->call, WIRE_UNAVAILABLE, "shutting down");
	}
}

void wire_serve_health(struct wire *wire)
{
	static const struct wire_method methods[] = {
		{ .path = "/grpc.health.v1.Health/Check", .roles = WIRE_ANYONE, .max_message = 1024, .unary = true, .start = on_check },
		{ .path = "/grpc.health.v1.Health/Watch", .roles = WIRE_ANYONE, .max_message = 1024, .unary = true, .runs_long = true,
		  .start = on_watch },
	};

	wire->health = mem_new(struct health);
	wire->health->wire = wire;
	list_init(&wire->health->watchers);
	wire_serve(wire, methods, sizeof methods / sizeof *methods, wire->health);
}

void health_free(struct health *h)
{
	free(h);
}
