/*
 * `sloth agent run -t` on a terminal of its own, against a played master: keys, size, and the way back on every way out.
 *
 * no valgrind: it does not know pidfd_open(2)
 */
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli/run_terminal.h"
#include "common/buf.h"
#include "common/fd.h"
#include "test/lib/play.h"
#include "test/lib/unit.h"

/* ---- keys ---- */

static const struct {
	const char *keys[3], *sent;
	bool leaves;
} lines[] = {
	{ { "ls\r~.x" }, "ls\r", true },
	{ { "~." }, "", true },
	{ { "~", "." }, "", true },
	{ { "a~." }, "a~.", false },
	{ { "~~." }, "~.", false },
	{ { "~~", "." }, "~.", false },
	{ { "\r~", "x" }, "\r~x", false },
	{ { "~\r", "~", "." }, "~\r", true },
	{ { "\003\032~" }, "\003\032~", false },
	{ { "a\n~~~." }, "a\n~~.", false },
};

START_TEST(filter_finds_the_way_out)
{
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct run_terminal t = { 0 };
		struct buf sent = { 0 };
		bool leaves = false;

		for (int k = 0; k < 3 && lines[i].keys[k]; k++)
			leaves = run_terminal_filter(&t, (const uint8_t *)lines[i].keys[k], strlen(lines[i].keys[k]), &sent);
		ck_assert_int_eq(leaves, lines[i].leaves);
		ck_assert_str_eq(buf_string(&sent), lines[i].sent);
		buf_done(&sent);
	}
}
END_TEST

/* ---- the stage: steps that are looked at again and again until they are true ---- */

struct stage {
	struct play play;
	int terminal, program;		/* both ends of the terminal */
	struct termios before;
	bool (*const *steps)(struct stage *);
	ev_timer look;
	struct wire_call *call;		/* the last one */
};
static struct stage stage;

static bool is_raw(const struct stage *s)
{
	struct termios now;

	ck_assert_int_eq(tcgetattr(s->program, &now), 0);
	return !(now.c_lflag & (ICANON | ECHO | ISIG)) && !(now.c_oflag & OPOST);
}

static bool is_as_before(const struct stage *s)
{
	struct termios now;

	ck_assert_int_eq(tcgetattr(s->program, &now), 0);
	return now.c_lflag == s->before.c_lflag && now.c_iflag == s->before.c_iflag && now.c_oflag == s->before.c_oflag &&
	       now.c_cflag == s->before.c_cflag;
}

static void on_look(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct stage *s = w->data;

	(void)revents;
	while (*s->steps && (*s->steps)(s))
		s->steps++;
	if (!*s->steps)
		ev_timer_stop(loop, w);
}

static void start_terminal(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	ck_assert_ptr_nonnull(start->terminal);
	ck_assert_str_eq(start->terminal->term, "vt100");
	ck_assert_uint_eq(start->terminal->rows, 33);
	ck_assert_uint_eq(start->terminal->columns, 77);
	ck_assert(!start->stdin_closed);
	stage.call = call;
	play_say_started(call);
	play_say(call, "prompt$ ");
}

static void resume_terminal(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	stage.call = call;
	play_start_at(call, resume->position, buf_len(&p->in));
}

static void cancel_terminal(struct play *p, struct wire_call *call, const Sloth__V1__RunInput *event)
{
	(void)p;
	if (event->event_case == SLOTH__V1__RUN_INPUT__EVENT_CANCEL)
		play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_CANCELLED, 0, 8, 0);
}

/* Plays it to its end, with the terminal as it was before. */
static void play_stage(bool (*const *steps)(struct stage *), const char *options, int status)
{
	struct winsize size = { .ws_row = 33, .ws_col = 77 };
	struct stage *s = &stage;
	char line[200], shown[4096];

	memset(s, 0, sizeof *s);
	ck_assert_int_eq(openpty(&s->terminal, &s->program, NULL, NULL, &size), 0);
	ck_assert_int_eq(tcgetattr(s->program, &s->before), 0);
	ck_assert_int_eq(fcntl(s->terminal, F_SETFL, O_NONBLOCK), 0);
	setenv("TERM", "vt100", 1);
	play_open(&s->play);
	s->play.on_start = start_terminal;
	s->play.on_resume = resume_terminal;
	s->play.on_input = cancel_terminal;
	s->steps = steps;
	snprintf(line, sizeof line, "-t %s web1 sh", options);
	play_fork(&s->play, line, s->program, s->program);
	ev_timer_init(&s->look, on_look, 0.01, 0.01);
	s->look.data = s;
	ev_timer_start(s->play.loop, &s->look);
	play_run(&s->play);
	ck_assert_ptr_null(*s->steps);
	ck_assert_int_eq(s->play.status, status);
	ck_assert(is_as_before(s));
	ck_assert_int_gt(read(s->terminal, shown, sizeof shown), 7);
	ck_assert_int_eq(memcmp(shown, "prompt$ ", 8), 0);
	play_close(&s->play);
	close(s->terminal);
	close(s->program);
}

static void type(const struct stage *s, const char *keys)
{
	ck_assert_int_eq(write(s->terminal, keys, strlen(keys)), (ssize_t)strlen(keys));
}

