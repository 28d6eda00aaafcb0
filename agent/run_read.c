/*
 * run_read.c - the calls at a run: each reads the spool from a place of its own.
 *
 * A reader has its turn when there may be something for it: the run has started, its spool grew, the call takes more, it
 * has just come. It hears in this order: queued, started, output, end. In one turn it reads RUN_READ_AT_ONCE bytes and is
 * due again, so that many that read at full speed share the loop.
 */
#include <stdlib.h>

#include "agent/run_own.h"
#include "agent/rundir.h"
#include "agent/runs.h"
#include "common/fd.h"
#include "common/log.h"

void reader_due(struct run_reader *r)
{
	if (list_is_empty(&r->due))
		runs_due(r->run->runs, &r->due);
}

bool run_has_readers(const struct run *run)
{
	return run->owner || run->n_observers > 0;
}

/* ---- a turn ---- */

static void detach(struct run_reader *r)
{
	struct run *run = r->run;

	list_remove(&r->due);
	if (r->is_owner) {
		run->owner = NULL;
	} else {
		list_remove(&r->link);
		run->n_observers--;
	}
	r->run = NULL;
}

static bool take(unsigned stream, const void *data, size_t n, void *arg)
{
	struct run_reader *r = arg;

	r->is_full = !r->ops->on_output(r, (enum exec_stream)stream, data, n);
	return !r->is_full;
}

static void tell_end(struct run_reader *r)
{
	struct run *run = r->run;
	struct run_result result;

	r->has_heard_end = true;
	if (run->state == RUN_OVER)
		run_result(run, &result);
	r->ops->on_end(r, run->state == RUN_OVER ? &result : NULL);
}

/* There is no way past what is damaged. A run that is over ends with totals that do not fit what was sent; one that goes
 * on could write no more once its spool is full, and its owner would never hear of an end. */
static void give_up(struct run_reader *r)
{
	struct run *run = r->run;
	bool has_no_other = r->is_owner && !run->is_detached;

	log_warn("run %s: its output is damaged on disk after %llu bytes", run->hex, (unsigned long long)r->at.position);
	if (run->state == RUN_OVER) {
		tell_end(r);
		return;
	}
	detach(r);
	r->ops->on_let_go(r, RUN_DAMAGED);		/* r may be gone behind it */
	if (has_no_other)
		run_cancel(run, "its output is damaged on disk");
	run_settle(run);
}

/* A run may write faster than it is read, and the end of its spool is not reached then. */
static bool has_what_was_there(const struct run_reader *r)
{
	return !r->is_owner && !r->follows && r->run->state != RUN_OVER && r->at.at >= r->until;
}

static void read_more(struct run_reader *r)
{
	struct run *run = r->run;
	enum spool_verdict verdict;

	if (has_what_was_there(r)) {
		tell_end(r);
		return;
	}
	verdict = spool_read(run_spool(run), &r->at, runs_window(run->runs), RUN_READ_AT_ONCE, take, r);
	if (r->frees && verdict != SPOOL_GAP)
		run_acknowledge(run, r->at.position);
	switch (verdict) {
	case SPOOL_GAP:
		if (r->ops->on_gap)
			r->ops->on_gap(r, r->at.position, r->at.gap);
		reader_due(r);
		break;
	case SPOOL_MORE:
		reader_due(r);
		break;
	case SPOOL_STOPPED:
		break;
	case SPOOL_DAMAGED:
		give_up(r);
		break;
	case SPOOL_EMPTY:
		if (run->state == RUN_OVER || (!r->is_owner && !r->follows))
			tell_end(r);
		break;
	}
}

static void tell_queued(struct run_reader *r)
{
	unsigned ahead = r->run->ahead + 1;

	if (ahead == r->ahead)
		return;
	r->ahead = ahead;
	if (r->ops->on_queued)
		r->ops->on_queued(r, ahead - 1);
}

void reader_turn(struct run_reader *r)
{
	struct run *run = r->run;

	list_remove(&r->due);
	if (r->has_heard_end)
		return;
	if (run->state == RUN_QUEUED) {
		tell_queued(r);
		if (!r->is_owner && !r->follows)
			tell_end(r);
		return;
	}
	if (run->state == RUN_STARTING)
		return;
	if (!r->has_heard_start && (run->pid || run->outcome.started_ms)) {
		r->has_heard_start = true;
		if (r->ops->on_started)
			r->ops->on_started(r);
		if (r->run != run)
			return;
	}
	if (!r->is_full)
		read_more(r);
}

void run_wake(struct run *run)
{
	if (run->owner)
		reader_due(run->owner);
	list_for_each(link, tmp, &run->observers)
		reader_due(list_entry(link, struct run_reader, link));
}

/* The owner at once, observers and whoever comes late when there is time. */
void run_turn(struct run *run)
{
	list_for_each(link, tmp, &run->observers)
		reader_due(list_entry(link, struct run_reader, link));
	if (run->owner && runs_has_time(run->runs))
		reader_turn(run->owner);
	else if (run->owner)
		reader_due(run->owner);
}

/* ---- coming and going ---- */

/* Of a run that is over, the spool is opened for whoever comes first. */
static void open_files(struct run *run)
{
	int fd;

	if (run->exec || run->files.head || !run->has_files || run->state != RUN_OVER)
		return;
	fd = rundir_open(runs_dir(run->runs, run->is_in_state_dir), run->hex);
	if (fd >= 0)
		spool_file_open(&run->files, fd);
	fd_close(&fd);
}

/* An observer begins with what is held; an owner hears of what is not. */
static void place(struct run_reader *r)
{
	const struct spool_file *spool = run_spool(r->run);

	r->at = (struct spool_reader){ .position = r->position };
	r->until = spool->head ? atomic_load(&spool->head->end) : 0;
	if (!r->is_owner && spool->head && atomic_load(&spool->head->base_position) > r->position)
		r->at.position = atomic_load(&spool->head->base_position);
	r->position = r->at.position;
}

bool run_attach(struct run *run, struct run_reader *r)
{
	struct run_reader *before = run->owner;

	if (!r->is_owner && run->n_observers == RUN_OBSERVERS_MAX)
		return false;
	list_init(&r->link);
	list_init(&r->due);
	r->run = run;
	if (!r->is_owner) {
		list_push(&run->observers, &r->link);
		run->n_observers++;
	} else {
		if (before) {
			detach(before);
			before->ops->on_let_go(before, RUN_TAKEN_OVER);
		}
		run->owner = r;
		run->is_done_with = false;
	}
	open_files(run);
	place(r);
	run_settle(run);
	if (run->state != RUN_STARTING)		/* of that it hears by itself */
		reader_due(r);
	return true;
}

void run_leave(struct run_reader *r, enum run_leave how, const char *reason)
{
	struct run *run = r->run;

	if (!run)
		return;
	detach(r);
	if (r->is_owner && (how == RUN_GOODBYE || (how == RUN_DONE && run->state == RUN_OVER)))
		run->is_done_with = true;
	if (r->is_owner && how == RUN_GOODBYE && run->state != RUN_OVER && !run->is_detached)
		run_cancel(run, reason);	/* it may be gone */
	else
		run_settle(run);
}

void run_resume(struct run_reader *r)
{
	r->is_full = false;
	if (r->run)
		reader_due(r);
}

void run_let_go_all(struct run *run, enum run_let_go why)
{
	struct run_reader *r = run->owner;

	if (r) {
		detach(r);
		r->ops->on_let_go(r, why);
	}
	list_for_each(link, tmp, &run->observers) {
		r = list_entry(link, struct run_reader, link);
		detach(r);
		r->ops->on_let_go(r, why);
	}
}
