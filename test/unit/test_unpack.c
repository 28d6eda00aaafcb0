/* Protobuf messages from peers: what is refused, what legitimate messages cost, what is kept. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "test/lib/unit.h"
#include "wire/proto/agent.pb-c.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/unpack.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- a recursive type with all wire types, which our own messages do not have ---- */

struct node {
	ProtobufCMessage base;
	size_t n_numbers;
	int32_t *numbers;		/* 1, repeated: packed or not */
	struct node *child;		/* 2 */
	uint32_t fixed32;		/* 3 */
	uint64_t fixed64;		/* 4 */
	size_t n_names;
	char **names;			/* 5, repeated */
};

static const ProtobufCMessageDescriptor node_type;

static const ProtobufCFieldDescriptor node_fields[] = {
	{ .name = "numbers", .id = 1, .label = PROTOBUF_C_LABEL_REPEATED, .type = PROTOBUF_C_TYPE_INT32,
	  .quantifier_offset = offsetof(struct node, n_numbers), .offset = offsetof(struct node, numbers) },
	{ .name = "child", .id = 2, .label = PROTOBUF_C_LABEL_NONE, .type = PROTOBUF_C_TYPE_MESSAGE,
	  .offset = offsetof(struct node, child), .descriptor = &node_type },
	{ .name = "fixed32", .id = 3, .label = PROTOBUF_C_LABEL_NONE, .type = PROTOBUF_C_TYPE_FIXED32,
	  .offset = offsetof(struct node, fixed32) },
	{ .name = "fixed64", .id = 4, .label = PROTOBUF_C_LABEL_NONE, .type = PROTOBUF_C_TYPE_DOUBLE,
	  .offset = offsetof(struct node, fixed64) },
	{ .name = "names", .id = 5, .label = PROTOBUF_C_LABEL_REPEATED, .type = PROTOBUF_C_TYPE_STRING,
	  .quantifier_offset = offsetof(struct node, n_names), .offset = offsetof(struct node, names) },
};

static const ProtobufCIntRange node_ranges[] = { { 1, 0 }, { 0, COUNT(node_fields) } };

static const ProtobufCMessageDescriptor node_type = {
	.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
	.name = "test.Node",
	.sizeof_message = sizeof(struct node),
	.n_fields = COUNT(node_fields),
	.fields = node_fields,
	.n_field_ranges = 1,
	.field_ranges = node_ranges,
};

/* ---- writing ---- */

static void put_varint(struct buf *b, uint64_t v)
{
	uint8_t byte;

	do {
		byte = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
		buf_append(b, &byte, 1);
		v >>= 7;
	} while (v);
}

static void put_bytes(struct buf *b, unsigned field, const void *data, size_t n)
{
	put_varint(b, field << 3 | 2);
	put_varint(b, n);
	buf_append(b, data, n);
}

static void put_text(struct buf *b, unsigned field, const char *text)
{
	put_bytes(b, field, text, strlen(text));
}

/* A node within a node, `depth` messages in all. */
static void put_nested(struct buf *out, unsigned depth)
{
	for (unsigned i = 1; i < depth; i++) {
		struct buf inner = { 0 };

		put_bytes(&inner, 2, buf_len(out) ? buf_data(out) : (const uint8_t *)"", buf_len(out));
		buf_done(out);
		*out = inner;
	}
}

/* ---- reading ---- */

static const char *check_buf(const ProtobufCMessageDescriptor *type, struct buf *b)
{
	size_t n = buf_len(b);
	uint8_t *exact = malloc(n + !n);	/* of exactly that size, for the sanitizer */
	const char *why = "fine";
	int err;

	if (n > 0)
		memcpy(exact, buf_data(b), n);
	err = unpack_check(type, exact, n, &why);
	free(exact);
	ck_assert_int_eq(err, strcmp(why, "fine") ? -EBADMSG : 0);
	return why;
}

static void *unpack_buf(struct unpack_arena *a, const ProtobufCMessageDescriptor *type, struct buf *b, int *error)
{
	const char *why = "";

	return unpack_message(a, type, buf_data(b), buf_len(b), error, &why);
}

