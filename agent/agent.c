/*
 * agent.c - the agent as a whole: what it is made of, and how it comes to its end.
 *
 * Listening comes first, so that a peer that connects early waits in the backlog and is answered by the
 * loop. The end: no new runs, no link; the runs are let go of, or ended (ENDING); then the connections are drained, and
 * no watcher is left.
 */
#include "agent/agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/consent.h"
#include "agent/enrol.h"
#include "agent/link.h"
#include "agent/service.h"
#include "agent/shell.h"
#include "agent/spawn.h"
#include "agent/unit.h"
#include "common/clock.h"
#include "common/daemon_files.h"
#include "common/exits.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/notify.h"
#include "common/sm.h"
#include "wire/identity.h"

static const struct sm_state agent_states[] = {
	[AGENT_UP]      = { "up",      SM(AGENT_ENDING) | SM(AGENT_CLOSING) },
	[AGENT_ENDING]  = { "ending",  SM(AGENT_CLOSING) },
	[AGENT_CLOSING] = { "closing", 0 },
};

static void agent_move(struct agent *a, enum agent_state to)
{
	sm_move(agent_states, &a->state, to, "agent");
}

/* ---- the end ---- */

static void close_agent(struct agent *a)
{
	agent_move(a, AGENT_CLOSING);
	wire_shutdown(a->wire, AGENT_DRAIN_MS);
}

static void on_idle(void *arg)
{
	struct agent *a = arg;

	if (a->state == AGENT_ENDING)
		close_agent(a);
}

void agent_stop(struct agent *a, bool kills, int status, const char *why)
{
	size_t n = runs_count(a->runs);
	char *text;

	if (a->state != AGENT_UP)
		return;
	text = mem_printf("stopping: %s; live runs that %s: %zu", why, kills ? "are ended" : "go on", n);
	log_info("agent %s: %s", a->config->own_name, text);
	notify_stopping(text);
	free(text);
	a->exit_status = status;
	ready_stop(a);
	agent_unlisten(a);
	wire_stop_serving(a->wire);
	link_stop(a->link);
	enrol_stop(a->enrol);
	runs_stop(a->runs);
	if (kills)
		agent_move(a, AGENT_ENDING);
	else
		runs_let_go(a->runs);
	if (kills && n > 0)
		runs_cancel_all(a->runs, "the agent is stopping");
	else
		close_agent(a);
}

void agent_abort(struct agent *a)
{
	if (a->state == AGENT_ENDING)
		runs_kill_all(a->runs, "the agent ends");
}

/* ---- trust ---- */

static void on_news(enum standing standing, const char *words, void *arg)
{
	ready_tell(arg, standing, words);
}

/* The master's certificate alone gives power here; a loopback address says nothing but with --insecure. */
static unsigned roles_of(struct wire_peer *peer, void *arg)
{
	const struct agent *a = arg;

	if (peer->identity && !peer->refused)
		return peer->identity->kind == WIRE_KIND_MASTER ? WIRE_MASTER : WIRE_STRANGER;
	return a->config->insecure && !peer->is_secure && peer->is_loopback ? WIRE_MASTER : WIRE_STRANGER;
}

/* Whoever else of the cluster calls here is astray, or has stolen a key. */
static void on_refusal(struct wire_call *call, void *arg)
{
	const struct wire_peer *peer = wire_conn_peer(wire_call_conn(call));
	struct agent *a = arg;

	if (!peer->identity || peer->refused || !guard_bucket_take(&a->refusals, mono_ms()))
		return;
	log_warn("agent %s: %s %s at %s called %s: refused, only a master may", a->config->own_name,
		 identity_kind_name(peer->identity->kind), peer->identity->name, peer->address, wire_call_path(call));
}

static void on_identity(struct wire_tls *tls, void *arg)
{
	struct agent *a = arg;

	wire_set_tls(a->wire, tls);
	link_start(a->link, tls);
}

/* From here on the agent works towards being registered. */
static int begin_link(struct agent *a, char **error)
{
	const struct config *c = a->config;
	const struct enrol_config ec = {
		.name = c->own_name, .master = c->master, .state_dir = c->own_state_dir, .address = c->report_address,
		.token = c->has_token ? &c->own_token : NULL, .pin = c->has_pin ? c->own_pin : NULL,
		.on_identity = on_identity, .on_news = on_news, .arg = a,
	};
	int err;

	if (c->insecure) {
		link_start(a->link, NULL);
		return EXIT_OK;
	}
	wire_require_tls(a->wire);
	err = enrol_new(a->wire, &ec, &a->enrol, error);
	if (err)
		return daemon_files_status(err);
	if (c->own_missing_token && !enrol_has_identity(a->enrol)) {
		*error = mem_strdup(c->own_missing_token);
		return EXIT_CONFIG;
	}
	if (c->require_pin && enrol_trusts_anybody(a->enrol)) {
		*error = mem_strdup("require-pin: there is neither a token, nor --ca-fingerprint, nor ca.crt in the state directory");
		return EXIT_CONFIG;
	}
	enrol_start(a->enrol);
	return EXIT_OK;
}

