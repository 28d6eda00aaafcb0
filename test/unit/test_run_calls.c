/*
 * test_run_calls.c - ListRuns, WaitRun and ControlRun of the master: who is shown, told and obeyed.
 */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "common/policy.h"
#include "master/history.h"
#include "master/run_list.h"
#include "master/store.h"
#include "master/store_runs.h"
#include "test/lib/runs.h"
#include "test/lib/unit.h"

/* ---- WaitRun, ControlRun ---- */

static void ask_to_wait(uint8_t id, uint32_t timeout_ms, struct record *r)
{
	Sloth__V1__RunQuery query = SLOTH__V1__RUN_QUERY__INIT;

	query.run_id = runs_id(id);
	query.timeout_ms = timeout_ms;
	world_call(&w, "/sloth.v1.Master/WaitRun", &query.base, r);
	wire_half_close(r->call);
}

static void expect_waited(struct record *r, const char *state)
{
	Sloth__V1__RunRecord *message;

	pair_run(&w.turn, pair_is, &r->ended);
	ck_assert_msg(r->code == WIRE_OK, "%s", r->why);
	message = sloth__v1__run_record__unpack(NULL, buf_len(&r->last), buf_data(&r->last));
	ck_assert_str_eq(message->state, state);
	ck_assert_str_eq(message->command, "make all");
	sloth__v1__run_record__free_unpacked(message, NULL);
	record_done(r);
}

START_TEST(whoever_waits_is_told_the_end)
{
	struct record r;

	runs_set_up();
	runs_begin(1);
	runs_answer();
	ask_to_wait(1, 30, &r);
	expect_waited(&r, "running");
	ask_to_wait(1, 0, &r);
	while (w.m.n_run_waits == 0)
		ev_run(w.turn.loop, EVRUN_ONCE);
	runs_end_exited("0");
	expect_waited(&r, "exited");
	ck_assert_int_eq(history_flush(&w.m), 0);
	ask_to_wait(1, 0, &r);
	expect_waited(&r, "exited");
	ask_to_wait(9, 0, &r);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_NOT_FOUND);
	record_done(&r);
	runs_tear_down();
}
END_TEST

static void control(uint8_t id, const char *agent, Sloth__V1__RunControl__ActionCase action, struct record *r)
{
	Sloth__V1__RunControl message = SLOTH__V1__RUN_CONTROL__INIT;
	Sloth__V1__RunCancel stop = SLOTH__V1__RUN_CANCEL__INIT;
	Sloth__V1__RunRemove forget = SLOTH__V1__RUN_REMOVE__INIT;

	message.run_id = runs_id(id);
	message.agent_name = (char *)(uintptr_t)agent;
	message.action_case = action;
	if (action == SLOTH__V1__RUN_CONTROL__ACTION_STOP)
		message.stop = &stop;
	else if (action == SLOTH__V1__RUN_CONTROL__ACTION_REMOVE)
		message.remove = &forget;
	world_call(&w, "/sloth.v1.Master/ControlRun", &message.base, r);
	wire_half_close(r->call);
	pair_run(&w.turn, pair_is, &r->ended);
}

START_TEST(control_is_passed_on)
{
	Sloth__V1__RunStart start = runs_start(1);
	struct record r;

	runs_set_up();
	start.detach = true;
	runs_send_start(&start);
	pair_run(&w.turn, runs_has_message, &web1);
	runs_answer();
	runs_end(WIRE_OK, NULL);
	web1.role[0] = '\0';
	control(1, "", SLOTH__V1__RUN_CONTROL__ACTION_STOP, &r);
	ck_assert_int_eq(r.code, WIRE_OK);
	ck_assert_uint_eq(web1.n_controls, 1);
	ck_assert_str_eq(web1.role, "admin");
	record_done(&r);
	runs_answer_wait("exited", 0, "");
	runs_expect(1, "exited");
	control(1, "", SLOTH__V1__RUN_CONTROL__ACTION_REMOVE, &r);
	ck_assert_int_eq(r.code, WIRE_OK);
	record_done(&r);
	ck_assert(!runs_show(1)->has_output);
	runs_tear_down();
}
END_TEST

