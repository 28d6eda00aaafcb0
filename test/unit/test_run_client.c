/*
 * `sloth agent run` against a played master: how runs begin and end, views, standard input.
 *
 * no valgrind: it does not know pidfd_open(2)
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fd.h"
#include "test/lib/play.h"
#include "test/lib/unit.h"

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
	text = play_text(&p, "err");
	ck_assert_msg(err ? strstr(text, err) != NULL : !*text, "stderr: %s", text);
	free(text);
	ck_assert_int_eq(p.status, status);
	text = play_text(&p, "out");
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
	play_say_started(call);
	play_say(call, "hi\n");
	play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 3, 3, 0);
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
	play_say_started(call);
	play_say(call, "hi\n");
	play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 3, 3, 0);
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
	play_say_started(call);
	play_say(call, "hi\n");
	play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, 4, 0);
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
	play_say_started(call);
	play_say(call, "hi\n");
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
	check_run(start_refused, "web1 x", 125, "", "sloth: agent not found or inactive: web1\n  try: sloth agent list");
}
END_TEST

static void start_broken(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	play_say_started(call);
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
	play_say_started(call);
	wire_conn_close(wire_call_conn(call), 0, "gone");
}

START_TEST(run_that_lost_its_master_is_unknown)
{
	check_run(start_lost, "--reconnect 0 web1 x", 125, "", "result unknown: connection to the master: ");
}
END_TEST

static void start_not_found(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_NOT_STARTED, 127, 0, 0);
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
	play_say_started(call);
	play_say(call, "a\xff");
	play_complain(call, "b\n");
	play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, 2, 2);
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
	text = play_text(&p, "out");
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
	text = play_text(&p, "out");
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
		play_say_taken(call, p->sent, false);
	}
	if (p->has_end)
		play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, 0, 0);
}

static void start_only(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	ck_assert(!start->stdin_closed);
	play_say_started(call);
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
		play_say_taken(call, 0, true);
		play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, 0, 0);
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
	text = play_text(&p, "err");
	ck_assert_ptr_nonnull(strstr(text, "Is a directory"));
	free(text);
	play_close(&p);
}
END_TEST

UNIT_MAIN(run_sends_what_was_asked_for, run_has_the_commands_exit_status, run_is_lost_when_a_byte_is_missing,
	  run_without_an_end_is_unknown, run_says_why_the_master_refused, run_survives_garbage_from_its_master,
	  run_that_lost_its_master_is_unknown, run_that_never_started_has_the_shells_status,
	  run_keeps_the_streams_apart, run_gives_one_json_document, run_draws_a_box,
	  run_sends_a_file_within_the_window, run_sends_a_pipe_within_the_window, run_ends_while_its_input_goes_on,
	  run_is_cancelled_when_its_input_cannot_be_read)
