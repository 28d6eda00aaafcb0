/*
 * history_store.c - the history and the store: one timer for batches of what has changed, one for dropping what is too
 * old or too much, a step at a time.
 *
 * Until the open runs have been read nothing is written. A batch that fails stays dirty as a whole and is tried again.
 * A database that was replaced by an empty one gets every open run again; those that were over are gone.
 */
#include "master/history_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/fleet.h"
#include "master/follow.h"
#include "master/master.h"
#include "master/store.h"
#include "master/store_runs.h"

enum { DROP_MAX = 256, DROP_FIRST_MS = 10 * 1000, DROP_NEXT_MS = 50, DROP_REST_MS = 3600 * 1000 };

#define DAY_MS INT64_C(86400000)

static void set_timer(struct history *h, ev_timer *w, uint32_t ms)
{
	if (h->is_stopping || (ev_is_active(w) && ev_timer_remaining(h->m->loop, w) <= ms / 1000.0))
		return;
	ev_timer_stop(h->m->loop, w);
	ev_timer_set(w, ms / 1000.0, 0);
	ev_timer_start(h->m->loop, w);
}

void history_touch(struct history_run *run)
{
	struct history *h = run->h;

	if (list_is_empty(&run->dirty))
		list_push(&h->dirty, &run->dirty);
	if (!ev_is_active(&h->writing))
		set_timer(h, &h->writing, HISTORY_WRITE_MS);
}

/* ---- reading ---- */

static void on_open_run(const struct run_record *stored, void *arg)
{
	struct history *h = arg;
	struct run_record r = *stored;
	struct history_run *run;

	if (history_lookup(h, stored->id))
		return;
	r.command = r.run_as = "";		/* stay in the store */
	run = history_enter(h, registry_find(h->m->registry, stored->agent), &r);
	run->may_have_begun = true;
	if (!r.is_followed) {
		history_close_as(run, RUN_UNKNOWN, "the master was restarted while it ran");
		return;
	}
	if (r.state != RUN_LOST_CONTACT && r.state != RUN_UNREACHABLE) {
		run->record.state = RUN_LOST_CONTACT;
		run->record.since_ms = wall_us() / 1000;
		history_touch(run);
	}
	follow_run(run);
}

static int load(struct history *h)
{
	int err;

	h->n_replaced = store_replaced(h->m->store);
	err = store_each_open_run(h->m->store, on_open_run, h);
	if (!err)
		err = store_count_runs(h->m->store, &h->n_rows);
	h->is_loaded = !err || err == -EUCLEAN;
	return h->is_loaded ? 0 : err;
}

/* ---- writing ---- */

static void touch_all(struct list *runs)
{
	list_for_each(pos, tmp, runs)
		history_touch(list_entry(pos, struct history_run, of_agent));
}

/* The database was replaced: it lacks every run. */
static void begin_anew(struct history *h)
{
	h->n_replaced = store_replaced(h->m->store);
	h->n_rows = 0;
	touch_all(&h->strays);
	for (size_t i = 0; i < registry_count(h->m->registry); i++) {
		struct follow *f = registry_at(h->m->registry, i)->follow;

		if (f)
			touch_all(&f->runs);
	}
}

static void drop_texts(struct history_run *run)
{
	if (run->command)
		run->h->text_bytes -= strlen(run->command);
	free(run->command);
	free(run->run_as);
	run->command = run->run_as = NULL;
	run->record.command = run->record.run_as = "";
}

static void on_written(struct history_run *run)
{
	list_remove(&run->dirty);
	drop_texts(run);
	if (!run->record.is_open)
		run->h->n_unwritten--;
	history_release(run);
}

/* The oldest changes. 0 or what store_commit() says. */
static int write_batch(struct history *h)
{
	unsigned n = 0, n_new = 0;
	int err;

	store_begin(h->m->store);
	list_for_each(pos, tmp, &h->dirty) {
		if (n++ == HISTORY_BATCH_MAX)
			break;
		n_new += store_put_run(h->m->store, &list_entry(pos, struct history_run, dirty)->record);
	}
	err = store_commit(h->m->store);
	if (err)
		return err;
	h->n_rows += n_new;
	list_for_each(pos, tmp, &h->dirty) {
		if (n-- == 0)
			break;
		on_written(list_entry(pos, struct history_run, dirty));
	}
	return 0;
}

static int write_some(struct history *h)
{
	int err = h->is_loaded ? 0 : load(h);

	if (!err && h->n_replaced != store_replaced(h->m->store))
		begin_anew(h);
	if (!err && !list_is_empty(&h->dirty))
		err = write_batch(h);
	if (err == -EUCLEAN) {
		begin_anew(h);
		err = write_batch(h);
	}
	return err;
}

static void see_to_size(struct history *h)
{
	if (h->n_rows > h->limits.runs_max + DROP_MAX)
		set_timer(h, &h->dropping, DROP_NEXT_MS);
}

