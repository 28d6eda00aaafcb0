/*
 * test_past.c - the ids of past runs: remembered, bounded, and read back by the next process.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/past.h"
#include "common/fd.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

static const uint8_t *id_of(unsigned n)
{
	static uint8_t id[PAST_ID_BYTES];

	memset(id, 0, sizeof id);
	memcpy(id, &n, sizeof n);
	return id;
}

static struct past *open_past(const char *path)
{
	struct past *p = past_new();

	ck_assert_int_eq(past_open(p, path), 0);
	return p;
}

START_TEST(without_a_file_ids_are_remembered_in_memory)
{
	struct past *p = past_new();

	ck_assert(!past_has(p, id_of(1)));
	past_add(p, id_of(1));
	past_add(p, id_of(1 + 65536));		/* in the same chain */
	ck_assert(past_has(p, id_of(1)));
	ck_assert(past_has(p, id_of(1 + 65536)));
	ck_assert(!past_has(p, id_of(2)));
	past_free(p);
}
END_TEST

/* Whoever counts instead of drawing at random finds no id taken that is not: in whichever half he counts. */
START_TEST(ids_that_are_alike_are_told_apart)
{
	struct past *p = past_new();
	uint8_t id[PAST_ID_BYTES] = { 0 };

	for (unsigned at = 0; at < PAST_ID_BYTES; at += PAST_ID_BYTES / 4)
		for (unsigned n = 1; n < 5000; n++) {
			memset(id, 0, sizeof id);
			memcpy(id + at, &n, sizeof n);
			ck_assert(!past_has(p, id));
			past_add(p, id);
		}
	past_free(p);
}
END_TEST

START_TEST(the_next_process_knows_them)
{
	const char *path = tmp_path("past");

	/* Nothing is closed in good order: the file is whole after each past_add(). */
	for (unsigned i = 0; i < 3; i++) {
		struct past *p = open_past(path);

		for (unsigned j = 0; j < i; j++)
			ck_assert(past_has(p, id_of(j)));
		ck_assert(!past_has(p, id_of(i)));
		past_add(p, id_of(i));
		past_free(open_past(path));
		past_free(p);
	}
}
END_TEST

START_TEST(the_last_ones_are_kept_and_the_file_does_not_grow)
{
	const char *path = tmp_path("past");
	struct past *p = open_past(path);
	struct stat st;

	for (unsigned i = 0; i < PAST_MAX; i++)
		past_add(p, id_of(i));
	ck_assert(!past_has_dropped(p));
	ck_assert(past_has(p, id_of(0)));
	for (unsigned i = PAST_MAX; i < PAST_MAX + 10; i++)
		past_add(p, id_of(i));
	for (int turn = 0; turn < 2; turn++) {
		ck_assert(past_has_dropped(p));
		ck_assert(!past_has(p, id_of(9)));
		ck_assert(past_has(p, id_of(10)));
		ck_assert(past_has(p, id_of(PAST_MAX + 9)));
		past_free(p);
		p = open_past(path);
	}
	past_add(p, id_of(PAST_MAX + 10));	/* goes on where the one before was */
	ck_assert(!past_has(p, id_of(10)));
	ck_assert(past_has(p, id_of(11)));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, 24L * PAST_MAX);
	past_free(p);
}
END_TEST

/* Whatever is in the file: no crash, and what is added next is found again. */
START_TEST(a_damaged_file_costs_no_more_than_what_is_damaged)
{
	static const char *const contents[] = { "x", "not a record at all, and longer than one of them is", "" };
	uint8_t ones[100];

	memset(ones, 0xff, sizeof ones);
	for (size_t i = 0; i < 4; i++) {
		const char *path = tmp_path("past");
		struct past *p;

		ck_assert_int_eq(fd_write_file(path, i < 3 ? (const void *)contents[i] : ones,
					       i < 3 ? strlen(contents[i]) : sizeof ones, 0600), 0);
		p = open_past(path);
		past_add(p, id_of(5));
		past_free(p);
		p = open_past(path);
		ck_assert(past_has(p, id_of(5)));
		past_free(p);
	}
}
END_TEST

START_TEST(a_torn_record_is_no_record)
{
	const char *path = tmp_path("past");
	struct past *p = open_past(path);

	past_add(p, id_of(1));
	past_add(p, id_of(2));
	past_free(p);
	ck_assert_int_eq(truncate(path, 3 * 24 - 1), 0);
	p = open_past(path);
	ck_assert(past_has(p, id_of(1)));
	ck_assert(!past_has(p, id_of(2)));
	past_free(p);
}
END_TEST

START_TEST(what_is_no_file_is_an_error)
{
	const char *dir = tmp_path("dir"), *link = tmp_path("link");
	struct past *p = past_new();

	ck_assert_int_eq(mkdir(dir, 0700), 0);
	ck_assert_int_eq(past_open(p, dir), -EISDIR);
	ck_assert_int_eq(symlink("nowhere", link), 0);
	ck_assert_int_eq(past_open(p, link), -ELOOP);
	past_add(p, id_of(1));
	ck_assert(past_has(p, id_of(1)));
	past_free(p);
}
END_TEST

START_TEST(a_full_disk_costs_the_file_only)
{
	struct past *p = past_new();

	ck_assert_int_eq(past_open(p, "/dev/full"), 0);		/* reads zeros */
	past_add(p, id_of(1));
	ck_assert(past_has(p, id_of(1)));
	past_free(p);
}
END_TEST

UNIT_MAIN(without_a_file_ids_are_remembered_in_memory, ids_that_are_alike_are_told_apart,
	  the_next_process_knows_them, the_last_ones_are_kept_and_the_file_does_not_grow,
	  a_damaged_file_costs_no_more_than_what_is_damaged, a_torn_record_is_no_record,
	  what_is_no_file_is_an_error, a_full_disk_costs_the_file_only)
