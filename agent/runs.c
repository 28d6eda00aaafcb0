/*
 * runs.c - all runs of an agent: the table, the queue, the budget, the turns of readers.
 *
 * A run is in the table from its admission to its last byte, in the list of its state, and from its start on among the
 * past ones as well: so nothing is started twice. The lists: `queue`, first come first served; `live`; `over`, oldest end
 * first.
 */
#include "agent/runs.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent/cgroup.h"
#include "agent/rundir.h"
#include "agent/run_own.h"
#include "agent/unit.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"

static_assert((int)RUN_ID_BYTES == PAST_ID_BYTES, "an id is an id");

enum { N_BUCKETS = 1024, STARTS_PER_TURN = 16, TURN_US = 5000 };
static const double queue_news_s = 0.1, prune_s = 3600;

struct runs {
	struct ev_loop *loop;
	struct runs_config config;
	struct exec_host *host;
	struct past *past;
	struct spool_window *window;
	char *state_path, *cgroup;
	int runtime_fd, state_fd;	/* the directories of directories */
	struct list buckets[N_BUCKETS];
	struct list queue, live, over;
	size_t n_queued, n_live, n_unacked, n_detached;
	uint64_t queue_bytes, detached_bytes;
	uint64_t budget, allotted;	/* bytes of spools in the runtime directory */
	struct list due;		/* readers */
	ev_timer turn, dequeue, news, prune;
	unsigned iteration;		/* of the loop, in which readers have had time since: */
	uint64_t began_us;
	bool is_stopping;
};

/* ---- turns ---- */

void runs_due(struct runs *runs, struct list *due)
{
	list_push(&runs->due, due);
	if (!ev_is_active(&runs->turn))
		ev_timer_start(runs->loop, &runs->turn);
}

bool runs_has_time(struct runs *runs)
{
	unsigned now = ev_iteration(runs->loop);

	if (runs->iteration != now) {
		runs->iteration = now;
		runs->began_us = mono_us();
		return true;
	}
	return ev_depth(runs->loop) == 0 || mono_us() - runs->began_us < TURN_US;	/* outside of it nobody waits */
}

/* Those that are due now, as far as there is time; who becomes due by that is next time. */
static void on_turn(struct ev_loop *loop, ev_timer *w, int events)
{
	struct runs *runs = w->data;
	struct list now = LIST_INIT(now), *link;

	(void)events;
	list_splice(&now, &runs->due);
	while (runs_has_time(runs) && (link = list_pop(&now)))
		reader_turn(list_entry(link, struct run_reader, due));
	if (list_is_empty(&now))
		return;
	list_splice(&now, &runs->due);
	list_splice(&runs->due, &now);
	if (!ev_is_active(&runs->turn))
		ev_timer_start(loop, &runs->turn);
}

/* ---- the queue ---- */

static void on_dequeue(struct ev_loop *loop, ev_timer *w, int events)
{
	struct runs *runs = w->data;

	(void)events;
	for (int i = 0; i < STARTS_PER_TURN && runs->n_queued > 0 && runs->n_live < runs->config.max; i++)
		run_start_queued(list_entry(runs->queue.next, struct run, link));
	if (runs->n_queued > 0 && runs->n_live < runs->config.max)
		ev_timer_start(loop, &runs->dequeue);
}

static void on_news(struct ev_loop *loop, ev_timer *w, int events)
{
	struct runs *runs = w->data;
	unsigned n = 0;

	(void)loop, (void)events;
	list_for_each(link, tmp, &runs->queue) {
		struct run *run = list_entry(link, struct run, link);

		run->ahead = n++;
		run_wake(run);
	}
}

static void queue_changed(struct runs *runs)
{
	if (runs->n_queued > 0 && runs->n_live < runs->config.max && !runs->is_stopping)
		ev_timer_start(runs->loop, &runs->dequeue);
	if (runs->n_queued > 0 && !ev_is_active(&runs->news))
		ev_timer_start(runs->loop, &runs->news);
}

void runs_enqueue(struct runs *runs, struct run *run, const struct spec *spec)
{
	spec_pack(spec, &run->spec);
	runs->queue_bytes += buf_len(&run->spec);
	queue_changed(runs);
}

void runs_queue_grew(struct runs *runs, size_t n)
{
	runs->queue_bytes += n;
}

