/*
 * test_history.c - what the master keeps of runs: how they ended, whoever had to be asked.
 */
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "master/follow.h"
#include "master/history.h"
#include "master/store.h"
#include "master/store_runs.h"
#include "test/lib/runs.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

/* ---- ends that calls tell ---- */

START_TEST(the_agents_word_is_kept)
{
	const Sloth__V1__RunRecord *r;

	runs_set_up();
	runs_begin(1);
	r = runs_show(1);
	ck_assert_str_eq(r->state, "running");
	ck_assert_int_eq(r->ended_ms, 0);
	ck_assert(r->has_output);
	runs_answer();
	runs_end_exited("3");
	r = runs_show(1);
	ck_assert_str_eq(r->state, "exited");
	ck_assert_uint_eq(r->code, 3);
	ck_assert_str_eq(r->agent_name, "web1");
	ck_assert_str_eq(r->command, "make all");
	ck_assert_str_eq(r->run_as, "daemon");
	ck_assert_str_eq(r->principal, web1.principal);
	ck_assert_str_eq(r->containment, "cgroup");
	ck_assert_uint_eq(r->stdout_bytes, 11);
	ck_assert_uint_eq(r->stderr_bytes, 7);
	ck_assert_uint_eq(r->duration_ms, 1500);
	ck_assert_int_gt(r->started_ms, 0);
	ck_assert_int_ge(r->ended_ms, r->started_ms);
	ck_assert(!r->has_output);
	ck_assert_uint_eq(web1.n_waits, 0);
	runs_tear_down();
}
END_TEST

/* The words are in the last message, which is not decoded on its way. */
START_TEST(the_reason_is_that_of_the_last_message)
{
	Sloth__V1__RunExit end = SLOTH__V1__RUN_EXIT__INIT;
	Sloth__V1__RunOutput output = SLOTH__V1__RUN_OUTPUT__INIT;

	runs_set_up();
	runs_begin(1);
	runs_answer();
	end.end = SLOTH__V1__RUN_END__RUN_END_CANCELLED;
	end.reason = (char *)(uintptr_t)"its caller was lost for 60s";
	end.signal = 15;
	output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_EXIT;
	output.exit = &end;
	wire_send_message(web1.run, &output.base);
	runs_tell("sloth-state", "cancelled");
	runs_end(WIRE_OK, NULL);
	ck_assert_str_eq(runs_show(1)->state, "cancelled");
	ck_assert_str_eq(runs_show(1)->reason, "its caller was lost for 60s");
	ck_assert_uint_eq(runs_show(1)->signal, 15);
	runs_tear_down();
}
END_TEST

START_TEST(a_refused_start_never_began_and_its_id_may_begin)
{
	runs_set_up();
	runs_begin(1);
	runs_end(WIRE_RESOURCE_EXHAUSTED, "it has 64 runs (--max-runs)");
	ck_assert_str_eq(runs_show(1)->state, "rejected");
	ck_assert_str_eq(runs_show(1)->reason, "it has 64 runs (--max-runs)");
	runs_begin(1);
	ck_assert_str_eq(runs_show(1)->state, "running");
	runs_answer();
	runs_end_exited("0");
	ck_assert_str_eq(runs_show(1)->state, "exited");
	runs_tear_down();
}
END_TEST

START_TEST(an_agent_that_is_not_reached_is_unreachable)
{
	Sloth__V1__RunStart start = runs_start(1);
	struct record r;

	runs_set_up();
	fake_register(&w, "web1", "127.0.0.1:1", &web1, &r);
	record_done(&r);
	runs_send_start(&start);
	pair_run(&w.turn, pair_is, &call.ended);
	ck_assert_str_eq(runs_show(1)->state, "unreachable");
	ck_assert_str_eq(runs_show(1)->reason, "refused");
	ck_assert_int_gt(runs_show(1)->since_ms, 0);
	ck_assert_int_gt(runs_show(1)->ended_ms, 0);
	runs_register();
	runs_resume(1, "web1", &start);
	ck_assert_str_eq(web1.epoch, "ee000000000000000000000000000000");
	ck_assert_str_eq(runs_show(1)->state, "running");
	runs_end_exited("0");
	ck_assert_str_eq(runs_show(1)->state, "exited");
	runs_tear_down();
}
END_TEST

/* An end does not change, whoever uses the id again. */
START_TEST(an_id_that_is_used_again_changes_no_end)
{
	runs_set_up();
	runs_begin(1);
	runs_answer();
	runs_end_exited("4");
	ck_assert_uint_eq(runs_show(1)->code, 4);
	runs_begin(1);
	runs_end(WIRE_INVALID_ARGUMENT, "x");
	ck_assert_str_eq(runs_show(1)->state, "exited");
	ck_assert_uint_eq(runs_show(1)->code, 4);
	runs_tear_down();
}
END_TEST

