/*
 * test_launch.c - what a caller asks for becomes what is executed: environment, limits, refusals; and the
 * agent's own command line.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/exec_program.h"
#include "agent/launch.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"
#include "test/lib/tmp.h"
#include "master/run_record.h"
#include "test/lib/unit.h"

static char own_name[] = "web1";
static struct config config = { .own_name = own_name };
static struct agent agent = { .config = &config, .shell = "/bin/bash" };
static uint8_t id[RUN_ID_BYTES] = { 0xab };

static Sloth__V1__RunStart request(const char *command)
{
	Sloth__V1__RunStart start = SLOTH__V1__RUN_START__INIT;

	start.run_id = (ProtobufCBinaryData){ sizeof id, id };
	start.command = (char *)(uintptr_t)command;
	return start;
}

static ProtobufCBinaryData bytes(const char *text)
{
	return (ProtobufCBinaryData){ strlen(text), (uint8_t *)(uintptr_t)text };
}

static void expect(const Sloth__V1__RunStart *start, enum launch_verdict verdict, const char *words)
{
	struct launch launch;
	char *error = NULL;

	ck_assert_int_eq(launch_prepare(&launch, &agent, start, "uid:7", &error), verdict);
	if (words)
		ck_assert_msg(error && strstr(error, words), "%s", error);
	else
		ck_assert_ptr_null(error);
	launch_done(&launch);
	free(error);
}

static const char *value_of(char *const *env, const char *name)
{
	const char *value = NULL;
	size_t n = strlen(name);

	for (; *env; env++) {
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=') {
			ck_assert_ptr_null(value);	/* each name once */
			value = *env + n + 1;
		}
	}
	return value;
}

START_TEST(the_environment_is_clean_and_the_callers_wins)
{
	Sloth__V1__RunStart start = request("true");
	ProtobufCBinaryData added[] = { bytes("A=1"), bytes("HOME=/x"), bytes("A=2=3"), bytes("EMPTY=") };
	struct launch launch;
	char *error = NULL;

	setenv("NOTIFY_SOCKET", "/x", 1);
	setenv("SLOTH_TOKEN", "secret", 1);
	start.env = added;
	start.n_env = 4;
	ck_assert_int_eq(launch_prepare(&launch, &agent, &start, "uid:7", &error), LAUNCH_OK);
	ck_assert_str_eq(value_of(launch.env, "A"), "2=3");
	ck_assert_str_eq(value_of(launch.env, "HOME"), "/x");
	ck_assert_str_eq(value_of(launch.env, "EMPTY"), "");
	ck_assert_str_eq(value_of(launch.env, "SLOTH_RUN_ID"), "ab000000000000000000000000000000");
	ck_assert_str_eq(value_of(launch.env, "SLOTH_AGENT"), "web1");
	ck_assert_str_eq(value_of(launch.env, "SLOTH_PRINCIPAL"), "uid:7");
	ck_assert_str_eq(value_of(launch.env, "USER"), value_of(launch.env, "LOGNAME"));
	ck_assert_ptr_nonnull(value_of(launch.env, "PATH"));
	ck_assert_ptr_nonnull(value_of(launch.env, "SHELL"));
	ck_assert_ptr_nonnull(value_of(launch.env, "LANG"));
	ck_assert_ptr_null(value_of(launch.env, "NOTIFY_SOCKET"));
	ck_assert_ptr_null(value_of(launch.env, "SLOTH_TOKEN"));
	launch_done(&launch);
}
END_TEST

START_TEST(environment_entries_that_cannot_be_are_refused)
{
	static const char *const bad[] = { "novalue", "=x", "SLOTH_RUN_ID=1", "SLOTH_AGENT=x", "SLOTH_PRINCIPAL=root" };
	Sloth__V1__RunStart start = request("true");
	ProtobufCBinaryData entry[2] = { bytes("GOOD=1") };

	start.env = entry;
	start.n_env = 2;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		entry[1] = bytes(bad[i]);
		expect(&start, LAUNCH_INVALID, bad[i]);
	}
	entry[1] = (ProtobufCBinaryData){ 5, (uint8_t[]){ "A=\0b" } };
	expect(&start, LAUNCH_INVALID, "environment entry 2: has a NUL byte");
	entry[1] = (ProtobufCBinaryData){ 0, NULL };
	expect(&start, LAUNCH_INVALID, "not NAME=VALUE");
}
END_TEST

