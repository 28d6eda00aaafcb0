/* Policies: which rule decides, and every way in which a line can be no rule. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/policy.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

static struct policy *parse(enum policy_gate gate, const char *text)
{
	struct policy *p = policy_new(gate);
	char *error = NULL;

	ck_assert_msg(policy_parse(p, "x.conf", text, strlen(text), &error) == 0, "%s: %s", text, error);
	return p;
}

/* `by` is the whole reason. */
static void expect(const struct policy *p, const struct policy_query *q, bool allowed, const char *by)
{
	char *why = NULL;
	bool is = policy_decide(p, q, &why);

	ck_assert_msg(is == allowed, "%s %s: %s", q->principal, policy_verb_name(q->verb), why);
	ck_assert_str_eq(why, by);
	ck_assert(policy_decide(p, q, NULL) == allowed);
	free(why);
}

/* ---- who decides ---- */

struct decision {
	const char *text;
	struct policy_query query;
	const char *by;			/* with DENIED in front: it is not allowed */
};

#define DENIED "!"
#define NO_RULE DENIED "no rule of x.conf allows it"
#define RUN(principal_, roles_, agent_, user_) { principal_, roles_, POLICY_RUN, agent_, user_, NULL }
#define ASK(principal_, roles_, verb_, agent_) { principal_, roles_, verb_, agent_, NULL, NULL }
#define ENROLL(principal_, pattern_) { principal_, 0, POLICY_ENROLL, NULL, NULL, pattern_ }

static void check_all(enum policy_gate gate, const struct decision *d, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct policy *p = parse(gate, d[i].text);
		bool denied = d[i].by[0] == *DENIED;

		expect(p, &d[i].query, !denied, d[i].by + denied);
		policy_free(p);
	}
}
#define CHECK_ALL(gate, table) check_all(gate, table, sizeof table / sizeof *table)

START_TEST(deny_wins_in_any_order)
{
	static const struct decision table[] = {
		{ "allow *\ndeny bob\n", RUN("bob", 0, "web1", "root"), DENIED "x.conf:2" },
		{ "deny bob\nallow *\n", RUN("bob", 0, "web1", "root"), DENIED "x.conf:1" },
		{ "allow *\ndeny bob\nallow bob\n", RUN("bob", 0, "web1", "root"), DENIED "x.conf:2" },
		{ "allow *\ndeny bob\n", RUN("alice", 0, "web1", "root"), "x.conf:1" },
		{ "\n# allow *\nallow eve\n", RUN("alice", 0, "web1", "root"), NO_RULE },
		{ "", RUN("alice", 0, "web1", "root"), NO_RULE },
	};

	CHECK_ALL(POLICY_MASTER, table);
	CHECK_ALL(POLICY_AGENT, table);
}
END_TEST

START_TEST(principals_are_globs_and_roles)
{
	static const struct decision table[] = {
		{ "allow root,operator:*", RUN("operator:alice", 0, "a", "u"), "x.conf:1" },
		{ "allow operator:*", RUN("operator", 0, "a", "u"), NO_RULE },
		{ "allow operator:alice", RUN("operator:alicea", 0, "a", "u"), NO_RULE },
		{ "allow operator:alice", RUN("operator:Alice", 0, "a", "u"), NO_RULE },
		{ "allow *", RUN(".hidden/x", 0, "a", "u"), "x.conf:1" },
		{ "allow ?hidden*", RUN(".hidden/x", 0, "a", "u"), "x.conf:1" },
		{ "allow [a-c]ob", RUN("bob", 0, "a", "u"), "x.conf:1" },
		{ "allow [!a-c]ob", RUN("bob", 0, "a", "u"), NO_RULE },
		{ "allow []]", RUN("]", 0, "a", "u"), "x.conf:1" },
		{ "allow @operator", RUN("bob", POLICY_OPERATOR, "a", "u"), "x.conf:1" },
		{ "allow @operator", RUN("bob", POLICY_OF_AGENT, "a", "u"), NO_RULE },
		{ "allow @agent,bob", RUN("bob", 0, "a", "u"), "x.conf:1" },
		{ "deny @operator", RUN("root", POLICY_ADMIN, "a", "u"), "built in: administrators" },
		{ "deny @admin agents=db*", RUN("root", POLICY_ADMIN, "db1", "u"), DENIED "x.conf:1" },
		{ "allow @operator", RUN("@operator", 0, "a", "u"), NO_RULE },
	};

	CHECK_ALL(POLICY_MASTER, table);
}
END_TEST