START_TEST(an_argument_vector_is_shown_as_a_shell_would_take_it)
{
	ProtobufCBinaryData argv[2] = { { 4, (uint8_t *)(uintptr_t)"grep" }, { 3, (uint8_t *)(uintptr_t)"a b" } };
	Sloth__V1__RunStart start = runs_start(1);

	runs_set_up();
	start.command = (char *)(uintptr_t)"";
	start.argv = argv;
	start.n_argv = 2;
	runs_send_start(&start);
	pair_run(&w.turn, runs_has_message, &web1);
	ck_assert_str_eq(runs_show(1)->command, "grep 'a b'");
	runs_end_exited("0");
	runs_tear_down();
}
END_TEST

START_TEST(execute_command_is_recorded_too)
{
	Agent__ExecuteCommandRequest message = AGENT__EXECUTE_COMMAND_REQUEST__INIT;
	const Sloth__V1__ListRunsRequest all = SLOTH__V1__LIST_RUNS_REQUEST__INIT;
	const Sloth__V1__ListRunsResponse *response;

	runs_set_up();
	message.agent_name = (char *)(uintptr_t)"web1";
	message.command = (char *)(uintptr_t)"uname -n";
	world_call(&w, "/agent.AgentRegistry/ExecuteCommand", &message.base, &call);
	wire_half_close(call.call);
	pair_run(&w.turn, runs_has_message, &web1);
	runs_end_exited("0");
	response = runs_list(&all);
	ck_assert_uint_eq(response->n_runs, 1);
	ck_assert_str_eq(response->runs[0]->state, "exited");
	ck_assert_str_eq(response->runs[0]->command, "uname -n");
	runs_tear_down();
}
END_TEST

static bool has_answer(void *arg)
{
	const struct record *r = arg;

	return r->n_messages > 0;
}

static bool is_ended(void *arg)
{
	const struct fake *f = arg;

	return f->ended;
}

static void expect_in_audit_log(const char *words)
{
	struct buf log = { 0 };

	ck_assert_int_eq(fd_read_file(tmp_path("audit/audit.log"), 1024 * 1024, &log), 0);
	ck_assert_msg(strstr(buf_string(&log), words), "%s", buf_string(&log));
	buf_done(&log);
}

/* It resets its call, and the trailers never come. The history needs to ask nobody, and the audit log says the same. */
START_TEST(a_caller_that_leaves_with_the_exit_changes_no_end)
{
	Sloth__V1__RunExit end = SLOTH__V1__RUN_EXIT__INIT;
	Sloth__V1__RunOutput output = SLOTH__V1__RUN_OUTPUT__INIT;

	runs_set_up();
	runs_begin(1);
	end.end = SLOTH__V1__RUN_END__RUN_END_EXITED;
	end.code = 5;
	end.stdout_bytes = 11;
	output.event_case = SLOTH__V1__RUN_OUTPUT__EVENT_EXIT;
	output.exit = &end;
	wire_send_message(web1.run, &output.base);
	pair_run(&w.turn, has_answer, &call);
	wire_end(call.call, WIRE_CANCELLED, "it has what it wanted");
	pair_run(&w.turn, is_ended, &web1);
	runs_expect(1, "exited");
	ck_assert_uint_eq(runs_show(1)->code, 5);
	ck_assert_uint_eq(runs_show(1)->stdout_bytes, 11);
	ck_assert_uint_eq(web1.n_waits, 0);
	runs_tear_down();
	expect_in_audit_log("\"event\":\"run.end\"");
	expect_in_audit_log("\"result\":\"exited\",\"exit_code\":5");
}
END_TEST

/* ---- ends that agents are asked for ---- */

START_TEST(a_run_whose_caller_left_is_followed)
{
	runs_set_up();
	runs_begin(1);
	runs_answer();
	wire_end(call.call, WIRE_CANCELLED, "enough");
	pair_run(&w.turn, runs_is_waiting, &web1);
	ck_assert_mem_eq(web1.waited_for, runs_id(1).data, RUN_ID_LEN);
	ck_assert_str_eq(web1.role, "admin");
	ck_assert_uint_eq(web1.wait_ms, 1000);
	ck_assert_str_eq(runs_show(1)->state, "running");
	runs_answer_wait("cancelled", 0, "cancelled by its caller");
	runs_expect(1, "cancelled");
	ck_assert_str_eq(runs_show(1)->reason, "cancelled by its caller");
	ck_assert_uint_eq(runs_show(1)->stdout_bytes, 5);
	runs_tear_down();
}
END_TEST

