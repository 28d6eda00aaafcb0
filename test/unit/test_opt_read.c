/* Options from file, environment and command line: what wins, where it stands, what is wrong with it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/exits.h"
#include "common/mem.h"
#include "common/opt_load.h"
#include "common/opt_show.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

struct conf {
	bool quiet, help, version;
	const char *name, *when, *token, *config;
	uint64_t port, wait_ms;
	struct opt_list env;
};

#define FIELD(name) offsetof(struct conf, name)
static const struct opt table[] = {
	{ "quiet", 'q', OPT_FLAG, NULL, "say less", FIELD(quiet), 0, 0 },
	{ "name", 'n', OPT_STRING | OPT_LIVE, "NAME", "the name", FIELD(name), 0, 0 },
	{ "color", 0, OPT_CHOICE, "WHEN=auto|always|never", "use colours", FIELD(when), 0, 0 },
	{ "port", 'p', OPT_UINT, "PORT", "listen there", FIELD(port), 1, 65535 },
	{ "long-wait", 0, OPT_DURATION | OPT_LIVE, "TIME", "how long", FIELD(wait_ms), 0, 0 },
	{ "env", 'e', OPT_LIST, "KEY=VALUE", "set a variable", FIELD(env), 0, 0 },
	{ "token", 0, OPT_STRING | OPT_SECRET, "TOKEN", "a secret", FIELD(token), 0, 0 },
	{ "config", 0, OPT_STRING | OPT_ON_LINE, "FILE", "the file", FIELD(config), 0, 0 },
	{ "version", 0, OPT_FLAG | OPT_ON_LINE, NULL, "the version", FIELD(version), 0, 0 },
	{ "help", 'h', OPT_FLAG | OPT_ON_LINE, NULL, "help", FIELD(help), 0, 0 },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0, 0, 0 },
};

static void set_defaults(void *out)
{
	*(struct conf *)out = (struct conf){ .port = 50051, .when = "auto" };
}

static int check_values(void *out, char **error)
{
	const struct conf *c = out;

	if (!c->name || strcmp(c->name, "bad") != 0)
		return 0;
	*error = mem_strdup("name \"bad\": cannot be used");
	return -EINVAL;
}

static const struct opt_source source = {
	.table = table, .size = sizeof(struct conf), .what = "thing", .section = "Thing", .default_file = "/nonexistent/thing.conf",
	.set_defaults = set_defaults, .check = check_values,
};

static struct conf conf;
static struct opt_read reading;
static char *error;

static void forget(void)
{
	opt_read_done(&reading);
	free(error);
	error = NULL;
}

/* A file with that content, "NAME=VALUE" or NULL for the environment, and a line of words. The exit status. */
static int load(const char *content, const char *variable, const char *line)
{
	static char words[200], *argv[20];
	int argc = 1, status;

	forget();
	argv[0] = (char *)(uintptr_t)"thing";
	snprintf(words, sizeof words, "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	if (content) {
		argv[argc++] = (char *)(uintptr_t)"--config";
		argv[argc++] = (char *)(uintptr_t)tmp_file("conf", content);
	}
	argv[argc] = NULL;
	if (variable)
		putenv((char *)(uintptr_t)variable);
	status = opt_load(&source, argc, argv, &conf, &reading, &error);
	if (variable) {
		char *name = mem_strndup(variable, strcspn(variable, "="));

		unsetenv(name);
		free(name);
	}
	return status;
}

static void expect_place(const char *name, const char *place)
{
	char *text = opt_origin_text(&reading, opt_find(table, name), NULL);

	if (*place == ':')
		ck_assert_str_eq(text + strlen(text) - strlen(place), place);
	else
		ck_assert_str_eq(text, place);
	free(text);
}

