/*
 * link.c - the agent's connection to its master.
 *
 * One timer: what it means depends on the state. At most one call is out at a time. A call's end and the
 * connection's end come in that order; whatever state they meet, the connection's end leads to AWAY, where
 * the timer dials again.
 *
 *   AWAY --connected--> REGISTERING --accepted--> UP (timer: next heartbeat)
 *    ^ (timer: dial)      |      ^                 |
 *    |                 refused   +-- unknown to ---+
 *    |                    v      |   the master    |
 *    |                 REFUSED --+                 |
 *    |                    ^ (timer: register again)|
 *    |                    +-- the same, before it -+
 *    |                        took any heartbeat
 *    +---- connection lost, from each ----
 *   STOPPED is reached from all and left by none.
 *
 * A registration has succeeded when a heartbeat was accepted after it: only then the delay between attempts
 * starts over, so that a master which accepts the one and refuses the other is not hammered.
 */
#include "agent/link.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>

#include "agent/facts.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/sm.h"
#include "common/str.h"
#include "wire/addr.h"
#include "wire/proto/agent.pb-c.h"
#include "wire/reconnect.h"
#include "wire/wire.h"

enum { ADVICE_MAX = 500 };

enum link_state { LINK_AWAY, LINK_REGISTERING, LINK_REFUSED, LINK_UP, LINK_STOPPED };

static const struct sm_state link_states[] = {
	[LINK_AWAY]        = { "away",        SM(LINK_REGISTERING) | SM(LINK_AWAY) | SM(LINK_STOPPED) },
	[LINK_REGISTERING] = { "registering", SM(LINK_UP) | SM(LINK_REFUSED) | SM(LINK_AWAY) | SM(LINK_STOPPED) },
	[LINK_REFUSED]     = { "refused",     SM(LINK_REGISTERING) | SM(LINK_AWAY) | SM(LINK_STOPPED) },
	[LINK_UP]          = { "up",          SM(LINK_REGISTERING) | SM(LINK_REFUSED) | SM(LINK_AWAY) | SM(LINK_STOPPED) },
	[LINK_STOPPED]     = { "stopped",     0 },
};

struct link {
	struct link_config config;
	char master[WIRE_ADDR_MAX];	/* with its port */
	char reported[WIRE_ADDR_MAX];	/* our address as last registered */
	char process[2 * IDENTITY_BYTES + 1];	/* tells us from another process with our identity: random, hex */
	struct wire *wire;
	struct wire_tls *tls;
	struct ev_loop *loop;
	unsigned state;			/* enum link_state */
	struct wire_conn *conn;		/* NULL: none */
	struct wire_call *call;		/* NULL: none is out */
	struct reconnect reconnect;
	struct backoff refusals;
	ev_timer timer;
	uint32_t interval_ms;
	uint64_t facts_due_ms;
	bool is_settled;		/* a heartbeat was accepted since the registration */
	bool is_draining;		/* the master has announced the end of the connection */
	char *trouble;			/* as logged last; NULL: none */
};

static void link_move(struct link *link, enum link_state to)
{
	sm_move(link_states, &link->state, to, "link");
}

static uint32_t random_u32(void)
{
	return (uint32_t)random_below(UINT64_C(1) << 32);
}

/* Frees `words`. */
static void tell(struct link *link, enum standing standing, char *words)
{
	if (link->config.on_news)
		link->config.on_news(standing, words, link->config.arg);
	free(words);
}

/* Logged when it is not what was logged last. Takes `text`. */
static void set_trouble(struct link *link, char *text)
{
	if (str_equal(link->trouble, text))
		log_debug("agent %s: %s", link->config.name, text);
	else
		log_warn("agent %s: %s", link->config.name, text);
	free(link->trouble);
	link->trouble = text;
}

static void set_timer(struct link *link, uint64_t ms)
{
	ev_timer_stop(link->loop, &link->timer);
	ev_now_update(link->loop);
	ev_timer_set(&link->timer, (double)ms / 1000, 0.);
	ev_timer_start(link->loop, &link->timer);
}

/* ---- heartbeats ---- */

static void register_agent(struct link *link);
static void refused(struct link *link, char *trouble);

static void set_interval(struct link *link, uint32_t ms)
{
	if (ms == 0)
		ms = LINK_INTERVAL_MS;
	link->interval_ms = ms < LINK_INTERVAL_MIN_MS ? LINK_INTERVAL_MIN_MS :
			    ms > LINK_INTERVAL_MAX_MS ? LINK_INTERVAL_MAX_MS : ms;
}

/* A little early and never in step with others. */
static void schedule_heartbeat(struct link *link)
{
	set_timer(link, link->interval_ms - random_below(link->interval_ms / 10 + 1));
}

