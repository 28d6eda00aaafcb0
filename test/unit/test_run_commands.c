/*
 * `sloth run ...`, `sloth history` and `agent run --detach` against a played master.
 *
 * no valgrind: it does not know pidfd_open(2)
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/mem.h"
#include "test/lib/play.h"
#include "test/lib/unit.h"

/* ---- what the master knows ---- */

static uint8_t ids[][16] = {
	{ 0x3f, 0x2a, 0x90, 1 }, { 0x3f, 0x2a, 0x91, 2 }, { 0xab, 0xcd, 0xef, 3 },
};
enum { KNOWN = 3 };

static struct {
	char prefix[64], agent[64], by[64], states[256];
	int64_t since_ms, until_ms;
	bool failed;
	uint32_t limit, timeout_ms, signal;
	unsigned waits, stops, removes;
	uint8_t id[16];
	size_t n_found;		/* of ListRuns without a prefix */
	bool more;		/* and there are older ones */
	const char *state;	/* of those; NULL: running */
	bool is_removed;	/* ControlRun forgets a run */
	Sloth__V1__RunRecord end;	/* what WaitRun and ControlRun answer */
} master;

static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static Sloth__V1__RunRecord record_of(int i)
{
	Sloth__V1__RunRecord r = SLOTH__V1__RUN_RECORD__INIT;

	r.run_id.data = ids[i];
	r.run_id.len = 16;
	r.agent_name = text(i == 2 ? "db1" : "web1");
	r.command = text("make\nworld");
	r.principal = text("operator alice");
	r.state = text("running");
	r.started_ms = 1700000000000;
	r.detached = true;
	r.pid = 77;
	return r;
}

static bool has_prefix(int i, const char *prefix)
{
	char hex[33];

	for (int k = 0; k < 16; k++)
		snprintf(hex + 2 * k, 3, "%02x", ids[i][k]);
	return strncmp(hex, prefix, strlen(prefix)) == 0;
}

static void list(struct wire_call *call, const Sloth__V1__ListRunsRequest *request)
{
	Sloth__V1__ListRunsResponse response = SLOTH__V1__LIST_RUNS_RESPONSE__INIT;
	Sloth__V1__RunRecord records[KNOWN], *pointers[KNOWN];

	snprintf(master.prefix, sizeof master.prefix, "%s", request->id_prefix);
	snprintf(master.agent, sizeof master.agent, "%s", request->agent_name);
	snprintf(master.by, sizeof master.by, "%s", request->principal);
	master.states[0] = '\0';
	for (size_t i = 0; i < request->n_states; i++)
		strncat(strncat(master.states, request->states[i], 30), " ", 2);
	master.since_ms = request->since_ms;
	master.until_ms = request->until_ms;
	master.failed = request->failed;
	master.limit = request->limit;
	for (int i = 0; i < KNOWN; i++) {
		if (*request->id_prefix ? !has_prefix(i, request->id_prefix) : (size_t)i >= master.n_found)
			continue;
		records[i] = record_of(i);
		if (master.state)
			records[i].state = text(master.state);
		pointers[response.n_runs++] = &records[i];
	}
	response.runs = pointers;
	response.more = master.more && !*request->id_prefix;
	wire_send_message(call, &response.base);
	wire_end(call, WIRE_OK, NULL);
}

static void wait_run(struct wire_call *call, const Sloth__V1__RunQuery *query)
{
	master.timeout_ms = query->timeout_ms;
	memcpy(master.id, query->run_id.data, 16);
	if (master.waits++ == 0) {		/* a master that goes away is asked again */
		wire_conn_close(wire_call_conn(call), 0, "gone");
		return;
	}
	wire_send_message(call, &master.end.base);
	wire_end(call, WIRE_OK, NULL);
}

