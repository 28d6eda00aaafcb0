/*
 * test_proc.c - real processes: how they start, what they find, how they end, who is signalled.
 *
 * no valgrind: it does not know pidfd_open(2)
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/proc.h"
#include "agent/session.h"
#include "common/buf.h"
#include "common/fd.h"
#include "common/mem.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

enum { WAIT_MS = 20000 };

static char *const env[] = { (char[]){ "A=b" }, NULL };

struct child {
	struct proc_host *host;
	struct user *user;
	struct proc_spec spec;
	struct proc_failure failure;
	struct proc proc;
	int out;			/* reading end of its stdout */
	const char *paths[2];
	char *argv[4];
};

static void child_init(struct child *c, const char *program, const char *arg1, const char *arg2)
{
	memset(c, 0, sizeof *c);
	c->host = proc_host_new();
	c->user = user_own();
	c->paths[0] = program;
	c->argv[0] = (char *)(uintptr_t)program;
	c->argv[1] = (char *)(uintptr_t)arg1;
	c->argv[2] = (char *)(uintptr_t)arg2;
	c->spec = (struct proc_spec){
		.paths = c->paths, .argv = c->argv, .env = env, .cwd = "/", .user = c->user, .script = -1,
	};
}

static int child_spawn(struct child *c)
{
	int ends[2], rc;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	c->out = ends[0];
	c->spec.fds[0] = proc_host_null(c->host);
	c->spec.fds[1] = c->spec.fds[2] = ends[1];
	rc = proc_spawn(c->host, &c->spec, &c->proc, &c->failure);
	close(ends[1]);
	return rc;
}

/* "sh -c script", started. */
static void child_shell(struct child *c, const char *script)
{
	child_init(c, "/bin/sh", "-c", script);
	ck_assert_int_eq(child_spawn(c), 0);
}

static void child_done(struct child *c)
{
	if (c->proc.pid)
		proc_done(&c->proc);
	close(c->out);
	user_free(c->user);
	proc_host_free(c->host);
}

static struct proc_status child_wait(struct child *c)
{
	struct pollfd p = { .fd = c->proc.pidfd, .events = POLLIN };
	struct proc_status status = { -1, -1 };

	ck_assert_int_eq(poll(&p, 1, WAIT_MS), 1);
	ck_assert(proc_has_ended(&c->proc, &status));
	return status;
}

/* All it writes; the string lives until the next call. */
static const char *child_read(struct child *c)
{
	static struct buf text;
	ssize_t n;

	buf_clear(&text);
	while ((n = read(c->out, buf_reserve(&text, 4096), 4096)) > 0)
		buf_commit(&text, (size_t)n);
	return buf_string(&text);
}