START_TEST(lost_contact_lasts_until_the_agent_answers)
{
	runs_set_up();
	runs_begin(1);
	runs_answer();
	wire_conn_close(web1.conn, 0, "gone");
	pair_run(&w.turn, pair_is, &call.ended);
	runs_expect(1, "lost-contact");
	ck_assert_int_gt(runs_show(1)->since_ms, 0);
	runs_answer_wait("running", 0, "");
	runs_expect(1, "running");
	ck_assert_int_eq(runs_show(1)->since_ms, 0);
	runs_answer_wait("exited", 9, "");
	runs_expect(1, "exited");
	ck_assert_uint_eq(runs_show(1)->code, 9);
	runs_tear_down();
}
END_TEST

START_TEST(who_is_in_contact_again_is_no_lost_contact)
{
	runs_set_up();
	runs_begin(1);
	runs_answer();
	wire_conn_close(web1.conn, 0, "gone");
	pair_run(&w.turn, pair_is, &call.ended);
	runs_expect(1, "lost-contact");
	runs_register();
	runs_resume(1, "web1", NULL);
	runs_answer();
	runs_expect(1, "running");
	runs_end_exited("0");
	ck_assert_str_eq(runs_show(1)->state, "exited");
	runs_tear_down();
}
END_TEST

START_TEST(a_run_that_never_began_is_rejected)
{
	runs_set_up();
	runs_begin(1);
	wire_conn_close(web1.conn, 0, "gone");
	pair_run(&w.turn, pair_is, &call.ended);
	runs_expect(1, "unreachable");
	runs_answer_wait("never-began", 0, "");
	runs_expect(1, "rejected");
	ck_assert_str_eq(runs_show(1)->reason, "never began");
	runs_begin(1);
	ck_assert_str_eq(runs_show(1)->state, "running");
	runs_end_exited("0");
	runs_tear_down();
}
END_TEST

START_TEST(a_run_of_a_machine_that_restarted_is_unknown)
{
	runs_set_up();
	runs_begin(1);
	web1.own_epoch[0] = 0xdd;
	wire_conn_close(web1.conn, 0, "gone");
	pair_run(&w.turn, pair_is, &call.ended);
	runs_answer_wait("never-began", 0, "");
	runs_expect(1, "unknown");
	ck_assert_str_eq(runs_show(1)->reason, "its machine restarted");
	runs_tear_down();
}
END_TEST

START_TEST(a_detached_run_is_followed_to_its_end)
{
	Sloth__V1__RunStart start = runs_start(1);

	runs_set_up();
	start.detach = true;
	runs_send_start(&start);
	pair_run(&w.turn, runs_has_message, &web1);
	runs_answer();
	runs_end(WIRE_OK, NULL);
	ck_assert_str_eq(runs_show(1)->state, "running");
	ck_assert(runs_show(1)->detached);
	runs_answer_wait("exited", 0, "");
	runs_expect(1, "exited");
	runs_tear_down();
}
END_TEST

/* Whoever asks for a run a second time is told so; how the first time ended is the agent's to tell. */
START_TEST(a_run_that_was_started_before_is_asked_about)
{
	runs_set_up();
	runs_begin(1);
	runs_end(WIRE_ALREADY_EXISTS, "it was started before");
	runs_answer_wait("signalled", 9, "killed");
	runs_expect(1, "signalled");
	runs_tear_down();
}
END_TEST

static bool has_all_places(void *arg)
{
	const struct fake *f = arg;

	return f->n_waits >= FOLLOW_ASKS_MAX;
}

/* The end of one makes room for the next. */
START_TEST(an_agent_is_asked_about_so_many_runs_at_once)
{
	runs_set_up();
	for (int i = 1; i <= FOLLOW_ASKS_MAX + 2; i++) {
		runs_begin((uint8_t)i);
		runs_answer();
		runs_end(WIRE_OK, NULL);
	}
	pair_run(&w.turn, has_all_places, &web1);
	ck_assert_uint_eq(web1.n_waits, FOLLOW_ASKS_MAX);
	ck_assert_mem_eq(web1.waited_for, runs_id(FOLLOW_ASKS_MAX).data, RUN_ID_LEN);
	runs_answer_wait("exited", 0, "");
	runs_expect(FOLLOW_ASKS_MAX, "exited");
	pair_run(&w.turn, runs_is_waiting, &web1);
	ck_assert_mem_eq(web1.waited_for, runs_id(FOLLOW_ASKS_MAX + 1).data, RUN_ID_LEN);
	ck_assert_uint_eq(web1.n_waits, FOLLOW_ASKS_MAX + 1);
	runs_tear_down();
}
END_TEST

