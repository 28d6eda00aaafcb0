/*
 * run.c - one run: its way from the queue to its end, and from there out of memory.
 *
 *   QUEUED --turn--> STARTING --SUP_STARTED--> RUNNING --SUP_ENDED--> OVER --settled--> gone
 *      |                +--- not started ----------|--------------------^
 *      +-- cancelled, never begun ------- supervisor lost --> SWEEPING -+
 *
 * The supervisor keeps the clocks of the process; here is one timer, `lost`: while the run lives, for an owner that does
 * not come back; after its end, for one that has not said that it has it all. A run that is over, has no reader and has
 * not been acknowledged holds no descriptors: its directory waits.
 *
 * Its end is written among the past ones before anybody hears of it.
 */
#include "agent/run.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/rundir.h"
#include "agent/run_own.h"
#include "agent/runs.h"
#include "agent/spawn.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/sm.h"
#include "common/str.h"

static const struct sm_state run_states[] = {
	[RUN_QUEUED]   = { "queued",   SM(RUN_STARTING) | SM(RUN_RUNNING) | SM(RUN_SWEEPING) | SM(RUN_OVER) },
	[RUN_STARTING] = { "starting", SM(RUN_RUNNING) | SM(RUN_SWEEPING) | SM(RUN_OVER) },
	[RUN_RUNNING]  = { "running",  SM(RUN_SWEEPING) | SM(RUN_OVER) },
	[RUN_SWEEPING] = { "sweeping", SM(RUN_OVER) },
	[RUN_OVER]     = { "over",     0 },
};

static const double sweep_limit_s = 10;

static const struct exec_ops run_exec_ops;

static void run_move(struct run *run, enum run_state to)
{
	enum run_state from = run->state;

	sm_move(run_states, &run->state, to, run->hex);
	runs_moved(run->runs, run, from);
}

const struct spool_file *run_spool(const struct run *run)
{
	return run->exec ? exec_spool(run->exec) : &run->files;
}

/* ---- out of memory ---- */

static void tell_waiters(struct list *waiters, struct run *run)
{
	struct list *link;

	while ((link = list_pop(waiters))) {
		struct run_waiter *w = list_entry(link, struct run_waiter, link);

		w->on_over(w, run);
	}
}

void run_free(struct run *run)
{
	struct ev_loop *loop = runs_loop(run->runs);
	struct list waiters = LIST_INIT(waiters);

	ev_timer_stop(loop, &run->lost);
	ev_timer_stop(loop, &run->sweep_limit);
	run_guard_stop(run);
	if (ev_is_active(&run->sweep)) {
		ev_io_stop(loop, &run->sweep);
		fd_close(&run->sweep.fd);
	}
	if (run->exec)
		exec_close(run->exec);
	spool_file_close(&run->files);
	runs_remove(run->runs, run);
	buf_done(&run->spec);
	buf_done(&run->early);
	free(run->principal);
	free(run->command);
	free(run->user);
	free(run->cgroup);
	free(run->reason);
	list_splice(&waiters, &run->waiters);
	free(run);
	tell_waiters(&waiters, NULL);
}

static void run_forget(struct run *run)
{
	if (run->exec) {
		exec_release(run->exec);
		run->exec = NULL;
	} else if (run->has_files) {
		rundir_remove(runs_dir(run->runs, run->is_in_state_dir), run->hex);
	}
	run_free(run);
}

static void start_lost(struct run *run)
{
	struct ev_loop *loop = runs_loop(run->runs);

	ev_now_update(loop);
	ev_timer_set(&run->lost, (double)run->reconnect_ms / 1000, 0.);
	ev_timer_start(loop, &run->lost);
}

void run_settle(struct run *run)
{
	struct ev_loop *loop = runs_loop(run->runs);

	if (run->is_ending)
		return;
	if (run->owner)
		ev_timer_stop(loop, &run->lost);
	if (run->state != RUN_OVER) {
		if (!run->owner && !run->is_detached && !run->keeps_when_lost && !ev_is_active(&run->lost))
			start_lost(run);
		return;
	}
	if (run_has_readers(run))
		return;
	if (run->is_done_with && !run->is_detached) {
		run_forget(run);
		return;
	}
	if (runs_is_stopping(run->runs)) {
		run_free(run);
		return;
	}
	if (run->exec) {
		exec_close(run->exec);
		run->exec = NULL;
	}
	spool_file_close(&run->files);
	if (!run->is_detached && !ev_is_active(&run->lost))
		start_lost(run);
	runs_prune(run->runs);
}

