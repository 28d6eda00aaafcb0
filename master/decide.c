/*
 * decide.c - see decide.h.
 */
#include "master/decide.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/enroll_audit.h"
#include "master/gate.h"
#include "master/identities.h"
#include "master/master.h"
#include "master/roll.h"
#include "master/store.h"
#include "wire/identity.h"
#include "wire/wire.h"

static bool is_ready(const struct master *m, struct wire_call *call)
{
	if (!m->ca)
		wire_end(call, WIRE_FAILED_PRECONDITION, "this master runs without certificates (--insecure)");
	else if (m->is_stopping)
		wire_end(call, WIRE_UNAVAILABLE, "the master is stopping");
	return m->ca && !m->is_stopping;
}

/* ---- ListIdentities ---- */

static bool is_waiting(const struct identity_record *r)
{
	return r->state == IDENTITY_PENDING || r->state == IDENTITY_DENIED;
}

/* Nobody who has waited for too long is shown, though only who comes next makes the store forget them. */
static void choose_listed(const struct roll *all, const struct gate_view *view, bool pending_only, int64_t now_s, struct roll *out)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct identity_record *r = &all->records[i];

		if (r->kind == WIRE_KIND_AGENT && !gate_view_names(view, r->name))
			continue;
		if (is_waiting(r) ? r->asked_s >= now_s - IDENTITIES_WAIT_S : !pending_only)
			roll_add(out, r);
	}
}

void decide_on_list(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const Sloth__V1__ListIdentitiesRequest *request;
	Sloth__V1__ListIdentitiesResponse response = SLOTH__V1__LIST_IDENTITIES_RESPONSE__INIT;
	struct master *m = arg;
	struct roll all = { .n = 0 }, listed = { .n = 0 };
	struct gate_view view;
	int64_t now_s = wall_s();
	int err;

	request = wire_unpack(call, &sloth__v1__list_identities_request__descriptor, data, len);
	if (!request || !is_ready(m, call) || !master_may(m, call, POLICY_LIST, NULL, NULL))
		return;
	gate_view_init(&view, m, call);
	err = roll_read(&all, m->store);
	if (err) {
		wire_endf(call, WIRE_UNAVAILABLE, "the master's database cannot be read: %s", strerror(-err));
	} else {
		choose_listed(&all, &view, request->pending_only, now_s, &listed);
		response.identities = roll_messages(&listed, &all, now_s);
		response.n_identities = listed.n;
		if (sloth__v1__list_identities_response__get_packed_size(&response) > DECIDE_LIST_MAX)
			roll_leave_out_addresses(&listed);
		wire_send_message(call, &response.base);
		wire_end(call, WIRE_OK, "");
	}
	roll_done(&listed);
	roll_done(&all);
}

/* ---- decisions ---- */

struct decision {
	struct master *m;
	struct wire_call *call;
	struct identities_change change;
	const char *event;
	char who[ENROLL_WHO_MAX + 1];
	struct roll decided;
	char **refusals;
	size_t n_refusals;
};

