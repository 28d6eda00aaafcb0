/* Addresses in text and as socket addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "test/lib/unit.h"
#include "wire/addr.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* 63 + 1 + 63 + 1 + 63 + 1 + 61 = 253 bytes, the longest host name. */
#define LABEL63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"
#define HOST253 LABEL63 "." LABEL63 "." LABEL63 "." "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffg"
#define PATH107 "/" LABEL63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeee"

START_TEST(host_and_port_are_taken_apart)
{
	static const struct {
		const char *text, *host;
		uint16_t default_port, port;
	} cases[] = {
		{ "10.0.0.7:50051", "10.0.0.7", 0, 50051 },
		{ "localhost:1", "localhost", 0, 1 },
		{ "web-1.example_x.org:65535", "web-1.example_x.org", 0, 65535 },
		{ "example.org.:80", "example.org.", 0, 80 },
		{ "example.org", "example.org", 50053, 50053 },
		{ "example.org:7", "example.org", 50053, 7 },
		{ ":50051", "", 0, 50051 },
		{ "[::1]:50051", "::1", 0, 50051 },
		{ "[::1]", "::1", 50053, 50053 },
		{ "[2001:db8::7%1]:9", "2001:db8::7%1", 0, 9 },
		{ "::1", "::1", 50053, 50053 },
		{ "127.0.0.1:0", "127.0.0.1", 0, 0 },
		{ HOST253 ":1", HOST253, 0, 1 },
	};
	const char *why = NULL;
	struct wire_addr a;

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_msg(wire_addr_parse(cases[i].text, cases[i].default_port, &a, &why) == 0, "%s: %s",
			      cases[i].text, why);
		ck_assert(!a.is_unix);
		ck_assert_str_eq(a.host, cases[i].host);
		ck_assert_uint_eq(a.port, cases[i].port);
	}
}
END_TEST

START_TEST(unix_path_is_taken)
{
	static const struct {
		const char *text, *path;
	} cases[] = {
		{ "unix:/run/sloth/master.sock", "/run/sloth/master.sock" },
		{ "unix:///run/sloth/master.sock", "/run/sloth/master.sock" },
		{ "unix:////run//x", "/run//x" },
		{ "unix:relative", "relative" },
		{ "unix:" PATH107, PATH107 },
	};
	struct wire_addr a;
	const char *why;

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(wire_addr_parse(cases[i].text, 1, &a, &why), 0);
		ck_assert(a.is_unix);
		ck_assert_str_eq(a.path, cases[i].path);
		ck_assert_str_eq(a.host, "");
		ck_assert_uint_eq(a.port, 0);
	}
}
END_TEST

