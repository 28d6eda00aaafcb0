/*
 * `sloth agent run` against a played master that lets go of it: what arrives is the run's output to the byte, what is
 * sent is our input to the byte, and what is said is what is known.
 *
 * no valgrind: it does not know pidfd_open(2)
 */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"
#include "test/lib/play.h"
#include "test/lib/unit.h"

/* ---- a run that is there, whoever calls ---- */

enum { OUTPUT = 700 * 1000, STEP = 3000, OVERLAP = 37 };

static struct {
	uint64_t at;			/* position of the next byte */
	uint64_t cut_every;		/* bytes after which contact is lost */
	uint64_t cut_at;
	unsigned cuts;
	bool is_exit_told;		/* once, to nobody */
	uint8_t id[16];
	ev_timer later;
} agent;

static uint8_t byte_at(uint64_t position)
{
	return (uint8_t)(position * 7 + position / 251);
}

static bool is_stderr(uint64_t position)
{
	return position / STEP % 3 == 2;
}

static void cut(struct wire_call *call)
{
	if (agent.cuts++ % 2)
		wire_end(call, WIRE_UNAVAILABLE, "agent web1: connection reset");
	else
		wire_conn_close(wire_call_conn(call), 0, "gone");
}

static void on_later(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	cut(w->data);
}

/* When what was said is on its way. */
static void cut_later(struct play *p, struct wire_call *call)
{
	ev_timer_init(&agent.later, on_later, 0.03, 0);
	agent.later.data = call;
	ev_timer_start(p->loop, &agent.later);
}

/* One message: up to the next change of streams. */
static bool say_some(struct wire_call *call)
{
	Sloth__V1__RunOutput out = SLOTH__V1__RUN_OUTPUT__INIT;
	uint64_t end = (agent.at / STEP + 1) * STEP;
	uint8_t data[STEP];
	size_t n = 0;

	end = end < OUTPUT ? end : OUTPUT;
	out.event_case = is_stderr(agent.at) ? SLOTH__V1__RUN_OUTPUT__EVENT_STDERR_DATA : SLOTH__V1__RUN_OUTPUT__EVENT_STDOUT_DATA;
	while (agent.at < end)
		data[n++] = byte_at(agent.at++);
	out.stdout_data.data = data;
	out.stdout_data.len = n;
	return wire_send_message(call, &out.base);
}

static uint64_t total_of(bool on_stderr)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < OUTPUT; i++)
		n += is_stderr(i) == on_stderr;
	return n;
}

static void say_output(struct play *p, struct wire_call *call)
{
	bool more = true;

	if (ev_is_active(&agent.later))
		return;
	while (more && agent.at < OUTPUT && agent.at < agent.cut_at)
		more = say_some(call);
	if (agent.at >= agent.cut_at && agent.at < OUTPUT) {
		cut_later(p, call);
	} else if (agent.at == OUTPUT && more && !agent.is_exit_told) {
		agent.is_exit_told = true;
		cut_later(p, call);
	} else if (agent.at == OUTPUT && more) {
		play_tell_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 5, total_of(false), total_of(true));
	}
}

static void start_output(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	memcpy(agent.id, start->run_id.data, sizeof agent.id);
	ck_assert_uint_eq(start->reconnect_ms, 60000);
	agent.cut_at = agent.cut_every;
	play_say_started(call);
	say_output(p, call);
}

/* A little of what is there already comes again. */
static void resume_output(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	ck_assert_mem_eq(resume->run_id.data, agent.id, sizeof agent.id);
	ck_assert_ptr_null(resume->start);
	ck_assert_uint_eq(resume->epoch.len, 16);
	ck_assert_uint_le(resume->position, agent.at);
	agent.at = resume->position > OVERLAP ? resume->position - OVERLAP : 0;
	agent.cut_at = agent.at + agent.cut_every;
	play_start_at(call, agent.at, 0);
	say_output(p, call);
}

