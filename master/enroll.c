/*
 * enroll.c - Enroll: with a token, or waiting to be accepted; see enroll.h.
 *
 * An ask is one call. It goes through checks, each of which may end it with a status or an answer; whatever it writes
 * is one change of identities.h, committed before the answer. The same key under the same name gets the same
 * certificate again, so a client that lost its answer asks once more, and a token loses no second use.
 */
#include "master/enroll.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/daemon_files.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/str.h"
#include "master/ask.h"
#include "master/ca.h"
#include "master/crowd.h"
#include "master/decide.h"
#include "master/master.h"
#include "master/renew.h"
#include "master/revoked.h"
#include "master/store.h"
#include "master/token_calls.h"
#include "master/tokens.h"
#include "master/whoami.h"
#include "wire/addr.h"

enum { REQUEST_MAX = 16 * 1024 };

/* ---- checks ---- */

static bool check_address(struct ask *a, const char *address)
{
	struct wire_addr addr;
	const char *why = "it is no HOST:PORT";

	if (!*address || (strlen(address) <= TRUST_ADDRESS_MAX && !wire_addr_parse(address, 0, &addr, &why) && !addr.is_unix))
		return true;
	return ask_refuse(a, WIRE_INVALID_ARGUMENT, "address %s cannot be used: %s", str_quote(address), why);
}

static bool check_token(struct ask *a, const char *text)
{
	const char *why = "";
	int err;

	if (!*text)
		return true;
	err = tokens_check(a->m->store, text, ca_fingerprint(a->m->ca), a->change.now_s, &a->token, &why);
	if (err == -EINVAL || err == -EACCES)
		return ask_refuse(a, err == -EINVAL ? WIRE_INVALID_ARGUMENT : WIRE_PERMISSION_DENIED, "%s", why);
	if (err)
		return ask_fail(a, err);
	a->has_token = true;
	return true;
}

static bool check_name(struct ask *a, const char *name)
{
	a->kind = a->has_token ? a->token.role : WIRE_KIND_AGENT;
	a->name = !*name && a->kind == WIRE_KIND_OPERATOR ? a->token.name_glob : name;
	if (!str_is_name(a->name))
		return ask_refuse(a, WIRE_INVALID_ARGUMENT, "name %s is not allowed: %s", str_quote(a->name), str_name_rule);
	if (a->has_token && !tokens_fit(&a->token, a->name))
		return ask_refuse(a, WIRE_PERMISSION_DENIED, "the token is for %s, not for %s", str_quote(a->token.name_glob), a->name);
	return true;
}

/* ---- what it comes to ---- */

static bool deny(struct ask *a, const char *words)
{
	return ask_answer(a, SLOTH__V1__ENROLL_STATE__ENROLL_STATE_DENIED, ENROLL_RETRY_MS, "%s", words);
}

static void note_asker(struct ask *a)
{
	struct identity_record *r = &a->mine;

	if (!a->is_known) {
		*r = (struct identity_record){ .kind = a->kind, .asked_s = a->change.now_s, .state = IDENTITY_STATES };
		snprintf(r->name, sizeof r->name, "%s", a->name);
		snprintf(r->key, sizeof r->key, "%s", a->issue_key);
	}
	a->has_moved = strcmp(r->address, a->address) != 0 || strcmp(r->from, a->from) != 0;
	snprintf(r->address, sizeof r->address, "%s", a->address);
	snprintf(r->from, sizeof r->from, "%s", a->from);
}

/* The name is another key's: the request is kept for the operator to see. */
static bool deny_name(struct ask *a)
{
	if (!ask_wait(a, IDENTITY_DENIED))
		return false;
	return ask_answer(a, SLOTH__V1__ENROLL_STATE__ENROLL_STATE_DENIED, ENROLL_RETRY_MS,
			  "the name %s belongs to another key (%.16s...): sloth agent accept %s --fingerprint %.16s --replace gives it "
			  "to this one", a->name, a->holder.key, a->name, a->issue_key);
}

/* The answer before was lost, or the operator has accepted it. */
static bool again(struct ask *a)
{
	int err = issue_again(&a->change, &a->mine, &a->issue);

	if (!err)
		return ask_answer(a, SLOTH__V1__ENROLL_STATE__ENROLL_STATE_ISSUED, 0, "enrolled as %s", a->name);
	if (err != -ENOENT)
		return ask_fail(a, err);
	if (*a->mine.serial && !a->has_token && a->change.now_s > a->mine.not_after_s + IDENTITIES_GRACE_S)
		return ask_wait(a, IDENTITY_PENDING) && ask_answer_pending(a);
	return ask_issue(a, "agent.enroll");
}

