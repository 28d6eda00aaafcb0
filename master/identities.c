/*
 * identities.c - see identities.h.
 */
#include "master/identities.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/ca.h"
#include "master/master.h"
#include "master/revoked.h"
#include "master/store.h"
#include "wire/addr.h"
#include "wire/identity.h"

/* ---- words ---- */

bool identities_is_late(const struct identity_record *identity, int64_t now_s)
{
	int64_t life_s = identity->not_after_s - identity->issued_s;

	return identity->state == IDENTITY_ACCEPTED && *identity->serial && now_s > identity->issued_s + life_s * 23 / 30;
}

const char *identities_text(const struct identity_record *identity)
{
	static char texts[4][128];
	static unsigned next;
	char *text = texts[next++ % 4];

	snprintf(text, sizeof texts[0], "%s %s (key %.16s...)", identity_kind_name(identity->kind), identity->name, identity->key);
	return text;
}

void identities_host(const struct wire_peer *peer, char out[TRUST_HOST_MAX + 1])
{
	struct wire_addr addr;
	const char *why;

	if (peer->is_unix || wire_addr_parse(peer->address, 0, &addr, &why))
		snprintf(out, TRUST_HOST_MAX + 1, "%.*s", TRUST_HOST_MAX, peer->is_unix ? "unix" : peer->address);
	else
		snprintf(out, TRUST_HOST_MAX + 1, "%.*s", TRUST_HOST_MAX, addr.host);
}

/* ---- a change ---- */

void identities_begin(struct identities_change *c, struct master *m, int64_t now_s)
{
	*c = (struct identities_change){ .m = m, .now_s = now_s, .is_open = true };
	store_begin_durable(m->store);
}

static void add_voided(struct identities_change *c, const struct revoked_record *record)
{
	for (size_t i = 0; i < c->n_voided; i++)
		if (!strcmp(c->voided[i].serial, record->serial))
			return;
	c->voided = mem_realloc(c->voided, (c->n_voided + 1) * sizeof *c->voided);
	c->voided[c->n_voided++] = *record;
}

static void on_certificate(const struct certificate_record *cert, void *arg)
{
	struct identities_change *c = arg;
	struct revoked_record record = { .kind = cert->identity.kind, .at_s = c->now_s, .not_after_s = cert->identity.not_after_s };

	snprintf(record.serial, sizeof record.serial, "%s", cert->identity.serial);
	snprintf(record.name, sizeof record.name, "%s", cert->identity.name);
	add_voided(c, &record);
}

/* That one stands in no table of certificates when it came from a database that was lost. */
static void void_newest(struct identities_change *c, const struct identity_record *identity)
{
	struct certificate_record cert = { .identity.kind = identity->kind, .identity.not_after_s = identity->not_after_s };

	snprintf(cert.identity.serial, sizeof cert.identity.serial, "%s", identity->serial);
	snprintf(cert.identity.name, sizeof cert.identity.name, "%s", identity->name);
	if (*identity->serial)
		on_certificate(&cert, c);
}

int identities_void(struct identities_change *c, const struct identity_record *identity, const char *by)
{
	struct identity_record ended = *identity;
	size_t before = c->n_voided;
	int err = store_each_certificate(c->m->store, identity->kind, identity->name, on_certificate, c);

	if (err)
		return err;
	void_newest(c, identity);
	for (size_t i = before; i < c->n_voided; i++)
		store_put_revoked(c->m->store, &c->voided[i]);
	ended.state = IDENTITY_REVOKED;
	ended.decided_s = c->now_s;
	snprintf(ended.decided_by, sizeof ended.decided_by, "%s", by);
	store_put_identity(c->m->store, &ended);
	c->ended = mem_realloc(c->ended, (c->n_ended + 1) * sizeof *c->ended);
	c->ended[c->n_ended++] = ended;
	return 0;
}

void identities_move(struct identities_change *c, const struct identity_record *from, const struct identity_record *to)
{
	if (strcmp(from->key, to->key) != 0)
		store_delete_identity(c->m->store, from);
	store_put_identity(c->m->store, to);
}

static bool has_ended(const struct wire_peer *peer, void *arg)
{
	const struct identities_change *c = arg;

	for (size_t i = 0; i < c->n_ended && peer->identity; i++)
		if (peer->identity->kind == c->ended[i].kind && !strcmp(peer->identity->name, c->ended[i].name))
			return true;
	return false;
}

/* Its agents are gone before their connections are: nobody dials them again. */
static void cut(struct identities_change *c)
{
	for (size_t i = 0; i < c->n_ended; i++) {
		struct agent *a = registry_find(c->m->registry, c->ended[i].name);

		if (a && c->ended[i].kind == WIRE_KIND_AGENT)
			registry_set_inactive(a);
		log_info("%s: revoked", identities_text(&c->ended[i]));
	}
	if (c->n_ended)
		wire_cut(c->m->wire, has_ended, c, "the identity was revoked");
}

static void done(struct identities_change *c)
{
	free(c->voided);
	free(c->ended);
	*c = (struct identities_change){ .m = c->m };
}

int identities_commit(struct identities_change *c)
{
	int err = revoked_add(c->m->revoked, c->voided, c->n_voided);

	if (err) {
		log_error("nothing can be revoked: STATE/revoked: %s", strerror(-err));
		identities_abandon(c);
		return err;
	}
	err = store_commit(c->m->store);
	cut(c);
	done(c);
	return err;
}

