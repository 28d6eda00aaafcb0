/*
 * audit_query.c - see audit_query.h.
 *
 *   oldest full file -> next -> ... -> current file -> at its end: done, or wait for what comes (follow)
 *
 * A file stays open while it is read, whatever it is called meanwhile. At the end of what was the current file its
 * inode says whether it still is; where not, the file behind it is the next. A file that was deleted before it was
 * read is left out, and so is a line that is no record.
 */
#include "master/audit_query.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"
#include "master/audit.h"
#include "master/audit_files.h"
#include "master/gate.h"
#include "master/master.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/wire.h"

enum { PIECE = 64 * 1024 };

struct audit_query {
	struct list link;		/* m->audit_queries */
	struct master *m;
	struct wire_call *call;
	struct audit_follower follower;
	ev_timer turn;			/* active: there is something to read */
	char *by, *agent;		/* globs; NULL: any */
	char since[WALL_TEXT_MAX], until[WALL_TEXT_MAX];	/* "": no bound */
	bool follows;
	bool is_full;			/* the caller takes no more until on_drain */
	char done[AUDIT_NAME_MAX];	/* the newest full file that was read; "": none */
	char name[AUDIT_NAME_MAX];	/* the full file that is read; "": the current one */
	int fd;				/* -1: the next file is to be opened */
	uint64_t inode;
	struct buf in;
};

/* ---- what is wanted ---- */

