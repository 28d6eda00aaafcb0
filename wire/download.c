/*
 * download.c - see download.h.
 *
 * Progress buys time: a client has WIRE_DOWNLOAD_GRACE_MS and what it takes at WIRE_DOWNLOAD_RATE, and is never without
 * progress for WIRE_STREAM_STALL_MS. So a slow line gets its file, and nobody holds a connection for ever.
 */
#include "wire/download.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/mem.h"
#include "wire/files.h"
#include "wire/internal.h"
#include "wire/limits.h"

struct download {
	enum download_method method;
	unsigned status;
	struct wire_file file;
	uint64_t sent;
	uint64_t begun_ms, moved_ms;
	char code[8], length[24], date[40];	/* values of fields */
};

static const struct answer {
	unsigned status;
	const char *reason, *text;
} answers[] = {
	{ 200, "OK", "" },
	{ 400, "Bad Request", "this is no request that is understood here\n" },
	{ 404, "Not Found", "no such file is served here\n" },
	{ 405, "Method Not Allowed", "files are for GET and HEAD\n" },
	{ 413, "Content Too Large", "a request has no content here\n" },
	{ 414, "URI Too Long", "no path here is as long\n" },
	{ 431, "Request Header Fields Too Large", "a request has at most 8 KiB here\n" },
	{ 503, "Service Unavailable", "it cannot be read for now, try again later\n" },
	{ 505, "HTTP Version Not Supported", "HTTP/1.0, HTTP/1.1 and, with ALPN h2, HTTP/2 are spoken here\n" },
};

static const struct answer *answer_of(unsigned status)
{
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		if (answers[i].status == status)
			return &answers[i];
	return &answers[1];
}

/* ---- what is sent ---- */

static ssize_t read_text(void *body, uint64_t offset, void *to, size_t n)
{
	memcpy(to, (const char *)body + offset, n);
	return (ssize_t)n;
}

static void set_error(struct download *d, unsigned status)
{
	const char *text = answer_of(status)->text;

	d->status = status;
	d->file = (struct wire_file){
		.type = "text/plain; charset=utf-8", .size = strlen(text), .read = read_text, .body = (void *)(uintptr_t)text,
	};
}

/* RFC 9110 6.6.1 wants it of who has a clock, and 5.6.7 in this form. */
static void set_date(struct download *d)
{
	time_t now = (time_t)wall_s();
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(d->date, sizeof d->date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static struct download *make(enum download_method method)
{
	struct download *d = mem_new(struct download);

	d->method = method;
	d->begun_ms = d->moved_ms = mono_ms();
	set_date(d);
	return d;
}

static struct download *finished(struct download *d)
{
	snprintf(d->code, sizeof d->code, "%u", d->status % 1000);
	snprintf(d->length, sizeof d->length, "%" PRIu64, d->file.size);
	return d;
}

struct download *download_error(unsigned status, enum download_method method)
{
	struct download *d = make(method);

	set_error(d, status);
	return finished(d);
}

static int find(const struct wire_conn *conn, const char *target, struct wire_file *file)
{
	const struct wire *wire = conn->wire;
	size_t n = strcspn(target, "?");
	char path[WIRE_PATH_MAX + 1];

	if (*target != '/' || n > WIRE_PATH_MAX)
		return -ENOENT;
	memcpy(path, target, n);
	path[n] = '\0';
	return wire->find_file(&conn->peer, path, file, wire->find_file_arg);
}

static void drop_file(struct download *d)
{
	if (d->file.done)
		d->file.done(d->file.body);
}

struct download *download_new(const struct wire_conn *conn, enum download_method method, const char *target)
{
	struct download *d = make(method);
	int rv = find(conn, target, &d->file);

	if (rv == 0 && method != DOWNLOAD_OTHER) {
		d->status = 200;
		return finished(d);
	}
	if (rv == 0)
		drop_file(d);
	set_error(d, rv == 0 ? 405 : rv == -ENOENT ? 404 : 503);
	return finished(d);
}

void download_free(struct download *d)
{
	if (!d)
		return;
	drop_file(d);
	free(d);
}

bool download_is_offered(const struct wire_conn *conn)
{
	return conn->wire->find_file && conn->peer.is_secure;
}

/* ---- as HTTP has it ---- */

unsigned download_status(const struct download *d)
{
	return d->status;
}

const char *download_reason(const struct download *d)
{
	return answer_of(d->status)->reason;
}

/* Nobody on the way keeps a copy: what is served changes with the next version, and with the CA. */
void download_headers(const struct download *d, struct headers *h)
{
	headers_add_text(h, ":status", d->code);
	headers_add_text(h, "content-type", d->file.type);
	headers_add_text(h, "content-length", d->length);
	headers_add_text(h, "date", d->date);
	headers_add_text(h, "cache-control", "no-store");
	headers_add_text(h, "x-content-type-options", "nosniff");
	if (d->status == 405)
		headers_add_text(h, "allow", "GET, HEAD");
}

/* ---- the content ---- */

uint64_t download_left(const struct download *d)
{
	return d->method == DOWNLOAD_HEAD ? 0 : d->file.size - d->sent;
}

int download_read(struct download *d, uint8_t *to, size_t n)
{
	while (n) {
		ssize_t got = d->file.read(d->file.body, d->sent, to, n);

		if (got <= 0)
			return got < 0 ? (int)got : -EIO;
		to += got;
		n -= (size_t)got;
		d->sent += (uint64_t)got;
	}
	d->moved_ms = mono_ms();
	return 0;
}

uint64_t download_due_ms(const struct download *d)
{
	uint64_t stall = d->moved_ms + WIRE_STREAM_STALL_MS;
	uint64_t slow = d->begun_ms + WIRE_DOWNLOAD_GRACE_MS + d->sent / WIRE_DOWNLOAD_RATE * 1000;

	return stall < slow ? stall : slow;
}