void identities_abandon(struct identities_change *c)
{
	if (!c->is_open)
		return;
	store_abandon(c->m->store);
	done(c);
}

/* ---- waiting ---- */

int identities_make_room(struct identities_change *c, const char *host, char **why)
{
	unsigned all = 0, of_host = 0;
	int err;

	store_drop_waiting(c->m->store, c->now_s - IDENTITIES_WAIT_S);
	store_drop_rejected(c->m->store, c->now_s - IDENTITIES_REJECTED_S);
	err = store_count_waiting(c->m->store, host, &all, &of_host);
	if (err)
		return err;
	if (all >= IDENTITIES_WAITING_MAX)
		*why = mem_printf("%u others wait to be accepted, and no more may: use a token, or ask the operator to accept or "
				  "reject some", all);
	else if (of_host >= IDENTITIES_WAITING_PER_HOST_MAX)
		*why = mem_printf("%u others from %s wait to be accepted, and no more may: use a token", of_host, host);
	return *why ? -ENOSPC : 0;
}

/* ---- admission ---- */

static void enter_certificate(struct master *m, const struct wire_identity *id)
{
	const struct certificate_record cert = { *id, id->not_before_s + CA_BACKDATE_S };

	store_put_certificate(m->store, &cert, NULL, 0);
}

static struct identity_record record_of(const struct wire_peer *peer, enum identity_state state, int64_t now_s)
{
	const struct wire_identity *id = peer->identity;
	struct identity_record r = {
		.kind = id->kind, .state = state, .trust = TRUST_ACCEPTED, .asked_s = now_s, .decided_s = now_s,
		.issued_s = id->not_before_s + CA_BACKDATE_S, .not_after_s = id->not_after_s,
	};

	snprintf(r.name, sizeof r.name, "%s", id->name);
	snprintf(r.key, sizeof r.key, "%s", id->key);
	snprintf(r.serial, sizeof r.serial, "%s", id->serial);
	identities_host(peer, r.from);
	return r;
}

/* A database that lost it gets it back. What cannot be written is written at its next connection. */
static void adopt(struct master *m, const struct wire_peer *peer, bool has_holder)
{
	struct identity_record r = record_of(peer, IDENTITY_ACCEPTED, wall_s());

	snprintf(r.decided_by, sizeof r.decided_by, "its certificate");
	store_begin(m->store);
	enter_certificate(m, peer->identity);
	if (!has_holder)
		store_put_identity(m->store, &r);
	if (!store_commit(m->store))
		log_info("%s: entered again from its certificate", identities_text(&r));
}

/* It waits to be accepted. Where no more may wait it is told the same, and nobody sees it. */
static void let_wait(struct master *m, const struct wire_peer *peer, bool has_holder)
{
	struct identity_record r = record_of(peer, has_holder ? IDENTITY_DENIED : IDENTITY_PENDING, wall_s()), old;
	struct identities_change c;
	char *why = NULL;
	int err;

	r.decided_s = 0;
	identities_begin(&c, m, r.asked_s);
	err = store_find_identity(m->store, r.kind, r.name, r.key, &old);
	if (err == -ENOENT)
		err = identities_make_room(&c, r.from, &why);
	else if (!err)
		err = -EEXIST;		/* as it was decided, or as it waits */
	free(why);
	if (err) {
		identities_abandon(&c);
		return;
	}
	store_put_identity(m->store, &r);
	if (!identities_commit(&c))
		log_warn("%s from %s has a certificate that the database does not know: it waits to be accepted",
			 identities_text(&r), r.from);
}

/* Whether the file of revocations knows all that has happened to a certificate. */
static bool is_vouched_for(const struct master *m, const struct wire_identity *id)
{
	int64_t issued_s = id->not_before_s + CA_BACKDATE_S;

	return issued_s >= revoked_since_s(m->revoked) && !revoked_covers(m->revoked, id->kind, id->name, issued_s);
}

const char *identities_judge(struct master *m, const struct wire_peer *peer)
{
	const struct wire_identity *id = peer->identity;
	struct certificate_record cert;
	struct identity_record r;
	bool has_holder, is_ours;
	int err;

	if (id->kind == WIRE_KIND_MASTER)
		return NULL;
	if (revoked_has(id->serial, m->revoked))
		return "the certificate was revoked";
	err = store_find_certificate(m->store, id->serial, &cert, NULL, NULL);
	if (!err)
		return NULL;
	if (err != -ENOENT && err != -EUCLEAN)
		return is_vouched_for(m, id) ? NULL : "the master's database cannot be read: try again later";
	has_holder = !store_find_holder(m->store, id->kind, id->name, &r);
	is_ours = has_holder && !strcmp(r.key, id->key);
	if (is_ours || is_vouched_for(m, id)) {
		adopt(m, peer, has_holder);
		return NULL;
	}
	if (id->kind != WIRE_KIND_AGENT)
		return "this master does not know the certificate (its database was replaced): log in anew with a token";
	let_wait(m, peer, has_holder);
	return "this master does not know the certificate (its database was replaced): sloth agent accept NAME lets it in";
}
