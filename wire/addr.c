/*
 * addr.c - addresses: text to parts and back, and what kind of place they name.
 *
 * Text comes from users and from peers (reported agent addresses): nothing but letters, digits and
 * ".-_:%" passes as a host, no control characters pass in a path. Names are not resolved here.
 */
#include "wire/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/str.h"

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static int refuse(const char **why, const char *phrase)
{
	*why = phrase;
	return -EINVAL;
}

/* ---- literals ---- */

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* "%eth0" or "%2" behind a link-local address -> interface index. The kernel itself would take "lo:x". */
static int parse_zone(const char *zone, uint32_t *index)
{
	uint64_t number;

	for (const char *c = zone; *c; c++)
		if (*c != '.' && !is_name_char(*c))
			return -EINVAL;
	if (str_parse_u64(zone, 1, UINT32_MAX, &number) == 0)
		*index = (uint32_t)number;
	else
		*index = if_nametoindex(zone);
	return *index ? 0 : -EINVAL;
}

static int parse_v6(const char *host, struct in6_addr *addr, uint32_t *scope)
{
	char literal[INET6_ADDRSTRLEN];
	size_t n = strcspn(host, "%");

	*scope = 0;
	if (n >= sizeof literal)
		return -EINVAL;
	memcpy(literal, host, n);
	literal[n] = '\0';
	if (inet_pton(AF_INET6, literal, addr) != 1)
		return -EINVAL;
	return host[n] ? parse_zone(host + n + 1, scope) : 0;
}

static bool is_v6(const char *host)
{
	struct in6_addr addr;
	uint32_t scope;

	return parse_v6(host, &addr, &scope) == 0;
}

/* A host whose last label is all digits is meant as IPv4 and never looked up as a name. */
static bool looks_like_v4(const char *host)
{
	const char *dot = strrchr(host, '.'), *label = dot ? dot + 1 : host;

	return *label && label[strspn(label, "0123456789")] == '\0';
}

/* ---- parsing ---- */

static int check_name(const char *host, const char **why)
{
	struct in_addr v4;

	if (strcmp(host, "unix") == 0)		/* with a port behind it, it would read as a path */
		return refuse(why, "\"unix\" cannot be a host name, a socket is unix:/PATH");
	if (looks_like_v4(host))
		return inet_pton(AF_INET, host, &v4) == 1 ? 0 : refuse(why, "not an IPv4 address");
	for (const char *c = host; *c; c++) {
		if (*c == '.' && (c == host || c[-1] == '.'))
			return refuse(why, "host name with an empty part");
		if (*c != '.' && !is_name_char(*c))
			return refuse(why, "host has a character that no host name has");
	}
	return 0;
}

/* 0 passes: a listener takes any free port then. */
static int parse_port(const char *text, struct wire_addr *a, const char **why)
{
	uint64_t port;

	if (str_parse_u64(text, 0, UINT16_MAX, &port))
		return refuse(why, "port is not in 1..65535");
	a->port = (uint16_t)port;
	return 0;
}

static int copy_host(struct wire_addr *a, const char *host, size_t n, const char **why)
{
	if (n > WIRE_HOST_MAX)
		return refuse(why, "host is longer than 253 bytes");
	memcpy(a->host, host, n);
	a->host[n] = '\0';
	return 0;
}

/* "[v6]" or "[v6]:port" */
static int parse_bracketed(const char *text, struct wire_addr *a, const char **why)
{
	const char *end = strchr(text, ']');

	if (!end)
		return refuse(why, "no closing bracket");
	if (copy_host(a, text + 1, (size_t)(end - text - 1), why))
		return -EINVAL;
	if (!is_v6(a->host))
		return refuse(why, "not an IPv6 address between the brackets");
	if (end[1] == '\0')
		return a->port ? 0 : refuse(why, "no port");
	return end[1] == ':' ? parse_port(end + 2, a, why) : refuse(why, "no port behind the bracket");
}

/* "host", "host:port", ":port", and a bare IPv6 literal where a port is not required. */
static int parse_plain(const char *text, struct wire_addr *a, const char **why)
{
	const char *colon = strchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : strlen(text);

	if (colon && strchr(colon + 1, ':')) {
		if (!a->port || !is_v6(text))
			return refuse(why, "more than one colon; an IPv6 address needs brackets: [::1]:50051");
		return copy_host(a, text, strlen(text), why);
	}
	if (copy_host(a, text, n, why) || check_name(a->host, why))
		return -EINVAL;
	if (colon)
		return parse_port(colon + 1, a, why);
	if (n == 0)
		return refuse(why, "empty");
	return a->port ? 0 : refuse(why, "no port");
}

