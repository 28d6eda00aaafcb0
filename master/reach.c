/*
 * reach.c - see reach.h. Two tables: faults of the wire to findings, and findings to words and advice.
 *
 * The advice names the host of the reported address, because that is where a forward or a firewall stands, and the commands
 * for containers are those of Incus. At the agents' own port there is no forward most often: the agent's machine comes first.
 */
#include "master/reach.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/str.h"
#include "wire/addr.h"

enum { AGENT_PORT = 50051 };

static const enum reach of_fault[] = {
	[WIRE_FAULT_NONE] = REACH_FAILED,
	[WIRE_FAULT_LOOKUP] = REACH_NO_NAME,
	[WIRE_FAULT_NO_ROUTE] = REACH_NO_ROUTE,
	[WIRE_FAULT_REFUSED] = REACH_REFUSED,
	[WIRE_FAULT_TIMEOUT] = REACH_TIMEOUT,
	[WIRE_FAULT_CLOSED] = REACH_CLOSED,
	[WIRE_FAULT_SILENT] = REACH_SILENT,
	[WIRE_FAULT_NEEDS_TLS] = REACH_FAILED,
	[WIRE_FAULT_NOT_TLS] = REACH_NOT_TLS,
	[WIRE_FAULT_NOT_GRPC] = REACH_NOT_GRPC,
	[WIRE_FAULT_OTHER_PEER] = REACH_OTHER_AGENT,
	[WIRE_FAULT_OTHER_CA] = REACH_OTHER_CLUSTER,
	[WIRE_FAULT_OTHER_PIN] = REACH_OTHER_CLUSTER,
	[WIRE_FAULT_DATES] = REACH_DATES,
	[WIRE_FAULT_REVOKED] = REACH_REVOKED,
	[WIRE_FAULT_REJECTED] = REACH_FAILED,
	[WIRE_FAULT_TLS] = REACH_FAILED,
};

/* %H and %P: host and port of the address, %h: the host without brackets, %L: every address of its kind; %N: name of the
 * agent; %Q: another port; %A: `accept`. */
static const struct {
	const char *name, *words;	/* words NULL: the connection's own */
	const char *advice;		/* NULL: none */
	const char *plain;		/* the same at AGENT_PORT; NULL: no difference */
} findings[REACH_N] = {
	[REACH_UNKNOWN] = { "", "", NULL, NULL },
	[REACH_DIRECT] = { "direct", "", NULL, NULL },
	[REACH_TIMEOUT] = { "timeout", "",
		"on %H: sudo nft list ruleset (something between drops %P/tcp, or the host is down)" },
	[REACH_REFUSED] = { "refused", "",
		"on %H: sudo incus config device add %N sloth-proxy proxy listen=tcp:%L:%P connect=tcp:127.0.0.1:50051 "
		"(no container? sudo ss -ltnp 'sport = :%P' shows whether the agent listens there)",
		"on the agent's machine: slothd-agent --doctor (in a container, on %H: sudo incus config device add %N sloth-proxy "
		"proxy listen=tcp:%L:%P connect=tcp:127.0.0.1:50051)" },
	[REACH_CLOSED] = { "closed", "accepted, then closed before a byte came",
		"on %H: sudo incus config device show %N (its connect= has to be the port of the agent, which has to listen "
		"there: --incus %H:%P)",
		"on the agent's machine: slothd-agent --doctor (in a container, on %H: sudo incus config device show %N)" },
	[REACH_SILENT] = { "silent", "accepted, then nothing came: timeout",
		"on %H: sudo ss -ltnp 'sport = :%P' (what listens there hangs, or waits for something else)" },
	[REACH_NOT_TLS] = { "not-tls", "something else answers there, without TLS",
		"on %H: sudo ss -ltnp 'sport = :%P' (give the agent a port of its own: --incus %H:%Q)" },
	[REACH_NOT_GRPC] = { "not-grpc", "something else answers there",
		"on %H: sudo ss -ltnp 'sport = :%P' (give the agent a port of its own: --incus %H:%Q)" },
	[REACH_OTHER_AGENT] = { "other-agent", NULL,
		"on %H: sudo incus config device set %N sloth-proxy listen=tcp:%L:%Q, and in %N: --incus %H:%Q (each "
		"container needs a host port of its own)" },
	[REACH_MASTER_ITSELF] = { "master-itself", "that address leads to this master",
		"on %H: sudo incus config device add %N sloth-proxy proxy listen=tcp:%L:%Q connect=tcp:127.0.0.1:50051, and "
		"in %N: --incus %H:%Q (%P is the port of the master)" },
	[REACH_OTHER_CLUSTER] = { "other-cluster", "what answers there has a certificate of another CA",
		"on %H: sudo ss -ltnp 'sport = :%P' (what listens there belongs to another master)" },
	[REACH_DATES] = { "dates", NULL, "on the agent's machine: timedatectl (and the same on this one)" },
	[REACH_REVOKED] = { "revoked", NULL,
		"on the master: sloth token create --name %N (the agent needs a new key and this token)" },
	[REACH_NO_NAME] = { "no-name", NULL, "on the master: getent hosts %h (or report an address that is a number)" },
	[REACH_NO_ROUTE] = { "no-route", NULL, "on the master: ip route get %h (a container's own address is not for others)" },
	[REACH_FAILED] = { "failed", NULL, "on the agent's machine: slothd-agent --doctor" },
};

