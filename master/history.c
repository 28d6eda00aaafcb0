/*
 * history.c - the table of runs that matter at this moment: the open ones, and those that are to be written.
 *
 * A run is freed when it is over, the store has it, and no call is about it: history_release() decides.
 */
#include "master/history_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/follow.h"
#include "master/master.h"
#include "master/store_runs.h"

static int64_t wall_ms(void)
{
	return wall_us() / 1000;
}

/* ---- the table ---- */

static struct list *bucket_of(struct history *h, const uint8_t id[RUN_ID_LEN])
{
	uint64_t a, b;

	memcpy(&a, id, sizeof a);
	memcpy(&b, id + sizeof a, sizeof b);
	a = (a ^ h->seed) * UINT64_C(0x9e3779b97f4a7c15);
	b = (b ^ a ^ (a >> 32)) * (h->seed | 1);
	return &h->buckets[(b >> 40) % HISTORY_BUCKETS];
}

struct history_run *history_lookup(struct history *h, const uint8_t id[RUN_ID_LEN])
{
	struct list *bucket = bucket_of(h, id);

	list_for_each(pos, tmp, bucket) {
		struct history_run *run = list_entry(pos, struct history_run, hashed);

		if (!memcmp(run->record.id, id, RUN_ID_LEN))
			return run;
	}
	return NULL;
}

void history_keep_text(const char **member, char **own, const char *value)
{
	char *copy = value && *value ? run_text_cut(value, RUN_TEXT_MAX) : NULL;

	free(*own);
	*own = copy;
	*member = copy ? copy : "";
}

/* The command and the user wait for the store; when too much waits they are left out. */
static void keep_command(struct history_run *run, const char *command, const char *run_as)
{
	struct history *h = run->h;
	size_t n = strlen(command);

	run->record.command = run->record.run_as = "";
	if (h->text_bytes + n <= HISTORY_TEXT_MAX) {
		run->command = run_text_cut(command, RUN_COMMAND_MAX);
		run->record.command = run->command;
		h->text_bytes += strlen(run->command);
		history_keep_text(&run->record.run_as, &run->run_as, run_as);
	}
}

void history_open_run(struct history_run *run, struct agent *a)
{
	struct history *h = run->h;

	run->record.is_open = true;
	run->record.is_void = false;
	run->follow = a ? follow_of(h->m, a) : NULL;
	list_push(run->follow ? &run->follow->runs : &h->strays, &run->of_agent);
	h->n_open++;
}

struct history_run *history_enter(struct history *h, struct agent *a, const struct run_record *r)
{
	struct history_run *run = mem_new(struct history_run);

	run->h = h;
	run->record = *r;
	list_init(&run->of_agent);
	list_init(&run->dirty);
	list_init(&run->queued);
	list_init(&run->waits);
	history_keep_text(&run->record.agent, &run->agent, r->agent);
	history_keep_text(&run->record.principal, &run->principal, r->principal);
	history_keep_text(&run->record.reason, &run->reason, r->reason);
	history_keep_text(&run->record.containment, &run->containment, r->containment);
	keep_command(run, r->command, r->run_as);
	snprintf(run->epoch, sizeof run->epoch, "%s", r->epoch);
	run->record.epoch = run->epoch;
	list_push(bucket_of(h, r->id), &run->hashed);
	history_open_run(run, a);
	return run;
}

void history_free_run(struct history_run *run)
{
	follow_leave(run);
	if (run->command)
		run->h->text_bytes -= strlen(run->command);
	list_remove(&run->hashed);
	list_remove(&run->of_agent);
	list_remove(&run->dirty);
	free(run->agent);
	free(run->principal);
	free(run->command);
	free(run->run_as);
	free(run->reason);
	free(run->containment);
	free(run);
}

void history_release(struct history_run *run)
{
	if (!run->record.is_open && list_is_empty(&run->dirty) && !run->n_calls)
		history_free_run(run);
}

/* ---- what becomes of a run ---- */

static void tell_waiters(struct history_run *run)
{
	struct list *link;

	while ((link = list_pop(&run->waits))) {
		struct history_wait *wait = list_entry(link, struct history_wait, link);

		wait->told(&run->record, wait->arg);
	}
}

