/*
 * revoked.c - see revoked.h. The set is an array in order of serials; what a set of records adds is sorted in.
 */
#include "master/revoked.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "master/store.h"
#include "master/store_trust.h"
#include "wire/identity.h"

enum { FILE_MAX = 256 * 1024 * 1024, LINE_MAX = 256 };

struct revoked {
	char *path;
	int fd;
	struct revoked_record *records;		/* by serial */
	size_t n, cap;
	int64_t since_s;
};

/* ---- in memory ---- */

/* Where a serial is, or would be. */
static size_t find(const struct revoked *r, const char *serial, bool *is_there)
{
	size_t low = 0, high = r->n;

	*is_there = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(serial, r->records[middle].serial);

		if (order == 0) {
			*is_there = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* False: it was there. */
static bool insert(struct revoked *r, const struct revoked_record *record)
{
	bool is_there;
	size_t at = find(r, record->serial, &is_there);

	if (is_there)
		return false;
	if (r->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 16;
		r->records = mem_realloc(r->records, r->cap * sizeof *r->records);
	}
	memmove(r->records + at + 1, r->records + at, (r->n - at) * sizeof *r->records);
	r->records[at] = *record;
	r->n++;
	return true;
}

bool revoked_has(const char *serial, void *revoked)
{
	bool is_there;

	find(revoked, serial, &is_there);
	return is_there;
}

bool revoked_covers(const struct revoked *r, enum wire_kind kind, const char *name, int64_t issued_s)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->records[i].kind == kind && r->records[i].at_s > issued_s && !strcmp(r->records[i].name, name))
			return true;
	return false;
}

int64_t revoked_since_s(const struct revoked *r)
{
	return r->since_s;
}

/* ---- the file ---- */

static void format(struct buf *out, const struct revoked_record *record)
{
	buf_printf(out, "%s %s %s %" PRId64 " %" PRId64 "\n", record->serial, identity_kind_name(record->kind), record->name,
		   record->at_s, record->not_after_s);
}

static int append(struct revoked *r, struct buf *lines)
{
	off_t before = lseek(r->fd, 0, SEEK_END);
	int err = fd_write_all(r->fd, buf_data(lines), buf_len(lines));

	if (!err && fdatasync(r->fd))
		err = -errno;
	/* Half of it would be ended as a line of its own by what comes next. */
	if (err && before >= 0 && ftruncate(r->fd, before))
		log_error("%s: %s", r->path, strerror(errno));
	buf_done(lines);
	return err;
}

int revoked_add(struct revoked *r, const struct revoked_record *records, size_t n)
{
	struct buf lines = { 0 };
	int err;

	for (size_t i = 0; i < n; i++)
		if (!revoked_has(records[i].serial, r))
			format(&lines, &records[i]);
	if (!buf_len(&lines))
		return 0;
	err = append(r, &lines);
	for (size_t i = 0; i < n && !err; i++)
		insert(r, &records[i]);
	return err;
}

static bool is_serial(const char *text)
{
	size_t n = strspn(text, "0123456789abcdef");

	return n && n <= WIRE_SERIAL_MAX && !text[n];
}

/* A serial alone revokes; what follows it says whose it was. */
static bool parse_line(const char *line, struct revoked_record *out)
{
	char kind[16] = "", name[WIRE_NAME_MAX + 1] = "", serial[WIRE_SERIAL_MAX + 1] = "";

	_Static_assert(WIRE_SERIAL_MAX == 40 && WIRE_NAME_MAX == 64, "widths below");
	*out = (struct revoked_record){ .at_s = 0 };
	sscanf(line, "%40s %15s %64s %" SCNd64 " %" SCNd64, serial, kind, name, &out->at_s, &out->not_after_s);
	if (!is_serial(serial) || line[strlen(serial)] != ' ')
		return false;
	memcpy(out->serial, serial, sizeof out->serial);
	memcpy(out->name, name, sizeof out->name);
	out->kind = identity_kind_parse(kind);
	return true;
}

