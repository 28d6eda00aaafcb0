/*
 * conn.h - what conn.c, conn_secure.c, conn_io.c and conn_time.c share.
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

void conn_time_init(struct wire_conn *conn);
void conn_time_stop(struct wire_conn *conn);
/* After input: begins or ends the time that a header block may take. */
void conn_time_header_block(struct wire_conn *conn);

#endif
