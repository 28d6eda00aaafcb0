/*
 * exec.c - the process of a run, behind its supervisor.
 *
 * A run that asks takes an idle supervisor, or waits for the next one (exec_host.c). So a run that waits has none, and
 * what is asked of it meanwhile is kept as packets and sent behind SUP_GO.
 *
 *   exec_start -> waiting --SUP_IDLE of any--> BUSY --SUP_ENDED--> ENDED --exec_release--> SETUP --SUP_IDLE--> IDLE
 */
#include "agent/exec_host.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/rundir.h"
#include "common/fd.h"
#include "common/mem.h"

/* ---- a supervisor gets a run ---- */

void exec_fail(struct exec *exec, char *why)
{
	list_remove(&exec->link);
	list_init(&exec->link);
	exec->failure = why;
	ev_feed_event(exec->host->loop, &exec->begin, EV_CUSTOM);
}

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

void exec_claim(struct exec *exec, struct supervisor *s, const struct buf *spec)
{
	struct exec_host *h = exec->host;
	int rc = exec->ops->on_claim ? exec->ops->on_claim(exec, exec->arg) : 0;
	const char *what = "its id cannot be written down, so that it could be started twice";

	if (rc == 0) {
		what = "its directory cannot be made";
		rc = exec->other_fd < 0 ? claim_own(exec, s, spec) : claim_other(exec, s, spec);
	}
	if (rc)
		exec_fail(exec, mem_printf("%s: %s", what, strerror(-rc)));
	else
		h->n_idle--;
	exec_host_warm(h);
}

/* ---- what supervisors say ---- */

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
		exec_host_take(s->owner, s, data, p->length);
	else if (s->phase == PHASE_BUSY)
		take_event(s->owner, p, data);
}

static void on_gone(struct supervisor *s)
{
	struct exec *exec = s->owner;

	if (s->phase == PHASE_SETUP || s->phase == PHASE_IDLE)
		exec_host_lose(s->owner, s);
	else if (s->phase == PHASE_BUSY)		/* else it has ended, and was not needed any more */
		exec->ops->on_lost(exec, exec->arg);
}

const struct supervisor_ops exec_supervisor_ops = { .on_packet = on_packet, .on_gone = on_gone };

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
		exec_claim(exec, list_entry(h->idle.next, struct supervisor, link), order->spec);
		return exec;
	}
	buf_append(&exec->spec, buf_data(order->spec), buf_len(order->spec));
	list_push(&h->waiting, &exec->link);
	h->n_waiting++;
	exec_host_pump(h);
	return exec;
}

struct exec *exec_adopt(struct exec_host *h, int fd, int dir_fd, int runs_fd, const char *name,
			const struct exec_ops *ops, void *arg)
{
	struct exec *exec = exec_new(h, name, ops, arg);

	exec->other_fd = runs_fd;
	exec->supervisor = supervisor_new(h->loop, fd, &exec_supervisor_ops, exec);
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