static void refuse(struct decision *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void refuse(struct decision *d, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	d->refusals = mem_realloc(d->refusals, (d->n_refusals + 1) * sizeof *d->refusals);
	d->refusals[d->n_refusals++] = buf_take_string(&text);
}

static void refuse_store(struct decision *d, const char *name, int err)
{
	refuse(d, "%s: the master's database cannot be used (%s): try again later", name, strerror(-err));
}

static void begin(struct decision *d, struct master *m, struct wire_call *call, const char *event)
{
	*d = (struct decision){ .m = m, .call = call, .event = event };
	enroll_who(m, call, d->who);
	identities_begin(&d->change, m, wall_s());
}

static void audit(const struct decision *d)
{
	for (size_t i = 0; i < d->decided.n; i++) {
		const struct enroll_event e = { .event = d->event, .name = d->decided.records[i].name,
						.object = d->decided.records[i].key };

		enroll_audit(d->m, d->call, &e);
	}
	for (size_t i = 0; i < d->n_refusals; i++) {
		const struct enroll_event e = { .event = d->event, .name = "", .is_denied = true, .reason = d->refusals[i] };

		enroll_audit(d->m, d->call, &e);
	}
}

static void answer(struct decision *d)
{
	Sloth__V1__DecisionResponse response = SLOTH__V1__DECISION_RESPONSE__INIT;

	response.identities = roll_messages(&d->decided, NULL, d->change.now_s);
	response.n_identities = d->decided.n;
	response.refusals = d->refusals;
	response.n_refusals = d->n_refusals;
	wire_send_message(d->call, &response.base);
	wire_end(d->call, WIRE_OK, "");
}

/* Everything that was decided, or nothing of it. */
static void finish(struct decision *d)
{
	int err = 0;

	if (d->decided.n)
		err = identities_commit(&d->change);
	identities_abandon(&d->change);
	if (err) {
		refuse_store(d, d->decided.records[0].name, err);
		roll_done(&d->decided);
	}
	audit(d);
	answer(d);
	for (size_t i = 0; i < d->n_refusals; i++)
		free(d->refusals[i]);
	free(d->refusals);
	roll_done(&d->decided);
}

static void decide(struct decision *d, struct identity_record *r, enum identity_state state)
{
	r->state = state;
	r->decided_s = d->change.now_s;
	snprintf(r->decided_by, sizeof r->decided_by, "%s", d->who);
	store_put_identity(d->m->store, r);
	roll_add(&d->decided, r);
}

/* ---- whom it is about ---- */

/* A pattern is about no agent in particular, and whom it must not come to is denied all of it. */
static bool may(struct master *m, struct wire_call *call, const char *glob)
{
	if (!is_ready(m, call))
		return false;
	return str_is_name(glob) ? master_may(m, call, POLICY_ENROLL, glob, NULL) : master_may_enroll(m, call, *glob ? glob : NULL);
}

static bool check_choice(struct wire_call *call, const char *glob, const char *fingerprint)
{
	if (!*glob || strlen(glob) > WIRE_NAME_MAX)
		wire_end(call, WIRE_INVALID_ARGUMENT, "a name or a pattern of names is needed, of at most 64 characters");
	else if (strspn(fingerprint, "0123456789abcdef") != strlen(fingerprint))
		wire_endf(call, WIRE_INVALID_ARGUMENT, "fingerprint %s is not of lower-case hex digits", str_quote(fingerprint));
	else
		return true;
	return false;
}

static void choose(const struct roll *all, const char *glob, const char *fingerprint, bool rejected, struct roll *out)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct identity_record *r = &all->records[i];

		if (r->kind == WIRE_KIND_AGENT && (rejected ? r->state == IDENTITY_REJECTED : is_waiting(r)) &&
		    str_has_prefix(r->key, fingerprint) && !fnmatch(glob, r->name, FNM_NOESCAPE))
			roll_add(out, r);
	}
}

/* Those that wait; where none does, and one name is asked for, those that were rejected. */
static void find(struct decision *d, const char *glob, const char *fingerprint, bool rejected, struct roll *out)
{
	struct roll all = { .n = 0 };
	int err = roll_read(&all, d->m->store);

	choose(&all, glob, fingerprint, false, out);
	if (!out->n && rejected && str_is_name(glob))
		choose(&all, glob, fingerprint, true, out);
	roll_done(&all);
	if (err)
		refuse_store(d, glob, err);
	else if (!out->n)
		refuse(d, "no agent waits as %s%s%s", glob, *fingerprint ? " with a key " : "", fingerprint);
}

/* ---- Accept ---- */

/* One that waits because the database has lost its certificate is known from here on. */
static void enter_certificate(struct decision *d, const struct identity_record *r)
{
	struct certificate_record c = {
		.identity = { .kind = r->kind, .not_after_s = r->not_after_s }, .issued_s = r->issued_s,
	};

	snprintf(c.identity.name, sizeof c.identity.name, "%s", r->name);
	snprintf(c.identity.key, sizeof c.identity.key, "%s", r->key);
	snprintf(c.identity.serial, sizeof c.identity.serial, "%s", r->serial);
	store_put_certificate(d->m->store, &c, NULL, 0);
}

