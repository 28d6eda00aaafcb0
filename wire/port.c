/*
 * port.c - the TCP listeners of a daemon: one address, or those of both families on one port.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "common/listen_fds.h"
#include "common/mem.h"
#include "common/str.h"
#include "wire/addr.h"
#include "wire/internal.h"
#include "wire/wire.h"

enum { PORT_TRIES = 20 };	/* port 0: what is free on 127.0.0.1 may be taken on ::1 */

static struct wire_listener *listen_one(struct wire *wire, const char *host, uint16_t port,
					const struct wire_conn_ops *ops, char **error)
{
	struct wire_addr addr;
	char text[WIRE_ADDR_MAX];

	if (wire_addr_parse_literal(host, &addr)) {
		*error = mem_printf("%s: not an IP address", str_quote(host));
		return NULL;
	}
	addr.port = port;
	wire_addr_format(&addr, text);
	return wire_listen(wire, text, ops, NULL, error);
}

static bool has_ipv6(void)
{
	const struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 && bind(fd, (const struct sockaddr *)&sa, sizeof sa) == 0;

	fd_close(&fd);
	return has;
}

uint16_t wire_listener_port(const struct wire_listener *l)
{
	struct wire_addr addr;
	const char *why;

	return wire_addr_parse(wire_listener_address(l), 0, &addr, &why) == 0 ? addr.port : 0;
}

static size_t listen_pair(struct wire *wire, const char *const hosts[2], uint16_t port, const struct wire_conn_ops *ops,
			  struct wire_listener *out[2], char **error)
{
	out[0] = listen_one(wire, hosts[0], port, ops, error);
	if (!out[0])
		return 0;
	if (!has_ipv6())
		return 1;
	out[1] = listen_one(wire, hosts[1], wire_listener_port(out[0]), ops, error);
	if (out[1])
		return 2;
	wire_listener_close(out[0]);
	return 0;
}

size_t wire_listen_port(struct wire *wire, const char *host, uint16_t port, const struct wire_conn_ops *ops,
			struct wire_listener *out[2], char **error)
{
	static const char *const loopback[] = { "127.0.0.1", "::1" }, *const any[] = { "0.0.0.0", "::" };
	const char *const *pair = host ? any : loopback;
	int tries = port ? 1 : PORT_TRIES;
	size_t n;

	if (host && !str_equal(host, WIRE_ANY_HOST)) {
		out[0] = listen_one(wire, host, port, ops, error);
		return out[0] != NULL;
	}
	while ((n = listen_pair(wire, pair, port, ops, out, error)) == 0 && --tries > 0)
		free(*error);
	return n;
}

static bool is_on_loopback(const struct wire_listener *l)
{
	struct wire_addr addr;
	const char *why;

	return wire_addr_parse(wire_listener_address(l), 0, &addr, &why) == 0 && wire_addr_is_loopback(&addr);
}

size_t wire_listen_passed(struct wire *wire, const struct wire_conn_ops *ops, bool loopback_only,
			  struct wire_listener *out[2], char **error)
{
	int fds[2];
	size_t n = listen_fds_take_tcp(fds, 2);

	*error = NULL;
	for (size_t i = 0; i < n; i++) {
		out[i] = wire_listen_fd(wire, fds[i], ops);
		if (loopback_only && !*error && !is_on_loopback(out[i]))
			*error = mem_printf("the socket of the service manager is on %s, no loopback address: --insecure is for "
					    "these only", wire_listener_address(out[i]));
	}
	if (!*error)
		return n;
	while (n > 0)
		wire_listener_close(out[--n]);
	return 0;
}
