/*
 * test_exec.c - a run's process behind its pipes: output, input, end, kill; against real programs.
 *
 * no valgrind: it does not know pidfd_open(2)
 */
#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/exec.h"
#include "agent/exec_program.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/mem.h"
#include "test/lib/unit.h"

enum { WAIT_MS = 20000 };

static char *const env[] = { (char[]){ "PATH=/nosuch::/usr/bin:/bin" }, NULL };

/* What was heard of one process. */
static struct {
	pid_t pid;
	bool failed, exited, gone, eof[EXEC_N_STREAMS], cut, closed;
	int code, signal;
	char why[200], left[200];
	struct buf out[EXEC_N_STREAMS];
	char order[8];			/* of the first chunks: o, e */
	uint64_t taken;
	size_t pause_at;		/* pauses when stdout has as much; 0: never */
} heard;

static struct ev_loop *loop;
static struct exec_host *host;
static struct user *user;
static struct exec *exec;
static struct exec_spec spec;
static bool is_protected;		/* signals to process groups are refused */

/* In place of the C library's. */
int kill(pid_t pid, int number)
{
	if (!is_protected)
		return (int)syscall(SYS_kill, pid, number);
	errno = EPERM;
	return -1;
}

static void on_started(struct exec *e, pid_t pid, void *arg)
{
	(void)e, (void)arg;
	heard.pid = pid;
}

static void on_failed(struct exec *e, int code, const char *why, void *arg)
{
	(void)e, (void)arg;
	heard.failed = true;
	heard.code = code;
	strncpy(heard.why, why, sizeof heard.why - 1);
}

static void on_output(struct exec *e, enum exec_stream stream, const void *data, size_t n, void *arg)
{
	(void)arg;
	ck_assert_uint_le(n, EXEC_CHUNK_MAX);
	ck_assert(heard.pid > 0);
	buf_append(&heard.out[stream], data, n);
	if (strlen(heard.order) < sizeof heard.order - 1)
		strcat(heard.order, stream == EXEC_STDOUT ? "o" : "e");
	if (heard.pause_at && buf_len(&heard.out[EXEC_STDOUT]) >= heard.pause_at)
		exec_pause(e);
}

static void on_input_taken(struct exec *e, uint64_t offset, bool closed, void *arg)
{
	(void)e, (void)arg;
	ck_assert(heard.pid > 0);
	heard.taken = offset;
	heard.closed = closed;
}

static void on_eof(struct exec *e, enum exec_stream stream, bool cut, void *arg)
{
	(void)e, (void)arg;
	ck_assert(!heard.eof[stream]);
	heard.eof[stream] = true;
	heard.cut = heard.cut || cut;
}

static void on_exited(struct exec *e, int code, int signal, void *arg)
{
	(void)e, (void)arg;
	ck_assert(!heard.exited);
	heard.exited = true;
	heard.code = code;
	heard.signal = signal;
}

static void on_gone(struct exec *e, const char *left, void *arg)
{
	(void)e, (void)arg;
	ck_assert(!heard.gone);
	heard.gone = true;
	if (left)
		strncpy(heard.left, left, sizeof heard.left - 1);
}

static const struct exec_ops ops = {
	.on_started = on_started, .on_failed = on_failed, .on_output = on_output,
	.on_input_taken = on_input_taken, .on_eof = on_eof, .on_exited = on_exited, .on_gone = on_gone,
};

static void open_host(void)
{
	signal(SIGPIPE, SIG_IGN);
	memset(&heard, 0, sizeof heard);
	loop = ev_loop_new(EVFLAG_NOENV);
	host = exec_host_new(loop);
	user = user_own();
	spec = (struct exec_spec){ .shell = "/bin/bash", .env = env, .cwd = "/", .user = user };
}

static void start_spec(void)
{
	exec = exec_start(host, &spec, &ops, NULL);
	ck_assert(heard.pid == 0 && !heard.failed);	/* told from the loop only */
}

static void start(const char *command)
{
	open_host();
	spec.command = command;
	start_spec();
}

static bool is_over(void)
{
	return heard.failed || (heard.exited && heard.eof[EXEC_STDOUT] && heard.eof[EXEC_STDERR]);
}

