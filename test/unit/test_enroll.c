/*
 * test_enroll.c - Enroll and Renew at the master: tokens, waiting, names bound to keys, bad requests.
 *
 * no valgrind: each test makes a CA and keys, which takes seconds there
 */
#include "master/enroll.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/str.h"
#include "master/identities.h"
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

static char *borrowed(const char *text)
{
	return (char *)(uintptr_t)text;
}

/* The whole token, or without its pin, in static buffers. */
static const char *new_token(const char *role, const char *glob, bool replace)
{
	static char texts[4][128];
	static unsigned n;
	Sloth__V1__CreateTokenRequest request = SLOTH__V1__CREATE_TOKEN_REQUEST__INIT;
	const Sloth__V1__CreateTokenResponse *response;
	char *text = texts[n++ % 4];
	struct record r;

	request.role = borrowed(role);
	request.name_glob = borrowed(glob);
	request.replace = replace;
	response = world_ask(&c.w, "/sloth.v1.Master/CreateToken", &request.base, &sloth__v1__create_token_response__descriptor, &r);
	ck_assert_uint_eq(strlen(response->token), 7 + 64 + 1 + 8 + 1 + 32);
	ck_assert(!strncmp(response->token + 7, ca_fingerprint(c.w.m.ca), 64));
	snprintf(text, sizeof texts[0], "%s", response->token + 7 + 64 + 1);
	ck_assert(!strncmp(text, response->id, 8));
	record_done(&r);
	return text;
}

static void decide(const char *method, const char *name, size_t decided, size_t refusals, const char *words)
{
	Sloth__V1__AcceptRequest request = SLOTH__V1__ACCEPT_REQUEST__INIT;	/* and Reject's, without `replace` */
	const Sloth__V1__DecisionResponse *response;
	char path[64];
	struct record r;

	snprintf(path, sizeof path, "/sloth.v1.Master/%s", method);
	request.name_glob = borrowed(name);
	response = world_ask(&c.w, path, &request.base, &sloth__v1__decision_response__descriptor, &r);
	ck_assert_msg(response->n_identities == decided && response->n_refusals == refusals, "%s",
		      response->n_refusals ? response->refusals[0] : "");
	if (refusals)
		ck_assert_msg(strstr(response->refusals[0], words) != NULL, "%s", response->refusals[0]);
	record_done(&r);
}

static void expect(const Sloth__V1__EnrollResponse *response, int state, const char *words)
{
	ck_assert_msg((int)response->state == state && strstr(response->message, words), "%d: %s", response->state, response->message);
	ck_assert_uint_eq(response->certificate.len > 0, state == ISSUED);
	ck_assert_uint_eq(response->retry_ms > 0, state != ISSUED);
	ck_assert(response->ca.len > 0);
}

static void open_all(void)
{
	cluster_open(&c);
	member_open(&m1, &c);
	member_open(&m2, &c);
}

static void close_all(void)
{
	member_close(&m1);
	member_close(&m2);
	cluster_close(&c);
}

static void expect_who(struct member *m, const char *principal)
{
	Sloth__V1__WhoAmIRequest request = SLOTH__V1__WHO_AM_IREQUEST__INIT;
	Sloth__V1__WhoAmIResponse *response;
	struct record r;

	member_connect(m);
	member_call(m, "/sloth.v1.Master/WhoAmI", &request.base, &r);
	ck_assert_msg(r.code == WIRE_OK, "%s", r.why);
	response = sloth__v1__who_am_iresponse__unpack(NULL, buf_len(&r.last), buf_data(&r.last));
	ck_assert_str_eq(response->principal, principal);
	ck_assert_str_eq(response->cluster, ca_cluster(c.w.m.ca));
	ck_assert_str_eq(response->ca_fingerprint, ca_fingerprint(c.w.m.ca));
	ck_assert_uint_eq(response->n_roles, 1);
	ck_assert_int_gt(response->not_after, wall_s());
	sloth__v1__who_am_iresponse__free_unpacked(response, NULL);
	record_done(&r);
}

static struct wire_identity parse(const Sloth__V1__EnrollResponse *response)
{
	struct wire_identity id;
	char *error = NULL;