START_TEST(a_command_is_there_once_and_within_its_limit)
{
	Sloth__V1__RunStart start = request("");
	ProtobufCBinaryData argument = bytes("true");
	char *huge = mem_alloc(LAUNCH_COMMAND_MAX + 2);

	expect(&start, LAUNCH_INVALID, "the command is empty");
	start.argv = &argument;
	start.n_argv = 1;
	expect(&start, LAUNCH_OK, NULL);
	start.command = (char[]){ "true" };
	expect(&start, LAUNCH_INVALID, "both a command and an argument vector");
	memset(huge, 'x', LAUNCH_COMMAND_MAX + 1);
	start = request(huge);
	expect(&start, LAUNCH_INVALID, "the command has 1048577 bytes, at most 1048576 are taken");
	huge[LAUNCH_COMMAND_MAX] = '\0';
	expect(&start, LAUNCH_OK, NULL);
	free(huge);
}
END_TEST

START_TEST(counts_and_sizes_of_lists_are_bounded)
{
	Sloth__V1__RunStart start = request("");
	size_t n = LAUNCH_ARGS_MAX + 1;
	ProtobufCBinaryData *items = mem_array(n, sizeof *items);
	char *huge = mem_alloc(EXEC_ARG_MAX + 1);

	for (size_t i = 0; i < n; i++)
		items[i] = bytes("A=1");
	start.argv = items;
	start.n_argv = n;
	expect(&start, LAUNCH_INVALID, "4097 arguments");
	start = request("true");
	start.env = items;
	start.n_env = LAUNCH_ENV_MAX + 1;
	expect(&start, LAUNCH_INVALID, "513 environment entries");
	memset(huge, 'x', EXEC_ARG_MAX);
	items[0] = bytes(huge);
	start = request("");
	start.argv = items;
	start.n_argv = 1;
	expect(&start, LAUNCH_INVALID, "argument 1: longer than 131071 bytes");
	free(items);
	free(huge);
}
END_TEST

START_TEST(what_this_agent_cannot_do_is_refused)
{
	Sloth__V1__RunStart start = request("true");

	start.agent_name = (char[]){ "web2" };
	expect(&start, LAUNCH_UNSUPPORTED, "this agent is \"web1\", not \"web2\"");
	start.agent_name = (char[]){ "web1" };
	expect(&start, LAUNCH_OK, NULL);
}
END_TEST

START_TEST(a_terminal_is_checked_and_named_in_the_environment)
{
	Sloth__V1__RunTerminal terminal = SLOTH__V1__RUN_TERMINAL__INIT;
	Sloth__V1__RunStart start = request("true");
	struct launch launch;
	char *error = NULL;

	start.terminal = &terminal;
	terminal.term = (char[]){ "xterm-256color" };
	terminal.rows = 24;
	terminal.columns = 80;
	ck_assert_int_eq(launch_prepare(&launch, &agent, &start, "uid:7", &error), LAUNCH_OK);
	ck_assert(launch.spec.has_terminal);
	ck_assert_uint_eq(launch.spec.rows, 24);
	ck_assert_uint_eq(launch.spec.columns, 80);
	ck_assert_str_eq(value_of(launch.env, "TERM"), "xterm-256color");
	launch_done(&launch);
	terminal.rows = LAUNCH_WINDOW_MAX + 1;
	expect(&start, LAUNCH_INVALID, "of 4097 rows");
	terminal.rows = 0;
	terminal.term = (char[]){ "a b" };
	expect(&start, LAUNCH_INVALID, "a terminal \"a b\"");
}
END_TEST

START_TEST(limits_have_names_and_an_order)
{
	Sloth__V1__RunLimit nofile = SLOTH__V1__RUN_LIMIT__INIT, core = SLOTH__V1__RUN_LIMIT__INIT;
	Sloth__V1__RunLimit *limits[] = { &nofile, &core };
	Sloth__V1__RunStart start = request("true");
	struct launch launch;
	char *error = NULL;

	start.limits = limits;
	start.n_limits = 2;
	nofile.name = (char[]){ "nofile" };
	nofile.soft = 10;
	nofile.hard = 20;
	core.name = (char[]){ "core" };
	core.hard = UINT64_MAX;
	ck_assert_int_eq(launch_prepare(&launch, &agent, &start, "uid:7", &error), LAUNCH_OK);
	ck_assert_uint_eq(launch.spec.n_limits, 2);
	ck_assert_uint_eq(launch.spec.limits[0].resource, RLIMIT_NOFILE);
	ck_assert_uint_eq(launch.spec.limits[0].hard, 20);
	ck_assert_uint_eq(launch.spec.limits[1].hard, RLIM_INFINITY);
	launch_done(&launch);
	nofile.soft = 21;
	expect(&start, LAUNCH_INVALID, "the soft one is above");
	nofile.soft = 1;
	core.name = (char[]){ "nofile" };
	expect(&start, LAUNCH_INVALID, "given twice");
	core.name = (char[]){ "files" };
	expect(&start, LAUNCH_INVALID, "limit \"files\": there is none");
}
END_TEST

