/*
 * test_adopt.c - what earlier agents have left in the directories of runs, without any process: ends, losses, rubbish.
 */
#include <ev.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/rundir.h"
#include "agent/runs.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

enum { SPOOL_MAX = 4 * 1024 * 1024 };

static struct ev_loop *loop;
static struct runs *runs;

static uint8_t *id_of(uint8_t n)
{
	static uint8_t id[RUN_ID_BYTES];

	memset(id, n, sizeof id);
	return id;
}

/* RUNS/<id>/ with a specification, and what else is given. */
static void leave_run(const char *where, uint8_t n, bool is_detached, const char *pid, const struct sup_status *status)
{
	struct spec spec = { .principal = "uid:7", .command = "true", .is_detached = is_detached, .asked_ms = 5,
			     .spool_max = SPOOL_MAX };
	char hex[2 * RUN_ID_BYTES + 1], path[200];
	struct buf text = { 0 };

	memcpy(spec.id, id_of(n), RUN_ID_BYTES);
	str_hex(spec.id, RUN_ID_BYTES, hex);
	snprintf(path, sizeof path, "%s/%s", where, hex);
	mkdir(tmp_path(where), 0700);
	ck_assert_int_eq(mkdir(tmp_path(path), 0700), 0);
	spec_pack(&spec, &text);
	snprintf(path, sizeof path, "%s/%s/spec", where, hex);
	ck_assert_int_eq(fd_write_file(tmp_path(path), buf_data(&text), buf_len(&text), 0600), 0);
	buf_done(&text);
	snprintf(path, sizeof path, "%s/%s/lock", where, hex);
	tmp_file(path, "");
	snprintf(path, sizeof path, "%s/%s/pid", where, hex);
	if (pid)
		tmp_file(path, pid);
	snprintf(path, sizeof path, "%s/%s/status", where, hex);
	if (status)
		ck_assert_int_eq(fd_write_file(tmp_path(path), status, sizeof *status, 0600), 0);
}

static void make_dirs(void)
{
	mkdir(tmp_path("run"), 0700);
	mkdir(tmp_path("state"), 0700);
}

/* No program: nothing can be started, and nothing is swept. */
static void open_runs(void)
{
	const struct runs_config config = { .max = 10 };
	char *where = NULL;

	loop = ev_loop_new(EVFLAG_NOENV);
	runs = runs_new(loop, &config);
	ck_assert_int_eq(runs_open(runs, tmp_path("run"), tmp_path("state"), NULL, &where), 0);
	ev_run(loop, EVRUN_NOWAIT);
}

static void close_runs(void)
{
	runs_stop(runs);
	runs_let_go(runs);
	runs_free(runs);
	ev_loop_destroy(loop);
}

static struct run_view view_of(uint8_t n)
{
	struct run *run = runs_find(runs, id_of(n));
	struct run_view view;

	ck_assert_ptr_nonnull(run);
	run_look(run, &view);
	return view;
}

START_TEST(an_end_that_was_written_is_found_again)
{
	struct sup_status status = {
		.magic = SUP_STATUS_MAGIC, .end = SUP_END_EXITED, .code = 3, .total = { 1, 2 }, .started_us = 1000,
		.ended_us = (uint64_t)wall_us(),	/* detached ones that are older than a week go */
	};
	struct past_outcome outcome;

	make_dirs();
	leave_run("run/runs", 1, false, "1 1 -\n", &status);
	leave_run("state/runs", 2, true, "1 1 -\n", &status);
	open_runs();
	for (uint8_t n = 1; n <= 2; n++) {
		ck_assert(view_of(n).is_over);
		ck_assert_int_eq(view_of(n).result.end, RUN_END_EXITED);
		ck_assert_int_eq(view_of(n).result.code, 3);
		ck_assert_uint_eq(view_of(n).result.total[1], 2);
		ck_assert_int_eq(view_of(n).is_detached, n == 2);
		ck_assert_str_eq(view_of(n).principal, "uid:7");
		ck_assert(past_find(runs_past(runs), id_of(n), &outcome) && outcome.has_ended);
	}
	ck_assert_uint_eq(runs_count(runs), 0);
	close_runs();
	open_runs();		/* it stays until somebody has it */
	ck_assert(view_of(1).is_over);
	close_runs();
}
END_TEST

START_TEST(a_run_without_supervisor_and_end_is_lost)
{
	make_dirs();
	leave_run("run/runs", 1, false, NULL, NULL);
	leave_run("state/runs", 2, true, "999999999 1 01234567-0123-0123-0123-012345678901\n", NULL);
	open_runs();
	ck_assert_int_eq(view_of(1).result.end, RUN_END_UNKNOWN);
	ck_assert_str_eq(view_of(1).result.reason, "its supervisor was killed");
	ck_assert_int_eq(view_of(2).result.end, RUN_END_UNKNOWN);
	ck_assert_str_eq(view_of(2).result.reason, "its machine restarted");
	close_runs();
}
END_TEST

