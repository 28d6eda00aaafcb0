/*
 * test_run.c - the state machine of a run, its callers and the table of all runs, on a supervisor that is made of air:
 * this file defines exec.h itself and lets facts arrive in every order.
 */
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/past.h"
#include "agent/runs.h"
#include "common/fd.h"
#include "common/mem.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

/* ---- the supervisor ---- */

struct exec {
	const struct exec_ops *ops;
	void *arg;
	bool is_elsewhere;
};

static struct {
	struct exec *last;
	unsigned n_started, n_closed, n_released, n_stops, n_kills, n_supervisor_signals;
	bool is_stopped;
	char stop_reason[200];
	int signalled;
	bool input_ended;
	size_t input;
	uint64_t input_offset, freed;
	int dir_fd;
} air;

struct exec_host *exec_host_new(struct ev_loop *loop)
{
	(void)loop;
	return NULL;
}

void exec_host_open(struct exec_host *h, const char *program, int runs_fd)
{
	(void)h, (void)program, (void)runs_fd;
}

const char *exec_host_program(const struct exec_host *h)
{
	(void)h;
	return NULL;
}

void exec_host_stop(struct exec_host *h)
{
	(void)h;
}

void exec_host_free(struct exec_host *h)
{
	(void)h;
}

struct exec *exec_start(struct exec_host *h, const struct exec_order *order, const struct exec_ops *ops, void *arg)
{
	struct exec *exec = mem_new(struct exec);

	(void)h;
	air.n_started++;
	exec->ops = ops;
	exec->arg = arg;
	exec->is_elsewhere = order->other_path != NULL;
	air.last = exec;
	ck_assert_int_eq(ops->on_claim(exec, arg), 0);
	return exec;
}

struct exec *exec_adopt(struct exec_host *h, int fd, int dir_fd, int runs_fd, const char *name,
			const struct exec_ops *ops, void *arg)
{
	(void)h, (void)fd, (void)dir_fd, (void)runs_fd, (void)name, (void)ops, (void)arg;
	ck_abort();
}

void exec_close(struct exec *exec)
{
	air.n_closed++;
	free(exec);
}

void exec_release(struct exec *exec)
{
	air.n_released++;
	free(exec);
}

static struct spool_file air_spool = { -1, NULL };

const struct spool_file *exec_spool(const struct exec *exec)
{
	(void)exec;
	return &air_spool;
}

int exec_dir(const struct exec *exec)
{
	(void)exec;
	return air.dir_fd;
}

void exec_input(struct exec *exec, uint64_t offset, const void *data, size_t n)
{
	(void)exec, (void)data;
	if (n > 0)
		air.input_offset = offset;
	air.input += n;
}

void exec_input_end(struct exec *exec)
{
	(void)exec;
	air.input_ended = true;
}

void exec_signal(struct exec *exec, int number)
{
	(void)exec;
	air.signalled = number;
}

void exec_stop(struct exec *exec, enum sup_end end, const char *reason, bool at_once)
{
	(void)exec;
	ck_assert_int_eq(end, SUP_END_CANCELLED);
	strncpy(air.stop_reason, reason, sizeof air.stop_reason - 1);
	if (at_once)
		air.n_kills++;
	else
		air.n_stops++;
}

bool exec_is_stopped(const struct exec *exec)
{
	(void)exec;
	return air.is_stopped;
}

void exec_signal_supervisor(const struct exec *exec, int number)
{
	(void)exec, (void)number;
	air.n_supervisor_signals++;
}

void exec_resize(struct exec *exec, unsigned rows, unsigned columns)
{
	(void)exec, (void)rows, (void)columns;
}

void exec_free_output(struct exec *exec, uint64_t position)
{
	(void)exec;
	air.freed = position;
}

/* ---- a caller ---- */

struct caller {
	struct run_reader reader;
	struct run_result result;
	uint64_t bytes;			/* of output */
	unsigned n_queued, n_started, n_ended, n_let_go;
	unsigned ahead;
	enum run_let_go why;
	char reason[200];
	bool is_slow;			/* one record fills it */
	bool acks;			/* at the end */
};

static struct ev_loop *loop;
static struct runs *runs;
static unsigned n_idle;