static void end_when_acked(struct play *p, struct wire_call *call, const Sloth__V1__RunInput *event)
{
	if (event->event_case != SLOTH__V1__RUN_INPUT__EVENT_ACK)
		return;
	ck_assert_uint_le(event->ack->position, OUTPUT);
	if (event->ack->exit)
		wire_end(call, WIRE_OK, NULL);
	(void)p;
}

/* At once: an assertion for each byte is a system call for each. */
static void check_stream(const struct play *p, const char *name, bool on_stderr)
{
	char *path = mem_printf("%s/%s", p->dir, name);
	struct buf text = { 0 }, expected = { 0 };

	for (uint64_t i = 0; i < OUTPUT; i++)
		if (is_stderr(i) == on_stderr)
			buf_append(&expected, &(uint8_t){ byte_at(i) }, 1);
	ck_assert_int_eq(fd_read_file(path, 2 * OUTPUT, &text), 0);
	ck_assert_uint_eq(buf_len(&text), buf_len(&expected));
	ck_assert_msg(memcmp(buf_data(&text), buf_data(&expected), buf_len(&text)) == 0, "%s differs", name);
	buf_done(&expected);
	buf_done(&text);
	free(path);
}

START_TEST(resume_continues_the_output_at_the_exact_byte)
{
	static const uint64_t every[] = { 120 * 1000, 230 * 1000, 400 * 1000 };

	for (size_t i = 0; i < sizeof every / sizeof *every; i++) {
		struct play p;

		memset(&agent, 0, sizeof agent);
		agent.cut_every = every[i];
		play_open(&p);
		p.on_start = start_output;
		p.on_resume = resume_output;
		p.on_input = end_when_acked;
		p.on_drain = say_output;
		play_fork(&p, "web1 x", -1, -1);
		play_run(&p);
		ck_assert_int_eq(p.status, 5);
		ck_assert_uint_eq(p.starts, 1);
		ck_assert_uint_ge(p.resumes, 2);
		ck_assert(p.has_exit_ack);
		ck_assert_uint_eq(p.acked, OUTPUT);
		check_stream(&p, "out", false);
		check_stream(&p, "err", true);
		play_close(&p);
	}
}
END_TEST

/* ---- input ---- */

enum { INPUT = 900 * 1000 };

static void fill_input(uint8_t *data)
{
	for (size_t i = 0; i < INPUT; i++)
		data[i] = byte_at(i);
}

static void start_input(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	play_say_started(call);
}

static void resume_input(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)resume;
	p->has_end = false;
	play_start_at(call, 0, buf_len(&p->in));
}

/* Takes what comes and says so now and then, and hangs up with input on its way. */
static void take_and_cut(struct play *p, struct wire_call *call, const Sloth__V1__RunInput *event)
{
	if (event->event_case == SLOTH__V1__RUN_INPUT__EVENT_STDIN_DATA && !p->has_end) {
		if (buf_len(&p->in) / (200 * 1000) > agent.cuts)
			cut(call);
		else if (buf_len(&p->in) - p->sent >= 100 * 1000)
			play_say_taken(call, p->sent = buf_len(&p->in), false);
	} else if (event->event_case == SLOTH__V1__RUN_INPUT__EVENT_STDIN_DATA) {
		/* The end was read, and nobody heard of it. */
		if (!agent.is_exit_told) {
			agent.is_exit_told = true;
			cut(call);
		} else {
			play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, 0, 0);
		}
	}
}

START_TEST(resume_continues_the_input_at_the_exact_byte)
{
	static uint8_t data[INPUT];
	int fd = memfd_create("input", 0);
	struct play p;

	fill_input(data);
	ck_assert_int_eq(fd_write_all(fd, data, INPUT), 0);
	lseek(fd, 0, SEEK_SET);
	memset(&agent, 0, sizeof agent);
	play_open(&p);
	p.on_start = start_input;
	p.on_resume = resume_input;
	p.on_input = take_and_cut;
	play_fork(&p, "web1 cat", fd, -1);
	close(fd);
	play_run(&p);
	ck_assert_int_eq(p.status, 0);
	ck_assert_uint_ge(p.resumes, 4);
	ck_assert_uint_eq(buf_len(&p.in), INPUT);
	ck_assert_mem_eq(buf_data(&p.in), data, INPUT);
	play_close(&p);
}
END_TEST

