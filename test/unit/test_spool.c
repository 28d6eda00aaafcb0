/*
 * test_spool.c - the spool from the writing side.
 */
#include "agent/supervise/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

enum { K = 1024 };

static struct spool_record record;

static void spool_open(struct spool *s)
{
	int dir;

	tmp_file("out", "what somebody has left");
	dir = open(tmp_path("."), O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(spool_create(s, dir), 0);
	close(dir);
}

static void put(struct spool *s, uint32_t n, uint8_t fill)
{
	memset(record.data, fill, n);
	record.head = (struct sup_record){ .length = n, .stream = 1, .time_us = 7 };
	ck_assert_int_eq(spool_write(s, &record), 0);
}

static uint64_t held(const struct spool *s)
{
	return s->head->end - s->head->base;
}

START_TEST(records_follow_each_other_with_their_positions)
{
	struct spool s;
	struct sup_record r;
	uint8_t byte;

	spool_open(&s);
	ck_assert_uint_eq(s.head->magic, SUP_SPOOL_MAGIC);
	ck_assert_uint_eq(s.head->base, SUP_SPOOL_HEAD);
	put(&s, 3, 'a');
	put(&s, 5, 'b');
	ck_assert_int_eq(pread(s.fd, &r, sizeof r, SUP_SPOOL_HEAD + sizeof r + 3), sizeof r);
	ck_assert_uint_eq(r.length, 5);
	ck_assert_uint_eq(r.stream, 1);
	ck_assert_uint_eq(r.time_us, 7);
	ck_assert_uint_eq(r.position, 3);
	ck_assert_int_eq(pread(s.fd, &byte, 1, SUP_SPOOL_HEAD + 2 * sizeof r + 3), 1);
	ck_assert_uint_eq(byte, 'b');
	ck_assert_uint_eq(s.head->end, SUP_SPOOL_HEAD + 2 * sizeof r + 8);
	spool_close(&s);
}
END_TEST

START_TEST(only_whole_records_are_freed)
{
	struct spool s;
	uint64_t second;

	spool_open(&s);
	put(&s, 10, 'a');
	second = s.head->end;
	put(&s, 10, 'b');
	spool_free(&s, 9);
	ck_assert_uint_eq(s.head->base, SUP_SPOOL_HEAD);
	spool_free(&s, 19);
	ck_assert_uint_eq(s.head->base, second);
	ck_assert_uint_eq(s.head->base_position, 10);
	spool_free(&s, 5);			/* an old one */
	ck_assert_uint_eq(s.head->base, second);
	spool_free(&s, 1000);			/* more than there is */
	ck_assert_uint_eq(held(&s), 0);
	ck_assert_uint_eq(s.head->base_position, 20);
	spool_close(&s);
}
END_TEST

START_TEST(what_nobody_needs_is_freed_when_it_comes)
{
	struct spool s;

	spool_open(&s);
	spool_free(&s, 25);
	put(&s, 10, 'a');
	put(&s, 10, 'b');
	ck_assert_uint_eq(held(&s), 0);
	put(&s, 10, 'c');
	ck_assert_uint_eq(s.head->base_position, 20);
	ck_assert_uint_gt(held(&s), 0);
	spool_close(&s);
}
END_TEST

START_TEST(a_full_one_has_no_room_and_an_empty_one_always_has)
{
	struct spool s;

	spool_open(&s);
	spool_limit(&s, 100, 0, false);
	ck_assert_uint_eq(spool_room(&s), SUP_DATA_MAX);
	put(&s, SUP_DATA_MAX, 'a');
	ck_assert_uint_eq(spool_room(&s), 0);
	spool_free(&s, SUP_DATA_MAX);
	ck_assert_uint_eq(spool_room(&s), SUP_DATA_MAX);
	spool_limit(&s, 100 * K, 0, false);
	put(&s, SUP_DATA_MAX, 'a');
	ck_assert_uint_eq(spool_room(&s), 36 * K - 2 * sizeof(struct sup_record));
	spool_close(&s);
}
END_TEST

START_TEST(freed_blocks_go_back_to_the_file_system)
{
	struct spool s;
	struct stat st;

	spool_open(&s);
	for (int i = 0; i < 32; i++)
		put(&s, SUP_DATA_MAX, 'a');
	spool_free(&s, 31 * SUP_DATA_MAX);
	ck_assert_int_eq(fstat(s.fd, &st), 0);
	ck_assert_uint_ge((uint64_t)st.st_size, 32 * SUP_DATA_MAX);
	if (!s.cannot_punch)
		ck_assert_int_lt(st.st_blocks * 512, 4 * SUP_DATA_MAX);
	spool_close(&s);
}
END_TEST

START_TEST(without_holes_it_is_the_same_but_for_the_disk)
{
	struct spool s;

	spool_open(&s);
	s.cannot_punch = true;
	for (int i = 0; i < 8; i++)
		put(&s, SUP_DATA_MAX, 'a');
	spool_free(&s, 7 * SUP_DATA_MAX);
	ck_assert_uint_eq(held(&s), SUP_DATA_MAX + sizeof(struct sup_record));
	ck_assert_uint_eq(s.head->base_position, 7 * SUP_DATA_MAX);
	spool_close(&s);
}
END_TEST

START_TEST(a_thousand_small_records_are_walked)
{
	struct spool s;

	spool_open(&s);
	for (uint32_t i = 0; i < 1000; i++)
		put(&s, 1 + i % 7, 'a');
	for (uint64_t p = 0; p <= s.position; p += 13) {
		spool_free(&s, p);
		ck_assert_uint_le(s.head->base_position, p);
		ck_assert_uint_gt(s.head->base_position + 7, p);
	}
	spool_free(&s, s.position);
	ck_assert_uint_eq(held(&s), 0);
	spool_close(&s);
}
END_TEST

START_TEST(a_detached_one_drops_its_oldest)
{
	struct spool s;

	spool_open(&s);
	spool_limit(&s, 200 * K, 0, true);
	for (uint8_t i = 0; i < 10; i++)
		put(&s, SUP_DATA_MAX, i);
	ck_assert_uint_le(held(&s), 200 * K);
	ck_assert_uint_eq(s.head->base_position, 7 * SUP_DATA_MAX);
	ck_assert_uint_eq(s.position, 10 * SUP_DATA_MAX);
	spool_free(&s, s.position);
	ck_assert_uint_eq(s.head->base_position, 7 * SUP_DATA_MAX);
	spool_close(&s);
}
END_TEST

START_TEST(a_low_file_system_stops_it_unless_it_is_empty_or_detached)
{
	struct spool s;

	spool_open(&s);
	spool_limit(&s, 0, UINT64_MAX, false);
	put(&s, 100, 'a');
	spool_look(&s);
	ck_assert(s.is_low);
	ck_assert_uint_eq(spool_room(&s), 0);
	spool_free(&s, 100);
	ck_assert_uint_eq(spool_room(&s), SUP_DATA_MAX);
	spool_limit(&s, 0, UINT64_MAX, true);
	put(&s, SUP_DATA_MAX, 'b');
	put(&s, SUP_DATA_MAX, 'c');
	ck_assert_uint_eq(s.head->base_position, 100 + SUP_DATA_MAX);
	spool_close(&s);
}
END_TEST

/* /dev/full takes nothing: as a full disk does. */
START_TEST(what_the_disk_does_not_take_is_not_there)
{
	struct spool s;
	int file;

	spool_open(&s);
	put(&s, 10, 'a');
	file = s.fd;
	s.fd = open("/dev/full", O_RDWR);
	record.head = (struct sup_record){ .length = 10 };
	ck_assert_int_eq(spool_write(&s, &record), -ENOSPC);
	ck_assert_uint_eq(held(&s), 10 + sizeof(struct sup_record));
	close(s.fd);
	s.fd = file;
	ck_assert_int_eq(spool_write(&s, &record), 0);
	ck_assert_uint_eq(s.position, 20);
	spool_close(&s);
}
END_TEST

START_TEST(who_waits_is_told_once)
{
	struct spool s;

	spool_open(&s);
	ck_assert(!spool_takes_wants(&s));
	s.head->wants = 1;
	ck_assert(spool_takes_wants(&s));
	ck_assert(!spool_takes_wants(&s));
	spool_close(&s);
}
END_TEST

START_TEST(after_a_reset_it_is_a_new_one)
{
	struct spool s;
	struct stat st;

	spool_open(&s);
	spool_limit(&s, 1, 1, true);
	put(&s, SUP_DATA_MAX, 'a');
	ck_assert_int_eq(spool_reset(&s), 0);
	ck_assert_uint_eq(held(&s), 0);
	ck_assert_uint_eq(s.head->end, SUP_SPOOL_HEAD);
	ck_assert_uint_eq(s.head->magic, SUP_SPOOL_MAGIC);
	ck_assert_int_eq(fstat(s.fd, &st), 0);
	ck_assert_int_eq(st.st_size, SUP_SPOOL_HEAD);
	put(&s, 10, 'a');
	ck_assert_uint_eq(record.head.position, 0);
	spool_close(&s);
}
END_TEST

/* Somebody has written into the file: it neither grows for ever nor stays full for ever. */
START_TEST(what_cannot_be_read_is_let_go_of_as_a_whole)
{
	static const uint32_t nonsense = UINT32_MAX;
	struct spool s;

	for (int is_detached = 0; is_detached < 2; is_detached++) {
		spool_open(&s);
		spool_limit(&s, 10 * K, 0, is_detached);
		put(&s, 4 * K, 'a');
		put(&s, 4 * K, 'b');
		ck_assert_int_eq(pwrite(s.fd, &nonsense, sizeof nonsense, SUP_SPOOL_HEAD), sizeof nonsense);
		if (is_detached)
			put(&s, 4 * K, 'c');		/* the oldest has to go */
		else
			spool_free(&s, 1);
		ck_assert_uint_eq(s.head->base_position, 8 * K);
		ck_assert_uint_eq(held(&s), is_detached ? 4 * K + sizeof(struct sup_record) : 0);
		spool_close(&s);
	}
}
END_TEST

UNIT_MAIN(what_cannot_be_read_is_let_go_of_as_a_whole, records_follow_each_other_with_their_positions, only_whole_records_are_freed,
	  what_nobody_needs_is_freed_when_it_comes,
	  a_full_one_has_no_room_and_an_empty_one_always_has, freed_blocks_go_back_to_the_file_system,
	  without_holes_it_is_the_same_but_for_the_disk, a_thousand_small_records_are_walked,
	  a_detached_one_drops_its_oldest, a_low_file_system_stops_it_unless_it_is_empty_or_detached,
	  what_the_disk_does_not_take_is_not_there, who_waits_is_told_once, after_a_reset_it_is_a_new_one)