static struct caller *of(struct run_reader *r)
{
	return list_entry(r, struct caller, reader);
}

static void on_queued(struct run_reader *r, unsigned ahead)
{
	of(r)->n_queued++;
	of(r)->ahead = ahead;
}

static void on_started(struct run_reader *r)
{
	of(r)->n_started++;
}

static bool on_output(struct run_reader *r, enum exec_stream stream, const void *data, size_t n)
{
	(void)stream, (void)data;
	ck_assert_int_ge(air_spool.fd, 0);
	of(r)->bytes += n;
	return !of(r)->is_slow;
}

static void on_end(struct run_reader *r, const struct run_result *result)
{
	struct caller *c = of(r);

	c->n_ended++;
	if (!result)
		return;
	c->result = *result;
	strncpy(c->reason, result->reason, sizeof c->reason - 1);
	if (c->acks)
		run_leave(r, RUN_DONE, "");
}

static void on_let_go(struct run_reader *r, enum run_let_go why)
{
	of(r)->n_let_go++;
	of(r)->why = why;
}

static const struct run_ops caller_ops = {
	.on_queued = on_queued, .on_started = on_started, .on_output = on_output, .on_end = on_end, .on_let_go = on_let_go,
};

static struct caller owner(void)
{
	return (struct caller){ .reader = { .ops = &caller_ops, .is_owner = true } };
}

static struct caller observer(void)
{
	return (struct caller){ .reader = { .ops = &caller_ops, .follows = true } };
}

static struct caller no_follower(void)
{
	return (struct caller){ .reader = { .ops = &caller_ops } };
}

/* ---- helpers ---- */

static void on_idle(void *arg)
{
	(void)arg;
	n_idle++;
}

static void open_runs(size_t max, size_t max_queued)
{
	const struct runs_config config = { .max = max, .max_queued = max_queued, .on_idle = on_idle };

	memset(&air, 0, sizeof air);
	air.dir_fd = -1;
	n_idle = 0;
	loop = ev_loop_new(EVFLAG_NOENV);
	runs = runs_new(loop, &config);
}

/* Ends with the assertion that no watcher is left. */
static void close_runs(void)
{
	runs_stop(runs);
	runs_let_go(runs);
	ck_assert_uint_eq(air.n_started, air.n_closed + air.n_released);
	ck_assert(!ev_run(loop, EVRUN_NOWAIT));
	runs_free(runs);
	ev_loop_destroy(loop);
}

static struct spec spec_of(unsigned id)
{
	static char word[] = "true", *argv[] = { word, NULL };
	struct spec spec = { .argv = argv, .principal = "uid:7", .command = "true", .reconnect_ms = 20 };

	memcpy(spec.id, &id, sizeof id);
	return spec;
}

static struct run *begin(unsigned id, struct caller *c)
{
	struct spec spec = spec_of(id);
	struct run *run = run_new(runs, &spec);

	if (c)
		ck_assert(run_attach(run, &c->reader));
	return run;
}

static struct exec *say_started(void)
{
	air.last->ops->on_started(air.last, 4711, air.last->arg);
	return air.last;
}

static void say_ended(struct exec *exec, struct sup_status status, const char *reason)
{
	status.magic = SUP_STATUS_MAGIC;
	exec->ops->on_ended(exec, &status, reason, exec->arg);
}

static void exit_with(struct exec *exec, int code)
{
	say_ended(exec, (struct sup_status){ .end = SUP_END_EXITED, .code = code, .started_us = 1 }, "");
}

static void turn(void)
{
	ev_run(loop, EVRUN_NOWAIT);
	ev_run(loop, EVRUN_NOWAIT);
}

static bool is_here(unsigned id)
{
	struct spec spec = spec_of(id);

	return runs_find(runs, spec.id) != NULL;
}

static bool is_past(unsigned id)
{
	struct spec spec = spec_of(id);

	return past_has(runs_past(runs), spec.id);
}

/* ---- tests ---- */

