/* Length-prefixed messages out of a stream of bytes. */
#include <stdlib.h>
#include <string.h>

#include "test/lib/unit.h"
#include "wire/deframe.h"

enum { LIMIT = 4 * 1024 * 1024 };

static void put(struct buf *b, const void *data, uint32_t n)
{
	uint8_t prefix[5];

	deframe_put_prefix(prefix, n);
	buf_append(b, prefix, sizeof prefix);
	buf_append(b, data, n);
}

static enum deframe_result next(struct deframe *d, const void *data, size_t n, const uint8_t **msg, size_t *len)
{
	const uint8_t *at = data;

	return deframe_next(d, &at, &n, msg, len);
}

START_TEST(prefix_is_flag_and_big_endian_length)
{
	static const uint8_t expected[5] = { 0, 0x01, 0x02, 0x03, 0x04 };
	uint8_t prefix[5];

	deframe_put_prefix(prefix, 0x01020304);
	ck_assert_mem_eq(prefix, expected, 5);
}
END_TEST

START_TEST(whole_message_is_handed_out_in_place)
{
	struct buf in = { 0 };
	const uint8_t *at, *msg;
	struct deframe d;
	size_t n, len;

	put(&in, "hello", 5);
	at = buf_data(&in);
	n = buf_len(&in);
	deframe_init(&d, LIMIT);
	ck_assert_int_eq(deframe_next(&d, &at, &n, &msg, &len), DEFRAME_MESSAGE);
	ck_assert_ptr_eq(msg, buf_data(&in) + 5);
	ck_assert_uint_eq(len, 5);
	ck_assert_uint_eq(n, 0);
	ck_assert_ptr_null(d.body.data);
	ck_assert_int_eq(deframe_next(&d, &at, &n, &msg, &len), DEFRAME_MORE);
	ck_assert(deframe_is_idle(&d));
	deframe_done(&d);
	buf_done(&in);
}
END_TEST

START_TEST(several_messages_share_one_piece)
{
	static const char *const texts[] = { "one", "", "three" };
	struct buf in = { 0 };
	const uint8_t *at, *msg;
	struct deframe d;
	size_t n, len;

	for (int i = 0; i < 3; i++)
		put(&in, texts[i], (uint32_t)strlen(texts[i]));
	at = buf_data(&in);
	n = buf_len(&in);
	deframe_init(&d, LIMIT);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(deframe_next(&d, &at, &n, &msg, &len), DEFRAME_MESSAGE);
		ck_assert_uint_eq(len, strlen(texts[i]));
		ck_assert_ptr_nonnull(msg);
		ck_assert_mem_eq(msg, texts[i], len);
	}
	ck_assert_int_eq(deframe_next(&d, &at, &n, &msg, &len), DEFRAME_MORE);
	deframe_done(&d);
	buf_done(&in);
}
END_TEST

/* Cuts the same stream into pieces of every size: the messages are the same. */
START_TEST(messages_do_not_depend_on_where_the_stream_is_cut)
{
	static const char *const texts[] = { "alpha", "", "b", "a longer message with some words" };
	struct buf in = { 0 };

	for (int i = 0; i < 4; i++)
		put(&in, texts[i], (uint32_t)strlen(texts[i]));
	for (size_t piece = 1; piece <= buf_len(&in); piece++) {
		struct deframe d;
		int seen = 0;

		deframe_init(&d, LIMIT);
		for (size_t off = 0; off < buf_len(&in); off += piece) {
			size_t left = buf_len(&in) - off, n = left < piece ? left : piece, len;
			uint8_t *copy = malloc(n);	/* of exactly that size, for the sanitizer */
			const uint8_t *at = copy, *msg;

			memcpy(copy, buf_data(&in) + off, n);
			while (deframe_next(&d, &at, &n, &msg, &len) == DEFRAME_MESSAGE) {
				ck_assert_uint_eq(len, strlen(texts[seen]));
				ck_assert_mem_eq(msg, texts[seen], len);
				seen++;
			}
			free(copy);
		}
		ck_assert_int_eq(seen, 4);
		ck_assert(deframe_is_idle(&d));
		deframe_done(&d);
	}
	buf_done(&in);
}
END_TEST

START_TEST(empty_pieces_change_nothing)
{
	const uint8_t *msg;
	struct deframe d;
	size_t len;

	deframe_init(&d, LIMIT);
	ck_assert_int_eq(next(&d, "", 0, &msg, &len), DEFRAME_MORE);
	ck_assert(deframe_is_idle(&d));
	ck_assert_int_eq(next(&d, "\0\0\0\0\2a", 6, &msg, &len), DEFRAME_MORE);
	ck_assert_int_eq(next(&d, "", 0, &msg, &len), DEFRAME_MORE);
	ck_assert_int_eq(next(&d, "b", 1, &msg, &len), DEFRAME_MESSAGE);
	ck_assert_mem_eq(msg, "ab", 2);
	deframe_done(&d);
}
END_TEST