static void resume_without_input(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)p;
	(void)resume;
	play_start_at(call, 0, 400 * 1000);	/* never sent */
}

static void start_and_go(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)start;
	agent.cuts = 0;
	play_say_started(call);
	cut_later(p, call);
}

START_TEST(resume_does_not_invent_input)
{
	struct play p;
	int fds[2];
	char *text;

	ck_assert_int_eq(pipe(fds), 0);
	play_open(&p);
	p.on_start = start_and_go;
	p.on_resume = resume_without_input;
	play_fork(&p, "web1 cat", fds[0], -1);
	close(fds[0]);
	play_run(&p);
	close(fds[1]);
	text = play_text(&p, "err");
	ck_assert_int_eq(p.status, 125);
	ck_assert_msg(strstr(text, "cancelled: the agent asks for standard input from byte 400000") != NULL, "%s", text);
	free(text);
	play_close(&p);
}
END_TEST

/* ---- before the start was heard of ---- */

static void take_start_and_go(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	memcpy(agent.id, start->run_id.data, sizeof agent.id);
	wire_conn_close(wire_call_conn(call), 0, "gone");
}

static void resume_from_start(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)p;
	ck_assert_ptr_nonnull(resume->start);
	ck_assert_str_eq(resume->start->command, "x");
	ck_assert_mem_eq(resume->start->run_id.data, agent.id, sizeof agent.id);
	ck_assert_mem_eq(resume->run_id.data, agent.id, sizeof agent.id);
	ck_assert_uint_eq(resume->epoch.len, 0);
	ck_assert_uint_eq(resume->position, 0);
	play_say_started(call);
	play_say(call, "hi\n");
	play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 3, 3, 0);
}

static void check_end(struct play *p, const char *line, int status, const char *out, const char *err)
{
	char *text;

	play_fork(p, line, -1, -1);
	play_run(p);
	text = play_text(p, "err");
	ck_assert_msg(err ? strstr(text, err) != NULL : !*text, "stderr: %s", text);
	free(text);
	ck_assert_int_eq(p->status, status);
	text = play_text(p, "out");
	ck_assert_str_eq(text, out);
	free(text);
}

START_TEST(resume_hands_the_start_over_when_none_was_heard_of)
{
	struct play p;

	play_open(&p);
	p.on_start = take_start_and_go;
	p.on_resume = resume_from_start;
	check_end(&p, "web1 x", 3, "hi\n", NULL);
	ck_assert_uint_eq(p.starts, 1);
	ck_assert_uint_eq(p.resumes, 1);
	play_close(&p);
}
END_TEST

static void start_inactive(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	wire_add_trailer(call, &WIRE_FIELD("sloth-state", "never-began"));
	wire_end(call, WIRE_UNAVAILABLE, "agent not found or inactive: web1: not heard for 2m 3s");
}

START_TEST(resume_does_not_wait_for_an_agent_that_was_not_there)
{
	struct play p;

	play_open(&p);
	p.on_start = start_inactive;
	check_end(&p, "web1 x", 125, "", "sloth: agent not found or inactive: web1: not heard for 2m 3s\n  try: sloth agent doctor web1");
	ck_assert_uint_eq(p.starts, 1);
	play_close(&p);
}
END_TEST

/* A master that is going, twice; then the next one. */
static void start_at_the_third(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	if (p->starts < 3) {
		wire_add_trailer(call, &WIRE_FIELD("sloth-state", "never-began"));
		wire_add_trailer(call, &WIRE_FIELD("sloth-retry", "yes"));
		wire_end(call, WIRE_UNAVAILABLE, "the master is stopping");
		if (p->starts == 2)
			wire_conn_close(wire_call_conn(call), 0, "shutting down");
		return;
	}
	ck_assert_str_eq(start->command, "x");
	play_say_started(call);
	play_say(call, "hi\n");
	play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 3, 3, 0);
}

static void start_never(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	wire_add_trailer(call, &WIRE_FIELD("sloth-state", "never-began"));
	wire_add_trailer(call, &WIRE_FIELD("sloth-retry", "yes"));
	wire_end(call, WIRE_UNAVAILABLE, "the master is stopping");
}