START_TEST(an_end_that_is_acknowledged_frees_the_run)
{
	struct caller c = owner();

	open_runs(10, 0);
	c.acks = true;
	ck_assert(!is_past(1));
	begin(1, &c);
	ck_assert(is_past(1));			/* before it can have started */
	say_started();
	ck_assert_uint_eq(c.n_started, 1);
	exit_with(air.last, 42);
	ck_assert_uint_eq(c.n_ended, 1);
	ck_assert_int_eq(c.result.end, RUN_END_EXITED);
	ck_assert_int_eq(c.result.code, 42);
	ck_assert_uint_eq(air.n_released, 1);
	ck_assert(!is_here(1) && is_past(1));
	ck_assert_uint_eq(n_idle, 1);
	close_runs();
}
END_TEST

START_TEST(every_end_is_passed_on_with_its_words)
{
	static const struct sup_status ends[] = {
		{ .end = SUP_END_SIGNALLED, .code = 9, .signal = 9 }, { .end = SUP_END_TIMED_OUT, .signal = 15 },
		{ .end = SUP_END_CANCELLED, .code = 1 }, { .end = SUP_END_NOT_STARTED, .code = 127 },
	};

	open_runs(10, 0);
	for (unsigned i = 0; i < 4; i++) {
		struct caller c = owner();

		c.acks = true;
		begin(i, &c);
		if (ends[i].end != SUP_END_NOT_STARTED)
			say_started();
		say_ended(air.last, ends[i], "for a reason");
		ck_assert_int_eq((int)c.result.end, (int)ends[i].end);
		ck_assert_int_eq(c.result.code, ends[i].code);
		ck_assert_int_eq(c.result.signal, ends[i].signal);
		ck_assert_str_eq(c.reason, "for a reason");
		ck_assert_uint_eq(c.n_started, ends[i].end != SUP_END_NOT_STARTED);
	}
	close_runs();
}
END_TEST

/* The next agent is there in the moment in which the run ends: the supervisor tells how it stands, and then the end. */
START_TEST(an_end_that_is_in_the_file_already_is_told_once)
{
	static const struct sup_status status = { .magic = SUP_STATUS_MAGIC, .end = SUP_END_EXITED, .code = 3, .started_us = 1 };
	static const struct sup_state state = { .phase = SUP_PHASE_ENDED, .pid = 4711 };
	char dir[TMP_DIR_MAX], *path;

	tmp_make_dir(dir);
	path = mem_printf("%s/status", dir);
	ck_assert_int_eq(fd_write_file(path, &status, sizeof status, 0600), 0);
	for (int is_lost = 0; is_lost < 2; is_lost++) {
		struct caller c = owner();
		struct exec *exec;

		open_runs(10, 0);
		begin(1, &c);
		exec = air.last;
		air.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		exec->ops->on_state(exec, &state, exec->arg);
		turn();
		if (is_lost)
			exec->ops->on_lost(exec, exec->arg);
		else
			exit_with(exec, 3);
		turn();
		ck_assert_uint_eq(c.n_started, 1);
		ck_assert_uint_eq(c.n_ended, 1);
		ck_assert_int_eq(c.result.code, 3);
		close(air.dir_fd);
		close_runs();
	}
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(dir), 0);
	free(path);
}
END_TEST

START_TEST(what_no_supervisor_takes_has_not_started)
{
	struct caller c = owner();

	open_runs(10, 0);
	c.acks = true;
	begin(1, &c);
	air.last->ops->on_failed(air.last, "no process can be started", air.last->arg);
	ck_assert_int_eq(c.result.end, RUN_END_NOT_STARTED);
	ck_assert_str_eq(c.reason, "no process can be started");
	ck_assert(is_past(1));
	close_runs();
}
END_TEST

START_TEST(a_lost_caller_is_waited_for_and_then_cancels)
{
	struct caller c = owner();

	open_runs(10, 0);
	begin(1, &c);
	say_started();
	run_leave(&c.reader, RUN_LOST, "");
	turn();
	ck_assert_uint_eq(air.n_stops, 0);
	while (air.n_stops == 0)
		ev_run(loop, EVRUN_ONCE);
	ck_assert_str_eq(air.stop_reason, "its caller was lost for 20 ms");
	close_runs();
}
END_TEST

