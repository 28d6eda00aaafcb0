/*
 * test_spool_read.c - readers of a spool, beside the supervisor's own writer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/spool_read.h"
#include "common/buf.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

/* The writer is made by hand: records as supervise.h has them. */
static struct {
	int dir;
	struct spool_file file;
	uint64_t position;
} w;

static struct {
	struct buf out[2];
	unsigned n_chunks;
	unsigned stop_after;		/* chunks; 0: never */
} got;

static struct spool_window *window;

static void open_spool(void)
{
	struct sup_spool head = { .magic = SUP_SPOOL_MAGIC, .base = SUP_SPOOL_HEAD, .end = SUP_SPOOL_HEAD };
	const char *path = tmp_path("run");
	int fd;

	memset(&w, 0, sizeof w);
	memset(&got, 0, sizeof got);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	w.dir = open(path, O_RDONLY | O_DIRECTORY);
	fd = openat(w.dir, "out", O_RDWR | O_CREAT, 0600);
	ck_assert_int_eq(ftruncate(fd, SUP_SPOOL_HEAD), 0);
	ck_assert_int_eq(pwrite(fd, &head, sizeof head, 0), sizeof head);
	close(fd);
	ck_assert_int_eq(spool_file_open(&w.file, w.dir), 0);
	window = spool_window_new();
}

static void close_spool(void)
{
	spool_file_close(&w.file);
	spool_window_free(window);
	buf_done(&got.out[0]);
	buf_done(&got.out[1]);
	close(w.dir);
}

static void write_record(unsigned stream, const char *data, size_t n)
{
	struct sup_record record = { .length = (uint32_t)n, .stream = stream, .position = w.position };
	uint64_t end = atomic_load(&w.file.head->end);

	ck_assert_int_eq(pwrite(w.file.fd, &record, sizeof record, (off_t)end), sizeof record);
	ck_assert_int_eq(pwrite(w.file.fd, data, n, (off_t)(end + sizeof record)), (ssize_t)n);
	w.position += n;
	atomic_store(&w.file.head->end, end + sizeof record + n);
}

static void write_text(unsigned stream, const char *text)
{
	write_record(stream, text, strlen(text));
}

/* The first n records go. */
static void drop(unsigned n)
{
	uint64_t base = atomic_load(&w.file.head->base);
	struct sup_record record;

	for (; n > 0; n--) {
		ck_assert_int_eq(pread(w.file.fd, &record, sizeof record, (off_t)base), sizeof record);
		base += sizeof record + record.length;
		atomic_store(&w.file.head->base_position, record.position + record.length);
	}
	atomic_store(&w.file.head->base, base);
}

static bool take(unsigned stream, const void *data, size_t n, void *arg)
{
	(void)arg;
	ck_assert_uint_le(n, SUP_DATA_MAX);
	buf_append(&got.out[stream], data, n);
	return ++got.n_chunks != got.stop_after;
}

static enum spool_verdict read_some(struct spool_reader *r, size_t budget)
{
	return spool_read(&w.file, r, window, budget, take, NULL);
}

static void expect(unsigned stream, const char *text)
{
	ck_assert_str_eq(buf_string(&got.out[stream]), text);
}

START_TEST(records_come_in_order_and_the_reader_asks_for_more)
{
	struct spool_reader r = { 0 };

	open_spool();
	ck_assert_int_eq(read_some(&r, 1000), SPOOL_EMPTY);
	ck_assert_uint_eq(atomic_load(&w.file.head->wants), 1);
	atomic_store(&w.file.head->wants, 0);
	write_text(0, "one ");
	write_text(1, "two ");
	write_text(0, "three");
	ck_assert_int_eq(read_some(&r, 1000), SPOOL_EMPTY);
	ck_assert_uint_eq(atomic_load(&w.file.head->wants), 1);
	expect(0, "one three");
	expect(1, "two ");
	ck_assert_uint_eq(r.position, 13);
	close_spool();
}
END_TEST

START_TEST(a_reader_begins_in_the_middle_of_a_record)
{
	struct spool_reader r = { .position = 5 };

	open_spool();
	write_text(0, "0123");
	write_text(0, "4567");
	write_text(1, "89");
	ck_assert_int_eq(read_some(&r, 1000), SPOOL_EMPTY);
	expect(0, "567");
	expect(1, "89");
	ck_assert_uint_eq(r.position, 10);
	close_spool();
}
END_TEST

START_TEST(a_reader_stops_where_it_is_told_to_and_goes_on_there)
{
	struct spool_reader r = { 0 };

	open_spool();
	write_text(0, "a");
	write_text(0, "b");
	write_text(0, "c");
	got.stop_after = 2;
	ck_assert_int_eq(read_some(&r, 1000), SPOOL_STOPPED);
	expect(0, "ab");
	ck_assert_int_eq(read_some(&r, 1000), SPOOL_EMPTY);
	expect(0, "abc");
	close_spool();
}
END_TEST

