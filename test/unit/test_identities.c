/*
 * test_identities.c - what operators decide about identities, and what becomes of them with a lost database.
 *
 * no valgrind: each test makes a CA and keys, which takes seconds there
 */
#include "master/identities.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "master/fleet.h"
#include "master/store.h"
#include "test/lib/cluster.h"
#include "test/lib/unit.h"
#include "wire/identity.h"

enum {
	ISSUED = SLOTH__V1__ENROLL_STATE__ENROLL_STATE_ISSUED, PENDING = SLOTH__V1__ENROLL_STATE__ENROLL_STATE_PENDING,
	DENIED = SLOTH__V1__ENROLL_STATE__ENROLL_STATE_DENIED
};

static struct cluster c;
static struct member m1, m2;
static struct record r;

static char *borrowed(const char *text)
{
	return (char *)(uintptr_t)text;
}

static void open_all(void)
{
	cluster_open(&c);
	member_open(&m1, &c);
	member_open(&m2, &c);
}

static void close_all(void)
{
	record_done(&r);
	member_close(&m1);
	member_close(&m2);
	cluster_close(&c);
}

/* Answers are valid until the next. */
static const Sloth__V1__DecisionResponse *decided(const char *path, const ProtobufCMessage *request)
{
	record_done(&r);
	return world_ask(&c.w, path, request, &sloth__v1__decision_response__descriptor, &r);
}

static const Sloth__V1__DecisionResponse *accept_agents(const char *glob, const char *fingerprint, bool replace)
{
	Sloth__V1__AcceptRequest request = SLOTH__V1__ACCEPT_REQUEST__INIT;

	request.name_glob = borrowed(glob);
	request.fingerprint = borrowed(fingerprint);
	request.replace = replace;
	return decided("/sloth.v1.Master/Accept", &request.base);
}

static const Sloth__V1__DecisionResponse *revoke_name(const char *kind, const char *name)
{
	Sloth__V1__RevokeRequest request = SLOTH__V1__REVOKE_REQUEST__INIT;

	request.kind = borrowed(kind);
	request.name = borrowed(name);
	return decided("/sloth.v1.Master/Revoke", &request.base);
}

static void expect_decision(const Sloth__V1__DecisionResponse *d, size_t n_decided, size_t n_refused, const char *words)
{
	ck_assert_msg(d->n_identities == n_decided && d->n_refusals == n_refused, "%zu decided, %zu refused: %s", d->n_identities,
		      d->n_refusals, d->n_refusals ? d->refusals[0] : "");
	if (n_refused)
		ck_assert_msg(strstr(d->refusals[0], words) != NULL, "%s", d->refusals[0]);
}

static const Sloth__V1__ListIdentitiesResponse *list(bool pending_only)
{
	Sloth__V1__ListIdentitiesRequest request = SLOTH__V1__LIST_IDENTITIES_REQUEST__INIT;

	request.pending_only = pending_only;
	record_done(&r);
	return world_ask(&c.w, "/sloth.v1.Master/ListIdentities", &request.base, &sloth__v1__list_identities_response__descriptor, &r);
}

/* Waits, is accepted, has a certificate, is connected. */
static void make_agent(struct member *m, const char *name)
{
	member_enroll(m, name, "");
	expect_decision(accept_agents(name, "", false), 1, 0, "");
	member_keep(m, member_enroll(m, name, ""));
	member_connect(m);
}

/* Connects, and asks for what everybody with a certificate may have. */
static void expect_call(struct member *m, enum wire_code code, const char *words)
{
	Sloth__V1__WhoAmIRequest request = SLOTH__V1__WHO_AM_IREQUEST__INIT;
	struct record who;

	member_connect(m);
	member_call(m, "/sloth.v1.Master/WhoAmI", &request.base, &who);
	ck_assert_msg(who.code == code && strstr(who.why, words), "%d: %s", who.code, who.why);
	record_done(&who);
}

static void expect_revoked(struct member *m)
{
	expect_call(m, WIRE_UNAUTHENTICATED, "revoked");
}

/* ---- accepting ---- */

START_TEST(two_keys_under_one_name_need_a_fingerprint)
{
	open_all();
	member_enroll(&m1, "web1", "");
	member_enroll(&m2, "web1", "");
	expect_decision(accept_agents("web1", "", false), 0, 1, "2 keys wait under this name");
	expect_decision(accept_agents("web*", m2.key, false), 1, 0, "");
	ck_assert_int_eq(member_enroll(&m1, "web1", "")->state, DENIED);
	ck_assert_int_eq(member_enroll(&m2, "web1", "")->state, ISSUED);
	close_all();
}
END_TEST