START_TEST(agents_and_calls_about_none)
{
	static const struct decision table[] = {
		{ "allow bob agents=web*,db1", RUN("bob", 0, "db1", "u"), "x.conf:1" },
		{ "allow bob agents=web*,db1", RUN("bob", 0, "db2", "u"), NO_RULE },
		{ "allow bob agents=web*", ASK("bob", 0, POLICY_LIST, NULL), "x.conf:1" },
		{ "allow bob\ndeny bob agents=web*", ASK("bob", 0, POLICY_LIST, NULL), "x.conf:1" },
		{ "allow bob\ndeny bob agents=*", ASK("bob", 0, POLICY_LIST, NULL), DENIED "x.conf:2" },
		{ "allow bob agents=web*", ASK("bob", 0, POLICY_ENROLL, NULL), NO_RULE },
		{ "allow bob agents=*", ASK("bob", 0, POLICY_ENROLL, NULL), "x.conf:1" },
		{ "allow bob\ndeny bob agents=db*", ASK("bob", 0, POLICY_ENROLL, NULL), "x.conf:1" },
		{ "allow bob\ndeny bob agents=db*", ENROLL("bob", "db1"), DENIED "x.conf:2" },
		{ "allow bob\ndeny bob agents=db*", ENROLL("bob", "web1"), "x.conf:1" },
		{ "allow bob\ndeny bob agents=db*", ENROLL("bob", "db[1]"), DENIED "x.conf:2" },
		{ "allow bob\ndeny bob agents=db*", ENROLL("bob", "*"), DENIED "x.conf:2" },
		{ "allow bob\ndeny bob agents=db* verbs=run", ENROLL("bob", "*"), "x.conf:1" },
		{ "allow bob agents=web*", ENROLL("bob", "web1"), NO_RULE },
		{ "allow bob", ASK("bob", 0, POLICY_AUDIT, NULL), "x.conf:1" },
	};

	CHECK_ALL(POLICY_MASTER, table);
}
END_TEST

START_TEST(verbs_are_what_is_asked_for)
{
	static const struct decision table[] = {
		{ "allow bob verbs=list,stop", ASK("bob", 0, POLICY_STOP, "a"), "x.conf:1" },
		{ "allow bob verbs=list,stop", ASK("bob", 0, POLICY_DELETE, "a"), NO_RULE },
		{ "allow bob verbs=delete agents=a", ASK("bob", 0, POLICY_DELETE, "a"), "x.conf:1" },
		{ "allow *\ndeny * verbs=delete", ASK("root", POLICY_ADMIN, POLICY_DELETE, "a"), DENIED "x.conf:2" },
	};

	CHECK_ALL(POLICY_MASTER, table);
}
END_TEST

START_TEST(run_as_is_about_run_alone)
{
	static const struct decision table[] = {
		{ "allow bob run-as=www-data,app*", RUN("bob", 0, "a", "app7"), "x.conf:1" },
		{ "allow bob run-as=www-data,app*", RUN("bob", 0, "a", "root"), NO_RULE },
		{ "allow bob run-as=www-data", ASK("bob", 0, POLICY_STOP, "a"), NO_RULE },
		{ "allow bob\ndeny bob run-as=root", ASK("bob", 0, POLICY_STOP, "a"), "x.conf:1" },
		{ "allow bob\ndeny bob run-as=root", RUN("bob", 0, "a", "root"), DENIED "x.conf:2" },
		{ "allow bob\ndeny bob run-as=root", RUN("bob", 0, "a", "app"), "x.conf:1" },
		/* a user that is not known */
		{ "allow bob\ndeny bob run-as=root", RUN("bob", 0, "a", NULL), DENIED "x.conf:2" },
		{ "allow bob run-as=app", RUN("bob", 0, "a", NULL), NO_RULE },
		{ "allow bob run-as=*", RUN("bob", 0, "a", NULL), "x.conf:1" },
		{ "allow bob", RUN("bob", 0, "a", NULL), "x.conf:1" },
	};

	CHECK_ALL(POLICY_AGENT, table);
	CHECK_ALL(POLICY_MASTER, table);
}
END_TEST

