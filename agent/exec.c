/*
 * exec.c - the process of a run, behind its supervisor.
 *
 * Owns the supervisors of this agent. One without a run is SETUP, until it has said that it is ready, then IDLE; a run
 * that asks takes an idle one, or waits for the next. So a run that waits has no supervisor, and what is asked of it
 * meanwhile is kept as packets and sent behind SUP_GO.
 *
 *   exec_start -> waiting --SUP_IDLE of any--> BUSY --SUP_ENDED--> ENDED --exec_release--> SETUP --SUP_IDLE--> IDLE
 *
 * A supervisor that dies before it is ready costs the run that has waited longest its start: a program that cannot work
 * is not started forever.
 */
#include "agent/exec.h"

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/rundir.h"
#include "agent/spawn.h"
#include "agent/supervisor.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/list.h"
#include "common/log.h"
#include "common/mem.h"

enum phase { PHASE_SETUP, PHASE_IDLE, PHASE_BUSY, PHASE_ENDED };
enum { NAME_MAX_BYTES = 40, PUMP_US = 3000 };

static const double warm_delay_s = 0.01, warm_retry_s = 1;

struct exec_host {
	struct ev_loop *loop;
	char *program;
	int runs_fd;			/* borrowed; -1: not open */
	struct list setup, idle;	/* supervisors */
	struct list waiting, busy;	/* execs: without a supervisor, with one */
	size_t n_setup, n_idle, n_waiting;
	ev_timer warm, pump;
	bool is_stopped, is_failing;
};

struct exec {
	struct list link;
	struct exec_host *host;
	const struct exec_ops *ops;
	void *arg;
	struct supervisor *supervisor;	/* NULL: it waits for one, or has lost it */
	char name[NAME_MAX_BYTES];
	int other_fd;			/* -1: its directory was the supervisor's */
	char *other_path;
	struct buf spec, early;		/* while it waits: its file, packets for it */
	ev_timer begin;			/* never started: fed to tell a failure from the loop */
	char *failure;
};

/* ---- the pool ---- */

static const struct supervisor_ops host_ops;

static int start_supervisor(struct exec_host *h)
{
	int control, rc = spawn_supervisor(h->program, h->runs_fd, &control);

	if (rc && !h->is_failing)
		log_error("no supervisor can be started: %s: %s", h->program ? h->program : "sloth-supervise",
			  strerror(-rc));
	h->is_failing = rc != 0;
	if (rc)
		return rc;
	list_push(&h->setup, &supervisor_new(h->loop, control, &host_ops, h)->link);
	h->n_setup++;
	return 0;
}

static void warm_in(struct exec_host *h, double seconds)
{
	if (h->is_stopped || h->runs_fd < 0 || ev_is_active(&h->warm) || h->n_idle + h->n_setup > 0)
		return;
	ev_timer_set(&h->warm, seconds, 0.);
	ev_timer_start(h->loop, &h->warm);
	ev_unref(h->loop);
}

static void stop_warm(struct exec_host *h)
{
	if (!ev_is_active(&h->warm) && !ev_is_pending(&h->warm))
		return;
	ev_ref(h->loop);
	ev_timer_stop(h->loop, &h->warm);	/* also where it is due in this turn */
}

static void on_warm(struct ev_loop *loop, ev_timer *w, int events)
{
	struct exec_host *h = w->data;

	(void)events;
	ev_ref(loop);		/* stopped by itself */
	if (h->n_idle + h->n_setup == 0 && start_supervisor(h))
		warm_in(h, warm_retry_s);
}

static void fail(struct exec *exec, char *why)
{
	list_remove(&exec->link);
	list_init(&exec->link);
	exec->failure = why;
	ev_feed_event(exec->host->loop, &exec->begin, EV_CUSTOM);
}

/* The run that has waited longest; NULL: none. */
static struct exec *pop_waiting(struct exec_host *h)
{
	struct list *link = list_pop(&h->waiting);