START_TEST(start_goes_to_the_next_master)
{
	struct play p;

	play_open(&p);
	p.on_start = start_at_the_third;
	check_end(&p, "web1 x", 3, "hi\n", NULL);
	ck_assert_uint_eq(p.starts, 3);
	ck_assert_uint_eq(p.resumes, 0);
	play_close(&p);

	play_open(&p);
	p.on_start = start_never;
	check_end(&p, "--reconnect 500ms web1 x", 125, "", "sloth: web1: the master is stopping\n");
	ck_assert_uint_ge(p.starts, 2);
	play_close(&p);

	play_open(&p);
	p.on_start = start_never;
	check_end(&p, "--reconnect 0 web1 x", 125, "", "sloth: web1: the master is stopping\n");
	ck_assert_uint_eq(p.starts, 1);
	play_close(&p);
}
END_TEST

/* ---- no contact any more ---- */

static void resume_nobody(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)p;
	(void)resume;
	cut(call);
}

START_TEST(resume_gives_up_in_time_and_says_what_is_known)
{
	char hex[33], *hint, *text;
	struct play p;

	play_open(&p);
	p.on_start = start_and_go;
	p.on_resume = resume_nobody;
	check_end(&p, "--reconnect 600ms web1 x", 125, "", "it had started, and 0 bytes of its output arrived\n  try: sloth run wait ");
	play_close(&p);

	play_open(&p);
	p.on_start = take_start_and_go;
	p.on_resume = resume_nobody;
	play_fork(&p, "--reconnect 600ms web1 x", -1, -1);
	play_run(&p);
	str_hex(agent.id, sizeof agent.id, hex);
	ck_assert_int_eq(p.status, 125);
	ck_assert_uint_ge(p.resumes, 1);
	hint = mem_printf("; whether it has started is not known\n  try: sloth run show %s, before you run it again\n", hex);
	text = play_text(&p, "err");
	ck_assert_msg(strstr(text, hint) != NULL, "%s", text);
	free(text);
	free(hint);
	play_close(&p);
}
END_TEST

START_TEST(resume_is_not_tried_when_told_so)
{
	struct play p;

	play_open(&p);
	p.on_start = start_and_go;
	p.on_resume = resume_nobody;
	check_end(&p, "--reconnect 0 web1 x", 125, "", "result unknown: connection to the master: ");
	ck_assert_uint_eq(p.resumes, 0);
	play_close(&p);
}
END_TEST

/* What an agent's connection was lost by, in the words of the master. */
static const char *lost_by;

static void start_then_lose_the_agent(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	memcpy(agent.id, start->run_id.data, sizeof agent.id);
	play_say_started(call);
	wire_end(call, WIRE_UNAVAILABLE, lost_by);
}

static void resume_to_the_end(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)p;
	(void)resume;
	play_start_at(call, 0, 0);
	play_say(call, "hi\n");
	play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 3, 3, 0);
}

/* Words that say that nobody comes back, and names that are such words. */
START_TEST(resume_is_not_tried_for_who_does_not_come_back)
{
	static const struct {
		const char *words;
		unsigned resumes;
	} losses[] = {
		{ "agent web1: the identity was revoked", 0 },
		{ "agent web1: the certificate was revoked", 0 },
		{ "agent web1: the peer does not accept our certificate: revoked", 0 },
		{ "agent web1: name differs: that address answers as \"web2\"", 0 },
		{ "agent web1: the certificate is of another CA: it belongs to another cluster", 0 },
		{ "agent revoked: the peer closed the connection", 1 },
		{ "agent not found or inactive: revoked: not heard for 2m 3s", 1 },
		{ "agent web1: the peer closed the connection", 1 },
	};

	for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
		struct play p;

		lost_by = losses[i].words;
		play_open(&p);
		p.on_start = start_then_lose_the_agent;
		p.on_resume = resume_to_the_end;
		if (losses[i].resumes)
			check_end(&p, "web1 x", 3, "hi\n", NULL);
		else
			check_end(&p, "web1 x", 125, "", losses[i].words);
		ck_assert_msg(p.resumes == losses[i].resumes, "%s: %u resumes", losses[i].words, p.resumes);
		play_close(&p);
	}
}
END_TEST

