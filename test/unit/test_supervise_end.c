/*
 * test_supervise_end.c - a real supervisor: how runs end, and that nothing is left of those that were ended.
 *
 * no valgrind: the program under test is another process
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/supervise/procs.h"
#include "common/clock.h"
#include "common/mem.h"
#include "test/lib/tender.h"
#include "test/lib/unit.h"

enum { GRACE_MS = 200 };

static struct tender t;

static void release(void)
{
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}

static void stop(enum sup_type how, const char *why)
{
	tender_send(&t, how, SUP_END_CANCELLED, why, strlen(why));
}

START_TEST(a_run_has_its_time_and_no_more)
{
	tender_open(&t);
	tender_shell(&t, "sleep 600");
	t.spec.timeout_ms = 100;
	tender_go(&t);
	tender_expect(&t, SUP_END_TIMED_OUT, 0);
	ck_assert_str_eq(t.reason, "timed out after 100 ms");
	ck_assert_int_eq(t.status.signal, SIGTERM);
	ck_assert_uint_ge(t.status.duration_us, 100000);
	release();
}
END_TEST

START_TEST(who_is_asked_to_stop_may_end_in_good_order)
{
	tender_open(&t);
	tender_run(&t, "trap 'echo tidy; exit 5' TERM; echo ready; while :; do sleep 0.05; done");
	tender_await(&t, "ready\n");
	stop(SUP_STOP, "stopped by ann");
	tender_expect(&t, SUP_END_CANCELLED, 5);
	ck_assert_str_eq(t.reason, "stopped by ann");
	ck_assert_str_eq(tender_output(&t, 0), "ready\ntidy\n");
	release();
}
END_TEST

START_TEST(a_stopped_process_hears_it)
{
	tender_open(&t);
	tender_run(&t, "echo ready; kill -STOP $$");
	tender_await(&t, "ready\n");
	stop(SUP_STOP, "x");
	tender_expect(&t, SUP_END_CANCELLED, 0);
	ck_assert_int_eq(t.status.signal, SIGTERM);
	release();
}
END_TEST

START_TEST(killed_is_at_once)
{
	tender_open(&t);
	tender_shell(&t, "trap '' TERM; echo ready; while :; do sleep 600; done");
	t.spec.grace_ms = 600 * 1000;
	tender_go(&t);
	tender_await(&t, "ready\n");
	stop(SUP_STOP, "first");
	stop(SUP_KILL, "second");
	tender_expect(&t, SUP_END_CANCELLED, 0);
	ck_assert_str_eq(t.reason, "first");
	ck_assert_int_eq(t.status.signal, SIGKILL);
	release();
}
END_TEST

/* Ignores TERM everywhere: itself, a child, one in a session of its own, one that double-forked and closed everything.
 * Writes the pids of all. */
static const char tree[] =
	"trap '' TERM; echo $$;"
	"sh -c 'echo $$; while :; do sleep 600; done' &"
	"setsid sh -c 'echo $$; while :; do sleep 600; done' &"
	"(setsid nohup env -i sh -c 'echo $$; exec >/dev/null 2>&1 </dev/null; (sleep 600; sleep 600) & sleep 600; wait' &);"
	"while :; do sleep 600; done";

enum { TREE_LINES = 4 };

static void expect_tree_ends(enum sup_containment containment)
{
	uint64_t start;
	char *at;

	tender_await_lines(&t, TREE_LINES);
	start = mono_ms();
	stop(SUP_STOP, "enough");
	tender_expect(&t, SUP_END_CANCELLED, 0);
	ck_assert_uint_le(mono_ms() - start, GRACE_MS + 1000);
	ck_assert_uint_eq(t.status.containment, containment);
	ck_assert_int_eq(t.status.signal, SIGKILL);
	at = (char *)(uintptr_t)tender_output(&t, 0);
	for (int i = 0; i < TREE_LINES; i++)
		ck_assert(!process_lives((pid_t)strtol(at, &at, 10)));
}

START_TEST(nothing_is_left_of_a_tree_that_does_not_want_to_end)
{
	tender_open(&t);
	tender_shell(&t, tree);
	t.spec.grace_ms = GRACE_MS;
	tender_go(&t);
	expect_tree_ends(SUP_CONTAINED_SUBREAPER);
	release();
}
END_TEST

START_TEST(in_a_cgroup_it_is_the_same)
{
	const char *cgroup = tender_cgroup();

	if (!cgroup)
		return;
	tender_open(&t);
	tender_shell(&t, tree);
	t.spec.grace_ms = GRACE_MS;
	t.spec.cgroup = cgroup;
	tender_go(&t);
	expect_tree_ends(SUP_CONTAINED_CGROUP);
	release();
	ck_assert_int_eq(rmdir(cgroup), 0);	/* the run's own is gone */
}
END_TEST

START_TEST(cgroups_that_nobody_owns_are_removed)
{
	static const struct timespec long_ago[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
	const char *cgroup = tender_cgroup();
	char old[200], fresh[200];

	if (!cgroup)
		return;
	snprintf(old, sizeof old, "%s/sloth-run-old", cgroup);
	snprintf(fresh, sizeof fresh, "%s/sloth-run-fresh", cgroup);
	ck_assert_int_eq(mkdir(old, 0755), 0);
	ck_assert_int_eq(mkdir(fresh, 0755), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, old, long_ago, 0), 0);
	tender_open(&t);
	tender_shell(&t, "true");
	t.spec.cgroup = cgroup;
	tender_go(&t);
	tender_expect(&t, SUP_END_EXITED, 0);
	release();
	ck_assert_int_eq(access(old, F_OK), -1);
	ck_assert_int_eq(rmdir(fresh), 0);
	ck_assert_int_eq(rmdir(cgroup), 0);
}
END_TEST

