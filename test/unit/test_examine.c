/*
 * test_examine.c - ExamineAgent over real sockets: agents that are well, foreign, other ones or mute, callers that leave, and
 * more of them than are taken.
 */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "master/examine.h"
#include "master/examine_findings.h"
#include "master/store.h"
#include "master/store_trust.h"
#include "test/lib/unit.h"
#include "test/lib/world.h"

static struct world w;
static struct fake web1, web2;

static void call(const char *name, struct record *r)
{
	Sloth__V1__ExamineRequest request = SLOTH__V1__EXAMINE_REQUEST__INIT;

	request.agent_name = (char *)(uintptr_t)name;
	world_call(&w, "/sloth.v1.Master/ExamineAgent", &request.base, r);
	wire_half_close(r->call);
}

/* First letters of the results of all steps; their details are in `found` until the next one. */
static const Sloth__V1__ExamineResponse *found;
static const char *examine(const char *name)
{
	static char letters[STEP_N + 1];
	static struct record r;
	Sloth__V1__ExamineRequest request = SLOTH__V1__EXAMINE_REQUEST__INIT;

	record_done(&r);
	request.agent_name = (char *)(uintptr_t)name;
	found = world_ask(&w, "/sloth.v1.Master/ExamineAgent", &request.base, &sloth__v1__examine_response__descriptor, &r);
	ck_assert_uint_eq(found->n_findings, STEP_N);
	for (size_t i = 0; i < STEP_N; i++)
		letters[i] = *found->findings[i]->result;
	return letters;
}

static void register_as(struct fake *f, const char *address)
{
	struct record r;

	fake_register(&w, f->name, address, f, &r);
	record_done(&r);
}

static void begin(void)
{
	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	register_as(&web1, fake_address(&web1));
}

static void end(void)
{
	fake_close(&web1);
	world_close(&w);
	ck_assert_uint_eq(w.m.n_examines, 0);
}

START_TEST(an_agent_that_is_well_passes_every_step)
{
	begin();
	ck_assert_str_eq(examine("web1"), "ooso" "so" "so" "ooo");	/* no TLS here, and the agent tells no clock */
	ck_assert_ptr_nonnull(strstr(found->findings[STEP_ROUND_TRIP]->detail, " of 5"));
	ck_assert_str_eq(found->findings[STEP_VERSION]->detail, "\"9.9\"; the master is " SLOTH_VERSION);
	end();
}
END_TEST

START_TEST(who_answers_instead_is_named)
{
	begin();
	fake_open(&w, &web2, "web2", false);
	register_as(&web2, fake_address(&web1));
	ck_assert_str_eq(examine("web2"), "ooso" "sf" "so" "oof");
	ck_assert_str_eq(found->findings[STEP_IDENTITY]->detail, "that address answers as \"web1\"");
	ck_assert_ptr_nonnull(strstr(found->findings[STEP_IDENTITY]->advice, "sloth-proxy"));
	register_as(&web2, "127.0.0.1:1");
	ck_assert_str_eq(examine("web2"), "ofss" "ss" "ss" "sof");
	ck_assert_str_eq(found->findings[STEP_TCP]->detail, "refused");
	fake_close(&web2);
	end();
}
END_TEST

START_TEST(a_foreign_agent_is_left_alone_after_its_name)
{
	begin();
	fake_open(&w, &web2, "old1", true);
	fake_register_foreign(&w, &web2);
	ck_assert_str_eq(examine("old1"), "ooso" "so" "ss" "soo");
	ck_assert_ptr_nonnull(strstr(found->findings[STEP_IDENTITY]->detail, "foreign"));
	fake_close(&web2);
	end();
}
END_TEST

static bool is_examined(void *arg)
{
	(void)arg;
	return w.m.n_examines == 0;
}

static bool has_said_hello(void *arg)
{
	return web1.n_hellos > *(unsigned *)arg;
}

START_TEST(a_caller_may_leave_and_the_master_may_end)
{
	unsigned n_hellos;
	struct record r;

	begin();
	n_hellos = web1.n_hellos;
	web1.is_mute = true;
	call("web1", &r);
	pair_run(&w.turn, has_said_hello, &n_hellos);
	wire_end(r.call, WIRE_CANCELLED, "no more");
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_uint_eq(w.m.n_examines, 1);
	fake_close(&web1);
	pair_run(&w.turn, is_examined, NULL);
	record_done(&r);
	fake_open(&w, &web1, "web1", false);
	register_as(&web1, fake_address(&web1));
	n_hellos = web1.n_hellos;
	web1.is_mute = true;
	call("web1", &r);
	pair_run(&w.turn, has_said_hello, &n_hellos);
	end();				/* with one under way */
	record_done(&r);
}
END_TEST

static void enter(const char *name, const char *key, enum identity_state state)
{
	struct identity_record identity = { .kind = WIRE_KIND_AGENT, .state = state, .asked_s = wall_s() };

	snprintf(identity.name, sizeof identity.name, "%s", name);
	memset(identity.key, *key, WIRE_FINGERPRINT_LEN);
	store_begin_durable(w.m.store);
	store_put_identity(w.m.store, &identity);
	ck_assert_int_eq(store_commit(w.m.store), 0);
}

static void expect_refused(const char *name, const char *words)
{
	struct record r;

	call(name, &r);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_NOT_FOUND);
	ck_assert_msg(strstr(r.why, words) != NULL, "%s", r.why);
	record_done(&r);
}

/* Who waits is in no list, and yet not unknown. */
START_TEST(who_waits_is_told_how_he_comes_in)
{
	begin();
	enter("web2", "a", IDENTITY_PENDING);
	expect_refused("web2", "agent web2 waits to be accepted: sloth agent pending shows its key, sloth agent accept web2 lets it in");
	enter("web3", "a", IDENTITY_ACCEPTED);
	expect_refused("web3", "agent web3 is accepted, but has not registered");
	enter("web3", "b", IDENTITY_DENIED);
	expect_refused("web3", "agent web3 was denied, the name belongs to another key: sloth agent pending shows its key, "
			       "sloth agent accept web3 --replace lets it in");
	enter("web4", "a", IDENTITY_REJECTED);
	expect_refused("web4", "agent web4 was rejected: sloth agent accept web4 lets it in");
	enter("web5", "a", IDENTITY_REVOKED);
	expect_refused("web5", "agent web5 was revoked");
	register_as(&web1, "127.0.0.1:1");
	enter("web1", "a", IDENTITY_DENIED);
	examine("web1");
	ck_assert_str_eq(found->findings[STEP_TCP]->advice,
			 "on the master: sloth agent accept web1 (a key waits under this name: sloth agent pending)");
	ck_assert_str_eq(found->findings[STEP_REACH]->advice, found->findings[STEP_TCP]->advice);
	end();
}
END_TEST

START_TEST(unknown_ones_and_too_many_are_refused)
{
	struct record r;

	begin();
	call("nobody", &r);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_NOT_FOUND);
	record_done(&r);
	w.m.n_examines += EXAMINE_MAX;
	call("web1", &r);
	pair_run(&w.turn, pair_is, &r.ended);
	ck_assert_int_eq(r.code, WIRE_RESOURCE_EXHAUSTED);
	record_done(&r);
	w.m.n_examines -= EXAMINE_MAX;
	end();
}
END_TEST

UNIT_MAIN(who_waits_is_told_how_he_comes_in, an_agent_that_is_well_passes_every_step, who_answers_instead_is_named, a_foreign_agent_is_left_alone_after_its_name,
	  a_caller_may_leave_and_the_master_may_end, unknown_ones_and_too_many_are_refused)