static int parse_unix(const char *path, struct wire_addr *a, const char **why)
{
	size_t n;

	while (path[0] == '/' && path[1] == '/')	/* unix:///run/x, as gRPC clients write it */
		path++;
	n = strlen(path);
	if (n == 0)
		return refuse(why, "no path");
	if (n >= sizeof a->path)
		return refuse(why, "path is longer than 107 bytes");
	for (size_t i = 0; i < n; i++)
		if (is_control(path[i]))
			return refuse(why, "path has a control character");
	a->is_unix = true;
	a->port = 0;
	memcpy(a->path, path, n + 1);
	return 0;
}

int wire_addr_parse(const char *text, uint16_t default_port, struct wire_addr *out, const char **why)
{
	struct wire_addr a = { .port = default_port };
	int err;

	if (str_has_prefix(text, "unix:"))
		err = parse_unix(text + 5, &a, why);
	else if (text[0] == '[')
		err = parse_bracketed(text, &a, why);
	else
		err = parse_plain(text, &a, why);
	if (!err)
		*out = a;
	return err;
}

/* ---- formatting ---- */

void wire_addr_format(const struct wire_addr *a, char *out)
{
	if (a->is_unix)
		snprintf(out, WIRE_ADDR_MAX, "unix:%s", a->path);
	else if (strchr(a->host, ':'))
		snprintf(out, WIRE_ADDR_MAX, "[%s]:%u", a->host, (unsigned)a->port);
	else
		snprintf(out, WIRE_ADDR_MAX, "%s:%u", a->host, (unsigned)a->port);
}

static void format_v4(const void *addr, uint16_t net_port, char *out)
{
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, addr, text, sizeof text);
	snprintf(out, WIRE_ADDR_MAX, "%s:%u", text, (unsigned)ntohs(net_port));
}

static void format_v6(const struct sockaddr_in6 *sin6, char *out)
{
	char text[INET6_ADDRSTRLEN], zone[16] = "";

	if (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
		format_v4(&sin6->sin6_addr.s6_addr[12], sin6->sin6_port, out);
		return;
	}
	inet_ntop(AF_INET6, &sin6->sin6_addr, text, sizeof text);
	if (sin6->sin6_scope_id)
		snprintf(zone, sizeof zone, "%%%u", (unsigned)sin6->sin6_scope_id);
	snprintf(out, WIRE_ADDR_MAX, "[%s%s]:%u", text, zone, (unsigned)ntohs(sin6->sin6_port));
}

/* sun_path need not be terminated; an abstract name (leading NUL) is as anonymous as no name. The peer
 * chose the path: control characters do not reach our logs. */
static void format_unix(const struct sockaddr_un *sun, socklen_t len, char *out)
{
	size_t max = len - offsetof(struct sockaddr_un, sun_path);
	size_t n = strnlen(sun->sun_path, max < sizeof sun->sun_path ? max : sizeof sun->sun_path);

	snprintf(out, WIRE_ADDR_MAX, n ? "unix:%.*s" : "unix", (int)n, sun->sun_path);
	for (char *c = out; *c; c++)
		if (is_control(*c))
			*c = '?';
}

void wire_addr_from_sockaddr(const struct sockaddr *sa, socklen_t len, char *out)
{
	const void *p = sa;

	if (len >= sizeof(struct sockaddr_in) && sa->sa_family == AF_INET)
		format_v4(&((const struct sockaddr_in *)p)->sin_addr, ((const struct sockaddr_in *)p)->sin_port, out);
	else if (len >= sizeof(struct sockaddr_in6) && sa->sa_family == AF_INET6)
		format_v6(p, out);
	else if (len >= sizeof(sa_family_t) && sa->sa_family == AF_UNIX)
		format_unix(p, len, out);
	else
		snprintf(out, WIRE_ADDR_MAX, "unknown");
}

/* ---- kinds ---- */

