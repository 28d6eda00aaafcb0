/*
 * `sloth agent run` against a master that is played here: the CLI runs in a child with its standard fds in
 * our hands, the master's side follows a script. What real programs rarely do is what is shown.
 *
 * no valgrind: it does not know pidfd_open(2)
 */
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "common/buf.h"
#include "common/fd.h"
#include "common/mem.h"
#include "test/lib/unit.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/wire.h"

struct play {
	struct ev_loop *loop;
	struct wire *wire;
	struct wire_listener *listener;
	char dir[64], address[80];
	/* the script */
	void (*on_start)(struct play *, struct wire_call *, const Sloth__V1__RunStart *);
	void (*on_input)(struct play *, struct wire_call *, const Sloth__V1__RunInput *);
	void (*on_drain)(struct play *, struct wire_call *);
	/* what came */
	struct buf in;			/* stdin bytes */
	bool has_end, was_cancelled;
	unsigned signals, cancels, acks;
	uint64_t acked, sent;
	enum wire_code end_code;
	bool has_ended;
	/* the child */
	pid_t pid;
	int status;			/* exit status, once is_gone */
	bool is_gone;
	ev_io exited;
	int pidfd;
};

/* ---- the master's side ---- */

static void send_output(struct wire_call *call, Sloth__V1__RunOutput__EventCase which, const void *data, size_t n)
{
	Sloth__V1__RunOutput out = SLOTH__V1__RUN_OUTPUT__INIT;

	out.event_case = which;
	out.stdout_data.data = (uint8_t *)(uintptr_t)data;	/* the same place as stderr_data */
	out.stdout_data.len = n;
	wire_send_message(call, &out.base);
}

static void say(struct wire_call *call, const char *text)
{
	send_output(call, SLOTH__V1__RUN_OUTPUT__EVENT_STDOUT_DATA, text, strlen(text));
}

static void complain(struct wire_call *call, const char *text)
{
	send_output(call, SLOTH__V1__RUN_OUTPUT__EVENT_STDERR_DATA, text, strlen(text));
}

static void say_started(struct wire_call *call)
{
	Sloth__V1__RunOutput out = SLOTH__V1__RUN_OUTPUT__INIT;
	Sloth__V1__RunStarted started = SLOTH__V1__RUN_STARTED__INIT;

	out.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_STARTED;
	out.started = &started;
	wire_send_message(call, &out.base);
}

static void say_exit(struct wire_call *call, Sloth__V1__RunEnd end, unsigned code, uint64_t n_out, uint64_t n_err)
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
	wire_end(call, WIRE_OK, NULL);
}

static void say_taken(struct wire_call *call, uint64_t offset, bool closed)
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
		ck_assert_uint_gt(event->ack->position, p->acked);
		p->acked = event->ack->position;
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
		p->on_start(p, call, event->start);
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

/* ---- the stage ---- */

static const struct wire_conn_ops conn_ops;