	ck_assert_msg(!identity_parse_certificate(response->certificate.data, response->certificate.len, &id, &error), "%s", error);
	return id;
}

/* ---- with a token ---- */

START_TEST(a_token_makes_an_agent)
{
	const Sloth__V1__EnrollResponse *response;
	struct wire_identity id;

	open_all();
	response = member_enroll(&m1, "web1", new_token("", "web*", false));
	expect(response, ISSUED, "web1");
	id = parse(response);
	ck_assert_int_eq(id.kind, WIRE_KIND_AGENT);
	ck_assert_str_eq(id.name, "web1");
	ck_assert_str_eq(id.key, m1.key);
	ck_assert_int_le(id.not_after_s - wall_s(), CA_AGENT_DAYS * 24 * 3600);
	ck_assert_int_gt(id.not_after_s - wall_s(), (CA_AGENT_DAYS - 1) * 24 * 3600);
	member_keep(&m1, response);
	expect_who(&m1, "agent:web1");
	close_all();
}
END_TEST

START_TEST(a_token_makes_an_operator_of_its_name)
{
	const Sloth__V1__EnrollResponse *response;
	const char *token;
	struct wire_identity id;

	open_all();
	token = new_token("operator", "bob", false);
	member_enroll_fails(&m1, "alice", token, WIRE_PERMISSION_DENIED, "for \"bob\", not for alice");
	response = member_enroll(&m1, "", token);
	expect(response, ISSUED, "bob");
	id = parse(response);
	ck_assert_int_eq(id.kind, WIRE_KIND_OPERATOR);
	ck_assert_int_le(id.not_after_s - wall_s(), CA_OPERATOR_DAYS * 24 * 3600);
	member_keep(&m1, response);
	expect_who(&m1, "operator:bob");
	close_all();
}
END_TEST

START_TEST(a_lost_answer_costs_no_second_use)
{
	char serial[WIRE_SERIAL_MAX + 1];
	const char *token;

	open_all();
	token = new_token("", "", false);
	snprintf(serial, sizeof serial, "%s", parse(member_enroll(&m1, "web1", token)).serial);
	ck_assert_str_eq(parse(member_enroll(&m1, "web1", token)).serial, serial);
	ck_assert_str_eq(parse(member_enroll(&m1, "web1", "")).serial, serial);
	member_enroll_fails(&m1, "web2", token, WIRE_PERMISSION_DENIED, "used up");
	member_enroll_fails(&m2, "web1", token, WIRE_PERMISSION_DENIED, "used up");
	close_all();
}
END_TEST

static void begin(struct member *m, const char *name, const char *token, struct record *r)
{
	Sloth__V1__EnrollRequest request = SLOTH__V1__ENROLL_REQUEST__INIT;

	request.name = borrowed(name);
	request.token = borrowed(token);
	request.csr = (ProtobufCBinaryData){ m->csr_len, m->csr };
	world_call(&c.w, "/sloth.v1.Master/Enroll", &request.base, r);
	wire_half_close(r->call);
}

START_TEST(of_two_that_race_for_one_use_one_wins)
{
	struct record r1, r2;
	const char *token;

	open_all();
	token = new_token("", "", false);
	begin(&m1, "web1", token, &r1);
	begin(&m2, "web2", token, &r2);
	pair_run(&c.w.turn, pair_is, &r1.ended);
	pair_run(&c.w.turn, pair_is, &r2.ended);
	ck_assert_int_eq((r1.code == WIRE_OK) + (r2.code == WIRE_OK), 1);
	ck_assert_str_eq(r1.code == WIRE_OK ? r2.why : r1.why, "the token is used up");
	record_done(&r1);
	record_done(&r2);
	close_all();
}
END_TEST

