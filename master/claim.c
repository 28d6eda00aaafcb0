/* claim.c - see claim.h. */
#include "master/claim.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/master.h"
#include "master/store_trust.h"
#include "wire/wire.h"

static const struct wire_peer *peer_of(const struct wire_call *call)
{
	return wire_conn_peer(wire_call_conn(call));
}

/* ---- where an agent lives ---- */

static void on_home_down(struct wire_conn *conn, const char *why, void *arg)
{
	const struct wire_identity *who = wire_conn_peer(conn)->identity;
	struct master *m = arg;
	struct agent *a = who ? registry_find(m->registry, who->name) : NULL;

	wire_log_faults.on_down(conn, why, NULL);
	if (!a || a->home != conn)
		return;
	a->home = NULL;
	mem_set_string(&a->conflict, NULL);		/* one is left */
}

void claim_take(struct master *m, struct wire_call *call, struct agent *a)
{
	static const struct wire_conn_ops ops = { .on_down = on_home_down };
	const struct wire_identity *who = peer_of(call)->identity;
	struct identity_record holder;

	a->trust = NULL;
	a->home = NULL;
	if (!who)
		return;
	a->home = wire_call_conn(call);
	wire_conn_set_ops(a->home, &ops, m);
	snprintf(a->process, sizeof a->process, "%s", wire_call_text(call, "sloth-process", ""));
	if (store_find_holder(m->store, WIRE_KIND_AGENT, who->name, &holder) == 0)
		a->trust = identity_trust_names[holder.trust];
}

/* ---- who may not ---- */

/* The first one is asked whether it lives: a machine that lost its power leaves a connection behind. */
static char *note_rival(struct agent *a, const struct wire_peer *rival)
{
	const char *first = wire_conn_peer(a->home)->address;

	if (!a->conflict)
		log_warn("agent %s: two processes have its identity, at %s and %s: was its state directory copied? Neither gets "
			 "commands", a->record.name, first, rival->address);
	free(a->conflict);
	a->conflict = mem_printf("two machines have its identity, at %s and %s: neither gets commands until one is stopped",
				 first, rival->address);
	a->conflict_until_ms = now_read().mono_ms + CLAIM_RIVAL_MS;
	wire_conn_set_keepalive(a->home, CLAIM_PROBE_MS, CLAIM_PROBE_TIMEOUT_MS, true);
	return mem_printf("another process with this identity is registered, at %s: was the state directory copied? Stop one "
			  "of them; on a copy remove the state directory and enrol under another name", first);
}

static bool is_enrolled(struct master *m, const char *name)
{
	struct identity_record holder;

	return store_find_holder(m->store, WIRE_KIND_AGENT, name, &holder) == 0;
}

bool claim_speaks_for(struct master *m, const struct wire_call *call, const char *name)
{
	const struct wire_identity *who = peer_of(call)->identity;

	return who ? str_equal(who->name, name) : !is_enrolled(m, name);
}

char *claim_refuse(struct master *m, struct wire_call *call, const char *name)
{
	struct agent *a = registry_find(m->registry, name);
	const char *process = wire_call_text(call, "sloth-process", "");

	if (!peer_of(call)->identity || !a || !a->home || a->home == wire_call_conn(call) || !*process || str_equal(a->process, process))
		return NULL;
	return note_rival(a, peer_of(call));
}

const char *claim_conflict(const struct agent *a)
{
	return a->conflict && a->home && now_read().mono_ms < a->conflict_until_ms ? a->conflict : NULL;
}