#define NODE &node_type
#define REGISTER &agent__register_agent_request__descriptor
#define INFO &agent__agent_info__descriptor
#define GET &agent__get_agent_info_response__descriptor
#define INPUT &sloth__v1__run_input__descriptor

#define RAW(text) text, sizeof(text) - 1

START_TEST(rules_of_the_wire_format_are_held)
{
	static const struct {
		const ProtobufCMessageDescriptor *type;
		const char *why;
		const char *bytes;
		size_t n;
	} cases[] = {
		{ REGISTER, "fine", RAW("") },
		{ REGISTER, "fine", RAW("\x0a\x03web\x12\x01x") },
		{ REGISTER, "fine", RAW("\x0a\x00") },
		{ REGISTER, "fine", RAW("\x0a\x01x\x0a\x01y") },		/* strings: the last one wins */
		{ REGISTER, "fine", RAW("\x8a\x80\x00\x01x") },			/* overlong tag */
		{ REGISTER, "fine", RAW("\x0a\x81\x80\x80\x80\x00x") },		/* overlong length */
		{ REGISTER, "fine", RAW("\xf8\xff\xff\xff\x0f\x01") },		/* highest field number, unknown */
		{ REGISTER, "fine", RAW("\x79" "12345678\x7d" "1234\x7a\x01x\x78\x05") },	/* unknown fields */
		{ REGISTER, "truncated", RAW("\x0a") },
		{ REGISTER, "truncated", RAW("\x80") },
		{ REGISTER, "truncated", RAW("\x78\xff") },
		{ REGISTER, "truncated", RAW("\x79" "1234567") },
		{ REGISTER, "truncated", RAW("\x7d" "123") },
		{ REGISTER, "length beyond the end of its message", RAW("\x0a\x05webX") },
		{ REGISTER, "length beyond the end of its message", RAW("\x0a\xff\xff\xff\xff\x0f") },
		{ REGISTER, "length beyond the end of its message", RAW("\x7a\x7f") },
		{ GET, "length beyond the end of its message", RAW("\x1a\x02\x0a\x03web") },	/* fits the outer one only */
		{ REGISTER, "number of too many bytes", RAW("\x8a\x80\x80\x80\x80\x00\x00") },
		{ REGISTER, "number of too many bytes", RAW("\x0a\x80\x80\x80\x80\x80\x00") },
		{ INFO, "fine", RAW("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") },
		{ INFO, "number of too many bytes", RAW("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") },
		{ REGISTER, "field number that does not exist", RAW("\x02\x00") },
		{ REGISTER, "field number that does not exist", RAW("\x00") },
		{ REGISTER, "field number that does not exist", RAW("\xf8\xff\xff\xff\x1f\x01") },
		{ REGISTER, "wire type that does not exist", RAW("\x7b\x7c") },			/* a group */
		{ REGISTER, "wire type that does not exist", RAW("\x7e") },
		{ REGISTER, "wire type that does not exist", RAW("\x7f") },
		{ REGISTER, "wire type that does not fit its field", RAW("\x08\x01") },
		{ REGISTER, "wire type that does not fit its field", RAW("\x0b\x0c") },
		{ INFO, "wire type that does not fit its field", RAW("\x1a\x01\x01") },
		{ NODE, "fine", RAW("\x1d" "1234\x21" "12345678") },
		{ NODE, "wire type that does not fit its field", RAW("\x18\x01") },
		{ NODE, "wire type that does not fit its field", RAW("\x1a\x04" "1234") },	/* packed, but not repeated */
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = { 0 };
		const char *why;

		buf_append(&b, cases[i].bytes, cases[i].n);
		why = check_buf(cases[i].type, &b);
		ck_assert_msg(strcmp(why, cases[i].why) == 0, "case %zu: %s", i, why);
		buf_done(&b);
	}
}
END_TEST

START_TEST(strings_are_utf8_without_nul)
{
	static const struct {
		const char *why, *bytes;
		size_t n;
	} cases[] = {
		{ "fine", RAW("\xe2\x98\xba") },
		{ "string that is not UTF-8", RAW("\xff") },
		{ "string that is not UTF-8", RAW("\xe2\x98") },
		{ "string that is not UTF-8", RAW("\xed\xa0\x80") },
		{ "string that is not UTF-8", RAW("\xc0\x80") },
		{ "string with a NUL byte", RAW("web\0" "1") },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = { 0 };

		put_bytes(&b, 1, cases[i].bytes, cases[i].n);
		ck_assert_str_eq(check_buf(REGISTER, &b), cases[i].why);
		buf_done(&b);
	}
}
END_TEST

