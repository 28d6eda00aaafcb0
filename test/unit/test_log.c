/* valgrind forks: its tests share what one of them leaves in the process */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

/* Everything in the lines but their time, "TIME " being cut off each. */
static char *read_lines(const char *path)
{
	char *text = tmp_read(path), *to = text;

	for (char *line = text; *line; ) {
		char *end = strchrnul(line, '\n');
		char *rest = end - line > 25 && line[23] == 'Z' ? line + 25 : line;
		size_t n = (size_t)(end - rest) + (*end == '\n');

		line = *end ? end + 1 : end;
		memmove(to, rest, n);
		to += n;
	}
	*to = '\0';
	return text;
}

static void expect_lines(const char *path, const char *expected)
{
	char *text = read_lines(path);

	ck_assert_str_eq(text, expected);
	free(text);
}

/* stderr becomes a file. */
static const char *redirect_stderr(void)
{
	const char *path = tmp_file("stderr", "");
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	dup2(fd, STDERR_FILENO);
	fd_close(&fd);
	return path;
}

START_TEST(line_has_time_level_ident_and_text)
{
	const char *path = redirect_stderr();
	char before[WALL_TEXT_MAX], after[WALL_TEXT_MAX], *text;

	log_init("slothd-test", LOG_DEBUG);
	wall_format(wall_us(), before);
	log_info("agent %s: up", "web1");
	wall_format(wall_us(), after);
	text = tmp_read(path);
	ck_assert_str_eq(text + strlen(before), " info  slothd-test: agent web1: up\n");
	text[strlen(before)] = '\0';
	ck_assert_str_ge(text, before);
	ck_assert_str_le(text, after);
	free(text);
}
END_TEST

START_TEST(levels_below_the_chosen_one_are_dropped)
{
	const char *path = redirect_stderr();

	log_debug("not by default");
	log_info("one");
	log_init("t", LOG_WARN);
	log_info("not this");
	log_warn("two");
	log_error("three");
	ck_assert(!log_enabled(LOG_INFO) && log_enabled(LOG_WARN));
	expect_lines(path, "info  sloth: one\nwarn  t: two\nerror t: three\n");
}
END_TEST

START_TEST(level_names)
{
	enum log_level level = LOG_WARN;

	ck_assert_int_eq(log_parse_level("verbose", &level), -EINVAL);
	ck_assert_int_eq(log_parse_level("", &level), -EINVAL);
	ck_assert_int_eq(level, LOG_WARN);
	ck_assert_int_eq(log_parse_level("debug", &level), 0);
	ck_assert_int_eq(level, LOG_DEBUG);
	ck_assert_int_eq(log_parse_level("error", &level), 0);
	ck_assert_int_eq(level, LOG_ERROR);
}
END_TEST

START_TEST(one_line_stays_one_line)
{
	const char *path = redirect_stderr();

	log_info("a\nb\x1b[2J\x7f\xff\xc2\x9b \"q\\n\" gr\xc3\xbc\xc3\x9f");
	expect_lines(path, "info  sloth: a\\nb\\x1b[2J\\x7f\\xff\\xc2\\x9b \"q\\n\" gr\xc3\xbc\xc3\x9f\n");
}
END_TEST

START_TEST(endless_text_is_cut)
{
	const char *path = redirect_stderr();
	char *text;

	log_info("%0*d", 100000, 7);
	log_info("next");
	text = tmp_read(path);
	ck_assert_uint_eq(strcspn(text, "\n"), 4095);
	ck_assert_mem_eq(text + 4092, "...\n", 4);
	free(text);
}
END_TEST

START_TEST(errno_survives_and_can_be_printed)
{
	const char *path = redirect_stderr();

	errno = ENOENT;
	log_warn("file: %m");
	ck_assert_int_eq(errno, ENOENT);
	expect_lines(path, "warn  sloth: file: No such file or directory\n");
}
END_TEST

