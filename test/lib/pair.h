/*
 * pair.h - a caller and an answerer on the wire layer in one process, in every form: over TCP, unix sockets and
 * TLS, with the caller or the answerer as the one who dialled.
 *
 * pair_open() returns when the connection is up; pair_run() turns the loop until a condition holds or a
 * deadline passes; pair_close() ends both sides and asserts that the loop returns by itself and nothing is
 * alive.
 */
#ifndef TEST_LIB_PAIR_H
#define TEST_LIB_PAIR_H

#include <ev.h>
#include <stdbool.h>

#include "common/buf.h"
#include "test/lib/tmp.h"
#include "wire/wire.h"

enum pair_form { PAIR_TCP, PAIR_UNIX, PAIR_TLS, PAIR_TCP_REVERSE, PAIR_UNIX_REVERSE, PAIR_TLS_REVERSE, PAIR_FORMS };

struct pair {
	struct ev_loop *loop;
	struct wire *caller, *answerer;
	struct wire_conn *conn;			/* the caller's connection, NULL when down */
	struct wire_conn *peer;			/* the answerer's */
	struct wire_listener *listener;
	struct ca *ca;				/* of the forms with TLS, whose ends both have its leaf */
	struct wire_tls *tls;
	char dir[TMP_DIR_MAX];
	unsigned n_up, n_down, n_drain, n_answerer_down;
	char why[200];				/* of the caller's connection */
};

void pair_open(struct pair *p, enum pair_form form);
/* The same without waiting; pair_has_begun() for pair_run(): the caller's connection is up or down. */
void pair_start(struct pair *p, enum pair_form form);
bool pair_has_begun(void *pair);
void pair_close(struct pair *p);
/* Fails the test after 20 s. */
void pair_run(struct pair *p, bool (*done)(void *), void *arg);
bool pair_is(void *flag);			/* for pair_run(): a bool */

/* What a test keeps of one client call. */
struct record {
	struct wire_call *call;
	unsigned n_messages;
	struct buf last;		/* last message */
	uint64_t bytes;			/* of all messages */
	bool drained, ended;
	enum wire_code code;
	char why[300];
	bool unprocessed;
	char header[64], trailer[64];	/* values of "x-header" and "x-trailer", seen at the end */
};
extern const struct wire_call_ops record_ops;	/* arg: struct record * */

/* Starts a call to `path` with ops that record into r. */
void pair_call(struct pair *p, const char *path, struct record *r);
/* The same with one message and half-close, run to its end. */
void pair_unary(struct pair *p, const char *path, const void *data, size_t len, struct record *r);
void record_done(struct record *r);

#endif