static void control_run(struct wire_call *call, const Sloth__V1__RunControl *control)
{
	memcpy(master.id, control->run_id.data, 16);
	ck_assert_str_eq(control->agent_name, "db1");
	master.stops += control->action_case == SLOTH__V1__RUN_CONTROL__ACTION_STOP;
	if (control->action_case == SLOTH__V1__RUN_CONTROL__ACTION_SIGNAL)
		master.signal = control->signal->number;
	if (control->action_case == SLOTH__V1__RUN_CONTROL__ACTION_REMOVE) {
		master.removes++;
		if (master.is_removed) {
			wire_send_message(call, &master.end.base);
			wire_end(call, WIRE_OK, NULL);
			return;
		}
		wire_end(call, WIRE_FAILED_PRECONDITION, "the run is not over");
		return;
	}
	wire_send_message(call, &master.end.base);
	wire_end(call, WIRE_OK, NULL);
}

static void answer(struct play *p, struct wire_call *call, const char *method, const uint8_t *data, size_t len)
{
	(void)p;
	if (strcmp(method, "ListRuns") == 0)
		list(call, wire_unpack(call, &sloth__v1__list_runs_request__descriptor, data, len));
	else if (strcmp(method, "WaitRun") == 0)
		wait_run(call, wire_unpack(call, &sloth__v1__run_query__descriptor, data, len));
	else
		control_run(call, wire_unpack(call, &sloth__v1__run_control__descriptor, data, len));
}

/* Plays one command. NULL: nothing at all on that stream. */
static void check_command(struct play *p, const char *line, int status, const char *out, const char *err)
{
	char *got;

	p->on_question = answer;
	play_fork_command(p, line, -1, -1);
	play_run(p);
	got = play_text(p, "err");
	ck_assert_msg(err ? strstr(got, err) != NULL : !*got, "%s: stderr: %s", line, got);
	free(got);
	got = play_text(p, "out");
	ck_assert_msg(out ? strstr(got, out) != NULL : !*got, "%s: stdout: %s", line, got);
	free(got);
	ck_assert_msg(p->status == status, "%s: exit status %d", line, p->status);
}

static void check(const char *line, int status, const char *out, const char *err)
{
	struct play p;

	play_open(&p);
	check_command(&p, line, status, out, err);
	play_close(&p);
}

static void reset(void)
{
	memset(&master, 0, sizeof master);
	master.end = record_of(2);
}

/* ---- ids ---- */

START_TEST(ids_may_be_abbreviated)
{
	reset();
	check("run show 3F2a90", 0, "Id:          3f2a9001000000000000000000000000\n", NULL);
	ck_assert_str_eq(master.prefix, "3f2a90");
	check("run show 3f2a", 1, NULL, "run show: several runs begin with 3f2a: 3f2a9001000000000000000000000000 on web1, "
	      "3f2a9102000000000000000000000000 on web1\n");
	check("run show 99999", 1, NULL, "run show: no run has the id 99999\n");
	check("-o json run show 99999", 1, "{\"error\":\"no run has the id 99999\"}", "no run has the id");
	check("run show abc", 2, NULL, "is not the id of a run");
	check("run show abcdefgh", 2, NULL, "is not the id of a run");
	check("run attach 99999", 125, NULL, "no run has the id 99999");
	check("run logs 99999", 1, NULL, "no run has the id 99999");
	check("run wait 99999", 125, NULL, "no run has the id 99999");
}
END_TEST

START_TEST(show_has_all_of_a_run)
{
	reset();
	check("run show abcd", 0, "Command:     make world\n", NULL);
	check("run show abcd", 0, "Agent:       db1\n", NULL);
	check("-o json run show abcd", 0, "\"by\":\"operator alice\"", NULL);
	check("-o json run show abcd", 0, "\"state\":\"running\",\"since\":null,\"over\":false", NULL);
}
END_TEST

/* ---- lists ---- */