START_TEST(a_caller_that_comes_back_in_time_changes_nothing)
{
	struct caller c = owner(), again = owner();
	struct run *run;

	open_runs(10, 0);
	run = begin(1, &c);
	say_started();
	run_leave(&c.reader, RUN_LOST, "");
	ck_assert(run_attach(run, &again.reader));
	turn();
	ck_assert_uint_eq(again.n_started, 1);
	ck_assert(!ev_run(loop, EVRUN_NOWAIT));		/* no timer is left */
	ck_assert_uint_eq(air.n_stops, 0);
	close_runs();
}
END_TEST

START_TEST(a_run_that_is_kept_outlives_its_caller)
{
	struct spec spec = spec_of(1);
	struct caller c = owner();

	open_runs(10, 0);
	spec.keeps_when_lost = true;
	run_attach(run_new(runs, &spec), &c.reader);
	say_started();
	run_leave(&c.reader, RUN_LOST, "");
	ck_assert(!ev_run(loop, EVRUN_NOWAIT));
	ck_assert_uint_eq(air.n_stops, 0);
	ck_assert(is_here(1));
	close_runs();
}
END_TEST

START_TEST(a_goodbye_cancels_at_once)
{
	struct caller c = owner();

	open_runs(10, 0);
	begin(1, &c);
	say_started();
	run_leave(&c.reader, RUN_GOODBYE, "cancelled by its caller");
	ck_assert_uint_eq(air.n_stops, 1);
	ck_assert_str_eq(air.stop_reason, "cancelled by its caller");
	close_runs();
}
END_TEST

START_TEST(an_end_that_nobody_acknowledged_waits_and_is_forgotten)
{
	struct caller c = owner(), again = owner();
	struct run *run;

	open_runs(10, 0);
	run = begin(1, &c);
	exit_with(say_started(), 3);
	ck_assert_uint_eq(c.n_ended, 1);
	run_leave(&c.reader, RUN_LOST, "");
	ck_assert(is_here(1));
	ck_assert_uint_eq(air.n_closed, 1);		/* its supervisor is not needed for that */
	ck_assert(run_attach(run, &again.reader));
	turn();
	ck_assert_int_eq(again.result.code, 3);
	run_leave(&again.reader, RUN_LOST, "");
	while (is_here(1))
		ev_run(loop, EVRUN_ONCE);
	ck_assert(is_past(1));
	close_runs();
}
END_TEST

START_TEST(a_second_owner_takes_the_first_ones_place)
{
	struct caller c = owner(), other = owner();
	struct run *run;

	open_runs(10, 0);
	run = begin(1, &c);
	say_started();
	ck_assert(run_attach(run, &other.reader));
	ck_assert_uint_eq(c.n_let_go, 1);
	ck_assert_int_eq(c.why, RUN_TAKEN_OVER);
	run_leave(&c.reader, RUN_GOODBYE, "too late");	/* it is at no run any more */
	ck_assert_uint_eq(air.n_stops, 0);
	close_runs();
}
END_TEST

START_TEST(observers_are_limited_and_own_nothing)
{
	struct caller c = owner(), o[RUN_OBSERVERS_MAX + 1];
	struct run *run;

	open_runs(10, 0);
	run = begin(1, &c);
	say_started();
	for (unsigned i = 0; i <= RUN_OBSERVERS_MAX; i++) {
		o[i] = observer();
		ck_assert_int_eq(run_attach(run, &o[i].reader), i < RUN_OBSERVERS_MAX);
	}
	run_leave(&o[0].reader, RUN_GOODBYE, "bye");
	ck_assert_uint_eq(air.n_stops, 0);
	c.acks = true;
	exit_with(air.last, 0);
	ck_assert(is_here(1));				/* somebody reads it still */
	turn();
	for (unsigned i = 1; i < RUN_OBSERVERS_MAX; i++) {
		ck_assert_uint_eq(o[i].n_ended, 1);
		run_leave(&o[i].reader, RUN_DONE, "");
	}
	ck_assert(!is_here(1));
	close_runs();
}
END_TEST

enum { RECORD = 60 * 1000, RECORDS = 30 };

/* So much of the spool is there from now on. */
static void grow_to(struct sup_spool *head, unsigned records)
{
	atomic_store(&head->end, SUP_SPOOL_HEAD + records * (sizeof(struct sup_record) + RECORD));
}

