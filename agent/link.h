/*
 * link.h - the agent's connection to its master: registers, sends heartbeats, dials again when lost.
 *
 * Never gives up and never ends the agent: what is wrong is logged once, until it changes.
 */
#ifndef AGENT_LINK_H
#define AGENT_LINK_H

#include <stdint.h>

#include "agent/identity.h"
#include "agent/ready.h"

enum {
	LINK_RECONNECT_MIN_MS = 200, LINK_RECONNECT_MAX_MS = 10000,
	LINK_KEEPALIVE_MS = 10000,
	LINK_CALL_MS = 10000,			/* for an answer to RegisterAgent and Heartbeat */
	LINK_INTERVAL_MS = 5000,		/* of heartbeats, where the master names none */
	LINK_INTERVAL_MIN_MS = 20, LINK_INTERVAL_MAX_MS = 300000,
	LINK_FACTS_MS = 60000			/* facts go with a heartbeat so often */
};

struct wire;
struct wire_tls;
struct link;

struct link_config {			/* strings are borrowed for the link's life */
	const char *name;
	const char *master;		/* host:port, host or unix:/path */
	const char *report_address;	/* host:port; NULL: host, else the local address of the connection */
	const char *report_host;	/* literal address; may be NULL */
	uint16_t port;			/* we listen on */
	uint8_t instance[IDENTITY_BYTES];
	/* How an attempt to register came out, in borrowed words: "registered with ...", "not registered yet: ...".
	 * May be NULL. */
	void (*on_news)(enum standing standing, const char *words, void *arg);
	void *arg;
};

struct link *link_new(struct wire *wire, const struct link_config *config);
/* `tls`: with which the master is met; NULL: plaintext. */
void link_start(struct link *link, struct wire_tls *tls);
/* Closes the connection; nothing is tried any more. */
void link_stop(struct link *link);
/* After link_stop() and the connection's end, that is after the loop or wire_free(). */
void link_free(struct link *link);

#endif
