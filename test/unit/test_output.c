/* What commands print: the text for people and the JSON for programs. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/output.h"
#include "common/clock.h"
#include "common/exits.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

static char *text;
static size_t text_len;

static FILE *real_stdout;
static json_t *held;

static void release(void)
{
	if (real_stdout) {
		fclose(stdout);
		free(text);
		stdout = real_stdout;
	}
	real_stdout = NULL;
	json_decref(held);
	held = NULL;
}

/* From here on stdout is kept in memory, until the next capture() or release(). */
static void capture(void)
{
	release();
	real_stdout = stdout;
	stdout = open_memstream(&text, &text_len);
}

static const char *captured(void)
{
	fflush(stdout);
	return text;
}

static Agent__AgentInfo agent_named(const char *name, const char *status, const char *unreachable)
{
	Agent__AgentInfo a = AGENT__AGENT_INFO__INIT;

	a.agent_name = (char *)(uintptr_t)name;
	a.agent_address = (char *)(uintptr_t)"127.0.0.1:50051";
	a.status = (char *)(uintptr_t)status;
	a.unreachable = (char *)(uintptr_t)unreachable;
	a.version = (char *)(uintptr_t)"0.1.0";
	a.last_heartbeat = wall_s() + 30;	/* not a second may pass for "now" */
	a.system_info_json = (char *)(uintptr_t)"{\"os\":\"Debian\",\"cpus\":2,\"evil\":\"\\u001b[2J\"}";
	return a;
}

static const struct output to_file = { .address = "unix:/run/x" };
static const struct output to_colors = { .style = { .color = true, .utf8 = true } };

START_TEST(output_lists_agents_as_a_table)
{
	Agent__AgentInfo a = agent_named("web1", "Active", ""), b = agent_named("database-2", "Active", "refused");
	const Agent__AgentInfo *agents[] = { &a, &b };

	capture();
	output_text.agents(&to_file, agents, 2, NULL);
	ck_assert_str_eq(captured(),
			 "NAME       ADDRESS         VERSION LAST SEEN STATE\n"
			 "web1       127.0.0.1:50051 0.1.0   now       Active\n"
			 "database-2 127.0.0.1:50051 0.1.0   now       Active, unreachable: refused\n");
	capture();
	output_text.agents(&to_colors, agents, 2, NULL);
	ck_assert_ptr_nonnull(strstr(captured(), STYLE_GREEN "Active"));
	ck_assert_ptr_nonnull(strstr(captured(), STYLE_RED "Active, unreachable"));
	release();
}
END_TEST

/* Why an agent cannot be reached is the news: it is never cut. */
START_TEST(output_wraps_states_on_narrow_terminals)
{
	Agent__AgentInfo a = agent_named("web1", "Active", "refused, as it was before");
	const Agent__AgentInfo *agents[] = { &a };

	for (unsigned columns = 30; columns <= 60; columns += 30) {
		const struct output narrow = { .style = { .is_terminal = true, .columns = columns } };

		capture();
		output_text.agents(&narrow, agents, 1, NULL);
		ck_assert_str_eq(captured(),
				 "NAME ADDRESS         VERSION LAST SEEN STATE\n"
				 "web1 127.0.0.1:50051 0.1.0   now       Active, unreachable: \n"
				 "                                       refused, as it was be\n"
				 "                                       fore\n");
	}
	release();
}
END_TEST

/* No line of a table is longer than a terminal of 80 columns, and none goes on in the next. */
static void check_lines(const char *what, size_t lines)
{
	size_t n = 0;

	for (const char *line = captured(); *line; line += strcspn(line, "\n") + 1, n++)
		ck_assert_msg(strcspn(line, "\n") <= 80, "%s: %s", what, line);
	ck_assert_msg(n == lines, "%s: %zu lines: %s", what, n, captured());
}