static bool has_ended_streams(void)
{
	return heard.eof[EXEC_STDOUT] && heard.eof[EXEC_STDERR];
}

static bool has_output(void)
{
	return buf_len(&heard.out[EXEC_STDOUT]) > 0;
}

static bool is_gone(void)
{
	return heard.gone;
}

static bool is_closed(void)
{
	return heard.closed;
}

static void on_tick(struct ev_loop *l, ev_timer *w, int events)
{
	(void)l, (void)w, (void)events;
}

/* Turns the loop until `done`, or, where there is none, for ms. */
static void run_loop(bool (*done)(void), uint64_t ms)
{
	uint64_t end = mono_ms() + ms;
	ev_timer tick;

	ev_timer_init(&tick, on_tick, 0.002, 0.002);
	ev_timer_start(loop, &tick);
	while (mono_ms() < end && !(done && done()))
		ev_run(loop, EVRUN_ONCE);
	ev_timer_stop(loop, &tick);
}

static void run_until(bool (*done)(void))
{
	run_loop(done, WAIT_MS);
	ck_assert_msg(done(), "nothing happens");
}

/* For what must not happen. */
static void run_for(uint64_t ms)
{
	run_loop(NULL, ms);
}

static const char *out(enum exec_stream stream)
{
	return buf_string(&heard.out[stream]);
}

/* Ends with the assertion that no watcher is left. */
static void finish(void)
{
	exec_free(exec);
	ck_assert(!ev_run(loop, EVRUN_NOWAIT));
	exec_host_free(host);
	user_free(user);
	ev_loop_destroy(loop);
	buf_done(&heard.out[EXEC_STDOUT]);
	buf_done(&heard.out[EXEC_STDERR]);
}

START_TEST(output_of_both_streams_and_the_status_arrive)
{
	start("printf 'a\\0b\\377'; printf err >&2; exit 3");
	run_until(is_over);
	ck_assert_mem_eq(out(EXEC_STDOUT), "a\0b\377", 4);
	ck_assert_uint_eq(buf_len(&heard.out[EXEC_STDOUT]), 4);
	ck_assert_str_eq(out(EXEC_STDERR), "err");
	ck_assert_int_eq(heard.code, 3);
	ck_assert_int_eq(heard.signal, 0);
	ck_assert(!heard.cut);
	finish();
}
END_TEST

/* Both pipes are full and the process is over before the loop turns for the first time. */
START_TEST(of_two_streams_that_are_ready_stdout_is_read_first)
{
	siginfo_t info;

	start("echo out; echo err >&2");
	while (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) && errno == EINTR)
		;
	run_until(is_over);
	ck_assert_str_eq(heard.order, "oe");
	finish();
}
END_TEST

START_TEST(large_output_is_whole)
{
	start("head -c 10000000 /dev/zero");
	run_until(is_over);
	ck_assert_uint_eq(buf_len(&heard.out[EXEC_STDOUT]), 10000000);
	finish();
}
END_TEST

START_TEST(an_argument_vector_is_found_in_path_and_executed_without_a_shell)
{
	char *argv[] = { (char[]){ "echo" }, (char[]){ "$HOME" }, (char[]){ "a  b" }, NULL };

	open_host();
	spec.argv = argv;
	start_spec();
	run_until(is_over);
	ck_assert_str_eq(out(EXEC_STDOUT), "$HOME a  b\n");
	finish();
}
END_TEST

START_TEST(a_program_that_is_not_there_fails_with_words)
{
	char *argv[] = { (char[]){ "nosuchprogram" }, NULL };

	open_host();
	spec.argv = argv;
	start_spec();
	run_until(is_over);
	ck_assert(heard.failed);
	ck_assert_int_eq(heard.code, 127);
	ck_assert_str_eq(heard.why, "\"nosuchprogram\": command not found");
	finish();
}
END_TEST

START_TEST(a_command_too_long_for_an_argument_runs_as_a_script_with_the_same_descriptors)
{
	enum { LONG = 300 * 1024 };
	static const char tail[] = "\nls -m /proc/$$/fd; exit 5";
	char *command = mem_alloc(LONG + sizeof tail);

	memset(command, ' ', LONG);
	memcpy(command, ": ", 2);
	memcpy(command + LONG, tail, sizeof tail);
	start(command);
	run_until(is_over);
	ck_assert_int_eq(heard.code, 5);
	ck_assert_str_eq(out(EXEC_STDOUT), "0, 1, 2, 255\n");	/* 255: bash's own, of the script, not inherited */
	free(command);
	finish();
}
END_TEST

