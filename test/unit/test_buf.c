#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "test/lib/unit.h"

static void check_invariant(const struct buf *b)
{
	ck_assert(b->head <= b->tail && b->tail <= b->cap);
	ck_assert(b->head != b->tail || b->head == 0);
}

START_TEST(zeroed_buffer_is_empty_and_usable)
{
	struct buf b = { 0 };

	ck_assert_uint_eq(buf_len(&b), 0);
	buf_append(&b, NULL, 0);
	buf_consume(&b, 0);
	buf_trim(&b);
	ck_assert_str_eq(buf_string(&b), "");
	buf_done(&b);
	ck_assert_uint_eq(buf_len(&b), 0);
	buf_append_str(&b, "again");
	ck_assert_str_eq(buf_string(&b), "again");
	buf_done(&b);
}
END_TEST

/* A queue of numbered bytes whose producer and consumer run at changing speed. */
START_TEST(bytes_come_out_as_they_went_in)
{
	struct buf b = { 0 };
	unsigned in = 0, out = 0;

	for (size_t round = 0; round < 2000; round++) {
		size_t n = (round * 37) % 101;
		uint8_t *room = buf_reserve(&b, n);

		for (size_t i = 0; i < n; i++)
			room[i] = (uint8_t)in++;
		buf_commit(&b, n);
		check_invariant(&b);
		n = (round * 53) % 103;
		n = n < buf_len(&b) ? n : buf_len(&b);
		for (size_t i = 0; i < n; i++)
			ck_assert_uint_eq(buf_data(&b)[i], (uint8_t)out++);
		buf_consume(&b, n);
		check_invariant(&b);
	}
	ck_assert_uint_eq(buf_len(&b), in - out);
	buf_done(&b);
}
END_TEST

START_TEST(steady_queue_does_not_grow)
{
	struct buf b = { 0 };
	char piece[200] = { 0 };

	buf_append(&b, piece, sizeof piece);
	for (int i = 0; i < 10000; i++) {
		buf_append(&b, piece, sizeof piece);
		buf_consume(&b, sizeof piece);
	}
	ck_assert_uint_eq(buf_len(&b), sizeof piece);
	ck_assert_uint_le(b.cap, 4096);
	buf_done(&b);
}
END_TEST

START_TEST(reserved_room_is_as_large_as_asked_for)
{
	for (size_t consumed = 0; consumed < 600; consumed += 7) {
		struct buf b = { 0 };

		memset(buf_reserve(&b, 600), 'x', 600);
		buf_commit(&b, 600);
		buf_consume(&b, consumed);
		memset(buf_reserve(&b, 1000), 'y', 1000);
		buf_commit(&b, 1000);
		ck_assert_uint_eq(buf_len(&b), 1600 - consumed);
		ck_assert_int_eq(buf_data(&b)[599 - consumed], 'x');
		ck_assert_int_eq(buf_data(&b)[600 - consumed], 'y');
		buf_done(&b);
	}
}
END_TEST

START_TEST(printf_appends_short_and_long_text)
{
	struct buf b = { 0 };

	buf_printf(&b, "%d-%s", 7, "x");
	ck_assert_str_eq(buf_string(&b), "7-x");
	buf_printf(&b, "%0*d", 5000, 1);
	ck_assert_uint_eq(buf_len(&b), 5003);
	ck_assert_uint_eq(strlen(buf_string(&b)), 5003);
	buf_done(&b);
}
END_TEST

START_TEST(taken_string_is_the_content_and_empties_the_buffer)
{
	struct buf b = { 0 };
	char *text;

	buf_append_str(&b, "head and tail");
	buf_consume(&b, 9);
	text = buf_take_string(&b);
	ck_assert_str_eq(text, "tail");
	free(text);
	ck_assert_uint_eq(buf_len(&b), 0);
	text = buf_take_string(&b);
	ck_assert_str_eq(text, "");
	free(text);
	buf_done(&b);
}
END_TEST

START_TEST(clear_keeps_the_memory_and_trim_gives_it_back)
{
	struct buf b = { 0 };

	buf_append_str(&b, "text");
	buf_trim(&b);
	ck_assert_str_eq(buf_string(&b), "text");
	buf_clear(&b);
	check_invariant(&b);
	ck_assert_uint_gt(b.cap, 0);
	buf_trim(&b);
	ck_assert_uint_eq(b.cap, 0);
	ck_assert_ptr_null(b.data);
}
END_TEST

UNIT_MAIN(zeroed_buffer_is_empty_and_usable, bytes_come_out_as_they_went_in, steady_queue_does_not_grow,
	  reserved_room_is_as_large_as_asked_for, printf_appends_short_and_long_text,
	  taken_string_is_the_content_and_empties_the_buffer, clear_keeps_the_memory_and_trim_gives_it_back)
