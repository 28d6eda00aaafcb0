/*
 * fault.c - connections that ended because the peer broke a rule or a limit: one line each, but a peer that
 * comes back all the time does not fill the log.
 */
#include "common/clock.h"
#include "common/log.h"
#include "wire/internal.h"

void conn_blame(struct wire_conn *conn)
{
	conn->at_fault = true;
}

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