START_TEST(what_goes_while_nobody_has_written_a_rule)
{
	static const struct policy_query admin = ASK("root", POLICY_ADMIN, POLICY_ENROLL, NULL);
	static const struct policy_query operator = RUN("bob", POLICY_OPERATOR, "a", "u");
	static const struct policy_query enrolling = ASK("bob", POLICY_OPERATOR, POLICY_ENROLL, NULL);
	static const struct policy_query agent = ASK("agent:a", POLICY_OF_AGENT, POLICY_LIST, NULL);
	struct policy *p = policy_new(POLICY_MASTER);
	char *error;

	expect(p, &admin, true, "built in: administrators");
	expect(p, &operator, true, "built in: operators, while there is no policy");
	expect(p, &enrolling, false, "built in: administrators only");
	expect(p, &agent, false, "built in: administrators only");
	ck_assert_int_eq(policy_parse(p, "x.conf", "# nothing", 9, &error), 0);
	ck_assert_uint_eq(policy_count_files(p), 1);
	ck_assert_uint_eq(policy_count_rules(p), 0);
	expect(p, &admin, true, "built in: administrators");
	expect(p, &operator, false, "no rule of x.conf allows it");
	ck_assert_int_eq(policy_parse(p, "y.conf", "allow eve", 9, &error), 0);
	expect(p, &operator, false, "no rule of x.conf and 1 more allows it");
	policy_free(p);

	p = policy_new(POLICY_AGENT);
	expect(p, &agent, true, "built in: there is no policy");
	ck_assert_int_eq(policy_parse(p, "x.conf", "", 0, &error), 0);
	expect(p, &admin, false, "no rule of x.conf allows it");
	policy_free(p);
}
END_TEST

START_TEST(names_that_are_too_long_are_denied)
{
	char name[POLICY_TEXT_MAX + 2];
	struct policy_query q = RUN("bob", 0, "a", name);
	struct policy *p = parse(POLICY_AGENT, "allow *");

	memset(name, 'x', sizeof name - 1);
	name[POLICY_TEXT_MAX + 1] = '\0';
	expect(p, &q, false, "no name is as long");
	name[POLICY_TEXT_MAX] = '\0';
	expect(p, &q, true, "x.conf:1");
	policy_free(p);
}
END_TEST

START_TEST(an_answer_may_depend_on_the_agent)
{
	struct policy *p = parse(POLICY_MASTER, "allow *\ndeny bob agents=web* verbs=run\n");

	ck_assert(policy_names_agents(p, POLICY_RUN));
	ck_assert(!policy_names_agents(p, POLICY_LIST));
	policy_free(p);
}
END_TEST

/* ---- text ---- */

START_TEST(ends_of_lines_blanks_and_comments)
{
	static const char *const texts[] = {
		"allow bob verbs=run", "allow bob verbs=run\n", "allow bob verbs=run\r\n", "allow bob verbs=run\r",
		"allow\tbob   verbs=run \t\n", "  allow bob verbs=run # and nothing else", "allow bob verbs=run #\n#",
		"allow bob verbs=run\n\n \t\n\r\n# deny *",
	};
	static const struct policy_query run = RUN("bob", 0, "a", "u"), stop = ASK("bob", 0, POLICY_STOP, "a");

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct policy *p = parse(POLICY_MASTER, texts[i]);

		ck_assert_uint_eq(policy_count_rules(p), 1);
		expect(p, &run, true, "x.conf:1");
		expect(p, &stop, false, "no rule of x.conf allows it");
		policy_free(p);
	}
}
END_TEST

static void refuse(enum policy_gate gate, const char *text, size_t n, const char *words)
{
	struct policy *p = policy_new(gate);
	char *error = NULL;

	ck_assert_msg(policy_parse(p, "x.conf", text, n, &error) < 0, "taken: %s", text);
	ck_assert_str_eq(error, words);
	free(error);
	policy_free(p);
}

struct mistake {
	const char *text, *words;
};

