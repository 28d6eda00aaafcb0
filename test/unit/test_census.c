/* test_census.c - connections per address. */
#include "wire/census.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "test/lib/unit.h"

static struct sockaddr_storage address(const char *text)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		memcpy(&ss, &v4, sizeof v4);
	} else {
		ck_assert_int_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
		memcpy(&ss, &v6, sizeof v6);
	}
	return ss;
}

static unsigned count(struct census *c, const char *text)
{
	struct sockaddr_storage ss = address(text);

	return census_count(c, census_key((struct sockaddr *)&ss));
}

static void enter(struct census *c, const char *text)
{
	struct sockaddr_storage ss = address(text);

	census_enter(c, census_key((struct sockaddr *)&ss));
}

static void leave(struct census *c, const char *text)
{
	struct sockaddr_storage ss = address(text);

	census_leave(c, census_key((struct sockaddr *)&ss));
}

START_TEST(addresses_are_counted_apart)
{
	struct census *c = census_new();

	enter(c, "10.0.0.1");
	enter(c, "10.0.0.1");
	enter(c, "10.0.0.2");
	ck_assert_uint_eq(count(c, "10.0.0.1"), 2);
	ck_assert_uint_eq(count(c, "10.0.0.2"), 1);
	leave(c, "10.0.0.1");
	leave(c, "10.0.0.1");
	ck_assert_uint_eq(count(c, "10.0.0.1"), 0);
	leave(c, "10.0.0.1");		/* once too often does no harm */
	leave(c, "10.0.0.2");
	census_free(c);
}
END_TEST

START_TEST(ipv6_counts_by_network_and_mapped_addresses_as_ipv4)
{
	struct census *c = census_new();

	enter(c, "2001:db8:1:2::1");
	ck_assert_uint_eq(count(c, "2001:db8:1:2:ffff::9"), 1);
	ck_assert_uint_eq(count(c, "2001:db8:1:3::1"), 0);
	enter(c, "::ffff:10.0.0.9");
	ck_assert_uint_eq(count(c, "10.0.0.9"), 1);
	census_free(c);
}
END_TEST

static unsigned admitted(struct census *c, const char *text, unsigned n, uint64_t now_ms)
{
	struct sockaddr_storage ss = address(text);
	unsigned passed = 0;

	while (n--)
		passed += census_admit(c, census_key((struct sockaddr *)&ss), now_ms);
	return passed;
}

START_TEST(an_address_that_comes_too_often_waits_and_its_sibling_does_not)
{
	struct census *c = census_new();

	ck_assert_uint_eq(admitted(c, "10.0.0.1", 1000, 5000), 256);
	ck_assert_uint_eq(admitted(c, "10.0.0.2", 256, 5000), 256);
	ck_assert_uint_eq(admitted(c, "10.0.0.1", 1000, 6000), 64);
	ck_assert_uint_eq(admitted(c, "2001:db8::1", 200, 6000), 200);
	ck_assert_uint_eq(admitted(c, "2001:db8::2", 200, 6000), 56);
	ck_assert_uint_eq(admitted(c, "10.0.0.1", 1000, 60000), 256);
	census_free(c);
}
END_TEST

START_TEST(who_turns_out_to_be_no_stranger_takes_nothing)
{
	struct census *c = census_new();
	struct sockaddr_storage ss = address("10.0.0.1");
	uint64_t key = census_key((struct sockaddr *)&ss);

	census_excuse(c, key, 5000);		/* nobody has come yet */
	ck_assert_uint_eq(admitted(c, "10.0.0.1", 1000, 5000), 256);
	census_excuse(c, key, 5000);
	census_excuse(c, key, 5000);
	ck_assert_uint_eq(admitted(c, "10.0.0.1", 1000, 5000), 2);
	census_free(c);
}
END_TEST

START_TEST(identities_are_told_apart_by_kind_and_name)
{
	const struct wire_identity web1 = { .kind = WIRE_KIND_AGENT, .name = "web1" };
	const struct wire_identity web2 = { .kind = WIRE_KIND_AGENT, .name = "web2" };
	const struct wire_identity operator = { .kind = WIRE_KIND_OPERATOR, .name = "web1" };

	ck_assert_uint_eq(census_key_of_identity(&web1), census_key_of_identity(&web1));
	ck_assert_uint_ne(census_key_of_identity(&web1), census_key_of_identity(&web2));
	ck_assert_uint_ne(census_key_of_identity(&web1), census_key_of_identity(&operator));
}
END_TEST

/* 300 agents behind one address enrol and come back within half a minute, each with several connections. */
START_TEST(many_agents_behind_one_address_pass)
{
	struct census *c = census_new();
	unsigned passed = 0;

	for (unsigned i = 0; i < 300; i++)
		passed += admitted(c, "10.0.0.1", 6, i * 30000 / 300);
	ck_assert_uint_eq(passed, 300 * 6);
	census_free(c);
}
END_TEST

/* The table is small: there is room for every next address in it, and the one that keeps coming stays known. */
START_TEST(many_addresses_do_not_hide_the_one_that_keeps_coming)
{
	struct census *c = census_new();
	struct sockaddr_in other = { .sin_family = AF_INET };
	size_t used = 0;

	admitted(c, "10.0.0.1", 1000, 0);
	for (uint32_t ms = 0; ms < 100000; ms++) {
		other.sin_addr.s_addr = htonl(0x0b000000 + ms);
		UNIT_ASSERT(census_admit(c, census_key((struct sockaddr *)&other), ms));
		if (ms % 20 == 0)
			used += admitted(c, "10.0.0.1", 10, ms);
	}
	ck_assert_uint_le(used, 64 * 100);	/* of 50,000 tries in 100 s */
	census_free(c);
}
END_TEST

UNIT_MAIN(who_turns_out_to_be_no_stranger_takes_nothing, identities_are_told_apart_by_kind_and_name,
	  addresses_are_counted_apart, ipv6_counts_by_network_and_mapped_addresses_as_ipv4,
	  an_address_that_comes_too_often_waits_and_its_sibling_does_not, many_agents_behind_one_address_pass,
	  many_addresses_do_not_hide_the_one_that_keeps_coming)
