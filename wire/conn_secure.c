/*
 * conn_secure.c - who is at the other end of a connection: the TLS handshake, roles, and what they are good for.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "wire/census.h"
#include "wire/conn.h"
#include "wire/download.h"

/* ---- who the peer is ---- */

static unsigned default_roles(const struct wire_peer *peer)
{
	return peer->is_unix || peer->is_loopback ? WIRE_ANYONE : WIRE_STRANGER;
}

/* From here on a peer with an identity is limited by that, not by the address that it shares with others. False: it has
 * too many connections, and this one is gone. */
static bool count_identity(struct wire_conn *conn)
{
	struct census *census = conn->wire->census;
	const struct wire_identity *who = conn->peer.identity;
	unsigned max = who->kind == WIRE_KIND_AGENT ? WIRE_CONNS_PER_AGENT :
		       who->kind == WIRE_KIND_OPERATOR ? WIRE_CONNS_PER_OPERATOR : WIRE_CONNS_MAX;

	if (conn->counted_as) {
		census_excuse(census, conn->counted_as, mono_ms());
		census_leave(census, conn->counted_as);
	}
	conn->counted_as = census_key_of_identity(who);
	census_enter(census, conn->counted_as);
	if (census_count(census, conn->counted_as) <= max)
		return true;
	conn_blame(conn);
	conn_abort(conn, "too many connections of its identity");
	return false;
}

bool conn_admit(struct wire_conn *conn)
{
	const struct wire *wire = conn->wire;
	struct wire_peer *peer = &conn->peer;

	peer->roles = wire->admit ? wire->admit(peer, wire->admit_arg) : default_roles(peer);
	if (!conn->accepted || !peer->identity)
		return true;
	conn->is_operator = peer->roles & (WIRE_OPERATOR | WIRE_ADMIN | WIRE_MASTER);
	return peer->refused || count_identity(conn);
}

/* ---- the TLS handshake ---- */

/* Handshakes cost more than anything else that a peer can ask for: some steps in each turn of the loop, so that others
 * are answered between them; what is left waits in the sockets. */
static bool may_step(struct wire *wire)
{
	unsigned now = ev_iteration(wire->loop);

	if (wire->handshakes_turn != now)
		wire->handshakes = 0;
	wire->handshakes_turn = now;
	return wire->handshakes++ < WIRE_HANDSHAKES_PER_TURN;
}

static void secured(struct wire_conn *conn)
{
	struct transport_peer *p = mem_new(struct transport_peer);

	*p = *conn->transport->peer;
	conn->secure = p;
	conn->peer.is_secure = true;
	if (p->identity.kind)
		conn->peer.identity = &p->identity;
	if (*p->refused)
		conn->peer.refused = p->refused;
	if (!conn->accepted)
		conn->peer.ca = p->ca;
	if (!conn->accepted)
		conn_begin(conn, conn->role);
	else if (p->has_protocol)
		conn_begin(conn, p->is_reverse ? WIRE_CLIENT : WIRE_SERVER);
	else if (p->is_http1 && download_is_offered(conn))
		conn_http1_begin(conn);
	else
		conn_set_state(conn, CONN_SNIFFING);
	if (conn->state != CONN_DOWN)
		ev_feed_event(conn->wire->loop, &conn->reader, EV_READ);	/* what came with the end of the handshake */
}

static void step(struct wire_conn *conn)
{
	struct transport *t = conn->transport;
	int rv = t->ops->handshake(t);
	char text[300];

	conn_watch_writing(conn);
	if (rv == 0) {
		secured(conn);
	} else if (rv != -EAGAIN) {
		conn_note_fault(conn, rv == -EBADMSG ? t->peer->fault :
				t->peer->has_spoken ? WIRE_FAULT_TLS : WIRE_FAULT_CLOSED);
		snprintf(text, sizeof text, "TLS: %s", rv == -EBADMSG ? t->ops->why(t) :
			 rv == -ECONNRESET || rv == -EPIPE ? "the peer closed the connection" : strerror(-rv));
		conn_blame(conn);
		conn_abort(conn, text);
	}
}

void conn_secure(struct wire_conn *conn, struct wire_tls *tls, const struct transport_wish *wish)
{
	if (!wish && !may_step(conn->wire))
		return;
	conn->transport = wish ? tls->connect(tls, conn->transport, wish) : tls->accept(tls, conn->transport);
	conn_set_state(conn, CONN_SECURING);
	step(conn);
}

void conn_secure_step(struct wire_conn *conn)
{
	if (may_step(conn->wire))
		step(conn);
}