/* Goes back to the newest star only, which is enough: what an older one would take, this one can. */
bool audit_query_matches(const char *glob, const char *text)
{
	const char *star = NULL, *from = NULL;

	while (*text) {
		if (*glob == '*') {
			star = glob++;
			from = text;
		} else if (*glob == '?' || *glob == *text) {
			glob++;
			text++;
		} else if (star) {
			glob = star + 1;
			text = ++from;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

static bool member_matches(const json_t *record, const char *key, const char *glob)
{
	const char *value = json_string_value(json_object_get(record, key));

	return !glob || (value && audit_query_matches(glob, value));
}

static bool is_wanted(const struct audit_query *q, const char *line, size_t n)
{
	json_t *record = json_loadb(line, n, JSON_ALLOW_NUL, NULL);
	const char *at = json_string_value(json_object_get(record, "time"));
	bool is = at && (!*q->since || strcmp(at, q->since) >= 0) && (!*q->until || strcmp(at, q->until) < 0) &&
		  member_matches(record, "who", q->by) && member_matches(record, "agent", q->agent);

	json_decref(record);
	return is;
}

/* ---- to the caller ---- */

static void wake(struct audit_query *q)
{
	if (!q->is_full && !ev_is_active(&q->turn))
		ev_timer_start(q->m->loop, &q->turn);
}

/* Every whole line that is read and wanted, in one message. */
static void send_lines(struct audit_query *q)
{
	Sloth__V1__AuditResponse response = SLOTH__V1__AUDIT_RESPONSE__INIT;
	char *start = (char *)buf_data(&q->in), *at = start, *end = start + buf_len(&q->in), *stop;
	size_t cap = 0;

	for (; at < end && (stop = memchr(at, '\n', (size_t)(end - at))); at = stop + 1) {
		if (!is_wanted(q, at, (size_t)(stop - at)))
			continue;
		*stop = '\0';
		if (response.n_records == cap) {
			cap = cap ? 2 * cap : 64;
			response.records = mem_realloc(response.records, cap * sizeof *response.records);
		}
		response.records[response.n_records++] = at;
	}
	if (response.n_records)
		q->is_full = !wire_send_message(q->call, &response.base);
	free(response.records);
	buf_consume(&q->in, (size_t)(at - start));
	if (buf_len(&q->in) > AUDIT_RECORD_MAX)
		buf_clear(&q->in);		/* whoever wrote that line was not us */
}

/* ---- files ---- */

/* -ENOENT: there is none of that name any more. */
static int open_file(struct audit_query *q)
{
	char *path = paths_join(audit_dir(q->m->audit), *q->name ? q->name : AUDIT_CURRENT);
	struct stat st;

	q->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	free(path);
	if (q->fd < 0)
		return -errno;
	if (fstat(q->fd, &st) || !S_ISREG(st.st_mode)) {
		fd_close(&q->fd);
		return -EINVAL;
	}
	q->inode = st.st_ino;
	buf_clear(&q->in);
	return 0;
}

/* The next file that may have what is wanted. */
static int open_next(struct audit_query *q)
{
	const char *dir = audit_dir(q->m->audit);
	int err;

	do {
		audit_files_next(dir, q->done, q->name);
		err = open_file(q);
		if (*q->name)
			memcpy(q->done, q->name, sizeof q->done);
	} while (err && *q->name);
	return err;
}

/* The file is read to its end. True: there may be another one. */
static bool leave_file(struct audit_query *q)
{
	if (!*q->name && q->inode == audit_inode(q->m->audit))
		return false;
	if (!*q->name)
		audit_files_find(audit_dir(q->m->audit), q->inode, q->name);
	if (*q->name)
		memcpy(q->done, q->name, sizeof q->done);
	fd_close(&q->fd);
	return true;
}

/* Reads a piece. True: there may be more. */
static bool read_piece(struct audit_query *q)
{
	ssize_t n;

	if (q->fd < 0 && open_next(q))
		return false;
	n = read(q->fd, buf_reserve(&q->in, PIECE), PIECE);
	if (n <= 0)
		return leave_file(q);
	buf_commit(&q->in, (size_t)n);
	send_lines(q);
	return true;
}

static void on_turn(struct ev_loop *loop, ev_timer *w, int events)
{
	struct audit_query *q = w->data;
	bool is_more = read_piece(q);

	(void)loop;
	(void)events;
	if (is_more)
		wake(q);
	else if (!q->follows)
		wire_end(q->call, WIRE_OK, "");
}

static void on_told(void *arg)
{
	wake(arg);
}

/* ---- the call ---- */

static void on_drain(struct wire_call *call, void *arg)
{
	struct audit_query *q = arg;

	(void)call;
	q->is_full = false;
	wake(q);
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct audit_query *q = arg;

	(void)call;
	(void)code;
	(void)why;
	ev_timer_stop(q->m->loop, &q->turn);
	audit_unfollow(&q->follower);
	list_remove(&q->link);
	q->m->n_audit_queries--;
	fd_close(&q->fd);
	buf_done(&q->in);
	free(q->by);
	free(q->agent);
	free(q);
}

static const struct wire_call_ops ops = { .on_drain = on_drain, .on_end = on_end };

static void set_bound(char out[WALL_TEXT_MAX], int64_t at_s)
{
	const int64_t year_9999_s = 253402300799;

	if (at_s > 0)
		wall_format((at_s < year_9999_s ? at_s : year_9999_s) * 1000000, out);
}

static struct audit_query *query_new(struct master *m, struct wire_call *call, const Sloth__V1__AuditRequest *request)
{
	struct audit_query *q = mem_new(struct audit_query);

	q->m = m;
	q->call = call;
	q->fd = -1;
	q->by = *request->by ? mem_strdup(request->by) : NULL;
	q->agent = *request->agent ? mem_strdup(request->agent) : NULL;
	q->follows = request->follow;
	set_bound(q->since, request->since);
	set_bound(q->until, request->until);
	ev_timer_init(&q->turn, on_turn, 0, 0);
	q->turn.data = q;
	q->follower.told = on_told;
	q->follower.arg = q;
	list_init(&q->follower.link);
	if (q->follows)
		audit_follow(m->audit, &q->follower);
	list_push(&m->audit_queries, &q->link);
	m->n_audit_queries++;
	return q;
}

/* A full file is named after its last record: older ones need not be read. */
static void skip_old_files(struct audit_query *q, int64_t since_s)
{
	char name[AUDIT_NAME_MAX] = "";

	while (*q->since && audit_files_next(audit_dir(q->m->audit), name, name) &&
	       audit_files_is_before(name, since_s * 1000000))
		memcpy(q->done, name, sizeof q->done);
}

void audit_query_start(struct wire_call *call, const uint8_t *data, size_t len, void *master)
{
	struct master *m = master;
	const Sloth__V1__AuditRequest *request = wire_unpack(call, &sloth__v1__audit_request__descriptor, data, len);
	struct audit_query *q;

	if (!request || !master_may(m, call, POLICY_AUDIT, NULL, NULL))
		return;
	if (m->is_stopping) {
		wire_end(call, WIRE_UNAVAILABLE, "the master is stopping");
		return;
	}
	if (m->n_audit_queries >= AUDIT_QUERIES_MAX) {
		wire_endf(call, WIRE_RESOURCE_EXHAUSTED, "the audit log is being read %d times at once, the limit: try again "
			  "later", AUDIT_QUERIES_MAX);
		return;
	}
	q = query_new(m, call, request);
	skip_old_files(q, request->since);
	wire_accept(call, &ops, q);
	wake(q);
}

void audit_query_stop(struct master *m)
{
	list_for_each(pos, tmp, &m->audit_queries) {
		struct audit_query *q = list_entry(pos, struct audit_query, link);

		if (q->follows)
			wire_end(q->call, WIRE_UNAVAILABLE, "the master is stopping");
	}
}
