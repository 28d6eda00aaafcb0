/*
 * pending.c - a caller that waits for a channel, and for StopAgent then for the agent's answer.
 *
 * The parts end in any order: a caller that leaves is forgotten, but the agent is told to stop all the
 * same. A pending call is freed when it waits for nothing and its caller's call has ended.
 */
#include "master/pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/channel.h"
#include "master/master.h"
#include "master/relay.h"
#include "wire/proto/agent.pb-c.h"
#include "wire/wire.h"

struct pending {
	struct master *m;
	struct wire_call *caller;	/* NULL: gone */
	struct wire_call *shutdown;	/* to the agent */
	struct wire_conn *own_conn;
	struct channel_wait wait;
	struct relay_metadata metadata;	/* StopAgent: who asks, and nothing that lives in the agent */
	bool is_waiting, kill_runs;
	char *name;			/* the agent may be deleted meanwhile */
};

static void maybe_free(struct pending *p)
{
	if (p->caller || p->shutdown || p->is_waiting)
		return;
	free(p->name);
	free(p);
}

static void on_caller_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct pending *p = arg;

	(void)call;
	(void)code;
	(void)why;
	p->caller = NULL;
	maybe_free(p);
}

static struct pending *pending_new(struct master *m, struct wire_call *caller, const char *name,
				   void (*told)(const char *, void *))
{
	static const struct wire_call_ops ops = { .on_end = on_caller_end };
	struct pending *p = mem_new(struct pending);

	p->m = m;
	p->caller = caller;
	p->name = mem_strdup(name);
	channel_wait_init(&p->wait, told, p);
	wire_accept(caller, &ops, p);
	return p;
}

/* ---- RegisterAgent ---- */

static void answer_registration(struct pending *p, const char *why)
{
	const struct agent *a = registry_find(p->m->registry, p->name);
	Agent__RegisterAgentResponse response = AGENT__REGISTER_AGENT_RESPONSE__INIT;
	const char *address = a ? a->record.address : "its address";
	char *advice;

	if (!p->caller)
		return;
	advice = a ? registry_advice(a) : NULL;
	if (a)
		response.reach = (char *)(uintptr_t)reach_name(a->reach);
	if (advice)
		response.advice = advice;
	response.success = true;
	response.interval_ms = registry_interval_ms(p->m->registry);
	response.message = why ? mem_printf("not reached at %s: %s", address, why) : mem_printf("reached at %s", address);
	wire_send_message(p->caller, &response.base);
	wire_end(p->caller, WIRE_OK, "");
	free(response.message);
	free(advice);
}

static void on_checked(const char *why, void *arg)
{
	struct pending *p = arg;

	p->is_waiting = false;
	answer_registration(p, why);
	maybe_free(p);
}

void pending_register(struct master *m, struct wire_call *caller, struct agent *a)
{
	struct pending *p = pending_new(m, caller, a->record.name, on_checked);

	p->is_waiting = channel_join(a->channel, &p->wait);
	if (!p->is_waiting)
		answer_registration(p, a->unreachable);
}

/* ---- StopAgent ---- */

static void answer_stop(struct pending *p, const char *why)
{
	Agent__StopAgentResponse response = AGENT__STOP_AGENT_RESPONSE__INIT;

	if (!p->caller)
		return;
	response.success = why == NULL;
	response.message = why ? mem_printf("agent %s was not stopped: %s", p->name, why)
			       : mem_printf("agent %s stops", p->name);
	wire_send_message(p->caller, &response.base);
	wire_end(p->caller, WIRE_OK, "");
	free(response.message);
}

static void on_shutdown(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len,
			void *arg)
{
	struct pending *p = arg;
	struct agent *a = registry_find(p->m->registry, p->name);

	(void)call;
	(void)data;
	(void)len;
	p->shutdown = NULL;
	if (code == WIRE_OK && a)
		registry_set_stopping(a);
	if (code == WIRE_OK)
		log_info("agent %s: told to stop", p->name);
	answer_stop(p, code == WIRE_OK ? NULL : why);
	if (p->own_conn)
		wire_conn_close(p->own_conn, 0, "the call has ended");
	maybe_free(p);
}

/* NULL: the agent is being told, or a check is waited for. */
static const char *tell_agent(struct pending *p, struct agent *a)
{
	Agent__ShutdownRequest message = AGENT__SHUTDOWN_REQUEST__INIT;
	const struct wire_request request = {
		.path = "/agent.Agent/Shutdown", .timeout_ms = PENDING_STOP_MS,
		.metadata = p->metadata.fields, .n_metadata = p->metadata.n,
	};
	struct wire_conn *conn;
	const char *why;
	bool own;

	if (!a->is_active)
		return "it is inactive";
	conn = channel_connection(a->channel, &own, &why);
	if (conn) {
		p->own_conn = own ? conn : NULL;
		message.kill_runs = p->kill_runs;
		p->shutdown = wire_unary(conn, &request, &message.base, on_shutdown, p);
	} else if (!why) {
		p->is_waiting = channel_join(a->channel, &p->wait);
	}
	return conn ? NULL : why;
}

static void on_stop_checked(const char *why, void *arg)
{
	struct pending *p = arg;
	struct agent *a = registry_find(p->m->registry, p->name);

	p->is_waiting = false;
	if (!why)
		why = a ? tell_agent(p, a) : "it was deleted";
	if (why)
		answer_stop(p, why);
	maybe_free(p);
}

void pending_stop(struct master *m, struct wire_call *caller, struct agent *a, bool kill_runs)
{
	struct pending *p = pending_new(m, caller, a->record.name, on_stop_checked);
	const char *why;

	p->kill_runs = kill_runs;
	relay_metadata(&p->metadata, m, caller, "");
	p->metadata.n = 1;
	why = tell_agent(p, a);
	if (why)
		answer_stop(p, why);
}