static void resume_unknown(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)p;
	(void)resume;
	wire_end(call, WIRE_NOT_FOUND, "its machine restarted");
}

static void resume_never_began(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)p;
	(void)resume;
	wire_add_trailer(call, &WIRE_FIELD("sloth-state", "never-began"));
	wire_end(call, WIRE_NOT_FOUND, "no such run");
}

static void resume_elsewhere(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)p;
	(void)resume;
	play_say_started(call);
	wire_end(call, WIRE_ABORTED, "attached elsewhere");
}

static void resume_late(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)p;
	(void)resume;
	play_start_at(call, 7, 0);
	play_say(call, "hi\n");
	play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, 10, 0);
}

static void resume_gap(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	Sloth__V1__RunOutput out = SLOTH__V1__RUN_OUTPUT__INIT;
	Sloth__V1__RunGap gap = SLOTH__V1__RUN_GAP__INIT;

	(void)p;
	(void)resume;
	play_say_started(call);
	gap.position = gap.bytes = 7;
	out.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_GAP;
	out.gap = &gap;
	wire_send_message(call, &out.base);
	play_say(call, "hi\n");
	play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, 10, 0);
}

START_TEST(resume_takes_a_refusal_as_final)
{
	static const struct {
		void (*on_start)(struct play *, struct wire_call *, const Sloth__V1__RunStart *);
		void (*on_resume)(struct play *, struct wire_call *, const Sloth__V1__RunResume *);
		const char *out, *err;
	} ends[] = {
		{ start_and_go, resume_unknown, "", "result unknown: its machine restarted" },
		{ take_start_and_go, resume_unknown, "", "result unknown: its machine restarted" },
		{ take_start_and_go, resume_never_began, "", "result unknown: no such run; whether it has started is not known" },
		{ start_and_go, resume_elsewhere, "", "let go of: attached elsewhere; the command goes on there" },
		{ start_and_go, resume_late, "hi\n", "output is incomplete: 3 of 10 bytes" },
		{ start_and_go, resume_gap, "hi\n", "output is incomplete: 3 of 10 bytes" },
	};

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct play p;

		play_open(&p);
		p.on_start = ends[i].on_start;
		p.on_resume = ends[i].on_resume;
		check_end(&p, "web1 x", 125, ends[i].out, ends[i].err);
		ck_assert_uint_eq(p.resumes, 1);
		play_close(&p);
	}
}
END_TEST

/* ---- signals ---- */

static void interrupt_and_go(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)resume;
	kill(p->pid, SIGINT);
	wire_conn_close(wire_call_conn(call), 0, "gone");
}

START_TEST(resume_is_given_up_by_an_interrupt)
{
	struct play p;

	play_open(&p);
	p.on_start = start_and_go;
	p.on_resume = interrupt_and_go;
	check_end(&p, "web1 x", 130, "", "gave up looking for contact; the command may go on until its agent misses us\n  try: sloth run stop ");
	play_close(&p);
}
END_TEST

static void start_and_terminate(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)start;
	play_say_started(call);
	kill(p->pid, SIGTERM);
}

static void lose_the_cancel(struct play *p, struct wire_call *call, const Sloth__V1__RunInput *event)
{
	if (event->event_case != SLOTH__V1__RUN_INPUT__EVENT_CANCEL)
		return;
	if (p->cancels == 1)
		wire_conn_close(wire_call_conn(call), 0, "gone");
	else
		play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_CANCELLED, 0, 0, 0);
}

static void resume_plain(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)p;
	play_start_at(call, resume->position, 0);
}

START_TEST(resume_cancels_once_more_what_was_cancelled)
{
	struct play p;

	play_open(&p);
	p.on_start = start_and_terminate;
	p.on_resume = resume_plain;
	p.on_input = lose_the_cancel;
	check_end(&p, "web1 x", 143, "", "sloth: web1: cancelled\n");
	ck_assert_uint_eq(p.cancels, 2);
	play_close(&p);
}
END_TEST