/* Too many ends wait for the store. This one is forgotten: its row is open there, and is asked about once it can be
 * read again. */
static void forget_end(struct history_run *run)
{
	struct history *h = run->h;

	h->n_missed++;
	h->is_loaded = false;
	list_remove(&run->dirty);
	h->n_unwritten--;
}

static void copy_end(struct history_run *run, const struct run_record *from)
{
	struct run_record *r = &run->record;

	r->state = from->state;
	r->code = from->code;
	r->signal = from->signal;
	r->since_ms = from->since_ms;
	r->ended_ms = from->ended_ms ? from->ended_ms : wall_ms();
	r->duration_ms = from->duration_ms;
	r->stdout_bytes = from->stdout_bytes;
	r->stderr_bytes = from->stderr_bytes;
	r->is_void = from->is_void;
	r->has_output = from->has_output;
	history_keep_text(&r->reason, &run->reason, from->reason);
	history_keep_text(&r->containment, &run->containment, from->containment);
}

void history_close(struct history_run *run, const struct run_record *r)
{
	struct history *h = run->h;

	copy_end(run, r);
	run->record.is_open = false;
	follow_leave(run);
	list_remove(&run->of_agent);
	run->follow = NULL;
	h->n_open--;
	history_touch(run);
	h->n_unwritten++;
	tell_waiters(run);
	if (h->n_unwritten > HISTORY_UNWRITTEN_MAX)
		forget_end(run);
	history_release(run);
}

void history_close_as(struct history_run *run, enum run_state state, const char *reason)
{
	struct run_record r = run_record_empty;

	r.state = state;
	r.reason = reason;
	history_close(run, &r);
}

void history_set_state(struct history_run *run, enum run_state state)
{
	if (run->record.state == state)
		return;
	run->record.state = state;
	run->record.since_ms = 0;
	history_touch(run);
}

void history_set_lost(struct history_run *run)
{
	enum run_state state = run->is_heard ? RUN_LOST_CONTACT : RUN_UNREACHABLE;

	run->is_asked = false;		/* the first answer behind this has to come soon */
	if (run->record.state == RUN_LOST_CONTACT || run->record.state == RUN_UNREACHABLE)
		return;
	history_set_state(run, state);
	run->record.since_ms = wall_ms();
}

/* ---- looking ---- */

struct finding {
	const struct history_run *run;
	void (*on_run)(const struct run_record *, void *);
	void *arg;
};

/* The store has the texts, the table has the state. */
static void on_found(const struct run_record *stored, void *arg)
{
	const struct finding *f = arg;
	struct run_record r = f->run ? f->run->record : *stored;

	if (!*r.command)
		r.command = stored->command;
	if (!*r.run_as)
		r.run_as = stored->run_as;
	f->on_run(&r, f->arg);
}

int history_find(struct master *m, const uint8_t id[RUN_ID_LEN], void (*on_run)(const struct run_record *, void *),
		 void *arg)
{
	struct finding f = { history_lookup(m->history, id), on_run, arg };
	int err = 0;

	if (!f.run || !f.run->command)
		err = store_find_run(m->store, id, on_found, &f);
	else
		on_run(&f.run->record, arg);
	if (err && f.run) {
		on_run(&f.run->record, arg);
		err = 0;
	}
	return err;
}

int history_wait(struct master *m, const uint8_t id[RUN_ID_LEN], struct history_wait *wait)
{
	struct history_run *run = history_lookup(m->history, id);

	if (!run || !run->record.is_open)
		return -ENOENT;
	list_push(&run->waits, &wait->link);
	run->is_urgent = true;
	if (!run->n_calls && !run->asking) {
		follow_leave(run);
		follow_run(run);
	}
	return 0;
}

void history_unwait(struct history_wait *wait)
{
	list_remove(&wait->link);
}

const char *history_warning(const struct master *m, size_t i)
{
	struct history *h = m->history;

	if (i || !h->n_missed)
		return NULL;
	free(h->warning);
	h->warning = mem_printf("the history of runs lacks some: %llu could not be kept, because too many were open or the "
				"database could not be written", (unsigned long long)h->n_missed);
	return h->warning;
}