START_TEST(an_agent_that_cannot_tell_leaves_it_unknown)
{
	runs_set_up();
	runs_begin(1);
	runs_answer();
	wire_end(call.call, WIRE_CANCELLED, "enough");
	pair_run(&w.turn, runs_is_waiting, &web1);
	wire_end(web1.waiting, WIRE_UNIMPLEMENTED, "what?");
	runs_expect(1, "unknown");
	runs_tear_down();
}
END_TEST

/* An agent that goes silent takes the runs that nobody watches with it, and brings them back. */
START_TEST(runs_of_an_agent_that_is_gone_are_lost)
{
	Sloth__V1__RunStart start = runs_start(1);

	runs_set_up();
	start.detach = true;
	runs_send_start(&start);
	pair_run(&w.turn, runs_has_message, &web1);
	runs_answer();
	runs_end(WIRE_OK, NULL);
	pair_run(&w.turn, runs_is_waiting, &web1);
	fake_close(&web1);
	runs_expect(1, "lost-contact");
	fake_open(&w, &web1, "web1", false);
	runs_register();
	runs_answer_wait("exited", 1, "");
	runs_expect(1, "exited");
	runs_tear_down();
}
END_TEST

/* ---- another master ---- */

/* The master's memory is gone, as after its death; the store is not. */
static void restart_history(void)
{
	ck_assert_int_eq(history_flush(&w.m), 0);
	history_stop(&w.m);
	history_free(&w.m);
	history_open(&w.m, NULL);
}

START_TEST(open_runs_are_learned_again_after_a_restart)
{
	runs_set_up();
	runs_begin(1);
	runs_answer();
	runs_end_exited("0");
	runs_begin(2);
	runs_answer();
	wire_end(call.call, WIRE_CANCELLED, "enough");
	pair_run(&w.turn, runs_is_waiting, &web1);
	restart_history();
	ck_assert_str_eq(runs_show(2)->state, "lost-contact");
	ck_assert_str_eq(runs_show(2)->command, "make all");
	pair_run(&w.turn, runs_is_waiting, &web1);
	runs_register();
	runs_answer_wait("exited", 0, "");
	runs_expect(2, "exited");
	ck_assert_str_eq(runs_show(1)->state, "exited");
	runs_tear_down();
}
END_TEST

START_TEST(runs_that_the_history_lacks_are_entered)
{
	Sloth__V1__RunRecord running = SLOTH__V1__RUN_RECORD__INIT, over = SLOTH__V1__RUN_RECORD__INIT;
	Sloth__V1__RunRecord *runs[] = { &running, &over };

	running.run_id = runs_id(7);
	running.state = (char *)(uintptr_t)"running";
	running.command = (char *)(uintptr_t)"sleep";
	running.principal = (char *)(uintptr_t)"operator:olga";
	running.started_ms = 1000;
	over.run_id = runs_id(8);
	over.state = (char *)(uintptr_t)"exited";
	over.code = 5;
	over.detached = over.has_output = true;
	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	web1.has = runs;
	web1.n_has = 2;
	runs_register();
	pair_run(&w.turn, runs_is_waiting, &web1);
	ck_assert_uint_eq(web1.n_lists, 1);
	ck_assert_mem_eq(web1.waited_for, runs_id(7).data, RUN_ID_LEN);
	ck_assert_str_eq(runs_show(7)->state, "running");
	ck_assert_str_eq(runs_show(7)->principal, "operator:olga");
	ck_assert_int_eq(runs_show(7)->started_ms, 1000);
	ck_assert_str_eq(runs_show(8)->state, "exited");
	ck_assert_uint_eq(runs_show(8)->code, 5);
	ck_assert(runs_show(8)->has_output);
	runs_register();
	ck_assert_uint_eq(web1.n_lists, 1);
	runs_tear_down();
}
END_TEST

/* ---- resuming ---- */

START_TEST(who_resumes_is_judged_by_the_epoch_of_the_start)
{
	runs_set_up();
	runs_begin(1);
	ck_assert_str_eq(web1.role, "admin");
	runs_answer();
	web1.own_epoch[0] = 0xdd;
	wire_conn_close(web1.conn, 0, "gone");
	pair_run(&w.turn, pair_is, &call.ended);
	runs_expect(1, "lost-contact");
	runs_resume(1, "", NULL);
	ck_assert_str_eq(web1.epoch, "ee000000000000000000000000000000");
	runs_end_exited("0");
	ck_assert_str_eq(runs_show(1)->state, "exited");
	runs_resume(1, "web1", NULL);
	ck_assert_str_eq(web1.epoch, "ee000000000000000000000000000000");
	runs_end(WIRE_OK, NULL);
	runs_resume(2, "web1", NULL);
	ck_assert_str_eq(web1.epoch, "");
	runs_end(WIRE_NOT_FOUND, "never heard of it");
	runs_tear_down();
}
END_TEST