START_TEST(what_is_no_address_is_refused_with_a_reason)
{
	static const struct {
		const char *text;
		uint16_t default_port;
		const char *why;
	} cases[] = {
		{ "", 0, "empty" },
		{ "", 50053, "empty" },
		{ "host", 0, "no port" },
		{ "[::1]", 0, "no port" },
		{ "host:", 0, "port is not in 1..65535" },
		{ "host:65536", 0, "port is not in 1..65535" },
		{ "host:-1", 0, "port is not in 1..65535" },
		{ "host:+1", 0, "port is not in 1..65535" },
		{ "host: 1", 0, "port is not in 1..65535" },
		{ "host:80x", 0, "port is not in 1..65535" },
		{ "host:99999999999999999999999", 0, "port is not in 1..65535" },
		{ "[::1", 0, "no closing bracket" },
		{ "[::1]50051", 0, "no port behind the bracket" },
		{ "[10.0.0.1]:1", 0, "not an IPv6 address between the brackets" },
		{ "[]:1", 0, "not an IPv6 address between the brackets" },
		{ "[::1%]:1", 0, "not an IPv6 address between the brackets" },
		{ "[::1%lo:x]:1", 0, "not an IPv6 address between the brackets" },
		{ "[::1%nosuchif0]:1", 0, "not an IPv6 address between the brackets" },
		{ "::1:50051", 0, "more than one colon; an IPv6 address needs brackets: [::1]:50051" },
		{ "a:b:1", 50053, "more than one colon; an IPv6 address needs brackets: [::1]:50051" },
		{ "10.0.0.300:1", 0, "not an IPv4 address" },
		{ "127.1:1", 0, "not an IPv4 address" },
		{ "12345:1", 0, "not an IPv4 address" },
		{ ".org:1", 0, "host name with an empty part" },
		{ "a..org:1", 0, "host name with an empty part" },
		{ "a b:1", 0, "host has a character that no host name has" },
		{ "a\nb:1", 0, "host has a character that no host name has" },
		{ "http://x", 1, "port is not in 1..65535" },
		{ HOST253 "x:1", 0, "host is longer than 253 bytes" },
		{ "unix", 50053, "\"unix\" cannot be a host name, a socket is unix:/PATH" },
		{ "unix:", 0, "no path" },
		{ "unix:" PATH107 "x", 0, "path is longer than 107 bytes" },
		{ "unix:/tmp/a\nb", 0, "path has a control character" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct wire_addr a = { .port = 4711 };
		const char *why = "";

		ck_assert_msg(wire_addr_parse(cases[i].text, cases[i].default_port, &a, &why) == -EINVAL, "%s",
			      cases[i].text);
		ck_assert_str_eq(why, cases[i].why);
		ck_assert_uint_eq(a.port, 4711);
	}
}
END_TEST

START_TEST(format_and_parse_are_inverse)
{
	static const char *const texts[] = {
		"10.0.0.7:50051", "[::1]:50051", "[fe80::1%1]:9", "host.example:1", ":50051", "unix:/run/x.sock",
	};
	char out[WIRE_ADDR_MAX];
	struct wire_addr a;
	const char *why;

	for (size_t i = 0; i < COUNT(texts); i++) {
		ck_assert_int_eq(wire_addr_parse(texts[i], 0, &a, &why), 0);
		wire_addr_format(&a, out);
		ck_assert_str_eq(out, texts[i]);
	}
}
END_TEST

START_TEST(socket_address_becomes_the_text_it_was_made_of)
{
	static const char *const texts[] = {
		"10.0.0.7:50051", "[::1]:50051", "[2001:db8::7]:1", "[fe80::1%1]:9", "unix:/run/x.sock", "unix:" PATH107,
	};
	struct sockaddr_storage ss;
	char out[WIRE_ADDR_MAX];
	struct wire_addr a;
	const char *why;
	socklen_t len;

	for (size_t i = 0; i < COUNT(texts); i++) {
		ck_assert_int_eq(wire_addr_parse(texts[i], 0, &a, &why), 0);
		ck_assert_int_eq(wire_addr_to_sockaddr(&a, &ss, &len), 0);
		wire_addr_from_sockaddr((struct sockaddr *)&ss, len, out);
		ck_assert_str_eq(out, texts[i]);
	}
}
END_TEST

START_TEST(mapped_address_is_shown_as_ipv4)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(7) };
	char out[WIRE_ADDR_MAX];

	inet_pton(AF_INET6, "::ffff:10.0.0.7", &sin6.sin6_addr);
	wire_addr_from_sockaddr((struct sockaddr *)&sin6, sizeof sin6, out);
	ck_assert_str_eq(out, "10.0.0.7:7");
}
END_TEST

START_TEST(unnamed_and_abstract_unix_peers_are_just_unix)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = "\0abstract" };
	socklen_t base = offsetof(struct sockaddr_un, sun_path);
	char out[WIRE_ADDR_MAX];

	wire_addr_from_sockaddr((struct sockaddr *)&sun, base, out);
	ck_assert_str_eq(out, "unix");
	wire_addr_from_sockaddr((struct sockaddr *)&sun, base + 9, out);
	ck_assert_str_eq(out, "unix");
}
END_TEST

START_TEST(unix_path_of_a_peer_is_read_within_its_length)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char out[WIRE_ADDR_MAX];

	memset(sun.sun_path, 'x', sizeof sun.sun_path);
	wire_addr_from_sockaddr((struct sockaddr *)&sun, sizeof sun, out);
	ck_assert_uint_eq(strlen(out), 5 + sizeof sun.sun_path);
	wire_addr_from_sockaddr((struct sockaddr *)&sun, offsetof(struct sockaddr_un, sun_path) + 3, out);
	ck_assert_str_eq(out, "unix:xxx");
}
END_TEST

START_TEST(control_bytes_in_a_peers_path_are_not_repeated)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = "/a\n\x1b[2J" };
	char out[WIRE_ADDR_MAX];

	wire_addr_from_sockaddr((struct sockaddr *)&sun, sizeof sun, out);
	ck_assert_str_eq(out, "unix:/a??[2J");
}
END_TEST

START_TEST(socket_address_of_another_family_or_cut_short_is_unknown)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr sa = { .sa_family = AF_UNSPEC };
	char out[WIRE_ADDR_MAX];

	wire_addr_from_sockaddr(&sa, sizeof sa, out);
	ck_assert_str_eq(out, "unknown");
	wire_addr_from_sockaddr((struct sockaddr *)&sin, 0, out);
	ck_assert_str_eq(out, "unknown");
}
END_TEST

