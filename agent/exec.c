/*
 * exec.c - the process of a run, behind pipes and a pidfd.
 *
 * Owns the process until exec_free(): its zombie is kept so long, see proc.h. The start is made at
 * once and told from the loop. Its clocks: none while it runs; after its exit `linger`, until both streams
 * have ended; after exec_kill() and its exit `poll`, until its session is empty; after SIGKILL `give_up`, for
 * processes that cannot be killed: another user's, or stuck in the kernel. While something is being
 * killed linger waits: what still ends in good order may still write.
 */
#include "agent/exec.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/exec_pipe.h"
#include "agent/exec_program.h"
#include "agent/orphans.h"
#include "agent/proc.h"
#include "agent/session.h"
#include "common/buf.h"
#include "common/fd.h"
#include "common/list.h"
#include "common/mem.h"

enum { POLL_MIN_MS = 5, POLL_MAX_MS = 200, LEFT_MAX = 8 };

/* What is heard first of all that has happened by the same turn of the loop. A process that wrote to both streams
 * most often wrote to stdout first. */
enum { PRIORITY_EXIT = -1, PRIORITY_STDERR, PRIORITY_STDOUT, PRIORITY_BEGIN };

struct exec_host {
	struct ev_loop *loop;
	struct proc_host *proc_host;
	struct session_list *sessions;
	struct orphans *orphans;
	uint8_t *buffer;		/* EXEC_CHUNK_MAX */
};

struct exec {
	struct exec_host *host;
	const struct exec_ops *ops;
	void *arg;
	struct proc proc;
	struct outpipe out[EXEC_N_STREAMS];
	struct inpipe in;
	ev_timer begin;			/* never started: fed to tell the start from the loop */
	ev_io exit;
	ev_timer linger, poll, give_up;
	char *failure;			/* why nothing was started */
	int failure_code;
	int kill_signal;		/* 0: not killed */
	unsigned poll_ms, empty_polls;
	bool has_exited, is_gone;
};

/* ---- host ---- */

struct exec_host *exec_host_new(struct ev_loop *loop)
{
	struct exec_host *h = mem_new(struct exec_host);

	h->loop = loop;
	h->proc_host = proc_host_new();
	h->sessions = session_list_new();
	h->orphans = orphans_new(loop);
	h->buffer = mem_alloc(EXEC_CHUNK_MAX);
	return h;
}

void exec_host_free(struct exec_host *h)
{
	if (!h)
		return;
	proc_host_free(h->proc_host);
	session_list_free(h->sessions);
	orphans_free(h->orphans);
	free(h->buffer);
	free(h);
}

/* ---- output and input ---- */

static bool has_drained(const struct exec *exec)
{
	return exec->out[EXEC_STDOUT].fd < 0 && exec->out[EXEC_STDERR].fd < 0;
}

static void on_out_data(struct exec *exec, enum exec_stream stream, const void *data, size_t n)
{
	exec->ops->on_output(exec, stream, data, n, exec->arg);
}

static void on_out_eof(struct exec *exec, enum exec_stream stream, bool cut)
{
	if (has_drained(exec))
		ev_timer_stop(exec->host->loop, &exec->linger);
	exec->ops->on_eof(exec, stream, cut, exec->arg);
}

static struct exec *exec_of(struct outpipe *p, enum exec_stream stream)
{
	return list_entry(p - stream, struct exec, out);
}

static void on_stdout_data(struct outpipe *p, const void *data, size_t n)
{
	on_out_data(exec_of(p, EXEC_STDOUT), EXEC_STDOUT, data, n);
}

static void on_stderr_data(struct outpipe *p, const void *data, size_t n)
{
	on_out_data(exec_of(p, EXEC_STDERR), EXEC_STDERR, data, n);
}

static void on_stdout_eof(struct outpipe *p, bool cut)
{
	on_out_eof(exec_of(p, EXEC_STDOUT), EXEC_STDOUT, cut);
}

static void on_stderr_eof(struct outpipe *p, bool cut)
{
	on_out_eof(exec_of(p, EXEC_STDERR), EXEC_STDERR, cut);
}

static void on_in_taken(struct inpipe *p, uint64_t offset, bool closed)
{
	struct exec *exec = list_entry(p, struct exec, in);

	exec->ops->on_input_taken(exec, offset, closed, exec->arg);
}

/* ---- the end ---- */

static void start_timer(struct exec *exec, ev_timer *timer, unsigned ms)
{
	ev_timer_stop(exec->host->loop, timer);
	ev_now_update(exec->host->loop);	/* a walk over /proc takes its time */
	ev_timer_set(timer, ms / 1000.0, 0.);
	ev_timer_start(exec->host->loop, timer);
}

static void start_linger(struct exec *exec)
{
	if (!has_drained(exec) && (exec->is_gone || (exec->has_exited && !exec->kill_signal)))
		start_timer(exec, &exec->linger, EXEC_LINGER_MS);
}