START_TEST(what_becomes_of_a_run_without_its_caller_is_in_the_specification)
{
	Sloth__V1__RunStart start = request("true");
	struct launch launch;
	char *error = NULL;

	start.reconnect_ms = 500;
	ck_assert_int_eq(launch_prepare(&launch, &agent, &start, "uid:7", &error), LAUNCH_OK);
	ck_assert_uint_eq(launch.spec.lost_ms, 500);
	ck_assert_uint_eq(launch.spec.grace_ms, RUN_GRACE_MS);
	launch_done(&launch);
	start.on_lost = SLOTH__V1__RUN_ON_LOST__RUN_ON_LOST_KEEP;
	ck_assert_int_eq(launch_prepare(&launch, &agent, &start, "uid:7", &error), LAUNCH_OK);
	ck_assert(launch.spec.keeps_when_lost);
	ck_assert_uint_eq(launch.spec.lost_ms, 0);
	launch_done(&launch);
	start.detach = true;
	start.output_max_bytes = 1024 * 1024;
	ck_assert_int_eq(launch_prepare(&launch, &agent, &start, "uid:7", &error), LAUNCH_OK);
	ck_assert(launch.spec.is_detached && launch.spec.no_input);
	ck_assert_uint_eq(launch.spec.spool_max, 1024 * 1024);
	launch_done(&launch);
	start.output_max_bytes = 1;
	expect(&start, LAUNCH_INVALID, "from 256 KiB");
}
END_TEST

/* And as the master has it, which else would take a start that is sent again for that of another command. */
START_TEST(a_command_is_shown_as_a_shell_takes_it)
{
	ProtobufCBinaryData words[] = { bytes("grep"), bytes("-c"), bytes("a b"), bytes("it's"), bytes(""), bytes("\xff") };
	Sloth__V1__RunStart start = request("");
	struct launch launch;
	char *error = NULL, *longer = mem_alloc(6001), *at_master = run_command_text("", words, 6);

	start.argv = words;
	start.n_argv = 6;
	ck_assert_int_eq(launch_prepare(&launch, &agent, &start, "uid:7", &error), LAUNCH_OK);
	ck_assert_str_eq(launch.spec.command, "grep -c 'a b' 'it'\\''s' '' $'\\xff'");
	ck_assert_str_eq(launch.spec.command, at_master);
	free(at_master);
	launch_done(&launch);
	memset(longer, 'x', 6000);
	start = request(longer);
	ck_assert_int_eq(launch_prepare(&launch, &agent, &start, "uid:7", &error), LAUNCH_OK);
	ck_assert_uint_eq(strlen(launch.spec.command), LAUNCH_SHOWN_MAX);
	launch_done(&launch);
	free(longer);
}
END_TEST

START_TEST(ids_directories_and_users_are_checked)
{
	Sloth__V1__RunStart start = request("true");

	start.run_id.len = 15;
	expect(&start, LAUNCH_INVALID, "the run id has 15 bytes");
	start = request("true");
	start.cwd = (char[]){ "tmp" };
	expect(&start, LAUNCH_INVALID, "working directory \"tmp\": not an absolute path");
	start = request("true");
	start.user = (char[]){ "nosuchuser" };
	expect(&start, LAUNCH_NOT_STARTED, "no such user");
}
END_TEST

/* ---- the command line ---- */

/* The exit status of "slothd-agent WORDS...", and the words of its error. */
static int load(struct config *c, char **error, ...)
{
	static char program[] = "slothd-agent";
	char *argv[16] = { program };
	int argc = 1;
	va_list ap;

	va_start(ap, error);
	while ((argv[argc] = va_arg(ap, char *)))
		argc++;
	va_end(ap);
	*error = NULL;
	return config_load(c, argc, argv, error);
}