START_TEST(input_reaches_the_process_and_is_told_as_taken)
{
	start("cat");
	exec_input(exec, "hello ", 6);
	exec_input(exec, "world", 5);
	exec_input_end(exec);
	run_until(is_over);
	ck_assert_str_eq(out(EXEC_STDOUT), "hello world");
	ck_assert_uint_eq(heard.taken, 11);
	ck_assert(!heard.closed);
	finish();
}
END_TEST

START_TEST(more_input_than_a_pipe_holds_waits_for_its_reader)
{
	enum { MUCH = 3 * 1024 * 1024 };
	char *much = mem_alloc(MUCH);

	for (size_t i = 0; i < MUCH; i++)
		much[i] = (char)(i * 7 + i / 251);
	start("read -r -n 0; cat");
	exec_input(exec, much, MUCH);
	exec_input_end(exec);
	run_until(is_over);
	ck_assert_uint_eq(buf_len(&heard.out[EXEC_STDOUT]), MUCH);
	ck_assert_mem_eq(buf_data(&heard.out[EXEC_STDOUT]), much, MUCH);
	ck_assert_uint_eq(heard.taken, MUCH);
	free(much);
	finish();
}
END_TEST

START_TEST(a_process_that_closes_its_input_is_told)
{
	char *much = mem_alloc(1024 * 1024);

	start("exec <&-; echo closed; sleep 600");
	run_until(has_output);
	exec_input(exec, much, 1024 * 1024);
	run_until(is_closed);
	exec_kill(exec, SIGKILL);
	run_until(is_gone);
	free(much);
	finish();
}
END_TEST

START_TEST(without_input_the_process_reads_end_of_file)
{
	open_host();
	spec.command = "cat; echo end";
	spec.no_input = true;
	start_spec();
	run_until(is_over);
	ck_assert_str_eq(out(EXEC_STDOUT), "end\n");
	finish();
}
END_TEST

START_TEST(a_paused_process_blocks_and_nothing_is_lost)
{
	size_t held;

	start("head -c 5000000 /dev/zero");
	heard.pause_at = 1;
	run_until(has_output);
	held = buf_len(&heard.out[EXEC_STDOUT]);
	run_for(100);
	ck_assert_uint_eq(buf_len(&heard.out[EXEC_STDOUT]), held);
	ck_assert(!heard.exited);
	heard.pause_at = 0;
	exec_resume(exec);
	run_until(is_over);
	ck_assert_uint_eq(buf_len(&heard.out[EXEC_STDOUT]), 5000000);
	finish();
}
END_TEST

START_TEST(a_background_process_that_holds_the_output_is_cut_off)
{
	uint64_t started = mono_ms();

	start("printf abc; sleep 600 & exit 4");
	run_until(is_over);
	ck_assert_int_eq(heard.code, 4);
	ck_assert(heard.cut);
	ck_assert_str_eq(out(EXEC_STDOUT), "abc");
	ck_assert_uint_ge(mono_ms() - started, EXEC_LINGER_MS - 10);
	exec_kill(exec, SIGKILL);
	run_until(is_gone);
	finish();
}
END_TEST

START_TEST(what_was_written_before_the_cut_is_delivered_to_a_slow_reader)
{
	start("printf x; read -r; head -c 50000 /dev/zero; sleep 600 & exit 0");
	heard.pause_at = 1;
	run_until(has_output);
	heard.pause_at = 0;
	exec_input(exec, "go\n", 3);
	run_for(EXEC_LINGER_MS + 100);
	ck_assert(heard.exited && !heard.eof[EXEC_STDOUT]);
	exec_resume(exec);
	run_until(is_over);
	ck_assert_uint_eq(buf_len(&heard.out[EXEC_STDOUT]), 50001);
	exec_kill(exec, SIGKILL);
	run_until(is_gone);
	finish();
}
END_TEST

