/*
 * test_bridge.c - a Run on a foreign agent, which has RunCommand only.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/policy.h"
#include "test/lib/unit.h"
#include "test/lib/world.h"

static struct world w;
static struct fake old1;

static void open_all(void)
{
	world_open(&w);
	fake_open(&w, &old1, "old1", true);
	fake_register_foreign(&w, &old1);
}

static void close_all(void)
{
	fake_close(&old1);
	world_close(&w);
}

static bool has_message(void *arg)
{
	(void)arg;
	return old1.run && old1.n_messages;
}

static void begin_run(const Sloth__V1__RunStart *start, struct record *r)
{
	Sloth__V1__RunInput input = SLOTH__V1__RUN_INPUT__INIT;

	input.event_case = SLOTH__V1__RUN_INPUT__EVENT_START;
	input.start = (Sloth__V1__RunStart *)(uintptr_t)start;
	world_call(&w, "/sloth.v1.Master/Run", &input.base, r);
}

static Sloth__V1__RunStart start_of(const char *command)
{
	Sloth__V1__RunStart start = SLOTH__V1__RUN_START__INIT;

	start.agent_name = (char *)(uintptr_t)"old1";
	start.command = (char *)(uintptr_t)command;
	return start;
}

static void begin(const char *command, struct record *r)
{
	const Sloth__V1__RunStart start = start_of(command);

	begin_run(&start, r);
	pair_run(&w.turn, has_message, NULL);
}

static void agent_says(const char *out, const char *err, bool finished, int32_t code, const char *error)
{
	Agent__StreamOutputResponse response = AGENT__STREAM_OUTPUT_RESPONSE__INIT;

	response.stdout_chunk = (ProtobufCBinaryData){ strlen(out), (uint8_t *)(uintptr_t)out };
	response.stderr_chunk = (ProtobufCBinaryData){ strlen(err), (uint8_t *)(uintptr_t)err };
	response.finished = finished;
	response.exit_code = code;
	response.error = (char *)(uintptr_t)error;
	wire_send_message(old1.run, &response.base);
}

/* The last message of the call, which is the run's end. */
static Sloth__V1__RunOutput *end_of(struct record *r)
{
	Sloth__V1__RunOutput *output;

	pair_run(&w.turn, pair_is, &r->ended);
	ck_assert_msg(r->code == WIRE_OK, "%s", r->why);
	output = sloth__v1__run_output__unpack(NULL, buf_len(&r->last), buf_data(&r->last));
	ck_assert_int_eq(output->event_case, SLOTH__V1__RUN_OUTPUT__EVENT_EXIT);
	record_done(r);
	return output;
}

START_TEST(a_run_becomes_a_run_command)
{
	Sloth__V1__RunOutput *end;
	struct record r;

	open_all();
	begin("uname", &r);
	ck_assert_ptr_nonnull(memmem(buf_data(&old1.message), buf_len(&old1.message), "uname", 5));
	agent_says("out", "", false, 0, "");
	agent_says("", "error", false, 0, "");
	agent_says("", "", true, 3, "");
	wire_end(old1.run, WIRE_OK, NULL);
	end = end_of(&r);
	ck_assert_int_eq(end->exit->end, SLOTH__V1__RUN_END__RUN_END_EXITED);
	ck_assert_uint_eq(end->exit->code, 3);
	ck_assert_uint_eq(end->exit->stdout_bytes, 3);
	ck_assert_uint_eq(end->exit->stderr_bytes, 5);
	ck_assert_uint_eq(r.n_messages, 4);		/* started, two chunks, exit */
	sloth__v1__run_output__free_unpacked(end, NULL);
	close_all();
}
END_TEST

START_TEST(each_run_has_a_connection_of_its_own)
{
	struct record r;
	unsigned before;

	open_all();
	before = old1.n_conns;
	for (int i = 0; i < 2; i++) {
		begin("true", &r);
		agent_says("", "", true, 0, "");
		wire_end(old1.run, WIRE_OK, NULL);
		sloth__v1__run_output__free_unpacked(end_of(&r), NULL);
	}
	ck_assert_uint_eq(old1.n_conns, before + 2);
	close_all();
}
END_TEST

static void expect_unknown(struct record *r, const char *words)
{
	Sloth__V1__RunOutput *end = end_of(r);

	ck_assert_int_eq(end->exit->end, SLOTH__V1__RUN_END__RUN_END_UNKNOWN);
	ck_assert_msg(strstr(end->exit->reason, words), "%s", end->exit->reason);
	sloth__v1__run_output__free_unpacked(end, NULL);
}

START_TEST(an_end_by_signal_is_unknown_with_the_agents_words)
{
	struct record r;

	open_all();
	begin("kill -9 $$", &r);
	agent_says("", "", true, -1, "signal: killed");
	wire_end(old1.run, WIRE_OK, NULL);
	expect_unknown(&r, "exit code -1: signal: killed");
	close_all();
}
END_TEST