START_TEST(a_turn_is_bounded_also_while_a_reader_finds_its_place)
{
	static char data[SUP_DATA_MAX];
	struct spool_reader r = { 0 }, late = { .position = 40 * SUP_DATA_MAX };
	unsigned turns = 0;

	open_spool();
	memset(data, 'x', sizeof data);
	for (int i = 0; i < 40; i++)
		write_record(0, data, sizeof data);
	write_text(0, "end");
	ck_assert_int_eq(read_some(&r, 3 * SUP_DATA_MAX), SPOOL_MORE);
	ck_assert_uint_le(buf_len(&got.out[0]), 4 * SUP_DATA_MAX);
	buf_clear(&got.out[0]);
	while (read_some(&late, 256 * 1024) == SPOOL_MORE)
		turns++;
	ck_assert_uint_ge(turns, 8);
	expect(0, "end");
	close_spool();
}
END_TEST

START_TEST(what_is_gone_is_a_gap)
{
	struct spool_reader r = { 0 }, all_gone = { .position = 2 };

	open_spool();
	write_text(0, "0123");
	write_text(0, "4567");
	write_text(0, "89");
	drop(2);
	ck_assert_int_eq(read_some(&r, 1000), SPOOL_GAP);
	ck_assert_uint_eq(r.position, 8);
	ck_assert_int_eq(read_some(&r, 1000), SPOOL_EMPTY);
	expect(0, "89");
	drop(1);
	ck_assert_int_eq(read_some(&all_gone, 1000), SPOOL_GAP);
	ck_assert_uint_eq(all_gone.position, 10);
	ck_assert_int_eq(read_some(&all_gone, 1000), SPOOL_EMPTY);
	expect(0, "89");
	close_spool();
}
END_TEST

/* It was in the middle of what has been dropped since. */
START_TEST(a_reader_that_is_passed_goes_on_at_the_oldest_byte)
{
	struct spool_reader r = { 0 };

	open_spool();
	write_text(0, "01");
	write_text(0, "23");
	write_text(0, "45");
	got.stop_after = 1;
	ck_assert_int_eq(read_some(&r, 1000), SPOOL_STOPPED);
	drop(2);
	got.stop_after = 0;
	ck_assert_int_eq(read_some(&r, 1000), SPOOL_GAP);
	ck_assert_uint_eq(r.position, 4);
	ck_assert_int_eq(read_some(&r, 1000), SPOOL_EMPTY);
	expect(0, "0145");
	close_spool();
}
END_TEST

/* Output that was given out in the same turn is not part of the gap. */
static bool take_and_drop(unsigned stream, const void *data, size_t n, void *arg)
{
	if (got.n_chunks == 0)
		drop(3);
	return take(stream, data, n, arg);
}

START_TEST(a_gap_is_what_is_missing_and_no_more)
{
	static char block[SUP_DATA_MAX];
	struct spool_reader r = { 0 };

	open_spool();
	for (int i = 0; i < 4; i++)
		write_record(0, block, sizeof block);
	ck_assert_int_eq(spool_read(&w.file, &r, window, 8 * sizeof block, take_and_drop, NULL), SPOOL_GAP);
	ck_assert_uint_eq(r.position, 3 * sizeof block);
	ck_assert_uint_eq(r.gap + buf_len(&got.out[0]), 3 * sizeof block);
	ck_assert_int_eq(spool_read(&w.file, &r, window, 8 * sizeof block, take, NULL), SPOOL_EMPTY);
	ck_assert_uint_eq(r.gap + buf_len(&got.out[0]), 4 * sizeof block);
	close_spool();
}
END_TEST

START_TEST(damage_ends_the_reading)
{
	static const struct sup_record broken[] = {
		{ .length = 0 }, { .length = SUP_DATA_MAX + 1 }, { .length = 4, .stream = 2 }, { .length = 5 },
	};

	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct spool_reader r = { 0 };

		open_spool();
		write_text(0, "good");
		write_text(0, "1234");
		ck_assert_int_eq(pwrite(w.file.fd, &broken[i], sizeof broken[i],
					SUP_SPOOL_HEAD + sizeof(struct sup_record) + 4), sizeof broken[i]);
		ck_assert_int_eq(read_some(&r, 1000), SPOOL_DAMAGED);
		expect(0, "good");
		close_spool();
		unlink(tmp_path("run/out"));
		rmdir(tmp_path("run"));
	}
}
END_TEST

START_TEST(a_file_that_is_no_spool_is_refused)
{
	struct spool_file file;
	const char *path = tmp_path("other");
	int dir;

	ck_assert_int_eq(mkdir(path, 0700), 0);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(spool_file_open(&file, dir), -ENOENT);
	tmp_file("other/out", "short");
	ck_assert_int_eq(spool_file_open(&file, dir), -EBADMSG);
	ck_assert_int_eq(truncate(tmp_path("other/out"), SUP_SPOOL_HEAD), 0);
	ck_assert_int_eq(spool_file_open(&file, dir), -EBADMSG);
	ck_assert_int_eq(file.fd, -1);
	close(dir);
}
END_TEST

UNIT_MAIN(records_come_in_order_and_the_reader_asks_for_more, a_reader_begins_in_the_middle_of_a_record,
	  a_reader_stops_where_it_is_told_to_and_goes_on_there, a_turn_is_bounded_also_while_a_reader_finds_its_place,
	  what_is_gone_is_a_gap, a_reader_that_is_passed_goes_on_at_the_oldest_byte,
	  a_gap_is_what_is_missing_and_no_more, damage_ends_the_reading,
	  a_file_that_is_no_spool_is_refused)
