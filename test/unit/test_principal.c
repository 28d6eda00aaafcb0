/*
 * test_principal.c - who a call comes from, and what of its claims is shown.
 */
#include "master/principal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test/lib/unit.h"

static struct principal p;
static struct principal_users users;

START_TEST(users_of_this_machine_have_their_names)
{
	struct wire_peer peer = { .address = "unix", .is_unix = true, .uid = 0, .roles = WIRE_ADMIN };

	principal_of_peer(&p, &users, &peer);
	ck_assert_str_eq(p.name, "root");
	ck_assert_str_eq(p.claims, "");
	ck_assert_str_eq(p.from, "unix");
	ck_assert_uint_eq(p.roles, WIRE_ADMIN);
	peer.uid = 4294000001u;
	principal_of_peer(&p, &users, &peer);
	ck_assert_str_eq(p.name, "uid:4294000001");
}
END_TEST

START_TEST(more_users_than_are_remembered)
{
	struct wire_peer peer = { .address = "unix", .is_unix = true };
	char expected[32];

	for (unsigned i = 0; i < 3 * PRINCIPAL_USERS; i++) {
		peer.uid = 4294000000u + i % (PRINCIPAL_USERS + 3);
		snprintf(expected, sizeof expected, "uid:%u", (unsigned)peer.uid);
		principal_of_peer(&p, &users, &peer);
		ck_assert_str_eq(p.name, expected);
	}
}
END_TEST

START_TEST(others_have_their_certificates_or_addresses)
{
	struct wire_identity alice = { .kind = WIRE_KIND_OPERATOR, .name = "alice" };
	struct wire_peer peer = { .address = "10.0.0.7:1", .identity = &alice };

	principal_of_peer(&p, &users, &peer);
	ck_assert_str_eq(p.name, "operator:alice");
	peer.refused = "it is expired";
	principal_of_peer(&p, &users, &peer);
	ck_assert_str_eq(p.name, "tcp:10.0.0.7:1");
	peer.identity = NULL;
	principal_of_peer(&p, &users, &peer);
	ck_assert_str_eq(p.name, "tcp:10.0.0.7:1");
	alice.kind = WIRE_KIND_AGENT;
	peer = (struct wire_peer){ .address = "x", .identity = &alice };
	principal_of_peer(&p, &users, &peer);
	ck_assert_str_eq(p.name, "agent:alice");
}
END_TEST

START_TEST(claims_are_bounded_and_plain)
{
	static const struct { const char *name, *claim, *shown; } rows[] = {
		{ "root", "alice", "alice" },
		{ "root", "root", "" },
		{ "operator:alice", "alice", "" },
		{ "operator:alice", "bob", "bob" },
		{ "root", "", "" },
		{ "root", "a b\x1b[1m)\"\\", "a?b?[1m???" },
	};
	char big[100] = "";

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(p.name, sizeof p.name, "%s", rows[i].name);
		principal_set_claim(&p, rows[i].claim);
		ck_assert_str_eq(p.claims, rows[i].shown);
	}
	memset(big, 'a', sizeof big - 1);
	principal_set_claim(&p, big);
	ck_assert_uint_eq(strlen(p.claims), PRINCIPAL_CLAIMS_MAX);
}
END_TEST

START_TEST(somebody_without_tls_is_the_same_from_another_port)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "root", "root", true },
		{ "root", "toor", false },
		{ "tcp:127.0.0.1:4711", "tcp:127.0.0.1:4712", true },
		{ "tcp:[::1]:4711", "tcp:[::1]:4712", true },
		{ "tcp:127.0.0.1:4711", "tcp:127.0.0.2:4711", false },
		{ "tcp:127.0.0.1:4711", "tcp:127.0.0.10:4711", false },
		{ "operator:a", "operator:b", false },
		{ "uid:1", "uid:2", false },
		{ "tcp:127.0.0.1:4711", "root", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_int_eq(principal_is_same(cases[i].a, cases[i].b), cases[i].same);
}
END_TEST

UNIT_MAIN(users_of_this_machine_have_their_names, more_users_than_are_remembered,
	  others_have_their_certificates_or_addresses, claims_are_bounded_and_plain,
	  somebody_without_tls_is_the_same_from_another_port)
