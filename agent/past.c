/*
 * past.c - a ring of ids with their outcomes; of the ids the hashes are in memory, slot by slot as in the file.
 *
 * Owns the file. An id has a number, one more than that of the id before it; the number says which slot it
 * is in. So the file needs no head, no order of writing and never grows: a record counts when its number
 * belongs to its slot, and the highest number is the newest. Two write(2) per id, before its start and at its end,
 * and no fsync(2): they survive the process, not the power of the machine, which ends the runs as well.
 *
 * Room for the next AHEAD ids is taken before it is needed: on a disk that has become full they can still start, and
 * an end is written where its id has been already.
 *
 * In memory an id is 8 bytes of hash, found through hash chains: half the memory, and ids are random, so that one
 * of 2^49 at most is taken for another one and refused. None is forgotten by that.
 */
#include "agent/past.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"

enum { N_BUCKETS = 16384, RECORDS_AT_ONCE = 1024, AHEAD = 1024, OLDEST = 64 };
static const uint64_t record_magic = UINT64_C(0x33545341504c5353);	/* of another layout: another number */
static const uint64_t day_ms = UINT64_C(24) * 3600 * 1000, way_ms = 60 * 1000;

struct record {				/* of the file */
	uint64_t magic;
	uint64_t number;		/* 0: none */
	uint8_t id[PAST_ID_BYTES];
	uint64_t written_ms;		/* boot clock: not before the id was put first */
	struct past_outcome outcome;
};

static_assert(sizeof(struct record) == PAST_RECORD_BYTES, "a record has no holes");

struct past {
	uint64_t *hashes;		/* one for each slot, made with the first id; 0: free */
	uint32_t *nexts;		/* of each slot: slot + 1 in the chain of its bucket; 0: the last */
	uint32_t *buckets;		/* slot + 1 */
	unsigned max;			/* slots */
	uint64_t number;		/* of the newest id; 0: there is none */
	int fd;				/* -1: in memory only */
	unsigned room;			/* slots that the file has blocks for */
	uint64_t unread_ms;		/* boot clock: when records of another layout were found; 0: there were none */
	bool is_failing;		/* the last write was not whole, and this was logged */
};

struct past *past_new(unsigned max)
{
	struct past *p = mem_new(struct past);

	p->fd = -1;
	p->max = max;
	return p;
}

void past_free(struct past *p)
{
	if (!p)
		return;
	fd_close(&p->fd);
	free(p->hashes);
	free(p->nexts);
	free(p->buckets);
	free(p);
}

/* ---- in memory ---- */

/* Ids that differ in one half only never share it. */
static uint64_t hash_of(const uint8_t *id)
{
	uint64_t half[2], hash;

	memcpy(half, id, sizeof half);
	hash = half[0] * UINT64_C(0x9e3779b97f4a7c15) + half[1] * UINT64_C(0xbf58476d1ce4e5b9);
	return hash ? hash : 1;
}

static uint32_t *bucket_of(const struct past *p, uint64_t hash)
{
	return &p->buckets[(hash >> 32) % N_BUCKETS];
}

/* Slot + 1; 0: none. */
static unsigned slot_of(const struct past *p, const uint8_t *id)
{
	uint64_t hash = hash_of(id);

	if (!p->hashes)
		return 0;
	for (unsigned i = *bucket_of(p, hash); i; i = p->nexts[i - 1])
		if (p->hashes[i - 1] == hash)
			return i;
	return 0;
}

bool past_has(const struct past *p, const uint8_t *id)
{
	return slot_of(p, id) != 0;
}

static void unchain(struct past *p, unsigned at)
{
	uint32_t *i = bucket_of(p, p->hashes[at]);

	while (*i != at + 1)
		i = &p->nexts[*i - 1];
	*i = p->nexts[at];
}

static void enter(struct past *p, unsigned at, const uint8_t *id)
{
	uint64_t hash = hash_of(id);
	uint32_t *bucket;

	if (!p->hashes) {
		p->hashes = mem_array(p->max, sizeof *p->hashes);
		p->nexts = mem_array(p->max, sizeof *p->nexts);
		p->buckets = mem_array(N_BUCKETS, sizeof *p->buckets);
	}
	if (p->hashes[at])
		unchain(p, at);
	bucket = bucket_of(p, hash);
	p->hashes[at] = hash;
	p->nexts[at] = *bucket;
	*bucket = at + 1;
}

static void leave(struct past *p, unsigned at)
{
	unchain(p, at);
	p->hashes[at] = 0;
}

/* ---- in the file ---- */