START_TEST(a_slow_reader_of_all_there_is_is_not_told_of_a_cut)
{
	start("printf x; read -r; head -c 50000 /dev/zero");
	heard.pause_at = 1;
	run_until(has_output);
	heard.pause_at = 0;
	exec_input(exec, "go\n", 3);
	run_for(EXEC_LINGER_MS + 200);
	ck_assert(heard.exited && !heard.eof[EXEC_STDOUT]);
	ck_assert(heard.eof[EXEC_STDERR]);		/* paused and empty */
	exec_resume(exec);
	run_until(is_over);
	ck_assert_uint_eq(buf_len(&heard.out[EXEC_STDOUT]), 50001);
	ck_assert(!heard.cut);
	finish();
}
END_TEST

START_TEST(a_kill_ends_every_process_of_the_session)
{
	start("set -m; sleep 600 & sleep 601 & echo ready; wait");
	run_until(has_output);
	exec_kill(exec, SIGTERM);
	run_until(is_gone);
	run_until(is_over);
	ck_assert_int_eq(heard.signal, SIGTERM);
	ck_assert(!heard.cut);		/* nobody holds the output any more */
	finish();
}
END_TEST

START_TEST(who_ignores_term_is_gone_after_kill)
{
	start("trap '' TERM; (while :; do sleep 600; done) & echo ready; while :; do sleep 600; done");
	run_until(has_output);
	exec_kill(exec, SIGTERM);
	run_for(50);
	ck_assert(!heard.gone);
	exec_kill(exec, SIGKILL);
	run_until(is_gone);
	run_until(is_over);
	ck_assert_int_eq(heard.signal, SIGKILL);
	finish();
}
END_TEST

static bool has_left_no_zombie(void)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d", heard.pid);
	return access(path, F_OK) != 0;
}

START_TEST(who_cannot_be_killed_is_given_up_by_name_and_reaped_when_it_ends)
{
	char expected[64];
	uint64_t killed;

	start("sleep 600 & echo $!; exec sleep 600");
	run_until(has_output);
	is_protected = true;
	exec_kill(exec, SIGTERM);
	killed = mono_ms();
	exec_kill(exec, SIGKILL);
	run_until(is_gone);
	ck_assert_uint_ge(mono_ms() - killed, EXEC_GIVE_UP_MS - 10);
	snprintf(expected, sizeof expected, "pid %d, %d", heard.pid, atoi(out(EXEC_STDOUT)));
	ck_assert_str_eq(heard.left, expected);
	run_loop(has_ended_streams, WAIT_MS);
	ck_assert(heard.cut && !heard.exited);
	exec_free(exec);
	exec = NULL;
	is_protected = false;
	ck_assert_int_eq(kill(-heard.pid, SIGKILL), 0);
	run_until(has_left_no_zombie);
	finish();
}
END_TEST

START_TEST(a_signal_goes_to_the_process_group)
{
	start("trap 'echo got; exit 9' USR1; echo ready; while :; do sleep 0.01; done");
	run_until(has_output);
	exec_signal(exec, SIGUSR1);
	run_until(is_over);
	ck_assert_int_eq(heard.code, 9);
	ck_assert_str_eq(out(EXEC_STDOUT), "ready\ngot\n");
	finish();
}
END_TEST

UNIT_MAIN(output_of_both_streams_and_the_status_arrive, of_two_streams_that_are_ready_stdout_is_read_first,
	  large_output_is_whole,
	  an_argument_vector_is_found_in_path_and_executed_without_a_shell,
	  a_program_that_is_not_there_fails_with_words,
	  a_command_too_long_for_an_argument_runs_as_a_script_with_the_same_descriptors,
	  input_reaches_the_process_and_is_told_as_taken, more_input_than_a_pipe_holds_waits_for_its_reader,
	  a_process_that_closes_its_input_is_told, without_input_the_process_reads_end_of_file,
	  a_paused_process_blocks_and_nothing_is_lost, a_background_process_that_holds_the_output_is_cut_off,
	  what_was_written_before_the_cut_is_delivered_to_a_slow_reader,
	  a_slow_reader_of_all_there_is_is_not_told_of_a_cut,
	  who_cannot_be_killed_is_given_up_by_name_and_reaped_when_it_ends,
	  a_kill_ends_every_process_of_the_session, who_ignores_term_is_gone_after_kill,
	  a_signal_goes_to_the_process_group)