static bool has_keys(const struct stage *s, const char *keys)
{
	return buf_len(&s->play.in) == strlen(keys) && memcmp(buf_data(&s->play.in), keys, strlen(keys)) == 0;
}

/* ---- steps ---- */

static bool step_raw(struct stage *s)
{
	if (!is_raw(s))
		return false;
	type(s, "ls\r\003\032\004");
	return true;
}

static bool step_keys(struct stage *s)
{
	struct winsize size = { .ws_row = 44, .ws_col = 99 };

	if (!has_keys(s, "ls\r\003\032\004"))
		return false;
	ck_assert_uint_eq(s->play.signals + s->play.cancels, 0);
	ck_assert_uint_eq(s->play.rows, 33);
	ioctl(s->terminal, TIOCSWINSZ, &size);
	kill(s->play.pid, SIGWINCH);
	return true;
}

static bool step_resized(struct stage *s)
{
	if (s->play.rows != 44)
		return false;
	ck_assert_uint_eq(s->play.columns, 99);
	play_say_exit(s->call, SLOTH__V1__RUN_END__RUN_END_EXITED, 6, 8, 0);
	return true;
}

START_TEST(terminal_is_that_of_the_command)
{
	static bool (*const steps[])(struct stage *) = { step_raw, step_keys, step_resized, NULL };

	play_stage(steps, "", 6);
}
END_TEST

static bool leave(struct stage *s)
{
	if (!is_raw(s))
		return false;
	type(s, "~.");
	return true;
}

START_TEST(terminal_is_left_by_its_escape)
{
	static bool (*const steps[])(struct stage *) = { leave, NULL };

	play_stage(steps, "", 125);
	ck_assert_int_eq(stage.play.end_code, WIRE_CANCELLED);
	play_stage(steps, "--on-lost keep", 125);
	ck_assert_int_ne(stage.play.end_code, WIRE_CANCELLED);
}
END_TEST

static int fatal;

static bool send_fatal(struct stage *s)
{
	if (!is_raw(s))
		return false;
	kill(s->play.pid, fatal);
	return true;
}

START_TEST(terminal_is_set_back_by_every_signal)
{
	static const struct {
		int signal, status;
	} ways[] = {
		{ SIGTERM, 143 }, { SIGHUP, 129 }, { SIGQUIT, 1000 + SIGQUIT }, { SIGABRT, 1000 + SIGABRT },
		{ SIGUSR1, 1000 + SIGUSR1 },
	};
	static bool (*const steps[])(struct stage *) = { send_fatal, NULL };

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		fatal = ways[i].signal;
		play_stage(steps, "", ways[i].status);
	}
}
END_TEST

/* ---- contact ---- */

static bool lose(struct stage *s)
{
	if (!is_raw(s))
		return false;
	s->play.on_resume = NULL;
	wire_conn_close(wire_call_conn(s->call), 0, "gone");
	return true;
}

static void resume_never(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)p;
	(void)resume;
	wire_end(call, WIRE_UNAVAILABLE, "agent web1: not yet");
}

static bool lose_for_now(struct stage *s)
{
	if (!lose(s))
		return false;
	s->play.on_resume = resume_never;
	return true;
}

static bool step_set_back(struct stage *s)
{
	if (!is_as_before(s))
		return false;
	s->play.on_resume = resume_terminal;
	return true;
}

static bool step_interrupt(struct stage *s)
{
	if (!is_as_before(s))
		return false;
	kill(s->play.pid, SIGINT);
	return true;
}

START_TEST(terminal_is_the_users_while_contact_is_lost)
{
	static bool (*const again[])(struct stage *) = { lose_for_now, step_set_back, step_raw, step_keys, step_resized, NULL };
	static bool (*const gone[])(struct stage *) = { lose_for_now, step_interrupt, NULL };

	play_stage(again, "", 6);
	play_stage(gone, "", 130);
}
END_TEST

/* ---- suspending ---- */

static char state_of(pid_t pid)
{
	char path[64], stat[512] = "", *at;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY);
	ck_assert_int_gt(read(fd, stat, sizeof stat - 1), 0);
	close(fd);
	at = strrchr(stat, ')');
	return at ? at[2] : '?';
}

static bool suspend(struct stage *s)
{
	if (!is_raw(s))
		return false;
	kill(s->play.pid, SIGTSTP);
	return true;
}

static bool step_suspended(struct stage *s)
{
	if (state_of(s->play.pid) != 'T')
		return false;
	ck_assert(is_as_before(s));
	kill(s->play.pid, SIGCONT);
	return true;
}

START_TEST(terminal_is_set_back_while_suspended)
{
	static bool (*const steps[])(struct stage *) = { suspend, step_suspended, step_raw, step_keys, step_resized, NULL };

	play_stage(steps, "", 6);
}
END_TEST

UNIT_MAIN(filter_finds_the_way_out, terminal_is_that_of_the_command, terminal_is_left_by_its_escape,
	  terminal_is_set_back_by_every_signal, terminal_is_the_users_while_contact_is_lost,
	  terminal_is_set_back_while_suspended)