/* Up to n whole records from slot `at` on; how many, or -errno. */
static int read_records(int fd, unsigned at, struct record *records, size_t n)
{
	size_t size = n * sizeof *records, have = 0;

	while (have < size) {
		ssize_t got = pread(fd, (uint8_t *)records + have, size - have, (off_t)(at * sizeof *records + have));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (int)(have / sizeof *records);
}

static void take_record(struct past *p, unsigned at, const struct record *record)
{
	uint64_t number = record->number;

	if (record->magic && record->magic != record_magic)
		p->unread_ms = boot_ms();
	if (record->magic != record_magic || number == 0 || number == UINT64_MAX || number % p->max != at)
		return;
	enter(p, at, record->id);
	if (number > p->number)
		p->number = number;
}

static int load(struct past *p, int fd)
{
	struct record *records = mem_array(RECORDS_AT_ONCE, sizeof *records);
	unsigned at = 0;
	struct stat st;
	int n;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		p->room = (unsigned)(st.st_size / (off_t)sizeof *records);
	do {
		n = read_records(fd, at, records, RECORDS_AT_ONCE);
		for (int i = 0; i < n; i++)
			take_record(p, at + (unsigned)i, &records[i]);
		at += RECORDS_AT_ONCE;
	} while (n == RECORDS_AT_ONCE && at < p->max);
	free(records);
	return n < 0 ? n : 0;
}

/* Room for the ids that come next, as much as the disk has; a file system that cannot take it ahead takes it as they are
 * written. */
static void look_ahead(struct past *p)
{
	const off_t size = sizeof(struct record);
	unsigned next = (unsigned)(p->number % p->max) + 1;

	if (p->fd < 0 || p->room >= p->max || next + AHEAD / 2 <= p->room)
		return;
	if (fallocate(p->fd, 0, p->room * size, AHEAD * size) == 0)
		p->room += AHEAD;
	else if (errno == EOPNOTSUPP || errno == ENOSYS)
		p->room = p->max;
}

int past_open(struct past *p, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
	int err = fd < 0 ? -errno : load(p, fd);

	if (err)
		fd_close(&fd);
	p->fd = fd;
	if (!err)
		look_ahead(p);
	return err;
}

static int write_record(struct past *p, unsigned at, const struct record *record)
{
	ssize_t n;
	int err = 0;

	if (p->fd < 0)
		return 0;
	do
		n = pwrite(p->fd, record, sizeof *record, (off_t)(at * sizeof *record));
	while (n < 0 && errno == EINTR);
	if (n != sizeof *record)
		err = n < 0 ? -errno : -ENOSPC;
	if (err && !p->is_failing)
		log_warn("ids and ends of runs cannot be written down: %s", strerror(-err));
	p->is_failing = err != 0;
	return err;
}

/* Of the id that is in a slot: the newest number that belongs there. */
static uint64_t number_of(const struct past *p, unsigned at)
{
	return p->number - (p->number - at) % p->max;
}

/* The record of an id in its slot, if that is what the slot of the file has. */
static bool read_own(const struct past *p, unsigned at, const uint8_t *id, struct record *record)
{
	return p->fd >= 0 && read_records(p->fd, at, record, 1) == 1 && record->magic == record_magic &&
		memcmp(record->id, id, PAST_ID_BYTES) == 0;
}

int past_put(struct past *p, const uint8_t *id, const struct past_outcome *outcome)
{
	struct record record = { .magic = record_magic, .written_ms = boot_ms(), .outcome = *outcome };
	unsigned slot = slot_of(p, id);
	int err;

	memcpy(record.id, id, PAST_ID_BYTES);
	if (slot) {
		record.number = number_of(p, slot - 1);
	} else {
		record.number = ++p->number;
		slot = (unsigned)(record.number % p->max) + 1;
		enter(p, slot - 1, id);
	}
	err = write_record(p, slot - 1, &record);
	if (!err)
		look_ahead(p);
	return err;
}

bool past_find(const struct past *p, const uint8_t *id, struct past_outcome *out)
{
	unsigned slot = slot_of(p, id);
	struct record record;

	if (!slot)
		return false;
	*out = (struct past_outcome){ 0 };
	if (read_own(p, slot - 1, id, &record))
		*out = record.outcome;
	out->reason[PAST_REASON_MAX] = '\0';
	return true;
}

/*
 * When the newest id was put that is not known any more, or later. Whatever left the ring was put before all that is in
 * it: so the earliest of the oldest ones is such a time, as a record may have been written long after its id was put.
 */
static uint64_t forgotten_ms(const struct past *p)
{
	uint64_t first = p->number - p->max + 1, earliest = UINT64_MAX;
	struct record record;

	if (p->number <= p->max)
		return p->unread_ms;
	for (uint64_t number = first; number < first + OLDEST; number++)
		if (p->fd >= 0 && read_records(p->fd, (unsigned)(number % p->max), &record, 1) == 1 &&
		    record.magic == record_magic && record.number == number && record.written_ms < earliest)
			earliest = record.written_ms;
	return earliest == UINT64_MAX ? boot_ms() : earliest > p->unread_ms ? earliest : p->unread_ms;
}

bool past_remembers(const struct past *p, uint64_t age_ms)
{
	uint64_t forgotten = forgotten_ms(p), now = boot_ms(), age = age_ms ? age_ms + way_ms : day_ms;

	return !forgotten || (age < now && now - age > forgotten);
}

void past_forget(struct past *p, const uint8_t *id)
{
	static const struct record none;
	unsigned slot = slot_of(p, id);
	struct past_outcome known;

	if (!past_find(p, id, &known) || known.has_ended)
		return;
	leave(p, slot - 1);
	(void)write_record(p, slot - 1, &none);		/* else it counts as started: nothing is started by that */
}
