/*
 * play.c - `sloth agent run` against a master that is played by the test.
 */
#include "test/lib/play.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "common/fd.h"
#include "common/mem.h"
#include "test/lib/unit.h"

/* ---- the master's side ---- */

static void send_output(struct wire_call *call, Sloth__V1__RunOutput__EventCase which, const void *data, size_t n)
{
	Sloth__V1__RunOutput out = SLOTH__V1__RUN_OUTPUT__INIT;

	out.event_case = which;
	out.stdout_data.data = (uint8_t *)(uintptr_t)data;	/* the same place as stderr_data */
	out.stdout_data.len = n;
	wire_send_message(call, &out.base);
}

void play_say(struct wire_call *call, const char *text)
{
	send_output(call, SLOTH__V1__RUN_OUTPUT__EVENT_STDOUT_DATA, text, strlen(text));
}

void play_complain(struct wire_call *call, const char *text)
{
	send_output(call, SLOTH__V1__RUN_OUTPUT__EVENT_STDERR_DATA, text, strlen(text));
}

void play_say_started(struct wire_call *call)
{
	play_start_at(call, 0, 0);
}

void play_start_at(struct wire_call *call, uint64_t position, uint64_t stdin_offset)
{
	static uint8_t epoch[16] = "epoch of agents";
	Sloth__V1__RunOutput out = SLOTH__V1__RUN_OUTPUT__INIT;
	Sloth__V1__RunStarted started = SLOTH__V1__RUN_STARTED__INIT;

	started.position = position;
	started.stdin_offset = started.stdin_taken = stdin_offset;
	started.epoch.data = epoch;
	started.epoch.len = sizeof epoch;
	out.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_STARTED;
	out.started = &started;
	wire_send_message(call, &out.base);
}

void play_tell_exit(struct wire_call *call, Sloth__V1__RunEnd end, unsigned code, uint64_t n_out, uint64_t n_err)
{
	Sloth__V1__RunOutput out = SLOTH__V1__RUN_OUTPUT__INIT;
	Sloth__V1__RunExit exit = SLOTH__V1__RUN_EXIT__INIT;

	exit.end = end;
	exit.code = code;
	exit.stdout_bytes = n_out;
	exit.stderr_bytes = n_err;
	exit.duration_ms = 41;
	out.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_EXIT;
	out.exit = &exit;
	wire_send_message(call, &out.base);
}

void play_say_exit(struct wire_call *call, Sloth__V1__RunEnd end, unsigned code, uint64_t n_out, uint64_t n_err)
{
	play_tell_exit(call, end, code, n_out, n_err);
	wire_end(call, WIRE_OK, NULL);
}

void play_say_taken(struct wire_call *call, uint64_t offset, bool closed)
{
	Sloth__V1__RunOutput out = SLOTH__V1__RUN_OUTPUT__INIT;
	Sloth__V1__RunStdinTaken taken = SLOTH__V1__RUN_STDIN_TAKEN__INIT;

	taken.offset = offset;
	taken.closed = closed;
	out.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_STDIN_TAKEN;
	out.stdin_taken = &taken;
	wire_send_message(call, &out.base);
}

static void on_input(struct play *p, const Sloth__V1__RunInput *event)
{
	switch (event->event_case) {
	case SLOTH__V1__RUN_INPUT__EVENT_STDIN_DATA:
		ck_assert_uint_eq(event->stdin_data->offset, buf_len(&p->in));
		buf_append(&p->in, event->stdin_data->data.data, event->stdin_data->data.len);
		p->has_end |= event->stdin_data->end;
		break;
	case SLOTH__V1__RUN_INPUT__EVENT_SIGNAL:
		ck_assert_uint_eq(event->signal->number, SIGINT);
		p->signals++;
		break;
	case SLOTH__V1__RUN_INPUT__EVENT_CANCEL:
		p->cancels++;
		break;
	case SLOTH__V1__RUN_INPUT__EVENT_ACK:
		p->acks++;
		if (event->ack->exit)
			p->has_exit_ack = true;
		else
			ck_assert_uint_gt(event->ack->position, p->acked);
		p->acked = event->ack->position;
		break;
	case SLOTH__V1__RUN_INPUT__EVENT_RESIZE:
		p->rows = event->resize->rows;
		p->columns = event->resize->columns;
		break;
	default:
		break;
	}
}

static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct play *p = arg;
	const Sloth__V1__RunInput *event = wire_unpack(call, &sloth__v1__run_input__descriptor, data, len);

	ck_assert_ptr_nonnull(event);
	if (event->event_case == SLOTH__V1__RUN_INPUT__EVENT_START) {
		p->starts++;
		p->on_start(p, call, event->start);
		return;
	}
	if (event->event_case == SLOTH__V1__RUN_INPUT__EVENT_RESUME) {
		p->resumes++;
		p->acked = 0;
		if (p->on_resume)
			p->on_resume(p, call, event->resume);
		else
			wire_end(call, WIRE_NOT_FOUND, "no such run");
		return;
	}
	on_input(p, event);
	if (p->on_input)
		p->on_input(p, call, event);
}