static void fill_spool(struct sup_spool *head)
{
	struct {
		struct sup_record record;
		uint8_t data[RECORD];
	} whole = { .record = { .length = RECORD } };

	air_spool.head = head;
	air_spool.fd = memfd_create("out", MFD_CLOEXEC);
	for (off_t i = 0; i < RECORDS; i++, whole.record.position += RECORD)
		ck_assert_int_eq(pwrite(air_spool.fd, &whole, sizeof whole, SUP_SPOOL_HEAD + i * (off_t)sizeof whole), sizeof whole);
}

/* A run that writes faster than is read would hold its reader for ever. */
START_TEST(who_does_not_follow_reads_what_was_there)
{
	struct sup_spool head = { .base = SUP_SPOOL_HEAD, .end = SUP_SPOOL_HEAD };
	struct caller c = owner(), late[2] = { no_follower(), no_follower() }, end = no_follower();
	struct run *run;

	open_runs(1, 0);
	fill_spool(&head);
	run = begin(1, NULL);
	say_started();
	grow_to(&head, 3);
	late[1].is_slow = true;
	for (int i = 0; i < 2; i++)
		ck_assert(run_attach(run, &late[i].reader));
	grow_to(&head, RECORDS - 1);
	for (int i = 0; i < RECORDS; i++) {
		turn();
		run_resume(&late[1].reader);
	}
	for (int i = 0; i < 2; i++) {
		ck_assert(late[i].n_ended == 1 && late[i].bytes >= 3 * RECORD);
		ck_assert_uint_le(late[i].bytes, RUN_READ_AT_ONCE + RECORD);
		run_leave(&late[i].reader, RUN_DONE, "");
	}

	ck_assert(run_attach(run, &end.reader));	/* with the end of the run the whole of it is there */
	ck_assert(run_attach(run, &c.reader));
	grow_to(&head, RECORDS);
	exit_with(air.last, 0);
	while (end.n_ended == 0)
		turn();
	ck_assert_uint_eq(end.bytes, RECORDS * RECORD);
	run_leave(&end.reader, RUN_DONE, "");
	run_leave(&c.reader, RUN_DONE, "");
	air_spool.head = NULL;
	fd_close(&air_spool.fd);
	close_runs();
}
END_TEST

START_TEST(runs_beyond_the_limit_wait_for_their_turn_in_order)
{
	struct caller c[4] = { owner(), owner(), owner(), owner() };
	struct exec *first;
	struct spec spec = spec_of(9);

	open_runs(1, 2);
	c[0].acks = true;
	begin(0, &c[0]);
	first = say_started();
	ck_assert_int_eq(runs_admit(runs, spec.id), RUNS_OK);
	begin(1, &c[1]);
	begin(2, &c[2]);
	ck_assert_int_eq(runs_admit(runs, spec.id), RUNS_FULL);
	turn();
	ck_assert_uint_eq(c[1].ahead, 0);
	ck_assert_uint_eq(c[2].ahead, 1);
	ck_assert_uint_eq(air.n_started, 1);
	exit_with(first, 0);
	turn();
	ck_assert_uint_eq(air.n_started, 2);
	say_started();
	ck_assert_uint_eq(c[1].n_started, 1);
	while (c[2].n_queued < 2)
		ev_run(loop, EVRUN_ONCE);
	ck_assert_uint_eq(c[2].ahead, 0);
	ck_assert_uint_eq(n_idle, 0);
	close_runs();
}
END_TEST

START_TEST(what_waits_keeps_its_input_and_can_be_cancelled)
{
	struct caller c = owner(), w = owner(), x = owner();
	struct run *waits, *goes;
	struct exec *first;

	open_runs(1, 2);
	c.acks = true;
	begin(0, &c);
	first = say_started();
	waits = begin(1, &w);
	run_input(waits, "abc", 3);
	run_input(waits, "de", 2);
	run_input_end(waits);
	goes = begin(2, &x);
	run_cancel(goes, "cancelled by its caller");
	ck_assert_int_eq(x.result.end, RUN_END_CANCELLED);
	ck_assert_uint_eq(x.n_started, 0);
	exit_with(first, 0);
	turn();
	ck_assert_uint_eq(air.n_started, 2);
	ck_assert_uint_eq(air.input, 5);
	ck_assert(air.input_ended);
	close_runs();
}
END_TEST

