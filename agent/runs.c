/*
 * runs.c - all runs of an agent.
 *
 * Ids: a ring of the last RUNS_IDS_MAX ids that were started, found through hash chains; the ids are
 * random, so their first bytes are the hash. A live run whose id has left the ring is found in the list of
 * live runs. An id is entered before the run's process is started, so nothing is ever started twice.
 */
#include "agent/runs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

enum { N_BUCKETS = 1024, NO_ID = 0xffff };

struct past_id {
	uint8_t id[RUN_ID_BYTES];
	uint16_t next;			/* in the chain of its bucket */
};

struct runs {
	struct ev_loop *loop;
	struct exec_host *host;
	struct list live;
	size_t n_live, max;
	bool is_stopping;
	struct past_id *past;		/* ring of RUNS_IDS_MAX, made with the first run */
	uint16_t *buckets;
	size_t n_past;			/* entered in all */
	void (*on_idle)(void *arg);
	void *arg;
};

struct runs *runs_new(struct ev_loop *loop, size_t max, void (*on_idle)(void *arg), void *arg)
{
	struct runs *runs = mem_new(struct runs);

	runs->loop = loop;
	runs->host = exec_host_new(loop);
	runs->max = max;
	runs->on_idle = on_idle;
	runs->arg = arg;
	list_init(&runs->live);
	return runs;
}

void runs_free(struct runs *runs)
{
	if (!runs)
		return;
	assert(list_is_empty(&runs->live));
	exec_host_free(runs->host);
	free(runs->past);
	free(runs->buckets);
	free(runs);
}

static uint16_t *bucket_of(const struct runs *runs, const uint8_t *id)
{
	return &runs->buckets[(id[0] | id[1] << 8) % N_BUCKETS];
}

static bool is_past(const struct runs *runs, const uint8_t *id)
{
	if (!runs->past)
		return false;
	for (uint16_t i = *bucket_of(runs, id); i != NO_ID; i = runs->past[i].next)
		if (memcmp(runs->past[i].id, id, RUN_ID_BYTES) == 0)
			return true;
	return false;
}

static bool is_live(const struct runs *runs, const uint8_t *id)
{
	list_for_each(link, tmp, &runs->live)
		if (memcmp(run_id(run_from_link(link)), id, RUN_ID_BYTES) == 0)
			return true;
	return false;
}

enum runs_verdict runs_admit(const struct runs *runs, const uint8_t *id)
{
	if (is_past(runs, id) || (runs->n_past > RUNS_IDS_MAX && is_live(runs, id)))
		return RUNS_KNOWN;
	if (runs->is_stopping)
		return RUNS_STOPPING;
	return runs->n_live >= runs->max ? RUNS_FULL : RUNS_OK;
}

static void forget(struct runs *runs, uint16_t at)
{
	uint16_t *i = bucket_of(runs, runs->past[at].id);

	while (*i != at)
		i = &runs->past[*i].next;
	*i = runs->past[at].next;
}

static void remember(struct runs *runs, const uint8_t *id)
{
	uint16_t at = (uint16_t)(runs->n_past % RUNS_IDS_MAX), *bucket;

	if (!runs->past) {
		runs->past = mem_array(RUNS_IDS_MAX, sizeof *runs->past);
		runs->buckets = mem_array(N_BUCKETS, sizeof *runs->buckets);
		memset(runs->buckets, 0xff, N_BUCKETS * sizeof *runs->buckets);
	}
	if (runs->n_past >= RUNS_IDS_MAX)
		forget(runs, at);
	bucket = bucket_of(runs, id);
	memcpy(runs->past[at].id, id, RUN_ID_BYTES);
	runs->past[at].next = *bucket;
	*bucket = at;
	runs->n_past++;
}

void runs_add(struct runs *runs, struct list *link, const uint8_t *id)
{
	remember(runs, id);
	list_push(&runs->live, link);
	runs->n_live++;
}

void runs_remove(struct runs *runs, struct list *link)
{
	list_remove(link);
	runs->n_live--;
	if (runs->n_live == 0 && runs->on_idle)
		runs->on_idle(runs->arg);
}

size_t runs_count(const struct runs *runs)
{
	return runs->n_live;
}

size_t runs_max(const struct runs *runs)
{
	return runs->max;
}

void runs_stop(struct runs *runs)
{
	runs->is_stopping = true;
}

void runs_cancel_all(struct runs *runs, const char *reason)
{
	list_for_each(link, tmp, &runs->live)
		run_cancel(run_from_link(link), reason);
}

void runs_kill_all(struct runs *runs, const char *reason)
{
	list_for_each(link, tmp, &runs->live)
		run_kill(run_from_link(link), reason);
}

struct exec_host *runs_host(struct runs *runs)
{
	return runs->host;
}

struct ev_loop *runs_loop(struct runs *runs)
{
	return runs->loop;
}
