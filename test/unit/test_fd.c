#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

START_TEST(close_is_done_once_and_keeps_errno)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), copy = fd;

	errno = EXDEV;
	fd_close(&fd);
	fd_close(&fd);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_int_eq(fcntl(copy, F_GETFD), -1);
}
END_TEST

/* A child reads slowly; the parent's pipe is non-blocking and far smaller than the data. */
START_TEST(write_all_waits_for_a_slow_reader)
{
	enum { SIZE = 1024 * 1024 };
	char *data = mem_alloc(SIZE);
	int ends[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		char piece[5000];
		ssize_t n, all = 0;

		close(ends[1]);
		while ((n = read(ends[0], piece, sizeof piece)) > 0)
			all += n;
		_exit(all == SIZE ? 0 : 1);
	}
	close(ends[0]);
	ck_assert_int_eq(fd_set_nonblock(ends[1]), 0);
	ck_assert_int_eq(fd_write_all(ends[1], data, SIZE), 0);
	close(ends[1]);
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
	free(data);
}
END_TEST

START_TEST(write_all_reports_errors)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(fd_write_all(fd, "x", 1), -ENOSPC);
	ck_assert_int_eq(fd_write_all(fd, "", 0), 0);
	fd_close(&fd);
	ck_assert_int_eq(fd_write_all(fd, "x", 1), -EBADF);
	ck_assert_int_eq(fd_set_nonblock(fd), -EBADF);
}
END_TEST

START_TEST(file_is_read_whole_or_not_at_all)
{
	struct buf out = { 0 };
	const char *path = tmp_file("file", "content");

	buf_append_str(&out, "before ");
	ck_assert_int_eq(fd_read_file(path, 6, &out), -EFBIG);
	ck_assert_str_eq(buf_string(&out), "before ");
	ck_assert_int_eq(fd_read_file(path, 7, &out), 0);
	ck_assert_str_eq(buf_string(&out), "before content");
	ck_assert_int_eq(fd_read_file(tmp_path("none"), 7, &out), -ENOENT);
	ck_assert_int_eq(fd_read_file("/tmp", 7, &out), -EISDIR);
	ck_assert_int_eq(fd_read_file(tmp_file("empty", ""), 0, &out), 0);
	ck_assert_uint_eq(buf_len(&out), 14);
	buf_clear(&out);
	/* Files without a size. */
	ck_assert_int_eq(fd_read_file("/proc/self/stat", 100000, &out), 0);
	ck_assert_uint_gt(buf_len(&out), 10);
	ck_assert_int_eq(fd_read_file("/dev/zero", 100000, &out), -EFBIG);
	buf_done(&out);
}
END_TEST

static unsigned mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

START_TEST(file_is_replaced_at_once)
{
	const char *path = tmp_file("file", "old");
	char *text;

	umask(077);
	ck_assert_int_eq(link(path, tmp_path("other")), 0);
	ck_assert_int_eq(fd_write_file(path, "new", 3, 0644), 0);
	ck_assert_uint_eq(mode_of(path), 0644);
	text = tmp_read(path);
	ck_assert_str_eq(text, "new");
	free(text);
	text = tmp_read(tmp_path("other"));
	ck_assert_str_eq(text, "old");
	free(text);
}
END_TEST

START_TEST(failed_replacement_leaves_nothing_behind)
{
	const char *path = tmp_path("is-a-directory");

	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(fd_write_file(path, "x", 1, 0600), -EISDIR);
	ck_assert_int_eq(fd_write_file(tmp_path("none/file"), "x", 1, 0600), -ENOENT);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rmdir(tmp_path("")), 0);	/* empty: no temporary file is left */
}
END_TEST

START_TEST(directories_are_made_with_their_mode)
{
	umask(077);
	ck_assert_int_eq(fd_make_dirs(tmp_path("a/b//c/"), 0755), 0);
	ck_assert_uint_eq(mode_of(tmp_path("a")), 0755);
	ck_assert_uint_eq(mode_of(tmp_path("a/b/c")), 0755);
	/* Those that exist stay as they are. */
	ck_assert_int_eq(fd_make_dirs(tmp_path("a/b"), 0700), 0);
	ck_assert_int_eq(fd_make_dirs(tmp_path("a/d"), 0700), 0);
	ck_assert_uint_eq(mode_of(tmp_path("a")), 0755);
	ck_assert_int_eq(chdir(tmp_path("")), 0);
	ck_assert_int_eq(fd_make_dirs("x/y", 0700), 0);
	ck_assert_uint_eq(mode_of(tmp_path("x/y")), 0700);
	ck_assert_int_eq(fd_make_dirs("/", 0700), 0);
}
END_TEST

START_TEST(files_in_the_way_of_directories_are_errors)
{
	const char *path = tmp_file("file", "");

	ck_assert_int_eq(fd_make_dirs(path, 0700), -ENOTDIR);
	ck_assert_int_eq(fd_make_dirs(tmp_path("file/below"), 0700), -ENOTDIR);
	ck_assert_int_eq(fd_make_dirs("", 0700), -ENOENT);
	ck_assert_int_eq(symlink("nowhere", tmp_path("dangling")), 0);
	ck_assert_int_eq(fd_make_dirs(tmp_path("dangling"), 0700), -ENOTDIR);
}
END_TEST

START_TEST(lock_is_held_until_the_descriptor_is_closed)
{
	const char *path = tmp_path("lock");
	int fd = fd_lock_file(path), other;

	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(mode_of(path), 0600);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fd_lock_file(path), -EWOULDBLOCK);
	/* Another descriptor of the same file comes and goes. */
	other = open(path, O_RDONLY | O_CLOEXEC);
	fd_close(&other);
	ck_assert_int_eq(fd_lock_file(path), -EWOULDBLOCK);
	fd_close(&fd);
	fd = fd_lock_file(path);
	ck_assert_int_ge(fd, 0);
	fd_close(&fd);
	ck_assert_int_eq(fd_lock_file(tmp_path("none/lock")), -ENOENT);
}
END_TEST

START_TEST(lock_of_a_removed_file_locks_nobody_out)
{
	const char *path = tmp_path("lock");
	int fd = fd_lock_file(path), next;

	ck_assert_int_eq(unlink(path), 0);
	next = fd_lock_file(path);
	ck_assert_int_ge(next, 0);
	ck_assert_int_eq(fd_lock_file(path), -EWOULDBLOCK);
	fd_close(&fd);
	fd_close(&next);
}
END_TEST

START_TEST(limit_is_raised_up_to_the_hard_one)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 64;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	fd_raise_limit(100);
	getrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_uint_eq(limit.rlim_cur, 100);
	fd_raise_limit(10);
	getrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_uint_eq(limit.rlim_cur, 100);
	fd_raise_limit(SIZE_MAX);
	getrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_uint_eq(limit.rlim_cur, limit.rlim_max);
}
END_TEST

UNIT_MAIN(close_is_done_once_and_keeps_errno, write_all_waits_for_a_slow_reader, write_all_reports_errors,
	  file_is_read_whole_or_not_at_all, file_is_replaced_at_once, failed_replacement_leaves_nothing_behind,
	  directories_are_made_with_their_mode, files_in_the_way_of_directories_are_errors,
	  lock_is_held_until_the_descriptor_is_closed, lock_of_a_removed_file_locks_nobody_out,
	  limit_is_raised_up_to_the_hard_one)