START_TEST(what_waits_has_nothing_to_read)
{
	struct caller c = owner(), w = owner(), o[2] = { no_follower(), observer() };
	struct run *waits;
	struct exec *first;

	open_runs(1, 1);
	c.acks = w.acks = true;
	begin(0, &c);
	first = say_started();
	waits = begin(1, &w);
	for (int i = 0; i < 2; i++)
		ck_assert(run_attach(waits, &o[i].reader));
	turn();
	ck_assert(o[0].n_queued == 1 && o[0].n_ended == 1 && o[0].n_started == 0);
	ck_assert_uint_eq(o[1].n_ended, 0);
	exit_with(first, 0);
	turn();
	say_started();
	turn();
	ck_assert(o[0].n_ended == 1 && o[1].n_started == 1);
	for (int i = 0; i < 2; i++)
		run_leave(&o[i].reader, RUN_DONE, "");
	close_runs();
}
END_TEST

START_TEST(what_waits_is_gone_when_its_caller_says_goodbye_or_wants_no_more)
{
	struct caller c = owner(), w = owner(), x = owner();
	struct run *goes;

	open_runs(1, 2);
	begin(0, &c);
	say_started();
	begin(1, &w);
	run_leave(&w.reader, RUN_GOODBYE, "cancelled by its caller");
	ck_assert(!is_here(1));
	ck_assert(is_past(1));
	x.acks = true;
	goes = begin(2, &x);
	run_cancel(goes, "stopped by an administrator");
	ck_assert_int_eq(x.result.end, RUN_END_CANCELLED);
	ck_assert(!is_here(2));
	ck_assert_uint_eq(air.n_started, 1);
	close_runs();
}
END_TEST

START_TEST(a_run_that_is_over_cannot_be_cancelled)
{
	struct sup_spool head = { .base = SUP_SPOOL_HEAD, .end = SUP_SPOOL_HEAD + 1000 };
	struct caller c = owner(), o = observer();
	struct run *run;

	open_runs(1, 0);
	run = begin(1, &c);
	ck_assert(run_attach(run, &o.reader));
	exit_with(say_started(), 0);
	run_leave(&c.reader, RUN_LOST, "");
	air_spool.head = &head;		/* which its owner comes back for */
	run_cancel(run, "too late");
	air_spool.head = NULL;
	ck_assert_uint_eq(air.n_stops, 0);
	ck_assert_uint_eq(air.freed, 0);
	close_runs();
}
END_TEST

START_TEST(a_detached_run_stays_when_it_is_over)
{
	struct spec spec = spec_of(1);
	struct caller c = owner();

	open_runs(10, 0);
	spec.is_detached = true;
	run_attach(run_new(runs, &spec), &c.reader);
	ck_assert(!air.last->is_elsewhere);	/* no state directory is open here */
	say_started();
	run_leave(&c.reader, RUN_LOST, "");
	ck_assert(!ev_run(loop, EVRUN_NOWAIT));		/* nobody can be lost */
	exit_with(air.last, 5);
	ck_assert(is_here(1));
	run_remove(runs_find(runs, spec.id));
	ck_assert(!is_here(1));
	ck_assert(is_past(1));
	close_runs();
}
END_TEST

static void on_over(struct run_waiter *w, struct run *run)
{
	struct run_view view;

	(void)w;
	run_look(run, &view);
	ck_assert(view.is_over);
	n_idle += 100;
}

START_TEST(not_too_many_are_kept_for_callers_who_do_not_come_back)
{
	enum { N = RUNS_UNACKED_MAX + 1 };
	static struct caller c[N];

	open_runs(N, 0);
	for (unsigned i = 0; i < N; i++) {
		c[i] = owner();
		begin(i, &c[i]);
		exit_with(say_started(), 0);
		run_leave(&c[i].reader, RUN_LOST, "");
	}
	ck_assert(!is_here(0));
	ck_assert(is_past(0));
	ck_assert(is_here(1));
	ck_assert(is_here(N - 1));
	close_runs();
}
END_TEST

