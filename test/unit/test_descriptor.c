/* test_descriptor.c - files and symbols in the embedded descriptor set. */
#include "test/lib/unit.h"
#include "wire/reflection.h"

START_TEST(files_are_found_by_name)
{
	struct reflection_bytes file;

	ck_assert(reflection_find_file("wire/proto/agent.proto", &file));
	ck_assert_uint_gt(file.len, 100);
	ck_assert(!reflection_find_file("agent.proto", &file));
	ck_assert(!reflection_find_file("", &file));
}
END_TEST

START_TEST(symbols_are_found_by_full_name)
{
	static const char *const known[] = {
		"agent.AgentRegistry", "agent.AgentRegistry.ListAgents", "agent.AgentInfo", "sloth.v1.RunOutput",
		"sloth.v1.RunEnd", "grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc.reflection.v1alpha.ServerReflection",
	};
	static const char *const unknown[] = { "", "agent", "agent.", "agent.Nothing", "AgentRegistry", "agent.AgentRegistry.", "sloth.v1" };
	struct reflection_bytes file;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		ck_assert_msg(reflection_find_symbol(known[i], &file), "%s", known[i]);
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
		ck_assert_msg(!reflection_find_symbol(unknown[i], &file), "%s", unknown[i]);
}
END_TEST

UNIT_MAIN(files_are_found_by_name, symbols_are_found_by_full_name)
