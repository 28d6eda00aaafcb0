/*
 * fleet.c - see fleet.h. Owns two timers: when the next agent can become Inactive, when to write.
 */
#include "master/fleet.h"

#include <errno.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/str.h"
#include "master/channel.h"
#include "master/follow.h"
#include "master/master.h"
#include "master/relay.h"
#include "master/store.h"

/* ---- reading ---- */

static void on_record(const struct agent_record *record, void *arg)
{
	struct master *m = arg;

	if (registry_find(m->registry, record->name))
		return;			/* has registered while the store could not be read */
	if (registry_restore(m->registry, record, now_read()))
		log_warn("agent %s of the store is left out: its name or address is not allowed",
			 str_quote(record->name));
	else
		channel_new(m, registry_find(m->registry, record->name));
}

static int load(struct master *m)
{
	int err;

	m->fleet.n_replaced = store_replaced(m->store);
	err = store_load(m->store, on_record, m);

	if (err == 0 || err == -EUCLEAN)
		m->fleet.is_loaded = true;
	if (err == -EUCLEAN)
		m->fleet.is_incomplete = true;
	return m->fleet.is_loaded ? 0 : err;
}

/* ---- writing ---- */

static void write_agent(struct master *m, const struct agent *a, unsigned dirty)
{
	if (dirty & AGENT_DIRTY_RECORD)
		store_put_agent(m->store, &a->record);
	else if (dirty & AGENT_DIRTY_SEEN)
		store_put_seen(m->store, &a->record);
	if (dirty & AGENT_DIRTY_FACTS)
		store_put_facts(m->store, &a->record);
}

/* Whether the store lacks more than what is dirty: writing failed, or somebody met damage. */
static bool is_incomplete(const struct master *m)
{
	return m->fleet.is_incomplete || m->fleet.n_replaced != store_replaced(m->store);
}

/* Everything that is dirty, or everything. 0 or what store_commit() says. */
static int write_once(struct master *m)
{
	bool all = is_incomplete(m);
	int err;

	m->fleet.n_replaced = store_replaced(m->store);
	store_begin(m->store);
	if (all)
		store_clear(m->store);
	for (size_t i = 0; i < registry_count(m->registry); i++) {
		const struct agent *a = registry_at(m->registry, i);

		write_agent(m, a, all ? ~0u : a->dirty);
	}
	err = store_commit(m->store);
	m->fleet.is_incomplete = err != 0;
	return err;
}

/* At the latest `ms` from now. */
static void write_within(struct master *m, uint32_t ms)
{
	ev_timer *w = &m->fleet.writing;

	if (m->is_stopping || (ev_is_active(w) && ev_timer_remaining(m->loop, w) <= ms / 1000.0))
		return;
	ev_timer_stop(m->loop, w);
	ev_timer_set(w, ms / 1000.0, 0);
	ev_timer_start(m->loop, w);
}

static void write_all(struct master *m)
{
	int err = m->fleet.is_loaded ? 0 : load(m);

	if (!err)
		err = write_once(m);
	if (err == -EUCLEAN)
		err = write_once(m);
	if (err) {
		write_within(m, FLEET_RETRY_MS);
		return;
	}
	for (size_t i = 0; i < registry_count(m->registry); i++)
		registry_at(m->registry, i)->dirty = 0;
}

static void on_writing(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	write_all(w->data);
}

/* One agent's record now, in a transaction of its own. */
static void write_record(struct master *m, struct agent *a)
{
	int err;

	if (is_incomplete(m)) {
		write_all(m);
		return;
	}
	store_begin(m->store);
	write_agent(m, a, a->dirty);
	err = store_commit(m->store);
	if (err == 0) {
		a->dirty = 0;
		return;
	}
	m->fleet.is_incomplete = true;
	write_within(m, err == -EUCLEAN ? 0 : FLEET_RETRY_MS);
}

/* What is written at once unless writing fails anyhow: then the timer tries again, not each agent. */
static void write_now(struct master *m, struct agent *a)
{
	if (m->fleet.is_incomplete)
		write_within(m, FLEET_RETRY_MS);
	else
		write_record(m, a);
}

/* ---- liveness ---- */

static void on_inactive(struct agent *a, void *arg)
{
	(void)arg;
	log_info("agent %s: inactive: not heard for %s", a->record.name,
		 str_duration_ms(now_read().mono_ms - a->heard_ms));
	channel_rest(a->channel);
}

static void set_liveness(struct master *m, uint64_t ms)
{
	ev_timer *w = &m->fleet.liveness;

	ev_timer_stop(m->loop, w);
	if (ms == UINT64_MAX || m->is_stopping)
		return;
	ev_now_update(m->loop);
	ev_timer_set(w, (double)ms / 1000, 0);
	ev_timer_start(m->loop, w);
}