void run_remove(struct run *run)
{
	run_let_go_all(run, RUN_REMOVED);
	run_forget(run);
}

static void on_lost_caller(struct ev_loop *loop, ev_timer *w, int events)
{
	struct run *run = w->data;
	char *reason;

	(void)loop, (void)events;
	if (run->state == RUN_OVER) {
		run->is_done_with = true;
		run_settle(run);
		return;
	}
	reason = mem_printf("its caller was lost for %s", str_duration_ms(run->reconnect_ms));
	run_cancel(run, reason);
	free(reason);
}

/* ---- the end ---- */

static uint64_t disk_bytes(const struct run *run)
{
	int fd = run->has_files ? rundir_open(runs_dir(run->runs, run->is_in_state_dir), run->hex) : -1;
	uint64_t bytes = 0;
	struct stat st;

	if (fd >= 0 && fstatat(fd, "out", &st, AT_SYMLINK_NOFOLLOW) == 0)
		bytes = (uint64_t)st.st_blocks * 512;
	fd_close(&fd);
	return bytes;
}

/* What its spool takes from here on; before the move to the end, which counts it. */
static void note_spool(struct run *run)
{
	struct sup_spool *head = run_spool(run)->head;

	if (run->is_detached)
		run->disk_bytes = disk_bytes(run);
	else
		runs_allot_again(run->runs, run, head ? atomic_load(&head->end) - atomic_load(&head->base) : disk_bytes(run));
}

/* run->outcome is complete but for the reason. The run may be gone afterwards. */
static void run_end(struct run *run, const char *reason)
{
	struct past_outcome *o = &run->outcome;

	o->has_ended = 1;
	if (!o->ended_ms)
		o->ended_ms = wall_us() / 1000;
	run->reason = mem_strdup(reason);
	str_escape(o->reason, PAST_REASON_MAX, reason, strlen(reason), "");
	(void)past_put(runs_past(run->runs), run->id, o);	/* else it is known as started, and that is true */
	ev_timer_stop(runs_loop(run->runs), &run->lost);
	run_guard_stop(run);
	note_spool(run);
	run_move(run, RUN_OVER);
	buf_done(&run->spec);		/* of one that never left the queue */
	buf_done(&run->early);
	run->is_ending = true;
	run_turn(run);
	tell_waiters(&run->waiters, run);
	run->is_ending = false;
	run_settle(run);
}

static void take_status(struct run *run, const struct sup_status *status, const char *reason)
{
	struct past_outcome *o = &run->outcome;

	o->end = (uint8_t)status->end;
	o->containment = (uint8_t)status->containment;
	o->output_cut = status->output_cut != 0;
	o->code = status->code;
	o->signal = status->signal;
	memcpy(o->total, status->total, sizeof o->total);
	o->duration_ms = status->duration_us / 1000;
	o->started_ms = (int64_t)(status->started_us / 1000);
	o->ended_ms = (int64_t)(status->ended_us / 1000);
	run_end(run, reason);
}

void run_end_unbegun(struct run *run, enum run_end end, const char *reason)
{
	run->outcome.end = (uint8_t)end;
	run_end(run, reason);
}

static void on_swept(struct run *run)
{
	struct ev_loop *loop = runs_loop(run->runs);

	if (ev_is_active(&run->sweep)) {
		ev_io_stop(loop, &run->sweep);
		fd_close(&run->sweep.fd);
	}
	ev_timer_stop(loop, &run->sweep_limit);
	run_end(run, run->outcome.reason);
}

static void on_sweep(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop, (void)events;
	on_swept(w->data);
}

static void on_sweep_limit(struct ev_loop *loop, ev_timer *w, int events)
{
	struct run *run = w->data;

	(void)loop, (void)events;
	log_warn("run %s: what is left of it may not be ended yet", run->hex);
	on_swept(run);
}