START_TEST(a_stream_that_is_cut_is_unknown)
{
	struct record r;

	open_all();
	begin("sleep 100", &r);
	wire_conn_close(old1.conn, 0, "age");
	expect_unknown(&r, "cut before the command ended");
	begin("sleep 100", &r);
	wire_end(old1.run, WIRE_OK, NULL);
	expect_unknown(&r, "without a result");
	close_all();
}
END_TEST

START_TEST(the_time_limit_is_kept_by_the_master)
{
	Sloth__V1__RunStart start = start_of("sleep 100");
	Sloth__V1__RunOutput *end;
	struct record r;

	open_all();
	start.timeout_ms = 3000;		/* a slow machine has to get to the agent before it */
	begin_run(&start, &r);
	end = end_of(&r);
	ck_assert_int_eq(end->exit->end, SLOTH__V1__RUN_END__RUN_END_TIMED_OUT);
	sloth__v1__run_output__free_unpacked(end, NULL);
	close_all();
}
END_TEST

static void send_input(struct record *r, Sloth__V1__RunInput *input)
{
	wire_send_message(r->call, &input->base);
}

START_TEST(a_signal_that_ends_cancels_the_agents_call)
{
	Sloth__V1__RunInput input = SLOTH__V1__RUN_INPUT__INIT;
	Sloth__V1__RunSignal sig = SLOTH__V1__RUN_SIGNAL__INIT;
	struct record r;

	open_all();
	begin("sleep 100", &r);
	sig.number = SIGINT;
	input.event_case = SLOTH__V1__RUN_INPUT__EVENT_SIGNAL;
	input.signal = &sig;
	send_input(&r, &input);
	expect_unknown(&r, "cancelled");
	close_all();
}
END_TEST

START_TEST(stdin_data_is_refused_and_its_end_is_not)
{
	Sloth__V1__RunInput input = SLOTH__V1__RUN_INPUT__INIT;
	Sloth__V1__RunStdin data = SLOTH__V1__RUN_STDIN__INIT;
	struct record r;

	open_all();
	begin("cat", &r);
	input.event_case = SLOTH__V1__RUN_INPUT__EVENT_STDIN_DATA;
	input.stdin_data = &data;
	data.end = true;
	send_input(&r, &input);
	data.data = (ProtobufCBinaryData){ 1, (uint8_t *)(uintptr_t)"x" };
	send_input(&r, &input);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_FAILED_PRECONDITION);
	ck_assert_str_eq(r.why, "agent old1 is a foreign one and takes no standard input");
	record_done(&r);
	close_all();
}
END_TEST

START_TEST(what_a_foreign_agent_cannot_do_is_refused)
{
	ProtobufCBinaryData word = { 1, (uint8_t *)(uintptr_t)"x" };
	Sloth__V1__RunStart starts[] = { start_of(""), start_of("x"), start_of("x") };
	struct record r;

	starts[0].n_argv = 1;
	starts[0].argv = &word;
	starts[1].n_env = 1;
	starts[1].env = &word;
	starts[2].cwd = (char *)(uintptr_t)"/";
	open_all();
	for (size_t i = 0; i < 3; i++) {
		begin_run(&starts[i], &r);
		pair_run(&w.turn, pair_is, &r.ended);
		ck_assert_int_eq(r.code, WIRE_FAILED_PRECONDITION);
	}
	close_all();
}
END_TEST

START_TEST(a_caller_that_leaves_cancels_the_agents_call)
{
	struct record r;

	open_all();
	begin("sleep 100", &r);
	wire_end(r.call, WIRE_CANCELLED, "enough");
	pair_run(&w.turn, pair_is, &old1.ended);
	ck_assert_int_eq(old1.code, WIRE_CANCELLED);
	record_done(&r);
	close_all();
}
END_TEST
/* Nobody says as whom it runs commands: it may be the one who is denied. */
START_TEST(a_rule_that_denies_a_user_denies_an_unknown_one)
{
	static const char rule[] = "deny * run-as=root";
	const Sloth__V1__RunStart start = start_of("true");
	struct record r;
	char *why;

	open_all();
	ck_assert_int_eq(policy_parse(w.m.policy, "x.conf", rule, sizeof rule - 1, &why), 0);
	begin_run(&start, &r);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_PERMISSION_DENIED);
	ck_assert_ptr_nonnull(strstr(r.why, "to run on agent old1 as its own user, which is not known (x.conf:1)"));
	ck_assert_uint_eq(old1.n_runs, 0);
	record_done(&r);
	close_all();
}
END_TEST

UNIT_MAIN(a_run_becomes_a_run_command, each_run_has_a_connection_of_its_own,
	  an_end_by_signal_is_unknown_with_the_agents_words, a_stream_that_is_cut_is_unknown,
	  the_time_limit_is_kept_by_the_master, a_signal_that_ends_cancels_the_agents_call,
	  stdin_data_is_refused_and_its_end_is_not, what_a_foreign_agent_cannot_do_is_refused,
	  a_caller_that_leaves_cancels_the_agents_call, a_rule_that_denies_a_user_denies_an_unknown_one)
