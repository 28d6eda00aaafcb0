/*
 * spool_read.c - reading the output of a run.
 *
 * A reader is placed by passing over records from the oldest one on, which counts against the budget like reading: a
 * spool of many small records does not hold up the loop. Records are trusted as little as any file: one that is not
 * whole, too long or of a third stream ends the reading.
 *
 * The supervisor may punch out what is being read. It moves `base` first: so `base` is looked at after the bytes were
 * copied, and they count only when it has not passed them.
 */
#include "agent/spool_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"

enum { RECORD_MAX = SUP_DATA_MAX + (int)sizeof(struct sup_record), WINDOW = 2 * RECORD_MAX };

struct spool_window {
	uint8_t data[WINDOW];
};

/* Bytes of the file from `at` on, in the window. */
struct piece {
	uint64_t at;
	size_t n, used;
};

struct spool_window *spool_window_new(void)
{
	return mem_new(struct spool_window);
}

void spool_window_free(struct spool_window *w)
{
	free(w);
}

static int map_head(struct spool_file *s)
{
	struct stat st;
	void *head;

	if (fstat(s->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < SUP_SPOOL_HEAD)
		return -EBADMSG;
	head = mmap(NULL, SUP_SPOOL_HEAD, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (head == MAP_FAILED)
		return -errno;
	s->head = head;
	return s->head->magic == SUP_SPOOL_MAGIC ? 0 : -EBADMSG;
}

int spool_file_open(struct spool_file *s, int dir_fd)
{
	int rc;

	*s = SPOOL_FILE_NONE;
	s->fd = openat(dir_fd, "out", O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	rc = s->fd < 0 ? -errno : map_head(s);
	if (rc)
		spool_file_close(s);
	return rc;
}

void spool_file_close(struct spool_file *s)
{
	if (s->head)
		munmap(s->head, SUP_SPOOL_HEAD);
	fd_close(&s->fd);
	*s = SPOOL_FILE_NONE;
}

static uint64_t base_of(const struct spool_file *s)
{
	return atomic_load(&s->head->base);
}

/* What is in the file from r->at on, as far as it fits. False: nothing can be read. */
static bool fill(const struct spool_file *s, const struct spool_reader *r, uint64_t end, struct spool_window *w,
		 struct piece *piece)
{
	size_t want = end - r->at < WINDOW ? (size_t)(end - r->at) : WINDOW;
	ssize_t n;

	do
		n = pread(s->fd, w->data, want, (off_t)r->at);
	while (n < 0 && errno == EINTR);
	*piece = (struct piece){ .at = r->at, .n = n < 0 ? 0 : (size_t)n };
	return n > 0;
}

static void skip_to(struct spool_reader *r, uint64_t position)
{
	r->gap = position - r->position;
	r->position = position;
}

enum step { STEP_RECORD, STEP_REFILL, STEP_GAP, STEP_DAMAGED };

/* The next whole record in the window. */
static enum step next_record(struct spool_reader *r, const struct spool_window *w, struct piece *piece, uint64_t end,
			     struct sup_record *record)
{
	size_t left = piece->n - piece->used;

	if (left < sizeof *record)
		return piece->used ? STEP_REFILL : STEP_DAMAGED;
	memcpy(record, w->data + piece->used, sizeof *record);
	if (record->length == 0 || record->length > SUP_DATA_MAX || record->stream > 1 ||
	    record->length > end - r->at - sizeof *record)
		return STEP_DAMAGED;
	if (left - sizeof *record < record->length)
		return piece->used ? STEP_REFILL : STEP_DAMAGED;
	if (record->position > r->position) {
		skip_to(r, record->position);
		return STEP_GAP;
	}
	return STEP_RECORD;
}

/* Gives out the part of a record that the reader has not had. */
static bool give(struct spool_reader *r, const struct spool_window *w, struct piece *piece,
		 const struct sup_record *record, spool_take *take, void *arg)
{
	const uint8_t *data = w->data + piece->used + sizeof *record;
	uint64_t had = r->position - record->position;
	size_t size = sizeof *record + record->length;
	bool more = true;

	r->at += size;
	piece->used += size;
	if (had < record->length) {
		r->position = record->position + record->length;
		more = take(record->stream, data + had, (size_t)(record->length - had), arg);
	}
	return more;
}

/* Nothing is held: what was before may be missed all the same. */
static enum spool_verdict at_end(const struct spool_file *s, struct spool_reader *r)
{
	uint64_t position = atomic_load(&s->head->base_position);

	if (r->at == base_of(s) && position > r->position) {
		skip_to(r, position);
		return SPOOL_GAP;
	}
	return SPOOL_EMPTY;
}

/* Where the spool ends; asks to be told of more when the reader is there. */
static uint64_t end_of(const struct spool_file *s, const struct spool_reader *r)
{
	uint64_t end = atomic_load(&s->head->end);

	if (r->at == end) {
		atomic_store(&s->head->wants, 1);
		end = atomic_load(&s->head->end);
	}
	return end;
}

/* One window of records. */
static enum spool_verdict read_window(const struct spool_file *s, struct spool_reader *r, struct spool_window *w,
				      uint64_t end, size_t *budget, spool_take *take, void *arg)
{
	struct sup_record record;
	struct piece piece;

	if (!fill(s, r, end, w, &piece))
		return SPOOL_DAMAGED;
	if (base_of(s) > r->at) {
		r->at = 0;		/* passed: from the new base on */
		return SPOOL_MORE;
	}
	for (;;) {
		size_t size;

		if (piece.used == piece.n)
			return SPOOL_MORE;
		switch (next_record(r, w, &piece, end, &record)) {
		case STEP_REFILL:
			return SPOOL_MORE;
		case STEP_GAP:
			return SPOOL_GAP;
		case STEP_DAMAGED:
			return SPOOL_DAMAGED;
		case STEP_RECORD:
			break;
		}
		size = sizeof record + record.length;
		*budget -= size < *budget ? size : *budget;
		if (!give(r, w, &piece, &record, take, arg))
			return SPOOL_STOPPED;
		if (*budget == 0)
			return SPOOL_MORE;
	}
}

enum spool_verdict spool_read(const struct spool_file *s, struct spool_reader *r, struct spool_window *w, size_t budget,
			      spool_take *take, void *arg)
{
	enum spool_verdict verdict = SPOOL_MORE;

	if (!s->head)
		return SPOOL_EMPTY;
	while (verdict == SPOOL_MORE && budget > 0) {
		uint64_t base = base_of(s), end;

		if (r->at < base)
			r->at = base;
		end = end_of(s, r);
		if (r->at > end)
			return SPOOL_DAMAGED;
		verdict = r->at == end ? at_end(s, r) : read_window(s, r, w, end, &budget, take, arg);
	}
	return verdict;
}