START_TEST(later_places_win)
{
	ck_assert_int_eq(load("", NULL, ""), EXIT_OK);
	ck_assert_uint_eq(conf.port, 50051);
	expect_place("port", "default");
	ck_assert_int_eq(load("port = 1\n", NULL, ""), EXIT_OK);
	ck_assert_uint_eq(conf.port, 1);
	expect_place("port", ":1");
	ck_assert_int_eq(load("port = 1\n", "SLOTH_PORT=2", ""), EXIT_OK);
	ck_assert_uint_eq(conf.port, 2);
	expect_place("port", "SLOTH_PORT");
	ck_assert_int_eq(load("port = 1\n", "SLOTH_PORT=2", "-p 3"), EXIT_OK);
	ck_assert_uint_eq(conf.port, 3);
	expect_place("port", "--port");
	ck_assert_int_eq(load("quiet = yes\nlong-wait = 5m", "SLOTH_QUIET=no", ""), EXIT_OK);
	ck_assert(!conf.quiet);
	ck_assert_uint_eq(conf.wait_ms, 300000);
	ck_assert_int_eq(load(NULL, "SLOTH_LONG_WAIT=2s", ""), EXIT_OK);
	ck_assert_uint_eq(conf.wait_ms, 2000);
	ck_assert_int_eq(load("port = 1\n", "SLOTH_PORT=", ""), EXIT_OK);	/* empty: as if it were not there */
	ck_assert_uint_eq(conf.port, 1);
	ck_assert_int_eq(load(NULL, "SLOTH_RUN_ID=nonsense", ""), EXIT_OK);
	ck_assert_int_eq(load(NULL, "SLOTH_HELP=yes", ""), EXIT_OK);
	ck_assert(!conf.help);
	forget();
}
END_TEST

START_TEST(lists_are_replaced_as_a_whole)
{
	ck_assert_int_eq(load("env = A=1\nenv = B=2\n", NULL, ""), EXIT_OK);
	ck_assert_uint_eq(conf.env.n, 2);
	ck_assert_str_eq(conf.env.items[1], "B=2");
	ck_assert_int_eq(load("env = A=1\nenv =\nenv = C=3\n", NULL, ""), EXIT_OK);
	ck_assert_uint_eq(conf.env.n, 1);
	ck_assert_str_eq(conf.env.items[0], "C=3");
	ck_assert_int_eq(load("env = A=1\n", "SLOTH_ENV=X=a b\nY=2\n", ""), EXIT_OK);
	ck_assert_uint_eq(conf.env.n, 2);
	ck_assert_str_eq(conf.env.items[0], "X=a b");
	ck_assert_int_eq(load("env = A=1\n", "SLOTH_ENV=X=1", "-e Z=1 -e Z=2"), EXIT_OK);
	ck_assert_uint_eq(conf.env.n, 2);
	ck_assert_str_eq(conf.env.items[0], "Z=1");
	expect_place("env", "--env");
	forget();
}
END_TEST

START_TEST(files_look_like_unit_files)
{
	ck_assert_int_eq(load("# a comment\n; another\n\n[Thing]\n  port = 7\nname= a b # c \r\nquiet = yes\n", NULL, ""), EXIT_OK);
	ck_assert_uint_eq(conf.port, 7);
	ck_assert_str_eq(conf.name, "a b # c");
	ck_assert(conf.quiet);
	ck_assert_int_eq(load("name = one \\\n# not here\n  ; nor here\n  two\\\r\nthree\nport = 8", NULL, ""), EXIT_OK);
	ck_assert_str_eq(conf.name, "one    two three");
	ck_assert_uint_eq(conf.port, 8);
	expect_place("port", ":6");
	ck_assert_int_eq(load("\xef\xbb\xbfport = 8", NULL, ""), EXIT_OK);	/* the mark of some editors */
	ck_assert_uint_eq(conf.port, 8);
	ck_assert_int_eq(load("# one \\\nport = 9\nname = x\\", NULL, ""), EXIT_OK);	/* a comment does not go on */
	ck_assert_uint_eq(conf.port, 9);
	ck_assert_str_eq(conf.name, "x");
	ck_assert_int_eq(load("port = 9\nport =\ncolor = never\ncolor =\n", NULL, ""), EXIT_OK);
	ck_assert_uint_eq(conf.port, 50051);
	ck_assert_str_eq(conf.when, "auto");
	expect_place("port", "default");
	forget();
}
END_TEST