/* The master may have forgotten us since, and gets us back at once. */
static void heartbeat_refused(struct link *link, const char *why)
{
	if (!link->is_settled) {
		refused(link, mem_printf("master %s accepts the registration and refuses heartbeats: %s; registering again",
					 link->master, str_quote(why)));
		return;
	}
	log_info("agent %s: master %s does not know it any more: %s; registering again", link->config.name,
		 link->master, str_quote(why));
	register_agent(link);
}

static void heartbeat_accepted(struct link *link, const Agent__HeartbeatResponse *response)
{
	link->is_settled = true;
	backoff_reset(&link->refusals);
	free(link->trouble);
	link->trouble = NULL;
	set_interval(link, response->interval_ms);
}

static void on_heartbeat_done(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data,
			      size_t len, void *arg)
{
	Agent__HeartbeatResponse *response;
	struct link *link = arg;

	link->call = NULL;
	if (link->state != LINK_UP)
		return;
	response = data ? wire_unpack(call, &agent__heartbeat_response__descriptor, data, len) : NULL;
	if (response && !response->success) {
		heartbeat_refused(link, response->message);
		return;
	}
	if (response)
		heartbeat_accepted(link, response);
	else if (wire_conn_is_open(link->conn))
		set_trouble(link, mem_printf("heartbeat to master %s: %s %s", link->master, wire_code_name(code), why));
	schedule_heartbeat(link);
}

static void send_heartbeat(struct link *link)
{
	struct wire_request request = { .path = "/agent.AgentRegistry/Heartbeat", .timeout_ms = LINK_CALL_MS };
	Agent__HeartbeatRequest message = AGENT__HEARTBEAT_REQUEST__INIT;
	char version[] = SLOTH_VERSION;
	char *facts = NULL;

	if (mono_ms() >= link->facts_due_ms) {
		facts = facts_json();
		message.system_info_json = facts;
		link->facts_due_ms = mono_ms() + LINK_FACTS_MS;
	}
	message.agent_name = (char *)(uintptr_t)link->config.name;
	message.version = version;
	link->call = wire_unary(link->conn, &request, &message.base, on_heartbeat_done, link);
	free(facts);
}

/* ---- registration ---- */

static void refused(struct link *link, char *trouble)
{
	tell(link, STANDING_TRYING, mem_printf("not registered yet: %s", trouble));
	set_trouble(link, trouble);
	link_move(link, LINK_REFUSED);
	set_timer(link, backoff_next_ms(&link->refusals, random_u32()));
}

/* A line of the master's for the log. */
static const char *clean(const char *text, char out[ADVICE_MAX + 1])
{
	out[str_escape(out, ADVICE_MAX, text, strlen(text), "")] = '\0';
	return out;
}

static void accepted(struct link *link, const Agent__RegisterAgentResponse *response)
{
	char advice[ADVICE_MAX + 1];

	log_info("agent %s: registered with master %s as %s: %s", link->config.name, link->master, link->reported,
		 str_quote(response->message));
	tell(link, STANDING_REGISTERED, mem_printf("registered with master %s: %s", link->master, str_quote(response->message)));
	if (*response->advice)
		log_warn("agent %s: the master does not reach it at %s; next, %s", link->config.name, link->reported,
			 clean(response->advice, advice));
	link_move(link, LINK_UP);
	link->is_settled = false;
	set_interval(link, response->interval_ms);
	link->facts_due_ms = 0;
	send_heartbeat(link);
}

static void on_register_done(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data,
			     size_t len, void *arg)
{
	Agent__RegisterAgentResponse *response;
	struct link *link = arg;

	link->call = NULL;
	if (link->state != LINK_REGISTERING)
		return;
	response = data ? wire_unpack(call, &agent__register_agent_response__descriptor, data, len) : NULL;
	if (response && response->success)
		accepted(link, response);
	else if (response)
		refused(link, mem_printf("refused by master %s: %s; asking again until it agrees", link->master,
					 str_quote(response->message)));
	else if (wire_conn_is_open(link->conn))
		refused(link, mem_printf("cannot register with master %s: %s %s; asking again", link->master,
					 wire_code_name(code), why));
	/* Otherwise the connection is about to end, and its end says why. */
}

/* Where the master shall reach us: as told, else where we listen, else what we reach the master from. */
static void find_report_address(struct link *link)
{
	struct wire_addr a = { .port = link->config.port };
	const char *host = link->config.report_host;

	if (link->config.report_address) {
		strncpy(link->reported, link->config.report_address, sizeof link->reported - 1);
		return;
	}
	if (!host || str_equal(host, WIRE_ANY_HOST))
		host = wire_conn_local_host(link->conn);
	strncpy(a.host, *host ? host : "127.0.0.1", sizeof a.host - 1);
	wire_addr_format(&a, link->reported);
}