static void on_liveness(struct ev_loop *loop, ev_timer *w, int events)
{
	struct master *m = w->data;

	(void)loop;
	(void)events;
	set_liveness(m, registry_expire(m->registry, now_read(), on_inactive, NULL));
}

/* The timer stands at the earliest end that was known when it was set; heartbeats only move ends away,
 * so it is set again when it fires, and here if this agent's end comes before it. */
static void watch(struct master *m, const struct agent *a)
{
	ev_timer *w = &m->fleet.liveness;
	uint64_t ms = a->active_until_ms - a->heard_ms;

	if (!ev_is_active(w) || ev_timer_remaining(m->loop, w) * 1000 > (double)ms)
		set_liveness(m, ms);
}

/* ---- events ---- */

static void log_conflict(struct agent *a, const char *from, const char *why)
{
	uint64_t now = now_read().mono_ms;

	if (a->refused_ms && now - a->refused_ms < FLEET_CONFLICT_LOG_MS)
		return;
	a->refused_ms = now;
	log_warn("agent %s: registration from %s refused: %s", a->record.name, from, why);
}

int fleet_register(struct master *m, const struct registration *reg, const char *from, struct agent **agent,
		   char **why)
{
	struct agent *a = NULL;
	int rv = registry_register(m->registry, reg, now_read(), &a, why);

	if (rv == -EEXIST)
		log_conflict(a, from, *why);
	else if (rv < 0 && guard_bucket_take(&m->fleet.refusals, now_read().mono_ms))
		log_warn("registration from %s refused: %s", from, *why);
	if (rv < 0)
		return rv;
	if (rv)
		log_info("agent %s: registered at %s%s", a->record.name, a->record.address,
			 a->record.is_foreign ? ", foreign" : "");
	if (a->dirty & AGENT_DIRTY_RECORD)
		write_record(m, a);
	else
		write_within(m, FLEET_WRITE_SEEN_MS);
	watch(m, a);
	if (!a->channel)
		channel_new(m, a);
	channel_check(a->channel);
	*agent = a;
	return 0;
}

void fleet_identified(struct master *m, struct agent *a)
{
	if (a->dirty & AGENT_DIRTY_RECORD)
		write_now(m, a);
}

int fleet_heartbeat(struct master *m, struct agent *a, const char *json, const char *version)
{
	bool had_facts = *a->record.facts;
	struct now now = now_read();
	int err = 0;

	if (*version)
		registry_set_version(a, version);
	if (*json)
		err = registry_set_facts(m->registry, a, json, now);
	if (registry_heard(m->registry, a, now)) {
		log_info("agent %s: active again", a->record.name);
		channel_check(a->channel);
	}
	watch(m, a);
	if ((a->dirty & AGENT_DIRTY_RECORD) || (!had_facts && *a->record.facts))
		write_now(m, a);
	else
		write_within(m, a->dirty & AGENT_DIRTY_FACTS ? FLEET_WRITE_SOON_MS : FLEET_WRITE_SEEN_MS);
	return err;
}

bool fleet_drain(struct master *m, struct agent *a, const char *by)
{
	if (!registry_set_drained(a, by, now_read()))
		return false;
	write_record(m, a);
	return true;
}

void fleet_remove(struct master *m, struct agent *a)
{
	int err;

	log_info("agent %s: deleted", a->record.name);
	relay_forget_agent(m, a);
	follow_forget_agent(m, a);
	channel_free(a->channel, "the agent was deleted");
	store_begin(m->store);
	store_delete(m->store, a->record.name);
	err = store_commit(m->store);
	registry_remove(m->registry, a);
	if (err) {
		m->fleet.is_incomplete = true;
		write_within(m, err == -EUCLEAN ? 0 : FLEET_RETRY_MS);
	}
}

/* ---- start and stop ---- */

void fleet_start(struct master *m)
{
	guard_bucket_init(&m->fleet.refusals, FLEET_REFUSALS_AT_ONCE, FLEET_REFUSALS_PER_S, now_read().mono_ms);
	ev_timer_init(&m->fleet.liveness, on_liveness, 0, 0);
	ev_timer_init(&m->fleet.writing, on_writing, 0, 0);
	m->fleet.liveness.data = m->fleet.writing.data = m;
	if (load(m) || m->fleet.is_incomplete)
		write_all(m);
	if (registry_count(m->registry))
		log_info("agents known from before: %zu", registry_count(m->registry));
}

void fleet_stop(struct master *m)
{
	ev_timer_stop(m->loop, &m->fleet.liveness);
	ev_timer_stop(m->loop, &m->fleet.writing);
	for (size_t i = 0; i < registry_count(m->registry); i++)
		channel_stop(registry_at(m->registry, i)->channel);
	write_all(m);
}

void fleet_free(struct master *m)
{
	for (size_t i = 0; i < registry_count(m->registry); i++)
		channel_free(registry_at(m->registry, i)->channel, "the master has stopped");
}