static void read_line(struct child *c, char *line, size_t size)
{
	size_t n = 0;

	while (n + 1 < size && read(c->out, line + n, 1) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
}

START_TEST(exit_status_and_signal_are_told_apart)
{
	struct child c;

	child_shell(&c, "exit 7");
	ck_assert_int_eq(child_wait(&c).code, 7);
	ck_assert_int_eq(child_wait(&c).signal, 0);
	child_done(&c);
	child_shell(&c, "kill -9 $$");
	ck_assert_int_eq(child_wait(&c).signal, 9);
	child_done(&c);
}
END_TEST

START_TEST(the_zombie_is_kept_until_done)
{
	struct child c;
	pid_t pid;

	child_shell(&c, "exit 0");
	pid = c.proc.pid;
	child_wait(&c);
	ck_assert_int_eq(kill(pid, 0), 0);
	proc_done(&c.proc);
	ck_assert_int_eq(kill(pid, 0), -1);
	child_done(&c);
}
END_TEST

START_TEST(it_leads_a_session_with_three_descriptors_and_its_environment)
{
	struct child c;
	char expected[100];

	child_shell(&c, "ls -m /proc/$$/fd; read -r a b c d e f g < /proc/$$/stat; echo $a $e $f; echo $A; pwd; "
		    "umask; ulimit -Sn");
	snprintf(expected, sizeof expected, "0, 1, 2\n%d %d %d\nb\n/\n0022\n1024\n", c.proc.pid, c.proc.pid, c.proc.pid);
	ck_assert_str_eq(child_read(&c), expected);
	child_wait(&c);
	child_done(&c);
}
END_TEST

START_TEST(it_starts_with_default_signals_whatever_the_agent_has)
{
	struct child c;
	sigset_t set;

	proc_reset_signals();		/* as the agent does when it starts */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	child_shell(&c, "grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\\t\\n'");
	ck_assert_str_eq(child_read(&c), "SigBlk:0000000000000000SigIgn:0000000000000000");
	sigprocmask(SIG_BLOCK, NULL, &set);
	ck_assert(sigismember(&set, SIGUSR1));
	child_wait(&c);
	child_done(&c);
}
END_TEST

static void expect_failure(struct child *c, enum proc_step step, int error, int code, const char *words)
{
	int got;
	char *text;

	ck_assert_int_eq(child_spawn(c), -1);
	ck_assert_int_eq(c->failure.step, step);
	ck_assert_int_eq(c->failure.error, error);
	text = proc_failure_text(&c->failure, &c->spec, &got);
	ck_assert_str_eq(text, words);
	ck_assert_int_eq(got, code);
	free(text);
	child_done(c);
}

START_TEST(what_is_not_there_is_127_and_what_cannot_be_executed_126)
{
	struct child c;

	child_init(&c, "/nosuch/program", NULL, NULL);
	expect_failure(&c, PROC_EXEC, ENOENT, 127, "\"/nosuch/program\": No such file or directory");
	child_init(&c, "/etc/passwd", NULL, NULL);
	expect_failure(&c, PROC_EXEC, EACCES, 126, "\"/etc/passwd\": Permission denied");
	child_init(&c, "/nosuch/program", NULL, NULL);
	c.argv[0] = (char[]){ "program" };
	expect_failure(&c, PROC_EXEC, ENOENT, 127, "\"program\": command not found");
}
END_TEST

START_TEST(a_file_without_an_interpreter_is_not_given_to_a_shell)
{
	const char *path = tmp_file("text", "echo hello\n");
	char words[300];
	struct child c;

	ck_assert_int_eq(access(path, R_OK), 0);
	ck_assert_int_eq(chmod(path, 0700), 0);
	child_init(&c, path, NULL, NULL);
	snprintf(words, sizeof words, "\"%s\": neither a program nor a script that names its interpreter", path);
	expect_failure(&c, PROC_EXEC, ENOEXEC, 126, words);
}
END_TEST

START_TEST(a_missing_working_directory_is_an_error_unless_it_may_fail)
{
	struct child c;

	child_init(&c, "/bin/pwd", NULL, NULL);
	c.spec.cwd = "/nosuch";
	expect_failure(&c, PROC_CWD, ENOENT, 0, "working directory \"/nosuch\": No such file or directory");
	child_init(&c, "/bin/pwd", NULL, NULL);
	c.spec.cwd = "/nosuch";
	c.spec.cwd_may_fail = true;
	ck_assert_int_eq(child_spawn(&c), 0);
	ck_assert_str_eq(child_read(&c), "/\n");
	child_wait(&c);
	child_done(&c);
}
END_TEST

START_TEST(arguments_beyond_the_systems_limit_are_said_to_be)
{
	enum { HUGE_ARG = 200 * 1024 };
	char *huge = mem_alloc(HUGE_ARG + 1);
	struct child c;

	memset(huge, 'x', HUGE_ARG);
	child_init(&c, "/bin/true", huge, NULL);
	expect_failure(&c, PROC_EXEC, E2BIG, 126, "\"/bin/true\": arguments and environment together are more than "
		       "the system takes");
	free(huge);
}
END_TEST

START_TEST(the_first_program_that_exists_is_run)
{
	const char *paths[] = { "/nosuch/echo", "/etc/passwd/echo", "/bin/echo", NULL };
	struct child c;

	child_init(&c, "echo", "hello", NULL);
	c.spec.paths = paths;
	ck_assert_int_eq(child_spawn(&c), 0);
	ck_assert_str_eq(child_read(&c), "hello\n");
	child_wait(&c);
	child_done(&c);
}
END_TEST

START_TEST(a_user_is_switched_to_with_its_groups_for_good)
{
	struct user *nobody;
	char *error = NULL;
	struct child c;

	if (geteuid() != 0)
		return;		/* only root can */
	ck_assert_int_eq(user_lookup("nobody", &nobody, &error), 0);
	child_init(&c, "/bin/sh", "-c", "id -u; id -G | wc -w; grep -E '^(Uid|CapEff)' /proc/self/status | tr -d '\\n'");
	user_free(c.user);
	c.spec.user = c.user = nobody;
	ck_assert_int_eq(child_spawn(&c), 0);
	ck_assert_str_eq(child_read(&c), "65534\n1\nUid:\t65534\t65534\t65534\t65534CapEff:\t0000000000000000");
	child_wait(&c);
	child_done(&c);
}
END_TEST

START_TEST(a_user_that_is_not_there_is_refused_in_words)
{
	char *error = NULL;
	struct user *u;

	ck_assert_int_eq(user_lookup("no such\nuser", &u, &error), -ENOENT);
	ck_assert_str_eq(error, "cannot run as \"no such\\nuser\": no such user on this machine");
	free(error);
}
END_TEST

START_TEST(a_signal_reaches_the_whole_process_group)
{
	char line[16];
	struct child c;

	child_shell(&c, "sleep 600 & echo ready; wait");
	read_line(&c, line, sizeof line);
	ck_assert_int_eq(proc_signal(&c.proc, SIGTERM), 0);
	ck_assert_int_eq(child_wait(&c).signal, SIGTERM);
	ck_assert_str_eq(child_read(&c), "");	/* end of file: sleep is gone too */
	child_done(&c);
}
END_TEST

/* Until the session has no member that is alive. */
static void wait_empty(struct session_list *l, pid_t sid)
{
	unsigned turn = 1000;

	for (int i = 0; session_count(l, turn++, sid).alive > 0; i++) {
		ck_assert_int_lt(i, WAIT_MS / 10);
		poll(NULL, 0, 10);
	}
}

START_TEST(members_that_left_the_group_are_found_through_the_session)
{
	struct session_list *l = session_list_new();
	struct session_count count;
	char line[16];
	struct child c;

	/* set -m gives the background process a group of its own. */
	child_init(&c, "/bin/bash", "-c", "set -m; sleep 600 & echo ready; wait");
	ck_assert_int_eq(child_spawn(&c), 0);
	read_line(&c, line, sizeof line);
	count = session_count(l, 1, c.proc.pid);
	ck_assert_uint_eq(count.listed, 1);
	ck_assert_uint_eq(count.alive, 1);
	proc_signal(&c.proc, SIGKILL);
	child_wait(&c);
	ck_assert_uint_eq(session_count(l, 2, c.proc.pid).alive, 1);
	session_signal(l, 2, c.proc.pid, SIGKILL);
	wait_empty(l, c.proc.pid);
	child_done(&c);
	session_list_free(l);
}
END_TEST

START_TEST(one_walk_serves_a_turn)
{
	struct session_list *l = session_list_new();
	struct child c;
	char line[16];

	ck_assert_uint_eq(session_count(l, 1, getpid()).listed, 0);
	child_shell(&c, "sleep 600 & echo ready; wait");
	read_line(&c, line, sizeof line);
	ck_assert_uint_eq(session_count(l, 1, c.proc.pid).listed, 0);
	ck_assert_uint_eq(session_count(l, 2, c.proc.pid).listed, 1);
	proc_signal(&c.proc, SIGKILL);
	child_wait(&c);
	child_done(&c);
	session_list_free(l);
}
END_TEST

UNIT_MAIN(exit_status_and_signal_are_told_apart, the_zombie_is_kept_until_done,
	  it_leads_a_session_with_three_descriptors_and_its_environment,
	  it_starts_with_default_signals_whatever_the_agent_has,
	  what_is_not_there_is_127_and_what_cannot_be_executed_126,
	  a_file_without_an_interpreter_is_not_given_to_a_shell,
	  a_missing_working_directory_is_an_error_unless_it_may_fail,
	  arguments_beyond_the_systems_limit_are_said_to_be, the_first_program_that_exists_is_run,
	  a_user_is_switched_to_with_its_groups_for_good, a_user_that_is_not_there_is_refused_in_words,
	  a_signal_reaches_the_whole_process_group, members_that_left_the_group_are_found_through_the_session,
	  one_walk_serves_a_turn)
