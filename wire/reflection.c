/*
 * reflection.c - grpc.reflection.v1 and v1alpha, which have the same messages (grpc/grpc
 * doc/server-reflection.md). Answers come from the embedded descriptor set; only what is served is listed.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "wire/internal.h"
#include "wire/proto/reflection_v1.pb-c.h"
#include "wire/reflection.h"

enum { SERVICES_MAX = 32, QUEUE_MAX = WIRE_SEND_HIGH };

typedef Grpc__Reflection__V1__ServerReflectionRequest reflection_request;
typedef Grpc__Reflection__V1__ServerReflectionResponse reflection_response;
typedef Grpc__Reflection__V1__ServiceResponse service_response;

static void answer_error(struct wire_call *call, reflection_response *answer, enum wire_code code, const char *text)
{
	Grpc__Reflection__V1__ErrorResponse error = GRPC__REFLECTION__V1__ERROR_RESPONSE__INIT;

	error.error_code = (int32_t)code;
	error.error_message = (char *)(uintptr_t)text;
	answer->message_response_case = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
	answer->error_response = &error;
	wire_send_message(call, &answer->base);
}

static void answer_file(struct wire_call *call, reflection_response *answer, bool found, struct reflection_bytes bytes)
{
	Grpc__Reflection__V1__FileDescriptorResponse file = GRPC__REFLECTION__V1__FILE_DESCRIPTOR_RESPONSE__INIT;
	ProtobufCBinaryData data = { bytes.len, (uint8_t *)(uintptr_t)bytes.data };

	if (!found) {
		answer_error(call, answer, WIRE_NOT_FOUND, "not found");
		return;
	}
	file.n_file_descriptor_proto = 1;
	file.file_descriptor_proto = &data;
	answer->message_response_case = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
	answer->file_descriptor_response = &file;
	wire_send_message(call, &answer->base);
}

static bool is_listed(char *const *names, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (!strncmp(names[i], name, len) && !names[i][len])
			return true;
	return false;
}

/* Service names out of the method paths; owned. */
static size_t list_services(const struct wire *wire, char **names)
{
	size_t n = 0;

	for (size_t t = 0; t < wire->n_tables; t++)
		for (size_t i = 0; i < wire->tables[t].n; i++) {
			const char *name = wire->tables[t].methods[i].path + 1;
			size_t len = strcspn(name, "/");

			if (n < SERVICES_MAX && !is_listed(names, n, name, len))
				names[n++] = mem_strndup(name, len);
		}
	return n;
}

static void answer_list(struct wire_call *call, reflection_response *answer, const struct wire *wire)
{
	Grpc__Reflection__V1__ListServiceResponse list = GRPC__REFLECTION__V1__LIST_SERVICE_RESPONSE__INIT;
	service_response services[SERVICES_MAX], *pointers[SERVICES_MAX];
	char *names[SERVICES_MAX];
	size_t n = list_services(wire, names);

	for (size_t i = 0; i < n; i++) {
		grpc__reflection__v1__service_response__init(&services[i]);
		services[i].name = names[i];
		pointers[i] = &services[i];
	}
	list.n_service = n;
	list.service = pointers;
	answer->message_response_case = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
	answer->list_services_response = &list;
	wire_send_message(call, &answer->base);
	for (size_t i = 0; i < n; i++)
		free(names[i]);
}

static void on_request(struct wire_call *call, const uint8_t *data, size_t len, const struct wire *wire)
{
	reflection_request *request = wire_unpack(call, &grpc__reflection__v1__server_reflection_request__descriptor, data, len);
	reflection_response answer = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
	struct reflection_bytes file = { NULL, 0 };
	bool found;

	if (!request)
		return;
	answer.valid_host = request->host;
	answer.original_request = request;
	switch (request->message_request_case) {
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
		answer_list(call, &answer, wire);
		break;
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
		found = reflection_find_symbol(request->file_containing_symbol, &file);
		answer_file(call, &answer, found, file);
		break;
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
		found = reflection_find_file(request->file_by_filename, &file);
		answer_file(call, &answer, found, file);
		break;
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION:
	case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
		answer_error(call, &answer, WIRE_NOT_FOUND, "proto3 has no extensions");
		break;
	default:
		answer_error(call, &answer, WIRE_UNIMPLEMENTED, "unknown request");
		break;
	}
}

/* A client that asks and never reads is not asked further. */
static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	on_request(call, data, len, arg);
	if (wire_queued(call) > QUEUE_MAX)
		wire_pause(call);
}

static void on_drain(struct wire_call *call, void *arg)
{
	(void)arg;
	wire_resume(call);
}

static void on_half_close(struct wire_call *call, void *arg)
{
	(void)arg;
	wire_end(call, WIRE_OK, NULL);
}

static void on_start(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	static const struct wire_call_ops ops = { .on_message = on_message, .on_drain = on_drain, .on_half_close = on_half_close };

	(void)data;
	(void)len;
	wire_accept(call, &ops, arg);
}

void wire_serve_reflection(struct wire *wire)
{
	enum { PEOPLE = WIRE_OPERATOR | WIRE_ADMIN | WIRE_MASTER };	/* it lists what could be attacked: agents need none */
	static const struct wire_method methods[] = {
		{ "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", PEOPLE, 4096, false, false, on_start },
		{ "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", PEOPLE, 4096, false, false, on_start },
	};

	wire_serve(wire, methods, sizeof methods / sizeof *methods, wire);
}
