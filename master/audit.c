/*
 * audit.c - owns the current file of the audit log.
 *
 * Happy path: format, one write(2), a timer that asks the kernel to write out. A file that is full is synced,
 * renamed, and the next one is begun.
 *
 * Failures: whatever cannot be written is failing from then on, said once in the log and in `sloth status`. Every
 * record and the timer try again: first the backlog goes out, then a record "audit.resumed" that says what was
 * missing, then the record itself. A short write is taken back, so that a file never holds half a record; where even
 * that fails the half is ended with a line break.
 */
#include "master/audit.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/paths.h"
#include "master/audit_files.h"
#include "master/audit_record.h"

enum { TICK_S = 1, TRIM_MS = 3600 * 1000 };

const struct audit_limits audit_default_limits = {
	.file_bytes = 64u << 20, .total_bytes = 1u << 30, .keep_s = 400u * 24 * 3600, .disk_percent = 80,
};

struct audit {
	struct ev_loop *loop;
	struct audit_limits limits;
	char *dir, *path;
	int fd;				/* -1: not open, tried again with the next record */
	uint64_t size, inode;
	dev_t device;
	bool is_torn;			/* the file ends in half a line */
	bool is_unsynced;
	struct buf line;
	struct buf backlog;		/* whole lines */
	uint64_t n_lost;
	char *failing;			/* words; NULL: all is well */
	char *disk;			/* the warning that audit_warning() gave out */
	uint64_t trimmed_ms;
	ev_timer tick;			/* while there is something to write out or to try again; keeps no loop alive */
	struct list followers;
};

/* ---- the file ---- */