START_TEST(errors_name_the_place)
{
	static const struct {
		const char *content, *variable, *line, *error;
		int status;
	} cases[] = {
		{ "port = 7\nprot = 8\n", NULL, "", "/conf:2: unknown key \"prot\", did you mean port?", EXIT_CONFIG },
		{ "\n\nxyzzy = 8", NULL, "", "/conf:3: unknown key \"xyzzy\"", EXIT_CONFIG },
		{ "port = 99999\n", NULL, "", "/conf:1: port: 99999 is not in 1..65535", EXIT_CONFIG },
		{ "quiet = maybe\n", NULL, "", "/conf:1: quiet: \"maybe\" is neither yes nor no", EXIT_CONFIG },
		{ "color = pink\n", NULL, "", "/conf:1: color: \"pink\" is none of auto, always, never", EXIT_CONFIG },
		{ "quiet\n", NULL, "", "/conf:1: \"quiet\" begins a line that is not \"key = value\"", EXIT_CONFIG },
		{ "= 5\n", NULL, "", "/conf:1: unknown key \"\"", EXIT_CONFIG },
		{ "help = yes\n", NULL, "", "/conf:1: help belongs on the command line", EXIT_CONFIG },
		{ "[Other]\n", NULL, "", "/conf:1: unknown section [Other], here is only [Thing]", EXIT_CONFIG },
		{ "[Thing\n", NULL, "", "/conf:1: \"[Thing\" is not \"[section]\"", EXIT_CONFIG },
		{ "[]\n", NULL, "", "/conf:1: \"[]\" is not \"[section]\"", EXIT_CONFIG },
		{ "port = 1\\\n2\n\nname = bad\n", NULL, "", "/conf:1: port: \"1 2\" is no whole number in 1..65535", EXIT_CONFIG },
		{ "\nname = bad\n", NULL, "", "/conf:2: name \"bad\": cannot be used", EXIT_CONFIG },
		{ "", "SLOTH_PORT=x", "", "SLOTH_PORT: \"x\" is no whole number in 1..65535", EXIT_CONFIG },
		{ "", "SLOTH_QUIET=1", "", "SLOTH_QUIET: \"1\" is neither yes nor no", EXIT_CONFIG },
		{ "", "SLOTH_NAME=bad", "", "SLOTH_NAME: name \"bad\": cannot be used", EXIT_CONFIG },
		{ "name = bad\n", NULL, "--name bad", "name \"bad\": cannot be used", EXIT_BAD_USAGE },
		{ "prot = 1\n", NULL, "--port x", "--port: \"x\" is no whole number in 1..65535", EXIT_BAD_USAGE },
		{ NULL, NULL, "--name=", "name: empty", EXIT_BAD_USAGE },
		{ NULL, NULL, "word", "\"word\": the thing takes options only", EXIT_BAD_USAGE },
		{ NULL, NULL, "--config /nonexistent/x", "/nonexistent/x: cannot be read: No such file or directory", EXIT_CONFIG },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *wanted = cases[i].error;

		ck_assert_msg(load(cases[i].content, cases[i].variable, cases[i].line) == cases[i].status, "%zu: %s", i, error);
		ck_assert_uint_ge(strlen(error), strlen(wanted));
		/* Of a file in a directory of the test's own the end is known. */
		ck_assert_str_eq(error + (cases[i].content ? strlen(error) - strlen(wanted) : 0), wanted);
	}
	forget();
}
END_TEST

START_TEST(help_needs_no_good_file)
{
	ck_assert_int_eq(load("prot = 1\n", NULL, "--help"), EXIT_OK);
	ck_assert(conf.help);
	ck_assert_int_eq(load("prot = 1\n", NULL, "--version --name="), EXIT_OK);
	forget();
}
END_TEST

START_TEST(unreadable_files_are_errors)
{
	const char *directory = tmp_path("directory");
	const char *binary = tmp_file("binary", "x"), *large = tmp_file("large", "");

	ck_assert_int_eq(mkdir(directory, 0700), 0);
	opt_read_init(&reading, table, &conf, sizeof conf);
	ck_assert_int_eq(opt_read_file(&reading, directory, "Thing", &error), -EISDIR);
	ck_assert_ptr_nonnull(strstr(error, "directory: cannot be read: Is a directory"));
	free(error);
	ck_assert_int_eq(truncate(large, 2 * 1024 * 1024), 0);
	ck_assert_int_eq(opt_read_file(&reading, large, "Thing", &error), -EFBIG);
	ck_assert_ptr_nonnull(strstr(error, "large: larger than 1.0 MiB"));
	free(error);
	ck_assert_int_eq(truncate(binary, 5), 0);
	ck_assert_int_eq(opt_read_file(&reading, binary, "Thing", &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "binary: not a text file"));
	free(error);
	error = NULL;
	ck_assert_int_eq(opt_read_file(&reading, tmp_path("none"), "Thing", &error), 0);
	forget();
}
END_TEST