START_TEST(a_line_that_is_no_rule)
{
	static const struct mistake mistakes[] = {
		{ "allow bob\nallw bob", "x.conf:2: \"allw\": a rule begins with allow or deny" },
		{ "Allow bob", "x.conf:1: \"Allow\": a rule begins with allow or deny" },
		{ "allow", "x.conf:1: nobody is named; write \"allow PRINCIPALS\", * for everybody" },
		{ "deny # bob", "x.conf:1: nobody is named; write \"deny PRINCIPALS\", * for everybody" },
		{ "deny verbs=run", "x.conf:1: nobody is named; write \"deny PRINCIPALS\", * for everybody" },
		{ "allow bob alice", "x.conf:1: \"alice\" is no part of a rule; there are agents=, verbs= and run-as=" },
		{ "allow bob verb=run", "x.conf:1: \"verb=run\" is no part of a rule; there are agents=, verbs= and run-as=" },
		{ "allow bob, alice", "x.conf:1: an item of the list is empty; write no space beside a comma" },
		{ "allow bob agents=", "x.conf:1: an item of the list is empty; write no space beside a comma" },
		{ "allow bob agents=web/1", "x.conf:1: \"web/1\" has a character that no name has" },
		{ "allow bob agents=\"web1\"", "x.conf:1: \"\\\"web1\\\"\" has a character that no name has" },
		{ "allow b\\*b", "x.conf:1: \"b\\\\*b\" has a character that no name has" },
		{ "allow bob run-as=a\x7f", "x.conf:1: \"a\\x7f\" has a character that no name has" },
		{ "allow [ab", "x.conf:1: \"[ab\" has a \"[\" without its \"]\"" },
		{ "allow x[!]", "x.conf:1: \"x[!]\" has a \"[\" without its \"]\"" },
		{ "allow [[:alpha:]]", "x.conf:1: \"[[:alpha:]]\" has a \"[\" without its \"]\"" },
		{ "allow bob verbs=exec", "x.conf:1: \"exec\" is no verb; there are run, list, stop, delete, enroll and audit" },
		{ "allow bob verbs=run,", "x.conf:1: \"\" is no verb; there are run, list, stop, delete, enroll and audit" },
		{ "allow bob verbs=run verbs=stop", "x.conf:1: \"verbs=\" stands there twice; give one list with commas" },
		{ "allow @root", "x.conf:1: \"@root\" is no role; there are @admin, @operator and @agent" },
		{ "allow bob verbs=run,list run-as=app",
		  "x.conf:1: \"run-as=\" is about run alone; give the other verbs a rule of their own" },
	};
	static const struct mistake at_agents[] = {
		{ "allow bob agents=web1", "x.conf:1: \"agents=\" belongs in the master's policy; this file is about this agent" },
		{ "allow @operator",
		  "x.conf:1: \"@operator\": only the master knows roles; write names, such as operator:*" },
		{ "allow bob verbs=list",
		  "x.conf:1: \"list\" is decided by the master; an agent decides run and stop" },
		{ "allow bob verbs=exec", "x.conf:1: \"exec\" is no verb; there are run and stop" },
		{ "allow bob x", "x.conf:1: \"x\" is no part of a rule; there are verbs= and run-as=" },
	};

	for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
		refuse(POLICY_MASTER, mistakes[i].text, strlen(mistakes[i].text), mistakes[i].words);
	for (size_t i = 0; i < sizeof at_agents / sizeof *at_agents; i++)
		refuse(POLICY_AGENT, at_agents[i].text, strlen(at_agents[i].text), at_agents[i].words);
	refuse(POLICY_MASTER, "allow bob\nallow a\0b\n", 20, "x.conf:2: a NUL byte: this is no text");
}
END_TEST

START_TEST(limits_of_lines_and_rules)
{
	static const char line[] = "allow bob\n";
	size_t n = (POLICY_RULES_MAX + 1) * (sizeof line - 1);
	char *text = mem_alloc(n + 1);
	struct policy *p;

	memset(text, ' ', POLICY_LINE_MAX + 1);
	memcpy(text, line, sizeof line - 2);
	refuse(POLICY_MASTER, text, POLICY_LINE_MAX + 1, "x.conf:1: the line has 4097 bytes, at most 4096 are taken");
	text[POLICY_LINE_MAX] = '\0';
	p = parse(POLICY_MASTER, text);
	ck_assert_uint_eq(policy_count_rules(p), 1);
	policy_free(p);

	for (size_t i = 0; i < n; i += sizeof line - 1)
		memcpy(text + i, line, sizeof line - 1);
	refuse(POLICY_MASTER, text, n, "x.conf:4097: more than 4096 rules");
	free(text);
}
END_TEST