/* ---- the beginning ---- */

int agent_open(struct agent *a, struct config *config, char **error)
{
	const struct runs_config rc = {
		.max = config->max_runs, .max_queued = config->max_queued, .on_idle = on_idle, .arg = a,
	};

	*a = (struct agent){ .config = config, .exit_status = EXIT_OK };
	a->loop = ev_loop_new(EVFLAG_NOENV);
	if (!a->loop) {
		*error = mem_strdup("no event loop can be made");
		return EXIT_FAILED;
	}
	a->wire = wire_new(a->loop);
	a->runs = runs_new(a->loop, &rc);
	wire_set_admission(a->wire, roles_of, a);
	guard_bucket_init(&a->refusals, AGENT_REFUSALS_AT_ONCE, AGENT_REFUSALS_PER_S, mono_ms());
	wire_set_refusal(a->wire, on_refusal, a);
	service_register(a);
	return EXIT_OK;
}

static int open_runs(struct agent *a, char **error)
{
	const struct config *c = a->config;
	char *program = spawn_program(), *where;
	int rc = runs_open(a->runs, c->own_runtime_dir, c->own_state_dir, program, &where);

	if (rc) {
		*error = mem_printf("%s: %s", where, strerror(-rc));
		free(where);
	}
	free(program);
	return rc;
}

static void log_start(const struct agent *a)
{
	for (size_t i = 0; i < a->n_listeners; i++)
		log_info("agent %s: listening on %s", a->config->own_name, wire_listener_address(a->listeners[i]));
	if (a->config->insecure)
		log_warn("agent %s: insecure: without TLS every user of this machine can run commands as user %d through it",
			 a->config->own_name, (int)geteuid());
}

int agent_start(struct agent *a, char **error)
{
	const struct config *c = a->config;
	struct link_config lc = {
		.name = c->own_name, .master = c->master, .report_address = c->report_address,
		.report_host = c->own_bind_host, .on_news = on_news, .arg = a,
	};
	static const char *const files[] = { "epoch", ready_file, NULL };
	int status = consent_load(a, error);

	if (status != EXIT_OK)
		return status;
	if (agent_listen(a, error))
		return EXIT_FAILED;
	lc.port = a->port;
	status = daemon_files_make_dir(c->own_runtime_dir, 0755, error);
	if (status == EXIT_OK)
		status = daemon_files_check(c->own_runtime_dir, files, error);
	if (status != EXIT_OK)
		return status;
	if (identity_load(&a->identity, c->own_state_dir, c->own_runtime_dir, error))
		return EXIT_FAILED;
	if (open_runs(a, error))
		return EXIT_FAILED;
	a->shell = shell_find();
	memcpy(lc.instance, a->identity.instance, sizeof lc.instance);
	a->link = link_new(a->wire, &lc);
	ready_await(a);
	status = begin_link(a, error);
	if (status != EXIT_OK)
		return status;
	log_start(a);
	a->unit = unit_look(a->loop, c->own_name);
	return EXIT_OK;
}

void agent_close(struct agent *a)
{
	wire_free(a->wire);
	link_free(a->link);
	enrol_free(a->enrol);
	runs_free(a->runs);
	consent_close(a);
	unit_free(a->unit);
	user_free(a->own_user);
	if (a->loop)
		ev_loop_destroy(a->loop);
	*a = (struct agent){ .exit_status = a->exit_status };
}

/* ---- what may change while it runs ---- */

const struct user *agent_own_user(struct agent *a)
{
	if (!a->own_user)
		a->own_user = user_own();
	return a->own_user;
}

void agent_reload(struct agent *a)
{
	char *error = NULL;

	if (consent_load(a, &error) != EXIT_OK) {
		log_error("agent %s: %s; the policy stays as it was", a->config->own_name, error);
		free(error);
	}
	user_free(a->own_user);
	a->own_user = NULL;
	if (a->enrol)
		enrol_reload(a->enrol);
}
