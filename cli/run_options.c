/*
 * run_options.c - the options of `sloth agent run` and the request that they and its words make.
 */
#include "cli/run_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "common/buf.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/utf8.h"

#define RUN_OPTION(name, letter, kind, arg, help, field) \
	{ name, letter, kind, arg, help, offsetof(struct run_options, field), 0, 0 }

const struct opt agent_run_options[] = {
	RUN_OPTION("argv", 0, OPT_FLAG, NULL, "run the words as they are, without a shell", argv),
	RUN_OPTION("timeout", 0, OPT_DURATION, "TIME", "end the command after so long: 90, 1500ms, 5m, 2h", timeout_ms),
	RUN_OPTION("user", 0, OPT_STRING, "USER", "run as this user of the agent's machine", user),
	RUN_OPTION("env", 0, OPT_LIST, "NAME=VALUE", "set an environment variable; may be repeated", env),
	RUN_OPTION("cwd", 0, OPT_STRING, "DIR", "run in this directory; without it the user's home", cwd),
	RUN_OPTION("no-stdin", 'n', OPT_FLAG, NULL, "give the command no standard input", no_stdin),
	RUN_OPTION("kill-grace", 0, OPT_DURATION, "TIME",
		   "time between SIGTERM and SIGKILL when the command is ended; without it 10s", kill_grace_ms),
	CLI_OPTION_OUTPUT("raw, frame, box or json; without it frame on a terminal, else raw"),
	RUN_OPTION("quiet", 'q', OPT_FLAG, NULL, "no frame and no notices, errors only", quiet),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

static int check_env(const struct opt_list *env, char **error)
{
	for (size_t i = 0; i < env->n; i++) {
		const char *equals = strchr(env->items[i], '=');

		if (equals && equals != env->items[i])
			continue;
		*error = mem_printf("--env: %s is not NAME=VALUE", str_quote(env->items[i]));
		return -EINVAL;
	}
	return 0;
}

static bool is_text(const char *s)
{
	return !s || utf8_valid(s, strlen(s));
}

/* They are strings of the protocol, which have to be UTF-8; argument vectors and variables are bytes. */
static int check_text(const struct run_request *r, char **error)
{
	const struct run_options *options = r->options;

	if (!r->argv && !is_text(r->command))
		*error = mem_strdup("command is not UTF-8: use --argv");
	else if (!is_text(options->user))
		*error = mem_printf("--user: %s is not UTF-8", str_quote(options->user));
	else if (!is_text(options->cwd))
		*error = mem_printf("--cwd: %s is not UTF-8: change the directory in the command",
				    str_quote(options->cwd));
	else
		return 0;
	return -EINVAL;
}

static char *join_words(size_t n, char **words)
{
	struct buf joined = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_append_str(&joined, " ");
		buf_append_str(&joined, words[i]);
	}
	return buf_take_string(&joined);
}

static bool is_blank(const char *s)
{
	return s[strspn(s, " \t\n")] == '\0';
}

int run_request_init(struct run_request *r, const struct run_options *options, int n, char **words, char **error)
{
	size_t n_words = (size_t)n - 1;

	*r = (struct run_request){ .agent = words[0], .options = options };
	if (!str_is_name(r->agent)) {
		*error = mem_printf("%s is not an agent's name: %s", str_quote(r->agent), str_name_rule);
		return -EINVAL;
	}
	if (check_env(&options->env, error))
		return -EINVAL;
	words++;
	if (n_words && str_equal(words[0], "--")) {
		words++;
		n_words--;
	}
	r->command = join_words(n_words, words);
	if (options->argv) {
		r->argv = words;
		r->n_argv = n_words;
	}
	if (n_words == 0 || (options->argv ? !*words[0] : is_blank(r->command))) {
		*error = mem_strdup("the command is empty");
		return -EINVAL;
	}
	if (check_text(r, error))
		return -EINVAL;
	random_bytes(r->id, sizeof r->id);
	return 0;
}

void run_request_done(struct run_request *r)
{
	free(r->command);
	*r = (struct run_request){ 0 };
}
