/*
 * listen.c - where the agent listens: on what the service manager has opened for it, else at the address it was given, or
 * at both loopback addresses on one port, of which ::1 may be missing on the machine.
 */
#include <stdlib.h>

#include "agent/agent.h"
#include "common/mem.h"

int agent_listen(struct agent *a, char **error)
{
	char *why = NULL;

	a->n_listeners = wire_listen_passed(a->wire, &wire_log_faults, a->config->insecure, a->listeners, error);
	if (*error)
		return -1;
	if (a->n_listeners == 0)
		a->n_listeners = wire_listen_port(a->wire, a->config->own_bind_host, (uint16_t)a->config->port, &wire_log_faults,
					  a->listeners, &why);
	if (a->n_listeners == 0) {
		*error = mem_printf("cannot listen on %s", why);
		free(why);
		return -1;
	}
	wire_listeners_keep(a->listeners, a->n_listeners);
	a->port = wire_listener_port(a->listeners[0]);
	return 0;
}

void agent_unlisten(struct agent *a)
{
	while (a->n_listeners > 0)
		wire_listener_close(a->listeners[--a->n_listeners]);
}
