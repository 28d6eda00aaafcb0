/*
 * test_past.c - the ids of past runs: remembered, bounded, and read back by the next process.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent/past.h"
#include "common/fd.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

enum { MAX = 8192 };

static uint64_t clock_ahead_ms;

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int rv = (int)syscall(SYS_clock_gettime, id, ts);

	if (id == CLOCK_BOOTTIME)
		ts->tv_sec += (time_t)(clock_ahead_ms / 1000);
	return rv;
}

static const uint8_t *id_of(unsigned n)
{
	static uint8_t id[PAST_ID_BYTES];

	memset(id, 0, sizeof id);
	memcpy(id, &n, sizeof n);
	return id;
}

static struct past *open_past(const char *path)
{
	struct past *p = past_new(MAX);

	ck_assert_int_eq(past_open(p, path), 0);
	return p;
}

static void add(struct past *p, const uint8_t *id)
{
	static const struct past_outcome started = { 0 };

	ck_assert_int_eq(past_put(p, id, &started), 0);
}

START_TEST(without_a_file_ids_are_remembered_in_memory)
{
	struct past *p = past_new(MAX);

	ck_assert(!past_has(p, id_of(1)));
	add(p, id_of(1));
	add(p, id_of(1 + 65536));		/* in the same chain */
	ck_assert(past_has(p, id_of(1)));
	ck_assert(past_has(p, id_of(1 + 65536)));
	ck_assert(!past_has(p, id_of(2)));
	past_free(p);
}
END_TEST

/* Whoever counts instead of drawing at random finds no id taken that is not: in whichever half he counts. */
START_TEST(ids_that_are_alike_are_told_apart)
{
	struct past *p = past_new(MAX);
	uint8_t id[PAST_ID_BYTES] = { 0 };

	for (unsigned at = 0; at < PAST_ID_BYTES; at += PAST_ID_BYTES / 4)
		for (unsigned n = 1; n < 5000; n++) {
			memset(id, 0, sizeof id);
			memcpy(id + at, &n, sizeof n);
			UNIT_ASSERT(!past_has(p, id));
			add(p, id);
		}
	past_free(p);
}
END_TEST

START_TEST(the_next_process_knows_them)
{
	const char *path = tmp_path("past");

	/* Nothing is closed in good order: the file is whole after each add(). */
	for (unsigned i = 0; i < 3; i++) {
		struct past *p = open_past(path);

		for (unsigned j = 0; j < i; j++)
			ck_assert(past_has(p, id_of(j)));
		ck_assert(!past_has(p, id_of(i)));
		add(p, id_of(i));
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

	for (unsigned i = 0; i < MAX; i++)
		add(p, id_of(i));
	ck_assert(past_has(p, id_of(0)));
	for (unsigned i = MAX; i < MAX + 10; i++)
		add(p, id_of(i));
	for (int turn = 0; turn < 2; turn++) {
		ck_assert(!past_has(p, id_of(9)));
		ck_assert(past_has(p, id_of(10)));
		ck_assert(past_has(p, id_of(MAX + 9)));
		past_free(p);
		p = open_past(path);
	}
	add(p, id_of(MAX + 10));	/* goes on where the one before was */
	ck_assert(!past_has(p, id_of(10)));
	ck_assert(past_has(p, id_of(11)));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, (long)PAST_RECORD_BYTES * MAX);
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
		add(p, id_of(5));
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

	add(p, id_of(1));
	add(p, id_of(2));
	past_free(p);
	ck_assert_int_eq(truncate(path, 3 * PAST_RECORD_BYTES - 1), 0);
	p = open_past(path);
	ck_assert(past_has(p, id_of(1)));
	ck_assert(!past_has(p, id_of(2)));
	past_free(p);
}
END_TEST

START_TEST(how_a_run_ended_is_known_to_the_next_process)
{
	struct past_outcome ended = {
		.has_ended = 1, .end = 2, .containment = 1, .code = 9, .signal = 9, .total = { 3, 4 }, .duration_ms = 5,
		.started_ms = 6, .ended_ms = 7, .owner = 8, .reason = "killed by signal 9 (Killed)",
	}, found;
	const char *path = tmp_path("past");
	struct past *p = open_past(path);

	add(p, id_of(1));
	add(p, id_of(2));
	past_put(p, id_of(1), &ended);		/* over what was known at its start */
	ended.code = 3;
	past_put(p, id_of(3), &ended);		/* one that is heard of when it is over */
	for (int turn = 0; turn < 2; turn++) {
		ck_assert(past_find(p, id_of(1), &found));
		ended.code = 9;
		ck_assert_mem_eq(&found, &ended, sizeof found);
		ck_assert(past_find(p, id_of(2), &found));
		ck_assert(!found.has_ended);
		ck_assert(past_find(p, id_of(3), &found));
		ck_assert_int_eq(found.code, 3);
		ck_assert(!past_find(p, id_of(4), &found));
		past_free(p);
		p = open_past(path);
	}
	past_free(p);
}
END_TEST

/* The ring goes round: an end that comes late is written where its id is, or as a new one. */
START_TEST(an_end_that_comes_late_takes_nobodys_place)
{
	struct past_outcome ended = { .has_ended = 1, .end = 1 }, found;
	struct past *p = open_past(tmp_path("past"));

	for (unsigned i = 0; i < MAX + 5; i++)
		add(p, id_of(i));
	past_put(p, id_of(MAX - 1), &ended);
	past_put(p, id_of(MAX + 2), &ended);
	past_put(p, id_of(3), &ended);		/* dropped by now: a new one */
	for (unsigned i = 6; i < MAX + 5; i++) {
		UNIT_ASSERT(past_find(p, id_of(i), &found));
		UNIT_ASSERT(found.has_ended == (i == MAX - 1 || i == MAX + 2));
	}
	ck_assert(past_find(p, id_of(3), &found));
	ck_assert(found.has_ended);
	past_free(p);
}
END_TEST