START_TEST(what_is_no_run_is_removed)
{
	make_dirs();
	ck_assert_int_eq(mkdir(tmp_path("run/runs"), 0700), 0);
	ck_assert_int_eq(mkdir(tmp_path("run/runs/idle-7"), 0700), 0);
	tmp_file("run/runs/idle-7/lock", "");
	ck_assert_int_eq(mkdir(tmp_path("run/runs/01010101010101010101010101010101"), 0700), 0);
	tmp_file("run/runs/01010101010101010101010101010101/spec", "damaged");
	open_runs();
	ck_assert_int_ne(access(tmp_path("run/runs/idle-7"), F_OK), 0);
	ck_assert_int_ne(access(tmp_path("run/runs/01010101010101010101010101010101"), F_OK), 0);
	ck_assert_ptr_null(runs_find(runs, id_of(1)));
	close_runs();
}
END_TEST

START_TEST(a_status_that_is_damaged_is_none)
{
	struct sup_status status = { .magic = SUP_STATUS_MAGIC, .end = 77 };

	make_dirs();
	leave_run("run/runs", 1, false, NULL, &status);
	open_runs();
	ck_assert_int_eq(view_of(1).result.end, RUN_END_UNKNOWN);
	close_runs();
}
END_TEST

/* What the spool of a run that starts now may hold: an eighth of what the others leave. */
static uint64_t spool_of_next(void)
{
	struct spec spec = { .asked_ms = 5 };
	uint64_t allotted;

	runs_allot(runs, &spec, &allotted);
	return allotted;
}

static uint64_t spool_of_first(void)
{
	uint64_t bytes;

	make_dirs();
	open_runs();
	bytes = spool_of_next();
	close_runs();
	return bytes;
}

START_TEST(what_a_run_that_is_over_holds_takes_room_from_others)
{
	struct sup_status status = { .magic = SUP_STATUS_MAGIC, .end = SUP_END_EXITED };
	uint64_t before = spool_of_first();
	static uint8_t output[1024 * 1024];

	leave_run("run/runs", 1, false, "1 1 -\n", &status);
	memset(output, 'x', sizeof output);
	ck_assert_int_eq(fd_write_file(tmp_path("run/runs/01010101010101010101010101010101/out"), output, sizeof output, 0600), 0);
	open_runs();
	ck_assert_uint_le(spool_of_next(), before - sizeof output / 8);
	close_runs();
}
END_TEST

/* As a supervisor does. */
static int lock_run(const char *dir)
{
	char path[200];
	int lock;

	snprintf(path, sizeof path, "%s/lock", dir);
	lock = open(tmp_path(path), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(lock, LOCK_EX | LOCK_NB), 0);
	return lock;
}

static int listen_in(const char *dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char path[200];

	snprintf(path, sizeof path, "%s/sock", dir);
	ck_assert_uint_lt(strlen(tmp_path(path)), sizeof address.sun_path);
	strcpy(address.sun_path, tmp_path(path));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

START_TEST(a_run_that_goes_on_takes_room_from_others)
{
	uint64_t before = spool_of_first();
	int lock, listener;

	leave_run("run/runs", 1, false, "1 1 -\n", NULL);
	lock = lock_run("run/runs/01010101010101010101010101010101");
	listener = listen_in("run/runs/01010101010101010101010101010101");
	open_runs();
	ck_assert_uint_eq(runs_count(runs), 1);
	ck_assert_uint_eq(spool_of_next(), before - SPOOL_MAX / 8);
	close_runs();
	close(lock);
	close(listener);
}
END_TEST

/* It has the lock, and its socket a moment later. */
START_TEST(a_supervisor_that_is_just_entering_is_waited_for)
{
	int lock, status;
	pid_t pid;

	make_dirs();
	leave_run("state/runs", 1, true, NULL, NULL);
	lock = lock_run("state/runs/01010101010101010101010101010101");
	pid = fork();
	if (pid == 0) {
		poll(NULL, 0, 20);
		listen_in("state/runs/01010101010101010101010101010101");
		for (;;)
			pause();
	}
	open_runs();
	ck_assert_uint_eq(runs_count(runs), 1);
	ck_assert(!view_of(1).is_over);
	close_runs();
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(lock);
}
END_TEST

UNIT_MAIN(an_end_that_was_written_is_found_again, a_run_without_supervisor_and_end_is_lost, what_is_no_run_is_removed,
	  a_status_that_is_damaged_is_none, what_a_run_that_is_over_holds_takes_room_from_others,
	  a_run_that_goes_on_takes_room_from_others, a_supervisor_that_is_just_entering_is_waited_for)
