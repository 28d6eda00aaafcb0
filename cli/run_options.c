/*
 * run_options.c - the options of `sloth agent run` and the request that they and its words make.
 */
#include "cli/run_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "common/buf.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/utf8.h"

#define RUN_OPTION(name, letter, kind, arg, help, field) \
	{ name, letter, kind, arg, help, offsetof(struct run_options, field), 0, 0 }

#define RUN_OPTION_RECONNECT \
	RUN_OPTION("reconnect", 0, OPT_STRING, "TIME", \
		   "how long to try again when contact is lost; without it 60s, 0: not at all", reconnect)
#define RUN_OPTION_QUIET RUN_OPTION("quiet", 'q', OPT_FLAG, NULL, "no frame and no notices, errors only", quiet)

const struct opt agent_run_options[] = {
	RUN_OPTION("argv", 0, OPT_FLAG, NULL, "run the words as they are, without a shell", argv),
	RUN_OPTION("timeout", 0, OPT_DURATION, "TIME", "end the command after so long: 90, 1500ms, 5m, 2h", timeout_ms),
	RUN_OPTION("user", 0, OPT_STRING, "USER", "run as this user of the agent's machine", user),
	RUN_OPTION("env", 0, OPT_LIST, "NAME=VALUE", "set an environment variable; may be repeated", env),
	RUN_OPTION("cwd", 0, OPT_STRING, "DIR", "run in this directory; without it the user's home", cwd),
	RUN_OPTION("no-stdin", 'n', OPT_FLAG, NULL, "give the command no standard input", no_stdin),
	RUN_OPTION("kill-grace", 0, OPT_DURATION, "TIME",
		   "time between SIGTERM and SIGKILL when the command is ended; without it 10s", kill_grace_ms),
	RUN_OPTION("detach", 0, OPT_FLAG | OPT_ON_LINE, NULL, "start it, print its run id and leave it to itself", detach),
	RUN_OPTION("tty", 't', OPT_FLAG, NULL, "give the command a terminal; ~. at the beginning of a line leaves", tty),
	RUN_OPTION_RECONNECT,
	RUN_OPTION("on-lost", 0, OPT_CHOICE, "WHAT=keep|cancel",
		   "when sloth does not come back in that time: cancel the command, the default, or keep it", on_lost),
	RUN_OPTION("nice", 0, OPT_STRING, "N", "add this to the niceness of the agent, -20 to 19", nice),
	RUN_OPTION("rlimit", 0, OPT_LIST, "NAME=N[:HARD]",
		   "set a limit as setrlimit(2) does: nofile, nproc, core, as ...; may be repeated", limits),
	RUN_OPTION("output-max", 0, OPT_STRING, "SIZE",
		   "with --detach: how much output is kept; without it 64M", output_max),
	CLI_OPTION_VIEW("raw, frame, box or json; without it frame on a terminal, else raw"),
	RUN_OPTION_QUIET,
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

const struct opt run_attach_options[] = {
	RUN_OPTION("tty", 't', OPT_FLAG, NULL, "the command has a terminal; ~. at the beginning of a line leaves", tty),
	RUN_OPTION("no-stdin", 'n', OPT_FLAG, NULL, "send it no input, nor the end of it", no_stdin),
	RUN_OPTION_RECONNECT,
	CLI_OPTION_VIEW("raw, frame, box or json; without it frame on a terminal, else raw"),
	RUN_OPTION_QUIET,
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

const struct opt run_logs_options[] = {
	RUN_OPTION("follow", 'f', OPT_FLAG, NULL, "go on to the end of the run", follow),
	RUN_OPTION_RECONNECT,
	CLI_OPTION_VIEW("raw, frame, box or json; without it raw"),
	RUN_OPTION_QUIET,
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

static bool is_empty(const char *s)
{
	return s && !*s;
}

/* On the wire the empty string is "not given": a variable of a script that is not set must not mean the agent's own user. */
static int check_given(const struct run_options *options, char **error)
{
	if (is_empty(options->user))
		*error = mem_strdup("--user: it is empty; without the option the command runs as the agent's own user");
	else if (is_empty(options->cwd))
		*error = mem_strdup("--cwd: it is empty; without the option the command runs in its user's home");
	else
		return 0;
	return -EINVAL;
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

/* ---- contact ---- */

static int take_reconnect(struct run_request *r, const char *text, char **error)
{
	r->reconnect_ms = RUN_RECONNECT_MS;
	if (!text || str_parse_duration(text, &r->reconnect_ms) == 0)
		return 0;
	*error = mem_printf("--reconnect: %s is no time like 90, 1500ms, 5m, 2h", str_quote(text));
	return -EINVAL;
}

static int take_on_lost(struct run_request *r, const char *what, char **error)
{
	r->is_kept = r->options->detach || str_equal(what, "keep");
	if (!what || str_equal(what, "keep") || str_equal(what, "cancel"))
		return 0;
	*error = mem_printf("--on-lost: %s is none of keep, cancel", str_quote(what));
	return -EINVAL;
}

/* What a terminal cannot be together with. */
static int check_tty(const struct run_options *o, char **error)
{
	const char *format = o->global.format;

	if (!o->tty)
		return 0;
	if (o->detach)
		*error = mem_strdup("--tty: a detached command has no terminal");
	else if (o->no_stdin)
		*error = mem_strdup("--tty: a terminal without input is none: leave --no-stdin out");
	else if (format && !str_equal(format, "raw") && !str_equal(format, "text"))
		*error = mem_printf("--tty: a terminal is shown as it is, not with -o %s", format);
	else if (!isatty(STDIN_FILENO))
		*error = mem_strdup("--tty: standard input is no terminal");
	else
		return 0;
	return -EINVAL;
}

int run_request_contact(struct run_request *r, char **error)
{
	int ret = take_reconnect(r, r->options->reconnect, error);

	if (!ret)
		ret = take_on_lost(r, r->options->on_lost, error);
	if (!ret)
		ret = check_tty(r->options, error);
	return ret;
}

/* ---- the request ---- */

static int take_words(struct run_request *r, size_t n, char **words, char **error)
{
	if (n && str_equal(words[0], "--")) {
		words++;
		n--;
	}
	r->command = join_words(n, words);
	if (r->options->argv) {
		r->argv = words;
		r->n_argv = n;
	}
	if (n && !(r->options->argv ? !*words[0] : is_blank(r->command)))
		return 0;
	*error = mem_strdup("the command is empty");
	return -EINVAL;
}

/* Other programs take a user, or several machines, in that place. */
static char *not_a_name(const char *agent)
{
	const char *what = str_name_rule;

	if (strchr(agent, '@'))
		what = "who runs the command is said by --user USER";
	else if (strpbrk(agent, "*?"))
		what = "a run has one agent; sloth agent list -o json has the names for a loop";
	return mem_printf("%s is not an agent's name: %s", str_quote(agent), what);
}

int run_request_init(struct run_request *r, const struct run_options *options, int n, char **words, char **error)
{
	int ret;

	*r = (struct run_request){ .agent = words[0], .options = options };
	if (!str_is_name(r->agent)) {
		*error = not_a_name(r->agent);
		return -EINVAL;
	}
	ret = check_env(&options->env, error);
	if (!ret)
		ret = run_request_limits(r, error);
	if (!ret)
		ret = run_request_contact(r, error);
	if (!ret)
		ret = take_words(r, (size_t)n - 1, words + 1, error);
	if (!ret)
		ret = check_given(r->options, error);
	if (!ret)
		ret = check_text(r, error);
	random_bytes(r->id, sizeof r->id);
	return ret;
}

int run_request_join(struct run_request *r, const struct run_options *options, const Sloth__V1__RunRecord *record,
		     enum run_kind kind, char **error)
{
	int ret;

	*r = (struct run_request){ .kind = kind, .agent = record->agent_name, .options = options };
	r->command = mem_strdup(record->command);
	ret = run_request_contact(r, error);
	r->is_kept = record->detached || kind == RUN_KIND_OBSERVE;
	if (!ret && record->run_id.len != RUN_ID_SIZE) {
		*error = mem_strdup("the master's answer has no run id");
		ret = -EINVAL;
	}
	if (!ret)
		memcpy(r->id, record->run_id.data, RUN_ID_SIZE);
	return ret;
}

void run_request_done(struct run_request *r)
{
	for (size_t i = 0; i < r->n_limits; i++)
		free(r->limits[i].name);
	free(r->limits);
	free(r->command);
	*r = (struct run_request){ 0 };
}