START_TEST(a_bad_token_is_told_in_words)
{
	Sloth__V1__RevokeTokenRequest revoke = SLOTH__V1__REVOKE_TOKEN_REQUEST__INIT;
	char text[200], id[9];
	const char *token;
	struct record r;

	open_all();
	token = new_token("", "", false);
	snprintf(text, sizeof text, "%.20s", token);
	member_enroll_fails(&m1, "web1", text, WIRE_INVALID_ARGUMENT, "");
	snprintf(text, sizeof text, "sloth1.%064d.%s", 7, token);
	member_enroll_fails(&m1, "web1", text, WIRE_PERMISSION_DENIED, "another cluster");
	snprintf(text, sizeof text, "%s", token);
	text[12] = text[12] == 'a' ? 'b' : 'a';
	member_enroll_fails(&m1, "web1", text, WIRE_PERMISSION_DENIED, "no such token");
	snprintf(id, sizeof id, "%.8s", token);
	revoke.id = id;
	world_ask(&c.w, "/sloth.v1.Master/RevokeToken", &revoke.base, &sloth__v1__revoke_token_response__descriptor, &r);
	record_done(&r);
	member_enroll_fails(&m1, "web1", token, WIRE_PERMISSION_DENIED, "revoked");
	close_all();
}
END_TEST

START_TEST(tokens_are_listed_without_their_secrets)
{
	Sloth__V1__ListTokensRequest request = SLOTH__V1__LIST_TOKENS_REQUEST__INIT;
	const Sloth__V1__ListTokensResponse *list;
	const char *token;
	struct record r;

	open_all();
	token = new_token("operator", "bob", true);
	list = world_ask(&c.w, "/sloth.v1.Master/ListTokens", &request.base, &sloth__v1__list_tokens_response__descriptor, &r);
	ck_assert_uint_eq(list->n_tokens, 1);
	ck_assert(!strncmp(list->tokens[0]->id, token, 8));
	ck_assert_str_eq(list->tokens[0]->role, "operator");
	ck_assert_str_eq(list->tokens[0]->name_glob, "bob");
	ck_assert_uint_eq(list->tokens[0]->uses_left, 1);
	ck_assert(list->tokens[0]->replace && !list->tokens[0]->revoked);
	ck_assert_ptr_null(memmem(buf_data(&r.last), buf_len(&r.last), token + 9, 32));
	record_done(&r);
	close_all();
}
END_TEST

/* ---- names are bound to keys ---- */

START_TEST(a_name_that_is_taken_is_denied_and_shown)
{
	open_all();
	expect(member_enroll(&m1, "web1", new_token("", "", false)), ISSUED, "");
	expect(member_enroll(&m2, "web1", new_token("", "", false)), DENIED, "belongs to another key");
	expect(member_enroll(&m2, "web1", ""), DENIED, "belongs to another key");
	expect(member_enroll(&m1, "web1", ""), ISSUED, "");
	close_all();
}
END_TEST

static bool is_down(void *arg)
{
	return ((struct member *)arg)->n_down > 0;
}

START_TEST(a_token_that_replaces_ends_the_former_identity)
{
	open_all();
	member_keep(&m1, member_enroll(&m1, "web1", new_token("", "", false)));
	expect_who(&m1, "agent:web1");
	expect(member_enroll(&m2, "web1", new_token("", "web1", true)), ISSUED, "");
	pair_run(&c.w.turn, is_down, &m1);
	expect(member_enroll(&m1, "web1", new_token("", "", false)), DENIED, "this key was revoked");
	member_keep(&m2, member_enroll(&m2, "web1", ""));
	expect_who(&m2, "agent:web1");
	close_all();
}
END_TEST

/* ---- waiting ---- */

START_TEST(who_waits_gets_in_when_accepted)
{
	const Sloth__V1__EnrollResponse *response;
	struct identity_record r;

	open_all();
	response = member_enroll(&m1, "web1", "");
	expect(response, PENDING, "sloth agent accept web1");
	ck_assert_uint_eq(response->retry_ms, ENROLL_RETRY_SOON_MS);
	expect(member_enroll(&m1, "web1", ""), PENDING, "");
	decide("Accept", "db*", 0, 1, "no agent waits");
	decide("Accept", "web*", 1, 0, "");
	response = member_enroll(&m1, "web1", "");
	expect(response, ISSUED, "");
	member_keep(&m1, response);
	expect_who(&m1, "agent:web1");
	ck_assert(!store_find_holder(c.w.m.store, WIRE_KIND_AGENT, "web1", &r));
	ck_assert_int_eq(r.trust, TRUST_FIRST_USE);
	ck_assert_str_eq(r.address, "10.9.8.7:50051");
	close_all();
}
END_TEST

