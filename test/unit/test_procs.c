/*
 * test_procs.c - processes as /proc shows them.
 *
 * no valgrind: it knows no pidfd_open(2)
 */
#include "agent/supervise/procs.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/lib/unit.h"

enum { FAMILY = 3 };

/* A shell, its child, and a grandchild in a session of its own. Their pids. */
static pid_t start_family(pid_t *pids)
{
	FILE *out;
	pid_t leader;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	leader = fork();
	if (leader == 0) {
		setpgid(0, 0);
		dup2(ends[1], 1);
		execl("/bin/sh", "sh", "-c", "echo $$; sh -c 'echo $$; setsid sh -c \"echo \\$\\$; exec sleep 600\"; :'; :",
		      NULL);
		_exit(127);
	}
	close(ends[1]);
	out = fdopen(ends[0], "r");
	for (int i = 0; i < FAMILY; i++)
		ck_assert_int_eq(fscanf(out, "%d", &pids[i]), 1);
	fclose(out);
	return leader;
}

static void end_family(const struct procs *p, pid_t leader)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->all[i].is_marked)
			ck_assert(proc_entry_signal(&p->all[i], SIGKILL));
	ck_assert_int_eq(waitpid(leader, NULL, 0), leader);
}

START_TEST(a_process_is_what_it_is)
{
	struct proc_entry e;

	ck_assert(procs_look(getpid(), &e));
	ck_assert_int_eq(e.pid, getpid());
	ck_assert_int_eq(e.parent, getppid());
	ck_assert_int_eq(e.group, getpgrp());
	ck_assert_int_eq(e.session, getsid(0));
	ck_assert_uint_gt(e.start, 0);
	ck_assert(e.state == 'R');
	ck_assert(!procs_look(0, &e));
}
END_TEST

START_TEST(descendants_are_found_from_above)
{
	struct procs p = { 0 };
	pid_t pids[FAMILY], leader = start_family(pids);

	if (procs_descend(&p, getpid())) {	/* else this kernel lists no children */
		ck_assert_uint_eq(p.n, FAMILY);
		for (int i = 0; i < FAMILY; i++)
			ck_assert_ptr_nonnull(procs_find(&p, pids[i]));
	}
	procs_walk(&p);
	procs_find(&p, leader)->is_marked = true;
	procs_mark_descendants(&p, 0);
	end_family(&p, leader);
	procs_done(&p);
}
END_TEST

START_TEST(a_walk_marks_descendants_but_not_below_an_exception)
{
	struct procs p = { 0 };
	pid_t pids[FAMILY], leader = start_family(pids);

	procs_walk(&p);
	procs_find(&p, leader)->is_marked = true;
	procs_mark_descendants(&p, pids[1]);
	ck_assert(!procs_find(&p, pids[1])->is_marked);
	ck_assert(!procs_find(&p, pids[2])->is_marked);
	procs_mark_descendants(&p, 0);
	ck_assert(procs_find(&p, pids[2])->is_marked);
	ck_assert(!procs_find(&p, getpid())->is_marked);
	end_family(&p, leader);
	procs_done(&p);
}
END_TEST

START_TEST(another_process_with_the_same_number_is_not_signalled)
{
	struct proc_entry e;

	ck_assert(procs_look(getpid(), &e));
	e.start++;
	ck_assert(!proc_entry_signal(&e, SIGKILL));
	e.start--;
	ck_assert(proc_entry_signal(&e, 0));
}
END_TEST

UNIT_MAIN(a_process_is_what_it_is, descendants_are_found_from_above, a_walk_marks_descendants_but_not_below_an_exception,
	  another_process_with_the_same_number_is_not_signalled)