START_TEST(bytes_and_unknown_fields_may_hold_anything)
{
	struct buf b = { 0 };

	put_bytes(&b, 1, "\0\xff", 2);		/* StreamOutputResponse.stdout_chunk */
	put_bytes(&b, 99, "\0\xff", 2);
	ck_assert_str_eq(check_buf(&agent__stream_output_response__descriptor, &b), "fine");
	buf_done(&b);
}
END_TEST

START_TEST(singular_message_given_twice_is_refused)
{
	struct buf b = { 0 };

	put_text(&b, 3, "");
	ck_assert_str_eq(check_buf(GET, &b), "fine");
	put_text(&b, 3, "");
	ck_assert_str_eq(check_buf(GET, &b), "message field given twice");
	buf_done(&b);
}
END_TEST

START_TEST(message_of_a_oneof_given_twice_is_refused)
{
	struct buf b = { 0 };

	put_text(&b, 3, "");			/* stdin_data */
	put_text(&b, 5, "");			/* cancel */
	ck_assert_str_eq(check_buf(INPUT, &b), "fine");
	put_text(&b, 3, "");
	ck_assert_str_eq(check_buf(INPUT, &b), "message field given twice");
	buf_done(&b);
}
END_TEST

START_TEST(same_message_field_in_two_parents_is_fine)
{
	struct buf b = { 0 };

	put_nested(&b, 3);
	ck_assert_str_eq(check_buf(NODE, &b), "fine");
	buf_done(&b);
}
END_TEST

START_TEST(repeated_messages_may_be_many)
{
	struct buf b = { 0 };

	for (int i = 0; i < 100; i++)
		put_text(&b, 1, "");
	ck_assert_str_eq(check_buf(&agent__list_agents_response__descriptor, &b), "fine");
	buf_done(&b);
}
END_TEST

START_TEST(depth_is_limited)
{
	struct buf b = { 0 };

	put_nested(&b, UNPACK_DEPTH_MAX);
	ck_assert_str_eq(check_buf(NODE, &b), "fine");
	put_nested(&b, 2);
	ck_assert_str_eq(check_buf(NODE, &b), "nested too deep");
	buf_done(&b);
}
END_TEST

START_TEST(number_of_fields_is_limited)
{
	struct buf b = { 0 };

	for (unsigned i = 0; i < UNPACK_FIELDS_MAX; i++)
		buf_append(&b, "\x08\x01", 2);
	ck_assert_str_eq(check_buf(NODE, &b), "fine");
	buf_append(&b, "\x08\x01", 2);
	ck_assert_str_eq(check_buf(NODE, &b), "too many fields");
	buf_done(&b);
}
END_TEST

START_TEST(packed_elements_count_as_fields)
{
	static uint8_t elements[UNPACK_FIELDS_MAX];
	struct buf b = { 0 };

	put_bytes(&b, 1, elements, UNPACK_FIELDS_MAX - 1);
	ck_assert_str_eq(check_buf(NODE, &b), "fine");
	buf_clear(&b);
	put_bytes(&b, 1, elements, UNPACK_FIELDS_MAX);
	ck_assert_str_eq(check_buf(NODE, &b), "too many fields");
	buf_done(&b);
}
END_TEST

START_TEST(packed_element_may_not_leave_its_field)
{
	struct buf b = { 0 };

	put_bytes(&b, 1, "\x01\x80", 2);
	buf_append(&b, "\x01", 1);
	ck_assert_str_eq(check_buf(NODE, &b), "truncated");
	buf_done(&b);
}
END_TEST

START_TEST(unknown_fields_are_limited_over_the_whole_message)
{
	struct buf inner = { 0 }, b = { 0 };

	for (unsigned i = 0; i < UNPACK_UNKNOWN_MAX; i++)
		buf_append(&inner, "\x78\x01", 2);
	put_bytes(&b, 2, buf_data(&inner), buf_len(&inner));
	ck_assert_str_eq(check_buf(NODE, &b), "fine");
	buf_append(&b, "\x78\x01", 2);
	ck_assert_str_eq(check_buf(NODE, &b), "too many unknown fields");
	buf_done(&inner);
	buf_done(&b);
}
END_TEST

