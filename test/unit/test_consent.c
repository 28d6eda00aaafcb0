/* What the agent's own policy makes of a request: the words of a refusal, and users with two names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/consent.h"
#include "common/exits.h"
#include "common/mem.h"
#include "test/lib/pair.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

/* What the one call is asked about. */
struct question {
	struct agent agent;
	struct config config;
	const struct user *user;	/* consent_to_user() */
	const char *asked;		/* otherwise consent_to_run(); NULL: consent_to_stop() */
};

static void on_ask(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct question *q = arg;
	bool allowed;

	(void)data, (void)len;
	if (q->user)
		allowed = consent_to_user(&q->agent, call, "bob", q->user);
	else if (q->asked)
		allowed = consent_to_run(&q->agent, call, "bob", q->asked);
	else
		allowed = consent_to_stop(&q->agent, call, "bob");
	if (allowed)
		wire_end(call, WIRE_OK, "allowed");
}

/* `words` NULL: it is allowed. Otherwise what the refusal says behind "its policy denies bob ". */
static void expect(struct question *q, const char *policy, const char *words)
{
	static const struct wire_method methods[] = {
		{ .path = "/consent/Ask", .roles = WIRE_ANYONE, .unary = true, .start = on_ask },
	};
	char *path = mem_strdup(tmp_file("agent.policy", policy)), *error = NULL, *whole = NULL;
	struct record r;
	struct pair p;

	q->config = (struct config){ .own_name = (char *)(uintptr_t)"web1", .needs_policy = true, .own_policy = path };
	q->agent.config = &q->config;
	ck_assert_msg(consent_load(&q->agent, &error) == EXIT_OK, "%s", error);
	pair_open(&p, PAIR_UNIX);
	wire_serve(p.answerer, methods, 1, q);
	pair_unary(&p, methods[0].path, "", 0, &r);
	ck_assert_int_eq(r.code, words ? WIRE_PERMISSION_DENIED : WIRE_OK);
	if (words)
		whole = mem_printf("agent \"web1\": its policy denies bob %s", words);
	ck_assert_msg(!words || strstr(r.why, whole), "not \"%s\": %s", whole, r.why);
	record_done(&r);
	pair_close(&p);
	consent_close(&q->agent);
	user_free(q->agent.own_user);
	q->agent.own_user = NULL;
	free(whole);
	free(path);
}

START_TEST(a_refusal_says_who_what_and_which_rule)
{
	struct question run = { .asked = "root" }, strange = { .asked = "a\nb" }, stop = { .asked = NULL };
	char *words = mem_printf("to run as root (%s:2)", tmp_path("agent.policy"));

	expect(&run, "allow *\ndeny bob run-as=root\n", words);
	expect(&run, "allow bob verbs=run\n", NULL);
	expect(&strange, "allow * verbs=stop\n", "to run as \"a\\nb\" (no rule of");
	expect(&stop, "allow bob verbs=run\n", "to stop it (no rule of");
	expect(&stop, "allow bob verbs=stop\n", NULL);
	free(words);
}
END_TEST

START_TEST(nobody_named_is_the_agents_own_user)
{
	struct question q = { .asked = "" };
	struct user *own = user_own();
	char *deny = mem_printf("allow *\ndeny * run-as=%s\n", own->name), *words = mem_printf("to run as %s (", own->name);

	expect(&q, deny, words);
	expect(&q, "allow *\ndeny * run-as=?no-such-user\n", NULL);
	free(words);
	free(deny);
	user_free(own);
}
END_TEST

/* root by another name, and a user whose number nobody knows. */
START_TEST(a_user_is_asked_about_by_both_names)
{
	const struct user toor = { .uid = 0, .name = (char *)(uintptr_t)"toor" };
	const struct user root = { .uid = 0, .name = (char *)(uintptr_t)"root" };
	const struct user nameless = { .uid = 1234567, .name = (char *)(uintptr_t)"1234567" };
	struct question alias = { .user = &toor }, own = { .user = &root }, unknown = { .user = &nameless };

	expect(&alias, "allow * run-as=toor\n", "to run as root (no rule of");
	expect(&alias, "allow *\ndeny * run-as=root\n", "to run as root (");
	expect(&alias, "allow * run-as=toor,root\n", NULL);
	expect(&own, "deny *\n", NULL);		/* consent_to_run() has been asked about that name */
	expect(&unknown, "deny *\n", NULL);
}
END_TEST

START_TEST(a_policy_that_is_wrong_leaves_the_one_before)
{
	struct question q = { .asked = "root" };
	char *error = NULL;

	q.config = (struct config){ .own_name = (char *)(uintptr_t)"web1" };
	q.agent.config = &q.config;
	ck_assert_int_eq(consent_load(&q.agent, &error), EXIT_OK);
	ck_assert(consent_to_run(&q.agent, NULL, "bob", "root"));	/* there is none, and nobody is asked */
	q.config.policy = q.config.own_policy = mem_strdup(tmp_file("agent.policy", "allow *\n"));
	ck_assert_int_eq(consent_load(&q.agent, &error), EXIT_OK);
	tmp_file("agent.policy", "allow\n");
	ck_assert_int_eq(consent_load(&q.agent, &error), EXIT_CONFIG);
	ck_assert_ptr_nonnull(strstr(error, "agent.policy:1: nobody is named"));
	ck_assert(consent_to_run(&q.agent, NULL, "bob", "root"));
	consent_close(&q.agent);
	free(q.config.own_policy);
	free(error);
}
END_TEST

UNIT_MAIN(a_refusal_says_who_what_and_which_rule, nobody_named_is_the_agents_own_user, a_user_is_asked_about_by_both_names,
	  a_policy_that_is_wrong_leaves_the_one_before)