START_TEST(lists_ask_for_what_was_wanted)
{
	reset();
	master.n_found = 2;
	check("run list --agent web*", 0, "3f2a9001 web1", NULL);
	ck_assert_str_eq(master.agent, "web*");
	ck_assert_str_eq(master.states, "queued running unreachable lost-contact ");
	check("run list --all", 0, "operator alice", NULL);
	ck_assert_str_eq(master.states, "");
	check("run list --state exited", 0, "make world", NULL);
	ck_assert_str_eq(master.states, "exited ");
	check("run list --state over", 2, NULL, "--state: \"over\" is none of queued, running");
	check("history --by alice --since 2026-01-02 --until 2026-01-03 --failed -n 7", 0, "running", NULL);
	ck_assert_str_eq(master.by, "alice");
	ck_assert_int_eq(master.since_ms, INT64_C(1767312000000));
	ck_assert_int_eq(master.until_ms, INT64_C(1767398400000));
	ck_assert(master.failed);
	ck_assert_uint_eq(master.limit, 7);
	check("history", 0, "web1", NULL);
	ck_assert_uint_eq(master.limit, 50);
	check("history --since never", 2, NULL, "--since: \"never\" is no time");
	check("-o json history", 0, "{\"runs\":[{\"id\":\"3f2a9001000000000000000000000000\",\"agent\":\"web1\"", NULL);
	master.n_found = 0;
	check("run list", 1, NULL, "run list: no run is under way\n");
	check("-o json history", 1, "{\"runs\":[],\"more\":false,\"error\":\"nothing matches\"}", "history: nothing matches");
}
END_TEST

/* ---- one run ---- */

START_TEST(wait_has_the_status_of_the_run)
{
	reset();
	master.end.state = text("exited");
	master.end.code = 3;
	check("run wait abcd", 3, NULL, NULL);
	ck_assert_uint_eq(master.waits, 2);
	ck_assert_mem_eq(master.id, ids[2], 16);
	ck_assert_uint_eq(master.timeout_ms, 0);
	master.end.state = text("signalled");
	master.end.code = master.end.signal = 9;
	check("run wait abcd", 137, NULL, "ended by signal 9 (KILL)");
	master.end.state = text("unknown");
	master.end.code = master.end.signal = 0;
	master.end.reason = text("its machine restarted");
	check("run wait abcd", 125, NULL, "on db1: result unknown: its machine restarted");
	check("-o json run wait abcd", 125, "\"state\":\"unknown\"", "result unknown");
	master.end.state = text("exited");
	check("-o json run wait abcd", 0, "\"exit\":0", NULL);
	master.end.state = text("lost-contact");
	check("run wait --timeout 10ms abcd", 124, NULL, "it is not over: lost-contact");
	ck_assert_uint_le(master.timeout_ms, 10);
}
END_TEST

START_TEST(control_does_what_was_asked)
{
	reset();
	check("run stop abcd", 0, "abcdef03000000000000000000000000: stopping\n", NULL);
	ck_assert_uint_eq(master.stops, 1);
	ck_assert_mem_eq(master.id, ids[2], 16);
	master.end.state = text("cancelled");
	check("-o json run stop abcd", 0, "\"done\":\"stopped\",\"message\":\"cancelled\"", NULL);
	check("run signal abcd hup", 0, "signal sent", NULL);
	ck_assert_uint_eq(master.signal, 1);
	check("run signal abcd SIGUSR1", 0, "signal sent", NULL);
	ck_assert_uint_eq(master.signal, 10);
	check("run signal abcd 64", 0, "signal sent", NULL);
	ck_assert_uint_eq(master.signal, 64);
	check("run signal abcd 65", 2, NULL, "is no signal");
	check("run rm abcd", 1, NULL, "run rm: the run is not over\n");
	ck_assert_uint_eq(master.removes, 1);
}
END_TEST

START_TEST(control_of_what_is_over_says_so)
{
	reset();
	master.state = master.end.state = text("exited");
	master.end.code = 3;
	check("run stop abcd", 0, ": was over already: exited 3\n", NULL);
	master.is_removed = true;
	check("run rm abcd", 0, ": removed\n", NULL);
	master.end.command = text("");
	check("run rm abcd", 0, ": nothing to remove: its agent has it no more\n", NULL);
}
END_TEST

START_TEST(a_list_that_was_cut_says_so_unless_that_was_asked_for)
{
	static const char words[] = "sloth: older ones were left out: sloth history -n N and --until TIME show them\n";

	reset();
	master.n_found = 2;
	master.more = true;
	check("history", 0, "web1", words);
	check("history -n 2", 0, "web1", NULL);
	check("history -n 3", 0, "web1", words);
	check("-o json history", 0, "\"more\":true", NULL);
}
END_TEST

/* ---- attach, logs ---- */

static bool is_observed, is_followed;

