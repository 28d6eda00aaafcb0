/*
 * channel.c - the way to one agent: dial, Hello, keep, dial again.
 *
 *   IDLE --check--> CHECKING --Hello--> UP --drop, GOAWAY, recheck--> CHECKING
 *    ^                 |                 +--- dropped too soon ---+      ^
 *    +--- silent ------+--- failed ---> WAITING <-----------------+      |
 *                                          +----- delay is over ---------+
 *
 * CHECKING and UP have a connection, except that UP has none for a foreign agent. Connections that were
 * replaced live on until the calls on them have ended; `n_conns` counts all, and a channel whose agent is
 * gone is freed with the last one.
 */
#include "master/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/sm.h"
#include "common/str.h"
#include "master/fleet.h"
#include "master/follow.h"
#include "master/listen.h"
#include "master/master.h"
#include "master/secure.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/wire.h"

enum channel_state { CHANNEL_IDLE, CHANNEL_CHECKING, CHANNEL_UP, CHANNEL_WAITING };

static const struct sm_state channel_states[] = {
	[CHANNEL_IDLE]     = { "idle", SM(CHANNEL_CHECKING) },
	[CHANNEL_CHECKING] = { "checking", SM(CHANNEL_UP) | SM(CHANNEL_WAITING) | SM(CHANNEL_IDLE) },
	[CHANNEL_UP]       = { "up", SM(CHANNEL_CHECKING) | SM(CHANNEL_WAITING) | SM(CHANNEL_IDLE) },
	[CHANNEL_WAITING]  = { "waiting", SM(CHANNEL_CHECKING) | SM(CHANNEL_IDLE) },
};

enum { DRAIN_MS = 24 * 60 * 60 * 1000, HELLO_MAX = 64 * 1024, ID_LEN = 16 };

struct channel {
	struct master *m;
	struct agent *agent;		/* NULL: gone, the channel only waits for its connections */
	unsigned state;			/* enum channel_state */
	struct wire_conn *conn;
	struct wire_call *hello;	/* the check under way */
	bool is_reused;			/* it is made on a connection that was up before */
	uint64_t deadline_ms;		/* of it, also when it goes on with another connection */
	unsigned n_again;		/* connections that it may still lose to an agent that ends */
	unsigned n_conns;
	struct backoff backoff;
	ev_timer timer;			/* WAITING: dial again; UP: check again */
	uint64_t up_ms;			/* when the connection was found good; 0: never */
	bool is_known_up;		/* and logged */
	struct list waits;
};

static void begin_check(struct channel *ch, bool fresh, bool returns);
static void go_on_check(struct channel *ch, bool fresh);

static void set_state(struct channel *ch, enum channel_state state)
{
	if (ch->state != (unsigned)state)
		sm_move(channel_states, &ch->state, state, ch->agent->record.name);
}

static void set_timer(struct channel *ch, uint64_t ms)
{
	ev_timer_stop(ch->m->loop, &ch->timer);
	if (ch->m->is_stopping)
		return;
	ev_now_update(ch->m->loop);
	ev_timer_set(&ch->timer, (double)ms / 1000, 0);
	ev_timer_start(ch->m->loop, &ch->timer);
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	begin_check(w->data, false, false);
}

static void tell_waiters(struct channel *ch, const char *why)
{
	struct list waits, *link;

	list_init(&waits);
	list_splice(&waits, &ch->waits);
	while ((link = list_pop(&waits))) {
		struct channel_wait *wait = list_entry(link, struct channel_wait, link);

		wait->told(why, wait->arg);
	}
}

/* Lets go of the connection in use; the calls on it go on to their ends. */
static void drop_connection(struct channel *ch, const char *why)
{
	struct wire_call *hello = ch->hello;
	struct wire_conn *conn = ch->conn;

	ch->hello = NULL;
	ch->conn = NULL;
	if (hello)
		wire_end(hello, WIRE_CANCELLED, why);
	if (conn)
		wire_conn_close(conn, DRAIN_MS, why);
}

/* ---- what a check can come to ---- */

/* Whether anybody is to look after the agent by itself. */
static bool is_wanted(const struct channel *ch)
{
	return ch->agent->is_active && !ch->m->is_stopping;
}

static uint32_t next_delay_ms(struct channel *ch)
{
	return backoff_next_ms(&ch->backoff, (uint32_t)random_below(UINT32_MAX));
}

static void log_unreachable(const struct agent *a, const char *why)
{
	char *advice = registry_advice(a);

	log_warn("agent %s: unreachable at %s: %s%s%s", a->record.name, a->record.address, why,
		 advice ? "; next, " : "", advice ? advice : "");
	free(advice);
}