#define EXPECT(status, words, ...)                                                              \
	do {                                                                                    \
		struct config c_;                                                               \
		char *error_;                                                                   \
		ck_assert_int_eq(load(&c_, &error_, __VA_ARGS__, (char *)NULL), status);        \
		ck_assert_msg(error_ && strstr(error_, words), "%s", error_);                   \
		free(error_);                                                                   \
		config_done(&c_);                                                               \
	} while (0)

START_TEST(a_wrong_command_line_is_64)
{
	EXPECT(EXIT_BAD_USAGE, "a name has 1 to 64", "--name", "a b");
	EXPECT(EXIT_BAD_USAGE, "70000", "--port", "70000");
	EXPECT(EXIT_BAD_USAGE, "options only", "start", "stop");
	EXPECT(EXIT_BAD_USAGE, "log-level", "--log-level", "loud");
	EXPECT(EXIT_BAD_USAGE, "no port", "--report-address", "web1");
	EXPECT(EXIT_BAD_USAGE, "nobody can reach that", "--report-address", "0.0.0.0:1");
	EXPECT(EXIT_BAD_USAGE, "not an IP address", "--bind-address", "localhost");
	EXPECT(EXIT_BAD_USAGE, "nosuch", "--nosuch");
}
END_TEST

START_TEST(an_address_that_needs_tls_is_78)
{
	char token[] = "sloth1.abc";		/* is overwritten, as on a command line */

	EXPECT(EXIT_CONFIG, "--insecure is for this machine", "--insecure", "--name", "a", "--bind-address", "0.0.0.0");
	EXPECT(EXIT_CONFIG, "--insecure is for this machine", "--insecure", "--name", "a", "--bind-address", "10.0.0.1");
	EXPECT(EXIT_CONFIG, "--insecure is for this machine", "--insecure", "--name", "a", "--bind-address", "::");
	EXPECT(EXIT_CONFIG, "--insecure is for this machine", "--insecure", "--name", "a", "--report-address", "web1:50051");
	EXPECT(EXIT_CONFIG, "not 64 hex digits", "--name", "a", "--ca-fingerprint", "abc");
	EXPECT(EXIT_CONFIG, "token", "--name", "a", "--token", token);
	ck_assert_str_eq(token, "");
}
END_TEST

START_TEST(the_command_line_wins_over_the_file)
{
	const char *path = tmp_file("agent.conf", "name = fromfile\nport = 7\nmaster = m.example:1\n");
	struct config c;
	char *error;

	ck_assert_int_eq(load(&c, &error, "start", "--config", path, "--port", "8", (char *)NULL), EXIT_OK);
	ck_assert_str_eq(c.own_name, "fromfile");
	ck_assert_uint_eq(c.port, 8);
	ck_assert_str_eq(c.master, "m.example:1");
	config_done(&c);
}
END_TEST

START_TEST(a_wrong_file_is_78)
{
	const char *path = tmp_file("agent.conf", "name = a b\n"), *none = tmp_path("none");

	EXPECT(EXIT_CONFIG, "a name has 1 to 64", "--config", path);
	EXPECT(EXIT_CONFIG, "No such file", "--config", none);
}
END_TEST

START_TEST(a_state_directory_holds_all_that_is_kept)
{
	struct config c;
	char *error;

	ck_assert_int_eq(load(&c, &error, "--name", "a", "--state-dir", "/d", "--daemon", (char *)NULL), EXIT_OK);
	ck_assert_str_eq(c.own_state_dir, "/d");
	ck_assert_str_eq(c.own_runtime_dir, "/d/run");
	ck_assert_str_eq(c.own_log_file, "/d/slothd-agent.log");
	config_done(&c);
}
END_TEST

UNIT_MAIN(the_environment_is_clean_and_the_callers_wins, environment_entries_that_cannot_be_are_refused,
	  a_command_is_there_once_and_within_its_limit, counts_and_sizes_of_lists_are_bounded,
	  what_this_agent_cannot_do_is_refused, a_terminal_is_checked_and_named_in_the_environment,
	  limits_have_names_and_an_order, what_becomes_of_a_run_without_its_caller_is_in_the_specification,
	  a_command_is_shown_as_a_shell_takes_it, ids_directories_and_users_are_checked, a_wrong_command_line_is_64,
	  an_address_that_needs_tls_is_78, the_command_line_wins_over_the_file, a_wrong_file_is_78,
	  a_state_directory_holds_all_that_is_kept)