static int open_current(struct audit *a)
{
	struct stat st;
	char last;

	if (mkdir(a->dir, 0700) && errno != EEXIST)
		return -errno;
	a->fd = open(a->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
	if (a->fd < 0)
		return -errno;
	if (fstat(a->fd, &st) || !S_ISREG(st.st_mode)) {
		fd_close(&a->fd);
		return -EINVAL;
	}
	a->size = (uint64_t)st.st_size;
	a->inode = st.st_ino;
	a->device = st.st_dev;
	a->is_torn = a->size && (pread(a->fd, &last, 1, st.st_size - 1) != 1 || last != '\n');
	return 0;
}

static void trim(struct audit *a)
{
	uint64_t max = a->limits.total_bytes > a->limits.file_bytes ? a->limits.total_bytes - a->limits.file_bytes : 0;

	a->trimmed_ms = mono_ms();
	audit_files_trim(a->dir, max, wall_us() - (int64_t)(a->limits.keep_s * 1000000));
}

/* Where the file cannot be renamed it goes on. */
static void rotate(struct audit *a)
{
	char name[AUDIT_NAME_MAX], *to;

	fdatasync(a->fd);
	audit_files_new_name(a->dir, wall_us(), name);
	to = paths_join(a->dir, name);
	if (rename(a->path, to) == 0) {
		fd_close(&a->fd);
		a->inode = 0;
		trim(a);
	}
	free(to);
}

static int write_once(struct audit *a, const void *data, size_t n)
{
	ssize_t done;

	if (a->is_torn) {
		if (write(a->fd, "\n", 1) != 1)
			return errno ? -errno : -EIO;
		a->size++;
		a->is_torn = false;
	}
	do
		done = write(a->fd, data, n);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return -errno;
	if ((size_t)done < n) {
		a->is_torn = done > 0 && ftruncate(a->fd, (off_t)a->size) < 0;
		return -ENOSPC;
	}
	a->size += n;
	return 0;
}

/* Records in a file that somebody has removed are none. */
static bool is_in_place(const struct audit *a)
{
	struct stat st;

	return lstat(a->path, &st) == 0 && st.st_ino == a->inode && st.st_dev == a->device;
}

static int put_once(struct audit *a, const void *data, size_t n)
{
	int err;

	if (a->fd >= 0 && !is_in_place(a)) {
		log_warn("audit log: %s was removed or replaced: it is begun anew", a->path);
		fd_close(&a->fd);
	}
	if (a->fd >= 0 && a->size && a->size + n > a->limits.file_bytes)
		rotate(a);
	if (a->fd < 0) {
		err = open_current(a);
		if (err)
			return err;
	}
	return write_once(a, data, n);
}

static void start_tick(struct audit *a)
{
	if (ev_is_active(&a->tick))
		return;
	ev_timer_again(a->loop, &a->tick);
	ev_unref(a->loop);
}

/* Old files make room for new records. */
static int put(struct audit *a, const void *data, size_t n)
{
	int err;

	do
		err = put_once(a, data, n);
	while ((err == -ENOSPC || err == -EDQUOT) && audit_files_drop_oldest(a->dir));
	if (!err)
		a->is_unsynced = true;
	start_tick(a);
	return err;
}

/* ---- when it cannot be written ---- */

static void fail(struct audit *a, int err)
{
	if (a->failing)
		return;
	a->failing = mem_printf("the audit log cannot be written: %s: %s; new runs are refused until it can: make room "
				"there, or see to it that the master can write to %s", a->path, strerror(-err), a->dir);
	log_error("%s", a->failing);
}

/* What should have been written before goes first. */
static int catch_up(struct audit *a)
{
	struct audit_event resumed = { .event = "audit.resumed" };
	struct buf line = { 0 };
	char *reason;
	int err = 0;

	if (!a->failing)
		return 0;
	if (buf_len(&a->backlog))
		err = put(a, buf_data(&a->backlog), buf_len(&a->backlog));
	if (err)
		return err;
	buf_done(&a->backlog);
	reason = mem_printf("%llu records are lost: %s", (unsigned long long)a->n_lost, a->failing);
	resumed.reason = reason;
	audit_record_format(&line, &resumed, wall_us());
	err = put(a, buf_data(&line), buf_len(&line));
	buf_done(&line);
	free(reason);
	if (err)
		return err;
	log_info("audit log: %s: can be written again", a->path);
	mem_set_string(&a->failing, NULL);
	a->n_lost = 0;
	return 0;
}

static void tell_followers(struct audit *a)
{
	list_for_each(pos, tmp, &a->followers) {
		struct audit_follower *f = list_entry(pos, struct audit_follower, link);

		f->told(f->arg);
	}
}

static void on_tick(struct ev_loop *loop, ev_timer *w, int events)
{
	struct audit *a = w->data;

	(void)events;
	if (a->is_unsynced && a->fd >= 0)
		sync_file_range(a->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	a->is_unsynced = false;
	if (mono_ms() - a->trimmed_ms >= TRIM_MS)
		trim(a);
	if (a->failing && catch_up(a) == 0)
		tell_followers(a);
	if (a->is_unsynced || a->failing)
		return;
	ev_ref(loop);
	ev_timer_stop(loop, w);
}

/* ---- records ---- */

/* The line of the event, in a->line. 0 or -errno. */
static int note(struct audit *a, const struct audit_event *e)
{
	int err = catch_up(a);

	buf_clear(&a->line);
	audit_record_format(&a->line, e, wall_us());
	if (!err)
		err = put(a, buf_data(&a->line), buf_len(&a->line));
	if (err)
		fail(a, err);
	else
		tell_followers(a);
	return err;
}

int audit_note(struct audit *a, const struct audit_event *e)
{
	return note(a, e);
}

void audit_note_past(struct audit *a, const struct audit_event *e)
{
	if (note(a, e) == 0)
		return;
	if (buf_len(&a->backlog) + buf_len(&a->line) <= AUDIT_BACKLOG_MAX)
		buf_append(&a->backlog, buf_data(&a->line), buf_len(&a->line));
	else
		a->n_lost++;
}

const char *audit_failing(const struct audit *a)
{
	return a->failing;
}

/* ---- start and end ---- */

struct audit *audit_open(struct ev_loop *loop, const char *dir, const struct audit_limits *limits)
{
	struct audit *a = mem_new(struct audit);
	int err;

	a->loop = loop;
	a->limits = limits ? *limits : audit_default_limits;
	a->dir = mem_strdup(dir);
	a->path = paths_join(dir, AUDIT_CURRENT);
	a->fd = -1;
	list_init(&a->followers);
	ev_timer_init(&a->tick, on_tick, 0, TICK_S);
	a->tick.data = a;
	err = open_current(a);
	if (err)
		fail(a, err);
	trim(a);
	if (a->failing)
		start_tick(a);
	return a;
}

void audit_close(struct audit *a)
{
	if (!a)
		return;
	if (ev_is_active(&a->tick)) {
		ev_ref(a->loop);
		ev_timer_stop(a->loop, &a->tick);
	}
	if (a->failing && catch_up(a))
		log_error("audit log: what is not written by now is lost");
	if (a->fd >= 0)
		fdatasync(a->fd);
	if (ev_is_active(&a->tick)) {
		ev_ref(a->loop);
		ev_timer_stop(a->loop, &a->tick);
	}
	fd_close(&a->fd);
	buf_done(&a->line);
	buf_done(&a->backlog);
	free(a->failing);
	free(a->disk);
	free(a->dir);
	free(a->path);
	free(a);
}

/* ---- for others ---- */

/* As df(1) counts: of what users other than root can have. */
static unsigned disk_percent(const char *dir)
{
	struct statvfs fs;
	uint64_t used, all;

	if (statvfs(dir, &fs))
		return 0;
	used = fs.f_blocks - fs.f_bfree;
	all = used + fs.f_bavail;
	return all ? (unsigned)(used * 100 / all) : 0;
}

const char *audit_warning(struct audit *a, size_t i)
{
	unsigned percent;

	if (a->failing && i-- == 0)
		return a->failing;
	percent = disk_percent(a->dir);
	if (i || percent < a->limits.disk_percent)
		return NULL;
	free(a->disk);
	a->disk = mem_printf("the file system of the audit log, %s, is %u %% full: when it is full, old records go, then "
			     "new runs are refused", a->dir, percent);
	return a->disk;
}

const char *audit_dir(const struct audit *a)
{
	return a->dir;
}

uint64_t audit_inode(const struct audit *a)
{
	return a->fd >= 0 ? a->inode : 0;
}

void audit_follow(struct audit *a, struct audit_follower *f)
{
	list_push(&a->followers, &f->link);
}

void audit_unfollow(struct audit_follower *f)
{
	list_remove(&f->link);
}