/* The first 7 bytes are gone. */
static void resume_old(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)p;
	ck_assert_ptr_null(resume->start);
	ck_assert_str_eq(resume->agent_name, "db1");
	ck_assert_mem_eq(resume->run_id.data, ids[2], 16);
	ck_assert_uint_eq(resume->position, 0);
	is_observed = resume->observe;
	is_followed = resume->follow;
	play_start_at(call, 7, 500);
	play_say(call, "hi\n");
	if (is_observed && !is_followed)
		wire_end(call, WIRE_OK, NULL);
	else
		play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 3, 10, 0);
}

static void check_join(const char *line, int status, bool observes, bool follows)
{
	static const char missing[] = "sloth: db1: 7 bytes of its output are missing: its agent has them no more\n";
	struct play p;

	reset();
	play_open(&p);
	p.on_resume = resume_old;
	check_command(&p, line, status, "hi\n", missing);
	ck_assert(is_observed == observes && is_followed == follows);
	ck_assert_uint_eq(p.starts, 0);
	ck_assert(!observes || p.acks == 0);
	play_close(&p);
}

START_TEST(attach_and_logs_begin_with_the_oldest_byte)
{
	check_join("run attach abcd", 3, false, false);
	check_join("run logs abcd", 0, true, false);
	check_join("run logs -f abcd", 0, true, true);
}
END_TEST

START_TEST(attach_counts_what_is_missing_in_json)
{
	struct play p;

	reset();
	play_open(&p);
	p.on_resume = resume_old;
	check_command(&p, "run attach -o json abcd", 3, "\"output_missing\":7", NULL);
	play_close(&p);
}
END_TEST

static void resume_in_queue(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	Sloth__V1__RunOutput out = SLOTH__V1__RUN_OUTPUT__INIT;
	Sloth__V1__RunQueued queued = SLOTH__V1__RUN_QUEUED__INIT;

	(void)p;
	ck_assert(resume->observe && !resume->follow);
	out.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_QUEUED;
	out.queued = &queued;
	wire_send_message(call, &out.base);
	wire_end(call, WIRE_OK, NULL);
}

START_TEST(logs_of_what_waits_are_empty)
{
	struct play p;

	reset();
	play_open(&p);
	p.on_resume = resume_in_queue;
	check_command(&p, "run logs abcd", 0, NULL, NULL);
	ck_assert_uint_eq(p.resumes, 1);
	play_close(&p);
}
END_TEST

START_TEST(logs_that_cannot_be_written_cancel_nothing)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct play p;
	char *got;

	ck_assert_int_ge(full, 0);
	reset();
	play_open(&p);
	p.on_resume = resume_old;
	p.on_question = answer;
	play_fork_command(&p, "run logs -f abcd", -1, full);
	play_run(&p);
	ck_assert_int_eq(p.status, 125);
	got = play_text(&p, "err");
	ck_assert_str_eq(got, "sloth: db1: its output cannot be written: No space left on device\n");
	free(got);
	play_close(&p);
	close(full);
}
END_TEST

/* The run had taken 500 bytes of somebody else's. */
static void resume_input(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)resume;
	for (int i = 0; i < 500; i++)
		buf_append(&p->in, "x", 1);
	play_start_at(call, 0, 500);
}

static void end_at_end(struct play *p, struct wire_call *call, const Sloth__V1__RunInput *event)
{
	(void)event;
	if (p->has_end)
		play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, 0, 0);
}

START_TEST(attach_goes_on_with_input_where_the_run_is)
{
	struct play p;
	int fds[2];

	reset();
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], "more", 4), 4);
	close(fds[1]);
	play_open(&p);
	p.on_question = answer;
	p.on_resume = resume_input;
	p.on_input = end_at_end;
	play_fork_command(&p, "run attach abcd", fds[0], -1);
	close(fds[0]);
	play_run(&p);
	ck_assert_int_eq(p.status, 0);
	ck_assert_uint_eq(buf_len(&p.in), 504);
	ck_assert_mem_eq(buf_data(&p.in) + 500, "more", 4);
	play_close(&p);
}
END_TEST

/* ---- detached ---- */

static uint8_t started[16];

