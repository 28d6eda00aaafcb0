/*
 * listen.c - opens the listeners: the port for agents, the unix socket for operators.
 */
#include "master/listen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/exits.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/trust.h"
#include "master/master.h"
#include "master/options.h"
#include "wire/addr.h"
#include "wire/wire.h"

static void close_last(struct master *m)
{
	wire_listener_close(m->listeners[--m->n_listeners]);
}

/* What the service manager has opened, else a port of ours. Owned words or NULL. */
static char *open_tcp(struct master *m, const struct options *o)
{
	const char *host = o->bind_address ? o->bind_address : o->insecure ? NULL : WIRE_ANY_HOST;
	uint16_t port = (uint16_t)o->port;
	char *error;

	m->n_listeners = wire_listen_passed(m->wire, &wire_log_faults, o->insecure, m->listeners, &error);
	if (m->n_listeners || error)
		return error;
	m->n_listeners = wire_listen_port(m->wire, host, port, &wire_log_faults, m->listeners, &error);
	return m->n_listeners ? NULL : error;
}

static char *open_unix_at(struct master *m, const char *address)
{
	char *error = NULL;
	struct wire_listener *l = wire_listen(m->wire, address, &wire_log_faults, NULL, &error);

	if (l)
		m->listeners[m->n_listeners++] = l;
	return error;
}

/* What stands there is not ours to remove, unless it is a socket that nobody listens on. Owned words or NULL. */
static char *check_socket(const char *path)
{
	struct stat st;

	if (lstat(path, &st) || S_ISSOCK(st.st_mode))
		return NULL;
	return mem_printf("%s is not a socket; remove it or give another --socket", path);
}

static int open_unix(struct master *m, const char *path, char **error)
{
	const char *slash = strrchr(path, '/');
	char *dir = mem_strndup(path, slash > path ? (size_t)(slash - path) : 1);
	char *address = mem_printf("unix:%s", path);
	int err, status = EXIT_CONFIG;

	*error = trust_path(dir);
	if (!*error)
		*error = check_socket(path);
	if (!*error) {
		status = EXIT_FAILED;
		err = fd_make_dirs(dir, geteuid() ? 0700 : 0755);
		*error = err ? mem_printf("%s: cannot be made: %s", dir, strerror(-err)) : open_unix_at(m, address);
	}
	free(address);
	free(dir);
	return *error ? status : EXIT_OK;
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
	int status = EXIT_FAILED;

	*error = open_tcp(m, o);
	if (!*error)
		status = open_unix(m, o->own_socket, error);
	if (status != EXIT_OK) {
		listen_close(m);
		return status;
	}
	wire_listeners_keep(m->listeners, m->n_listeners);
	log_addresses(m);
	if (o->insecure)
		log_warn("insecure: plaintext is taken from this machine: every user of it can do anything");
	return EXIT_OK;
}

bool listen_is_own(const struct master *m, const char *address)
{
	struct wire_addr a;
	const char *why;

	if (wire_addr_parse(address, 0, &a, &why) || !wire_addr_is_loopback(&a))
		return false;
	for (size_t i = 0; i < m->n_listeners; i++) {
		if (wire_listener_port(m->listeners[i]) == a.port)
			return true;
	}
	return false;
}

void listen_close(struct master *m)
{
	while (m->n_listeners)
		close_last(m);
}