static Sloth__V1__RunRecord run_of(const char *state, uint32_t code, const char *reason)
{
	static uint8_t id[16] = { 0x3f, 0x2a, 0x90, 0x01 };
	Sloth__V1__RunRecord r = SLOTH__V1__RUN_RECORD__INIT;

	r.run_id = (ProtobufCBinaryData){ sizeof id, id };
	r.agent_name = (char *)(uintptr_t)"web1";
	r.principal = (char *)(uintptr_t)"operator:alice";
	r.command = (char *)(uintptr_t)"make test";
	r.started_ms = 1700000000000;
	r.state = (char *)(uintptr_t)state;
	r.code = code;
	r.reason = (char *)(uintptr_t)reason;
	return r;
}

START_TEST(output_of_runs_fits_80_columns)
{
	static const struct output narrow = { .style = { .is_terminal = true, .columns = 80 } };
	Sloth__V1__RunRecord runs[] = {
		run_of("rejected", 0, "working directory \"/srv/application/checkout\": No such file or directory"),
		run_of("cancelled", 0, "cancelled by its caller"), run_of("signalled", 9, "killed by signal 9 (Killed)"),
		run_of("exited", 3, ""),
	};
	Sloth__V1__RunRecord *pointers[] = { &runs[0], &runs[1], &runs[2], &runs[3] };
	Sloth__V1__ListRunsResponse list = SLOTH__V1__LIST_RUNS_RESPONSE__INIT;

	list.runs = pointers;
	list.n_runs = 4;
	capture();
	output_text.runs(&narrow, &list, NULL);
	check_lines("runs", 5);
	ck_assert_ptr_nonnull(strstr(captured(), " rejected       make test"));
	ck_assert_ptr_nonnull(strstr(captured(), " signalled KILL make test"));
	ck_assert_ptr_nonnull(strstr(captured(), " exited 3       make test"));
	release();
}
END_TEST

static Sloth__V1__Identity identity_of(const char *kind, const char *state, const char *trust, const char *holder)
{
	Sloth__V1__Identity i = SLOTH__V1__IDENTITY__INIT;
	bool is_agent = strcmp(kind, "agent") == 0;

	i.kind = (char *)(uintptr_t)kind;
	i.name = (char *)(uintptr_t)"alice";
	i.state = (char *)(uintptr_t)state;
	i.trust = (char *)(uintptr_t)trust;
	i.holder = (char *)(uintptr_t)holder;
	i.fingerprint = (char *)(uintptr_t)"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	i.address = (char *)(uintptr_t)(is_agent ? "192.168.1.17:50051" : "");
	i.from = (char *)(uintptr_t)"192.168.1.17";
	i.asked = wall_s() + 30;
	i.not_after = is_agent ? 0 : wall_s() + 86400;
	return i;
}

#define HOLDER "192.168.1.29:50051 89abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567"

START_TEST(output_of_identities_fits_80_columns)
{
	static const struct output narrow = { .style = { .is_terminal = true, .columns = 80 } };
	Sloth__V1__Identity waits = identity_of("agent", "pending", "first use", ""), denied = identity_of("agent", "denied", "", HOLDER);
	Sloth__V1__Identity operator = identity_of("operator", "accepted", "token", "");
	Sloth__V1__Identity *agents[] = { &waits, &denied }, *operators[] = { &operator };

	capture();
	output_text.identities(&narrow, agents, 1, NULL);
	check_lines("agent pending", 2);
	ck_assert_ptr_nonnull(strstr(captured(), " 0123456789abcdef now   pending, first use\n"));
	capture();
	output_text.identities(&to_file, agents, 2, NULL);
	ck_assert_ptr_nonnull(strstr(captured(), " denied\nalice: the name belongs to " HOLDER "\n"));
	capture();
	output_text.identities(&narrow, operators, 1, NULL);
	check_lines("operator list", 2);
	ck_assert_ptr_nonnull(strstr(captured(), "accepted, token\n"));
	release();
}
END_TEST

