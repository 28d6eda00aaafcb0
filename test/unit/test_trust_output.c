/* What commands about identities and tokens print, for people and for programs. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "common/clock.h"
#include "test/lib/unit.h"

static char *text;
static size_t text_len;
static FILE *real_stdout;

static void capture(void)
{
	real_stdout = stdout;
	stdout = open_memstream(&text, &text_len);
}

static void release(void)
{
	fclose(stdout);
	stdout = real_stdout;
}

static char *fixed(const char *s)
{
	return (char *)(uintptr_t)s;
}

static const struct output to_text = { .ops = &output_text, .address = "10.0.0.1:50053" };
static const struct output to_json = { .ops = &output_json, .address = "10.0.0.1:50053" };

static void expect(const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no %s in: %s", part, text);
}

/* The document that was printed, as far as a path of two members. */
static const char *member(const char *key)
{
	static json_t *document;
	json_t *value;

	json_decref(document);
	document = json_loads(text, 0, NULL);
	ck_assert_msg(document != NULL, "%s", text);
	value = json_object_get(document, key);
	return json_is_null(value) ? "null" : json_string_value(value);
}

static Sloth__V1__Identity waiting(void)
{
	Sloth__V1__Identity i = SLOTH__V1__IDENTITY__INIT;

	i.kind = fixed("agent");
	i.name = fixed("web1");
	i.state = fixed("denied");
	i.fingerprint = fixed("0123456789abcdef0123456789abcdef");
	i.address = fixed("10.0.0.7:50051");
	i.from = fixed("10.0.0.7\033[2J");
	i.asked = wall_s() + 30;
	i.holder = fixed("10.0.0.8, key fedcba");
	return i;
}

START_TEST(identities_show_what_an_operator_compares)
{
	Sloth__V1__Identity one = waiting(), *list[] = { &one };

	capture();
	output_text.identities(&to_text, list, 1, NULL);
	release();
	expect("web1");
	expect(" 0123456789abcdef ");
	expect("web1: the name belongs to 10.0.0.8, key fedcba");
	ck_assert_ptr_null(strchr(text, '\033'));
	free(text);
	capture();
	output_json.identities(&to_json, list, 1, NULL);
	release();
	expect("\"fingerprint\":\"0123456789abcdef0123456789abcdef\"");
	expect("\"not_after\":null");
	free(text);
	capture();
	output_json.identities(&to_json, NULL, 0, "none waits");
	release();
	ck_assert_str_eq(member("error"), "none waits");
	expect("\"identities\":[]");
	free(text);
}
END_TEST

START_TEST(decisions_name_each_key)
{
	Sloth__V1__Identity one = waiting(), *list[] = { &one };
	Sloth__V1__DecisionResponse decision = SLOTH__V1__DECISION_RESPONSE__INIT;
	char *refusals[] = { fixed("web2: no") };

	one.name = fixed("web\0331");
	decision.identities = list;
	decision.n_identities = 1;
	decision.refusals = refusals;
	decision.n_refusals = 1;
	capture();
	output_text.decision(&to_text, "accepted", &decision, "web2: no");
	release();
	ck_assert_str_eq(text, "web?1: accepted (key 0123456789abcdef)\n");
	free(text);
	capture();
	output_json.decision(&to_json, "accepted", &decision, "web2: no");
	release();
	ck_assert_str_eq(member("done"), "accepted");
	ck_assert_str_eq(member("error"), "web2: no");
	expect("\"refusals\":[\"web2: no\"]");
	free(text);
}
END_TEST

static const struct {
	const char *state;
	int64_t expires;
	uint32_t uses;
	bool is_revoked;
} token_rows[] = {
	{ "good", 3600, 1, false },
	{ "used up", 3600, 0, false },
	{ "expired", -3600, 1, false },
	{ "revoked", 3600, 1, true },
};

START_TEST(tokens_say_whether_they_are_good)
{
	for (size_t i = 0; i < sizeof token_rows / sizeof *token_rows; i++) {
		Sloth__V1__Token one = SLOTH__V1__TOKEN__INIT, *list[] = { &one };

		one.id = fixed("3f9a01bc");
		one.role = fixed("agent");
		one.expires = wall_s() + token_rows[i].expires;
		one.uses_left = token_rows[i].uses;
		one.revoked = token_rows[i].is_revoked;
		capture();
		output_text.tokens(&to_text, list, 1);
		release();
		expect("3f9a01bc");
		expect(token_rows[i].state);
		free(text);
		capture();
		output_json.tokens(&to_json, list, 1);
		release();
		expect("\"id\":\"3f9a01bc\"");
		free(text);
	}
}
END_TEST

START_TEST(token_is_alone_on_stdout)
{
	Sloth__V1__CreateTokenResponse token = SLOTH__V1__CREATE_TOKEN_RESPONSE__INIT;

	token.token = fixed("sloth1.aa.bb.cc");
	token.id = fixed("bb");
	capture();
	output_text.token(&to_text, &token);
	release();
	ck_assert_str_eq(text, "sloth1.aa.bb.cc\n");
	free(text);
	capture();
	output_json.token(&to_json, &token);
	release();
	ck_assert_str_eq(member("token"), "sloth1.aa.bb.cc");
	free(text);
}
END_TEST

START_TEST(whoami_shows_roles_and_end)
{
	Sloth__V1__WhoAmIResponse who = SLOTH__V1__WHO_AM_IRESPONSE__INIT;
	char *roles[] = { fixed("operator"), fixed("admin") };

	who.principal = fixed("operator:alice");
	who.roles = roles;
	who.n_roles = 2;
	who.not_after = wall_s() + 86400 * 3 + 60;
	capture();
	output_text.whoami(&to_text, &who);
	release();
	expect("You:         operator:alice\n");
	expect("Roles:       operator, admin\n");
	expect("(in 3d 0h)");
	free(text);
	capture();
	output_json.whoami(&to_json, &who);
	release();
	ck_assert_str_eq(member("principal"), "operator:alice");
	ck_assert_str_eq(member("cluster"), "null");
	expect("\"roles\":[\"operator\",\"admin\"]");
	free(text);
}
END_TEST

START_TEST(logins_and_contexts_are_shown)
{
	const struct login_result login = { .name = "alice", .cluster = "c1", .address = "10.0.0.1:50053", .context = "work",
					    .not_after = 1 };
	const struct context_row rows[] = {
		{ .name = "home", .error = "odd" },
		{ .name = "work", .address = "10.0.0.1:50053", .is_current = true },
	};

	capture();
	output_text.login(&to_text, &login);
	output_text.contexts(&to_text, rows, 2);
	release();
	expect("logged in as operator alice\n");
	expect("Context:     work\n");
	expect("* work 10.0.0.1:50053");
	expect("  home odd");
	free(text);
	capture();
	output_json.login(&to_json, &login);
	release();
	ck_assert_str_eq(member("principal"), "operator:alice");
	free(text);
	capture();
	output_json.contexts(&to_json, rows, 2);
	release();
	expect("{\"name\":\"work\",\"master\":\"10.0.0.1:50053\",\"current\":true,\"error\":null}");
	free(text);
}
END_TEST

UNIT_MAIN(identities_show_what_an_operator_compares, decisions_name_each_key, tokens_say_whether_they_are_good,
	  token_is_alone_on_stdout, whoami_shows_roles_and_end, logins_and_contexts_are_shown)