static void start_detached(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	ck_assert(start->detach);
	ck_assert(start->stdin_closed);
	ck_assert_int_eq(start->on_lost, SLOTH__V1__RUN_ON_LOST__RUN_ON_LOST_KEEP);
	ck_assert_uint_eq(start->output_max_bytes, 2 << 20);
	ck_assert_int_eq(start->nice, -5);
	ck_assert_uint_eq(start->n_limits, 2);
	ck_assert_str_eq(start->limits[0]->name, "nofile");
	ck_assert_uint_eq(start->limits[0]->soft, 100);
	ck_assert_uint_eq(start->limits[0]->hard, 200);
	ck_assert_str_eq(start->limits[1]->name, "core");
	ck_assert_uint_eq(start->limits[1]->soft, UINT64_MAX);
	ck_assert_uint_eq(start->limits[1]->hard, UINT64_MAX);
	memcpy(started, start->run_id.data, 16);
	play_say_started(call);
	wire_end(call, WIRE_OK, NULL);
}

static void start_refused(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	(void)start;
	play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_NOT_STARTED, 127, 0, 0);
}

static char *hex_of(const uint8_t *id, const char *before, const char *behind)
{
	struct buf b = { 0 };

	buf_append_str(&b, before);
	for (int i = 0; i < 16; i++)
		buf_printf(&b, "%02x", id[i]);
	buf_append_str(&b, behind);
	return buf_take_string(&b);
}

static void check_detached(const char *format, const char *before, const char *behind, bool is_whole)
{
	char *line = mem_printf("%s agent run --detach --output-max 2M --nice -5 --rlimit nofile=100:200 "
				"--rlimit core=unlimited web1 x", format), *got, *want;
	struct play p;

	play_open(&p);
	p.on_start = start_detached;
	play_fork_command(&p, line, -1, -1);
	play_run(&p);
	ck_assert_int_eq(p.status, 0);
	got = play_text(&p, "out");
	want = hex_of(started, before, behind);
	ck_assert_msg(is_whole ? strcmp(got, want) == 0 : strstr(got, want) != NULL, "%s is not %s", got, want);
	free(got);
	free(want);
	free(line);
	got = play_text(&p, "err");
	ck_assert_str_eq(got, "");
	free(got);
	play_close(&p);
}

START_TEST(detached_run_prints_its_id_alone)
{
	struct play p;

	check_detached("", "", "\n", true);
	check_detached("-o frame", "", "\n", true);
	check_detached("-o json", "\"run_id\":\"", "\",\"state\":\"running\"", false);
	play_open(&p);
	p.on_start = start_refused;
	check_command(&p, "agent run --detach web1 x", 127, NULL, "could not be started");
	play_close(&p);
}
END_TEST

static void lose_detached(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)p;
	memcpy(started, start->run_id.data, 16);
	wire_conn_close(wire_call_conn(call), 0, "gone");
}

static void resume_detached(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)p;
	ck_assert_ptr_nonnull(resume->start);
	play_say_started(call);
	play_say(call, "none of this is for it\n");
}

START_TEST(detached_run_is_left_and_not_cancelled)
{
	struct play p;
	char *got, *want;

	play_open(&p);
	p.on_start = lose_detached;
	p.on_resume = resume_detached;
	play_fork(&p, "--detach web1 x", -1, -1);
	play_run(&p);
	ck_assert_int_eq(p.status, 0);
	ck_assert(p.has_ended);
	ck_assert_int_ne(p.end_code, WIRE_CANCELLED);
	got = play_text(&p, "out");
	want = hex_of(started, "", "\n");
	ck_assert_str_eq(got, want);
	ck_assert_uint_eq(p.cancels, 0);
	free(got);
	free(want);
	play_close(&p);
}
END_TEST

static void terminate_at_start(struct play *p, struct wire_call *call, const Sloth__V1__RunStart *start)
{
	(void)call, (void)start;
	kill(p->pid, SIGTERM);
}