/* Who is not let to a run says nothing about it. */
START_TEST(a_resume_that_is_refused_changes_nothing)
{
	Sloth__V1__RunResume message = SLOTH__V1__RUN_RESUME__INIT;
	Sloth__V1__RunInput input = SLOTH__V1__RUN_INPUT__INIT;
	struct record r;

	runs_set_up();
	runs_begin(1);
	runs_answer();
	message.run_id = runs_id(1);
	input.event_case = SLOTH__V1__RUN_INPUT__EVENT_RESUME;
	input.resume = &message;
	web1.n_messages = 0;
	world_call(&w, "/sloth.v1.Master/Run", &input.base, &r);
	pair_run(&w.turn, runs_has_message, &web1);
	wire_end(web1.run, WIRE_PERMISSION_DENIED, "it is another's");
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_str_eq(runs_show(1)->state, "running");
	record_done(&r);
	runs_tear_down();
}
END_TEST

/* An id that is used again is one run, also for the count by which the oldest are dropped. */
START_TEST(as_many_are_dropped_as_are_too_many)
{
	const struct history_limits limits = { .days = 90, .runs_max = 3 };
	uint64_t n;

	runs_set_up();
	history_set_limits(&w.m, &limits);
	for (unsigned i = 0; i < 10; i++) {
		runs_begin((uint8_t)(i / 2));
		if (i % 2 == 0)
			runs_answer();
		if (i % 2 == 0)
			runs_end_exited("0");
		else
			runs_end(WIRE_INVALID_ARGUMENT, "x");
		ck_assert_int_eq(history_flush(&w.m), 0);
	}
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(!history_drop(&w.m));
		ck_assert_int_eq(store_count_runs(w.m.store, &n), 0);
		ck_assert_uint_eq(n, 3);
	}
	ck_assert_str_eq(runs_show(4)->state, "exited");
	runs_tear_down();
}
END_TEST

/* Agents that never come back do not fill the table. */
START_TEST(contact_that_was_lost_for_long_is_given_up)
{
	struct run_record r = run_record_empty;

	runs_set_up();
	memcpy(r.id, runs_id(3).data, RUN_ID_LEN);
	r.agent = r.principal = "gone";
	r.state = RUN_LOST_CONTACT;
	r.started_ms = wall_us() / 1000;
	r.since_ms = 1000;
	r.is_open = r.is_followed = true;
	store_begin(w.m.store);
	store_put_run(w.m.store, &r);
	ck_assert_int_eq(store_commit(w.m.store), 0);
	restart_history();
	ck_assert_str_eq(runs_show(3)->state, "lost-contact");
	ck_assert_int_eq(runs_show(3)->since_ms, 1000);
	history_drop(&w.m);
	ck_assert_str_eq(runs_show(3)->state, "unknown");
	ck_assert_str_eq(runs_show(3)->reason, "its agent did not come back");
	runs_tear_down();
}
END_TEST

UNIT_MAIN(as_many_are_dropped_as_are_too_many, contact_that_was_lost_for_long_is_given_up, the_agents_word_is_kept, the_reason_is_that_of_the_last_message,
	  a_refused_start_never_began_and_its_id_may_begin, who_is_in_contact_again_is_no_lost_contact, an_agent_that_is_not_reached_is_unreachable,
	  an_id_that_is_used_again_changes_no_end, an_argument_vector_is_shown_as_a_shell_would_take_it,
	  execute_command_is_recorded_too, a_caller_that_leaves_with_the_exit_changes_no_end, a_run_whose_caller_left_is_followed,
	  lost_contact_lasts_until_the_agent_answers, a_run_that_never_began_is_rejected,
	  a_run_of_a_machine_that_restarted_is_unknown, a_detached_run_is_followed_to_its_end,
	  a_run_that_was_started_before_is_asked_about, an_agent_that_cannot_tell_leaves_it_unknown,
	  an_agent_is_asked_about_so_many_runs_at_once,
	  runs_of_an_agent_that_is_gone_are_lost, open_runs_are_learned_again_after_a_restart,
	  runs_that_the_history_lacks_are_entered, who_resumes_is_judged_by_the_epoch_of_the_start,
	  a_resume_that_is_refused_changes_nothing)