START_TEST(all_that_wait_are_accepted_at_once)
{
	const Sloth__V1__DecisionResponse *d;

	open_all();
	member_enroll(&m1, "web1", "");
	member_enroll(&m2, "db1", "");
	d = accept_agents("*", "", false);
	expect_decision(d, 2, 0, "");
	ck_assert_str_eq(d->identities[0]->name, "db1");
	ck_assert_str_eq(d->identities[0]->state, "accepted");
	ck_assert_str_eq(d->identities[0]->fingerprint, m2.key);
	expect_decision(accept_agents("*", "", false), 0, 1, "no agent waits as *");
	close_all();
}
END_TEST

START_TEST(odd_choices_are_refused)
{
	static const char *const globs[] = { "", "01234567890123456789012345678901234567890123456789012345678901234", "*" };
	Sloth__V1__AcceptRequest request = SLOTH__V1__ACCEPT_REQUEST__INIT;

	open_all();
	for (size_t i = 0; i < sizeof globs / sizeof *globs; i++) {
		request.name_glob = borrowed(globs[i]);
		request.fingerprint = borrowed(i == 2 ? "AB:CD" : "");
		record_done(&r);
		world_call(&c.w, "/sloth.v1.Master/Accept", &request.base, &r);
		wire_half_close(r.call);
		pair_run(&c.w.turn, pair_is, &r.ended);
		ck_assert_int_eq(r.code, WIRE_INVALID_ARGUMENT);
	}
	close_all();
}
END_TEST

static bool is_down(void *arg)
{
	return ((struct member *)arg)->n_down > 0;
}

START_TEST(accepting_another_key_ends_the_former_identity)
{
	open_all();
	make_agent(&m1, "web1");
	ck_assert_int_eq(member_enroll(&m2, "web1", "")->state, DENIED);
	expect_decision(accept_agents("web1", "", false), 0, 1, "--replace");
	expect_decision(accept_agents("web1", "", true), 1, 0, "");
	pair_run(&c.w.turn, is_down, &m1);
	member_keep(&m2, member_enroll(&m2, "web1", ""));
	expect_call(&m2, WIRE_OK, "");
	expect_revoked(&m1);
	close_all();
}
END_TEST

START_TEST(lists_show_who_waits_and_who_holds_the_name)
{
	const Sloth__V1__ListIdentitiesResponse *l;

	open_all();
	make_agent(&m1, "web1");
	member_enroll(&m2, "web1", "");
	l = list(true);
	ck_assert_uint_eq(l->n_identities, 1);
	ck_assert_str_eq(l->identities[0]->state, "denied");
	ck_assert_str_eq(l->identities[0]->fingerprint, m2.key);
	ck_assert_str_eq(l->identities[0]->address, "10.9.8.7:50051");
	ck_assert_str_eq(l->identities[0]->from, "unix");
	ck_assert_ptr_nonnull(strstr(l->identities[0]->holder, m1.key));
	ck_assert_ptr_nonnull(strstr(l->identities[0]->holder, "10.9.8.7:50051"));
	l = list(false);
	ck_assert_uint_eq(l->n_identities, 2);
	ck_assert_str_eq(l->identities[0]->state, "accepted");
	ck_assert_str_eq(l->identities[0]->trust, "first use");
	ck_assert_int_gt(l->identities[0]->not_after, wall_s());
	ck_assert(!l->identities[0]->is_renewal_late);
	close_all();
}
END_TEST

START_TEST(who_should_have_renewed_is_late)
{
	struct identity_record id = { .state = IDENTITY_ACCEPTED, .serial = "1", .issued_s = 0, .not_after_s = 90 };

	ck_assert(!identities_is_late(&id, 69));
	ck_assert(identities_is_late(&id, 70));
	id.state = IDENTITY_REVOKED;
	ck_assert(!identities_is_late(&id, 70));
}
END_TEST

START_TEST(who_has_waited_for_too_long_is_not_shown)
{
	struct identity_record id = { .kind = WIRE_KIND_AGENT, .name = "web1", .key = "k", .state = IDENTITY_PENDING };

	open_all();
	id.asked_s = wall_s() - IDENTITIES_WAIT_S - 10;
	store_begin(c.w.m.store);
	store_put_identity(c.w.m.store, &id);
	ck_assert(!store_commit(c.w.m.store));
	ck_assert_uint_eq(list(false)->n_identities, 0);
	close_all();
}
END_TEST

/* ---- revoking ---- */