int wire_addr_parse_literal(const char *text, struct wire_addr *out)
{
	struct wire_addr a = { .port = 0 };
	struct sockaddr_storage sa;
	size_t n = strlen(text);
	bool has_brackets = n >= 2 && text[0] == '[' && text[n - 1] == ']';
	socklen_t len;

	if (has_brackets) {
		text++;
		n -= 2;
	}
	if (n == 0 || n > WIRE_HOST_MAX)
		return -EINVAL;
	memcpy(a.host, text, n);
	if (wire_addr_to_sockaddr(&a, &sa, &len) || (has_brackets && sa.ss_family != AF_INET6))
		return -EINVAL;
	*out = a;
	return 0;
}

int wire_addr_to_sockaddr(const struct wire_addr *a, struct sockaddr_storage *sa, socklen_t *len)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(a->port) };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(a->port) };
	const void *from;

	if (a->is_unix) {
		memcpy(sun.sun_path, a->path, sizeof sun.sun_path);
		from = &sun;
		*len = sizeof sun;
	} else if (inet_pton(AF_INET, a->host, &sin.sin_addr) == 1) {
		from = &sin;
		*len = sizeof sin;
	} else if (a->host[0] == '\0' || parse_v6(a->host, &sin6.sin6_addr, &sin6.sin6_scope_id) == 0) {
		from = &sin6;			/* no host: zeroed, which is :: */
		*len = sizeof sin6;
	} else {
		return -EINVAL;
	}
	memset(sa, 0, sizeof *sa);
	memcpy(sa, from, *len);
	return 0;
}

static bool is_loopback_v4(const void *addr)
{
	return *(const uint8_t *)addr == 127;		/* network order: the first byte */
}

bool wire_sockaddr_is_loopback(const struct sockaddr *sa)
{
	const void *p = sa;
	const struct in6_addr *v6;

	if (sa->sa_family == AF_INET)
		return is_loopback_v4(&((const struct sockaddr_in *)p)->sin_addr);
	if (sa->sa_family != AF_INET6)
		return false;
	v6 = &((const struct sockaddr_in6 *)p)->sin6_addr;
	return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && is_loopback_v4(&v6->s6_addr[12]));
}

bool wire_addr_is_loopback(const struct wire_addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len;

	if (a->is_unix)
		return false;
	if (wire_addr_to_sockaddr(a, &ss, &len))
		return strcasecmp(a->host, "localhost") == 0;
	return wire_sockaddr_is_loopback((const struct sockaddr *)&ss);
}

/* 0.0.0.0/8 is this machine to connect(2); from 224 on no address is that of one machine. */
static bool is_elsewhere_v4(const void *addr)
{
	uint8_t first = *(const uint8_t *)addr;

	return first != 0 && first != 127 && first < 224;
}

bool wire_sockaddr_is_elsewhere(const struct sockaddr *sa)
{
	const void *p = sa;
	const struct in6_addr *v6;

	if (sa->sa_family == AF_INET)
		return is_elsewhere_v4(&((const struct sockaddr_in *)p)->sin_addr);
	if (sa->sa_family != AF_INET6)
		return false;
	v6 = &((const struct sockaddr_in6 *)p)->sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(v6))
		return is_elsewhere_v4(&v6->s6_addr[12]);
	return !IN6_IS_ADDR_LOOPBACK(v6) && !IN6_IS_ADDR_UNSPECIFIED(v6) && !IN6_IS_ADDR_MULTICAST(v6);
}

bool wire_addr_is_elsewhere(const struct wire_addr *a)
{
	size_t n = strlen(a->host);
	struct sockaddr_storage ss;
	socklen_t len;

	if (a->is_unix)
		return false;
	if (wire_addr_to_sockaddr(a, &ss, &len) == 0)
		return wire_sockaddr_is_elsewhere((const struct sockaddr *)&ss);
	if (n && a->host[n - 1] == '.')		/* the root, which a name may end with */
		n--;
	return !(n >= 9 && strncasecmp(a->host + n - 9, "localhost", 9) == 0 && (n == 9 || a->host[n - 10] == '.'));
}

const char *wire_addr_any_of(const struct wire_addr *a)
{
	return strchr(a->host, ':') ? "[::]" : "0.0.0.0";
}

bool wire_addr_is_any(const struct wire_addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len;
	const void *p = &ss;

	if (a->is_unix || wire_addr_to_sockaddr(a, &ss, &len))
		return false;
	if (ss.ss_family == AF_INET)
		return ((const struct sockaddr_in *)p)->sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)p)->sin6_addr);
}