static void play_open(struct play *p)
{
	static struct wire_method methods[] = { { .path = "/sloth.v1.Master/Run", .runs_long = true, .start = on_run } };
	char *error = NULL;

	*p = (struct play){ .loop = ev_loop_new(EVFLAG_NOENV), .pidfd = -1 };
	strcpy(p->dir, "/tmp/sloth-run-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(p->dir));
	snprintf(p->address, sizeof p->address, "unix:%s/sock", p->dir);
	signal(SIGPIPE, SIG_IGN);
	p->wire = wire_new(p->loop);
	wire_serve(p->wire, methods, 1, p);
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

/* The child: `sloth --master ADDRESS agent run ...`. fds that are -1 go to files. */
static void play_fork(struct play *p, const char *line, int in, int out)
{
	char *copy = mem_printf("sloth --master %s agent run %s", p->address, line), *argv[32];
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

/* Until the CLI has ended and its connection is down. */
static void play_run(struct play *p)
{
	ev_io_init(&p->exited, on_exited, p->pidfd, EV_READ);
	p->exited.data = p;
	ev_io_start(p->loop, &p->exited);
	ev_run(p->loop, 0);
	ck_assert(p->is_gone);
	ck_assert_uint_eq(wire_count(p->wire).conns, 0);
}

static char *text_of(const struct play *p, const char *name)
{
	char *path = place(p, name);
	struct buf text = { 0 };

	fd_read_file(path, 1 << 20, &text);
	unlink(path);
	free(path);
	return buf_take_string(&text);
}

static void play_close(struct play *p)
{
	free(text_of(p, "out"));
	free(text_of(p, "err"));
	fd_close(&p->pidfd);
	wire_free(p->wire);
	ev_loop_destroy(p->loop);
	buf_done(&p->in);
	ck_assert_int_eq(rmdir(p->dir), 0);
}

/* The whole play of a run without input. */
static void check_run(void (*on_start)(struct play *, struct wire_call *, const Sloth__V1__RunStart *),
		      const char *line, int status, const char *out, const char *err)
{
	struct play p;
	char *text;

	play_open(&p);
	p.on_start = on_start;
	play_fork(&p, line, -1, -1);
	play_run(&p);
	text = text_of(&p, "err");
	ck_assert_msg(err ? strstr(text, err) != NULL : !*text, "stderr: %s", text);
	free(text);
	ck_assert_int_eq(p.status, status);
	text = text_of(&p, "out");
	ck_assert_str_eq(text, out);
	free(text);
	play_close(&p);
}

/* ---- ends ---- */

static void start_good(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	ck_assert_str_eq(start->agent_name, "web1");
	ck_assert_str_eq(start->command, "echo -n two");
	ck_assert_uint_eq(start->run_id.len, 16);
	ck_assert_uint_eq(start->n_env, 2);
	ck_assert_uint_eq(start->timeout_ms, 1500);
	ck_assert_uint_eq(start->kill_grace_ms, 3000);
	ck_assert_str_eq(start->user, "u");
	ck_assert_str_eq(start->cwd, "/c");
	ck_assert(start->stdin_closed);		/* /dev/null */
	say_started(call);
	say(call, "hi\n");
	say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 3, 3, 0);
}

START_TEST(run_sends_what_was_asked_for)
{
	struct play p;

	play_open(&p);
	p.on_start = start_good;
	play_fork(&p, "--env A=1 --env B= --timeout 1500ms --kill-grace 3 --user u --cwd /c web1 -- echo -n two", -1, -1);
	play_run(&p);
	ck_assert_int_eq(p.status, 3);
	play_close(&p);
}
END_TEST

static void start_plain(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	say_started(call);
	say(call, "hi\n");
	say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 3, 3, 0);
}

START_TEST(run_has_the_commands_exit_status)
{
	check_run(start_plain, "web1 x", 3, "hi\n", NULL);
}
END_TEST

static void start_short(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	say_started(call);
	say(call, "hi\n");
	say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, 4, 0);
}

START_TEST(run_is_lost_when_a_byte_is_missing)
{
	check_run(start_short, "web1 x", 125, "hi\n", "3 of 4 bytes");
}
END_TEST

static void start_endless(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	say_started(call);
	say(call, "hi\n");
	wire_end(call, WIRE_OK, NULL);
}

START_TEST(run_without_an_end_is_unknown)
{
	check_run(start_endless, "web1 x", 125, "hi\n", "sloth: web1: result unknown: ");
}
END_TEST

static void start_refused(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	wire_end(call, WIRE_NOT_FOUND, "agent not found or inactive: web1");
}

START_TEST(run_says_why_the_master_refused)
{
	check_run(start_refused, "web1 x", 125, "", "sloth: web1: agent not found or inactive: web1\n  try: sloth agent list");
}
END_TEST

static void start_broken(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	say_started(call);
	wire_send(call, "\xff\xff\xff", 3);
}

START_TEST(run_survives_garbage_from_its_master)
{
	check_run(start_broken, "web1 x", 125, "", "result unknown");
}
END_TEST

static void start_lost(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	say_started(call);
	wire_conn_close(wire_call_conn(call), 0, "gone");
}

START_TEST(run_that_lost_its_master_is_unknown)
{
	check_run(start_lost, "web1 x", 125, "", "result unknown");
}
END_TEST

static void start_not_found(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	say_exit(call, SLOTH__V1__RUN_END__RUN_END_NOT_STARTED, 127, 0, 0);
}

START_TEST(run_that_never_started_has_the_shells_status)
{
	check_run(start_not_found, "--argv web1 x", 127, "", "could not be started");
}
END_TEST

/* ---- views ---- */

static void start_both(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	say_started(call);
	say(call, "a\xff");
	complain(call, "b\n");
	say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, 2, 2);
}

START_TEST(run_keeps_the_streams_apart)
{
	check_run(start_both, "web1 x", 0, "a\xff", "b\n");
}
END_TEST

