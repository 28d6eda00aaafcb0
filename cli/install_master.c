/*
 * install_master.c - see install_master.h. Sends nothing: the kernel says which address it would use.
 */
#include "cli/install_master.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/context.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"

/* 0 or, of an address that others cannot use, -ENOENT. */
static int take_address(const struct sockaddr *own, socklen_t len, struct wire_addr *out)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)own;
	char text[WIRE_ADDR_MAX];
	const char *why;

	if (own->sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
		return -ENOENT;
	wire_addr_from_sockaddr(own, len, text);
	return wire_addr_parse(text, 0, out, &why) || wire_addr_is_loopback(out) || wire_addr_is_any(out) ? -ENOENT : 0;
}

/* The local address of a datagram to `to`, which is not sent. 0 or -ENOENT. */
static int source_for(const struct sockaddr *to, socklen_t len, struct wire_addr *out)
{
	struct sockaddr_storage own = { .ss_family = AF_UNSPEC };
	socklen_t own_len = sizeof own;
	int fd = socket(to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = -ENOENT;

	if (fd >= 0 && connect(fd, to, len) == 0 && getsockname(fd, (struct sockaddr *)&own, &own_len) == 0)
		err = take_address((const struct sockaddr *)&own, own_len, out);
	fd_close(&fd);
	return err;
}

/* The first address of that family that an interface has: of a machine without a route to everywhere. */
static int first_address(int family, struct wire_addr *out)
{
	socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	struct ifaddrs *all;
	int err = -ENOENT;

	if (getifaddrs(&all))
		return -ENOENT;
	for (const struct ifaddrs *i = all; i && err; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_addr->sa_family == family && (i->ifa_flags & IFF_UP))
			err = take_address(i->ifa_addr, len, out);
	freeifaddrs(all);
	return err;
}

/* Towards addresses that are nobody's (RFC 5737, RFC 3849). */
static int own_address(struct wire_addr *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(9) };

	inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
	inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
	if (source_for((const struct sockaddr *)&v4, sizeof v4, out) == 0)
		return 0;
	if (source_for((const struct sockaddr *)&v6, sizeof v6, out) == 0)
		return 0;
	return first_address(AF_INET, out) == 0 ? 0 : first_address(AF_INET6, out);
}

static int find_here(char *const *listening, size_t n, struct wire_addr *out, const char **how, char **error)
{
	struct wire_addr own;
	const char *why;
	uint16_t port;

	if (!n || wire_addr_parse(listening[0], 0, out, &why)) {
		*error = mem_strdup("the master does not say where it listens");
		return -ENOENT;
	}
	*how = "the address on which it listens";
	if (!wire_addr_is_any(out))
		return 0;
	port = out->port;
	if (own_address(&own)) {
		*error = mem_strdup("this machine has no address that others could reach");
		return -ENOENT;
	}
	*out = own;
	out->port = port;
	*how = "the address of this machine";
	return 0;
}

int install_find_master(const char *told, const char *answered, char *const *listening, size_t n, struct wire_addr *out,
			const char **how, char **error)
{
	const char *why;

	*how = told ? "as --master-address says" : "where it was asked";
	if (!told && (!answered || str_has_prefix(answered, "unix:")))
		return find_here(listening, n, out, how, error);
	if (wire_addr_parse(told ? told : answered, CONTEXT_PORT, out, &why) == 0 && !out->is_unix && out->port &&
	    !wire_addr_is_any(out))
		return 0;
	*error = mem_printf("%s cannot be an address of the master: give HOST:PORT", str_quote(told ? told : answered));
	return -EINVAL;
}