/* `text` ends with a NUL. */
static void parse(struct revoked *r, char *text, int64_t now_s)
{
	struct revoked_record record;
	unsigned n_odd = 0;
	char *end;

	r->since_s = now_s;
	if (sscanf(text, "since %" SCNd64 "\n", &r->since_s) == 1)
		text = strchrnul(text, '\n');
	else
		log_warn("%s does not say since when it is complete: certificates that the database does not know have to be "
			 "accepted", r->path);
	for (; *text; text = end) {
		text += strspn(text, "\n");
		end = strchrnul(text, '\n');
		if (*end)
			*end++ = '\0';
		if (parse_line(text, &record))
			insert(r, &record);
		else if (*text)
			n_odd++;
	}
	if (n_odd)
		log_warn("%s: %u lines are none of ours", r->path, n_odd);
}

static int begin_file(struct revoked *r, int64_t now_s)
{
	struct buf line = { 0 };
	int err;

	buf_printf(&line, "since %" PRId64 "\n", now_s);
	err = fd_write_file(r->path, buf_data(&line), buf_len(&line), 0600);
	buf_done(&line);
	r->since_s = now_s;
	return err;
}

static int read_file(struct revoked *r, int64_t now_s, bool *is_cut)
{
	struct buf content = { 0 };
	int err = fd_read_file(r->path, FILE_MAX, &content);
	size_t n = buf_len(&content);
	char *text;

	if (err == -ENOENT)
		return begin_file(r, now_s);
	if (err)
		return err;
	*is_cut = n && buf_data(&content)[n - 1] != '\n';
	text = buf_take_string(&content);
	for (size_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = '\n';		/* holes that a power failure leaves */
	parse(r, text, now_s);
	free(text);
	return 0;
}

static int open_file(struct revoked *r, int64_t now_s)
{
	struct buf end = { 0 };
	bool is_cut = false;
	int err = read_file(r, now_s, &is_cut);

	if (err)
		return err;
	r->fd = open(r->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (r->fd < 0)
		return -errno;
	if (!is_cut)
		return 0;
	buf_append_str(&end, "\n");
	return append(r, &end);
}

/* ---- merging ---- */

struct merge {
	struct revoked *r;
	struct revoked_record *missing;		/* in the file */
	size_t n;
};

static void on_revoked(const struct revoked_record *record, void *arg)
{
	struct merge *m = arg;

	if (revoked_has(record->serial, m->r))
		return;
	m->missing = mem_realloc(m->missing, (m->n + 1) * sizeof *m->missing);
	m->missing[m->n++] = *record;
}

static int write_store(const struct revoked *r, struct store *store)
{
	store_begin_durable(store);
	for (size_t i = 0; i < r->n; i++)
		store_put_revoked(store, &r->records[i]);
	store_apply_revoked(store);
	return store_commit(store);
}

/* The database may fail: what is in the file holds all the same. */
static int merge(struct revoked *r, struct store *store)
{
	struct merge m = { .r = r };
	int err = store_each_revoked(store, on_revoked, &m);

	if (!err && m.n)
		log_info("%s: lacked %zu certificates that the database has as revoked", r->path, m.n);
	err = m.n ? revoked_add(r, m.missing, m.n) : 0;
	free(m.missing);
	if (!err && r->n && write_store(r, store))
		log_error("what is in %s cannot be written to the database; it holds all the same", r->path);
	return err;
}

int revoked_open(const char *path, struct store *store, int64_t now_s, struct revoked **out, char **error)
{
	struct revoked *r = mem_new(struct revoked);
	int err;

	r->path = mem_strdup(path);
	r->fd = -1;
	err = open_file(r, now_s);
	if (!err)
		err = merge(r, store);
	if (!err) {
		*out = r;
		return 0;
	}
	*error = mem_printf("%s: %s: without the list of revoked certificates nobody can be let in", path, strerror(-err));
	revoked_free(r);
	return err;
}

void revoked_free(struct revoked *r)
{
	if (!r)
		return;
	fd_close(&r->fd);
	free(r->records);
	free(r->path);
	free(r);
}