/* Processes of another boot are gone with it. */
void run_lose(struct run *run, int dir_fd)
{
	struct ev_loop *loop = runs_loop(run->runs);
	struct rundir_process process;
	const char *why;
	int fd = -1;

	rundir_read_process(dir_fd, &process);
	why = process.pid && !process.is_of_this_boot ? "its machine restarted" :
		run->strikes ? "it has stopped its supervisor, which was killed" : "its supervisor was killed";
	log_warn("run %s: %s; its end is not known", run->hex, why);
	run->outcome.end = RUN_END_UNKNOWN;
	run->outcome.started_ms = process.pid ? run->started_ms : 0;
	strcpy(run->outcome.reason, why);
	run_guard_stop(run);
	run_move(run, RUN_SWEEPING);
	if (!process.pid || process.is_of_this_boot)
		fd = spawn_sweep(exec_host_program(runs_host(run->runs)), process.pid, process.start_time, run->hex,
				 run->cgroup);
	ev_timer_set(&run->sweep_limit, fd < 0 ? 0. : sweep_limit_s, 0.);
	ev_timer_start(loop, &run->sweep_limit);
	if (fd < 0) {
		ev_feed_event(loop, &run->sweep_limit, EV_TIMER);
		return;
	}
	ev_io_set(&run->sweep, fd, EV_READ);
	ev_io_start(loop, &run->sweep);
}

/* ---- what the supervisor says ---- */

/* From here on it may have begun, whatever becomes of this process. */
static int on_claim(struct exec *exec, void *arg)
{
	struct run *run = arg;

	(void)exec;
	return past_put(runs_past(run->runs), run->id, &run->outcome);
}

static void on_started(struct exec *exec, pid_t pid, void *arg)
{
	struct run *run = arg;

	(void)exec;
	run->pid = pid;
	run->started_ms = wall_us() / 1000;
	run_move(run, RUN_RUNNING);
	run_guard_timeout(run);
	run_turn(run);
	run_discard(run);	/* it may have been cancelled before its spool was there */
}

static void on_failed(struct exec *exec, const char *why, void *arg)
{
	struct run *run = arg;
	char *reason = mem_strdup(why);

	exec_close(exec);
	run->exec = NULL;
	run->has_files = false;
	run_end_unbegun(run, RUN_END_NOT_STARTED, reason);
	free(reason);
}

/* Nobody reads what a cancelled run still writes: it would fill the spool and the run could not end. */
void run_discard(struct run *run)
{
	struct sup_spool *head = exec_spool(run->exec)->head;

	if (!run->is_cancelled || run->owner || run->is_detached || !head)
		return;
	atomic_store(&head->wants, 1);
	if (atomic_load(&head->end) - atomic_load(&head->base) > run->spool_max / 2)
		exec_free_output(run->exec, UINT64_MAX);
}

static void on_grew(struct exec *exec, void *arg)
{
	struct run *run = arg;

	(void)exec;
	run_turn(run);
	run_discard(run);
}

static void on_input_taken(struct exec *exec, uint64_t offset, bool closed, void *arg)
{
	struct run *run = arg;

	(void)exec;
	run->taken = offset;
	run->is_input_closed = closed;
	if (run->owner && run->owner->has_heard_start && run->owner->ops->on_input_taken)
		run->owner->ops->on_input_taken(run->owner, offset, closed);
}

/* Claimed by an agent that died before it said go: it never began, and its supervisor removes it. */
static void drop_unbegun(struct run *run)
{
	past_forget(runs_past(run->runs), run->id);
	run->has_files = false;
	run_let_go_all(run, RUN_AGENT_STOPS);
	run_free(run);
}

/* Of one that has ended the end comes next, or the end of the connection: so it is taken once. */
static void on_state(struct exec *exec, const struct sup_state *state, void *arg)
{
	struct run *run = arg;

	(void)exec;
	if (state->phase == SUP_PHASE_IDLE) {
		drop_unbegun(run);
		return;
	}
	run->pid = state->pid;
	run->received = state->input_arrived;
	run->taken = state->input_taken;
	run->is_input_closed = state->input_closed;
	if (run->pid && run->state == RUN_STARTING)
		run_move(run, RUN_RUNNING);
	run_guard_timeout(run);
	run_turn(run);
	run_discard(run);
}

static void on_ended(struct exec *exec, const struct sup_status *status, const char *reason, void *arg)
{
	(void)exec;
	take_status(arg, status, reason);
}

static void on_supervisor_lost(struct exec *exec, void *arg)
{
	struct run *run = arg;
	char reason[SUP_REASON_MAX + 1];
	struct sup_status status;
	struct stat st;

	if (rundir_read_status(exec_dir(exec), &status, reason) == 0)
		take_status(run, &status, reason);
	else if (fstat(exec_dir(exec), &st) == 0 && st.st_nlink == 0)
		drop_unbegun(run);
	else
		run_lose(run, exec_dir(exec));
}

