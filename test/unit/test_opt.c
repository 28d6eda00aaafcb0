#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/opt.h"
#include "test/lib/unit.h"

struct conf {
	bool daemon, quiet;
	const char *name, *form, *when;
	uint64_t port, count, timeout_ms;
	struct opt_list env;
};

static const struct opt table[] = {
	{ "daemon", 0, OPT_FLAG, NULL, "go into the background", offsetof(struct conf, daemon), 0, 0 },
	{ "quiet", 'q', OPT_FLAG, NULL, "say less", offsetof(struct conf, quiet), 0, 0 },
	{ "name", 'n', OPT_STRING, "NAME", "the name", offsetof(struct conf, name), 0, 0 },
	{ "port", 'p', OPT_UINT, "PORT", "listen on PORT", offsetof(struct conf, port), 1, 65535 },
	{ "count", 0, OPT_UINT, "N", "how many", offsetof(struct conf, count), 2, 0 },
	{ "timeout", 't', OPT_DURATION, "TIME",
	  "give up after TIME, which is a number with units, and say so on the standard error output",
	  offsetof(struct conf, timeout_ms), 0, 0 },
	{ "env", 'e', OPT_LIST, "KEY=VALUE", "set a variable", offsetof(struct conf, env), 0, 0 },
	{ "a-very-long-option-name", 0, OPT_STRING, "SOMETHING", "rarely used", offsetof(struct conf, name), 0, 0 },
	{ "print", 'P', OPT_OPTIONAL, "FORM", "print it", offsetof(struct conf, form), 0, 0 },
	{ "color", 0, OPT_CHOICE | OPT_LIVE, "WHEN=auto|always", "use colours", offsetof(struct conf, when), 0, 0 },
	{ "show", 0, OPT_OPTIONAL, "FORM=text|json", "show it", offsetof(struct conf, form), 0, 0 },
	{ 0 },
};

enum { WORDS_MAX = 16 };

/* Parses "prog" and the words, which end with NULL. */
static int parse(struct conf *conf, char **error, const char *const *words)
{
	char *argv[WORDS_MAX + 1] = { (char *)(uintptr_t)"prog" };
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	*error = NULL;
	return opt_parse(table, argc, argv, conf, error);
}
#define WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }

START_TEST(all_spellings_of_options)
{
	static const char *const spellings[][3] = {
		{ "--port", "7" }, { "--port=7" }, { "-p", "7" }, { "-p7" }, { "-qp7" }, { "-qp", "7" },
	};
	char *error;

	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
		struct conf conf = { 0 };
		int n = spellings[i][1] ? 3 : 2;

		ck_assert_int_eq(parse(&conf, &error, spellings[i]), n);
		ck_assert_uint_eq(conf.port, 7);
		ck_assert(conf.quiet == (i >= 4));
		ck_assert_ptr_null(error);
	}
}
END_TEST

START_TEST(fields_of_every_kind)
{
	struct conf conf = { .count = 5 };
	char *error;

	ck_assert_int_eq(parse(&conf, &error, WORDS("--daemon", "--name=", "-t", "1.5m", "-e", "A=1", "--env=B=2")),
			 8);
	ck_assert(conf.daemon && !conf.quiet);
	ck_assert_str_eq(conf.name, "");
	ck_assert_uint_eq(conf.timeout_ms, 90000);
	ck_assert_uint_eq(conf.count, 5);
	ck_assert_uint_eq(conf.env.n, 2);
	ck_assert_str_eq(conf.env.items[0], "A=1");
	ck_assert_str_eq(conf.env.items[1], "B=2");
	opt_list_done(&conf.env);
	ck_assert_uint_eq(conf.env.n, 0);
}
END_TEST

