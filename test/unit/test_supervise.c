/*
 * test_supervise.c - a real supervisor: what a run is given and what comes back. The test is the agent.
 *
 * no valgrind: the program under test is another process
 */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "agent/supervise/spool.h"
#include "common/fd.h"
#include "common/mem.h"
#include "test/lib/tender.h"
#include "test/lib/unit.h"

static struct tender t;

START_TEST(a_command_runs_from_end_to_end)
{
	tender_open(&t);
	tender_run(&t, "echo out; echo err >&2; exit 7");
	ck_assert_uint_eq(tender_next(&t), SUP_STARTED);
	ck_assert_uint_gt(t.value, 1);
	tender_expect(&t, SUP_END_EXITED, 7);
	ck_assert_str_eq(tender_output(&t, 0), "out\n");
	ck_assert_str_eq(tender_output(&t, 1), "err\n");
	ck_assert_uint_eq(t.status.total[0], 4);
	ck_assert_uint_eq(t.status.total[1], 4);
	ck_assert_uint_eq(t.status.output_cut, 0);
	ck_assert_uint_eq(t.status.containment, SUP_CONTAINED_SUBREAPER);
	ck_assert_uint_ge(t.status.ended_us, t.status.started_us);
	tender_release(&t);
	ck_assert_uint_eq(tender_next(&t), SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(a_signal_is_told_apart_from_an_exit)
{
	tender_open(&t);
	tender_run(&t, "kill -9 $$");
	tender_expect(&t, SUP_END_SIGNALLED, SIGKILL);
	ck_assert_int_eq(t.status.signal, SIGKILL);
	ck_assert_str_eq(t.reason, "killed by signal 9 (Killed)");
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

/* Ends without having been started. */
static void expect_refusal(int code, const char *words)
{
	tender_go(&t);
	ck_assert_uint_eq(tender_next(&t), SUP_ENDED);
	ck_assert_uint_eq(t.status.end, SUP_END_NOT_STARTED);
	ck_assert_int_eq(t.status.code, code);
	ck_assert_str_eq(t.reason, words);
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
}

START_TEST(what_cannot_be_started_is_said_in_words)
{
	enum { HUGE_ARG = 200 * 1024 };
	char *huge = mem_alloc(HUGE_ARG + 1);

	tender_open(&t);
	tender_shell(&t, "true");
	t.paths[0] = "/nosuch/program";
	t.argv[0] = (char[]){ "program" };
	expect_refusal(127, "\"program\": command not found");
	t.argv[0] = (char[]){ "/nosuch/program" };
	expect_refusal(127, "\"/nosuch/program\": No such file or directory");
	t.paths[0] = t.argv[0] = (char[]){ "/etc/passwd" };
	expect_refusal(126, "\"/etc/passwd\": Permission denied");
	tender_shell(&t, "true");
	t.spec.cwd = "/nosuch";
	expect_refusal(0, "working directory \"/nosuch\": No such file or directory");
	memset(huge, 'x', HUGE_ARG);
	tender_shell(&t, huge);
	expect_refusal(126, "\"sh\": arguments and environment together are more than the system takes");
	tender_shell(&t, "true");
	t.spec.argv = NULL;
	expect_refusal(0, "its specification cannot be read: Bad message");
	free(huge);
	tender_close(&t);
}
END_TEST

START_TEST(a_file_without_an_interpreter_is_not_given_to_a_shell)
{
	const char *path = tmp_file("text", "echo hello\n");
	char words[300];

	ck_assert_int_eq(chmod(path, 0700), 0);
	tender_open(&t);
	tender_shell(&t, "true");
	t.paths[0] = path;
	t.argv[0] = (char *)(uintptr_t)path;
	snprintf(words, sizeof words, "\"%s\": neither a program nor a script that names its interpreter", path);
	expect_refusal(126, words);
	tender_close(&t);
}
END_TEST

/* Runs it; all of its output. */
static const char *output_of(const char *script)
{
	tender_run(&t, script);
	tender_expect(&t, SUP_END_EXITED, 0);
	return tender_output(&t, 0);
}

START_TEST(it_leads_a_session_with_three_descriptors_and_its_environment)
{
	char expected[200];
	int pid;

	tender_open(&t);
	tender_run(&t, "ls -m /proc/$$/fd; read -r a b c d e f g </proc/$$/stat; echo $a $e $f; env | grep -v ^PWD= | sort; "
		   "pwd; umask; ulimit -Sn; cat /proc/self/oom_score_adj");
	tender_wait(&t, SUP_STARTED);
	pid = (int)t.value;
	tender_expect(&t, SUP_END_EXITED, 0);
	snprintf(expected, sizeof expected, "0, 1, 2\n%d %d %d\nPATH=/usr/bin:/bin\n"
		 "SLOTH_RUN_ID=%s\n/\n0022\n1024\n0\n", pid, pid, pid, tender_run_id());
	ck_assert_str_eq(tender_output(&t, 0), expected);
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	ck_assert_str_eq(output_of("grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\\t\\n'"),
			 "SigBlk:0000000000000000SigIgn:0000000000000000");
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(a_working_directory_that_may_fail_becomes_the_root)
{
	tender_open(&t);
	tender_shell(&t, "pwd");
	t.spec.cwd = "/nosuch";
	t.spec.cwd_may_fail = true;
	tender_go(&t);
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_str_eq(tender_output(&t, 0), "/\n");
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(a_script_is_descriptor_three)
{
	tender_open(&t);
	tender_shell(&t, NULL);
	t.argv[1] = (char[]){ "/proc/self/fd/3" };
	t.spec.script = "exec 3<&-;echo hello; ls -m /proc/$$/fd | head -c 4";
	tender_go(&t);
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_str_eq(tender_output(&t, 0), "hello\n0, 1");
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(limits_and_nice_values_are_set)
{
	tender_open(&t);
	tender_shell(&t, "ulimit -Sn; ulimit -Hn; ulimit -c; nice");
	t.spec.limits[0] = (struct spec_limit){ RLIMIT_NOFILE, 0, 100, 200 };
	t.spec.limits[1] = (struct spec_limit){ RLIMIT_CORE, 0, 0, 0 };
	t.spec.n_limits = 2;
	t.spec.nice = 3;
	tender_go(&t);
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_str_eq(tender_output(&t, 0), "100\n200\n0\n3\n");
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(a_limit_that_is_refused_is_named)
{
	tender_open(&t);
	tender_shell(&t, "true");
	t.spec.limits[0] = (struct spec_limit){ RLIMIT_NOFILE, 0, 200, 100 };
	t.spec.n_limits = 1;
	expect_refusal(0, "resource limit nofile cannot be set: Invalid argument");
	tender_close(&t);
}
END_TEST

START_TEST(a_user_is_switched_to_with_its_groups_for_good)
{
	uint32_t groups[] = { 65534 };

	if (geteuid() != 0)
		return;		/* only root can */
	tender_open(&t);
	tender_shell(&t, "id -u; id -G; grep -E '^(Uid|CapEff)' /proc/self/status | tr -d '\\n'");
	t.spec.is_own_user = false;
	t.spec.uid = t.spec.gid = 65534;
	t.spec.groups = groups;
	t.spec.n_groups = 1;
	tender_go(&t);
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_str_eq(tender_output(&t, 0), "65534\n65534\nUid:\t65534\t65534\t65534\t65534CapEff:\t0000000000000000");
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(input_goes_through_and_its_end_too)
{
	tender_open(&t);
	tender_run(&t, "cat; echo end");
	tender_send(&t, SUP_INPUT, 0, "hello ", 6);
	tender_send(&t, SUP_INPUT, 6, "world\n", 6);
	tender_wait(&t, SUP_TAKEN);
	while (t.value < 12)
		tender_wait(&t, SUP_TAKEN);
	ck_assert_uint_eq(t.value, 12);
	tender_send(&t, SUP_INPUT_END, 0, NULL, 0);
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_str_eq(tender_output(&t, 0), "hello world\nend\n");
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(input_that_nobody_reads_is_closed)
{
	uint64_t offset = 0;

	tender_open(&t);
	tender_run(&t, "exec <&-; echo closed; sleep 600");
	tender_await(&t, "closed\n");
	tender_send(&t, SUP_INPUT, offset, "x", 1);
	tender_wait(&t, SUP_TAKEN);
	ck_assert(t.value & UINT64_C(1) << 63);
	tender_send(&t, SUP_KILL, SUP_END_CANCELLED, "enough", 6);
	tender_expect(&t, SUP_END_CANCELLED, 0);
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(input_is_held_for_a_process_that_does_not_read_yet)
{
	enum { PIECE = 32 * 1024, PIECES = 8 };
	static uint8_t piece[PIECE];

	tender_open(&t);
	tender_run(&t, "read -r line; echo $line; wc -c");
	tender_send(&t, SUP_INPUT, 0, "go\n", 3);
	for (uint64_t i = 0; i < PIECES; i++)
		tender_send(&t, SUP_INPUT, 3 + i * PIECE, piece, PIECE);
	tender_send(&t, SUP_INPUT_END, 0, NULL, 0);
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_str_eq(tender_output(&t, 0), "go\n262144\n");
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(without_input_it_reads_the_end)
{
	tender_open(&t);
	tender_shell(&t, "cat; readlink /proc/self/fd/0");
	t.spec.no_input = true;
	tender_go(&t);
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_str_eq(tender_output(&t, 0), "/dev/null\n");
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(output_beyond_the_spool_waits_until_some_was_freed)
{
	enum { TOTAL = 20000000, LIMIT = 300 * 1024 };
	uint64_t position = 0, most = 0, wrong = 0;

	tender_open(&t);
	tender_shell(&t, "yes 0123456789abcde | head -c 20000000");
	t.spec.spool_max = LIMIT;
	tender_go(&t);
	tender_wait(&t, SUP_STARTED);
	while (position < TOTAL) {
		uint64_t held;

		tender_read(&t);
		held = t.head->end - t.head->base;
		most = held > most ? held : most;
		for (size_t i = 0; i < buf_len(&t.out[0]); i++)
			wrong += buf_data(&t.out[0])[i] != (uint8_t)"0123456789abcde\n"[(position + i) % 16];
		position += buf_len(&t.out[0]);
		buf_clear(&t.out[0]);
		tender_send(&t, SUP_FREE, position, NULL, 0);
		t.head->wants = 1;
		if (t.head->end == t.read_to && position < TOTAL)
			tender_wait(&t, SUP_GREW);
	}
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_uint_eq(t.status.total[0], TOTAL);
	ck_assert_uint_eq(position, TOTAL);
	ck_assert_uint_le(most, LIMIT);
	ck_assert_uint_eq(wrong, 0);
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

/* Waits until it is in the same write(2), or wait4(2) of those who write, twice in a row. */
static void await_blocked(pid_t pid)
{
	char path[64];
	struct buf last = { 0 }, text = { 0 };
	bool is_blocked = false;

	snprintf(path, sizeof path, "/proc/%d/syscall", pid);
	for (int i = 0; i < TENDER_WAIT_MS / 20 && !is_blocked; i++) {
		poll(NULL, 0, 20);
		buf_clear(&text);
		ck_assert_int_eq(fd_read_file(path, 1000, &text), 0);
		is_blocked = strncmp(buf_string(&text), "running", 7) != 0 && buf_len(&last) > 0 &&
			     strcmp(buf_string(&text), buf_string(&last)) == 0;
		buf_clear(&last);
		buf_append(&last, buf_data(&text), buf_len(&text));
	}
	buf_done(&text);
	buf_done(&last);
	ck_assert(is_blocked);
}

START_TEST(a_full_spool_blocks_the_process_and_loses_nothing)
{
	pid_t pid;

	tender_open(&t);
	tender_shell(&t, "exec yes");
	t.spec.spool_max = 128 * 1024;
	tender_go(&t);
	tender_wait(&t, SUP_STARTED);
	pid = (pid_t)t.value;
	await_blocked(pid);
	tender_read(&t);
	ck_assert_uint_le(t.head->end - t.head->base, 128 * 1024);
	tender_send(&t, SUP_SIGNAL, SIGTERM, NULL, 0);
	tender_send(&t, SUP_FREE, buf_len(&t.out[0]), NULL, 0);
	for (;;) {	/* what was in the pipe comes, then the end */
		tender_read(&t);
		tender_send(&t, SUP_FREE, buf_len(&t.out[0]), NULL, 0);
		t.head->wants = 1;
		if (t.head->end != t.read_to)
			continue;
		if (tender_next(&t) == SUP_ENDED)
			break;
	}
	tender_read(&t);
	ck_assert_uint_eq(t.status.end, SUP_END_SIGNALLED);
	ck_assert_uint_eq(t.status.total[0], buf_len(&t.out[0]));
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

/* A file system of this size for the run's directory, in a mount namespace of the test's. False: not possible here. */
static bool mount_small(const char *options, char *dir)
{
	tmp_make_dir(dir);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", dir, "tmpfs", 0, options)) {
		printf("no file system can be mounted here: a full disk is not tested\n");
		rmdir(dir);
		return false;
	}
	setenv("TMPDIR", dir, 1);
	return true;
}

static void unmount(const char *dir)
{
	ck_assert_int_eq(umount2(dir, MNT_DETACH), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(a_full_disk_blocks_the_process_and_loses_nothing)
{
	enum { TOTAL = 3000000 };
	char dir[TMP_DIR_MAX];
	uint64_t position = 0;

	if (!mount_small("size=512k", dir))
		return;
	tender_open(&t);
	tender_run(&t, "yes | head -c 3000000");
	tender_wait(&t, SUP_STARTED);
	await_blocked((pid_t)t.value);		/* the shell, in wait4(2) */
	while (position < TOTAL) {
		tender_read(&t);
		position += buf_len(&t.out[0]);
		buf_clear(&t.out[0]);
		tender_send(&t, SUP_FREE, position, NULL, 0);
		t.head->wants = 1;
		if (t.head->end == t.read_to && position < TOTAL)
			tender_wait(&t, SUP_GREW);
	}
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_uint_eq(position, TOTAL);
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
	unmount(dir);
}
END_TEST

START_TEST(a_full_disk_lets_a_detached_run_go_on)
{
	char dir[TMP_DIR_MAX];

	if (!mount_small("size=512k", dir))
		return;
	tender_open(&t);
	tender_shell(&t, "yes | head -c 3000000; echo last");
	t.spec.is_detached = true;
	tender_go(&t);
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_uint_eq(t.status.total[0], 3000005);
	ck_assert_int_eq(tender_wait_exit(&t), 0);
	tender_read(&t);
	ck_assert_uint_eq(t.head->base_position + buf_len(&t.out[0]), 3000005);
	tender_clear(&t);
	tender_close(&t);
	unmount(dir);
}
END_TEST

START_TEST(what_is_to_stay_free_stays_free)
{
	enum { FREE_MIN = 4 * 1024 * 1024 };
	char dir[TMP_DIR_MAX];
	struct statfs fs;

	if (!mount_small("size=8m", dir))
		return;
	tender_open(&t);
	tender_shell(&t, "exec yes");
	t.spec.free_min = FREE_MIN;
	tender_go(&t);
	tender_wait(&t, SUP_STARTED);
	await_blocked((pid_t)t.value);
	ck_assert_int_eq(statfs(dir, &fs), 0);
	ck_assert_uint_ge((uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize + SPOOL_CHECK_BYTES + SUP_DATA_MAX, FREE_MIN);
	tender_send(&t, SUP_KILL, SUP_END_CANCELLED, "x", 1);
	tender_send(&t, SUP_FREE, UINT64_MAX, NULL, 0);
	tender_expect(&t, SUP_END_CANCELLED, 0);
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
	unmount(dir);
}
END_TEST

START_TEST(a_terminal_is_one_and_its_input_ends)
{
	tender_open(&t);
	tender_shell(&t, "test -t 0 && test -t 1 && test -t 2 && echo yes; stty size; tty >/dev/null </dev/tty && cat; echo end");
	t.spec.has_terminal = true;
	t.spec.rows = 31;
	t.spec.columns = 77;
	tender_go(&t);
	tender_await(&t, "31 77\r\n");
	tender_send(&t, SUP_INPUT, 0, "in\n", 3);
	tender_await(&t, "in\r\nin\r\n");
	tender_send(&t, SUP_INPUT_END, 0, NULL, 0);
	tender_expect(&t, SUP_END_EXITED, 0);
	ck_assert_str_eq(tender_output(&t, 0), "yes\r\n31 77\r\nin\r\nin\r\nend\r\n");
	ck_assert_uint_eq(t.status.total[1], 0);
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

START_TEST(a_terminal_is_resized_and_signals_go_to_its_foreground)
{
	tender_open(&t);
	tender_shell(&t, "trap 'stty size' WINCH; trap 'echo interrupted; exit 3' INT; echo ready; while :; do sleep 0.05; done");
	t.spec.has_terminal = true;
	tender_go(&t);
	tender_await(&t, "ready\r\n");
	tender_send(&t, SUP_RESIZE, 50 << 16 | 132, NULL, 0);
	tender_await(&t, "50 132\r\n");
	tender_send(&t, SUP_SIGNAL, SIGINT, NULL, 0);
	tender_expect(&t, SUP_END_EXITED, 3);
	tender_release(&t);
	tender_wait(&t, SUP_IDLE);
	tender_close(&t);
}
END_TEST

UNIT_MAIN(a_command_runs_from_end_to_end, a_signal_is_told_apart_from_an_exit, what_cannot_be_started_is_said_in_words,
	  a_file_without_an_interpreter_is_not_given_to_a_shell,
	  it_leads_a_session_with_three_descriptors_and_its_environment, a_working_directory_that_may_fail_becomes_the_root,
	  a_script_is_descriptor_three, limits_and_nice_values_are_set, a_limit_that_is_refused_is_named,
	  a_user_is_switched_to_with_its_groups_for_good, input_goes_through_and_its_end_too,
	  input_that_nobody_reads_is_closed, input_is_held_for_a_process_that_does_not_read_yet,
	  without_input_it_reads_the_end, output_beyond_the_spool_waits_until_some_was_freed,
	  a_full_spool_blocks_the_process_and_loses_nothing, a_full_disk_blocks_the_process_and_loses_nothing,
	  a_full_disk_lets_a_detached_run_go_on, what_is_to_stay_free_stays_free, a_terminal_is_one_and_its_input_ends,
	  a_terminal_is_resized_and_signals_go_to_its_foreground)
