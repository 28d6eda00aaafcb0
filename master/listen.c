/*
 * listen.c - opens the listeners. Without --bind-address both loopback addresses share one port; a machine
 * without ::1 does with the other.
 */
#include "master/listen.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "master/master.h"
#include "master/options.h"
#include "wire/addr.h"
#include "wire/wire.h"

enum { PORT_TRIES = 20 };	/* --port 0: a port free on 127.0.0.1 may be taken on ::1 */

/* Owned words or NULL. */
static char *open_one(struct master *m, const char *address)
{
	char *error = NULL;
	struct wire_listener *l = wire_listen(m->wire, address, &wire_log_faults, NULL, &error);

	if (l)
		m->listeners[m->n_listeners++] = l;
	return error;
}

static char *open_tcp(struct master *m, const char *host, unsigned port)
{
	char *address = mem_printf(strchr(host, ':') && host[0] != '[' ? "[%s]:%u" : "%s:%u", host, port);
	char *error = open_one(m, address);

	free(address);
	return error;
}

static bool has_ipv6_loopback(void)
{
	const struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 && bind(fd, (const struct sockaddr *)&sa, sizeof sa) == 0;

	fd_close(&fd);
	return has;
}

static void close_last(struct master *m)
{
	wire_listener_close(m->listeners[--m->n_listeners]);
}

static unsigned port_in_use(const struct wire_listener *l)
{
	struct wire_addr a;
	const char *why;

	return wire_addr_parse(wire_listener_address(l), 0, &a, &why) == 0 ? a.port : 0;
}

static char *open_loopback(struct master *m, unsigned port)
{
	char *error = open_tcp(m, "127.0.0.1", port);
	int tries = port ? 1 : PORT_TRIES;

	if (error || !has_ipv6_loopback())
		return error;
	for (;;) {
		error = open_tcp(m, "::1", port_in_use(m->listeners[m->n_listeners - 1]));
		if (!error)
			return NULL;
		close_last(m);
		if (--tries == 0)
			return error;
		free(error);
		error = open_tcp(m, "127.0.0.1", 0);
		if (error)
			return error;
	}
}

static char *open_unix(struct master *m, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = mem_strndup(path, slash > path ? (size_t)(slash - path) : 1);
	char *address = mem_printf("unix:%s", path);
	int err = fd_make_dirs(dir, geteuid() ? 0700 : 0755);
	char *error = err ? mem_printf("%s: cannot be made: %s", dir, strerror(-err)) : open_one(m, address);

	free(address);
	free(dir);
	return error;
}

static void log_addresses(const struct master *m)
{
	for (size_t i = 0; i < m->n_listeners; i++) {
		const char *address = wire_listener_address(m->listeners[i]);

		if (strncmp(address, "unix:", 5))
			log_info("listening for agent registrations on %s", address);
		else
			log_info("listening for operators on %s", address);
	}
}

int listen_open(struct master *m, const struct options *o, char **error)
{
	unsigned port = (unsigned)o->port;

	*error = o->bind_address ? open_tcp(m, o->bind_address, port) : open_loopback(m, port);
	if (!*error)
		*error = open_unix(m, o->own_socket);
	if (*error) {
		listen_close(m);
		return -1;
	}
	log_addresses(m);
	log_warn("plaintext: this build has no TLS and serves this machine only");
	return 0;
}

void listen_close(struct master *m)
{
	while (m->n_listeners)
		close_last(m);
}