START_TEST(who_is_rejected_is_told_so_until_somebody_thinks_otherwise)
{
	open_all();
	member_enroll(&m1, "web1", "");
	decide("Reject", "*", 1, 0, "");
	expect(member_enroll(&m1, "web1", ""), DENIED, "rejected");
	decide("Accept", "*", 0, 1, "no agent waits");
	decide("Accept", "web1", 1, 0, "");
	expect(member_enroll(&m1, "web1", ""), ISSUED, "");
	member_enroll(&m2, "web2", "");
	decide("Reject", "web2", 1, 0, "");
	expect(member_enroll(&m2, "web2", new_token("", "", false)), ISSUED, "");
	close_all();
}
END_TEST

static void let_wait(unsigned n, int64_t asked_s, const char *from)
{
	struct identity_record r = { .kind = WIRE_KIND_AGENT, .state = IDENTITY_PENDING, .asked_s = asked_s };

	snprintf(r.from, sizeof r.from, "%s", from);
	store_begin(c.w.m.store);
	for (unsigned i = 0; i < n; i++) {
		snprintf(r.name, sizeof r.name, "n%u", i);
		snprintf(r.key, sizeof r.key, "%s%u", from, i);
		store_put_identity(c.w.m.store, &r);
	}
	ck_assert(!store_commit(c.w.m.store));
}

START_TEST(so_many_may_wait_and_not_for_ever)
{
	open_all();
	let_wait(IDENTITIES_WAITING_PER_HOST_MAX, wall_s(), "unix");
	member_enroll_fails(&m1, "web1", "", WIRE_RESOURCE_EXHAUSTED, "others from unix wait");
	expect(member_enroll(&m1, "web1", new_token("", "", false)), ISSUED, "");	/* they keep nobody out who has a token */
	let_wait(IDENTITIES_WAITING_PER_HOST_MAX, wall_s() - IDENTITIES_WAIT_S - 1, "unix");
	expect(member_enroll(&m2, "web2", ""), PENDING, "");
	let_wait(IDENTITIES_WAITING_MAX, wall_s(), "10.0.0.1");
	member_close(&m2);
	member_open(&m2, &c);
	member_enroll_fails(&m2, "web3", "", WIRE_RESOURCE_EXHAUSTED, "wait to be accepted");
	close_all();
}
END_TEST

START_TEST(who_moves_while_it_waits_is_shown_where_it_is)
{
	struct identity_record r;

	open_all();
	member_enroll(&m1, "web1", "");
	ck_assert(!store_find_identity(c.w.m.store, WIRE_KIND_AGENT, "web1", m1.key, &r));
	snprintf(r.address, sizeof r.address, "10.1.1.1:1");
	store_begin(c.w.m.store);
	store_put_identity(c.w.m.store, &r);
	ck_assert(!store_commit(c.w.m.store));
	member_enroll(&m1, "web1", "");
	ck_assert(!store_find_identity(c.w.m.store, WIRE_KIND_AGENT, "web1", m1.key, &r));
	ck_assert_str_eq(r.address, "10.9.8.7:50051");
	close_all();
}
END_TEST

START_TEST(who_waits_for_long_asks_less_often)
{
	struct identity_record r;

	open_all();
	member_enroll(&m1, "web1", "");
	ck_assert(!store_find_identity(c.w.m.store, WIRE_KIND_AGENT, "web1", m1.key, &r));
	r.asked_s -= ENROLL_SOON_S;
	store_begin(c.w.m.store);
	store_put_identity(c.w.m.store, &r);
	ck_assert(!store_commit(c.w.m.store));
	ck_assert_uint_eq(member_enroll(&m1, "web1", "")->retry_ms, ENROLL_RETRY_MS);
	close_all();
}
END_TEST

/* ---- renewal ---- */

static const Sloth__V1__EnrollResponse *renew(struct member *m, const struct member *with, enum wire_code code, const char *words)
{
	static Sloth__V1__EnrollResponse *response;
	Sloth__V1__RenewRequest request = SLOTH__V1__RENEW_REQUEST__INIT;
	struct record r;

	request.csr = (ProtobufCBinaryData){ with->csr_len, with->csr };
	member_call(m, "/sloth.v1.Master/Renew", &request.base, &r);
	ck_assert_msg(r.code == code && strstr(r.why, words), "%d: %s", r.code, r.why);
	if (response)
		sloth__v1__enroll_response__free_unpacked(response, NULL);
	response = NULL;
	if (code == WIRE_OK)
		response = sloth__v1__enroll_response__unpack(NULL, buf_len(&r.last), buf_data(&r.last));
	record_done(&r);
	return response;
}

