/*
 * conn.h - what conn.c, conn_secure.c, conn_io.c, conn_time.c and conn_http1.c share.
 */
#ifndef WIRE_CONN_H
#define WIRE_CONN_H

#include "wire/internal.h"

void conn_set_state(struct wire_conn *conn, enum conn_state state);
/* No new calls from here on; those that run have grace_ms. Server: announces it with a first GOAWAY. */
void conn_drain(struct wire_conn *conn, uint32_t grace_ms, const char *why);
/* The last GOAWAY, once. */
void conn_drain_final(struct wire_conn *conn);

/* Gives the peer its roles and limits. False: it has too many connections, and this one is gone. */
bool conn_admit(struct wire_conn *conn);

/* The socket is there: begins to read. */
void conn_io_init(struct wire_conn *conn);
void conn_set_reading(struct wire_conn *conn, bool on);
void conn_set_blocked(struct wire_conn *conn, bool on);
/* Looks for room in the socket while anything waits for it. */
void conn_watch_writing(struct wire_conn *conn);
void conn_io_stop(struct wire_conn *conn);
/* A file is sent: the kernel shall not take megabytes of it ahead. */
void conn_limit_unsent(struct wire_conn *conn);

void conn_time_init(struct wire_conn *conn);
void conn_time_stop(struct wire_conn *conn);
/* After input: begins or ends the time that a header block may take. */
void conn_time_header_block(struct wire_conn *conn);

/* HTTP/1.x begins, inside TLS. */
void conn_http1_begin(struct wire_conn *conn);
void conn_http1_free(struct conn_http1 *h);
void conn_http1_input(struct wire_conn *conn, const uint8_t *data, size_t n);
/* Appends the next piece of the answer, if there is one. 0 or -errno. */
int conn_http1_gather(struct conn_http1 *h, struct buf *out);
bool conn_http1_is_answering(const struct wire_conn *conn);	/* the request is whole */
bool conn_http1_is_over(const struct wire_conn *conn);		/* and all of the answer has been gathered */
const char *conn_http1_why(const struct wire_conn *conn, char *text, size_t size);	/* in words, once it is over */
uint64_t conn_http1_due_ms(const struct wire_conn *conn);	/* when the client is too slow; UINT64_MAX: never */

#endif
