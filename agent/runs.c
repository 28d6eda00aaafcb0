/*
 * runs.c - all runs of an agent.
 *
 * An id is entered among the past ones before the run's process is started, so nothing is started twice. A
 * live run whose id has been dropped from there is found in the list of live runs.
 */
#include "agent/runs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/past.h"
#include "common/mem.h"

static_assert((int)RUN_ID_BYTES == PAST_ID_BYTES, "an id is an id");

struct runs {
	struct ev_loop *loop;
	struct exec_host *host;
	struct list live;
	size_t n_live, max;
	bool is_stopping;
	struct past *past;
	void (*on_idle)(void *arg);
	void *arg;
};

struct runs *runs_new(struct ev_loop *loop, size_t max, void (*on_idle)(void *arg), void *arg)
{
	struct runs *runs = mem_new(struct runs);

	runs->loop = loop;
	runs->host = exec_host_new(loop);
	runs->past = past_new();
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
	past_free(runs->past);
	free(runs);
}

int runs_remember(struct runs *runs, const char *path)
{
	return past_open(runs->past, path);
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
	if (past_has(runs->past, id) || (past_has_dropped(runs->past) && is_live(runs, id)))
		return RUNS_KNOWN;
	if (runs->is_stopping)
		return RUNS_STOPPING;
	return runs->n_live >= runs->max ? RUNS_FULL : RUNS_OK;
}

void runs_add(struct runs *runs, struct list *link, const uint8_t *id)
{
	past_add(runs->past, id);
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