START_TEST(stream_is_not_idle_within_prefix_or_message)
{
	const uint8_t *msg;
	struct deframe d;
	size_t len;

	deframe_init(&d, LIMIT);
	next(&d, "\0", 1, &msg, &len);
	ck_assert(!deframe_is_idle(&d));
	next(&d, "\0\0\0\2", 4, &msg, &len);
	ck_assert(!deframe_is_idle(&d));
	next(&d, "ab", 2, &msg, &len);
	ck_assert(deframe_is_idle(&d));
	deframe_done(&d);
}
END_TEST

START_TEST(prefix_is_refused_with_its_fifth_byte)
{
	static const struct {
		uint8_t prefix[5];
		enum deframe_result result;
	} cases[] = {
		{ { 0, 0x00, 0x40, 0x00, 0x01 }, DEFRAME_TOO_LARGE },
		{ { 0, 0xff, 0xff, 0xff, 0xff }, DEFRAME_TOO_LARGE },
		{ { 1, 0x00, 0x00, 0x00, 0x00 }, DEFRAME_COMPRESSED },
		{ { 1, 0x00, 0x00, 0x00, 0x05 }, DEFRAME_COMPRESSED },
		{ { 2, 0x00, 0x00, 0x00, 0x00 }, DEFRAME_BAD_FLAG },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff }, DEFRAME_BAD_FLAG },
	};
	const uint8_t *msg;
	size_t len;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct deframe d;

		deframe_init(&d, LIMIT);
		ck_assert_int_eq(next(&d, cases[i].prefix, 4, &msg, &len), DEFRAME_MORE);
		ck_assert_int_eq(next(&d, cases[i].prefix + 4, 1, &msg, &len), cases[i].result);
		ck_assert_int_eq(next(&d, "more", 4, &msg, &len), cases[i].result);
		ck_assert_ptr_null(d.body.data);
		deframe_done(&d);
	}
}
END_TEST

START_TEST(message_of_exactly_the_limit_passes)
{
	const uint8_t *msg;
	struct deframe d;
	size_t len;

	deframe_init(&d, 3);
	ck_assert_int_eq(next(&d, "\0\0\0\0\3abc", 8, &msg, &len), DEFRAME_MESSAGE);
	ck_assert_int_eq(next(&d, "\0\0\0\0\4", 5, &msg, &len), DEFRAME_TOO_LARGE);
	ck_assert_uint_eq(deframe_declared(&d), 4);
	deframe_done(&d);
}
END_TEST

START_TEST(declared_length_costs_no_memory)
{
	const uint8_t *msg;
	struct deframe d;
	size_t len;

	deframe_init(&d, LIMIT);
	ck_assert_int_eq(next(&d, "\0\0\x40\0\0xyz", 8, &msg, &len), DEFRAME_MORE);
	ck_assert_uint_le(d.body.cap, 1024);
	deframe_done(&d);
}
END_TEST

START_TEST(memory_follows_the_bytes_that_came)
{
	uint8_t piece[16384] = { 0 };
	const uint8_t *msg;
	struct deframe d;
	size_t len, sent = 0;

	deframe_init(&d, LIMIT);
	next(&d, "\0\0\x40\0\0", 5, &msg, &len);
	for (; sent < LIMIT - sizeof piece; sent += sizeof piece) {
		ck_assert_int_eq(next(&d, piece, sizeof piece, &msg, &len), DEFRAME_MORE);
		ck_assert_uint_le(d.body.cap, 2 * (sent + sizeof piece));
	}
	ck_assert_int_eq(next(&d, piece, sizeof piece, &msg, &len), DEFRAME_MESSAGE);
	ck_assert_uint_eq(len, LIMIT);
	deframe_done(&d);
}
END_TEST

START_TEST(large_message_leaves_no_memory_behind)
{
	static uint8_t body[100000];
	const uint8_t *msg;
	struct deframe d;
	size_t len;

	deframe_init(&d, LIMIT);
	next(&d, "\0\0\x01\x86\xa0", 5, &msg, &len);
	ck_assert_int_eq(next(&d, body, 1, &msg, &len), DEFRAME_MORE);
	ck_assert_int_eq(next(&d, body, sizeof body - 1, &msg, &len), DEFRAME_MESSAGE);
	ck_assert_int_eq(next(&d, "", 0, &msg, &len), DEFRAME_MORE);
	ck_assert_uint_le(d.body.cap, 4096);
	deframe_done(&d);
}
END_TEST

UNIT_MAIN(prefix_is_flag_and_big_endian_length, whole_message_is_handed_out_in_place, several_messages_share_one_piece,
	  messages_do_not_depend_on_where_the_stream_is_cut, empty_pieces_change_nothing,
	  stream_is_not_idle_within_prefix_or_message, prefix_is_refused_with_its_fifth_byte,
	  message_of_exactly_the_limit_passes, declared_length_costs_no_memory, memory_follows_the_bytes_that_came,
	  large_message_leaves_no_memory_behind)