START_TEST(output_of_names_is_what_can_be_used)
{
	static uint8_t ids[][16] = { { 0xaa, 0xbb, 0xcc, 0xdd, 0x12 }, { 0xaa, 0xbb, 0xcc, 0xdd, 0x13 }, { 0x3f } };
	Sloth__V1__RunRecord runs[] = { run_of("running", 0, ""), run_of("running", 0, ""), run_of("exited", 0, "") };
	Sloth__V1__RunRecord *pointers[] = { &runs[0], &runs[1], &runs[2] };
	Sloth__V1__ListRunsResponse list = SLOTH__V1__LIST_RUNS_RESPONSE__INIT;
	Sloth__V1__Token good = SLOTH__V1__TOKEN__INIT, used = SLOTH__V1__TOKEN__INIT, expired = SLOTH__V1__TOKEN__INIT;
	Sloth__V1__Token *tokens[] = { &used, &expired, &good };

	for (size_t i = 0; i < 3; i++)
		runs[i].run_id.data = ids[i];
	list.runs = pointers;
	list.n_runs = 3;
	capture();
	output_names.runs(&to_file, &list, NULL);
	ck_assert_str_eq(captured(), "aabbccdd12\tweb1: make test\naabbccdd13\tweb1: make test\n3f000000\tweb1: make test\n");
	good.id = used.id = expired.id = (char *)(uintptr_t)"3f9a01bc";
	good.role = used.role = expired.role = (char *)(uintptr_t)"agent";
	good.uses_left = expired.uses_left = 1;
	good.expires = used.expires = wall_s() + 3600;
	capture();
	output_names.tokens(&to_file, tokens, 3);
	ck_assert_str_eq(captured(), "3f9a01bc\tagent\n");
	release();
}
END_TEST

START_TEST(output_shows_facts_without_control_bytes)
{
	Agent__AgentInfo a = agent_named("web1", "Active", "");

	capture();
	output_text.agent(&to_file, &a);
	ck_assert_ptr_nonnull(strstr(captured(), "  os: Debian\n"));
	ck_assert_ptr_nonnull(strstr(captured(), "  cpus: 2\n"));
	ck_assert_ptr_nonnull(strstr(captured(), "  evil: ?[2J\n"));
	ck_assert_ptr_null(strchr(captured(), '\033'));
	a.system_info_json = (char *)(uintptr_t)"{ no json";
	output_text.agent(&to_file, &a);
	release();
}
END_TEST

static const struct {
	uint64_t seconds;
	const char *words;
} uptimes[] = {
	{ 0, "up less than a second\n" },
	{ 1, "up 1.0 s\n" },
	{ 310, "up 5m 10s\n" },
};

START_TEST(output_tells_how_long_the_master_is_up)
{
	Sloth__V1__StatusResponse status = SLOTH__V1__STATUS_RESPONSE__INIT;

	for (size_t i = 0; i < sizeof uptimes / sizeof *uptimes; i++) {
		status.uptime_seconds = uptimes[i].seconds;
		capture();
		output_text.status(&to_file, &status);
		ck_assert_msg(strstr(captured(), uptimes[i].words), "%s", text);
	}
	release();
}
END_TEST

static json_t *document(void)
{
	json_error_t error;

	json_decref(held);
	held = json_loads(captured(), 0, &error);
	ck_assert_msg(json_is_object(held), "%s in %s", error.text, text);
	return held;
}

