/*
 * orphans.c - processes whose run is over although they could not be ended.
 *
 * Each holds a pidfd and a watcher, unreferenced: an agent that stops does not wait for them.
 */
#include "agent/orphans.h"

#include <ev.h>
#include <stdlib.h>

#include "common/list.h"
#include "common/mem.h"

struct orphans {
	struct ev_loop *loop;
	struct list all;
};

struct orphan {
	struct list link;
	struct orphans *orphans;
	struct proc proc;
	ev_io exit;
};

static void orphan_free(struct orphan *orphan)
{
	struct ev_loop *loop = orphan->orphans->loop;

	ev_ref(loop);
	ev_io_stop(loop, &orphan->exit);
	list_remove(&orphan->link);
	proc_done(&orphan->proc);
	free(orphan);
}

static void on_exit_ready(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop, (void)events;
	orphan_free(w->data);
}

struct orphans *orphans_new(struct ev_loop *loop)
{
	struct orphans *o = mem_new(struct orphans);

	o->loop = loop;
	list_init(&o->all);
	return o;
}

void orphans_free(struct orphans *o)
{
	if (!o)
		return;
	list_for_each(link, next, &o->all)
		orphan_free(list_entry(link, struct orphan, link));
	free(o);
}

void orphans_take(struct orphans *o, struct proc *p)
{
	struct orphan *orphan = mem_new(struct orphan);

	orphan->orphans = o;
	orphan->proc = *p;
	*p = (struct proc){ .pidfd = -1 };
	list_push(&o->all, &orphan->link);
	ev_io_init(&orphan->exit, on_exit_ready, orphan->proc.pidfd, EV_READ);
	orphan->exit.data = orphan;
	ev_io_start(o->loop, &orphan->exit);
	ev_unref(o->loop);
}
