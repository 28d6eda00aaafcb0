/*
 * exec_host.c - the supervisors of this agent that have no run: started ahead, kept ready, given to runs that wait.
 *
 * Owns those in SETUP, until they have said that they are ready, and those that are IDLE; the runs that wait for one are
 * linked here. One that dies before it is ready costs the run that has waited longest its start: a program that cannot work
 * is not started forever.
 */
#include "agent/exec_host.h"

#include <stdlib.h>
#include <string.h>

#include "agent/rundir.h"
#include "agent/spawn.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

enum { PUMP_US = 3000 };

static const double warm_delay_s = 0.01, warm_retry_s = 1;

static int start_supervisor(struct exec_host *h)
{
	int control, rc = spawn_supervisor(h->program, h->runs_fd, &control);

	if (rc && !h->is_failing)
		log_error("no supervisor can be started: %s: %s", h->program ? h->program : "sloth-supervise",
			  strerror(-rc));
	h->is_failing = rc != 0;
	if (rc)
		return rc;
	list_push(&h->setup, &supervisor_new(h->loop, control, &exec_supervisor_ops, h)->link);
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

void exec_host_warm(struct exec_host *h)
{
	warm_in(h, warm_delay_s);
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
		exec_fail(exec, mem_printf("no process can be started: sloth-supervise: %s", why));
}

void exec_host_pump(struct exec_host *h)
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
		exec_host_pump(h);
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
		exec_host_pump(h);
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

void exec_host_take(struct exec_host *h, struct supervisor *s, const void *name, size_t n)
{
	struct exec *exec;

	h->n_setup--;
	if (!open_home(h, s, name, n)) {
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
		exec_claim(exec, s, &exec->spec);
}

void exec_host_lose(struct exec_host *h, struct supervisor *s)
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
		exec_host_pump(h);
	warm_in(h, warm_retry_s);
}