START_TEST(revoking_cuts_connections_and_lasts)
{
	const struct registration reg = { "web1", "127.0.0.1:1", "", false, false, true };
	struct agent *a;
	char *why = NULL;

	open_all();
	make_agent(&m1, "web1");
	make_agent(&m2, "web2");
	ck_assert_int_ge(fleet_register(&c.w.m, &reg, "test", &a, &why), 0);
	expect_decision(revoke_name("agent", "nobody"), 0, 1, "no agent has the name");
	expect_decision(revoke_name("operator", "web1"), 0, 1, "no operator has the name");
	expect_decision(revoke_name("", "web1"), 1, 0, "");
	pair_run(&c.w.turn, is_down, &m1);
	ck_assert(!a->is_active);
	ck_assert_uint_eq(m2.n_down, 0);
	expect_revoked(&m1);
	ck_assert_int_eq(member_enroll(&m1, "web1", "")->state, DENIED);
	expect_call(&m2, WIRE_OK, "");
	close_all();
}
END_TEST

static void lose_database(struct cluster *cl)
{
	unlink(cluster_file(cl, "registry.db"));
}

static void copy(const char *from, const char *to)
{
	struct buf content = { 0 };

	ck_assert(!fd_read_file(from, 1 << 24, &content));
	ck_assert(!fd_write_file(to, buf_data(&content), buf_len(&content), 0600));
	buf_done(&content);
}

static void make_backup(struct cluster *cl)
{
	char from[200];

	snprintf(from, sizeof from, "%s", cluster_file(cl, "registry.db"));
	copy(from, cluster_file(cl, "backup"));
}

static void restore_backup(struct cluster *cl)
{
	char from[200];

	snprintf(from, sizeof from, "%s", cluster_file(cl, "backup"));
	copy(from, cluster_file(cl, "registry.db"));
}

START_TEST(a_lost_database_revokes_nobody_and_brings_nobody_back)
{
	struct identity_record id;

	open_all();
	make_agent(&m1, "web1");
	make_agent(&m2, "web2");
	revoke_name("agent", "web1");
	cluster_restart(&c, lose_database);
	expect_revoked(&m1);
	expect_call(&m2, WIRE_OK, "");
	ck_assert_ptr_null(c.unknown);
	ck_assert(!store_find_holder(c.w.m.store, WIRE_KIND_AGENT, "web2", &id));
	ck_assert_str_eq(id.key, m2.key);
	ck_assert_int_eq(store_find_holder(c.w.m.store, WIRE_KIND_AGENT, "web1", &id), -ENOENT);
	expect_decision(revoke_name("agent", "web2"), 1, 0, "");		/* what was entered again can be revoked */
	expect_revoked(&m2);
	close_all();
}
END_TEST

START_TEST(a_database_from_a_backup_brings_nobody_back)
{
	open_all();
	make_agent(&m1, "web1");
	cluster_restart(&c, make_backup);
	revoke_name("agent", "web1");
	make_agent(&m2, "web2");
	cluster_restart(&c, restore_backup);
	expect_revoked(&m1);
	ck_assert_int_eq(member_enroll(&m1, "web1", "")->state, DENIED);
	expect_call(&m2, WIRE_OK, "");
	close_all();
}
END_TEST

/* The file was lost as well: the one that was begun in its place vouches for nothing that is older. */
static void lose_both(struct cluster *cl)
{
	char text[64];

	lose_database(cl);
	snprintf(text, sizeof text, "since %lld\n", (long long)wall_s() + 1);
	ck_assert(!fd_write_file(cluster_file(cl, "revoked"), text, strlen(text), 0600));
}

START_TEST(with_both_lost_certificates_wait_to_be_accepted)
{
	const Sloth__V1__ListIdentitiesResponse *l;

	open_all();
	make_agent(&m1, "web1");
	cluster_restart(&c, lose_both);
	expect_call(&m1, WIRE_PERMISSION_DENIED, "sloth agent accept NAME");
	ck_assert_ptr_nonnull(strstr(c.unknown, "sloth agent accept NAME"));
	expect_call(&m1, WIRE_PERMISSION_DENIED, "sloth agent accept NAME");
	l = list(true);
	ck_assert_uint_eq(l->n_identities, 1);
	ck_assert_str_eq(l->identities[0]->name, "web1");
	ck_assert_str_eq(l->identities[0]->fingerprint, m1.key);
	ck_assert_str_eq(l->identities[0]->from, "127.0.0.1");
	expect_decision(accept_agents("web1", "", false), 1, 0, "");
	expect_call(&m1, WIRE_OK, "");
	close_all();
}
END_TEST

UNIT_MAIN(two_keys_under_one_name_need_a_fingerprint, all_that_wait_are_accepted_at_once, odd_choices_are_refused,
	  accepting_another_key_ends_the_former_identity, lists_show_who_waits_and_who_holds_the_name,
	  who_should_have_renewed_is_late, who_has_waited_for_too_long_is_not_shown, revoking_cuts_connections_and_lasts,
	  a_lost_database_revokes_nobody_and_brings_nobody_back, a_database_from_a_backup_brings_nobody_back,
	  with_both_lost_certificates_wait_to_be_accepted)
