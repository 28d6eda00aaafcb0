/*
 * listen.c - where the agent listens: the address it was given, or both loopback addresses on one port,
 * of which ::1 may be missing on the machine.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/agent.h"
#include "common/fd.h"
#include "common/mem.h"
#include "wire/addr.h"

enum { PORT_TRIES = 20 };	/* port 0: what is free on 127.0.0.1 may be taken on ::1 */

/* NULL, or owned words. The port in use is noted. */
static char *listen_on(struct agent *a, const char *host, uint16_t port)
{
	struct wire_addr addr = { .port = port };
	struct wire_listener *l;
	char text[WIRE_ADDR_MAX], *error;
	const char *why;

	strncpy(addr.host, host, sizeof addr.host - 1);
	wire_addr_format(&addr, text);
	l = wire_listen(a->wire, text, &wire_log_faults, NULL, &error);
	if (!l)
		return error;
	a->listeners[a->n_listeners++] = l;
	if (wire_addr_parse(wire_listener_address(l), 0, &addr, &why) == 0)
		a->port = addr.port;
	return NULL;
}

static bool has_ipv6_loopback(void)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0;

	fd_close(&fd);
	return has;
}

static char *listen_on_loopback(struct agent *a, uint16_t port)
{
	char *error = listen_on(a, "127.0.0.1", port);

	if (error || !has_ipv6_loopback())
		return error;
	return listen_on(a, "::1", a->port);
}

int agent_listen(struct agent *a, char **error)
{
	uint16_t port = (uint16_t)a->config->port;
	int tries = port ? 1 : PORT_TRIES;
	char *why;

	if (a->config->bind_address)
		why = listen_on(a, a->config->bind_address, port);
	else
		for (why = listen_on_loopback(a, port); why && --tries > 0; why = listen_on_loopback(a, port)) {
			agent_unlisten(a);
			free(why);
		}
	if (!why)
		return 0;
	*error = mem_printf("cannot listen on %s", why);
	free(why);
	return -1;
}

void agent_unlisten(struct agent *a)
{
	while (a->n_listeners > 0)
		wire_listener_close(a->listeners[--a->n_listeners]);
}