START_TEST(what_is_no_file_is_an_error)
{
	const char *dir = tmp_path("dir"), *link = tmp_path("link");
	struct past *p = past_new(MAX);

	ck_assert_int_eq(mkdir(dir, 0700), 0);
	ck_assert_int_eq(past_open(p, dir), -EISDIR);
	ck_assert_int_eq(symlink("nowhere", link), 0);
	ck_assert_int_eq(past_open(p, link), -ELOOP);
	add(p, id_of(1));			/* in memory */
	ck_assert(past_has(p, id_of(1)));
	past_free(p);
}
END_TEST

START_TEST(what_cannot_be_written_is_said)
{
	static const struct past_outcome started = { 0 };
	struct past *p = past_new(MAX);

	ck_assert_int_eq(past_open(p, "/dev/full"), 0);		/* reads zeros */
	ck_assert_int_eq(past_put(p, id_of(1), &started), -ENOSPC);
	ck_assert(past_has(p, id_of(1)));
	past_free(p);
}
END_TEST

/* Whatever becomes of the disk: the next ids have their room, and those that are there their ends. */
START_TEST(there_is_room_for_what_comes_next)
{
	const char *path = tmp_path("past");
	struct past *p = open_past(path);
	struct stat st;

	for (unsigned i = 0; i < 3000; i += 100) {
		for (unsigned j = i; j < i + 100; j++)
			add(p, id_of(j));
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_int_ge(st.st_blocks * 512, (i + 100 + 500) * (long)PAST_RECORD_BYTES);
		past_free(p);
		p = open_past(path);
	}
	past_free(p);
}
END_TEST

START_TEST(one_that_did_not_begin_is_forgotten)
{
	struct past_outcome ended = { .has_ended = 1, .end = 1 };
	const char *path = tmp_path("past");
	struct past *p = open_past(path);

	for (unsigned i = 1; i < 5; i++)
		add(p, id_of(i));
	past_put(p, id_of(3), &ended);
	past_forget(p, id_of(2));
	past_forget(p, id_of(3));		/* it has begun */
	past_forget(p, id_of(7));
	for (int turn = 0; turn < 2; turn++) {
		for (unsigned i = 1; i < 5; i++)
			ck_assert_int_eq(past_has(p, id_of(i)), i != 2);
		past_free(p);
		p = open_past(path);
	}
	add(p, id_of(2));
	past_free(p);
	p = open_past(path);
	ck_assert(past_has(p, id_of(2)) && past_has(p, id_of(4)));
	past_free(p);
}
END_TEST

/* Before the ring has gone round an id that is not known was never put; afterwards that is true of the younger ones. */
START_TEST(what_may_have_been_forgotten_is_said)
{
	const char *path = tmp_path("past");
	struct past *p = open_past(path);
	const uint64_t hour_ms = 3600 * 1000;

	for (unsigned i = 0; i < MAX; i++)
		add(p, id_of(i));
	ck_assert(past_remembers(p, 0) && past_remembers(p, 100 * hour_ms));
	clock_ahead_ms = hour_ms;
	for (unsigned i = 0; i < MAX / 2; i++)
		add(p, id_of(MAX + i));
	clock_ahead_ms = 2 * hour_ms;
	for (int turn = 0; turn < 2; turn++) {
		ck_assert(past_remembers(p, hour_ms));
		ck_assert(!past_remembers(p, 2 * hour_ms - 1000));	/* less than a minute's way */
		ck_assert(!past_remembers(p, 3 * hour_ms));
		ck_assert(!past_remembers(p, 0));
		past_free(p);
		p = open_past(path);
	}
	/* An end that is written late makes nothing younger than it was. */
	add(p, id_of(MAX + MAX / 2));
	ck_assert(past_remembers(p, hour_ms));
	past_free(p);
}
END_TEST

START_TEST(records_that_cannot_be_read_may_be_those_of_any_id)
{
	const uint64_t hour_ms = 3600 * 1000;
	const char *path = tmp_path("past");
	char other[3 * PAST_RECORD_BYTES];
	struct past *p;

	memset(other, 'x', sizeof other);
	ck_assert_int_eq(fd_write_file(path, other, sizeof other, 0600), 0);
	clock_ahead_ms = 2 * hour_ms;
	p = open_past(path);
	ck_assert(!past_remembers(p, 1));
	clock_ahead_ms = 4 * hour_ms;
	ck_assert(past_remembers(p, hour_ms) && !past_remembers(p, 3 * hour_ms));
	past_free(p);
}
END_TEST

UNIT_MAIN(without_a_file_ids_are_remembered_in_memory, ids_that_are_alike_are_told_apart,
	  the_next_process_knows_them, the_last_ones_are_kept_and_the_file_does_not_grow,
	  a_damaged_file_costs_no_more_than_what_is_damaged, a_torn_record_is_no_record,
	  how_a_run_ended_is_known_to_the_next_process, an_end_that_comes_late_takes_nobodys_place,
	  what_is_no_file_is_an_error, what_cannot_be_written_is_said, there_is_room_for_what_comes_next,
	  one_that_did_not_begin_is_forgotten, what_may_have_been_forgotten_is_said,
	  records_that_cannot_be_read_may_be_those_of_any_id)
