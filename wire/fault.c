/*
 * fault.c - why connections end: what stands in the way of those that we dial, and those of others that broke a rule
 * or a limit: one line each, but a peer that comes back all the time does not fill the log.
 */
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "wire/internal.h"

void conn_blame(struct wire_conn *conn)
{
	conn->at_fault = true;
}

/* ---- what a connection met ---- */

void conn_note_fault(struct wire_conn *conn, enum wire_fault fault)
{
	const struct transport_peer *p = conn->transport ? conn->transport->peer : NULL;

	if (conn->fault)
		return;
	conn->fault = fault;
	if (fault == WIRE_FAULT_OTHER_PEER && p)
		conn->met = mem_dup(&p->met, sizeof p->met);
}

/* If the time were up now. */
static enum wire_fault fault_of_state(const struct wire_conn *conn)
{
	const struct transport_peer *p = conn->transport ? conn->transport->peer : NULL;

	switch ((enum conn_state)conn->state) {
	case CONN_DIALING: return dial_is_looking_up(conn) ? WIRE_FAULT_LOOKUP : WIRE_FAULT_TIMEOUT;
	case CONN_SECURING: return p && p->has_spoken ? WIRE_FAULT_NONE : WIRE_FAULT_SILENT;
	case CONN_HANDSHAKE: return p || conn->has_spoken ? WIRE_FAULT_NONE : WIRE_FAULT_SILENT;
	default: return WIRE_FAULT_NONE;
	}
}

enum wire_fault wire_conn_fault(const struct wire_conn *conn)
{
	return conn->fault || conn->accepted ? conn->fault : fault_of_state(conn);
}

const struct wire_identity *wire_conn_met(const struct wire_conn *conn)
{
	return conn->met;
}

/* ---- the log ---- */

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct wire *wire = conn->wire;

	(void)arg;
	if (!conn->at_fault)
		return;
	if (!guard_bucket_take(&wire->fault_lines, mono_ms())) {
		wire->faults_unsaid++;
		return;
	}
	if (wire->faults_unsaid)
		log_warn("connection %s: ended: %s (%u others since the last such line)", conn->peer.address, why,
			 wire->faults_unsaid);
	else
		log_warn("connection %s: ended: %s", conn->peer.address, why);
	wire->faults_unsaid = 0;
}

const struct wire_conn_ops wire_log_faults = { .on_down = on_down };