static void accept_one(struct decision *d, struct identity_record *r, bool replace)
{
	struct identity_record holder;
	int err = store_find_holder(d->m->store, r->kind, r->name, &holder);

	if (!err && !replace) {
		refuse(d, "%s: the name belongs to %s %.16s...: --replace gives it to this key and revokes that one", r->name,
		       *holder.address ? holder.address : holder.from, holder.key);
		return;
	}
	if (!err)
		err = identities_void(&d->change, &holder, d->who);
	if (err && err != -ENOENT) {
		refuse_store(d, r->name, err);
		return;
	}
	if (*r->serial)
		enter_certificate(d, r);
	if (r->trust != TRUST_FIRST_USE)
		r->trust = TRUST_ACCEPTED;
	decide(d, r, IDENTITY_ACCEPTED);
}

/* They stand in order of their names: how many from the i-th on have the same. */
static size_t count_same(const struct roll *chosen, size_t i)
{
	size_t n = 1;

	while (i + n < chosen->n && !strcmp(chosen->records[i].name, chosen->records[i + n].name))
		n++;
	return n;
}

void decide_on_accept(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const Sloth__V1__AcceptRequest *request = wire_unpack(call, &sloth__v1__accept_request__descriptor, data, len);
	struct roll chosen = { .n = 0 };
	struct decision d;

	if (!request || !may(arg, call, request->name_glob) || !check_choice(call, request->name_glob, request->fingerprint))
		return;
	begin(&d, arg, call, "agent.accept");
	find(&d, request->name_glob, request->fingerprint, true, &chosen);
	for (size_t i = 0, n; i < chosen.n; i += n) {
		n = count_same(&chosen, i);
		if (n > 1)
			refuse(&d, "%s: %zu keys wait under this name: say which with --fingerprint", chosen.records[i].name, n);
		else
			accept_one(&d, &chosen.records[i], request->replace);
	}
	roll_done(&chosen);
	finish(&d);
}

/* ---- Reject, Revoke ---- */

void decide_on_reject(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const Sloth__V1__RejectRequest *request = wire_unpack(call, &sloth__v1__reject_request__descriptor, data, len);
	struct roll chosen = { .n = 0 };
	struct decision d;

	if (!request || !may(arg, call, request->name_glob) || !check_choice(call, request->name_glob, request->fingerprint))
		return;
	begin(&d, arg, call, "agent.reject");
	find(&d, request->name_glob, request->fingerprint, false, &chosen);
	for (size_t i = 0; i < chosen.n; i++)
		decide(&d, &chosen.records[i], IDENTITY_REJECTED);
	roll_done(&chosen);
	finish(&d);
}

static void revoke_name(struct decision *d, enum wire_kind kind, const char *name)
{
	struct identity_record r;
	int err = store_find_holder(d->m->store, kind, name, &r);

	if (err == -ENOENT) {
		refuse(d, "no %s has the name %s", identity_kind_name(kind), str_quote(name));
		return;
	}
	if (!err)
		err = identities_void(&d->change, &r, d->who);
	if (err)
		refuse_store(d, name, err);
	else
		decide(d, &r, IDENTITY_REVOKED);
}

void decide_on_revoke(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const Sloth__V1__RevokeRequest *request = wire_unpack(call, &sloth__v1__revoke_request__descriptor, data, len);
	enum wire_kind kind;
	struct decision d;

	if (!request)
		return;
	kind = identity_kind_parse(*request->kind ? request->kind : "agent");
	if (!may(arg, call, kind == WIRE_KIND_AGENT ? request->name : ""))
		return;
	if (kind != WIRE_KIND_AGENT && kind != WIRE_KIND_OPERATOR) {
		wire_endf(call, WIRE_INVALID_ARGUMENT, "agents and operators can be revoked, not %s", str_quote(request->kind));
		return;
	}
	begin(&d, arg, call, kind == WIRE_KIND_AGENT ? "agent.revoke" : "operator.revoke");
	revoke_name(&d, kind, request->name);
	finish(&d);
}
