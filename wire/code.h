/*
 * code.h - gRPC status codes and what other protocols' errors mean in them.
 *
 * Sources: grpc/grpc doc/statuscodes.md, doc/http-grpc-status-mapping.md, doc/PROTOCOL-HTTP2.md
 * ("HTTP2 Transport Mapping", error codes). Pure.
 */
#ifndef WIRE_CODE_H
#define WIRE_CODE_H

#include <stdint.h>

enum wire_code {
	WIRE_OK = 0,
	WIRE_CANCELLED = 1,
	WIRE_UNKNOWN = 2,
	WIRE_INVALID_ARGUMENT = 3,
	WIRE_DEADLINE_EXCEEDED = 4,
	WIRE_NOT_FOUND = 5,
	WIRE_ALREADY_EXISTS = 6,
	WIRE_PERMISSION_DENIED = 7,
	WIRE_RESOURCE_EXHAUSTED = 8,
	WIRE_FAILED_PRECONDITION = 9,
	WIRE_ABORTED = 10,
	WIRE_OUT_OF_RANGE = 11,
	WIRE_UNIMPLEMENTED = 12,
	WIRE_INTERNAL = 13,
	WIRE_UNAVAILABLE = 14,
	WIRE_DATA_LOSS = 15,
	WIRE_UNAUTHENTICATED = 16
};

/* "NOT_FOUND"; for a number that is no code "code 99" (static). */
const char *wire_code_name(enum wire_code code);
/* HTTP status of a response without grpc-status -> code. */
enum wire_code wire_code_from_http(int status);
/* HTTP/2 error code of a RST_STREAM -> code (RFC 9113 section 7 numbers). */
enum wire_code wire_code_from_h2(uint32_t h2_error);
/* "PROTOCOL_ERROR" and so on; unknown numbers as "error 0x1f" (static). */
const char *wire_h2_error_name(uint32_t h2_error);

#endif