/* The first cancel crosses the word that the run has started, which ends the call. */
static void start_before_the_cancel(struct play *p, struct wire_call *call, const Sloth__V1__RunInput *event)
{
	if (event->event_case != SLOTH__V1__RUN_INPUT__EVENT_CANCEL)
		return;
	if (p->cancels == 1) {
		play_say_started(call);
		wire_end(call, WIRE_OK, NULL);
	} else {
		play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_CANCELLED, 0, 0, 0);
	}
}

static void resume_cancelled(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	(void)p;
	ck_assert(!resume->observe);
	play_start_at(call, 0, 0);
}

static void resume_of_what_is_over(struct play *p, struct wire_call *call, const Sloth__V1__RunResume *resume)
{
	resume_cancelled(p, call, resume);
	play_say_exit(call, SLOTH__V1__RUN_END__RUN_END_EXITED, 0, 0, 0);
}

START_TEST(detached_start_that_is_cancelled_is_no_success)
{
	struct play p;

	play_open(&p);
	p.on_start = terminate_at_start;
	p.on_input = start_before_the_cancel;
	p.on_resume = resume_cancelled;
	check_command(&p, "agent run --detach web1 x", 128 + SIGTERM, NULL, "sloth: web1: cancelled\n");
	ck_assert_uint_eq(p.cancels, 2);
	ck_assert_uint_eq(p.starts, 1);
	play_close(&p);

	play_open(&p);
	p.on_start = terminate_at_start;
	p.on_input = start_before_the_cancel;
	p.on_resume = resume_of_what_is_over;
	check_command(&p, "agent run --detach web1 x", 128 + SIGTERM, NULL, "over before it was cancelled: exit 0 after");
	play_close(&p);

	play_open(&p);
	p.on_start = terminate_at_start;
	p.on_input = start_before_the_cancel;
	check_command(&p, "agent run --detach --reconnect 0 web1 x", 128 + SIGTERM, NULL, "result unknown");
	ck_assert_uint_eq(p.resumes, 0);
	play_close(&p);
}
END_TEST

START_TEST(options_that_do_not_fit_are_refused)
{
	static const char *const lines[][2] = {
		{ "--nice 20 web1 x", "--nice: \"20\" is no number from -20 to 19" },
		{ "--rlimit nofile web1 x", "is not NAME=N" },
		{ "--rlimit files=1 web1 x", "names no limit" },
		{ "--rlimit nofile=2:1 web1 x", "is above its hard limit" },
		{ "--rlimit nofile=x web1 x", "has no number" },
		{ "--rlimit nofile=1: web1 x", "has no number behind the colon" },
		{ "--output-max 1M web1 x", "--output-max: is for --detach" },
		{ "--detach --output-max 0 web1 x", "is no size" },
		{ "--detach --output-max 99999999999G web1 x", "is no size" },
		{ "--on-lost wait web1 x", "--on-lost: \"wait\" is none of keep, cancel" },
		{ "--reconnect soon web1 x", "--reconnect: \"soon\" is no time" },
		{ "-t web1 x", "--tty: standard input is no terminal" },
		{ "-t --detach web1 x", "--tty: a detached command has no terminal" },
		{ "-t -n web1 x", "--tty: a terminal without input" },
		{ "root@web1 x", "who runs the command is said by --user USER" },
		{ "web* x", "a run has one agent" },
		{ "-t -o json web1 x", "--tty: a terminal is shown as it is" },
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		char *line = mem_printf("agent run %s", lines[i][0]);

		check(line, 125, strstr(line, "json") ? "error" : NULL, lines[i][1]);
		free(line);
	}
}
END_TEST

UNIT_MAIN(ids_may_be_abbreviated, show_has_all_of_a_run, lists_ask_for_what_was_wanted, wait_has_the_status_of_the_run,
	  control_does_what_was_asked, control_of_what_is_over_says_so,
	  a_list_that_was_cut_says_so_unless_that_was_asked_for, attach_and_logs_begin_with_the_oldest_byte,
	  attach_counts_what_is_missing_in_json, logs_of_what_waits_are_empty, logs_that_cannot_be_written_cancel_nothing,
	  attach_goes_on_with_input_where_the_run_is, detached_run_prints_its_id_alone, detached_run_is_left_and_not_cancelled,
	  detached_start_that_is_cancelled_is_no_success, options_that_do_not_fit_are_refused)