static void on_drain(struct wire_call *call, void *arg)
{
	struct play *p = arg;

	if (p->on_drain)
		p->on_drain(p, call);
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct play *p = arg;

	(void)call;
	(void)why;
	p->has_ended = true;
	p->end_code = code;
}

static void on_run(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	static const struct wire_call_ops ops = { .on_message = on_message, .on_drain = on_drain, .on_end = on_end };

	(void)data;
	(void)len;
	wire_accept(call, &ops, arg);
}

static void on_question(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct play *p = arg;

	if (p->on_question)
		p->on_question(p, call, strrchr(wire_call_path(call), '/') + 1, data, len);
	else
		wire_end(call, WIRE_UNIMPLEMENTED, "not played");
}

/* ---- the stage ---- */

static const struct wire_conn_ops conn_ops;

void play_open(struct play *p)
{
	static const struct wire_method methods[] = {
		{ .path = "/sloth.v1.Master/Run", .roles = WIRE_ANYONE, .runs_long = true, .start = on_run },
		{ .path = "/sloth.v1.Master/ListRuns", .roles = WIRE_ANYONE, .unary = true, .start = on_question },
		{ .path = "/sloth.v1.Master/WaitRun", .roles = WIRE_ANYONE, .unary = true, .runs_long = true, .start = on_question },
		{ .path = "/sloth.v1.Master/ControlRun", .roles = WIRE_ANYONE, .unary = true, .start = on_question },
	};
	char *error = NULL;

	*p = (struct play){ .loop = ev_loop_new(EVFLAG_NOENV), .pidfd = -1 };
	tmp_make_dir(p->dir);
	snprintf(p->address, sizeof p->address, "unix:%s/sock", p->dir);
	signal(SIGPIPE, SIG_IGN);
	p->wire = wire_new(p->loop);
	wire_serve(p->wire, methods, sizeof methods / sizeof *methods, p);
	p->listener = wire_listen(p->wire, p->address, &conn_ops, NULL, &error);
	ck_assert_msg(p->listener != NULL, "%s", error);
}

static char *place(const struct play *p, const char *name)
{
	return mem_printf("%s/%s", p->dir, name);
}

static void redirect(const struct play *p, int fd, const char *name, int flags)
{
	char *path = *name == '/' ? mem_strdup(name) : place(p, name);
	int file = open(path, flags, 0600);

	if (file < 0 || dup2(file, fd) < 0)
		_exit(99);
	free(path);
}

void play_fork(struct play *p, const char *line, int in, int out)
{
	char *command = mem_printf("agent run %s", line);

	play_fork_command(p, command, in, out);
	free(command);
}

void play_fork_command(struct play *p, const char *line, int in, int out)
{
	char *copy = mem_printf("sloth --master %s %s", p->address, line), *argv[32];
	int argc = 0;

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	p->pid = fork();
	if (p->pid == 0) {
		if (in >= 0)
			dup2(in, 0);
		else
			redirect(p, 0, "/dev/null", O_RDONLY);
		if (out >= 0)
			dup2(out, 1);
		else
			redirect(p, 1, "out", O_WRONLY | O_CREAT);
		if (p->err)
			dup2(p->err, 2);
		else
			redirect(p, 2, "err", O_WRONLY | O_CREAT);
		close_range(3, ~0u, 0);
		_exit(output_finish(command_main(&cli_root, argc, argv)));
	}
	free(copy);
	p->pidfd = pidfd_open(p->pid, 0);
}

static void on_exited(struct ev_loop *loop, ev_io *w, int revents)
{
	struct play *p = w->data;
	int status;

	(void)revents;
	ev_io_stop(loop, w);
	ck_assert_int_eq(waitpid(p->pid, &status, 0), p->pid);
	p->status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
	p->is_gone = true;
	wire_listener_close(p->listener);
}

void play_run(struct play *p)
{
	ev_io_init(&p->exited, on_exited, p->pidfd, EV_READ);
	p->exited.data = p;
	ev_io_start(p->loop, &p->exited);
	ev_run(p->loop, 0);
	ck_assert(p->is_gone);
	ck_assert_uint_eq(wire_count(p->wire).conns, 0);
}

char *play_text(const struct play *p, const char *name)
{
	char *path = place(p, name);
	struct buf text = { 0 };

	fd_read_file(path, 1 << 20, &text);
	unlink(path);
	free(path);
	return buf_take_string(&text);
}

void play_close(struct play *p)
{
	free(play_text(p, "out"));
	free(play_text(p, "err"));
	fd_close(&p->pidfd);
	wire_free(p->wire);
	ev_loop_destroy(p->loop);
	buf_done(&p->in);
	ck_assert_int_eq(rmdir(p->dir), 0);
}
