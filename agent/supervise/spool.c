/*
 * spool.c - writes the spool of supervise.h.
 *
 * Owns the file and the mapping of its head. Invariant: base <= end, both at the beginning of a record; what
 * lies before `punched` is a hole, as far as the file system can have holes. A write that fails leaves `end` where it
 * was: the next one begins at the same offset.
 */
#include "agent/supervise/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "common/fd.h"

enum {
	PAGE = 4096,
	PUNCH_MIN = 64 * 1024,		/* a hole is worth a system call from here on */
	ROOM_MIN = 4096			/* with less room it counts as full: no crumbs */
};

static uint64_t held(const struct spool *s)
{
	return s->head->end - s->head->base;
}

static void start_empty(struct spool *s)
{
	s->head->base_position = 0;
	s->head->base = s->head->end = s->punched = SUP_SPOOL_HEAD;
	s->head->wants = 0;
	s->position = s->unchecked = s->free_to = 0;
	s->is_low = false;
	spool_limit(s, 0, 0, false);
}

/* The head is written, not only sized: on a full file system a mapping would end in SIGBUS. */
static int write_head(int fd)
{
	static const uint8_t zeros[SUP_SPOOL_HEAD];
	ssize_t n = pwrite(fd, zeros, sizeof zeros, 0);

	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof zeros ? 0 : -ENOSPC;
}

int spool_create(struct spool *s, int dir_fd)
{
	void *head = MAP_FAILED;
	int err;

	*s = (struct spool){ .fd = openat(dir_fd, "out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600) };
	if (s->fd < 0)
		return -errno;
	err = write_head(s->fd);
	if (!err) {
		head = mmap(NULL, SUP_SPOOL_HEAD, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
		err = head == MAP_FAILED ? -errno : 0;
	}
	if (err) {
		fd_close(&s->fd);
		return err;
	}
	s->head = head;
	start_empty(s);
	s->head->magic = SUP_SPOOL_MAGIC;
	return 0;
}

void spool_close(struct spool *s)
{
	if (s->head)
		munmap(s->head, SUP_SPOOL_HEAD);
	s->head = NULL;
	fd_close(&s->fd);
}

int spool_reset(struct spool *s)
{
	if (s->head->end > SUP_SPOOL_HEAD && ftruncate(s->fd, SUP_SPOOL_HEAD))
		return -errno;
	start_empty(s);
	return 0;
}

void spool_limit(struct spool *s, uint64_t max, uint64_t free_min, bool is_detached)
{
	s->max = max ? max : SPOOL_MAX_DEFAULT;
	s->free_min = free_min;
	s->is_detached = is_detached;
}

size_t spool_room(const struct spool *s)
{
	uint64_t used = held(s) + sizeof(struct sup_record);
	uint64_t left = used < s->max ? s->max - used : 0;

	if (s->is_detached || held(s) == 0)
		return SUP_DATA_MAX;
	if (s->is_low || left < ROOM_MIN)
		return 0;
	return left < SUP_DATA_MAX ? (size_t)left : SUP_DATA_MAX;
}

/* ---- letting go of the oldest ---- */

static void punch(struct spool *s)
{
	uint64_t to = s->head->base & ~(uint64_t)(PAGE - 1);

	if (to <= s->punched || s->cannot_punch || (to - s->punched < PUNCH_MIN && held(s) > 0))
		return;
	if (fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)s->punched, (off_t)(to - s->punched)))
		s->cannot_punch = errno == EOPNOTSUPP || errno == ENOSYS;
	else
		s->punched = to;
}

/* Heads of records, read some at a time: small records lie close together. */
struct window {
	uint64_t at;
	size_t n;
	uint8_t bytes[PAGE];
};

static bool read_record(const struct spool *s, struct window *w, uint64_t at, struct sup_record *out)
{
	ssize_t n;

	if (w->n < sizeof *out || at < w->at || at > w->at + w->n - sizeof *out) {
		n = pread(s->fd, w->bytes, sizeof w->bytes, (off_t)at);
		if (n < (ssize_t)sizeof *out)
			return false;
		w->at = at;
		w->n = (size_t)n;
	}
	memcpy(out, w->bytes + (at - w->at), sizeof *out);
	return out->length > 0 && out->length <= SUP_DATA_MAX;
}

/* Readers look at base after they have read: it moves before the hole is made. */
static void set_base(struct spool *s, uint64_t base, uint64_t position)
{
	s->head->base_position = position;
	s->head->base = base;
	punch(s);
}

/* Somebody has damaged the file: nobody can read on, and what is held would be held for ever. */
static void drop_all(struct spool *s)
{
	set_base(s, s->head->end, s->position);
}

void spool_free(struct spool *s, uint64_t position)
{
	uint64_t base = s->head->base, base_position = s->head->base_position;
	struct window w;
	struct sup_record r;

	if (s->is_detached || position <= base_position)
		return;
	s->free_to = position;
	w.at = w.n = 0;
	while (base < s->head->end) {
		if (!read_record(s, &w, base, &r)) {
			drop_all(s);
			return;
		}
		if (r.position + r.length > position)
			break;
		base += sizeof r + r.length;
		base_position = r.position + r.length;
	}
	if (base != s->head->base)
		set_base(s, base, base_position);
}

/* Of a detached spool. False: there was nothing. */
static bool drop_oldest(struct spool *s, uint64_t bytes)
{
	uint64_t base = s->head->base, start = base, base_position = s->head->base_position;
	struct window w;
	struct sup_record r;

	w.at = w.n = 0;
	while (base - start < bytes && base < s->head->end) {
		if (!read_record(s, &w, base, &r)) {
			drop_all(s);
			return true;
		}
		base += sizeof r + r.length;
		base_position = r.position + r.length;
	}
	if (base != start)
		set_base(s, base, base_position);
	return base != start;
}

/* ---- writing ---- */

bool spool_drop(struct spool *s)
{
	return s->is_detached && drop_oldest(s, PUNCH_MIN);
}

void spool_look(struct spool *s)
{
	struct statfs fs;

	s->unchecked = 0;
	if (s->free_min && fstatfs(s->fd, &fs) == 0)
		s->is_low = (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize < s->free_min;
}

static int write_at(int fd, const void *data, size_t n, uint64_t at)
{
	const uint8_t *from = data;

	while (n > 0) {
		ssize_t done = pwrite(fd, from, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -ENOSPC;
		from += done;
		at += (uint64_t)done;
		n -= (size_t)done;
	}
	return 0;
}

int spool_write(struct spool *s, struct spool_record *record)
{
	size_t n = sizeof record->head + record->head.length;
	int err;

	if (s->unchecked >= SPOOL_CHECK_BYTES || s->unchecked >= s->max / 8)
		spool_look(s);
	if (s->is_detached && held(s) + n > s->max)
		drop_oldest(s, held(s) + n - s->max);
	else if (s->is_detached && s->is_low)
		drop_oldest(s, n);
	record->head.position = s->position;
	do
		err = write_at(s->fd, record, n, s->head->end);
	while (err && spool_drop(s));
	if (err)
		return err;
	s->position += record->head.length;
	s->unchecked += n;
	s->head->end += n;
	spool_free(s, s->free_to);
	return 0;
}

bool spool_takes_wants(struct spool *s)
{
	return s->head->wants && atomic_exchange(&s->head->wants, 0);
}