START_TEST(control_of_what_is_not_there_is_refused)
{
	struct record r;

	runs_set_up();
	control(1, "", SLOTH__V1__RUN_CONTROL__ACTION_STOP, &r);
	ck_assert_int_eq(r.code, WIRE_NOT_FOUND);
	record_done(&r);
	control(1, "web9", SLOTH__V1__RUN_CONTROL__ACTION_STOP, &r);
	ck_assert_int_eq(r.code, WIRE_NOT_FOUND);
	record_done(&r);
	control(1, "web1", SLOTH__V1__RUN_CONTROL__ACTION__NOT_SET, &r);
	ck_assert_int_eq(r.code, WIRE_INVALID_ARGUMENT);
	record_done(&r);
	ck_assert_uint_eq(web1.n_controls, 0);
	runs_tear_down();
}
END_TEST

/* ---- ListRuns ---- */

static void set_policy(const char *rules)
{
	char *error = NULL;

	policy_free(w.m.policy);
	w.m.policy = policy_new(POLICY_MASTER);
	ck_assert_msg(!policy_parse(w.m.policy, "x.conf", rules, strlen(rules), &error), "%s", error);
}

/* The ids that a list has, as their first bytes. */
static void expect_list(const Sloth__V1__ListRunsRequest *request, const char *ids, bool more)
{
	const Sloth__V1__ListRunsResponse *response = runs_list(request);

	ck_assert_uint_eq(response->n_runs, strlen(ids));
	for (size_t i = 0; i < response->n_runs; i++)
		ck_assert_int_eq(response->runs[i]->run_id.data[0], ids[i]);
	ck_assert_int_eq(response->more, more);
}

static void enter(uint8_t id, const char *agent, enum run_state state, uint32_t code, int64_t started_ms)
{
	struct run_record r = run_record_empty;

	memcpy(r.id, runs_id(id).data, RUN_ID_LEN);
	r.agent = agent;
	r.principal = "operator:olga";
	r.state = state;
	r.code = code;
	r.started_ms = started_ms;
	r.is_open = !run_state_is_end(state);
	store_put_run(w.m.store, &r);
}

START_TEST(lists_are_filtered)
{
	static char running[] = "running", star[] = "web*", prefix[] = "63", longer[] = "6363636363", nobody[] = "operator:x";
	static char *states[] = { running };
	Sloth__V1__ListRunsRequest q = SLOTH__V1__LIST_RUNS_REQUEST__INIT;
	const Sloth__V1__ListRunsRequest all = SLOTH__V1__LIST_RUNS_REQUEST__INIT;

	runs_set_up();
	store_begin(w.m.store);
	enter('a', "web1", RUN_EXITED, 0, 1000);
	enter('b', "db1", RUN_EXITED, 1, 2000);
	enter('c', "web2", RUN_RUNNING, 0, 3000);
	enter('d', "web1", RUN_TIMED_OUT, 0, 3000);
	ck_assert_int_eq(store_commit(w.m.store), 0);
	expect_list(&all, "dcba", false);
	q.limit = 2;
	expect_list(&q, "dc", true);
	q = all;
	q.agent_name = star;
	expect_list(&q, "dca", false);
	q.failed = true;
	expect_list(&q, "d", false);
	q = all;
	q.states = states;
	q.n_states = 1;
	expect_list(&q, "c", false);
	q = all;
	q.since_ms = 2000;
	q.until_ms = 3000;
	expect_list(&q, "b", false);
	q.id_prefix = longer;
	expect_list(&q, "", false);
	q = all;
	q.id_prefix = prefix;
	expect_list(&q, "c", false);
	q.id_prefix = longer;
	expect_list(&q, "c", false);
	q = all;
	q.principal = nobody;
	expect_list(&q, "", false);
	set_policy("deny * agents=web* verbs=list\n");
	expect_list(&all, "b", false);
	runs_tear_down();
}
END_TEST

START_TEST(wrong_filters_are_refused_in_words)
{
	static char wrong[] = "xyz", *states[] = { wrong };
	Sloth__V1__ListRunsRequest q = SLOTH__V1__LIST_RUNS_REQUEST__INIT;

	runs_set_up();
	q.id_prefix = wrong;
	for (int i = 0; i < 2; i++) {
		record_done(&call);
		world_call(&w, "/sloth.v1.Master/ListRuns", &q.base, &call);
		wire_half_close(call.call);
		pair_run(&w.turn, pair_is, &call.ended);
		ck_assert_int_eq(call.code, WIRE_INVALID_ARGUMENT);
		ck_assert_ptr_nonnull(strstr(call.why, "\"xyz\" is no "));
		sloth__v1__list_runs_request__init(&q);
		q.states = states;
		q.n_states = 1;
	}
	runs_tear_down();
}
END_TEST