static void on_linger(struct ev_loop *loop, ev_timer *w, int events)
{
	struct exec *exec = w->data;
	bool is_last = exec->out[EXEC_STDERR].fd < 0;

	(void)loop, (void)events;
	outpipe_cut(&exec->out[EXEC_STDOUT]);
	if (!is_last)		/* otherwise that was it, and exec may be gone */
		outpipe_cut(&exec->out[EXEC_STDERR]);
}

/* `left`: pids that are still there, or NULL. */
static void set_gone(struct exec *exec, const char *left)
{
	ev_timer_stop(exec->host->loop, &exec->poll);
	ev_timer_stop(exec->host->loop, &exec->give_up);
	exec->is_gone = true;
	start_linger(exec);
	exec->ops->on_gone(exec, left, exec->arg);
}

/* The first LEFT_MAX pids, then how many more. Empty: none. */
static void list_left(struct exec *exec, struct buf *text)
{
	pid_t pids[LEFT_MAX];
	size_t n_self = !exec->has_exited, n;

	pids[0] = exec->proc.pid;
	n = n_self + session_alive(exec->host->sessions, ev_iteration(exec->host->loop), exec->proc.pid,
				   pids + n_self, LEFT_MAX - n_self);
	for (size_t i = 0; i < n && i < LEFT_MAX; i++)
		buf_printf(text, "%s%d", i ? ", " : "pid ", (int)pids[i]);
	if (n > LEFT_MAX)
		buf_printf(text, " and %zu more", n - LEFT_MAX);
}

static void on_give_up(struct ev_loop *loop, ev_timer *w, int events)
{
	struct exec *exec = w->data;
	struct buf text = { 0 };

	(void)loop, (void)events;
	list_left(exec, &text);
	set_gone(exec, buf_len(&text) ? buf_string(&text) : NULL);
	buf_done(&text);
}

/* The session is empty when no member is listed, or when those listed are dead twice in a row: between
 * the walk and the look one may have forked. */
static void check_session(struct exec *exec)
{
	unsigned turn = ev_iteration(exec->host->loop);
	struct session_count count = session_count(exec->host->sessions, turn, exec->proc.pid);

	exec->empty_polls = count.alive ? 0 : exec->empty_polls + 1;
	if (count.listed == 0 || exec->empty_polls >= 2) {
		set_gone(exec, NULL);
		return;
	}
	if (exec->kill_signal == SIGKILL) {
		proc_signal(&exec->proc, SIGKILL);
		session_signal(exec->host->sessions, turn, exec->proc.pid, SIGKILL);
	}
	start_timer(exec, &exec->poll, exec->poll_ms);
	exec->poll_ms = 2 * exec->poll_ms < POLL_MAX_MS ? 2 * exec->poll_ms : POLL_MAX_MS;
}

static void on_poll(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop, (void)events;
	check_session(w->data);
}

static void on_exit_ready(struct ev_loop *loop, ev_io *w, int events)
{
	struct exec *exec = w->data;
	struct proc_status status;

	(void)events;
	if (!proc_has_ended(&exec->proc, &status))
		return;
	ev_io_stop(loop, w);
	exec->has_exited = true;
	start_linger(exec);
	if (exec->kill_signal && !exec->is_gone)
		start_timer(exec, &exec->poll, 0);
	exec->ops->on_exited(exec, status.code, status.signal, exec->arg);
}

void exec_signal(struct exec *exec, int number)
{
	if (!exec->failure)
		proc_signal(&exec->proc, number);
}

void exec_kill(struct exec *exec, int number)
{
	struct ev_loop *loop = exec->host->loop;

	if (exec->failure || exec->is_gone)
		return;
	proc_signal(&exec->proc, number);
	session_signal(exec->host->sessions, ev_iteration(loop), exec->proc.pid, number);
	if (number == SIGTERM)
		proc_signal(&exec->proc, SIGCONT);	/* a stopped process would not hear it */
	exec->kill_signal = number;
	exec->poll_ms = POLL_MIN_MS;
	ev_timer_stop(loop, &exec->linger);
	if (number == SIGKILL && !ev_is_active(&exec->give_up))
		start_timer(exec, &exec->give_up, EXEC_GIVE_UP_MS);
	if (exec->has_exited)
		start_timer(exec, &exec->poll, 0);
}

/* ---- the start ---- */

static void on_begin(struct ev_loop *loop, ev_timer *w, int events)
{
	struct exec *exec = w->data;

	(void)loop, (void)events;
	if (exec->failure)
		exec->ops->on_failed(exec, exec->failure_code, exec->failure, exec->arg);
	else
		exec->ops->on_started(exec, exec->proc.pid, exec->arg);
}

/* Pipe ends: ours do not block. */
struct pipes {
	int ours[3], theirs[3];
};

static int pipes_open(struct pipes *p, bool no_input)
{
	for (int i = no_input ? 1 : 0; i < 3; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC))
			return -errno;
		p->ours[i] = ends[i == 0];
		p->theirs[i] = ends[i != 0];
		if (fcntl(p->ours[i], F_SETFL, O_NONBLOCK))
			return -errno;
	}
	return 0;
}