/* ---- in the queue ---- */

static void say_queued(struct wire_call *call, unsigned ahead)
{
	Sloth__V1__RunOutput out = SLOTH__V1__RUN_OUTPUT__INIT;
	Sloth__V1__RunQueued queued = SLOTH__V1__RUN_QUEUED__INIT;

	queued.ahead = ahead;
	out.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_QUEUED;
	out.queued = &queued;
	wire_send_message(call, &out.base);
}

static void queue_and_terminate(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)start;
	say_queued(call, 2);
	kill(p->pid, SIGTERM);
}

static void resume_in_queue(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)p, (void)resume;
	say_queued(call, 1);
}

START_TEST(resume_cancels_once_more_what_still_waits)
{
	struct play p;

	play_open(&p);
	p.on_start = queue_and_terminate;
	p.on_resume = resume_in_queue;
	p.on_input = lose_the_cancel;
	check_end(&p, "--kill-grace 1s web1 x", 143, "", "sloth: web1: cancelled\n");
	ck_assert_uint_eq(p.cancels, 2);
	play_close(&p);
}
END_TEST

/* ---- what a person sees ---- */

static void start_queued(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	say_queued(call, 2);
	start_and_go(p, call, start);
}

static void resume_queued(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	say_queued(call, 0);
	resume_late(p, call, resume);
}

/* What a terminal shows comes in pieces, also when all of it has been written. */
static void read_to(int terminal, const char *last, char *shown, size_t size)
{
	struct pollfd p = { .fd = terminal, .events = POLLIN };
	size_t len = 0;
	ssize_t n;

	while (!strstr(shown, last) && len < size - 1 && poll(&p, 1, 5000) == 1) {
		n = read(terminal, shown + len, size - 1 - len);
		ck_assert_int_gt(n, 0);
		len += (size_t)n;
		shown[len] = '\0';
	}
}

START_TEST(resume_tells_a_person_and_nobody_else)
{
	static const char *const notices[] = {
		"sloth: queued: web1 has as many commands as it runs at once; 2 wait before this one",
		"sloth: lost contact with web1: connection to the master: ", "; trying again for 1m 0s",
		"sloth: queued: web1 has as many commands as it runs at once; 0 wait before this one",
		"sloth: in contact again", "sloth: 7 bytes of output are missing here",
	};
	int terminal, program;
	char shown[4096] = "", *at = shown, *text;
	struct play p;

	ck_assert_int_eq(openpty(&terminal, &program, NULL, NULL, NULL), 0);
	play_open(&p);
	p.on_start = start_queued;
	p.on_resume = resume_queued;
	p.err = program;
	play_fork(&p, "web1 x", -1, -1);
	play_run(&p);
	ck_assert_int_eq(p.status, 125);
	read_to(terminal, "are missing here", shown, sizeof shown);
	for (size_t i = 0; i < sizeof notices / sizeof *notices; i++) {
		at = strstr(at, notices[i]);
		ck_assert_msg(at != NULL, "'%s' is not in its place in %s", notices[i], shown);
	}
	text = play_text(&p, "out");
	ck_assert_str_eq(text, "hi\n");
	free(text);
	play_close(&p);
	close(terminal);
	close(program);
}
END_TEST

UNIT_MAIN(resume_tells_a_person_and_nobody_else, resume_continues_the_output_at_the_exact_byte, resume_continues_the_input_at_the_exact_byte,
	  resume_does_not_invent_input, resume_hands_the_start_over_when_none_was_heard_of,
	  resume_does_not_wait_for_an_agent_that_was_not_there, start_goes_to_the_next_master, resume_gives_up_in_time_and_says_what_is_known,
	  resume_is_not_tried_when_told_so, resume_is_not_tried_for_who_does_not_come_back, resume_takes_a_refusal_as_final,
	  resume_is_given_up_by_an_interrupt, resume_cancels_once_more_what_was_cancelled, resume_cancels_once_more_what_still_waits)