static const struct exec_ops run_exec_ops = {
	.on_claim = on_claim, .on_started = on_started, .on_failed = on_failed, .on_grew = on_grew, .on_input_taken = on_input_taken,
	.on_state = on_state, .on_ended = on_ended, .on_lost = on_supervisor_lost,
};

/* ---- the beginning ---- */

struct run *run_make(struct runs *runs, const struct spec *spec)
{
	struct run *run = mem_new(struct run);

	run->runs = runs;
	memcpy(run->id, spec->id, RUN_ID_BYTES);
	str_hex(run->id, RUN_ID_BYTES, run->hex);
	run->principal = mem_strdup(spec->principal ? spec->principal : "");
	run->command = mem_strdup(spec->command ? spec->command : "");
	run->user = mem_strdup(spec->user ? spec->user : "");
	run->cgroup = mem_strdup(spec->cgroup);
	run->outcome.owner = run_owner_hash(run->principal);
	run->reconnect_ms = spec->reconnect_ms ? spec->reconnect_ms : RUN_RECONNECT_MS;
	run->timeout_ms = spec->timeout_ms;
	run->spool_max = spec->spool_max;
	run->is_detached = spec->is_detached;
	run->keeps_when_lost = spec->keeps_when_lost;
	run->has_input_ended = spec->no_input;
	run->started_ms = (int64_t)spec->asked_ms;
	run->files = SPOOL_FILE_NONE;
	list_init(&run->observers);
	list_init(&run->waiters);
	ev_init(&run->lost, on_lost_caller);
	ev_init(&run->sweep_limit, on_sweep_limit);
	ev_init(&run->sweep, on_sweep);
	run_guard_init(run);
	run->lost.data = run->sweep.data = run->sweep_limit.data = run;
	runs_add(runs, run);
	return run;
}

static void run_start(struct run *run, const struct buf *spec, bool has_no_input)
{
	struct exec_order order = { .name = run->hex, .spec = spec, .other_fd = -1 };

	if (run->is_in_state_dir) {
		order.other_fd = runs_dir(run->runs, true);
		order.other_path = runs_state_path(run->runs);
	}
	run->has_files = true;
	run_move(run, RUN_STARTING);
	run_guard_soon(run);
	run->exec = exec_start(runs_host(run->runs), &order, &run_exec_ops, run);
	exec_input(run->exec, 0, buf_data(&run->early), buf_len(&run->early));
	buf_done(&run->early);
	if (run->has_input_ended && !has_no_input)
		exec_input_end(run->exec);
}

/* Where it goes and how much it may hold is decided when it starts. */
static void place_and_start(struct run *run, struct spec *spec)
{
	struct buf file = { 0 };

	run->is_in_state_dir = runs_allot(run->runs, spec, &run->allotted);
	run->spool_max = spec->spool_max;
	spec_pack(spec, &file);
	run_start(run, &file, spec->no_input);
	buf_done(&file);
}

struct run *run_new(struct runs *runs, struct spec *spec)
{
	struct run *run;

	spec->cgroup = runs_cgroup(runs);
	run = run_make(runs, spec);
	if (runs_has_room(runs))
		place_and_start(run, spec);
	else
		runs_enqueue(runs, run, spec);
	return run;
}

void run_start_queued(struct run *run)
{
	struct spec spec;
	int rc = spec_unpack(&spec, buf_data(&run->spec), buf_len(&run->spec));

	if (rc == 0)
		place_and_start(run, &spec);
	spec_done(&spec);
	buf_done(&run->spec);
	if (rc)
		run_end_unbegun(run, RUN_END_NOT_STARTED, "what was asked for cannot be read any more");
}

void run_adopt(struct run *run, int fd, int dir_fd)
{
	run_move(run, RUN_STARTING);
	run->has_files = true;
	runs_allot_again(run->runs, run, run->spool_max);
	run->exec = exec_adopt(runs_host(run->runs), fd, dir_fd, runs_dir(run->runs, run->is_in_state_dir), run->hex,
			       &run_exec_ops, run);
	run_guard_soon(run);
	run_settle(run);
}

void run_adopt_ended(struct run *run, const struct sup_status *status, const char *reason)
{
	run->has_files = true;
	take_status(run, status, reason);
}