static void on_writing(struct ev_loop *loop, ev_timer *w, int events)
{
	struct history *h = w->data;
	int err = write_some(h);

	(void)loop;
	(void)events;
	if (err)
		set_timer(h, w, FLEET_RETRY_MS);
	else if (!list_is_empty(&h->dirty))
		set_timer(h, w, 1);
	see_to_size(h);
}

int history_flush(struct master *m)
{
	struct history *h = m->history;
	int err = 0;

	while (!err && (!h->is_loaded || !list_is_empty(&h->dirty)))
		err = write_some(h);
	return err;
}

void history_removed(struct master *m, const uint8_t id[RUN_ID_LEN])
{
	struct history_run *run = history_lookup(m->history, id);

	if (run)
		run->record.has_output = false;
	store_begin(m->store);
	store_put_run_removed(m->store, id);
	(void)store_commit(m->store);	/* it is said of a run that is gone: whoever asks its agent learns it again */
}

/* ---- dropping ---- */

/* Contact with its agent was lost before that time. */
static bool is_given_up(const struct history_run *run, int64_t before_ms)
{
	const struct run_record *r = &run->record;

	return r->is_open && !run->n_calls && r->since_ms && r->since_ms < before_ms;
}

static void give_up(struct history *h, int64_t before_ms)
{
	for (size_t i = 0; i < HISTORY_BUCKETS; i++)
		list_for_each(pos, tmp, &h->buckets[i]) {
			struct history_run *run = list_entry(pos, struct history_run, hashed);

			if (is_given_up(run, before_ms))
				history_close_as(run, RUN_UNKNOWN, "its agent did not come back");
		}
}

bool history_drop(struct master *m)
{
	struct history *h = m->history;
	uint64_t excess = h->n_rows > h->limits.runs_max ? h->n_rows - h->limits.runs_max : 0;
	int64_t before_ms = wall_us() / 1000 - (int64_t)h->limits.days * DAY_MS;
	unsigned n = 0;

	give_up(h, before_ms);
	store_begin(h->m->store);
	n += store_drop_runs(h->m->store, before_ms, DROP_MAX);
	if (excess > n)
		n += store_drop_runs(h->m->store, 0, excess - n < DROP_MAX ? (unsigned)(excess - n) : DROP_MAX);
	if (store_commit(h->m->store))
		return false;
	h->n_rows -= n < h->n_rows ? n : h->n_rows;
	return n >= DROP_MAX;
}

static void on_dropping(struct ev_loop *loop, ev_timer *w, int events)
{
	struct history *h = w->data;

	(void)loop;
	(void)events;
	set_timer(h, w, h->is_loaded && history_drop(h->m) ? DROP_NEXT_MS : DROP_REST_MS);
}

/* ---- start and end ---- */

void history_store_open(struct history *h)
{
	ev_timer_init(&h->writing, on_writing, 0, 0);
	ev_timer_init(&h->dropping, on_dropping, 0, 0);
	h->writing.data = h->dropping.data = h;
	if (load(h))
		set_timer(h, &h->writing, FLEET_RETRY_MS);
	set_timer(h, &h->dropping, DROP_FIRST_MS);
	if (h->n_open)
		log_info("runs known from before whose end is not known: %u", h->n_open);
}

void history_store_close(struct history *h)
{
	ev_timer_stop(h->m->loop, &h->writing);
	ev_timer_stop(h->m->loop, &h->dropping);
}

static void free_all(struct list *bucket)
{
	list_for_each(pos, tmp, bucket)
		history_free_run(list_entry(pos, struct history_run, hashed));
}

void history_open(struct master *m, const struct history_limits *limits)
{
	static const struct history_limits defaults = { HISTORY_DAYS, HISTORY_RUNS_MAX };
	struct history *h = mem_new(struct history);

	h->m = m;
	h->limits = limits ? *limits : defaults;
	random_bytes(&h->seed, sizeof h->seed);
	for (size_t i = 0; i < HISTORY_BUCKETS; i++)
		list_init(&h->buckets[i]);
	list_init(&h->strays);
	list_init(&h->dirty);
	m->history = h;
	history_store_open(h);
}

void history_set_limits(struct master *m, const struct history_limits *limits)
{
	m->history->limits = *limits;
}

void history_stop(struct master *m)
{
	m->history->is_stopping = true;
	history_store_close(m->history);
	follow_stop(m);
}

void history_free(struct master *m)
{
	struct history *h = m->history;
	int err;

	if (!h)
		return;
	h->is_stopping = true;
	history_store_close(h);
	err = history_flush(m);
	if (err)
		log_error("the history of runs lacks the last ones: the database cannot be written: %s", strerror(-err));
	for (size_t i = 0; i < HISTORY_BUCKETS; i++)
		free_all(&h->buckets[i]);
	for (size_t i = 0; i < registry_count(m->registry); i++)
		follow_forget_agent(m, registry_at(m->registry, i));
	free(h->warning);
	free(h);
	m->history = NULL;
}