START_TEST(value_of_an_option_may_be_left_out)
{
	static const struct {
		const char *words[3];
		const char *value;
		int n;
	} cases[] = {
		{ { "--print" }, "", 2 }, { { "--print=incus" }, "incus", 2 }, { { "--print=" }, "", 2 },
		{ { "--print", "incus" }, "", 2 }, { { "-P", "incus" }, "", 2 }, { { "-Pincus" }, "incus", 2 },
		{ { "--print=x", "--print" }, "", 3 }, { { "-q" }, NULL, 2 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conf conf = { 0 };
		char *error;

		ck_assert_int_eq(parse(&conf, &error, cases[i].words), cases[i].n);
		ck_assert_pstr_eq(conf.form, cases[i].value);
	}
}
END_TEST

START_TEST(some_options_have_fixed_values)
{
	struct conf conf = { 0 };
	char *error;

	ck_assert_int_eq(parse(&conf, &error, WORDS("--color", "always", "--show=json")), 4);
	ck_assert_str_eq(conf.when, "always");
	ck_assert_str_eq(conf.form, "json");
	ck_assert_str_eq(opt_choices(opt_find(table, "color")), "auto|always");
	ck_assert_ptr_null(opt_choices(opt_find(table, "env")));
	ck_assert_ptr_null(opt_choices(opt_find(table, "print")));
	ck_assert_int_eq(parse(&conf, &error, WORDS("--show", "--color", "auto")), 4);
	ck_assert_str_eq(conf.form, "");
	ck_assert_str_eq(conf.when, "auto");
}
END_TEST

START_TEST(last_value_counts)
{
	struct conf conf = { 0 };
	char *error;

	ck_assert_int_eq(parse(&conf, &error, WORDS("-p1", "--port", "2")), 4);
	ck_assert_uint_eq(conf.port, 2);
}
END_TEST

START_TEST(options_end_at_the_first_operand)
{
	struct conf conf = { 0 };
	char *error;

	ck_assert_int_eq(parse(&conf, &error, WORDS("-q", "web1", "-p", "7")), 2);
	ck_assert_uint_eq(conf.port, 0);
	ck_assert_int_eq(parse(&conf, &error, WORDS("-q", "--", "-p", "7")), 3);
	ck_assert_int_eq(parse(&conf, &error, WORDS("-", "-p")), 1);
	ck_assert_int_eq(parse(&conf, &error, WORDS("-n", "--", "x")), 3);
	ck_assert_str_eq(conf.name, "--");
	ck_assert_int_eq(opt_parse(table, 1, (char *[]){ NULL, NULL }, &conf, &error), 1);
}
END_TEST

START_TEST(errors_name_option_value_and_what_is_allowed)
{
	static const struct {
		const char *words[3];
		const char *error;
	} cases[] = {
		{ { "--port", "99999" }, "--port: 99999 is not in 1..65535" },
		{ { "-p0" }, "-p: 0 is not in 1..65535" },
		{ { "--port=http" }, "--port: \"http\" is no whole number in 1..65535" },
		{ { "--port=" }, "--port: \"\" is no whole number in 1..65535" },
		{ { "--count", "1" }, "--count: 1 is not in 2..2^64-1" },
		{ { "--timeout", "5x" }, "--timeout: \"5x\" is no duration like 90, 1500ms, 0.5s, 5m, 2h or 1d" },
		{ { "--timeout", "40000d" }, "--timeout: \"40000d\" is too long, at most 36500d" },
		{ { "--name" }, "--name: an argument is missing (NAME)" },
		{ { "-qn" }, "-n: an argument is missing (NAME)" },
		{ { "--daemon=yes" }, "--daemon: takes no argument, not \"yes\"" },
		{ { "--prot", "1" }, "unknown option \"--prot\", did you mean --port?" },
		{ { "--tim=1" }, "unknown option \"--tim\", did you mean --timeout?" },
		{ { "--xyzzy" }, "unknown option \"--xyzzy\"" },
		{ { "--a\x1b[31m" }, "unknown option \"--a\\x1b[31m\"" },
		{ { "-qx" }, "unknown option \"-x\"" },
		{ { "--color", "never" }, "--color: \"never\" is none of auto, always" },
		{ { "--color=al" }, "--color: \"al\" is none of auto, always" },
		{ { "--color=auto|always" }, "--color: \"auto|always\" is none of auto, always" },
		{ { "--color" }, "--color: an argument is missing (WHEN)" },
		{ { "--show=xml" }, "--show: \"xml\" is none of text, json" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conf conf = { .port = 4711 };
		char *error;

		ck_assert_int_eq(parse(&conf, &error, cases[i].words), -EINVAL);
		ck_assert_str_eq(error, cases[i].error);
		ck_assert_uint_eq(conf.port, 4711);
		free(error);
	}
}
END_TEST

START_TEST(first_error_counts_and_the_rest_is_read)
{
	char *argv[] = { (char *)(uintptr_t)"prog", (char *)(uintptr_t)"--xyzzy", (char *)(uintptr_t)"-e",
			 (char *)(uintptr_t)"A=1", (char *)(uintptr_t)"--port=0", (char *)(uintptr_t)"-q",
			 (char *)(uintptr_t)"web1", (char *)(uintptr_t)"-p7", NULL };
	struct conf conf = { 0 };
	char *error = NULL;

	ck_assert_int_eq(opt_read_on(table, 8, argv, &conf, &error), 6);
	ck_assert_str_eq(error, "unknown option \"--xyzzy\"");
	ck_assert(conf.quiet);
	ck_assert_uint_eq(conf.env.n, 1);
	/* An error that was there before stays. */
	ck_assert_int_eq(opt_read_on(table, 2, argv + 5, &conf, &error), 1);
	ck_assert_int_eq(opt_read_on(table, 2, argv + 3, &conf, &error), 2);
	ck_assert_str_eq(error, "unknown option \"--xyzzy\"");
	free(error);
	opt_done(table, &conf);
	ck_assert_uint_eq(conf.env.n, 0);
}
END_TEST

START_TEST(help_is_aligned_and_wrapped)
{
	static const char expected[] =
		"      --daemon         go into the background\n"
		"  -q, --quiet          say less\n"
		"  -n, --name NAME      the name\n"
		"  -p, --port PORT      listen on PORT\n"
		"      --count N        how many\n"
		"  -t, --timeout TIME   give up after TIME, which is a number with units, and say\n"
		"                       so on the standard error output\n"
		"  -e, --env KEY=VALUE  set a variable\n"
		"      --a-very-long-option-name SOMETHING\n"
		"                       rarely used\n"
		"  -P, --print[=FORM]   print it\n"
		"      --color WHEN     use colours\n"
		"      --show[=FORM]    show it\n";
	char text[1024] = "";
	FILE *to = fmemopen(text, sizeof text, "w");

	opt_print_help(table, to);
	fclose(to);
	ck_assert_str_eq(text, expected);
}
END_TEST

UNIT_MAIN(all_spellings_of_options, fields_of_every_kind, value_of_an_option_may_be_left_out,
	  some_options_have_fixed_values, last_value_counts, options_end_at_the_first_operand,
	  errors_name_option_value_and_what_is_allowed, first_error_counts_and_the_rest_is_read,
	  help_is_aligned_and_wrapped)