START_TEST(where_no_cgroup_can_be_made_descendants_are_followed)
{
	tender_open(&t);
	tender_shell(&t, "true");
	t.spec.cgroup = "/nosuch";
	tender_go(&t);
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_uint_eq(t.status.containment, SUP_CONTAINED_SUBREAPER);
	release();
}
END_TEST

static unsigned count_of_user(uid_t uid)
{
	struct procs all = { 0 };
	unsigned n = 0;
	char path[40];
	struct stat st;

	procs_walk(&all);
	for (size_t i = 0; i < all.n; i++) {
		snprintf(path, sizeof path, "/proc/%d", (int)all.all[i].pid);
		n += proc_is_alive(&all.all[i]) && stat(path, &st) == 0 && st.st_uid == uid;
	}
	procs_done(&all);
	return n;
}

/* Each one starts others in sessions of their own, for ever, within a limit of processes. */
START_TEST(nothing_is_left_of_a_fork_bomb)
{
	if (geteuid() != 0)
		return;		/* as root there is another user for it, whose processes count apart */
	tender_open(&t);
	tender_shell(&t, "exec perl -MPOSIX -e '$SIG{TERM} = \"IGNORE\"; while (1) { setsid() unless fork(); "
		     "select(undef, undef, undef, 0.001) }'");
	t.spec.grace_ms = GRACE_MS;
	t.spec.is_own_user = false;
	t.spec.uid = t.spec.gid = 61234;
	t.spec.limits[0] = (struct spec_limit){ RLIMIT_NPROC, 0, 150, 150 };
	t.spec.n_limits = 1;
	t.spec.timeout_ms = 1000;
	tender_go(&t);
	tender_expect(&t, SUP_END_TIMED_OUT, 0);
	ck_assert_uint_le(t.status.ended_us - t.status.started_us, (1000 + GRACE_MS + 1000) * 1000);
	ck_assert_uint_eq(count_of_user(t.spec.uid), 0);
	release();
}
END_TEST

/* The pid in its only line. */
static pid_t pid_in_output(void)
{
	return (pid_t)atoi(tender_output(&t, 0));
}

START_TEST(a_daemon_may_stay_and_then_the_supervisor_goes)
{
	pid_t daemon;

	tender_open(&t);
	tender_run(&t, "setsid sh -c 'echo $$; exec sleep 600 >/dev/null 2>&1 </dev/null' & while ! read x; do :; done; wait");
	tender_await_lines(&t, 1);
	daemon = pid_in_output();
	tender_send(&t, SUP_SIGNAL, SIGKILL, NULL, 0);
	tender_expect(&t, SUP_END_SIGNALLED, SIGKILL);
	tender_release(&t);
	ck_assert_uint_eq(tender_next(&t), 0);
	tender_close(&t);
	ck_assert(process_lives(daemon));
	kill(daemon, SIGKILL);
}
END_TEST

START_TEST(output_that_somebody_else_holds_is_cut)
{
	pid_t holder;

	tender_open(&t);
	tender_run(&t, "sleep 600 & echo $!");
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_uint_eq(t.status.output_cut, 1);
	ck_assert_uint_lt(t.status.duration_us, 1000000);
	ck_assert_uint_ge(t.status.ended_us - t.status.started_us, SUP_LINGER_MS * 1000);
	holder = pid_in_output();
	ck_assert(process_lives(holder));
	kill(holder, SIGKILL);
	await_death(holder);
	release();		/* nothing is left by now: it is idle again */
}
END_TEST

START_TEST(who_holds_it_is_ended_with_a_run_that_is_stopped_later)
{
	pid_t holder;

	tender_open(&t);
	tender_run(&t, "sleep 600 & echo $!");
	tender_await_lines(&t, 1);
	holder = pid_in_output();
	await_death((pid_t)getpgid(holder));	/* the shell */
	stop(SUP_STOP, "too late");
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_str_eq(t.reason, "");
	ck_assert_uint_eq(t.status.output_cut, 0);
	ck_assert(!process_lives(holder));
	release();
}
END_TEST

START_TEST(a_terminal_shell_ends_when_it_is_stopped)
{
	tender_open(&t);
	tender_shell(&t, "");
	t.paths[0] = "/bin/bash";
	t.argv[1] = (char[]){ "-i" };
	t.argv[2] = NULL;
	t.spec.has_terminal = true;
	t.spec.grace_ms = 600 * 1000;
	tender_go(&t);
	tender_await(&t, geteuid() ? "$ " : "# ");
	stop(SUP_STOP, "x");
	tender_wait(&t, SUP_ENDED);
	ck_assert_uint_eq(t.status.end, SUP_END_CANCELLED);
	release();
}
END_TEST

UNIT_MAIN(a_run_has_its_time_and_no_more, who_is_asked_to_stop_may_end_in_good_order, a_stopped_process_hears_it,
	  killed_is_at_once, nothing_is_left_of_a_tree_that_does_not_want_to_end, in_a_cgroup_it_is_the_same,
	  cgroups_that_nobody_owns_are_removed,
	  where_no_cgroup_can_be_made_descendants_are_followed, nothing_is_left_of_a_fork_bomb,
	  a_daemon_may_stay_and_then_the_supervisor_goes, output_that_somebody_else_holds_is_cut,
	  who_holds_it_is_ended_with_a_run_that_is_stopped_later, a_terminal_shell_ends_when_it_is_stopped)