static void close_three(int *fds)
{
	for (int i = 0; i < 3; i++)
		fd_close(&fds[i]);
}

static void spawn(struct exec *exec, const struct exec_spec *spec, const struct exec_program *program, struct pipes *pipes)
{
	struct proc_spec ps = {
		.paths = program->paths, .argv = program->argv, .env = spec->env, .cwd = spec->cwd,
		.cwd_may_fail = spec->cwd_may_fail, .user = spec->user, .script = program->script,
	};
	struct proc_failure failure;

	memcpy(ps.fds, pipes->theirs, sizeof ps.fds);
	if (spec->no_input)
		ps.fds[0] = proc_host_null(exec->host->proc_host);
	if (proc_spawn(exec->host->proc_host, &ps, &exec->proc, &failure))
		exec->failure = proc_failure_text(&failure, &ps, &exec->failure_code);
}

static void watch(struct exec *exec, const struct pipes *pipes)
{
	struct ev_loop *loop = exec->host->loop;

	exec->in.fd = pipes->ours[0];
	if (exec->in.fd >= 0)
		inpipe_start(&exec->in);
	for (int i = 0; i < EXEC_N_STREAMS; i++) {
		exec->out[i].fd = pipes->ours[1 + i];
		outpipe_start(&exec->out[i]);
	}
	ev_io_init(&exec->exit, on_exit_ready, exec->proc.pidfd, EV_READ);
	ev_set_priority(&exec->exit, PRIORITY_EXIT);
	exec->exit.data = exec;
	ev_io_start(loop, &exec->exit);
}

static void exec_init(struct exec *exec, struct exec_host *h, const struct exec_ops *ops, void *arg)
{
	struct outpipe out = { .loop = h->loop, .buffer = h->buffer, .fd = -1 };

	exec->host = h;
	exec->ops = ops;
	exec->arg = arg;
	exec->proc.pidfd = -1;
	exec->in = (struct inpipe){ .loop = h->loop, .fd = -1, .on_taken = on_in_taken };
	out.priority = PRIORITY_STDOUT;
	out.on_data = on_stdout_data;
	out.on_eof = on_stdout_eof;
	exec->out[EXEC_STDOUT] = out;
	out.priority = PRIORITY_STDERR;
	out.on_data = on_stderr_data;
	out.on_eof = on_stderr_eof;
	exec->out[EXEC_STDERR] = out;
	ev_init(&exec->begin, on_begin);
	ev_set_priority(&exec->begin, PRIORITY_BEGIN);
	ev_init(&exec->linger, on_linger);
	ev_init(&exec->poll, on_poll);
	ev_init(&exec->give_up, on_give_up);
	ev_init(&exec->in.io, NULL);
	exec->begin.data = exec->linger.data = exec->poll.data = exec->give_up.data = exec;
}

struct exec *exec_start(struct exec_host *h, const struct exec_spec *spec, const struct exec_ops *ops, void *arg)
{
	struct pipes pipes = { { -1, -1, -1 }, { -1, -1, -1 } };
	struct exec *exec = mem_new(struct exec);
	struct exec_program program;
	int rc;

	exec_init(exec, h, ops, arg);
	rc = exec_program_init(&program, spec);
	if (rc == 0)
		rc = pipes_open(&pipes, spec->no_input);
	if (rc)
		exec->failure = mem_printf("no process can be started: %s", strerror(-rc));
	else
		spawn(exec, spec, &program, &pipes);
	close_three(pipes.theirs);
	exec_program_done(&program);
	if (exec->failure)
		close_three(pipes.ours);
	else
		watch(exec, &pipes);
	ev_feed_event(h->loop, &exec->begin, EV_CUSTOM);
	return exec;
}

void exec_free(struct exec *exec)
{
	struct ev_loop *loop;

	if (!exec)
		return;
	loop = exec->host->loop;
	ev_clear_pending(loop, &exec->begin);
	ev_timer_stop(loop, &exec->linger);
	ev_timer_stop(loop, &exec->poll);
	ev_timer_stop(loop, &exec->give_up);
	inpipe_done(&exec->in);
	for (int i = 0; i < EXEC_N_STREAMS; i++)
		outpipe_done(&exec->out[i]);
	if (exec->proc.pidfd >= 0) {
		ev_io_stop(loop, &exec->exit);
		if (exec->has_exited)
			proc_done(&exec->proc);
		else
			orphans_take(exec->host->orphans, &exec->proc);
	}
	free(exec->failure);
	free(exec);
}

void exec_input(struct exec *exec, const void *data, size_t n)
{
	inpipe_write(&exec->in, data, n);
}

void exec_input_end(struct exec *exec)
{
	inpipe_end(&exec->in);
}

void exec_pause(struct exec *exec)
{
	for (int i = 0; i < EXEC_N_STREAMS; i++)
		outpipe_pause(&exec->out[i]);
}

void exec_resume(struct exec *exec)
{
	for (int i = 0; i < EXEC_N_STREAMS; i++)
		outpipe_resume(&exec->out[i]);
}