START_TEST(a_renewal_that_is_interrupted_leaves_identities_that_work)
{
	char serial[WIRE_SERIAL_MAX + 1];
	struct member m3;

	open_all();
	member_open(&m3, &c);
	member_keep(&m1, member_enroll(&m1, "web1", new_token("", "", false)));
	member_connect(&m1);
	renew(&m1, &m1, WIRE_INVALID_ARGUMENT, "another key");
	snprintf(serial, sizeof serial, "%s", parse(renew(&m1, &m2, WIRE_OK, "")).serial);	/* this answer is lost */
	ck_assert_str_eq(parse(renew(&m1, &m2, WIRE_OK, "")).serial, serial);
	member_keep(&m3, renew(&m1, &m3, WIRE_OK, ""));						/* it began again with another key */
	expect_who(&m3, "agent:web1");
	expect_who(&m1, "agent:web1");
	expect(member_enroll(&m1, "web1", ""), DENIED, "belongs to another key");
	member_close(&m3);
	close_all();
}
END_TEST

START_TEST(renewals_in_a_circle_end)
{
	struct member next;

	open_all();
	member_keep(&m1, member_enroll(&m1, "web1", new_token("", "", false)));
	member_connect(&m1);
	for (int i = 0; i < IDENTITIES_CERTIFICATES_MAX; i++) {
		member_open(&next, &c);
		if (i < IDENTITIES_CERTIFICATES_MAX - 1)
			renew(&m1, &next, WIRE_OK, "");
		else
			renew(&m1, &next, WIRE_RESOURCE_EXHAUSTED, "certificates that are valid");
		member_close(&next);
	}
	close_all();
}
END_TEST

START_TEST(who_has_no_certificate_has_none_to_renew)
{
	Sloth__V1__RenewRequest request = SLOTH__V1__RENEW_REQUEST__INIT;
	struct record r;

	open_all();
	world_call(&c.w, "/sloth.v1.Master/Renew", &request.base, &r);
	wire_half_close(r.call);
	pair_run(&c.w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_FAILED_PRECONDITION);
	record_done(&r);
	close_all();
}
END_TEST

/* ---- bad requests ---- */

START_TEST(names_are_checked)
{
	static const char *const names[] = {
		"", "a,b", "a/b", "../x", "a b", "w\xc3\xa9" "b",
		"01234567890123456789012345678901234567890123456789012345678901234",
	};
	const char *token;

	open_all();
	token = new_token("", "*", false);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		member_enroll_fails(&m1, names[i], token, WIRE_INVALID_ARGUMENT, "is not allowed");
		member_enroll_fails(&m1, names[i], "", WIRE_INVALID_ARGUMENT, "is not allowed");
	}
	expect(member_enroll(&m1, "0123456789012345678901234567890123456789012345678901234567890123", token), ISSUED, "");
	close_all();
}
END_TEST

START_TEST(a_name_with_a_nul_is_no_message)
{
	static const uint8_t request[] = { 0x0a, 4, 'w', 'e', 0, 'b' };
	const struct wire_request how = { .path = "/sloth.v1.Master/Enroll" };
	struct record r = { .call = NULL };

	open_all();
	r.call = wire_call(c.w.conn, &how, &record_ops, &r);
	wire_send(r.call, request, sizeof request);
	wire_half_close(r.call);
	pair_run(&c.w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_INTERNAL);
	ck_assert_msg(strstr(r.why, "NUL") != NULL, "%s", r.why);
	record_done(&r);
	close_all();
}
END_TEST