bool runs_queue_takes(const struct runs *runs, size_t n)
{
	return runs->queue_bytes + n <= RUNS_QUEUE_BYTES_MAX;
}

bool runs_has_room(const struct runs *runs)
{
	return runs->n_live < runs->config.max && runs->n_queued == 1;	/* it is the one that asks */
}

/* ---- the table ---- */

static struct list *bucket_of(const struct runs *runs, const uint8_t *id)
{
	uint32_t hash;

	memcpy(&hash, id, sizeof hash);
	return (struct list *)(uintptr_t)&runs->buckets[hash % N_BUCKETS];
}

struct run *runs_find(const struct runs *runs, const uint8_t *id)
{
	list_for_each(link, tmp, bucket_of(runs, id)) {
		struct run *run = list_entry(link, struct run, bucket);

		if (memcmp(run->id, id, RUN_ID_BYTES) == 0)
			return run;
	}
	return NULL;
}

enum runs_verdict runs_admit(const struct runs *runs, const uint8_t *id)
{
	if (runs_find(runs, id) || past_has(runs->past, id))
		return RUNS_KNOWN;
	if (runs->is_stopping)
		return RUNS_STOPPING;
	if (runs->n_live < runs->config.max && runs->n_queued == 0)
		return RUNS_OK;
	return runs->n_queued < runs->config.max_queued && runs->queue_bytes < RUNS_QUEUE_BYTES_MAX ? RUNS_OK : RUNS_FULL;
}

void runs_add(struct runs *runs, struct run *run)
{
	list_push(bucket_of(runs, run->id), &run->bucket);
	run->ahead = (unsigned)runs->n_queued;
	list_push(&runs->queue, &run->link);
	runs->n_queued++;
}

static bool is_live(unsigned state)
{
	return state != RUN_QUEUED && state != RUN_OVER;
}

/* Among those that are over, by the time of its end. */
static void push_over(struct runs *runs, struct run *run)
{
	struct list *at = &runs->over;

	while (at->prev != &runs->over &&
	       list_entry(at->prev, struct run, link)->outcome.ended_ms > run->outcome.ended_ms)
		at = at->prev;
	list_insert_before(at, &run->link);
	if (run->is_detached)
		runs->n_detached++;
	else
		runs->n_unacked++;
	runs->detached_bytes += run->disk_bytes;
}

/* Out of the list and the counts of a state. */
static void leave_state(struct runs *runs, struct run *run, unsigned state)
{
	list_remove(&run->link);
	if (state == RUN_QUEUED) {
		runs->n_queued--;
		runs->queue_bytes -= buf_len(&run->spec) + buf_len(&run->early);
	} else if (state == RUN_OVER) {
		if (run->is_detached)
			runs->n_detached--;
		else
			runs->n_unacked--;
		runs->detached_bytes -= run->disk_bytes;
	} else {
		runs->n_live--;
	}
}

static void live_changed(struct runs *runs)
{
	queue_changed(runs);
	if (runs->n_live == 0 && runs->n_queued == 0 && runs->config.on_idle)
		runs->config.on_idle(runs->config.arg);
}

void runs_moved(struct runs *runs, struct run *run, unsigned from)
{
	if (is_live(from) && is_live(run->state))
		return;
	leave_state(runs, run, from);
	if (is_live(run->state)) {
		list_push(&runs->live, &run->link);
		runs->n_live++;
	} else {
		push_over(runs, run);
	}
	if (run->state == RUN_OVER)
		live_changed(runs);
}

void runs_remove(struct runs *runs, struct run *run)
{
	list_remove(&run->bucket);
	leave_state(runs, run, run->state);
	runs->allotted -= run->allotted;
	if (run->state != RUN_OVER)
		live_changed(runs);
}

void runs_each(struct runs *runs, void (*visit)(struct run *run, void *arg), void *arg)
{
	struct list *const lists[] = { &runs->queue, &runs->live, &runs->over };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		list_for_each(link, tmp, lists[i])
			visit(list_entry(link, struct run, link), arg);
}

/* ---- how much is kept ---- */

/* What supervisors may have written since each of them has looked at its file system, an eighth of its spool. */
static uint64_t free_min(const struct runs *runs)
{
	return RUNS_FREE_MIN + runs->budget / 8;
}

