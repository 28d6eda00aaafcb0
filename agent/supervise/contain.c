/*
 * contain.c - ends everything that descends from a run.
 *
 * The process group is signalled first and as one, which no fork escapes. What has left it is found in the cgroup or
 * among the descendants. What forks faster than it is found is stopped before it is killed: a process that has a
 * signal pending cannot fork, and one that is stopped still counts against the limits of its user.
 */
#include "agent/supervise/contain.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/buf.h"

enum { STOP_ROUNDS = 10, LEFT_MAX = 8 };

int contain_init(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1) ? -errno : 0;
}

void contain_begin(struct contain *c, const char *parent, const uint8_t *id)
{
	*c = (struct contain){ .kind = SUP_CONTAINED_SUBREAPER, .is_tidy = c->is_tidy };
	if (cgroup_make(&c->cgroup, parent, id) == 0)
		c->kind = SUP_CONTAINED_CGROUP;
}

void contain_started(struct contain *c, pid_t leader, bool is_outside)
{
	c->leader = leader;
	if (is_outside) {
		cgroup_done(&c->cgroup);
		c->kind = SUP_CONTAINED_SUBREAPER;
	}
	if (c->kind == SUP_CONTAINED_CGROUP && !c->is_tidy) {
		c->is_tidy = true;
		cgroup_tidy(&c->cgroup);
	}
}

/* Marks the descendants, not the supervisor. */
static void walk(struct contain *c)
{
	struct proc_entry *self;

	if (procs_descend(&c->procs, getpid()))
		return;
	procs_walk(&c->procs);
	self = procs_find(&c->procs, getpid());
	if (!self)
		return;
	self->is_marked = true;
	procs_mark_descendants(&c->procs, 0);
	self->is_marked = false;
}

static void signal_group(const struct contain *c, int number)
{
	if (c->leader)
		kill(-c->leader, number);
}

/* To those who are not in the leader's group. */
static void signal_others(struct contain *c, int number)
{
	for (size_t i = 0; i < c->procs.n; i++) {
		const struct proc_entry *e = &c->procs.all[i];

		if (e->is_marked && proc_is_alive(e) && e->group != c->leader)
			proc_entry_signal(e, number);
	}
}

static void signal_all(struct contain *c, int number)
{
	signal_group(c, number);
	if (c->kind == SUP_CONTAINED_CGROUP)
		cgroup_signal(&c->cgroup, number, c->leader);
	else
		signal_others(c, number);
}

void contain_ask(struct contain *c, bool has_terminal)
{
	if (c->kind != SUP_CONTAINED_CGROUP)
		walk(c);
	signal_all(c, SIGTERM);
	if (has_terminal)
		signal_all(c, SIGHUP);
	signal_all(c, SIGCONT);
}

void contain_nudge(const struct contain *c)
{
	signal_group(c, SIGWINCH);	/* nothing by default, and nothing new for whoever handles it */
}

/* How many were running and have been told to stop. */
static unsigned stop_running(struct contain *c)
{
	unsigned n = 0;

	for (size_t i = 0; i < c->procs.n; i++) {
		const struct proc_entry *e = &c->procs.all[i];

		if (e->is_marked && proc_is_alive(e) && e->state != 'T' && e->state != 't')
			n += proc_entry_signal(e, SIGSTOP);
	}
	return n;
}

static void kill_descendants(struct contain *c)
{
	walk(c);
	for (unsigned round = 0; round < STOP_ROUNDS && stop_running(c) > 0; round++)
		walk(c);
	for (size_t i = 0; i < c->procs.n; i++)
		if (c->procs.all[i].is_marked)
			proc_entry_signal(&c->procs.all[i], SIGKILL);
}

void contain_kill(struct contain *c)
{
	bool is_first = c->kills++ == 0;

	signal_group(c, SIGKILL);
	if (c->kind == SUP_CONTAINED_CGROUP)
		cgroup_kill(&c->cgroup);
	if (!is_first)
		kill_descendants(c);
}

bool contain_is_empty(const struct contain *c, bool has_children)
{
	return !has_children && (c->kind != SUP_CONTAINED_CGROUP || !cgroup_is_populated(&c->cgroup));
}

void contain_left(struct contain *c, struct buf *out)
{
	size_t n = 0;

	walk(c);
	for (size_t i = 0; i < c->procs.n; i++) {
		const struct proc_entry *e = &c->procs.all[i];

		if (!e->is_marked || !proc_is_alive(e))
			continue;
		if (n++ < LEFT_MAX)
			buf_printf(out, "%s%d", n > 1 ? ", " : "pid ", (int)e->pid);
	}
	if (n > LEFT_MAX)
		buf_printf(out, " and %zu more", n - LEFT_MAX);
}

void contain_done(struct contain *c)
{
	procs_done(&c->procs);
	cgroup_done(&c->cgroup);
	*c = (struct contain){ .kind = SUP_CONTAINED_NOT, .is_tidy = c->is_tidy };
}