static void check_json(void (*on_start)(struct play *, struct wire_call *, const Sloth__V1__RunStart *), int status,
		       const char *const *members)
{
	struct play p;
	char *text;

	play_open(&p);
	p.on_start = on_start;
	play_fork(&p, "-o json web1 x", -1, -1);
	play_run(&p);
	ck_assert_int_eq(p.status, status);
	text = text_of(&p, "out");
	ck_assert_int_eq(text[0], '{');
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
	for (; *members; members++)
		ck_assert_msg(strstr(text, *members) != NULL, "%s is not in %s", *members, text);
	free(text);
	play_close(&p);
}

START_TEST(run_gives_one_json_document)
{
	static const char *const good[] = {
		"\"agent\":\"web1\"", "\"command\":\"x\"", "\"state\":\"exited\"", "\"exit_code\":0", "\"signal\":null",
		"\"stdout\":\"a\xef\xbf\xbd\"", "\"stdout_base64\":\"Yf8=\"", "\"stderr\":\"b\\n\"", "\"duration_ms\":41",
		"\"error\":null", NULL,
	};
	static const char *const refused[] = {
		"\"state\":\"rejected\"", "\"exit_code\":null", "\"status\":125", "\"stdout\":\"\"", "\"duration_ms\":null",
		"\"error\":\"agent not found or inactive: web1\"", NULL,
	};

	check_json(start_both, 0, good);
	check_json(start_refused, 125, refused);
}
END_TEST

START_TEST(run_draws_a_box)
{
	struct play p;
	char *text;

	play_open(&p);
	p.on_start = start_both;
	play_fork(&p, "-o box web1 x", -1, -1);
	play_run(&p);
	ck_assert_int_eq(p.status, 0);
	text = text_of(&p, "out");
	ck_assert_ptr_nonnull(strstr(text, "Command Execution Result on web1"));
	ck_assert_ptr_nonnull(strstr(text, "# Stderr:"));
	free(text);
	play_close(&p);
}
END_TEST

/* ---- input ---- */

enum { INPUT = 1000 * 1000, WINDOW = 256 * 1024 };

/* Takes nothing until the window is full, then everything. */
static void take_late(struct play *p, struct wire_call *call, const Sloth__V1__RunInput *event)
{
	(void)event;
	ck_assert_uint_le(buf_len(&p->in), (p->sent / WINDOW + 1) * WINDOW);
	if (buf_len(&p->in) == p->sent + WINDOW || p->has_end) {
		p->sent = buf_len(&p->in);
		say_taken(call, p->sent, false);
	}
	if (p->has_end)
		say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, 0, 0);
}

static void start_only(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	ck_assert(!start->stdin_closed);
	say_started(call);
}

static void fill_input(uint8_t *data)
{
	for (size_t i = 0; i < INPUT; i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
}

static void check_input(int fd)
{
	static uint8_t data[INPUT];
	struct play p;

	fill_input(data);
	play_open(&p);
	p.on_start = start_only;
	p.on_input = take_late;
	play_fork(&p, "web1 cat", fd, -1);
	close(fd);
	play_run(&p);
	ck_assert_int_eq(p.status, 0);
	ck_assert_uint_eq(buf_len(&p.in), INPUT);
	ck_assert_int_eq(memcmp(buf_data(&p.in), data, INPUT), 0);
	play_close(&p);
}

START_TEST(run_sends_a_file_within_the_window)
{
	static uint8_t data[INPUT];
	int fd = memfd_create("input", 0);

	fill_input(data);
	ck_assert_int_eq(fd_write_all(fd, data, INPUT), 0);
	lseek(fd, 0, SEEK_SET);
	check_input(fd);
}
END_TEST

START_TEST(run_sends_a_pipe_within_the_window)
{
	static uint8_t data[INPUT];
	int fds[2];
	pid_t pid;

	fill_input(data);
	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		_exit(fd_write_all(fds[1], data, INPUT) ? 1 : 0);
	}
	close(fds[1]);
	check_input(fds[0]);
	waitpid(pid, NULL, 0);
}
END_TEST

static void close_then_exit(struct play *p, struct wire_call *call, const Sloth__V1__RunInput *event)
{
	(void)event;
	/* The command takes no more; the CLI must stop reading a pipe that never ends. */
	if (p->sent++ == 0) {
		say_taken(call, 0, true);
		say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, 0, 0);
	}
}