/* Of the budget, and of what others have left of the runtime directory's file system. */
static uint64_t bytes_left(const struct runs *runs)
{
	uint64_t left = runs->budget > runs->allotted ? runs->budget - runs->allotted : 0, is_free;
	struct statvfs fs;

	if (fstatvfs(runs->runtime_fd, &fs))
		return left;
	is_free = (uint64_t)fs.f_bavail * fs.f_frsize;
	is_free = is_free > free_min(runs) ? is_free - free_min(runs) : 0;
	return is_free < left ? is_free : left;
}

/* min(8 MiB, an eighth of what is left), and what finds too little goes to the state directory. */
bool runs_allot(struct runs *runs, struct spec *spec, uint64_t *allotted)
{
	uint64_t left;

	*allotted = 0;
	spec->free_min = RUNS_FREE_MIN;
	if (spec->is_detached)
		return true;
	left = bytes_left(runs);
	spec->spool_max = left / 8 < RUNS_SPOOL_MAX ? left / 8 : RUNS_SPOOL_MAX;
	if (spec->spool_max < RUNS_SPOOL_MIN) {
		spec->spool_max = RUNS_SPOOL_MAX;
		return true;
	}
	spec->free_min = free_min(runs);
	*allotted = spec->spool_max;
	runs->allotted += spec->spool_max;
	return false;
}

void runs_allot_again(struct runs *runs, struct run *run, uint64_t bytes)
{
	if (run->is_in_state_dir)
		return;
	runs->allotted += bytes - run->allotted;
	run->allotted = bytes;
}

static bool is_too_much(const struct runs *runs, const struct run *run)
{
	const int64_t age_ms = (int64_t)RUNS_DETACHED_DAYS * 24 * 3600 * 1000;

	if (!run->is_detached)
		return runs->n_unacked > RUNS_UNACKED_MAX;
	return runs->n_detached > RUNS_DETACHED_MAX || runs->detached_bytes > RUNS_DETACHED_BYTES ||
	       run->outcome.ended_ms < wall_us() / 1000 - age_ms;
}

void runs_prune(struct runs *runs)
{
	list_for_each(link, tmp, &runs->over) {
		struct run *run = list_entry(link, struct run, link);

		if (!run_has_readers(run) && !run->is_ending && is_too_much(runs, run))
			run_remove(run);
	}
}

static void on_prune(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop, (void)events;
	runs_prune(w->data);
}

/* ---- beginning and end ---- */

struct runs *runs_new(struct ev_loop *loop, const struct runs_config *config)
{
	struct runs *runs = mem_new(struct runs);

	runs->loop = loop;
	runs->config = *config;
	runs->host = exec_host_new(loop);
	runs->past = past_new(PAST_MAX);
	runs->window = spool_window_new();
	runs->runtime_fd = runs->state_fd = -1;
	for (size_t i = 0; i < N_BUCKETS; i++)
		list_init(&runs->buckets[i]);
	list_init(&runs->queue);
	list_init(&runs->live);
	list_init(&runs->over);
	list_init(&runs->due);
	ev_timer_init(&runs->turn, on_turn, 0., 0.);
	ev_timer_init(&runs->dequeue, on_dequeue, 0., 0.);
	ev_timer_init(&runs->news, on_news, queue_news_s, 0.);
	ev_timer_init(&runs->prune, on_prune, prune_s, prune_s);
	runs->turn.data = runs->dequeue.data = runs->news.data = runs->prune.data = runs;
	return runs;
}

static int open_dir(const char *parent, int *fd, char **where)
{
	int rc = rundir_open_runs(parent);

	if (rc < 0) {
		*where = paths_join(parent, "runs");
		return rc;
	}
	*fd = rc;
	return 0;
}

static void find_budget(struct runs *runs)
{
	struct statvfs fs;

	runs->budget = RUNS_BUDGET_MAX;
	if (fstatvfs(runs->runtime_fd, &fs) == 0 && fs.f_blocks * fs.f_frsize / 4 < RUNS_BUDGET_MAX)
		runs->budget = fs.f_blocks * fs.f_frsize / 4;
}

