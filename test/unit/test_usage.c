/*
 * Command lines of the real program that are wrong, each in a child.
 *
 * no valgrind: it would look for leaks once per child
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

/* Wrong lines of the real program that ask for JSON, wherever they do so. */
static const struct {
	int status;
	const char *line;
} json_lines[] = {
	{ 2, "-o json" },
	{ 2, "-o json no-such-command" },
	{ 2, "no-such-command -x --output=json" },
	{ 2, "--no-such-option -o json agent list" },
	{ 2, "--no-such-option agent list -ojson" },
	{ 2, "agent frobnicate web1 -o json" },
	{ 2, "agent list --no-such-option -o json" },
	{ 2, "agent list one two -o json" },
	{ 2, "agent list -o json --state asleep" },
	{ 2, "-o json agent get" },
	{ 2, "agent get ! -o json" },
	{ 2, "agent stop -o json a b" },
	{ 2, "agent delete -o json" },
	{ 2, "status -o json --color sometimes" },
	{ 2, "status --no-such-option value -o json" },
	{ 2, "status -o json --master a:b:c" },
	{ 2, "status -o json --socket /x --context y" },
	{ 2, "status -o json --socket /x --insecure" },
	{ 2, "-o json --insecure agent start --name web1" },
	{ 2, "agent accept -o json" },
	{ 2, "agent accept -o json --all web1" },
	{ 2, "agent accept -o json --fingerprint xyz" },
	{ 2, "agent reject -o json web1 --fingerprint g" },
	{ 2, "agent revoke -o json" },
	{ 2, "operator revoke -o json" },
	{ 2, "token create -o json --role admin" },
	{ 2, "token create -o json --role operator" },
	{ 2, "token create -o json --ttl soon" },
	{ 2, "token create -o json --uses 0" },
	{ 2, "token revoke -o json" },
	{ 2, "context use -o json" },
	{ 2, "login -o json" },
	{ 2, "version one -o json" },
	{ 2, "help nothing -o json" },
	{ 2, "master stop one -o json" },
	{ 2, "master status -o json --no-such-option" },
	{ 2, "-o json agent start --name web1" },
	{ 125, "agent run -o json" },
	{ 125, "agent run -o json web1" },
	{ 125, "agent run --timeout soon -o json web1 true" },
	{ 125, "agent run --no-such-option -o json web1 true" },
	{ 125, "agent run -o json --env novalue web1 true" },
	{ 125, "agent run -o json --color sometimes web1 true" },
	{ 125, "agent run -o json ! true" },
	{ 125, "agent run -o json web1 --" },
};

/* `sloth LINE` in a child, its output in two files: the exit status. */
static int run_sloth(const char *line, const char *out, const char *err)
{
	char words[200], *argv[20] = { (char *)(uintptr_t)"sloth" };
	int argc = 1, status;
	pid_t pid = fork();

	if (pid == 0) {
		snprintf(words, sizeof words, "%s", line);
		for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
			argv[argc++] = word;
		if (!freopen(out, "w", stdout) || !freopen(err, "w", stderr))
			_exit(99);
		_exit(output_finish(command_main(&cli_root, argc, argv)));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

START_TEST(usage_errors_are_json_where_json_is_wanted)
{
	const char *out = tmp_path("out"), *err = tmp_path("err");

	for (size_t i = 0; i < sizeof json_lines / sizeof *json_lines; i++) {
		int status = run_sloth(json_lines[i].line, out, err);
		json_t *document = json_load_file(out, 0, NULL);
		const char *error = json_string_value(json_object_get(document, "error"));
		char *said = tmp_read(err);

		ck_assert_msg(status == json_lines[i].status, "%s: %d", json_lines[i].line, status);
		ck_assert_msg(error && strstr(said, error), "%s: %s", json_lines[i].line, said);
		free(said);
		json_decref(document);
	}
}
END_TEST

START_TEST(usage_errors_leave_stdout_alone_where_text_is_wanted)
{
	static const char *const wrong[] = { "agent list one two", "agent run --no-such-option web1 true -o json" };
	const char *out = tmp_path("out"), *err = tmp_path("err");

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char *text;

		run_sloth(wrong[i], out, err);
		text = tmp_read(out);
		ck_assert_str_eq(text, "");
		free(text);
	}
}
END_TEST

UNIT_MAIN(usage_errors_are_json_where_json_is_wanted, usage_errors_leave_stdout_alone_where_text_is_wanted)
