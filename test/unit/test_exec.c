/*
 * test_exec.c - supervisors as the agent has them: real ones, started, stopped, and in places that are not there.
 *
 * valgrind forks: its tests share what one of them leaves in the process
 */
#include <dirent.h>
#include <ev.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/exec.h"
#include "agent/supervise/spec.h"
#include "common/buf.h"
#include "common/clock.h"
#include "test/lib/tender.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

enum { PATIENCE_MS = 10 * 1000 };

static struct ev_loop *loop;
static struct exec_host *host;
static int runs_fd, other_fd;
static struct sup_status end;
static bool has_started, has_ended;

/* ---- the owner ---- */

static void on_started(struct exec *exec, pid_t pid, void *arg)
{
	(void)exec, (void)pid, (void)arg;
	has_started = true;
}

static void on_failed(struct exec *exec, const char *why, void *arg)
{
	(void)exec, (void)arg;
	ck_abort_msg("%s", why);
}

static void on_grew(struct exec *exec, void *arg)
{
	(void)exec, (void)arg;
}

static void on_input_taken(struct exec *exec, uint64_t offset, bool closed, void *arg)
{
	(void)exec, (void)offset, (void)closed, (void)arg;
}

static void on_state(struct exec *exec, const struct sup_state *state, void *arg)
{
	(void)exec, (void)state, (void)arg;
	ck_abort();
}

static void on_ended(struct exec *exec, const struct sup_status *status, const char *reason, void *arg)
{
	(void)exec, (void)reason, (void)arg;
	end = *status;
	has_ended = true;
}

static void on_lost(struct exec *exec, void *arg)
{
	(void)exec, (void)arg;
	ck_abort();
}

static const struct exec_ops ops = {
	.on_started = on_started, .on_failed = on_failed, .on_grew = on_grew, .on_input_taken = on_input_taken,
	.on_state = on_state, .on_ended = on_ended, .on_lost = on_lost,
};

/* ---- helpers ---- */

static void open_host(void)
{
	ck_assert_int_eq(mkdir(tmp_path("runs"), 0700), 0);
	ck_assert_int_eq(mkdir(tmp_path("other"), 0700), 0);
	runs_fd = open(tmp_path("runs"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	other_fd = open(tmp_path("other"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(other_fd, 0);
	loop = ev_loop_new(EVFLAG_NOENV);
	host = exec_host_new(loop);
	exec_host_open(host, tender_program(), runs_fd);
}

static void close_host(void)
{
	exec_host_free(host);
	ev_loop_destroy(loop);
	close(runs_fd);
	close(other_fd);
}

/* `other`: the path to say for a directory in other_fd; NULL: in the supervisor's own. */
static struct exec *start(const char *other)
{
	static char name[] = "true", *argv[] = { name, NULL };
	static const char *paths[] = { "/bin/true", NULL };
	const struct spec spec = { .paths = paths, .argv = argv, .is_own_user = true, .no_input = true };
	struct buf file = { 0 };
	const struct exec_order order = {
		.name = "01010101010101010101010101010101", .spec = &file, .other_fd = other ? other_fd : -1, .other_path = other,
	};
	struct exec *exec;

	spec_pack(&spec, &file);
	exec = exec_start(host, &order, &ops, NULL);
	buf_done(&file);
	return exec;
}

static void on_late(struct ev_loop *l, ev_timer *w, int events)
{
	(void)l, (void)w, (void)events;
	ck_abort_msg("it has not ended");
}

static void await_end(void)
{
	ev_timer late;

	ev_timer_init(&late, on_late, PATIENCE_MS / 1000., 0.);
	ev_timer_start(loop, &late);
	while (!has_ended)
		ev_run(loop, EVRUN_ONCE);
	ev_timer_stop(loop, &late);
}

static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool is = true;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)))
		is &= entry->d_name[0] == '.';
	closedir(dir);
	return is;
}

static void await_empty(const char *leaf)
{
	uint64_t until = mono_ms() + PATIENCE_MS;

	while (!is_empty(tmp_path(leaf))) {
		ck_assert_uint_lt(mono_ms(), until);
		poll(NULL, 0, 5);
	}
}

/* ---- cases ---- */

START_TEST(what_waits_for_a_supervisor_gets_one_though_no_more_are_kept)
{
	struct exec *exec;

	open_host();
	exec = start(NULL);
	ev_run(loop, EVRUN_NOWAIT);		/* one is on its way */
	exec_host_stop(host);
	await_end();
	ck_assert(has_started);
	ck_assert_int_eq(end.end, SUP_END_EXITED);
	exec_release(exec);
	close_host();
	await_empty("runs");
}
END_TEST

START_TEST(a_directory_that_cannot_be_used_leaves_nothing)
{
	struct exec *exec;

	open_host();
	exec = start("/nowhere");
	await_end();
	ck_assert_int_eq(end.end, SUP_END_NOT_STARTED);
	exec_release(exec);
	close_host();
	await_empty("runs");
	await_empty("other");
}
END_TEST

UNIT_MAIN(what_waits_for_a_supervisor_gets_one_though_no_more_are_kept, a_directory_that_cannot_be_used_leaves_nothing)