static int adopt(struct runs *runs, char **where)
{
	int rc = runs_adopt(runs, false);

	if (rc == 0)
		rc = runs_adopt(runs, true);
	if (rc)
		*where = mem_strdup("the runs of an earlier agent cannot be taken over, and are left alone");
	return rc;
}

int runs_open(struct runs *runs, const char *runtime_dir, const char *state_dir, const char *program, char **where)
{
	char *path = paths_join(state_dir, "past-runs");
	int rc = past_open(runs->past, path);

	if (rc) {
		*where = path;
		return rc;
	}
	free(path);
	rc = open_dir(runtime_dir, &runs->runtime_fd, where);
	if (rc == 0)
		rc = open_dir(state_dir, &runs->state_fd, where);
	if (rc)
		return rc;
	runs->state_path = paths_join(state_dir, "runs");
	runs->cgroup = cgroup_find(unit_is_ours());
	find_budget(runs);
	exec_host_open(runs->host, program, runs->runtime_fd);
	rc = adopt(runs, where);
	if (rc)
		return rc;
	ev_timer_start(runs->loop, &runs->prune);
	ev_unref(runs->loop);
	return 0;
}

static void stop_prune(struct runs *runs)
{
	if (!ev_is_active(&runs->prune))
		return;
	ev_ref(runs->loop);
	ev_timer_stop(runs->loop, &runs->prune);
}

void runs_stop(struct runs *runs)
{
	if (runs->is_stopping)
		return;
	runs->is_stopping = true;
	ev_timer_stop(runs->loop, &runs->dequeue);
	exec_host_stop(runs->host);
	list_for_each(link, tmp, &runs->over)
		run_settle(list_entry(link, struct run, link));
	stop_prune(runs);
}

bool runs_is_stopping(const struct runs *runs)
{
	return runs->is_stopping;
}

static void let_go(struct run *run, void *arg)
{
	(void)arg;
	run_let_go_all(run, RUN_AGENT_STOPS);
	run_free(run);
}

void runs_let_go(struct runs *runs)
{
	runs->config.on_idle = NULL;
	runs_each(runs, let_go, NULL);
	ev_timer_stop(runs->loop, &runs->turn);
	ev_timer_stop(runs->loop, &runs->dequeue);
	ev_timer_stop(runs->loop, &runs->news);
}

void runs_free(struct runs *runs)
{
	if (!runs)
		return;
	runs_stop(runs);
	runs_let_go(runs);
	exec_host_free(runs->host);
	past_free(runs->past);
	spool_window_free(runs->window);
	fd_close(&runs->runtime_fd);
	fd_close(&runs->state_fd);
	free(runs->state_path);
	free(runs->cgroup);
	free(runs);
}

size_t runs_count(const struct runs *runs)
{
	return runs->n_live;
}

size_t runs_queued(const struct runs *runs)
{
	return runs->n_queued;
}

size_t runs_max(const struct runs *runs)
{
	return runs->config.max;
}

size_t runs_max_queued(const struct runs *runs)
{
	return runs->config.max_queued;
}

void runs_set_limits(struct runs *runs, size_t max, size_t max_queued)
{
	runs->config.max = max;
	runs->config.max_queued = max_queued;
	queue_changed(runs);
}

void runs_cancel_all(struct runs *runs, const char *reason)
{
	list_for_each(link, tmp, &runs->queue)
		run_cancel(list_entry(link, struct run, link), reason);
	list_for_each(link2, tmp2, &runs->live)
		run_cancel(list_entry(link2, struct run, link), reason);
}

void runs_kill_all(struct runs *runs, const char *reason)
{
	list_for_each(link, tmp, &runs->live)
		run_kill(list_entry(link, struct run, link), reason);
}

struct past *runs_past(struct runs *runs)
{
	return runs->past;
}

struct exec_host *runs_host(struct runs *runs)
{
	return runs->host;
}

struct ev_loop *runs_loop(struct runs *runs)
{
	return runs->loop;
}

struct spool_window *runs_window(struct runs *runs)
{
	return runs->window;
}

int runs_dir(const struct runs *runs, bool is_state)
{
	return is_state ? runs->state_fd : runs->runtime_fd;
}

const char *runs_state_path(const struct runs *runs)
{
	return runs->state_path;
}

const char *runs_cgroup(const struct runs *runs)
{
	return runs->cgroup;
}