	if (!link)
		return NULL;
	h->n_waiting--;
	return list_entry(link, struct exec, link);
}

static void fail_waiting(struct exec_host *h, const char *why)
{
	struct exec *exec = pop_waiting(h);

	if (exec)
		fail(exec, mem_printf("no process can be started: sloth-supervise: %s", why));
}

static void pump_soon(struct exec_host *h)
{
	if (!ev_is_active(&h->pump))
		ev_timer_start(h->loop, &h->pump);
}

/* Supervisors for the runs that wait, some in each turn: each costs a fraction of a millisecond, and much more where the
 * new process has to wait for a processor, because we wait for it. */
static void on_pump(struct ev_loop *loop, ev_timer *w, int events)
{
	struct exec_host *h = w->data;
	uint64_t end_us = mono_us() + PUMP_US;

	(void)loop, (void)events;
	for (int i = 0; i < EXEC_SPAWNS_PER_TURN && h->n_waiting > h->n_setup && mono_us() < end_us; i++) {
		int rc = start_supervisor(h);

		if (rc)
			fail_waiting(h, strerror(-rc));
	}
	if (h->n_waiting > h->n_setup)
		pump_soon(h);
}

struct exec_host *exec_host_new(struct ev_loop *loop)
{
	struct exec_host *h = mem_new(struct exec_host);

	h->loop = loop;
	h->runs_fd = -1;
	list_init(&h->setup);
	list_init(&h->idle);
	list_init(&h->waiting);
	list_init(&h->busy);
	ev_init(&h->warm, on_warm);
	ev_timer_init(&h->pump, on_pump, 0., 0.);
	h->warm.data = h->pump.data = h;
	return h;
}

void exec_host_open(struct exec_host *h, const char *program, int runs_fd)
{
	spawn_init();
	h->program = mem_strdup(program);
	h->runs_fd = runs_fd;
	warm_in(h, 0.);
}

const char *exec_host_program(const struct exec_host *h)
{
	return h->program;
}

void exec_host_stop(struct exec_host *h)
{
	h->is_stopped = true;
	stop_warm(h);
	list_for_each(link, tmp, &h->idle)
		supervisor_free(list_entry(link, struct supervisor, link));
	list_for_each(link2, tmp2, &h->setup)
		supervisor_free(list_entry(link2, struct supervisor, link));
	h->n_idle = h->n_setup = 0;
	if (h->n_waiting > 0)
		pump_soon(h);
}

void exec_host_free(struct exec_host *h)
{
	if (!h)
		return;
	exec_host_stop(h);
	ev_timer_stop(h->loop, &h->pump);
	free(h->program);
	free(h);
}

/* ---- a supervisor gets a run ---- */

/* What the packets of a run wait for is behind SUP_GO. */
static void go(struct exec *exec, struct supervisor *s, const char *path)
{
	list_remove(&s->link);
	s->phase = PHASE_BUSY;
	s->owner = exec;
	exec->supervisor = s;
	list_push(&exec->host->busy, &exec->link);
	supervisor_send(s, SUP_GO, 0, path, path ? strlen(path) : 0);
	if (buf_len(&exec->early) > 0)
		supervisor_send_all(s, &exec->early);
	buf_done(&exec->spec);
}

static int claim_own(struct exec *exec, struct supervisor *s, const struct buf *spec)
{
	int fd = exec->host->runs_fd;
	int rc = rundir_write_spec(s->dir_fd, spec);

	if (rc == 0 && renameat(fd, s->name, fd, exec->name))
		rc = errno == ENOTEMPTY ? -EEXIST : -errno;
	if (rc == 0)
		go(exec, s, NULL);
	return rc;
}

