/*
 * whoami.c - see whoami.h.
 */
#include "master/whoami.h"

#include <stdlib.h>

#include "common/clock.h"
#include "master/ca.h"
#include "master/enroll_audit.h"
#include "master/gate.h"
#include "master/master.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/wire.h"

static char *borrowed(const char *text)
{
	return (char *)(uintptr_t)text;		/* packing does not change it */
}

enum { ROLES_MAX = 5 };

static size_t fill_roles(unsigned roles, char *out[ROLES_MAX])
{
	static const struct {
		enum wire_roles role;
		const char *name;
	} names[ROLES_MAX] = {
		{ WIRE_AGENT, "agent" }, { WIRE_OPERATOR, "operator" }, { WIRE_ADMIN, "admin" }, { WIRE_MASTER, "master" },
		{ WIRE_EXPIRED, "expired" },
	};
	size_t n = 0;

	for (size_t i = 0; i < ROLES_MAX; i++)
		if (roles & names[i].role)
			out[n++] = borrowed(names[i].name);
	return n;
}

static size_t fill_verbs(unsigned verbs, char *out[POLICY_N_VERBS])
{
	size_t n = 0;

	for (int verb = 0; verb < POLICY_N_VERBS; verb++)
		if (verbs & 1u << verb)
			out[n++] = borrowed(policy_verb_name((enum policy_verb)verb));
	return n;
}

/* Owned advice. */
static char *fill_record(const struct agent *a, Sloth__V1__OwnRecord *record)
{
	char *advice = registry_advice(a);

	record->address = a->record.address;
	record->is_active = a->is_active;
	record->reach = borrowed(reach_name(a->reach));
	if (a->unreachable)
		record->unreachable = a->unreachable;
	if (advice)
		record->advice = advice;
	return advice;
}

void whoami_on_call(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct master *m = arg;
	const struct wire_peer *peer = wire_conn_peer(wire_call_conn(call));
	Sloth__V1__WhoAmIResponse response = SLOTH__V1__WHO_AM_IRESPONSE__INIT;
	Sloth__V1__OwnRecord record = SLOTH__V1__OWN_RECORD__INIT;
	const struct agent *a = NULL;
	char who[ENROLL_WHO_MAX + 1], *roles[ROLES_MAX], *verbs[POLICY_N_VERBS], *advice = NULL;

	if (!wire_unpack(call, &sloth__v1__who_am_irequest__descriptor, data, len))
		return;
	enroll_who(m, call, who);
	response.principal = who;
	response.roles = roles;
	response.n_roles = fill_roles(peer->roles, roles);
	if (m->policy && peer->roles & (WIRE_OPERATOR | WIRE_ADMIN)) {
		response.verbs = verbs;
		response.n_verbs = fill_verbs(gate_verbs(m, call), verbs);
	}
	if (peer->identity)
		response.not_after = peer->identity->not_after_s;
	if (m->ca) {
		response.cluster = borrowed(ca_cluster(m->ca));
		response.ca_fingerprint = borrowed(ca_fingerprint(m->ca));
	}
	response.now_ms = wall_us() / 1000;
	if (peer->roles & WIRE_AGENT && peer->identity)
		a = registry_find(m->registry, peer->identity->name);
	if (a) {
		advice = fill_record(a, &record);
		response.agent = &record;
	}
	wire_send_message(call, &response.base);
	wire_end(call, WIRE_OK, "");
	free(advice);
}