START_TEST(output_json_is_one_object_each)
{
	Agent__AgentInfo a = agent_named("web1", "Active", "refused");
	Sloth__V1__StatusResponse status = SLOTH__V1__STATUS_RESPONSE__INIT;
	const struct master_found found = { .pid = 7, .state_dir = "/d" };
	const Agent__AgentInfo *agents[] = { &a };
	json_t *json;

	capture();
	output_json.agents(&to_file, agents, 1, NULL);
	json = json_array_get(json_object_get(document(), "agents"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(json, "name")), "web1");
	ck_assert_str_eq(json_string_value(json_object_get(json, "state")), "active");
	ck_assert(json_is_false(json_object_get(json, "reachable")));
	capture();
	output_json.agents(&to_file, agents, 0, NULL);
	ck_assert_uint_eq(json_array_size(json_object_get(document(), "agents")), 0);
	capture();
	output_json.agent(&to_file, &a);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(document(), "facts"), "cpus")), 2);
	capture();
	output_json.status(&to_file, &status);
	ck_assert_str_eq(json_string_value(json_object_get(document(), "master")), "unix:/run/x");
	capture();
	output_json.master(&to_file, &found);
	ck_assert(json_is_true(json_object_get(document(), "running")));
	capture();
	output_json.done(&to_file, "stopped", "web1", "");
	ck_assert_str_eq(json_string_value(json_object_get(document(), "done")), "stopped");
	capture();
	output_json.failed("bad \xff byte");
	ck_assert_str_eq(json_string_value(json_object_get(document(), "error")), "bad \xef\xbf\xbd byte");
	release();
}
END_TEST

START_TEST(output_has_two_formats)
{
	struct cli_global global = { 0 };
	struct output output;

	ck_assert_int_eq(output_init(&output, &global), 0);
	ck_assert_ptr_eq(output.ops, &output_text);
	global.format = "json";
	ck_assert_int_eq(output_init(&output, &global), 0);
	ck_assert_ptr_eq(output.ops, &output_json);
	global.color = "always";
	ck_assert_int_eq(output_init(&output, &global), 0);
	ck_assert(output.style.color);
	global.color = "sometimes";
	ck_assert_int_lt(output_init(&output, &global), 0);
	global.color = NULL;
	global.format = "xml";
	ck_assert_int_lt(output_init(&output, &global), 0);
}
END_TEST

START_TEST(output_has_colors_where_they_are_wanted)
{
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	ck_assert(!style_of(-1, STYLE_AUTO).color);	/* no terminal */
	ck_assert(style_of(-1, STYLE_ALWAYS).color);
	ck_assert(!style_of(-1, STYLE_NEVER).color);
	setenv("LC_ALL", "C", 1);
	ck_assert(!style_of(-1, STYLE_AUTO).utf8);
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	ck_assert(style_of(-1, STYLE_AUTO).utf8);
	unsetenv("LC_ALL");
	unsetenv("LC_CTYPE");
	unsetenv("LANG");
	ck_assert(style_of(-1, STYLE_AUTO).utf8);
}
END_TEST

/* A document that is longer than any buffer: the write that fails is not the last one. */
START_TEST(output_that_fails_early_says_why)
{
	static const struct {
		const char *path;
		int before, after;
	} cases[] = { { "/dev/full", EXIT_OK, EXIT_FAILED }, { "/dev/full", EXIT_USAGE, EXIT_USAGE }, { "/dev/null", 0, 0 } };
	Agent__AgentInfo a = agent_named("web1", "Active", "");
	const Agent__AgentInfo *agents[100];
	const char *path = tmp_path("said");
	char *said;

	for (size_t i = 0; i < 100; i++)
		agents[i] = &a;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			if (!freopen(cases[i].path, "w", stdout) || !freopen(path, "a", stderr))
				_exit(99);
			output_begin();
			output_json.agents(&to_file, agents, 100, NULL);
			_exit(output_finish(cases[i].before));
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(WEXITSTATUS(status), cases[i].after);
	}
	said = tmp_read(path);
	ck_assert_str_eq(said, "sloth: stdout: No space left on device\nsloth: stdout: No space left on device\n");
	free(said);
}
END_TEST

UNIT_MAIN(output_lists_agents_as_a_table, output_wraps_states_on_narrow_terminals, output_of_runs_fits_80_columns,
	  output_of_identities_fits_80_columns, output_of_names_is_what_can_be_used,
	  output_shows_facts_without_control_bytes, output_json_is_one_object_each,
	  output_tells_how_long_the_master_is_up, output_has_two_formats, output_has_colors_where_they_are_wanted,
	  output_that_fails_early_says_why)