static bool join(struct ask *a)
{
	struct identity_record *r = &a->mine;

	if (!a->token.uses_left)
		return ask_refuse(a, WIRE_PERMISSION_DENIED, "the token is used up");
	if (a->is_held && !a->token.is_replacing)
		return deny_name(a);
	if (a->is_held && !ask_void_holder(a))
		return false;
	store_use_token(a->m->store, a->token.id);
	r->trust = TRUST_TOKEN;
	r->decided_s = a->change.now_s;
	snprintf(r->token, sizeof r->token, "%s", a->token.id);
	snprintf(r->decided_by, sizeof r->decided_by, "token %s", a->token.id);
	return ask_issue(a, a->kind == WIRE_KIND_OPERATOR ? "operator.enroll" : "agent.enroll");
}

static bool wait(struct ask *a, bool first_use)
{
	if (a->is_known && a->mine.state == IDENTITY_REJECTED)
		return deny(a, "an operator has rejected this key: a token, or sloth agent accept with this name, lets it in");
	if (!a->is_known)
		a->mine.trust = first_use ? TRUST_FIRST_USE : TRUST_ACCEPTED;
	if (a->is_held)
		return deny_name(a);
	return ask_wait(a, IDENTITY_PENDING) && ask_answer_pending(a);
}

static bool decide(struct ask *a, const Sloth__V1__EnrollRequest *request)
{
	identities_begin(&a->change, a->m, wall_s());
	if (!check_token(a, request->token) || !check_name(a, request->name) || !ask_check_key(a, request->csr) || !ask_look(a))
		return false;
	if (ask_is_own(a))
		return renew_own(a);
	if (a->is_known && a->mine.state == IDENTITY_REVOKED)
		return deny(a, "this key was revoked: remove it, make another one, and enrol with a token");
	if (a->is_known && a->mine.state == IDENTITY_ACCEPTED)
		return again(a);
	a->address = request->address;
	note_asker(a);
	return a->has_token ? join(a) : wait(a, request->first_use);
}

static void on_enroll(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const Sloth__V1__EnrollRequest *request = wire_unpack(call, &sloth__v1__enroll_request__descriptor, data, len);
	struct ask a;

	if (!request || !ask_begin(&a, arg, call))
		return;
	if (!a.is_unix && !crowd_may_ask(a.m->crowd, a.from, mono_ms()))
		ask_refuse(&a, WIRE_RESOURCE_EXHAUSTED, "too many requests from %s: ask again in some seconds", a.from);
	else if (check_address(&a, request->address))
		decide(&a, request);
	ask_end(&a);
}

/* ---- the table ---- */

void enroll_serve(struct master *m)
{
	enum { OPERATORS = WIRE_OPERATOR | WIRE_ADMIN };	/* and the policy says which of them */
	static const struct wire_method methods[] = {
		{ "/sloth.v1.Master/Enroll", WIRE_ANYONE, REQUEST_MAX, true, false, on_enroll },
		{ "/sloth.v1.Master/Renew", WIRE_AGENT | WIRE_OPERATOR | WIRE_EXPIRED, REQUEST_MAX, true, false, renew_on_call },
		{ "/sloth.v1.Master/WhoAmI", WIRE_ANYONE & ~WIRE_STRANGER, REQUEST_MAX, true, false, whoami_on_call },
		{ "/sloth.v1.Master/CreateToken", OPERATORS, REQUEST_MAX, true, false, token_on_create },
		{ "/sloth.v1.Master/ListTokens", OPERATORS, REQUEST_MAX, true, false, token_on_list },
		{ "/sloth.v1.Master/RevokeToken", OPERATORS, REQUEST_MAX, true, false, token_on_revoke },
		{ "/sloth.v1.Master/ListIdentities", OPERATORS, REQUEST_MAX, true, false, decide_on_list },
		{ "/sloth.v1.Master/Accept", OPERATORS, REQUEST_MAX, true, false, decide_on_accept },
		{ "/sloth.v1.Master/Reject", OPERATORS, REQUEST_MAX, true, false, decide_on_reject },
		{ "/sloth.v1.Master/Revoke", OPERATORS, REQUEST_MAX, true, false, decide_on_revoke },
	};

	wire_serve(m->wire, methods, sizeof methods / sizeof *methods, m);
}

int enroll_open(struct master *m, char **error)
{
	char *path = paths_join(m->state_dir, "revoked");
	int err = revoked_open(path, m->store, wall_s(), &m->revoked, error);

	free(path);
	if (err)
		return daemon_files_status(err);
	m->crowd = mem_new(struct crowd);
	crowd_init(m->crowd, mono_ms());
	return EXIT_OK;
}

void enroll_free(struct master *m)
{
	revoked_free(m->revoked);
	free(m->crowd);
	m->revoked = NULL;
	m->crowd = NULL;
}