START_TEST(run_ends_while_its_input_goes_on)
{
	struct play p;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	play_open(&p);
	p.on_start = start_only;
	p.on_input = close_then_exit;
	play_fork(&p, "web1 true", fds[0], -1);
	play_run(&p);
	ck_assert_int_eq(p.status, 0);
	ck_assert(!p.has_end);
	close(fds[0]);
	close(fds[1]);
	play_close(&p);
}
END_TEST

START_TEST(run_is_cancelled_when_its_input_cannot_be_read)
{
	int fd = open("/tmp", O_RDONLY);
	struct play p;
	char *text;

	play_open(&p);
	p.on_start = start_only;
	play_fork(&p, "web1 cat", fd, -1);
	close(fd);
	play_run(&p);
	ck_assert_int_eq(p.status, 125);
	ck_assert(!p.has_end);		/* the command must not take a cut input for a whole one */
	ck_assert_int_eq(p.end_code, WIRE_CANCELLED);
	text = text_of(&p, "err");
	ck_assert_ptr_nonnull(strstr(text, "Is a directory"));
	free(text);
	play_close(&p);
}
END_TEST

/* ---- output that nobody reads ---- */

enum { FLOOD = 8 * 1024 * 1024, CHUNK = 32 * 1024 };

static void flood(struct play *p, struct wire_call *call)
{
	static const char chunk[CHUNK];
	bool more = true;

	while (more && p->sent < FLOOD) {
		Sloth__V1__RunOutput out = SLOTH__V1__RUN_OUTPUT__INIT;

		out.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_STDOUT_DATA;
		out.stdout_data.data = (uint8_t *)(uintptr_t)chunk;
		out.stdout_data.len = CHUNK;
		more = wire_send_message(call, &out.base);
		p->sent += CHUNK;
	}
	if (p->sent == FLOOD && more)
		say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, FLOOD, 0);
}

static void start_flood(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)start;
	say_started(call);
	flood(p, call);
}

/* The flood stops by itself: nothing reads until the master has been told to wait for a while. */
struct late_reader {
	ev_timer look;
	ev_io readable;
	struct play *play;
	uint64_t sent_before, got;
	int fd, out;		/* both ends of the CLI's stdout */
};

static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	static char data[65536];
	struct late_reader *r = w->data;
	ssize_t n = read(r->fd, data, sizeof data);

	(void)revents;
	if (n > 0)
		r->got += (uint64_t)n;
	else
		ev_io_stop(loop, w);
}

static void on_look(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct late_reader *r = w->data;

	(void)revents;
	if (r->play->sent == 0 || r->play->sent != r->sent_before) {
		r->sent_before = r->play->sent;
		return;
	}
	ck_assert_uint_lt(r->play->sent, FLOOD);	/* it waits */
	/* The description that others share was left alone. */
	ck_assert_int_eq(fcntl(r->out, F_GETFL) & O_NONBLOCK, 0);
	fd_close(&r->out);
	ev_timer_stop(loop, w);
	ev_io_start(loop, &r->readable);
}

START_TEST(run_stops_a_producer_that_nobody_reads)
{
	struct late_reader r = { 0 };
	struct play p;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, 0), 0);
	play_open(&p);
	p.on_start = start_flood;
	p.on_drain = flood;
	play_fork(&p, "web1 yes", -1, fds[1]);
	r.play = &p;
	r.fd = fds[0];
	r.out = fds[1];
	ev_timer_init(&r.look, on_look, 0.1, 0.1);
	r.look.data = &r;
	ev_timer_start(p.loop, &r.look);
	ev_io_init(&r.readable, on_readable, r.fd, EV_READ);
	r.readable.data = &r;
	play_run(&p);
	ck_assert_int_eq(p.status, 0);
	ck_assert_uint_eq(r.got, FLOOD);
	ck_assert_uint_gt(p.acks, 1);
	ck_assert_uint_le(p.acks, FLOOD / (256 * 1024) + 20);
	close(fds[0]);
	play_close(&p);
}
END_TEST

START_TEST(run_is_cancelled_when_its_reader_goes_away)
{
	struct play p;
	char *text;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	close(fds[0]);
	play_open(&p);
	p.on_start = start_flood;
	p.on_drain = flood;
	play_fork(&p, "web1 yes", -1, fds[1]);
	close(fds[1]);
	play_run(&p);
	ck_assert_int_eq(p.status, 141);
	ck_assert(p.has_ended);
	ck_assert_int_ne(p.end_code, WIRE_OK);
	text = text_of(&p, "err");
	ck_assert_str_eq(text, "");
	free(text);
	play_close(&p);
}
END_TEST