/* ---- files ---- */

static void cannot_load_dir(const char *dir, bool must_exist, const char *words)
{
	char *error = NULL;

	ck_assert_ptr_null(policy_load_dir(dir, must_exist, &error));
	ck_assert_msg(strstr(error, words), "not \"%s\": %s", words, error);
	free(error);
}

START_TEST(a_directory_is_all_its_conf_files_or_nothing)
{
	static const struct policy_query bob = RUN("bob", 0, "a", "u");
	char *dir = mem_strdup(tmp_path("policy.d")), *error = NULL, *why, *by;
	struct policy *p = policy_load_dir(dir, false, &error);

	ck_assert_msg(p && policy_count_files(p) == 0, "%s", error);
	policy_free(p);
	cannot_load_dir(dir, true, "policy.d cannot be read: No such file");

	ck_assert_int_eq(mkdir(dir, 0700), 0);
	tmp_file("policy.d/20.conf", "allow bob\n");
	tmp_file("policy.d/10.conf", "allow alice\n\n");
	tmp_file("policy.d/.30.conf", "wrong\n");
	tmp_file("policy.d/30.conf~", "wrong\n");
	tmp_file("policy.d/.conf", "wrong\n");
	p = policy_load_dir(dir, true, &error);
	ck_assert_msg(p && policy_count_files(p) == 2, "%s", error);
	ck_assert(policy_decide(p, &bob, &why));
	by = mem_printf("%s/20.conf:1", dir);
	ck_assert_str_eq(why, by);
	policy_free(p);
	free(why);
	free(by);

	tmp_file("policy.d/30.conf", "allow *\ndeny\n");
	cannot_load_dir(dir, true, "policy.d/30.conf:2: nobody is named");
	free(dir);
}
END_TEST

static void cannot_load_file(const char *path, bool must_exist, const char *words)
{
	char *error = NULL;

	ck_assert_ptr_null(policy_load_file(path, must_exist, &error));
	ck_assert_msg(strstr(error, words), "not \"%s\": %s", words, error);
	free(error);
}

START_TEST(a_file_that_cannot_be_used)
{
	char *path = mem_strdup(tmp_path("agent.policy")), *error = NULL;
	struct policy *p = policy_load_file(path, false, &error);

	ck_assert_msg(p && policy_count_files(p) == 0, "%s", error);
	policy_free(p);
	cannot_load_file(path, true, "agent.policy cannot be read: No such file");
	tmp_file("agent.policy", "allow *\nallow @admin\n");
	cannot_load_file(path, true, "agent.policy:2: \"@admin\": only the master knows roles");
	tmp_file("agent.policy", "allow *\n");
	ck_assert_int_eq(truncate(path, POLICY_FILE_MAX + 1), 0);
	cannot_load_file(path, true, "agent.policy is larger than 1.0 MiB");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	cannot_load_file(path, true, "agent.policy is not a regular file");
	cannot_load_dir(path, true, "agent.policy cannot be read: Not a directory");
	free(path);
}
END_TEST

START_TEST(root_uses_no_policy_that_others_can_write)
{
	char *dir, *path;

	if (geteuid() != 0)
		return;
	dir = mem_strdup(tmp_path("policy.d"));
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	path = mem_strdup(tmp_file("policy.d/10.conf", "allow *\n"));
	ck_assert_int_eq(chmod(path, 0664), 0);
	cannot_load_dir(dir, true, "10.conf can be written by others");
	cannot_load_file(path, true, "10.conf can be written by others");
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(chmod(dir, 0770), 0);
	cannot_load_dir(dir, true, "policy.d can be written by others");
	cannot_load_file(path, true, "policy.d can be written by others");
	free(path);
	free(dir);
}
END_TEST

UNIT_MAIN(deny_wins_in_any_order, principals_are_globs_and_roles, agents_and_calls_about_none, verbs_are_what_is_asked_for,
	  run_as_is_about_run_alone, what_goes_while_nobody_has_written_a_rule, names_that_are_too_long_are_denied,
	  an_answer_may_depend_on_the_agent, ends_of_lines_blanks_and_comments, a_line_that_is_no_rule,
	  limits_of_lines_and_rules, a_directory_is_all_its_conf_files_or_nothing, a_file_that_cannot_be_used,
	  root_uses_no_policy_that_others_can_write)