/* `why` is in words, see reach_words(). */
static void failed(struct channel *ch, enum reach reach, const char *why)
{
	struct agent *a = ch->agent;

	drop_connection(ch, why);
	ch->is_known_up = false;
	if (registry_set_reach(a, reach, why, now_read()))
		log_unreachable(a, why);
	follow_down(ch->m, a);
	if (is_wanted(ch)) {
		set_state(ch, CHANNEL_WAITING);
		set_timer(ch, next_delay_ms(ch));
	} else {
		set_state(ch, CHANNEL_IDLE);
	}
	tell_waiters(ch, why);
}

/* An agent that said it would end, and went: nothing more will be heard of it. */
static bool has_left(const struct channel *ch)
{
	struct agent *a = ch->agent;

	if (!a->is_stopping || !a->is_active)
		return false;
	registry_set_inactive(a);
	log_info("agent %s: inactive: stopped", a->record.name);
	return true;
}

/* Connections that may have been taken by the one before, and end with it. */
static void set_tries(struct channel *ch, bool returns)
{
	ch->n_again = returns ? CHANNEL_RETURN_TRIES : 0;
}

/* The connection in use is gone or going: another one at once, but only once while the agent is not
 * stable. A peer that accepts and drops is not dialled in a circle. `returns`: the agent took its leave, as one does that
 * is restarted. */
static void lost(struct channel *ch, const char *why, bool returns)
{
	if (now_read().mono_ms - ch->up_ms >= CHANNEL_STABLE_MS)
		backoff_reset(&ch->backoff);
	if (ch->m->is_stopping || has_left(ch)) {
		ev_timer_stop(ch->m->loop, &ch->timer);
		drop_connection(ch, why);
		ch->is_known_up = false;
		set_state(ch, CHANNEL_IDLE);
		follow_down(ch->m, ch->agent);
		tell_waiters(ch, why);
	} else if (ch->backoff.last_ms) {
		failed(ch, REACH_FAILED, why);
	} else {
		next_delay_ms(ch);
		if (ch->state != CHANNEL_CHECKING) {
			begin_check(ch, true, returns);
			return;
		}
		set_tries(ch, returns);
		go_on_check(ch, true);
	}
}

static void succeeded(struct channel *ch)
{
	struct agent *a = ch->agent;

	registry_set_reach(a, REACH_DIRECT, NULL, now_read());
	if (!ch->is_known_up)
		log_info("agent %s: up, direct %s%s", a->record.name, a->record.address,
			 a->record.is_foreign ? ", foreign" : "");
	ch->is_known_up = true;
	set_state(ch, CHANNEL_UP);
	set_timer(ch, CHANNEL_RECHECK_MS);
	tell_waiters(ch, NULL);
	follow_up(ch->m, a);
}

/* Text of a 16-byte id, or "" where it is none; out has 33 bytes. */
static void hex_id(ProtobufCBinaryData id, char *out)
{
	*out = '\0';
	if (id.len == ID_LEN)
		str_hex(id.data, id.len, out);
}

/* NULL: it is who it should be. Otherwise owned words. */
static char *compare(const struct agent *a, const Sloth__V1__HelloResponse *hello, const char *instance,
		     enum reach *reach)
{
	*reach = REACH_OTHER_AGENT;
	if (strcmp(hello->name, a->record.name))
		return mem_printf("other-agent: name differs: that address answers as %s", str_quote(hello->name));
	*reach = REACH_FAILED;
	if (!*instance)
		return mem_strdup("that address answers without an instance id");
	*reach = REACH_OTHER_AGENT;
	if (*a->record.instance && strcmp(instance, a->record.instance))
		return mem_printf("other-agent: instance differs: that address answers as another %s (instance %.8s..)",
				  str_quote(hello->name), instance);
	return NULL;
}

static void take_hello(struct channel *ch, const Sloth__V1__HelloResponse *hello)
{
	char instance[2 * ID_LEN + 1], epoch[2 * ID_LEN + 1];
	enum reach reach;
	char *why;

	hex_id(hello->instance, instance);
	hex_id(hello->epoch, epoch);
	why = compare(ch->agent, hello, instance, &reach);
	if (why) {
		failed(ch, reach, why);
		free(why);
		return;
	}
	if (!ch->is_reused)
		ch->up_ms = now_read().mono_ms;
	if (!wire_conn_is_open(ch->conn)) {
		lost(ch, "the agent ends the connection", true);
		return;
	}
	registry_set_identity(ch->agent, instance, epoch, hello->version, hello->shell);
	registry_set_user(ch->agent, hello->user);
	fleet_identified(ch->m, ch->agent);
	succeeded(ch);
}