START_TEST(journal_gets_priorities_when_stderr_is_its_socket)
{
	const char *path = redirect_stderr();
	struct stat st;
	char *stream, *text;

	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	stream = mem_printf("%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	free(stream);
	log_init("t", LOG_DEBUG);
	log_debug("one");
	log_error("two");
	setenv("JOURNAL_STREAM", "1:1", 1);	/* of a parent that had another stderr */
	log_init("t", LOG_DEBUG);
	log_error("three");
	text = read_lines(path);
	ck_assert_str_eq(text, "<7>one\n<3>two\nerror t: three\n");
	free(text);
}
END_TEST

START_TEST(file_is_appended_to_and_opened_again)
{
	const char *path = tmp_file("log", "before\n");

	ck_assert_int_eq(chdir(tmp_path("")), 0);
	ck_assert_int_eq(log_open_file("log"), 0);
	ck_assert_int_eq(chdir("/"), 0);
	log_info("one");
	ck_assert_int_eq(rename(path, tmp_path("moved")), 0);
	log_info("two");
	ck_assert_int_eq(log_reopen(), 0);
	log_info("three");
	expect_lines(tmp_path("moved"), "before\ninfo  sloth: one\ninfo  sloth: two\n");
	expect_lines(path, "info  sloth: three\n");
}
END_TEST

START_TEST(old_file_stays_when_the_new_one_cannot_be_opened)
{
	const char *path = tmp_path("log");
	struct stat st;

	ck_assert_int_eq(log_reopen(), 0);	/* stderr: nothing to do */
	ck_assert_int_eq(log_open_file(path), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777 & ~0640u, 0);
	ck_assert_int_eq(log_open_file(tmp_path("none/log")), -ENOENT);
	log_info("one");
	ck_assert_int_eq(rename(path, tmp_path("moved")), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(log_reopen(), -EISDIR);
	log_info("two");
	expect_lines(tmp_path("moved"), "info  sloth: one\ninfo  sloth: two\n");
}
END_TEST

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? -1 : st.st_size;
}

/* A hole stands for the lines of days. */
static void fill(const char *path)
{
	ck_assert_int_eq(truncate(path, LOG_FILE_MAX - 10), 0);
}

START_TEST(three_files_are_kept)
{
	const char *path = tmp_path("log");

	ck_assert_int_eq(log_open_file(path), 0);
	for (int i = 1; i <= 4; i++) {
		log_info("%d", i);
		fill(path);
	}
	log_info("last");
	log_info("really");
	expect_lines(path, "info  sloth: last\ninfo  sloth: really\n");
	ck_assert_int_eq(size_of(tmp_path("log.1")), LOG_FILE_MAX - 10);
	ck_assert_int_eq(size_of(tmp_path("log.2")), LOG_FILE_MAX - 10);
	ck_assert_int_eq(size_of(tmp_path("log.3")), -1);
}
END_TEST

START_TEST(program_that_shares_the_file_does_not_rotate_again)
{
	const char *path = tmp_path("log");

	ck_assert_int_eq(log_open_file(path), 0);
	log_info("old");
	fill(path);
	/* The other program was first. */
	ck_assert_int_eq(rename(path, tmp_path("log.1")), 0);
	tmp_file("log", "other\n");
	log_info("mine");
	expect_lines(path, "other\ninfo  sloth: mine\n");
	ck_assert_int_eq(size_of(tmp_path("log.2")), -1);
}
END_TEST

START_TEST(file_starts_over_where_it_cannot_be_renamed)
{
	const char *path = tmp_path("log");

	ck_assert_int_eq(log_open_file(path), 0);
	log_info("old");
	fill(path);
	ck_assert_int_eq(mkdir(tmp_path("log.1"), 0700), 0);
	ck_assert_int_eq(mkdir(tmp_path("log.2"), 0700), 0);
	tmp_file("log.1/in-the-way", "");
	tmp_file("log.2/in-the-way", "");
	log_info("fresh");
	expect_lines(path, "info  sloth: fresh\n");
}
END_TEST

START_TEST(full_disk_loses_lines_and_says_so_later)
{
	const char *path = tmp_path("log");

	/* A link whose target is put right later stands for space that becomes free. */
	ck_assert_int_eq(symlink("/dev/full", path), 0);
	ck_assert_int_eq(log_open_file(path), 0);
	log_info("lost");
	log_info("lost too");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(log_reopen(), 0);
	log_info("there");
	log_info("again");
	expect_lines(path, "warn  sloth: log: lines lost: 2 (No space left on device)\ninfo  sloth: there\n"
		     "info  sloth: again\n");
}
END_TEST

START_TEST(line_written_in_part_is_ended)
{
	const char *path = tmp_path("log");
	struct rlimit was, limit = { .rlim_cur = 40, .rlim_max = RLIM_INFINITY };

	ck_assert_int_eq(log_open_file(path), 0);
	getrlimit(RLIMIT_FSIZE, &was);
	limit.rlim_max = was.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	log_info("only some of this");
	log_info("and none of this");
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &was), 0);
	log_info("there");
	expect_lines(path, "info  sloth: on\nwarn  sloth: log: lines lost: 2 (File too large)\n"
		     "info  sloth: there\n");
}
END_TEST

/* What is in the pipe right now. */
static char *drain(int fd)
{
	struct buf text = { 0 };
	ssize_t n;

	while ((n = read(fd, buf_reserve(&text, 65536), 65536)) > 0)
		buf_commit(&text, (size_t)n);
	return buf_take_string(&text);
}

START_TEST(reader_that_stopped_does_not_stop_us)
{
	int ends[2];
	char *text;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(fd_set_nonblock(ends[0]), 0);
	dup2(ends[1], STDERR_FILENO);
	for (int i = 0; i < 1000; i++)
		log_info("%0500d", i);
	free(drain(ends[0]));
	log_info("there");
	text = drain(ends[0]);
	ck_assert_ptr_nonnull(strstr(text, "(Resource temporarily unavailable)\n"));
	ck_assert_ptr_nonnull(strstr(text, "there\n"));
	free(text);
}
END_TEST

UNIT_MAIN(line_has_time_level_ident_and_text, levels_below_the_chosen_one_are_dropped, level_names,
	  one_line_stays_one_line, endless_text_is_cut, errno_survives_and_can_be_printed,
	  journal_gets_priorities_when_stderr_is_its_socket, file_is_appended_to_and_opened_again,
	  old_file_stays_when_the_new_one_cannot_be_opened, three_files_are_kept,
	  program_that_shares_the_file_does_not_rotate_again, file_starts_over_where_it_cannot_be_renamed,
	  full_disk_loses_lines_and_says_so_later, line_written_in_part_is_ended,
	  reader_that_stopped_does_not_stop_us)