/* What kind of place a host is. */
static const struct {
	const char *text;
	bool loopback, any, literal;
} kinds[] = {
	{ "127.0.0.1:1", true, false, true },
	{ "127.8.9.10:1", true, false, true },
	{ "[::1]:1", true, false, true },
	{ "[::ffff:127.0.0.1]:1", true, false, true },
	{ "localhost:1", true, false, false },
	{ "LocalHost:1", true, false, false },
	{ "128.0.0.1:1", false, false, true },
	{ "10.0.0.7:1", false, false, true },
	{ "[2001:db8::1]:1", false, false, true },
	{ "[::ffff:10.0.0.7]:1", false, false, true },
	{ "localhost.evil.example:1", false, false, false },
	{ "127.0.0.1.example:1", false, false, false },
	{ "0.0.0.0:1", false, true, true },
	{ "[::]:1", false, true, true },
	{ ":1", false, true, true },
	{ "unix:/x", false, false, true },
};

START_TEST(kind_of_place_is_known)
{
	struct sockaddr_storage ss;
	struct wire_addr a;
	const char *why;
	socklen_t len;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		ck_assert_int_eq(wire_addr_parse(kinds[i].text, 0, &a, &why), 0);
		ck_assert_msg(wire_addr_is_loopback(&a) == kinds[i].loopback, "%s", kinds[i].text);
		ck_assert_msg(wire_addr_is_any(&a) == kinds[i].any, "%s", kinds[i].text);
		ck_assert_msg((wire_addr_to_sockaddr(&a, &ss, &len) == 0) == kinds[i].literal, "%s", kinds[i].text);
	}
}
END_TEST

START_TEST(unix_socket_address_is_not_loopback)
{
	struct sockaddr sa = { .sa_family = AF_UNIX };

	ck_assert(!wire_sockaddr_is_loopback(&sa));
}
END_TEST

/* What an agent on another machine may have the master dial. */
START_TEST(elsewhere_is_one_machine_and_not_the_loopback_interface)
{
	static const char *const there[] = { "10.0.0.7", "192.168.1.17", "126.0.0.1", "223.1.1.1", "2001:db8::1", "fe80::1", "::ffff:10.0.0.7",
					     "web1", "localhost.example", "mylocalhost" };
	static const char *const not_there[] = { "127.0.0.1", "127.9.9.9", "0.0.0.0", "0.0.0.1", "224.0.0.1", "255.255.255.255", "::1", "::",
						 "ff02::1", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "", "localhost", "LOCALHOST", "localhost.",
						 "a.localhost" };
	struct wire_addr a = { .port = 1 };

	for (size_t i = 0; i < sizeof there / sizeof *there; i++) {
		snprintf(a.host, sizeof a.host, "%s", there[i]);
		ck_assert_msg(wire_addr_is_elsewhere(&a), "%s", there[i]);
	}
	for (size_t i = 0; i < sizeof not_there / sizeof *not_there; i++) {
		snprintf(a.host, sizeof a.host, "%s", not_there[i]);
		ck_assert_msg(!wire_addr_is_elsewhere(&a), "%s", not_there[i]);
	}
	a.is_unix = true;
	ck_assert(!wire_addr_is_elsewhere(&a));
}
END_TEST

START_TEST(a_literal_is_an_address_alone_with_or_without_brackets)
{
	static const struct {
		const char *text, *host;	/* NULL: refused */
	} cases[] = {
		{ "127.0.0.1", "127.0.0.1" }, { "::1", "::1" }, { "[::1]", "::1" }, { "0.0.0.0", "0.0.0.0" },
		{ "[127.0.0.1]", NULL }, { "", NULL }, { "[]", NULL }, { "[::1", NULL }, { "::1]", NULL }, { "localhost", NULL },
		{ "127.0.0.1:80", NULL }, { "[::1]:80", NULL }, { "unix:/x", NULL }, { "1.2.3", NULL },
	};
	char longest[400];
	struct wire_addr a;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int rv = wire_addr_parse_literal(cases[i].text, &a);

		ck_assert_msg(rv == (cases[i].host ? 0 : -EINVAL), "%s", cases[i].text);
		if (!cases[i].host)
			continue;
		ck_assert_str_eq(a.host, cases[i].host);
		ck_assert(!a.is_unix && a.port == 0);
	}
	memset(longest, '1', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	ck_assert_int_eq(wire_addr_parse_literal(longest, &a), -EINVAL);
}
END_TEST

UNIT_MAIN(a_literal_is_an_address_alone_with_or_without_brackets, host_and_port_are_taken_apart,
	  unix_path_is_taken, what_is_no_address_is_refused_with_a_reason,
	  format_and_parse_are_inverse, socket_address_becomes_the_text_it_was_made_of, mapped_address_is_shown_as_ipv4,
	  unnamed_and_abstract_unix_peers_are_just_unix, unix_path_of_a_peer_is_read_within_its_length,
	  control_bytes_in_a_peers_path_are_not_repeated, socket_address_of_another_family_or_cut_short_is_unknown,
	  kind_of_place_is_known, unix_socket_address_is_not_loopback, elsewhere_is_one_machine_and_not_the_loopback_interface)