static int claim_other(struct exec *exec, struct supervisor *s, const struct buf *spec)
{
	int dir_fd = rundir_make(exec->other_fd, exec->name), rc;
	char *path;

	if (dir_fd < 0)
		return dir_fd;
	rc = rundir_write_spec(dir_fd, spec);
	if (rc) {
		fd_close(&dir_fd);
		rundir_remove(exec->other_fd, exec->name);
		return rc;
	}
	path = mem_printf("%s/%s", exec->other_path, exec->name);
	supervisor_set_dir(s, dir_fd);		/* its spool is not there yet */
	go(exec, s, path);
	free(path);
	return 0;
}

static void claim(struct exec *exec, struct supervisor *s, const struct buf *spec)
{
	struct exec_host *h = exec->host;
	int rc = exec->ops->on_claim ? exec->ops->on_claim(exec, exec->arg) : 0;
	const char *what = "its id cannot be written down, so that it could be started twice";

	if (rc == 0) {
		what = "its directory cannot be made";
		rc = exec->other_fd < 0 ? claim_own(exec, s, spec) : claim_other(exec, s, spec);
	}
	if (rc)
		fail(exec, mem_printf("%s: %s", what, strerror(-rc)));
	else
		h->n_idle--;
	warm_in(h, warm_delay_s);
}

/* ---- what supervisors say ---- */

/* After a run it has the directory, and in it the spool, that it had before. */
static bool open_home(struct exec_host *h, struct supervisor *s, const char *name, size_t n)
{
	int dir_fd;

	if (s->spool.head && strlen(s->name) == n && memcmp(s->name, name, n) == 0)
		return true;
	if (n == 0 || n >= sizeof s->name)
		return false;
	memcpy(s->name, name, n);
	s->name[n] = '\0';
	dir_fd = rundir_open(h->runs_fd, s->name);
	supervisor_set_dir(s, dir_fd);
	return dir_fd >= 0 && spool_file_open(&s->spool, dir_fd) == 0;
}

static void on_idle(struct exec_host *h, struct supervisor *s, const void *data, size_t n)
{
	struct exec *exec;

	h->n_setup--;
	if (!open_home(h, s, data, n)) {
		supervisor_free(s);
		fail_waiting(h, "its directory cannot be used");
		return;
	}
	s->phase = PHASE_IDLE;
	list_remove(&s->link);
	list_push_front(&h->idle, &s->link);	/* the one whose memory is warm goes first */
	h->n_idle++;
	exec = pop_waiting(h);
	if (exec)
		claim(exec, s, &exec->spec);
}

/* The spool of a run in another place is there once it has started or ended. */
static void find_spool(struct supervisor *s)
{
	if (!s->spool.head && s->dir_fd >= 0)
		spool_file_open(&s->spool, s->dir_fd);
}

static void take_ended(struct exec *exec, const void *data, size_t n)
{
	char reason[SUP_REASON_MAX + 1];
	struct sup_status status;
	size_t length;

	if (n < sizeof status)
		return;
	memcpy(&status, data, sizeof status);
	length = n - sizeof status < SUP_REASON_MAX ? n - sizeof status : SUP_REASON_MAX;
	memcpy(reason, (const uint8_t *)data + sizeof status, length);
	reason[length] = '\0';
	exec->supervisor->phase = PHASE_ENDED;
	find_spool(exec->supervisor);
	exec->ops->on_ended(exec, &status, reason, exec->arg);
}

/* Of a supervisor that has a run. */
static void take_event(struct exec *exec, const struct sup_packet *p, const void *data)
{
	const uint64_t closed = UINT64_C(1) << 63;
	struct sup_state state;

	switch (p->type) {
	case SUP_STARTED:
		find_spool(exec->supervisor);
		exec->ops->on_started(exec, (pid_t)p->value, exec->arg);
		break;
	case SUP_GREW:
		exec->ops->on_grew(exec, exec->arg);
		break;
	case SUP_TAKEN:
		exec->ops->on_input_taken(exec, p->value & ~closed, (p->value & closed) != 0, exec->arg);
		break;
	case SUP_STATE:
		if (p->length < sizeof state)
			break;
		memcpy(&state, data, sizeof state);
		find_spool(exec->supervisor);
		exec->ops->on_state(exec, &state, exec->arg);
		break;
	case SUP_ENDED:
		take_ended(exec, data, p->length);
		break;
	default:
		break;
	}
}

