/*
 * fd.h - file descriptors and files. Everything is opened close-on-exec. 0 or -errno.
 */
#ifndef COMMON_FD_H
#define COMMON_FD_H

#include <stddef.h>
#include <sys/types.h>

#include "common/buf.h"

void fd_close(int *fd);				/* closes when >= 0 and sets -1; keeps errno */
int fd_set_nonblock(int fd);
/* Opens /dev/null where descriptors 0, 1 or 2 are closed, so that nothing else ever takes these numbers. */
void fd_occupy_standard(void);
/* Writes all of it, waiting in poll(2) where the fd is non-blocking. */
int fd_write_all(int fd, const void *data, size_t n);
/* The whole file, at most `max` bytes (-EFBIG beyond), appended to out. */
int fd_read_file(const char *path, size_t max, struct buf *out);
/* Replaces `path` by n bytes: temporary file in the same directory, fsync, rename. */
int fd_write_file(const char *path, const void *data, size_t n, mode_t mode);
/* mkdir -p; directories that are made get `mode`. */
int fd_make_dirs(const char *path, mode_t mode);
/* An exclusive lock on `path` (made with mode 0600) held while the returned fd is open; -EWOULDBLOCK
 * when another process has it. */
int fd_lock_file(const char *path);
/* Raises the soft limit of open files to min(hard limit, want). */
void fd_raise_limit(size_t want);

#endif
