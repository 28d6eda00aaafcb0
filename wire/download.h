/*
 * download.h - one answer to a client that speaks plain HTTP: a file, or an error and its text. What HTTP/1.x and
 * HTTP/2 send of it is the same. Owns the file that wire_find_file() gave.
 */
#ifndef WIRE_DOWNLOAD_H
#define WIRE_DOWNLOAD_H

#include "wire/headers.h"
#include "wire/wire.h"

struct download;

enum download_method { DOWNLOAD_OTHER, DOWNLOAD_GET, DOWNLOAD_HEAD };

/* Whether who is there may be given files: files.h. */
bool download_is_offered(const struct wire_conn *conn);
/* The answer to a request for `target`, which may have a query behind it. */
struct download *download_new(const struct wire_conn *conn, enum download_method method, const char *target);
/* An answer that says why there is none: a status from 400 on. */
struct download *download_error(unsigned status, enum download_method method);
void download_free(struct download *d);		/* NULL is fine */

unsigned download_status(const struct download *d);
const char *download_reason(const struct download *d);	/* the phrase that HTTP/1.x has behind it */
/* ":status" and the fields; they borrow from the download. */
void download_headers(const struct download *d, struct headers *h);
/* Bytes of the content that are still to be sent. */
uint64_t download_left(const struct download *d);
/* The next n of them, at most download_left(). 0 or -errno. */
int download_read(struct download *d, uint8_t *to, size_t n);
/* When the client has been too slow, in milliseconds of mono_ms(), if nothing moves until then. */
uint64_t download_due_ms(const struct download *d);

#endif
