/*
 * renew.c - see renew.h.
 */
#include "master/renew.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "master/ask.h"
#include "master/master.h"
#include "master/revoked.h"
#include "master/store.h"

/* The key of the record becomes that of the request; what else is known of the identity stays. */
bool renew_own(struct ask *a)
{
	struct identity_record from = a->holder;

	if (a->is_known && a->mine.state == IDENTITY_REVOKED)
		return ask_refuse(a, WIRE_PERMISSION_DENIED, "this key was revoked: make another one");
	a->mine = from;
	snprintf(a->mine.key, sizeof a->mine.key, "%s", a->issue_key);
	store_delete_identity(a->m->store, &from);
	return ask_issue(a, a->kind == WIRE_KIND_OPERATOR ? "operator.renew" : "agent.renew");
}

static bool check_caller(struct ask *a)
{
	const struct wire_identity *id = a->peer->identity;

	if (!id || (id->kind != WIRE_KIND_AGENT && id->kind != WIRE_KIND_OPERATOR))
		return ask_refuse(a, WIRE_FAILED_PRECONDITION, "there is no certificate to renew: enrol");
	a->kind = id->kind;
	a->name = id->name;
	if (revoked_has(id->serial, a->m->revoked))
		return ask_refuse(a, WIRE_PERMISSION_DENIED, "the certificate was revoked");
	if (a->change.now_s > id->not_after_s + IDENTITIES_GRACE_S)
		return ask_refuse(a, WIRE_PERMISSION_DENIED, "the certificate has expired more than %d days ago: enrol anew",
				  IDENTITIES_GRACE_S / (24 * 3600));
	return true;
}

static bool renew(struct ask *a, const Sloth__V1__RenewRequest *request)
{
	int err;

	identities_begin(&a->change, a->m, wall_s());
	if (!check_caller(a) || !ask_check_key(a, request->csr))
		return false;
	if (!strcmp(a->issue_key, a->peer->identity->key))
		return ask_refuse(a, WIRE_INVALID_ARGUMENT, "a renewal needs another key than the certificate has");
	if (!ask_look(a))
		return false;
	if (a->is_held)
		return renew_own(a);
	if (!a->is_known || a->mine.state != IDENTITY_ACCEPTED)
		return ask_refuse(a, WIRE_PERMISSION_DENIED, "this master does not know the identity: enrol anew");
	err = issue_again(&a->change, &a->mine, &a->issue);
	if (!err)
		return ask_answer(a, SLOTH__V1__ENROLL_STATE__ENROLL_STATE_ISSUED, 0, "renewed");
	return err == -ENOENT ? ask_issue(a, "agent.renew") : ask_fail(a, err);
}

void renew_on_call(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const Sloth__V1__RenewRequest *request = wire_unpack(call, &sloth__v1__renew_request__descriptor, data, len);
	struct ask a;

	if (!request || !ask_begin(&a, arg, call))
		return;
	renew(&a, request);
	ask_end(&a);
}
