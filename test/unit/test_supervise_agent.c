/*
 * test_supervise_agent.c - a real supervisor whose agents come and go, and what it leaves when it is killed itself.
 *
 * no valgrind: the program under test is another process
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "test/lib/tender.h"
#include "test/lib/unit.h"

static struct tender t;

/* The status in its file, which is also what SUP_ENDED said if that came. */
static struct sup_status read_status(char *reason)
{
	struct buf file = { 0 };
	struct sup_status status;

	ck_assert_int_eq(fd_read_file(tender_path(&t, "status"), 8192, &file), 0);
	ck_assert_uint_ge(buf_len(&file), sizeof status);
	memcpy(&status, buf_data(&file), sizeof status);
	ck_assert_uint_eq(status.magic, SUP_STATUS_MAGIC);
	ck_assert_uint_eq(buf_len(&file), sizeof status + status.reason_length);
	if (reason)
		snprintf(reason, SUP_REASON_MAX + 1, "%s", buf_string(&file) + sizeof status);
	if (t.type == SUP_ENDED)
		ck_assert_mem_eq(buf_data(&file), t.data, t.n);
	buf_done(&file);
	return status;
}

START_TEST(the_file_says_what_the_packet_said)
{
	tender_open(&t);
	tender_run(&t, "kill -15 $$");
	tender_expect(&t, SUP_END_SIGNALLED, 15);
	ck_assert_uint_eq(read_status(NULL).end, SUP_END_SIGNALLED);
	ck_assert(!tender_has(&t, "status.tmp"));
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(without_an_agent_an_idle_one_removes_its_directory_and_goes)
{
	tender_open(&t);
	tender_close(&t);	/* asserts it */
}
END_TEST

START_TEST(a_run_that_was_sent_begins_though_its_agent_is_gone)
{
	tender_open(&t);
	tender_run(&t, "echo done; exit 3");
	tender_hang_up(&t);
	ck_assert_int_eq(tender_wait_exit(&t), 0);
	t.type = 0;
	ck_assert_int_eq(read_status(NULL).code, 3);
	ck_assert_str_eq(tender_output(&t, 0), "done\n");
	tender_clear(&t);
	tender_close(&t);
}
END_TEST

/* Nobody can ever read how it ended. */
START_TEST(without_a_directory_it_goes_with_its_agent)
{
	static const char *const names[] = { "lock", "sock", "spec", "pid", "out" };

	tender_open(&t);
	tender_run(&t, "echo begun; read -r x; exit 3");
	tender_await(&t, "begun\n");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ck_assert_int_eq(unlink(tender_path(&t, names[i])), 0);
	ck_assert_int_eq(rmdir(t.home), 0);
	tender_send(&t, SUP_INPUT_END, 0, NULL, 0);
	tender_expect(&t, SUP_END_EXITED, 3);
	tender_hang_up(&t);
	ck_assert_int_eq(tender_wait_exit(&t), 0);
	tender_close(&t);
}
END_TEST

START_TEST(the_lock_is_held_for_life_and_the_pid_is_told)
{
	char *text, expected[40];
	int fd;

	tender_open(&t);
	tender_run(&t, "read -r x");
	tender_wait(&t, SUP_STARTED);
	fd = open(tender_path(&t, "lock"), O_RDWR);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), -1);
	text = tmp_read(tender_path(&t, "pid"));
	snprintf(expected, sizeof expected, "%d ", (int)t.value);
	ck_assert_int_eq(strncmp(text, expected, strlen(expected)), 0);
	ck_assert_uint_eq(strlen(strrchr(text, ' ')), 1 + 36 + 1);
	free(text);
	tender_send(&t, SUP_INPUT_END, 0, NULL, 0);
	tender_expect(&t, SUP_END_EXITED, 1);
	tender_hang_up(&t);
	ck_assert_int_eq(tender_wait_exit(&t), 0);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
	tender_clear(&t);
	tender_close(&t);
}
END_TEST