START_TEST(who_waits_is_told_once)
{
	struct run_waiter w = { .on_over = on_over };
	struct caller c = owner();

	open_runs(10, 0);
	run_wait(begin(1, &c), &w);
	exit_with(say_started(), 0);
	ck_assert_uint_eq(n_idle, 101);
	close_runs();
}
END_TEST

START_TEST(an_agent_that_stops_lets_go_and_admits_nobody)
{
	struct caller c = owner();
	struct spec spec = spec_of(2);

	open_runs(10, 0);
	begin(1, &c);
	say_started();
	runs_stop(runs);
	ck_assert_int_eq(runs_admit(runs, spec.id), RUNS_STOPPING);
	runs_let_go(runs);
	ck_assert_uint_eq(c.n_let_go, 1);
	ck_assert_int_eq(c.why, RUN_AGENT_STOPS);
	ck_assert_uint_eq(air.n_closed, 1);
	ck_assert_uint_eq(air.n_stops, 0);
	close_runs();
}
END_TEST

START_TEST(all_can_be_ended)
{
	struct caller c = owner(), w = owner();

	open_runs(1, 1);
	begin(1, &c);
	say_started();
	begin(2, &w);
	runs_stop(runs);
	runs_cancel_all(runs, "the agent is stopping");
	ck_assert_uint_eq(air.n_stops, 1);
	ck_assert_int_eq(w.result.end, RUN_END_CANCELLED);
	ck_assert_str_eq(w.reason, "the agent is stopping");
	runs_kill_all(runs, "the agent ends");
	ck_assert_uint_eq(air.n_kills, 1);
	close_runs();
}
END_TEST

START_TEST(an_id_is_known_while_it_lives_and_after)
{
	struct spec spec = spec_of(1);
	struct caller c = owner();

	open_runs(10, 0);
	begin(1, &c);
	ck_assert_int_eq(runs_admit(runs, spec.id), RUNS_KNOWN);
	c.acks = true;
	exit_with(say_started(), 0);
	ck_assert(!is_here(1));
	ck_assert_int_eq(runs_admit(runs, spec.id), RUNS_KNOWN);
	close_runs();
}
END_TEST

START_TEST(a_caller_without_a_certificate_is_its_address)
{
	ck_assert(run_is_owner("tcp:127.0.0.1:4000", "tcp:127.0.0.1:4001"));
	ck_assert(!run_is_owner("tcp:127.0.0.1:4000", "tcp:127.0.0.2:4000"));
	ck_assert(run_is_owner("operator:a", "operator:a"));
	ck_assert(!run_is_owner("operator:a", "operator:b"));
	ck_assert(!run_is_owner("uid:1", "uid:10"));
	ck_assert_uint_eq(run_owner_hash("tcp:[::1]:4000"), run_owner_hash("tcp:[::1]:4001"));
	ck_assert_uint_ne(run_owner_hash("uid:1"), run_owner_hash("uid:10"));
}
END_TEST

UNIT_MAIN(an_end_that_is_acknowledged_frees_the_run, every_end_is_passed_on_with_its_words,
	  an_end_that_is_in_the_file_already_is_told_once, what_no_supervisor_takes_has_not_started,
	  a_lost_caller_is_waited_for_and_then_cancels, a_caller_that_comes_back_in_time_changes_nothing,
	  a_run_that_is_kept_outlives_its_caller, a_goodbye_cancels_at_once,
	  an_end_that_nobody_acknowledged_waits_and_is_forgotten, a_second_owner_takes_the_first_ones_place,
	  observers_are_limited_and_own_nothing, who_does_not_follow_reads_what_was_there,
	  runs_beyond_the_limit_wait_for_their_turn_in_order, what_waits_keeps_its_input_and_can_be_cancelled,
	  what_waits_has_nothing_to_read, what_waits_is_gone_when_its_caller_says_goodbye_or_wants_no_more,
	  a_run_that_is_over_cannot_be_cancelled, a_detached_run_stays_when_it_is_over,
	  not_too_many_are_kept_for_callers_who_do_not_come_back, who_waits_is_told_once,
	  an_agent_that_stops_lets_go_and_admits_nobody, all_can_be_ended, an_id_is_known_while_it_lives_and_after,
	  a_caller_without_a_certificate_is_its_address)
