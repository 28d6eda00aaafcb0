/*
 * registry.c - owns the agents: an array of pointers in order of their names.
 *
 * Invariant: names are unique and follow str_is_name(); every string of a record is set; facts_total is
 * the length of all facts. A refusal changes nothing.
 */
#include "master/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/utf8.h"
#include "wire/addr.h"

struct registry {
	struct agent **agents;
	size_t n, cap;
	size_t facts_total;
};

struct now now_read(void)
{
	return (struct now){ mono_ms(), wall_s() };
}

struct registry *registry_new(void)
{
	return mem_new(struct registry);
}

static void agent_free(struct agent *a)
{
	struct agent_record *rec = &a->record;

	free(rec->name);
	free(rec->address);
	free(rec->instance);
	free(rec->version);
	free(rec->shell);
	free(rec->facts);
	free(rec->drained_by);
	free(a->unreachable);
	free(a->conflict);
	free(a->user);
	free(a);
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		agent_free(r->agents[i]);
	free(r->agents);
	free(r);
}

size_t registry_count(const struct registry *r)
{
	return r->n;
}

struct agent *registry_at(const struct registry *r, size_t i)
{
	return r->agents[i];
}

/* Index of the first agent whose name is not before `name`. */
static size_t find_slot(const struct registry *r, const char *name)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(r->agents[middle]->record.name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct agent *registry_find(const struct registry *r, const char *name)
{
	size_t slot = find_slot(r, name);

	return slot < r->n && !strcmp(r->agents[slot]->record.name, name) ? r->agents[slot] : NULL;
}

static struct agent *insert(struct registry *r, const char *name)
{
	struct agent *a = mem_new(struct agent);
	size_t slot = find_slot(r, name);

	if (r->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 16;
		r->agents = mem_realloc(r->agents, r->cap * sizeof *r->agents);
	}
	memmove(r->agents + slot + 1, r->agents + slot, (r->n - slot) * sizeof *r->agents);
	r->agents[slot] = a;
	r->n++;
	a->record = (struct agent_record){
		.name = mem_strdup(name), .address = mem_strdup(""), .instance = mem_strdup(""),
		.version = mem_strdup(""), .shell = mem_strdup(""), .facts = mem_strdup(""),
		.drained_by = mem_strdup(""),
	};
	return a;
}

/* Replaces a text from a peer, cut to `max` bytes. True: it is another one. */
static bool set_text(char **field, const char *text, size_t max)
{
	char *cut = mem_strndup(text, utf8_cut(text, strlen(text), max));
	bool differs = !str_equal(*field, cut);

	free(*field);
	*field = cut;
	return differs;
}

static void replace_facts(struct registry *r, struct agent *a, const char *json, int64_t at_s)
{
	r->facts_total += strlen(json);
	r->facts_total -= strlen(a->record.facts);
	mem_set_string(&a->record.facts, json);
	a->record.facts_s = at_s;
}

void registry_remove(struct registry *r, struct agent *a)
{
	size_t slot = find_slot(r, a->record.name);

	r->facts_total -= strlen(a->record.facts);
	r->n--;
	memmove(r->agents + slot, r->agents + slot + 1, (r->n - slot) * sizeof *r->agents);
	agent_free(a);
}

/* ---- registering ---- */

static bool is_instance(const char *hex)
{
	uint8_t bytes[REGISTRY_INSTANCE_LEN / 2];

	return !*hex || str_unhex(hex, bytes, sizeof bytes) == 0;
}

/* 0, or -EINVAL with *why. */
static int check_registration(const struct registration *reg, char **why)
{
	struct wire_addr addr;
	const char *fault = NULL;

	if (!str_is_name(reg->name))
		*why = mem_printf("name %s is not allowed: %s", str_quote(reg->name), str_name_rule);
	else if (strlen(reg->address) > REGISTRY_ADDRESS_MAX)
		*why = mem_printf("address %s is longer than %d bytes", str_quote(reg->address), REGISTRY_ADDRESS_MAX);
	else if (wire_addr_parse(reg->address, 0, &addr, &fault))
		*why = mem_printf("address %s is not HOST:PORT: %s", str_quote(reg->address), fault);
	else if (addr.is_unix || wire_addr_is_any(&addr))
		*why = mem_printf("address %s is not one that a master can dial: report HOST:PORT",
				  str_quote(reg->address));
	else if (!reg->is_local && !wire_addr_is_elsewhere(&addr))
		*why = mem_printf("address %s is not taken from another machine: there the master would dial itself, or no machine; give "
				  "--report-address HOST:PORT, one at which the master reaches the agent", str_quote(reg->address));
	else if (!is_instance(reg->instance))
		*why = mem_printf("instance %s is not %d hex digits", str_quote(reg->instance), REGISTRY_INSTANCE_LEN);
	else
		return 0;
	return -EINVAL;
}

/* A foreign agent has no instance: it is who it was when it reports the address that it had. */
static bool is_same_agent(const struct agent *a, const struct registration *reg)
{
	if (*reg->instance || *a->record.instance)
		return !strcmp(reg->instance, a->record.instance);
	return !strcmp(reg->address, a->record.address);
}

static char *conflict(const struct agent *a)
{
	const struct agent_record *rec = &a->record;

	if (!*rec->instance)
		return mem_printf("name \"%s\" is taken by a live agent at %s", rec->name, rec->address);
	return mem_printf("name \"%s\" is taken by a live agent at %s (instance %.8s..)", rec->name, rec->address,
			  rec->instance);
}

/* Nothing that was known of the former holder of the name holds for the next. */
static void forget_host(struct registry *r, struct agent *a)
{
	mem_set_string(&a->record.version, "");
	mem_set_string(&a->record.shell, "");
	replace_facts(r, a, "", 0);
	a->epoch[0] = '\0';
	mem_set_string(&a->user, NULL);
	a->dirty |= AGENT_DIRTY_FACTS;
}

/* True: the record is another one now. */
static bool take_registration(struct registry *r, struct agent *a, const struct registration *reg)
{
	struct agent_record *rec = &a->record;
	bool differs = strcmp(rec->address, reg->address) || strcmp(rec->instance, reg->instance) ||
		       rec->is_foreign != reg->is_foreign;

	if (!is_same_agent(a, reg))
		forget_host(r, a);
	if (differs)
		a->dirty |= AGENT_DIRTY_RECORD;
	mem_set_string(&rec->address, reg->address);
	mem_set_string(&rec->instance, reg->instance);
	rec->is_foreign = reg->is_foreign;
	a->is_insecure = reg->is_insecure;
	a->is_local = reg->is_local;
	return differs;
}

int registry_register(struct registry *r, const struct registration *reg, struct now now, struct agent **agent,
		      char **why)
{
	int err = check_registration(reg, why);
	struct agent *a;
	bool differs;

	if (err)
		return err;
	a = registry_find(r, reg->name);
	if (a && a->is_active && !is_same_agent(a, reg)) {
		*why = conflict(a);
		*agent = a;
		return -EEXIST;
	}
	if (!a && r->n >= REGISTRY_AGENTS_MAX) {
		*why = mem_printf("the registry is full: %d agents; delete some with: sloth agent delete NAME",
				  REGISTRY_AGENTS_MAX);
		return -ENOSPC;
	}
	if (!a) {
		a = insert(r, reg->name);
		a->record.registered_s = now.wall_s;
	}
	differs = take_registration(r, a, reg);		/* a new record has no address yet */
	registry_heard(r, a, now);
	*agent = a;
	return differs;
}

/* A loopback address was taken from a local agent; of a name it is not known, until the agent is back. */
static bool was_local(const struct agent_record *record)
{
	struct wire_addr addr;
	const char *why;

	return wire_addr_parse(record->address, 0, &addr, &why) == 0 && !wire_addr_is_elsewhere(&addr);
}

int registry_restore(struct registry *r, const struct agent_record *record, struct now now)
{
	const struct registration reg = {
		.name = record->name, .address = record->address, .instance = record->instance,
		.is_foreign = record->is_foreign, .is_local = was_local(record),
	};
	char *why = NULL;
	struct agent *a;

	if (check_registration(&reg, &why)) {
		free(why);
		return -EINVAL;
	}
	if (r->n >= REGISTRY_AGENTS_MAX)
		return -ENOSPC;
	if (registry_find(r, record->name))
		return -EINVAL;
	a = insert(r, record->name);
	take_registration(r, a, &reg);
	set_text(&a->record.version, record->version, REGISTRY_TEXT_MAX);
	set_text(&a->record.shell, record->shell, REGISTRY_TEXT_MAX);
	a->record.registered_s = record->registered_s;
	a->record.heartbeat_s = record->heartbeat_s;
	a->record.drained_s = record->drained_s;
	set_text(&a->record.drained_by, record->drained_by, REGISTRY_BY_MAX);
	if (registry_set_facts(r, a, record->facts, now) == 0)
		a->record.facts_s = record->facts_s;
	a->dirty = 0;
	return 0;
}

/* ---- what is heard of an agent ---- */

bool registry_heard(struct registry *r, struct agent *a, struct now now)
{
	bool was_active = a->is_active;

	a->is_active = true;
	a->is_stopping = false;
	a->heard_ms = now.mono_ms;
	a->active_until_ms = now.mono_ms + REGISTRY_INTERVALS_MISSED * (uint64_t)registry_interval_ms(r);
	a->record.heartbeat_s = now.wall_s;
	a->dirty |= AGENT_DIRTY_SEEN;
	return !was_active;
}

int registry_set_facts(struct registry *r, struct agent *a, const char *json, struct now now)
{
	size_t len = strlen(json);

	if (len > REGISTRY_FACTS_MAX)
		return -EMSGSIZE;
	if (r->facts_total - strlen(a->record.facts) + len > REGISTRY_FACTS_TOTAL_MAX)
		return -ENOSPC;
	if (strcmp(json, a->record.facts))
		a->dirty |= AGENT_DIRTY_FACTS;
	replace_facts(r, a, json, now.wall_s);
	return 0;
}

void registry_set_version(struct agent *a, const char *version)
{
	if (set_text(&a->record.version, version, REGISTRY_TEXT_MAX))
		a->dirty |= AGENT_DIRTY_RECORD;
}

void registry_set_identity(struct agent *a, const char *instance, const char *epoch, const char *version,
			   const char *shell)
{
	struct agent_record *rec = &a->record;

	if (rec->is_foreign || strcmp(rec->instance, instance))
		a->dirty |= AGENT_DIRTY_RECORD;
	rec->is_foreign = false;
	mem_set_string(&rec->instance, instance);
	if (set_text(&rec->shell, shell, REGISTRY_TEXT_MAX))
		a->dirty |= AGENT_DIRTY_RECORD;
	registry_set_version(a, version);
	memcpy(a->epoch, epoch, strnlen(epoch, sizeof a->epoch - 1) + 1);
	a->epoch[sizeof a->epoch - 1] = '\0';
}

void registry_set_user(struct agent *a, const char *name)
{
	bool is_known = *name && strlen(name) <= REGISTRY_TEXT_MAX;

	mem_set_string(&a->user, is_known ? name : NULL);
}

bool registry_set_reach(struct agent *a, enum reach reach, const char *why, struct now now)
{
	a->reach = reach;
	if (!why) {
		bool differs = a->unreachable != NULL;

		mem_set_string(&a->unreachable, NULL);
		a->unreachable_s = 0;
		return differs;
	}
	if (!a->unreachable)
		a->unreachable_s = now.wall_s;
	return set_text(&a->unreachable, why, REGISTRY_REASON_MAX);
}

struct reach_agent registry_reach_agent(const struct agent *a)
{
	return (struct reach_agent){
		.name = a->record.name, .address = a->record.address, .is_active = a->is_active && (a->home || a->is_insecure),
	};
}

char *registry_advice(const struct agent *a)
{
	const struct reach_agent of = registry_reach_agent(a);

	return reach_advice(a->reach, &of);
}

void registry_set_insecure(struct agent *a, bool insecure)
{
	a->is_insecure = insecure;
}

void registry_set_stopping(struct agent *a)
{
	a->is_stopping = true;
}

bool registry_set_drained(struct agent *a, const char *by, struct now now)
{
	if (!a->record.drained_s == !by)
		return false;
	a->record.drained_s = by ? now.wall_s : 0;
	set_text(&a->record.drained_by, by ? by : "", REGISTRY_BY_MAX);
	a->dirty |= AGENT_DIRTY_RECORD;
	return true;
}

void registry_set_inactive(struct agent *a)
{
	a->is_active = false;
}

/* ---- liveness ---- */

uint32_t registry_interval_ms(const struct registry *r)
{
	uint32_t spread = (uint32_t)(r->n * 1000 / REGISTRY_HEARTBEATS_PER_S);

	return spread > REGISTRY_INTERVAL_MS ? spread : REGISTRY_INTERVAL_MS;
}

uint64_t registry_expire(struct registry *r, struct now now, void (*on_inactive)(struct agent *, void *), void *arg)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < r->n; i++) {
		struct agent *a = r->agents[i];

		if (!a->is_active)
			continue;
		if (a->active_until_ms <= now.mono_ms) {
			a->is_active = false;
			on_inactive(a, arg);
		} else if (a->active_until_ms - now.mono_ms < next) {
			next = a->active_until_ms - now.mono_ms;
		}
	}
	return next;
}

struct registry_counts registry_counts(const struct registry *r)
{
	struct registry_counts c = { 0, 0, 0 };

	for (size_t i = 0; i < r->n; i++) {
		const struct agent *a = r->agents[i];

		c.active += a->is_active;
		c.inactive += !a->is_active;
		c.unreachable += a->is_active && a->unreachable;
	}
	return c;
}
