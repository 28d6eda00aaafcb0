/*
 * sweep.c - a process of its own for each sweep, so that no loop of a daemon walks /proc.
 *
 * Children of a killed supervisor have been given to somebody else: they are known by the session that the run's
 * process led, and by the run's id in their environment; what descends from one of these belongs to it. A number is
 * a session's for as long as one member lives, so a process PID that started at another time shows that there is none.
 */
#include "agent/supervise/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/supervise/cgroup.h"
#include "agent/supervise/procs.h"
#include "agent/supervise/supervise.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"

enum { ROUND_US = 2000, ROUND_MAX_US = 100 * 1000, ENVIRON_MAX = 4 * 1024 * 1024, ID_BYTES = 16 };

struct sweep {
	pid_t pid;
	uint64_t start;
	char variable[64];		/* "\0SLOTH_RUN_ID=..." */
	size_t variable_length;		/* with both zeros */
	struct cgroup cgroup;
	struct procs procs;
	struct buf environ;
};

/* ---- who belongs to it ---- */

static bool has_variable(struct sweep *w, pid_t pid)
{
	char path[40];

	snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
	buf_clear(&w->environ);
	buf_append(&w->environ, "", 1);		/* each variable has a zero before it and one behind */
	if (fd_read_file(path, ENVIRON_MAX, &w->environ))
		return false;
	return memmem(buf_data(&w->environ), buf_len(&w->environ), w->variable, w->variable_length);
}

/* Whoever has started us, up to the first process, is no part of it. */
static bool is_ancestor(const struct sweep *w, pid_t pid)
{
	const struct proc_entry *e = procs_find(&w->procs, getpid());

	for (unsigned depth = 0; e && e->parent > 0 && depth < 100; depth++) {
		if (e->parent == pid)
			return true;
		e = procs_find(&w->procs, e->parent);
	}
	return false;
}

static bool is_member(struct sweep *w, const struct proc_entry *e, bool has_session)
{
	if (e->pid == 1 || e->pid == getpid() || is_ancestor(w, e->pid))
		return false;
	if (has_session && e->session == w->pid && e->start >= w->start)
		return true;
	return has_variable(w, e->pid);
}

static void mark(struct sweep *w)
{
	const struct proc_entry *leader;
	bool has_session;

	procs_walk(&w->procs);
	leader = procs_find(&w->procs, w->pid);
	has_session = w->pid > 0 && (!leader || leader->start == w->start);
	for (size_t i = 0; i < w->procs.n; i++)
		w->procs.all[i].is_marked = is_member(w, &w->procs.all[i], has_session);
	procs_mark_descendants(&w->procs, getpid());
}

/* ---- ending them ---- */

static unsigned signal_marked(struct sweep *w, int number)
{
	unsigned n = 0;

	for (size_t i = 0; i < w->procs.n; i++) {
		const struct proc_entry *e = &w->procs.all[i];

		if (!e->is_marked || !proc_is_alive(e) || (number == SIGSTOP && (e->state == 'T' || e->state == 't')))
			continue;
		proc_entry_signal(e, number);
		n++;
	}
	return n;
}

/* How many were there. */
static unsigned sweep_once(struct sweep *w)
{
	enum { STOP_ROUNDS = 10 };

	if (w->cgroup.is_made)
		cgroup_kill(&w->cgroup);
	mark(w);
	for (int i = 0; i < STOP_ROUNDS && signal_marked(w, SIGSTOP) > 0; i++)
		mark(w);
	return signal_marked(w, SIGKILL) + (w->cgroup.is_made && cgroup_is_populated(&w->cgroup));
}

static int sweep_all(struct sweep *w)
{
	uint64_t end_us = mono_us() + SUP_GIVE_UP_MS * 1000;
	useconds_t pause_us = ROUND_US;

	while (sweep_once(w) > 0) {
		if (mono_us() >= end_us)
			return -ETIMEDOUT;
		usleep(pause_us);
		pause_us = 2 * pause_us < ROUND_MAX_US ? 2 * pause_us : ROUND_MAX_US;
	}
	return 0;
}

static void tell_left(struct sweep *w)
{
	fprintf(stderr, "sloth-supervise: could not be killed:");
	for (size_t i = 0; i < w->procs.n; i++)
		if (w->procs.all[i].is_marked && proc_is_alive(&w->procs.all[i]))
			fprintf(stderr, " %d", (int)w->procs.all[i].pid);
	fprintf(stderr, "\n");
}

static int parse(struct sweep *w, int argc, char **argv)
{
	uint8_t id[ID_BYTES];
	uint64_t pid;

	if (argc < 3 || argc > 4 || str_parse_u64(argv[0], 0, INT32_MAX, &pid) ||
	    str_parse_u64(argv[1], 0, UINT64_MAX, &w->start) || str_unhex(argv[2], id, ID_BYTES))
		return -EINVAL;
	w->pid = (pid_t)pid;
	w->variable_length = 2 + (size_t)snprintf(w->variable + 1, sizeof w->variable - 1, "SLOTH_RUN_ID=%s", argv[2]);
	return 0;
}

/* `path` may be that of the run's own cgroup, or of the directory which has it. */
static void find_cgroup(struct sweep *w, const char *path, const char *id)
{
	char *parent = mem_strdup(path), *leaf = strrchr(parent, '/'), name[CGROUP_NAME_MAX];

	snprintf(name, sizeof name, "sloth-run-%s", id);
	if (leaf && strcmp(leaf + 1, name) == 0)
		*leaf = '\0';
	cgroup_find(&w->cgroup, parent, name);
	free(parent);
}

int sweep_main(int argc, char **argv)
{
	struct sweep w = { 0 };
	int err = parse(&w, argc, argv);

	if (err) {
		fprintf(stderr, "usage: sloth-supervise --sweep PID STARTTIME RUN_ID [CGROUP]\n");
		return EXIT_BAD_USAGE;
	}
	if (argc > 3)
		find_cgroup(&w, argv[3], argv[2]);
	err = sweep_all(&w);
	if (err)
		tell_left(&w);
	cgroup_done(&w.cgroup);
	procs_done(&w.procs);
	buf_done(&w.environ);
	return err ? EXIT_FAILED : EXIT_OK;
}
