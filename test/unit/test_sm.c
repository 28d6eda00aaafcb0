#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/sm.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

enum { NEW, RUNNING, DONE };

static const struct sm_state table[] = {
	[NEW]     = { "new",     SM(RUNNING) | SM(DONE) },
	[RUNNING] = { "running", SM(DONE) },
	[DONE]    = { "done",    0 },
};

START_TEST(moves_along_the_table_and_says_so_at_debug)
{
	unsigned state = NEW;
	char *text;

	log_init("test", LOG_DEBUG);
	ck_assert_int_eq(log_open_file(tmp_path("log")), 0);
	sm_move(table, &state, RUNNING, "run 7");
	ck_assert_uint_eq(state, RUNNING);
	sm_move(table, &state, DONE, "run 7");
	ck_assert_uint_eq(state, DONE);
	text = tmp_read(tmp_path("log"));
	ck_assert_ptr_nonnull(strstr(text, "run 7: new -> running\n"));
	ck_assert_ptr_nonnull(strstr(text, "run 7: running -> done\n"));
	free(text);
}
END_TEST

static void expect_abort(unsigned from, unsigned to)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(STDERR_FILENO);
		sm_move(table, &from, to, "run 7");
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

START_TEST(aborts_on_what_the_table_does_not_have)
{
	expect_abort(DONE, NEW);
	expect_abort(DONE, DONE);
	expect_abort(RUNNING, NEW);
	expect_abort(NEW, 4711);
}
END_TEST

UNIT_MAIN(moves_along_the_table_and_says_so_at_debug, aborts_on_what_the_table_does_not_have)