START_TEST(what_has_changed_is_named)
{
	struct conf before = { .port = 1, .name = "a" }, behind = { .port = 2, .name = "b", .wait_ms = 1, .token = "t" };
	char *live = opt_changes(table, &before, &behind, true), *later = opt_changes(table, &before, &behind, false);

	ck_assert_str_eq(live, "name, long-wait");
	ck_assert_str_eq(later, "port");
	free(live);
	free(later);
	ck_assert_ptr_null(opt_changes(table, &before, &before, true));
	ck_assert_ptr_null(opt_changes(table, &before, &before, false));
}
END_TEST

/* A daemon that runs has no secret on its command line any more, and stands somewhere else. */
START_TEST(configuration_is_read_again)
{
	char program[] = "thing", option[] = "--config", token[] = "--token=", path[200];
	char *argv[] = { program, option, path, token, NULL };
	struct opt_read again;
	struct conf fresh;

	snprintf(path, sizeof path, "%s", tmp_file("again", "port = 7\n"));
	ck_assert_int_eq(load("", NULL, ""), EXIT_OK);
	free(reading.path);
	reading.path = mem_strdup(path);
	ck_assert_int_eq(opt_load_again(&source, 4, argv, &reading, &fresh, &again, &error), EXIT_OK);
	ck_assert_uint_eq(fresh.port, 7);
	opt_read_done(&again);
	tmp_file("again", "port = x\n");
	ck_assert_int_eq(opt_load_again(&source, 4, argv, &reading, &fresh, &again, &error), EXIT_CONFIG);
	ck_assert_ptr_nonnull(strstr(error, "again:1: port"));
	opt_read_done(&again);
	forget();
}
END_TEST

static void expect_shown(const char *format, const char *wanted)
{
	char text[4096] = "";
	FILE *to = fmemopen(text, sizeof text, "w");

	opt_show_all(&reading, &conf, format, to);
	fclose(to);
	ck_assert_str_eq(text, wanted);
}

START_TEST(all_is_shown_but_secrets)
{
	ck_assert_int_eq(load(NULL, "SLOTH_LONG_WAIT=1500ms", "-q --port 9 -e A=1 -e B=2 --token 123"), EXIT_OK);
	expect_shown("text", "quiet = yes\n#name =\ncolor = auto\nport = 9\nlong-wait = 1500ms\nenv = A=1\nenv = B=2\ntoken = (set)\n");
	expect_shown("origin", "quiet = yes         --quiet\n#name =             default\ncolor = auto        default\n"
			       "port = 9            --port\nlong-wait = 1500ms  SLOTH_LONG_WAIT\nenv = A=1           --env\n"
			       "env = B=2           --env\ntoken = (set)       --token\n");
	ck_assert_int_eq(load(NULL, NULL, "--name \xff"), EXIT_OK);
	expect_shown("json",
		     "{\"options\":["
		     "{\"section\":null,\"key\":\"quiet\",\"value\":false,\"origin\":\"default\",\"place\":null},"
		     "{\"section\":null,\"key\":\"name\",\"value\":\"\\\"\\\\xff\\\"\",\"origin\":\"command line\",\"place\":\"--name\"},"
		     "{\"section\":null,\"key\":\"color\",\"value\":\"auto\",\"origin\":\"default\",\"place\":null},"
		     "{\"section\":null,\"key\":\"port\",\"value\":50051,\"origin\":\"default\",\"place\":null},"
		     "{\"section\":null,\"key\":\"long-wait\",\"value\":0,\"origin\":\"default\",\"place\":null},"
		     "{\"section\":null,\"key\":\"env\",\"value\":null,\"origin\":\"default\",\"place\":null},"
		     "{\"section\":null,\"key\":\"token\",\"value\":null,\"origin\":\"default\",\"place\":null}]}\n");
	forget();
}
END_TEST

START_TEST(variables_are_named_after_options)
{
	static const struct {
		const char *group, *name, *variable;
	} cases[] = {
		{ NULL, "port", "SLOTH_PORT" }, { NULL, "state-dir", "SLOTH_STATE_DIR" },
		{ "agent run", "kill-grace", "SLOTH_AGENT_RUN_KILL_GRACE" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *variable = opt_variable(cases[i].group, cases[i].name);

		ck_assert_str_eq(variable, cases[i].variable);
		free(variable);
	}
}
END_TEST

UNIT_MAIN(later_places_win, lists_are_replaced_as_a_whole, files_look_like_unit_files, errors_name_the_place,
	  help_needs_no_good_file, unreadable_files_are_errors, what_has_changed_is_named, configuration_is_read_again,
	  all_is_shown_but_secrets, variables_are_named_after_options)