/* ---- unpacking ---- */

START_TEST(message_is_decoded)
{
	Agent__RegisterAgentRequest *m;
	struct unpack_arena a = { 0 };
	struct buf b = { 0 };
	int error = 1;

	put_text(&b, 1, "web1");
	put_text(&b, 2, "10.0.0.7:50051");
	m = unpack_buf(&a, REGISTER, &b, &error);
	ck_assert_int_eq(error, 0);
	ck_assert_str_eq(m->agent_name, "web1");
	ck_assert_str_eq(m->agent_address, "10.0.0.7:50051");
	unpack_arena_done(&a);
	buf_done(&b);
}
END_TEST

START_TEST(empty_message_is_decoded_from_no_data)
{
	struct unpack_arena a = { 0 };
	Agent__RegisterAgentRequest *m;
	const char *why;
	int error;

	m = (void *)unpack_message(&a, REGISTER, NULL, 0, &error, &why);
	ck_assert_ptr_nonnull(m);
	ck_assert_str_eq(m->agent_name, "");
	unpack_arena_done(&a);
}
END_TEST

START_TEST(packed_and_nested_values_are_decoded)
{
	struct unpack_arena a = { 0 };
	struct buf b = { 0 };
	struct node *n;
	int error;

	put_bytes(&b, 1, "\x01\x02\x03", 3);
	buf_append(&b, "\x08\x04", 2);
	put_nested(&b, 2);
	n = unpack_buf(&a, NODE, &b, &error);
	ck_assert_ptr_nonnull(n);
	ck_assert_uint_eq(n->child->n_numbers, 4);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(n->child->numbers[i], i + 1);
	unpack_arena_done(&a);
	buf_done(&b);
}
END_TEST

START_TEST(malformed_message_gives_a_reason)
{
	struct unpack_arena a = { 0 };
	const char *why = NULL;
	int error = 0;

	ck_assert_ptr_null(unpack_message(&a, REGISTER, (const uint8_t *)"\x0a", 1, &error, &why));
	ck_assert_int_eq(error, -EBADMSG);
	ck_assert_str_eq(why, "truncated");
	unpack_arena_done(&a);
}
END_TEST

/* The list of the largest installation: short names, or facts up to the size where they are left out. */
static void put_agents(struct buf *b, unsigned n, size_t info_len)
{
	char *info = malloc(info_len + 1);

	memset(info, 'x', info_len);
	info[info_len] = '\0';
	for (unsigned i = 0; i < n; i++) {
		struct buf agent = { 0 };
		char name[16];

		snprintf(name, sizeof name, "a%u", i);
		put_text(&agent, 1, name);
		if (info_len) {
			put_text(&agent, 2, "10.0.0.7:50051");
			put_text(&agent, 4, "Active");
			put_text(&agent, 6, info);
		}
		put_bytes(b, 1, buf_data(&agent), buf_len(&agent));
		buf_done(&agent);
	}
	free(info);
}

START_TEST(legitimate_lists_fit_the_budget)
{
	static const struct {
		unsigned n;
		size_t info_len;
	} cases[] = { { 10000, 270 }, { 10000, 0 }, { 39000, 20 } };

	for (size_t i = 0; i < COUNT(cases); i++) {
		Agent__ListAgentsResponse *m;
		struct unpack_arena a = { 0 };
		struct buf b = { 0 };
		int error;

		put_agents(&b, cases[i].n, cases[i].info_len);
		m = unpack_buf(&a, &agent__list_agents_response__descriptor, &b, &error);
		ck_assert_msg(m, "%u agents in %zu bytes: %d", cases[i].n, buf_len(&b), error);
		ck_assert_uint_eq(m->n_agents, cases[i].n);
		ck_assert_str_eq(m->agents[9999]->agent_name, "a9999");
		unpack_arena_done(&a);
		buf_done(&b);
	}
}
END_TEST