static void register_agent(struct link *link)
{
	char instance[2 * IDENTITY_BYTES + 1];
	struct wire_field metadata[2];
	struct wire_request request = {
		.path = "/agent.AgentRegistry/RegisterAgent", .timeout_ms = LINK_CALL_MS,
		.metadata = metadata, .n_metadata = 2,
	};
	Agent__RegisterAgentRequest message = AGENT__REGISTER_AGENT_REQUEST__INIT;

	link_move(link, LINK_REGISTERING);
	ev_timer_stop(link->loop, &link->timer);
	find_report_address(link);
	str_hex(link->config.instance, IDENTITY_BYTES, instance);
	metadata[0] = WIRE_FIELD("sloth-instance", instance);
	metadata[1] = WIRE_FIELD("sloth-process", link->process);
	message.agent_name = (char *)(uintptr_t)link->config.name;
	message.agent_address = link->reported;
	link->call = wire_unary(link->conn, &request, &message.base, on_register_done, link);
}

/* ---- the connection ---- */

static void on_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	struct link *link = arg;

	(void)conn;
	(void)peer;
	if (link->state == LINK_STOPPED)
		return;
	reconnect_up(&link->reconnect, mono_ms());
	register_agent(link);
}

static void on_drain(struct wire_conn *conn, const char *why, void *arg)
{
	struct link *link = arg;

	if (link->is_draining || link->state == LINK_STOPPED)
		return;
	link->is_draining = true;
	wire_conn_close(conn, 0, why);
}

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct link *link = arg;
	uint64_t now = mono_ms();
	char *trouble;

	(void)conn;
	link->conn = NULL;
	if (link->state == LINK_STOPPED)
		return;
	trouble = mem_printf("%s master %s: %s; trying again", link->state == LINK_AWAY ? "cannot reach" : "lost",
			     link->master, why);
	tell(link, STANDING_TRYING, mem_printf("not registered yet: %s", trouble));
	set_trouble(link, trouble);
	link_move(link, LINK_AWAY);
	reconnect_down(&link->reconnect, now, link->is_draining, random_u32());
	set_timer(link, reconnect_wait_ms(&link->reconnect, now));
}

static const struct wire_conn_ops link_ops = { .on_up = on_up, .on_drain = on_drain, .on_down = on_down };

static void dial(struct link *link)
{
	struct wire_dial d = {
		.address = link->master, .role = WIRE_CLIENT, .tls = link->tls, .expect = WIRE_KIND_MASTER, .keepalive_ms = LINK_KEEPALIVE_MS,
		.keepalive_timeout_ms = LINK_KEEPALIVE_MS, .keepalive_idle = true,
	};

	link->is_draining = false;
	link->conn = wire_dial(link->wire, &d, &link_ops, link);
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int events)
{
	struct link *link = w->data;

	(void)loop, (void)events;
	switch ((enum link_state)link->state) {
	case LINK_AWAY:
		if (reconnect_due(&link->reconnect, mono_ms()))
			dial(link);
		else
			set_timer(link, reconnect_wait_ms(&link->reconnect, mono_ms()));
		break;
	case LINK_REFUSED:
		register_agent(link);
		break;
	case LINK_UP:
		send_heartbeat(link);
		break;
	case LINK_REGISTERING:
	case LINK_STOPPED:
		break;
	}
}

/* ---- for the agent ---- */

struct link *link_new(struct wire *wire, const struct link_config *config)
{
	struct link *link = mem_new(struct link);
	uint8_t random[IDENTITY_BYTES];
	struct wire_addr a;
	const char *why;

	random_bytes(random, sizeof random);
	str_hex(random, sizeof random, link->process);
	link->config = *config;
	link->wire = wire;
	link->loop = wire_loop(wire);
	if (wire_addr_parse(config->master, 50053, &a, &why) == 0)	/* the configuration has checked it */
		wire_addr_format(&a, link->master);
	reconnect_init(&link->reconnect, LINK_RECONNECT_MIN_MS, LINK_RECONNECT_MAX_MS);
	backoff_init(&link->refusals, LINK_RECONNECT_MIN_MS, LINK_RECONNECT_MAX_MS);
	ev_init(&link->timer, on_timer);
	link->timer.data = link;
	return link;
}

void link_start(struct link *link, struct wire_tls *tls)
{
	link->tls = tls;
	if (reconnect_want(&link->reconnect))
		dial(link);
}

void link_stop(struct link *link)
{
	if (link->state == LINK_STOPPED)
		return;
	link_move(link, LINK_STOPPED);
	reconnect_stop(&link->reconnect);
	ev_timer_stop(link->loop, &link->timer);
	if (link->call)
		wire_end(link->call, WIRE_CANCELLED, "the agent stops");
	if (link->conn)
		wire_conn_close(link->conn, 0, "the agent stops");
}

void link_free(struct link *link)
{
	if (!link)
		return;
	free(link->trouble);
	free(link);
}
