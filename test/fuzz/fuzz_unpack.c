/*
 * fuzz_unpack.c - protobuf from peers. What passes the check is decoded or is over the budget, nothing
 * else; what was decoded can be packed and passes the check again. Input: one byte, the type; then the
 * message.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "common/mem.h"
#include "test/fuzz/fuzz.h"
#include "wire/proto/agent.pb-c.h"
#include "wire/proto/health.pb-c.h"
#include "wire/proto/reflection_v1.pb-c.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/unpack.h"

/* Every type that a daemon or the command line decodes; inputs name them by their place. */
static const ProtobufCMessageDescriptor *const types[] = {
	&sloth__v1__run_input__descriptor,
	&sloth__v1__run_output__descriptor,
	&sloth__v1__status_response__descriptor,
	&agent__list_agents_response__descriptor,
	&agent__get_agent_info_response__descriptor,
	&agent__register_agent_request__descriptor,
	&agent__resource_usage_response__descriptor,
	&agent__stream_output_response__descriptor,
	&grpc__reflection__v1__server_reflection_request__descriptor,
	&grpc__reflection__v1__server_reflection_response__descriptor,
	&agent__execute_command_request__descriptor,
	&agent__get_agent_info_request__descriptor,
	&agent__heartbeat_request__descriptor,
	&agent__heartbeat_response__descriptor,
	&agent__list_agents_request__descriptor,
	&agent__register_agent_response__descriptor,
	&agent__resource_usage_request__descriptor,
	&agent__run_command_request__descriptor,
	&agent__shutdown_request__descriptor,
	&agent__stop_agent_request__descriptor,
	&agent__stop_agent_response__descriptor,
	&agent__unregister_agent_request__descriptor,
	&agent__unregister_agent_response__descriptor,
	&grpc__health__v1__health_check_request__descriptor,
	&grpc__health__v1__health_check_response__descriptor,
	&sloth__v1__hello_request__descriptor,
	&sloth__v1__hello_response__descriptor,
	&sloth__v1__ping_request__descriptor,
	&sloth__v1__status_request__descriptor,
};

static void pack_and_check(const ProtobufCMessageDescriptor *type, const ProtobufCMessage *message)
{
	size_t n = protobuf_c_message_get_packed_size(message);
	uint8_t *packed = mem_alloc(n);
	const char *why;

	assert(protobuf_c_message_pack(message, packed) == n);
	assert(unpack_check(type, packed, n, &why) == 0);
	free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const ProtobufCMessageDescriptor *type;
	struct unpack_arena arena = { 0 };
	ProtobufCMessage *message;
	const char *why = NULL;
	int error = 0, checked;

	if (n == 0)
		return 0;
	type = types[data[0] % (sizeof types / sizeof *types)];
	checked = unpack_check(type, data + 1, n - 1, &why);
	message = unpack_message(&arena, type, data + 1, n - 1, &error, &why);
	assert(checked == 0 ? message || error == -ENOSPC : !message && error == -EBADMSG && why);
	if (message) {
		assert(error == 0 && arena.used <= arena.budget);
		pack_and_check(type, message);
	}
	unpack_arena_done(&arena);
	return 0;
}