/* It answers, but knows no Hello. */
static void take_foreign(struct channel *ch)
{
	const char *address = ch->agent->record.address;

	if (listen_is_own(ch->m, address)) {
		failed(ch, REACH_MASTER_ITSELF, "master-itself: that address leads to this master");
		return;
	}
	if (!ch->agent->record.is_foreign) {
		failed(ch, REACH_FAILED, "that address answers, but not as a Sloth agent");
		return;
	}
	drop_connection(ch, "checked");
	ch->up_ms = now_read().mono_ms;
	succeeded(ch);
}

/* Hello has come to no answer: what was met, and in words. Owned. */
static char *reason(const struct wire_conn *conn, enum wire_code code, const char *why, enum reach *reach)
{
	*reach = reach_of_conn(conn);
	if (code != WIRE_DEADLINE_EXCEEDED && code != WIRE_UNAVAILABLE)
		return mem_printf("Hello failed: %s: %s", wire_code_name(code), why);
	return reach_words(*reach, code == WIRE_DEADLINE_EXCEEDED ? "timeout" : why);
}

/* By an agent that took it last before its end: the next connection is for its successor. */
static bool was_dropped(const struct wire_conn *conn)
{
	enum wire_fault fault = wire_conn_fault(conn);

	return fault == WIRE_FAULT_CLOSED || fault == WIRE_FAULT_TLS || fault == WIRE_FAULT_NONE;
}

static void on_hello(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len,
		     void *arg)
{
	struct channel *ch = arg;
	Sloth__V1__HelloResponse *hello;
	enum reach reach;
	char *text;

	if (ch->hello != call)
		return;			/* of a connection that was let go of */
	ch->hello = NULL;
	if (code == WIRE_OK) {
		hello = wire_unpack(call, &sloth__v1__hello_response__descriptor, data, len);
		if (hello)
			take_hello(ch, hello);
		else
			failed(ch, REACH_FAILED, "its answer to Hello is malformed");
	} else if (code == WIRE_UNIMPLEMENTED) {
		take_foreign(ch);
	} else if (ch->is_reused && code == WIRE_UNAVAILABLE) {
		go_on_check(ch, true);		/* the old connection was dead: that says nothing about a new one */
	} else if (ch->n_again && code == WIRE_UNAVAILABLE && was_dropped(wire_call_conn(call))) {
		ch->n_again--;
		go_on_check(ch, true);
	} else {
		text = reason(wire_call_conn(call), code, why, &reach);
		failed(ch, reach, text);
		free(text);
	}
}

/* ---- connections ---- */

static void on_conn_drain(struct wire_conn *conn, const char *why, void *arg)
{
	struct channel *ch = arg;

	if (conn == ch->conn && ch->state == CHANNEL_UP)
		lost(ch, why, true);
}

static void on_conn_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct channel *ch = arg;

	ch->n_conns--;
	if (!ch->agent) {
		if (ch->n_conns == 0)
			free(ch);
		return;
	}
	if (conn != ch->conn)
		return;
	ch->conn = NULL;
	if (ch->state != CHANNEL_UP)
		return;
	log_info("agent %s: connection lost: %s", ch->agent->record.name, why);
	ch->is_known_up = false;
	lost(ch, why, false);
}

/* What is left of the time of the check, at least 1. */
static uint32_t left_ms(const struct channel *ch)
{
	uint64_t now = now_read().mono_ms;

	return now < ch->deadline_ms ? (uint32_t)(ch->deadline_ms - now) : 1;
}

static struct wire_conn *dial(struct channel *ch, const struct wire_conn_ops *ops, uint32_t timeout_ms)
{
	const struct wire_dial how = {
		.address = ch->agent->record.address,
		.role = WIRE_CLIENT,
		.tls = ch->agent->is_insecure ? NULL : secure_tls(ch->m),
		.expect = WIRE_KIND_AGENT,
		.expect_name = ch->agent->record.name,
		.timeout_ms = timeout_ms,
		.keepalive_ms = ch->agent->record.is_foreign ? CHANNEL_FOREIGN_KEEPALIVE_MS : CHANNEL_KEEPALIVE_MS,
		.is_one_of_many = true,
		.is_elsewhere = !ch->agent->is_local,
	};

	return wire_dial(ch->m->wire, &how, ops, ch);
}

static void say_hello(struct channel *ch)
{
	const Sloth__V1__HelloRequest message = SLOTH__V1__HELLO_REQUEST__INIT;
	const struct wire_request request = {
		.path = "/sloth.v1.Agent/Hello", .timeout_ms = left_ms(ch), .max_message = HELLO_MAX,
	};

	ch->hello = wire_unary(ch->conn, &request, &message.base, on_hello, ch);
}