static bool are_ended(void *arg)
{
	const struct record *r = arg;

	for (size_t i = 0; i <= RUN_LISTS_MAX; i++)
		if (!r[i].ended)
			return false;
	return true;
}

START_TEST(not_too_many_read_the_history_at_once)
{
	const Sloth__V1__ListRunsRequest all = SLOTH__V1__LIST_RUNS_REQUEST__INIT;
	struct record r[RUN_LISTS_MAX + 1];
	unsigned n_refused = 0;

	runs_set_up();
	w.m.n_run_lists = 1;		/* one that goes on */
	for (size_t i = 0; i <= RUN_LISTS_MAX; i++) {
		world_call(&w, "/sloth.v1.Master/ListRuns", &all.base, &r[i]);
		wire_half_close(r[i].call);
	}
	pair_run(&w.turn, are_ended, r);
	for (size_t i = 0; i <= RUN_LISTS_MAX; i++) {
		n_refused += r[i].code == WIRE_RESOURCE_EXHAUSTED;
		record_done(&r[i]);
	}
	ck_assert_uint_ge(n_refused, 1);
	ck_assert_uint_eq(w.m.n_run_lists, 1);
	runs_tear_down();
}
END_TEST

/* What cannot be written waits, and comes later. */
START_TEST(a_full_disk_loses_no_end)
{
	struct rlimit none = { 0, RLIM_INFINITY }, unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	const Sloth__V1__ListRunsRequest all = SLOTH__V1__LIST_RUNS_REQUEST__INIT;
	struct record r;

	runs_set_up();
	runs_begin(1);
	runs_answer();
	ck_assert_int_eq(history_flush(&w.m), 0);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	runs_end_exited("6");
	world_call(&w, "/sloth.v1.Master/ListRuns", &all.base, &r);
	wire_half_close(r.call);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_UNAVAILABLE);
	record_done(&r);
	setrlimit(RLIMIT_FSIZE, &unlimited);
	ck_assert_uint_eq(runs_show(1)->code, 6);
	ck_assert_ptr_null(history_warning(&w.m, 0));
	runs_tear_down();
}
END_TEST

/* More than is read in one turn, and more than may stay. */
START_TEST(a_long_history_is_listed_and_cut)
{
	const struct history_limits limits = { 90, 1200 };
	Sloth__V1__ListRunsRequest q = SLOTH__V1__LIST_RUNS_REQUEST__INIT;
	struct run_record r = run_record_empty;
	uint64_t n = 0;

	runs_set_up();
	r.agent = r.principal = "x";
	r.state = RUN_EXITED;
	store_begin(w.m.store);
	for (int i = 0; i < 2500; i++) {
		memcpy(r.id, &i, sizeof i);
		r.started_ms = INT64_C(4102444800000) + i;
		store_put_run(w.m.store, &r);
	}
	ck_assert_int_eq(store_commit(w.m.store), 0);
	q.limit = 5000;
	ck_assert_uint_eq(runs_list(&q)->n_runs, 2500);
	history_stop(&w.m);
	history_free(&w.m);
	history_open(&w.m, &limits);
	runs_begin(1);
	runs_answer();
	runs_end_exited("0");
	while (store_count_runs(w.m.store, &n) == 0 && n > 1200)
		ev_run(w.turn.loop, EVRUN_ONCE);
	ck_assert_uint_eq(n, 1200);
	ck_assert_int_eq(runs_list(&q)->runs[0]->started_ms, INT64_C(4102444800000) + 2499);
	runs_tear_down();
}
END_TEST

UNIT_MAIN(whoever_waits_is_told_the_end, control_is_passed_on, control_of_what_is_not_there_is_refused,
	  lists_are_filtered, wrong_filters_are_refused_in_words, not_too_many_read_the_history_at_once,
	  a_full_disk_loses_no_end, a_long_history_is_listed_and_cut)