START_TEST(argument_vector_of_short_words_fits_the_budget)
{
	struct buf start = { 0 }, b = { 0 };
	struct unpack_arena a = { 0 };
	Sloth__V1__RunInput *m;
	int error;

	for (int i = 0; i < 100000; i++)
		put_text(&start, 4, "-name");
	put_bytes(&b, 1, buf_data(&start), buf_len(&start));
	m = unpack_buf(&a, INPUT, &b, &error);
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->start->n_argv, 100000);
	unpack_arena_done(&a);
	buf_done(&start);
	buf_done(&b);
}
END_TEST

START_TEST(empty_submessages_run_into_the_budget)
{
	struct unpack_arena a = { 0 };
	struct buf b = { 0 };
	int error = 0;

	for (int i = 0; i < 199999; i++)
		put_text(&b, 1, "");
	ck_assert_ptr_null(unpack_buf(&a, &agent__list_agents_response__descriptor, &b, &error));
	ck_assert_int_eq(error, -ENOSPC);
	unpack_arena_done(&a);
	buf_done(&b);
}
END_TEST

START_TEST(arena_works_on_after_its_budget_was_reached)
{
	struct unpack_arena a = { 0 };
	struct buf b = { 0 };
	int error;

	for (int i = 0; i < 199999; i++)
		put_text(&b, 1, "");
	unpack_buf(&a, &agent__list_agents_response__descriptor, &b, &error);
	buf_clear(&b);
	put_text(&b, 1, "web1");
	ck_assert_ptr_nonnull(unpack_buf(&a, REGISTER, &b, &error));
	ck_assert_int_eq(error, 0);
	unpack_arena_done(&a);
	buf_done(&b);
}
END_TEST

START_TEST(small_messages_reuse_the_same_memory)
{
	struct unpack_arena a = { 0 };
	struct buf b = { 0 };
	void *first;
	int error;

	put_text(&b, 1, "web1");
	first = unpack_buf(&a, REGISTER, &b, &error);
	for (int i = 0; i < 10; i++)
		ck_assert_ptr_eq(unpack_buf(&a, REGISTER, &b, &error), first);
	unpack_arena_done(&a);
	buf_done(&b);
}
END_TEST

START_TEST(large_message_gives_way_to_the_next)
{
	static uint8_t data[3000000];
	struct buf large = { 0 }, small = { 0 };
	struct unpack_arena a = { 0 };
	struct unpack_chunk *first;
	int error;

	put_text(&small, 1, "web1");
	unpack_buf(&a, REGISTER, &small, &error);
	first = a.chunks;
	put_bytes(&large, 1, data, sizeof data);
	ck_assert_ptr_nonnull(unpack_buf(&a, &agent__stream_output_response__descriptor, &large, &error));
	ck_assert_ptr_ne(a.chunks, first);
	ck_assert_ptr_nonnull(unpack_buf(&a, REGISTER, &small, &error));
	ck_assert_ptr_eq(a.chunks, first);
	ck_assert_uint_le(a.used, 1024);
	unpack_arena_done(&a);
	buf_done(&large);
	buf_done(&small);
}
END_TEST

START_TEST(arena_done_may_be_called_on_nothing_and_twice)
{
	struct unpack_arena a = { 0 };

	unpack_arena_done(&a);
	unpack_arena_done(&a);
	ck_assert_ptr_null(a.chunks);
}
END_TEST

UNIT_MAIN(rules_of_the_wire_format_are_held, strings_are_utf8_without_nul, bytes_and_unknown_fields_may_hold_anything,
	  singular_message_given_twice_is_refused, message_of_a_oneof_given_twice_is_refused,
	  same_message_field_in_two_parents_is_fine, repeated_messages_may_be_many, depth_is_limited,
	  number_of_fields_is_limited, packed_elements_count_as_fields, packed_element_may_not_leave_its_field,
	  unknown_fields_are_limited_over_the_whole_message, message_is_decoded, empty_message_is_decoded_from_no_data,
	  packed_and_nested_values_are_decoded, malformed_message_gives_a_reason, legitimate_lists_fit_the_budget,
	  argument_vector_of_short_words_fits_the_budget, empty_submessages_run_into_the_budget,
	  arena_works_on_after_its_budget_was_reached, small_messages_reuse_the_same_memory,
	  large_message_gives_way_to_the_next, arena_done_may_be_called_on_nothing_and_twice)