START_TEST(run_says_when_its_output_cannot_be_written)
{
	int fd = open("/dev/full", O_WRONLY);
	struct play p;
	char *text;

	play_open(&p);
	p.on_start = start_flood;
	p.on_drain = flood;
	play_fork(&p, "web1 yes", -1, fd);
	close(fd);
	play_run(&p);
	ck_assert_int_eq(p.status, 125);
	text = text_of(&p, "err");
	ck_assert_ptr_nonnull(strstr(text, "No space left on device"));
	free(text);
	play_close(&p);
}
END_TEST

/* ---- signals ---- */

static void interrupt_at_start(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)start;
	say_started(call);
	say(call, "up\n");
	(void)p;
}

/* The CLI runs with the pipe as stdout: its first line says that it is ready for signals. */
static void wait_for_line(int fd)
{
	char c;

	do
		ck_assert_int_eq(read(fd, &c, 1), 1);
	while (c != '\n');
}

struct signaller {
	ev_io readable;
	struct play *play;
	int fd, signal;
};

static void on_up(struct ev_loop *loop, ev_io *w, int revents)
{
	struct signaller *s = w->data;

	(void)revents;
	ev_io_stop(loop, w);
	wait_for_line(s->fd);
	kill(s->play->pid, s->signal);
}

static void kill_again(struct play *p, struct wire_call *call, const Sloth__V1__RunInput *event)
{
	(void)call;
	if (event->event_case == SLOTH__V1__RUN_INPUT__EVENT_SIGNAL || event->event_case == SLOTH__V1__RUN_INPUT__EVENT_CANCEL)
		kill(p->pid, SIGINT);
}

static void end_on_cancel(struct play *p, struct wire_call *call, const Sloth__V1__RunInput *event)
{
	(void)p;
	if (event->event_case == SLOTH__V1__RUN_INPUT__EVENT_CANCEL)
		say_exit(call, SLOTH__V1__RUN_END__RUN_END_CANCELLED, 0, 3, 0);
}

static void check_signal(int signal, void (*on_input_)(struct play *, struct wire_call *, const Sloth__V1__RunInput *),
			 int status, unsigned signals, unsigned cancels)
{
	struct signaller s = { .signal = signal };
	struct play p;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	play_open(&p);
	p.on_start = interrupt_at_start;
	p.on_input = on_input_;
	play_fork(&p, "web1 sleep", -1, fds[1]);
	close(fds[1]);
	s.play = &p;
	s.fd = fds[0];
	ev_io_init(&s.readable, on_up, s.fd, EV_READ);
	s.readable.data = &s;
	ev_io_start(p.loop, &s.readable);
	play_run(&p);
	ck_assert_int_eq(p.status, status);
	ck_assert_uint_eq(p.signals, signals);
	ck_assert_uint_eq(p.cancels, cancels);
	close(fds[0]);
	play_close(&p);
}

START_TEST(run_sends_interrupt_then_cancels_then_gives_up)
{
	check_signal(SIGINT, kill_again, 130, 1, 1);
}
END_TEST

START_TEST(run_cancels_on_termination)
{
	check_signal(SIGTERM, end_on_cancel, 143, 0, 1);
	check_signal(SIGHUP, end_on_cancel, 129, 0, 1);
}
END_TEST

UNIT_MAIN(run_sends_what_was_asked_for, run_has_the_commands_exit_status, run_is_lost_when_a_byte_is_missing,
	  run_without_an_end_is_unknown, run_says_why_the_master_refused, run_survives_garbage_from_its_master,
	  run_that_lost_its_master_is_unknown, run_that_never_started_has_the_shells_status, run_keeps_the_streams_apart,
	  run_gives_one_json_document, run_draws_a_box, run_sends_a_file_within_the_window,
	  run_sends_a_pipe_within_the_window, run_ends_while_its_input_goes_on,
	  run_is_cancelled_when_its_input_cannot_be_read, run_stops_a_producer_that_nobody_reads,
	  run_is_cancelled_when_its_reader_goes_away, run_says_when_its_output_cannot_be_written,
	  run_sends_interrupt_then_cancels_then_gives_up, run_cancels_on_termination)