const char *reach_name(enum reach reach)
{
	return findings[reach].name;
}

enum reach reach_of_conn(const struct wire_conn *conn)
{
	enum reach reach = of_fault[wire_conn_fault(conn)];
	const struct wire_identity *met = wire_conn_met(conn);

	if (reach != REACH_OTHER_AGENT || !met || met->kind == WIRE_KIND_AGENT)
		return reach;
	return met->kind == WIRE_KIND_MASTER ? REACH_MASTER_ITSELF : REACH_FAILED;
}

char *reach_words(enum reach reach, const char *why)
{
	const char *name = findings[reach].name, *words = findings[reach].words;

	if (reach == REACH_FAILED)
		return mem_strdup(why);
	if (!words)
		words = str_has_prefix(why, "TLS: ") ? why + 5 : why;
	return *words ? mem_printf("%s: %s", name, words) : mem_strdup(name);
}

/* A port that is neither this one nor the master's nor the agent's. */
static unsigned other_port(unsigned port)
{
	return port == 50061 ? 50062 : 50061;
}

static void append_part(struct buf *out, char what, const struct wire_addr *a, const struct reach_agent *agent)
{
	char text[WIRE_HOST_MAX + 3];

	switch (what) {
	case 'H':
		snprintf(text, sizeof text, strchr(a->host, ':') ? "[%s]" : "%s", a->host);
		break;
	case 'h':
		snprintf(text, sizeof text, "%s", a->host);
		break;
	case 'L':
		buf_append_str(out, wire_addr_any_of(a));
		return;
	case 'P':
		snprintf(text, sizeof text, "%u", a->port);
		break;
	case 'Q':
		snprintf(text, sizeof text, "%u", other_port(a->port));
		break;
	default:
		buf_append_str(out, what == 'A' ? agent->accept : agent->name);
		return;
	}
	buf_append_str(out, text);
}

/* What is closed is a forward whose agent does not run, or an agent that has no certificate yet. */
static const char *advice_of(enum reach reach, const struct reach_agent *agent, const struct wire_addr *a)
{
	if (agent->accept && (reach == REACH_CLOSED || reach == REACH_REFUSED || reach == REACH_FAILED || reach == REACH_REVOKED))
		return "on the master: %A (a key waits under this name: sloth agent pending)";
	if (!agent->is_active && (reach == REACH_CLOSED || reach == REACH_REFUSED))
		return "on the agent's machine: sudo systemctl start slothd-agent (in a container: sudo incus exec %N -- systemctl "
		       "start slothd-agent)";
	return a->port == AGENT_PORT && findings[reach].plain ? findings[reach].plain : findings[reach].advice;
}

char *reach_advice(enum reach reach, const struct reach_agent *agent)
{
	struct buf out = { 0 };
	const char *from, *why;
	struct wire_addr a;

	if (wire_addr_parse(agent->address, 0, &a, &why))
		return NULL;
	from = advice_of(reach, agent, &a);
	if (!from)
		return NULL;
	for (const char *p; (p = strchr(from, '%')); from = p + 2) {
		buf_append(&out, from, (size_t)(p - from));
		append_part(&out, p[1], &a, agent);
	}
	buf_append_str(&out, from);
	return buf_take_string(&out);
}