static void on_packet(struct supervisor *s, const struct sup_packet *p, const void *data)
{
	if (s->phase == PHASE_SETUP && p->type == SUP_IDLE)
		on_idle(s->owner, s, data, p->length);
	else if (s->phase == PHASE_BUSY)
		take_event(s->owner, p, data);
}

static void on_gone_without_run(struct exec_host *h, struct supervisor *s)
{
	bool was_idle = s->phase == PHASE_IDLE;
	char name[SUPERVISOR_NAME_MAX];

	memcpy(name, s->name, sizeof name);
	supervisor_free(s);
	if (name[0])
		rundir_remove(h->runs_fd, name);
	if (was_idle)
		h->n_idle--;
	else
		h->n_setup--;
	if (!was_idle && !name[0])
		fail_waiting(h, "it ended before it was ready");
	if (h->n_waiting > h->n_setup)
		pump_soon(h);
	warm_in(h, warm_retry_s);
}

static void on_gone(struct supervisor *s)
{
	struct exec *exec = s->owner;

	if (s->phase == PHASE_SETUP || s->phase == PHASE_IDLE)
		on_gone_without_run(s->owner, s);
	else if (s->phase == PHASE_BUSY)		/* else it has ended, and was not needed any more */
		exec->ops->on_lost(exec, exec->arg);
}

static const struct supervisor_ops host_ops = { .on_packet = on_packet, .on_gone = on_gone };

/* ---- execs ---- */

static void on_begin(struct ev_loop *loop, ev_timer *w, int events)
{
	struct exec *exec = w->data;

	(void)loop, (void)events;
	exec->ops->on_failed(exec, exec->failure, exec->arg);
}

static struct exec *exec_new(struct exec_host *h, const char *name, const struct exec_ops *ops, void *arg)
{
	struct exec *exec = mem_new(struct exec);

	list_init(&exec->link);
	exec->host = h;
	exec->ops = ops;
	exec->arg = arg;
	exec->other_fd = -1;
	snprintf(exec->name, sizeof exec->name, "%s", name);
	ev_init(&exec->begin, on_begin);
	exec->begin.data = exec;
	return exec;
}

struct exec *exec_start(struct exec_host *h, const struct exec_order *order, const struct exec_ops *ops, void *arg)
{
	struct exec *exec = exec_new(h, order->name, ops, arg);

	exec->other_fd = order->other_fd;
	exec->other_path = mem_strdup(order->other_path);
	if (h->n_idle > 0) {
		claim(exec, list_entry(h->idle.next, struct supervisor, link), order->spec);
		return exec;
	}
	buf_append(&exec->spec, buf_data(order->spec), buf_len(order->spec));
	list_push(&h->waiting, &exec->link);
	h->n_waiting++;
	pump_soon(h);
	return exec;
}

struct exec *exec_adopt(struct exec_host *h, int fd, int dir_fd, int runs_fd, const char *name,
			const struct exec_ops *ops, void *arg)
{
	struct exec *exec = exec_new(h, name, ops, arg);

	exec->other_fd = runs_fd;
	exec->supervisor = supervisor_new(h->loop, fd, &host_ops, exec);
	exec->supervisor->phase = PHASE_BUSY;
	supervisor_set_dir(exec->supervisor, dir_fd);
	find_spool(exec->supervisor);
	list_push(&h->busy, &exec->link);
	return exec;
}

static bool is_waiting(const struct exec *exec)
{
	return !exec->supervisor && !exec->failure;
}

static void exec_free(struct exec *exec)
{
	if (is_waiting(exec))
		exec->host->n_waiting--;
	list_remove(&exec->link);
	ev_clear_pending(exec->host->loop, &exec->begin);
	free(exec->other_path);
	free(exec->failure);
	buf_done(&exec->spec);
	buf_done(&exec->early);
	free(exec);
}