/* Within the deadline that is set. `fresh`: on a new connection in any case. */
static void go_on_check(struct channel *ch, bool fresh)
{
	static const struct wire_conn_ops ops = { .on_drain = on_conn_drain, .on_down = on_conn_down };

	ev_timer_stop(ch->m->loop, &ch->timer);
	if (ch->m->is_stopping) {
		lost(ch, "the master is stopping", false);
		return;
	}
	ch->is_reused = !fresh && ch->state == CHANNEL_UP && ch->conn && wire_conn_is_open(ch->conn);
	set_state(ch, CHANNEL_CHECKING);
	if (ch->is_reused) {
		say_hello(ch);
		return;
	}
	drop_connection(ch, "replaced by a new connection");
	ch->conn = dial(ch, &ops, left_ms(ch));
	ch->n_conns++;
	say_hello(ch);
}

static void begin_check(struct channel *ch, bool fresh, bool returns)
{
	set_tries(ch, returns);
	ch->deadline_ms = now_read().mono_ms + (returns ? CHANNEL_RETURN_MS : CHANNEL_CHECK_MS);
	go_on_check(ch, fresh);
}

/* ---- what others ask ---- */

struct channel *channel_new(struct master *m, struct agent *a)
{
	struct channel *ch = mem_new(struct channel);

	ch->m = m;
	ch->agent = a;
	ch->state = CHANNEL_IDLE;
	backoff_init(&ch->backoff, CHANNEL_REDIAL_MIN_MS, CHANNEL_REDIAL_MAX_MS);
	ev_timer_init(&ch->timer, on_timer, 0, 0);
	ch->timer.data = ch;
	list_init(&ch->waits);
	a->channel = ch;
	return ch;
}

void channel_free(struct channel *ch, const char *why)
{
	if (!ch)
		return;
	ev_timer_stop(ch->m->loop, &ch->timer);
	drop_connection(ch, why);
	ch->agent->channel = NULL;
	ch->agent = NULL;
	tell_waiters(ch, why);
	if (ch->n_conns == 0)
		free(ch);
}

/* An attempt that is under way may have begun before the agent listened, or with another address. */
void channel_check(struct channel *ch)
{
	const struct wire_peer *peer = ch->conn ? wire_conn_peer(ch->conn) : NULL;
	bool elsewhere = peer && strcmp(peer->address, ch->agent->record.address) != 0;

	backoff_reset(&ch->backoff);
	ch->is_known_up &= !elsewhere;
	begin_check(ch, elsewhere || ch->state != CHANNEL_UP, false);
}

void channel_try(struct channel *ch)
{
	if (ch->state == CHANNEL_IDLE)
		begin_check(ch, true, false);
}

void channel_rest(struct channel *ch)
{
	if (ch->state == CHANNEL_UP) {
		begin_check(ch, false, false);
	} else if (ch->state == CHANNEL_WAITING) {
		ev_timer_stop(ch->m->loop, &ch->timer);
		set_state(ch, CHANNEL_IDLE);
	}
}

void channel_stop(struct channel *ch)
{
	ev_timer_stop(ch->m->loop, &ch->timer);
}

void channel_wait_init(struct channel_wait *wait, void (*told)(const char *why, void *arg), void *arg)
{
	list_init(&wait->link);
	wait->told = told;
	wait->arg = arg;
}

bool channel_join(struct channel *ch, struct channel_wait *wait)
{
	if (ch->state != CHANNEL_CHECKING)
		return false;
	list_push(&ch->waits, &wait->link);
	return true;
}

void channel_leave(struct channel_wait *wait)
{
	list_remove(&wait->link);
}

/* The answer is the last finding; the next caller may have a newer one. */
static void refresh(struct channel *ch)
{
	ev_tstamp left = ev_timer_remaining(ch->m->loop, &ch->timer);

	if (ch->state == CHANNEL_WAITING && left > CHANNEL_REDIAL_MIN_MS / 1000.0)
		set_timer(ch, CHANNEL_REDIAL_MIN_MS);
}

struct wire_conn *channel_connection(struct channel *ch, bool *is_own, const char **why)
{
	static const struct wire_conn_ops own_ops = { .on_down = NULL };
	const struct agent *a = ch->agent;

	/* The end of a call may be told before the end of its connection. */
	if (ch->state == CHANNEL_UP && ch->conn && !wire_conn_is_open(ch->conn))
		lost(ch, "the agent ends the connection", true);
	*is_own = false;
	*why = NULL;
	if (ch->state == CHANNEL_CHECKING && !(a->record.is_foreign && ch->up_ms))
		return NULL;
	if (a->unreachable || ch->state == CHANNEL_IDLE) {
		*why = a->unreachable ? a->unreachable : "it has not been reached yet";
		refresh(ch);
		return NULL;
	}
	*is_own = a->record.is_foreign;
	return *is_own ? dial(ch, &own_ops, CHANNEL_CHECK_MS) : ch->conn;
}
