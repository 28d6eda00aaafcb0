/*
 * `sloth agent run` against a played master: output that cannot be written, signals, and how a person gets out.
 *
 * no valgrind: it does not know pidfd_open(2)
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/mem.h"
#include "test/lib/play.h"
#include "test/lib/unit.h"

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
		play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, FLOOD, 0);
}

static void start_flood(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)start;
	play_say_started(call);
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
	text = play_text(&p, "err");
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
	text = play_text(&p, "err");
	ck_assert_ptr_nonnull(strstr(text, "No space left on device"));
	free(text);
	play_close(&p);
}
END_TEST

/* ---- signals ---- */

static void interrupt_at_start(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)start;
	play_say_started(call);
	play_say(call, "up\n");
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
		play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_CANCELLED, 0, 3, 0);
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

/* ---- the way out ---- */

/* Signals the CLI when its stdout, which nobody reads, holds something. */
struct nudge {
	ev_io readable;
	struct play *play;
};

static void on_waiting(struct ev_loop *loop, ev_io *w, int revents)
{
	struct nudge *n = w->data;

	(void)revents;
	ev_io_stop(loop, w);
	kill(n->play->pid, SIGTERM);
}

/* Plays a run whose stdout is a pipe that nobody reads, and signals it when something is in the pipe. */
static void run_unread(struct play *p, const char *line)
{
	struct nudge n = { .play = p };
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	play_fork(p, line, -1, fds[1]);
	close(fds[1]);
	ev_io_init(&n.readable, on_waiting, fds[0], EV_READ);
	n.readable.data = &n;
	ev_io_start(p->loop, &n.readable);
	play_run(p);
	close(fds[0]);
}

static void check_unread(struct play *p, const char *line, int status, const char *err)
{
	char *text;

	run_unread(p, line);
	ck_assert_int_eq(p->status, status);
	text = play_text(p, "err");
	ck_assert_msg(strstr(text, err) != NULL, "stderr: %s", text);
	free(text);
	play_close(p);
}

enum { LONG = 300 * 1000 };

static void start_long(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	static char text[LONG + 1];

	(void)p;
	(void)start;
	memset(text, 'x', LONG);
	play_say_started(call);
	play_say(call, text);
	play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, LONG, 0);
}

START_TEST(run_leaves_by_a_signal_when_its_result_is_not_read)
{
	static const char *const lines[] = { "-o json web1 x", "-o box web1 x" };

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct play p;

		play_open(&p);
		p.on_start = start_long;
		check_unread(&p, lines[i], 128 + SIGTERM, "sloth: web1: not all of its output was written: exit 0 after 41 ms\n");
	}
}
END_TEST

static void terminate_again(struct play *p, struct wire_call *call, const Sloth__V1__RunInput *event)
{
	(void)call;
	if (event->event_case == SLOTH__V1__RUN_INPUT__EVENT_CANCEL)
		kill(p->pid, SIGTERM);
}

START_TEST(run_that_gives_up_does_not_wait_for_its_reader)
{
	struct play p;

	play_open(&p);
	p.on_start = start_flood;
	p.on_drain = flood;
	p.on_input = terminate_again;
	check_unread(&p, "web1 yes", 128 + SIGTERM, "gave up waiting for the end of the command; not all of its output");
}
END_TEST

/* The call is gone while output waits: then nothing but the output is waited for. */
static void lose_and_terminate(struct play *p, struct wire_call *call, const Sloth__V1__RunInput *event)
{
	if (event->event_case != SLOTH__V1__RUN_INPUT__EVENT_CANCEL)
		return;
	wire_end(call, WIRE_UNAVAILABLE, "lost");
	kill(p->pid, SIGTERM);
}

START_TEST(run_that_lost_its_call_does_not_wait_for_its_reader)
{
	struct play p;

	play_open(&p);
	p.on_start = start_flood;
	p.on_drain = flood;
	p.on_input = lose_and_terminate;
	check_unread(&p, "web1 yes", 128 + SIGTERM, "not all of its output");
}
END_TEST

static void start_never_ending(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	play_say_started(call);
	play_say(call, "hi\n");
	play_tell_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 3, 3, 0);
}

START_TEST(run_leaves_a_call_that_goes_on_after_the_exit)
{
	struct play p;
	char *text;

	play_open(&p);
	p.on_start = start_never_ending;
	play_fork(&p, "web1 x", -1, -1);
	play_run(&p);
	ck_assert_int_eq(p.status, 3);
	ck_assert_int_eq(p.end_code, WIRE_CANCELLED);
	text = play_text(&p, "err");
	ck_assert_str_eq(text, "");
	free(text);
	play_close(&p);
}
END_TEST

/* ---- views that cannot write ---- */

static void start_silent(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	play_say_started(call);
	play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, 0, 0);
}

static void start_word(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	play_say_started(call);
	play_say(call, "hi\n");
	play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, 3, 0);
}

static void check_unwritable(const char *format, int fd, void (*on_start)(struct play *, struct wire_call *, const Sloth__V1__RunStart *),
			     int status, const char *err)
{
	char *line = mem_printf("-o %s web1 x", format), *text;
	struct play p;

	play_open(&p);
	p.on_start = on_start;
	play_fork(&p, line, -1, fd);
	play_run(&p);
	text = play_text(&p, "err");
	ck_assert_msg(p.status == status, "-o %s: %d, %s", format, p.status, text);
	ck_assert_msg(*err ? strstr(text, err) != NULL && strchr(text, '\n') == strrchr(text, '\n') : !*text,
		      "-o %s: %s", format, text);
	free(text);
	free(line);
	play_close(&p);
}

START_TEST(run_fails_when_any_view_cannot_write)
{
	static const char *const formats[] = { "raw", "frame", "box", "json" };
	int full = open("/dev/full", O_WRONLY), fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	close(fds[0]);
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		check_unwritable(formats[i], full, start_word, 125, "output cannot be written: No space left on device");
		check_unwritable(formats[i], fds[1], start_word, 141, "");
		if (i == 0)
			continue;	/* raw adds no byte */
		check_unwritable(formats[i], full, start_silent, 125, "output cannot be written: No space left on device");
		check_unwritable(formats[i], fds[1], start_silent, 141, "");
	}
	close(full);
	close(fds[1]);
}
END_TEST

UNIT_MAIN(run_stops_a_producer_that_nobody_reads, run_is_cancelled_when_its_reader_goes_away,
	  run_says_when_its_output_cannot_be_written, run_sends_interrupt_then_cancels_then_gives_up,
	  run_cancels_on_termination,
	  run_leaves_by_a_signal_when_its_result_is_not_read, run_that_gives_up_does_not_wait_for_its_reader,
	  run_that_lost_its_call_does_not_wait_for_its_reader, run_leaves_a_call_that_goes_on_after_the_exit,
	  run_fails_when_any_view_cannot_write)
