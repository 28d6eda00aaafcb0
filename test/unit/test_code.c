/* Status codes and their translations. */

#include "test/lib/unit.h"
#include "wire/code.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

START_TEST(every_code_has_its_name)
{
	static const char *const names[] = {
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
		"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
		"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
	};

	for (unsigned i = 0; i < COUNT(names); i++)
		ck_assert_str_eq(wire_code_name((enum wire_code)i), names[i]);
}
END_TEST

START_TEST(number_that_is_no_code_is_named_by_number)
{
	ck_assert_str_eq(wire_code_name((enum wire_code)99), "code 99");
}
END_TEST

START_TEST(http_status_maps_as_the_grpc_document_says)
{
	static const struct {
		int status;
		enum wire_code code;
	} cases[] = {
		{ 200, WIRE_UNKNOWN }, { 302, WIRE_UNKNOWN }, { 400, WIRE_INTERNAL }, { 401, WIRE_UNAUTHENTICATED },
		{ 403, WIRE_PERMISSION_DENIED }, { 404, WIRE_UNIMPLEMENTED }, { 415, WIRE_UNKNOWN },
		{ 429, WIRE_UNAVAILABLE }, { 431, WIRE_INTERNAL }, { 500, WIRE_UNKNOWN }, { 502, WIRE_UNAVAILABLE },
		{ 503, WIRE_UNAVAILABLE }, { 504, WIRE_UNAVAILABLE }, { -1, WIRE_UNKNOWN },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_msg(wire_code_from_http(cases[i].status) == cases[i].code, "%d", cases[i].status);
}
END_TEST

static const struct {
	uint32_t error;
	enum wire_code code;
	const char *name;
} h2_cases[] = {
	{ 0x0, WIRE_INTERNAL, "NO_ERROR" },
	{ 0x1, WIRE_INTERNAL, "PROTOCOL_ERROR" },
	{ 0x2, WIRE_INTERNAL, "INTERNAL_ERROR" },
	{ 0x3, WIRE_INTERNAL, "FLOW_CONTROL_ERROR" },
	{ 0x4, WIRE_INTERNAL, "SETTINGS_TIMEOUT" },
	{ 0x5, WIRE_UNKNOWN, "STREAM_CLOSED" },
	{ 0x6, WIRE_INTERNAL, "FRAME_SIZE_ERROR" },
	{ 0x7, WIRE_UNAVAILABLE, "REFUSED_STREAM" },
	{ 0x8, WIRE_CANCELLED, "CANCEL" },
	{ 0x9, WIRE_INTERNAL, "COMPRESSION_ERROR" },
	{ 0xa, WIRE_INTERNAL, "CONNECT_ERROR" },
	{ 0xb, WIRE_RESOURCE_EXHAUSTED, "ENHANCE_YOUR_CALM" },
	{ 0xc, WIRE_PERMISSION_DENIED, "INADEQUATE_SECURITY" },
	{ 0xd, WIRE_UNKNOWN, "HTTP_1_1_REQUIRED" },
	{ 0x1f, WIRE_UNKNOWN, "error 0x1f" },
	{ UINT32_MAX, WIRE_UNKNOWN, "error 0xffffffff" },
};

START_TEST(stream_error_maps_as_the_grpc_document_says)
{
	for (size_t i = 0; i < COUNT(h2_cases); i++)
		ck_assert_msg(wire_code_from_h2(h2_cases[i].error) == h2_cases[i].code, "0x%x", h2_cases[i].error);
}
END_TEST

START_TEST(stream_error_has_its_name)
{
	for (size_t i = 0; i < COUNT(h2_cases); i++)
		ck_assert_str_eq(wire_h2_error_name(h2_cases[i].error), h2_cases[i].name);
}
END_TEST

UNIT_MAIN(every_code_has_its_name, number_that_is_no_code_is_named_by_number,
	  http_status_maps_as_the_grpc_document_says, stream_error_maps_as_the_grpc_document_says,
	  stream_error_has_its_name)