START_TEST(another_agent_goes_on_where_the_first_one_was)
{
	struct sup_state state;

	tender_open(&t);
	tender_run(&t, "cat; exit 4");
	tender_send(&t, SUP_INPUT, 0, "one ", 4);
	tender_send(&t, SUP_INPUT, 4, "two ", 4);
	tender_hang_up(&t);		/* what was sent arrives */
	tender_call_again(&t, &state);
	ck_assert_uint_eq(state.phase, SUP_PHASE_RUNNING);
	ck_assert_int_gt(state.pid, 1);
	ck_assert_uint_eq(state.input_arrived, 8);
	ck_assert_uint_eq(state.input_closed, 0);
	tender_send(&t, SUP_INPUT, 4, "two three", 9);
	tender_send(&t, SUP_INPUT, 100, "a gap", 5);
	tender_send(&t, SUP_INPUT_END, 0, NULL, 0);
	tender_expect(&t, SUP_END_EXITED, 4);
	ck_assert_str_eq(tender_output(&t, 0), "one two three");
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(the_newest_connection_is_the_agent)
{
	struct sup_state state;
	struct tender old;

	tender_open(&t);
	tender_run(&t, "cat");
	tender_wait(&t, SUP_STARTED);
	old = t;
	t.fd = -1;
	tender_call_again(&t, &state);
	ck_assert_uint_eq(tender_next(&old), 0);
	close(old.fd);
	tender_send(&t, SUP_INPUT_END, 0, NULL, 0);
	tender_expect(&t, SUP_END_EXITED, 0);
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(who_comes_after_the_end_is_told_it)
{
	struct sup_state state;
	int old;

	tender_open(&t);
	tender_run(&t, "exit 9");
	tender_expect(&t, SUP_END_EXITED, 9);
	old = t.fd;		/* it stays, so that the supervisor does */
	t.fd = -1;
	tender_call_again(&t, &state);
	close(old);
	ck_assert_uint_eq(state.phase, SUP_PHASE_ENDED);
	tender_expect(&t, SUP_END_EXITED, 9);
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(a_run_that_nobody_asks_for_is_cancelled_in_time)
{
	char reason[SUP_REASON_MAX + 1];

	tender_open(&t);
	tender_shell(&t, "sleep 600");
	t.spec.lost_ms = 200;
	tender_go(&t);
	tender_wait(&t, SUP_STARTED);
	tender_hang_up(&t);
	ck_assert_int_eq(tender_wait_exit(&t), 0);
	ck_assert_uint_eq(read_status(reason).end, SUP_END_CANCELLED);
	ck_assert_str_eq(reason, "its agent was gone for 200 ms");
	tender_clear(&t);
	tender_close(&t);
}
END_TEST

START_TEST(its_end_does_not_wait_for_a_spool_that_nobody_reads)
{
	struct sup_status status;

	tender_open(&t);
	tender_shell(&t, "exec yes");
	t.spec.lost_ms = 200;
	t.spec.spool_max = 128 * 1024;
	tender_go(&t);
	tender_wait(&t, SUP_STARTED);
	tender_hang_up(&t);
	ck_assert_int_eq(tender_wait_exit(&t), 0);
	status = read_status(NULL);
	ck_assert_uint_eq(status.end, SUP_END_CANCELLED);
	ck_assert_uint_eq(status.output_cut, 1);
	tender_read(&t);
	ck_assert_uint_eq(status.total[0], buf_len(&t.out[0]));
	tender_clear(&t);
	tender_close(&t);
}
END_TEST

START_TEST(output_that_nobody_wants_does_not_hold_up_the_end)
{
	tender_open(&t);
	tender_shell(&t, "exec yes");
	t.spec.spool_max = 128 * 1024;
	tender_go(&t);
	tender_wait(&t, SUP_STARTED);
	tender_send(&t, SUP_STOP, SUP_END_CANCELLED, "x", 1);
	tender_send(&t, SUP_FREE, UINT64_MAX, NULL, 0);
	tender_expect(&t, SUP_END_CANCELLED, 0);
	ck_assert_uint_eq(t.status.output_cut, 0);
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(an_agent_that_comes_in_time_saves_it)
{
	struct sup_state state;

	tender_open(&t);
	tender_shell(&t, "cat");
	t.spec.lost_ms = 300;
	tender_go(&t);
	tender_wait(&t, SUP_STARTED);
	tender_hang_up(&t);
	tender_call_again(&t, &state);
	poll(NULL, 0, 600);		/* the time in which nothing may happen */
	tender_send(&t, SUP_INPUT_END, 0, NULL, 0);
	tender_expect(&t, SUP_END_EXITED, 0);
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(a_detached_run_keeps_its_newest_output_and_its_files)
{
	tender_open(&t);
	tender_shell(&t, "yes | head -c 3000000; echo last");
	t.spec.spool_max = 512 * 1024;
	t.spec.is_detached = true;
	tender_go(&t);
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_uint_eq(t.status.total[0], 3000005);
	ck_assert_uint_eq(tender_next(&t), 0);
	ck_assert_int_eq(tender_wait_exit(&t), 0);
	tender_read(&t);
	ck_assert_uint_le(buf_len(&t.out[0]), 512 * 1024);
	ck_assert_uint_ge(buf_len(&t.out[0]), 256 * 1024);
	ck_assert_uint_eq(t.head->base_position + buf_len(&t.out[0]), 3000005);
	ck_assert_mem_eq(buf_data(&t.out[0]) + buf_len(&t.out[0]) - 5, "last\n", 5);
	tender_clear(&t);
	tender_close(&t);
}
END_TEST

START_TEST(the_agent_may_choose_another_directory)
{
	struct buf file = { 0 };
	char elsewhere[TMP_DIR_MAX];

	tender_open(&t);
	tmp_make_dir(elsewhere);
	snprintf(t.home, sizeof t.home, "%s/x", elsewhere);
	ck_assert_int_eq(mkdir(t.home, 0700), 0);
	tender_shell(&t, "echo here");
	spec_pack(&t.spec, &file);
	ck_assert_int_eq(fd_write_file(tender_path(&t, "spec"), buf_data(&file), buf_len(&file), 0600), 0);
	buf_done(&file);
	tender_send(&t, SUP_GO, 0, t.home, strlen(t.home));
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_str_eq(tender_output(&t, 0), "here\n");
	ck_assert_int_eq(rmdir(t.dir), 0);		/* its own is gone */
	ck_assert_int_eq(mkdir(t.dir, 0700), 0);
	tender_hang_up(&t);
	ck_assert_int_eq(tender_wait_exit(&t), 0);
	tender_clear(&t);
	ck_assert_int_eq(rmdir(elsewhere), 0);
	tender_close(&t);
}
END_TEST

START_TEST(from_another_directory_it_comes_back_to_its_own)
{
	struct buf file = { 0 };
	char elsewhere[TMP_DIR_MAX];

	tender_open(&t);
	tmp_make_dir(elsewhere);
	snprintf(t.home, sizeof t.home, "%s/x", elsewhere);
	ck_assert_int_eq(mkdir(t.home, 0700), 0);
	tender_shell(&t, "echo here");
	spec_pack(&t.spec, &file);
	ck_assert_int_eq(fd_write_file(tender_path(&t, "spec"), buf_data(&file), buf_len(&file), 0600), 0);
	buf_done(&file);
	tender_send(&t, SUP_GO, 0, t.home, strlen(t.home));
	tender_expect(&t, SUP_END_EXITED, 0);
	tender_send(&t, SUP_RELEASE, 0, NULL, 0);
	tender_wait(&t, SUP_IDLE);
	ck_assert_int_eq(rmdir(elsewhere), 0);
	tender_run(&t, "exit 6");
	tender_expect(&t, SUP_END_EXITED, 6);
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

static unsigned count_fds(pid_t pid)
{
	char path[40];
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

START_TEST(one_supervisor_has_many_runs_and_grows_not)
{
	enum { RUNS = 300 };
	unsigned fds;

	tender_open(&t);
	fds = count_fds(t.pid);
	for (int i = 0; i < RUNS; i++) {
		tender_run(&t, i % 2 ? "echo $$; exit 1" : "kill -9 $$");
		tender_expect(&t, i % 2 ? SUP_END_EXITED : SUP_END_SIGNALLED, i % 2 ? 1 : 9);
		ck_assert(tender_has(&t, "status") && tender_has(&t, "pid"));
		tender_release(&t);
		tender_wait(&t, SUP_IDLE);
	}
	ck_assert_uint_eq(count_fds(t.pid), fds);
	tender_close(&t);
}
END_TEST

/* The second run's spool grows to where the first one's ended. */
START_TEST(a_reader_of_the_next_run_is_told_as_well)
{
	tender_open(&t);
	for (int i = 0; i < 2; i++) {
		tender_run(&t, "read -r x; echo $x; read -r x");
		tender_read(&t);
		tender_send(&t, SUP_INPUT, 0, "abc\n", 4);
		tender_await(&t, "abc\n");
		tender_send(&t, SUP_INPUT_END, 0, NULL, 0);
		tender_expect(&t, SUP_END_EXITED, 1);
		tender_release(&t);
		tender_wait(&t, SUP_IDLE);
	}
	tender_close(&t);
}
END_TEST

START_TEST(released_with_one_it_goes)
{
	char path[2 * TMP_DIR_MAX + 64];

	tender_open(&t);
	tender_run(&t, "true");
	tender_expect(&t, SUP_END_EXITED, 0);
	snprintf(path, sizeof path, "%s/%s", t.dir, t.idle);
	ck_assert_int_eq(rename(t.home, path), 0);
	tender_send(&t, SUP_RELEASE, 1, NULL, 0);
	ck_assert_uint_eq(tender_next(&t), 0);
	tender_close(&t);
}
END_TEST

/* ---- what is left of a supervisor that was killed ---- */

/* `sloth-supervise --sweep`: its exit status. */
static int sweep(const char *pid, const char *start, const char *id, const char *cgroup)
{
	const char *program = tender_program();
	pid_t child = fork();
	int status;

	if (child == 0) {
		execl(program, program, "--sweep", pid, start, id, cgroup, NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

static int sweep_run(const char *cgroup)
{
	char *text = tmp_read(tender_path(&t, "pid")), *start = strchr(text, ' ');
	int rc;

	*start++ = '\0';
	start[strcspn(start, " ")] = '\0';
	rc = sweep(text, start, tender_run_id(), cgroup);
	free(text);
	return rc;
}

/* Itself, a child, one in another session. Each writes its pid. */
static const char family[] =
	"echo $$;"
	"sh -c 'echo $$; while :; do sleep 600; done' &"
	"(setsid nohup sh -c 'echo $$; exec >/dev/null 2>&1 </dev/null; (sleep 600; sleep 600) & sleep 600; wait' &);"
	"while :; do sleep 600; done";

START_TEST(a_sweep_ends_what_a_killed_supervisor_has_left)
{
	pid_t pids[3];
	const char *at;
	char *end;

	tender_open(&t);
	tender_run(&t, family);
	tender_wait(&t, SUP_STARTED);
	tender_await_lines(&t, 3);
	at = buf_string(&t.out[0]);
	for (int i = 0; i < 3; i++, at = end)
		pids[i] = (pid_t)strtol(at, &end, 10);
	kill(t.pid, SIGKILL);
	ck_assert_int_eq(tender_wait_exit(&t), 128 + SIGKILL);
	ck_assert(!tender_has(&t, "status"));
	ck_assert_int_eq(sweep_run(NULL), 0);
	for (int i = 0; i < 3; i++)
		await_death(pids[i]);
	ck_assert_int_eq(sweep_run(NULL), 0);		/* again: nothing to do */
	tender_clear(&t);
	tender_close(&t);
}
END_TEST

/* Of another session, without its environment, given to somebody else: only the cgroup still knows it. */
START_TEST(a_cgroup_knows_who_has_hidden)
{
	const char *cgroup = tender_cgroup();
	pid_t hidden;

	if (!cgroup)
		return;
	tender_open(&t);
	tender_shell(&t, "(env -i setsid sh -c 'echo $$; exec >/dev/null 2>&1; while :; do sleep 600; done' &); sleep 600");
	t.spec.cgroup = cgroup;
	tender_go(&t);
	tender_wait(&t, SUP_STARTED);
	tender_await_lines(&t, 1);
	hidden = (pid_t)atoi(tender_output(&t, 0));
	kill(t.pid, SIGKILL);
	ck_assert_int_eq(tender_wait_exit(&t), 128 + SIGKILL);
	ck_assert_int_eq(sweep_run(cgroup), 0);
	await_death(hidden);
	ck_assert_int_eq(rmdir(cgroup), 0);
	tender_clear(&t);
	tender_close(&t);
}
END_TEST

START_TEST(a_sweep_leaves_others_alone)
{
	char pid[20];
	pid_t other = fork();

	if (other == 0) {
		setsid();
		execl("/bin/sleep", "sleep", "600", NULL);
		_exit(127);
	}
	/* Its number, but not when it started: it is somebody else. */
	snprintf(pid, sizeof pid, "%d", (int)other);
	ck_assert_int_eq(sweep(pid, "1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0c", NULL), 0);
	ck_assert(process_lives(other));
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
}
END_TEST

START_TEST(a_sweep_says_what_it_does_not_understand)
{
	ck_assert_int_eq(sweep("1", "2", "not an id", NULL), 64);
	ck_assert_int_eq(sweep("x", "2", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0c", NULL), 64);
}
END_TEST

UNIT_MAIN(the_file_says_what_the_packet_said, without_an_agent_an_idle_one_removes_its_directory_and_goes,
	  a_run_that_was_sent_begins_though_its_agent_is_gone, the_lock_is_held_for_life_and_the_pid_is_told,
	  without_a_directory_it_goes_with_its_agent, another_agent_goes_on_where_the_first_one_was, the_newest_connection_is_the_agent,
	  who_comes_after_the_end_is_told_it, a_run_that_nobody_asks_for_is_cancelled_in_time,
	  its_end_does_not_wait_for_a_spool_that_nobody_reads, output_that_nobody_wants_does_not_hold_up_the_end,
	  an_agent_that_comes_in_time_saves_it, a_detached_run_keeps_its_newest_output_and_its_files,
	  the_agent_may_choose_another_directory, from_another_directory_it_comes_back_to_its_own,
	  one_supervisor_has_many_runs_and_grows_not, a_reader_of_the_next_run_is_told_as_well,
	  released_with_one_it_goes,
	  a_sweep_ends_what_a_killed_supervisor_has_left, a_cgroup_knows_who_has_hidden, a_sweep_leaves_others_alone,
	  a_sweep_says_what_it_does_not_understand)