void exec_close(struct exec *exec)
{
	supervisor_free(exec->supervisor);
	exec_free(exec);
}

/* Its directory becomes that of an idle supervisor again, or, when there are enough, of one that removes it and exits. */
static bool give_back(struct exec *exec)
{
	struct exec_host *h = exec->host;
	struct supervisor *s = exec->supervisor;
	bool is_enough = h->n_idle + h->n_setup >= EXEC_IDLE_MAX;

	if (!s || s->phase != PHASE_ENDED || exec->other_fd >= 0 || h->is_stopped || !ev_is_active(&s->in) ||
	    renameat(h->runs_fd, exec->name, h->runs_fd, s->name))
		return false;
	supervisor_send(s, SUP_RELEASE, is_enough, NULL, 0);
	exec->supervisor = NULL;
	if (is_enough) {
		supervisor_free(s);
		return true;
	}
	s->phase = PHASE_SETUP;
	s->owner = h;
	list_push(&h->setup, &s->link);
	h->n_setup++;
	return true;
}

void exec_release(struct exec *exec)
{
	struct exec_host *h = exec->host;
	int runs_fd = exec->other_fd >= 0 ? exec->other_fd : h->runs_fd;
	bool had_one = exec->supervisor != NULL;

	if (had_one && !give_back(exec)) {
		rundir_remove(runs_fd, exec->name);
		supervisor_free(exec->supervisor);
	}
	if (had_one)
		exec->failure = mem_strdup("");		/* it does not wait */
	exec_free(exec);
}

const struct spool_file *exec_spool(const struct exec *exec)
{
	static const struct spool_file none = { -1, NULL };

	return exec->supervisor ? &exec->supervisor->spool : &none;
}

int exec_dir(const struct exec *exec)
{
	return exec->supervisor ? exec->supervisor->dir_fd : -1;
}

/* ---- what is asked of it ---- */

static void tell(struct exec *exec, enum sup_type type, uint64_t value, const void *data, size_t n)
{
	if (exec->supervisor)
		supervisor_send(exec->supervisor, type, value, data, n);
	else if (!exec->failure)
		supervisor_pack(&exec->early, type, value, data, n);
}

void exec_input(struct exec *exec, uint64_t offset, const void *data, size_t n)
{
	const uint8_t *bytes = data;

	for (size_t done = 0, part; done < n; done += part) {
		part = n - done < SUP_DATA_MAX ? n - done : SUP_DATA_MAX;
		tell(exec, SUP_INPUT, offset + done, bytes + done, part);
	}
}

void exec_input_end(struct exec *exec)
{
	tell(exec, SUP_INPUT_END, 0, NULL, 0);
}

void exec_signal(struct exec *exec, int number)
{
	tell(exec, SUP_SIGNAL, (uint64_t)number, NULL, 0);
}

void exec_stop(struct exec *exec, enum sup_end end, const char *reason, bool at_once)
{
	size_t n = strnlen(reason, SUP_REASON_MAX);

	tell(exec, at_once ? SUP_KILL : SUP_STOP, end, reason, n);
	exec_signal_supervisor(exec, SIGCONT);
}

bool exec_is_stopped(const struct exec *exec)
{
	return exec->supervisor && supervisor_is_stopped(exec->supervisor);
}

void exec_signal_supervisor(const struct exec *exec, int number)
{
	if (exec->supervisor)
		supervisor_signal(exec->supervisor, number);
}

void exec_resize(struct exec *exec, unsigned rows, unsigned columns)
{
	tell(exec, SUP_RESIZE, (uint64_t)rows << 16 | columns, NULL, 0);
}

void exec_free_output(struct exec *exec, uint64_t position)
{
	tell(exec, SUP_FREE, position, NULL, 0);
}
