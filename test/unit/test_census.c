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

	return census_count(c, (struct sockaddr *)&ss);
}

static void enter(struct census *c, const char *text)
{
	struct sockaddr_storage ss = address(text);

	census_enter(c, (struct sockaddr *)&ss);
}

static void leave(struct census *c, const char *text)
{
	struct sockaddr_storage ss = address(text);

	census_leave(c, (struct sockaddr *)&ss);
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

UNIT_MAIN(addresses_are_counted_apart, ipv6_counts_by_network_and_mapped_addresses_as_ipv4)
