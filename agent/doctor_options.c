/*
 * doctor_options.c - the options of the agent that runs, from its command line, for a --doctor that has none of its own but
 * the state directory, which tells whose.
 *
 * Never its token: the agent has wiped it there, and what is left of it is left out. What stood in its environment is not
 * seen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config.h"
#include "agent/doctor.h"
#include "common/buf.h"
#include "common/daemon.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/str.h"

enum { LINE_MAX_BYTES = 1024 * 1024 };

/* Whether the line says anything but where to look for the agent. */
static bool has_options(const struct config *c)
{
	for (const struct opt *o = config_options; o->name; o++)
		if (opt_origin(&c->read, o->name)->level == OPT_BY_LINE && !str_equal(o->name, "doctor") && !str_equal(o->name, "state-dir"))
			return true;
	return false;
}

static pid_t find_agent(const struct config *c)
{
	char *path = paths_join(c->own_state_dir, "agent.pid");
	pid_t pid = daemon_find(path);

	free(path);
	return pid > 0 ? pid : 0;
}

/* The words of its command line, each ended by NUL. 0 or -errno. */
static int read_words(pid_t pid, struct doctor_options *own, size_t *len)
{
	struct buf text = { 0 };
	char path[40];
	int err;

	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	err = fd_read_file(path, LINE_MAX_BYTES, &text);
	*len = buf_len(&text);
	if (err)
		buf_done(&text);
	else
		own->words = buf_take_string(&text);
	return err;
}

/* A token that was wiped is as many empty words as it had letters. */
static const char *behind_token(const char *at, const char *end, bool is_apart)
{
	at += strlen(at) + 1;
	if (is_apart && at < end && *at)
		at += strlen(at) + 1;
	while (at < end && !*at)
		at++;
	return at;
}

/* The options among the words, behind our own name. How many. */
static int choose_options(struct doctor_options *own, size_t len, const char *program)
{
	const char *at = own->words, *end = at + len;
	bool has_begun = false;
	int n = 0;

	own->argv = mem_alloc((len + 2) * sizeof *own->argv);
	own->argv[n++] = (char *)(uintptr_t)program;
	while (at < end) {
		has_begun |= *at == '-';	/* before are the program and "agent start" */
		if (str_equal(at, "--token") || str_has_prefix(at, "--token=")) {
			at = behind_token(at, end, !at[7]);
			continue;
		}
		if (has_begun && !str_equal(at, "--daemon"))
			own->argv[n++] = (char *)(uintptr_t)at;
		at += strlen(at) + 1;
	}
	own->argv[n] = NULL;
	return n;
}

static char *join(char *const *words)
{
	struct buf text = { 0 };

	for (; *words; words++) {
		buf_append_str(&text, *words);
		if (words[1])
			buf_append_str(&text, " ");
	}
	return buf_take_string(&text);
}

/* As the agent has read them. Owned words why not; NULL: they are own->config. */
static char *load(struct doctor_options *own, int n, const char *state_dir)
{
	char *error = NULL;

	own->config = mem_new(struct config);
	if (config_load(own->config, n, own->argv, &error) != EXIT_OK)
		return error;
	if (!str_equal(own->config->own_state_dir, state_dir))
		return mem_printf("they name the state directory %s", own->config->own_state_dir);
	return NULL;
}

static void refuse(struct doctor *d, pid_t pid, char *why)
{
	char *advice = mem_printf("slothd-agent --doctor and the options of that agent: ps -o args= -p %d", (int)pid);

	doctor_say(d, DOCTOR_FAILED, "options", mem_printf("the agent that runs, pid %d, was started with others: %s", (int)pid, why), advice);
	free(advice);
	free(why);
}

bool doctor_take_options(struct doctor *d, struct doctor_options *own)
{
	const struct config *c = d->config;
	pid_t pid = has_options(c) ? 0 : find_agent(c);
	size_t len;
	char *why, *text;
	int n, err;

	*own = (struct doctor_options){ .config = NULL };
	if (!pid)
		return true;
	err = read_words(pid, own, &len);
	n = err ? 0 : choose_options(own, len, c->argv[0]);
	if (n == 1)
		return true;
	why = err ? mem_printf("its command line cannot be read: %s", strerror(-err)) : load(own, n, c->own_state_dir);
	if (why) {
		refuse(d, pid, why);
		return false;
	}
	text = join(own->argv + 1);
	doctor_say(d, DOCTOR_OK, "options", mem_printf("those of the agent that runs, pid %d: %s", (int)pid, text), NULL);
	free(text);
	d->config = own->config;
	return true;
}

void doctor_drop_options(struct doctor_options *own)
{
	if (own->config)
		config_done(own->config);
	free(own->config);
	free(own->words);
	free(own->argv);
}
