/*
 * code.c - names of gRPC and HTTP/2 codes, and the translations between them, as tables.
 *
 * Fails never: what no table knows is WIRE_UNKNOWN, its name is made in a static buffer.
 */
#include "wire/code.h"

#include <stddef.h>
#include <stdio.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const char *const code_names[] = {
	[WIRE_OK] = "OK",
	[WIRE_CANCELLED] = "CANCELLED",
	[WIRE_UNKNOWN] = "UNKNOWN",
	[WIRE_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
	[WIRE_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
	[WIRE_NOT_FOUND] = "NOT_FOUND",
	[WIRE_ALREADY_EXISTS] = "ALREADY_EXISTS",
	[WIRE_PERMISSION_DENIED] = "PERMISSION_DENIED",
	[WIRE_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
	[WIRE_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
	[WIRE_ABORTED] = "ABORTED",
	[WIRE_OUT_OF_RANGE] = "OUT_OF_RANGE",
	[WIRE_UNIMPLEMENTED] = "UNIMPLEMENTED",
	[WIRE_INTERNAL] = "INTERNAL",
	[WIRE_UNAVAILABLE] = "UNAVAILABLE",
	[WIRE_DATA_LOSS] = "DATA_LOSS",
	[WIRE_UNAUTHENTICATED] = "UNAUTHENTICATED",
};

/* Index: the error code of RFC 9113 section 7. STREAM_CLOSED and HTTP_1_1_REQUIRED have no mapping. */
static const struct {
	const char *name;
	enum wire_code code;
} h2_errors[] = {
	[0x0] = { "NO_ERROR", WIRE_INTERNAL },
	[0x1] = { "PROTOCOL_ERROR", WIRE_INTERNAL },
	[0x2] = { "INTERNAL_ERROR", WIRE_INTERNAL },
	[0x3] = { "FLOW_CONTROL_ERROR", WIRE_INTERNAL },
	[0x4] = { "SETTINGS_TIMEOUT", WIRE_INTERNAL },
	[0x5] = { "STREAM_CLOSED", WIRE_UNKNOWN },
	[0x6] = { "FRAME_SIZE_ERROR", WIRE_INTERNAL },
	[0x7] = { "REFUSED_STREAM", WIRE_UNAVAILABLE },
	[0x8] = { "CANCEL", WIRE_CANCELLED },
	[0x9] = { "COMPRESSION_ERROR", WIRE_INTERNAL },
	[0xa] = { "CONNECT_ERROR", WIRE_INTERNAL },
	[0xb] = { "ENHANCE_YOUR_CALM", WIRE_RESOURCE_EXHAUSTED },
	[0xc] = { "INADEQUATE_SECURITY", WIRE_PERMISSION_DENIED },
	[0xd] = { "HTTP_1_1_REQUIRED", WIRE_UNKNOWN },
};

static const struct {
	int status;
	enum wire_code code;
} http_statuses[] = {
	{ 400, WIRE_INTERNAL },
	{ 401, WIRE_UNAUTHENTICATED },
	{ 403, WIRE_PERMISSION_DENIED },
	{ 404, WIRE_UNIMPLEMENTED },
	{ 429, WIRE_UNAVAILABLE },
	{ 431, WIRE_INTERNAL },
	{ 502, WIRE_UNAVAILABLE },
	{ 503, WIRE_UNAVAILABLE },
	{ 504, WIRE_UNAVAILABLE },
};

const char *wire_code_name(enum wire_code code)
{
	static char other[24];
	unsigned n = (unsigned)code;

	if (n < COUNT(code_names))
		return code_names[n];
	snprintf(other, sizeof other, "code %u", n);
	return other;
}

enum wire_code wire_code_from_http(int status)
{
	for (size_t i = 0; i < COUNT(http_statuses); i++)
		if (http_statuses[i].status == status)
			return http_statuses[i].code;
	return WIRE_UNKNOWN;
}

enum wire_code wire_code_from_h2(uint32_t h2_error)
{
	return h2_error < COUNT(h2_errors) ? h2_errors[h2_error].code : WIRE_UNKNOWN;
}

const char *wire_h2_error_name(uint32_t h2_error)
{
	static char other[24];

	if (h2_error < COUNT(h2_errors))
		return h2_errors[h2_error].name;
	snprintf(other, sizeof other, "error 0x%x", (unsigned)h2_error);
	return other;
}