/* Another request in the place of a member's. */
static void set_request(struct member *m, EVP_PKEY *key, const char *san)
{
	X509_REQ *req = X509_REQ_new();
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	uint8_t *der = NULL;
	int n;

	X509_REQ_set_pubkey(req, key);
	if (san)
		sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san));
	X509_REQ_add_extensions(req, extensions);
	ck_assert_int_gt(X509_REQ_sign(req, key, EVP_sha256()), 0);
	n = i2d_X509_REQ(req, &der);
	ck_assert_int_gt(n, 0);
	free(m->csr);
	m->csr_len = (size_t)n;
	m->csr = malloc(m->csr_len);
	memcpy(m->csr, der, m->csr_len);
	OPENSSL_free(der);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_REQ_free(req);
}

START_TEST(requests_are_checked_and_only_their_key_is_taken)
{
	EVP_PKEY *weak = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024), *good = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	Sloth__V1__EnrollResponse *response;
	struct wire_identity id;
	const char *token;
	struct record r;

	open_all();
	token = new_token("", "", false);
	m1.csr[m1.csr_len - 1] ^= 1;
	member_enroll_fails(&m1, "web1", token, WIRE_INVALID_ARGUMENT, "request");
	m1.csr_len /= 2;
	member_enroll_fails(&m1, "web1", token, WIRE_INVALID_ARGUMENT, "malformed");
	m1.csr_len = 0;
	member_enroll_fails(&m1, "web1", token, WIRE_INVALID_ARGUMENT, "no certificate request");
	set_request(&m1, weak, NULL);
	member_enroll_fails(&m1, "web1", token, WIRE_INVALID_ARGUMENT, "EC P-256");
	set_request(&m1, good, "URI:spiffe://x/operator/root,DNS:slothd-master");
	begin(&m1, "web1", token, &r);
	pair_run(&c.w.turn, pair_is, &r.ended);
	ck_assert_msg(r.code == WIRE_OK, "%s", r.why);
	response = sloth__v1__enroll_response__unpack(NULL, buf_len(&r.last), buf_data(&r.last));
	id = parse(response);
	ck_assert_int_eq(id.kind, WIRE_KIND_AGENT);
	ck_assert_str_eq(id.name, "web1");
	ck_assert_str_eq(id.cluster, ca_cluster(c.w.m.ca));
	ck_assert_ptr_null(memmem(response->certificate.data, response->certificate.len, "operator/root", 13));
	sloth__v1__enroll_response__free_unpacked(response, NULL);
	record_done(&r);
	EVP_PKEY_free(weak);
	EVP_PKEY_free(good);
	close_all();
}
END_TEST

/* ---- what the master lacks ---- */

START_TEST(without_a_ca_nobody_enrols)
{
	struct ca *ca;

	open_all();
	ca = c.w.m.ca;
	c.w.m.ca = NULL;
	member_enroll_fails(&m1, "web1", "", WIRE_FAILED_PRECONDITION, "--insecure");
	c.w.m.ca = ca;
	close_all();
}
END_TEST

START_TEST(what_cannot_be_written_has_not_happened)
{
	struct rlimit none = { 0, RLIM_INFINITY }, unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	const char *token;

	open_all();
	token = new_token("", "", false);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	member_enroll_fails(&m1, "web1", token, WIRE_UNAVAILABLE, "try again");
	setrlimit(RLIMIT_FSIZE, &unlimited);
	expect(member_enroll(&m2, "web1", token), ISSUED, "");
	close_all();
}
END_TEST

UNIT_MAIN(a_token_makes_an_agent, a_token_makes_an_operator_of_its_name, a_lost_answer_costs_no_second_use,
	  of_two_that_race_for_one_use_one_wins, a_bad_token_is_told_in_words, tokens_are_listed_without_their_secrets,
	  a_name_that_is_taken_is_denied_and_shown, a_token_that_replaces_ends_the_former_identity,
	  who_waits_gets_in_when_accepted, who_is_rejected_is_told_so_until_somebody_thinks_otherwise,
	  so_many_may_wait_and_not_for_ever, who_moves_while_it_waits_is_shown_where_it_is,
	  who_waits_for_long_asks_less_often,
	  a_renewal_that_is_interrupted_leaves_identities_that_work, renewals_in_a_circle_end,
	  who_has_no_certificate_has_none_to_renew, names_are_checked, a_name_with_a_nul_is_no_message,
	  requests_are_checked_and_only_their_key_is_taken, without_a_ca_nobody_enrols, what_cannot_be_written_has_not_happened)
