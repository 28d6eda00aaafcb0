/*
 * reach.h - what the master met when it dialled an agent at the address that it reports: one word for it, and what to
 * do next, on which machine. Pure.
 */
#ifndef MASTER_REACH_H
#define MASTER_REACH_H

#include <stdbool.h>

#include "wire/wire.h"

enum reach {
	REACH_UNKNOWN,		/* not dialled yet */
	REACH_DIRECT,		/* it is the agent */
	REACH_TIMEOUT,		/* nobody answers: a firewall drops, or the host is down */
	REACH_REFUSED,		/* nothing listens there: no forward */
	REACH_CLOSED,		/* accepted, then closed before a byte: a forward with nothing behind it */
	REACH_SILENT,		/* accepted, then not a byte: something that waits, or hangs */
	REACH_NOT_TLS,		/* something else answers, */
	REACH_NOT_GRPC,		/* in TLS or not */
	REACH_OTHER_AGENT,
	REACH_MASTER_ITSELF,	/* the port is forwarded to this master, or is its own */
	REACH_OTHER_CLUSTER,	/* a certificate of another CA */
	REACH_DATES,		/* its certificate is not valid now: a clock is wrong */
	REACH_REVOKED,
	REACH_NO_NAME,		/* the host name has no address */
	REACH_NO_ROUTE,
	REACH_FAILED,		/* anything else: the words say what */
	REACH_N
};

/* "direct", "refused"; "" for REACH_UNKNOWN. Static. */
const char *reach_name(enum reach reach);
/* Of a connection that failed. */
enum reach reach_of_conn(const struct wire_conn *conn);
/* The finding in words, beginning with its name unless `why`, which is what the connection said, is all there is to
 * say. Owned. */
char *reach_words(enum reach reach, const char *why);

/* Of whom it was found. */
struct reach_agent {
	const char *name, *address;	/* HOST:PORT, as it was dialled */
	bool is_active;			/* it is heard: it runs */
	const char *accept;		/* the command that lets in a key that waits under the name; NULL: none does */
};
/* The next command and the machine for it, in one line. Owned; NULL: there is nothing to do. */
char *reach_advice(enum reach reach, const struct reach_agent *agent);

#endif
