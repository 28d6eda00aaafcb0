/*
 * main.c - slothd-agent: command line, start, signals, exit status.
 *
 * Until the agent works everything that is wrong goes to stderr, which with --daemon is that of whoever
 * started it. A first SIGTERM or SIGINT ends the runs and then the agent, a second one ends it at once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/proc.h"
#include "common/daemon.h"
#include "common/daemon_signals.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/notify.h"
#include "common/paths.h"
#include "common/str.h"

static const char program[] = "slothd-agent";

enum { FILES_WANTED = 65536 };

/* ---- signals ---- */

static void on_stop(const char *name, void *arg)
{
	struct agent *a = arg;

	if (a->state == AGENT_ENDING || a->state == AGENT_CLOSING) {
		log_warn("agent %s: second %s: ending at once", a->config->own_name, name);
		agent_abort(a);
		_exit(EXIT_FAILED);
	}
	agent_stop(a, true, EXIT_OK, name);
}

static void on_hangup(void *arg)
{
	struct agent *a = arg;
	int rc = log_reopen();

	if (rc)
		log_warn("agent %s: log file cannot be opened again: %s", a->config->own_name, strerror(-rc));
	agent_reload(a);
}

/* ---- start ---- */

static int fail(int status, char *error)
{
	fprintf(stderr, "%s: %s\n", program, error);
	if (status == EXIT_BAD_USAGE)
		fprintf(stderr, "Try \"%s --help\".\n", program);
	free(error);
	return status;
}

static void print_help(void)
{
	printf("Usage: %s [start] [OPTION]...\n"
	       "Runs commands on this machine for a Sloth master.\n\n", program);
	opt_print_help(config_options, stdout);
	printf("\nExample:\n  %s --name web1 --master 127.0.0.1:50053 --daemon\n", program);
}

/* Returns the lock, or -1 with *status and *error. */
static int lock_state_dir(const struct config *c, int *status, char **error)
{
	char *path = paths_join(c->own_state_dir, "agent.pid");
	int lock = fd_make_dirs(c->own_state_dir, 0700);
	pid_t other = 0;

	if (lock == 0)
		lock = daemon_lock(path, &other);
	*status = EXIT_FAILED;
	if (lock == -EWOULDBLOCK) {
		*status = EXIT_CONFIG;
		*error = mem_printf("an agent runs already with the state directory %s, pid %d; give another --state-dir "
				    "to run a second one", c->own_state_dir, (int)other);
	} else if (lock < 0) {
		*error = mem_printf("state directory %s cannot be used: %s", c->own_state_dir, strerror(-lock));
	}
	free(path);
	return lock;
}

static int open_log(const struct config *c, char **error)
{
	int rc = c->own_log_file ? log_open_file(c->own_log_file) : 0;

	if (rc == 0)
		return EXIT_OK;
	*error = mem_printf("log file %s cannot be opened: %s", c->own_log_file, strerror(-rc));
	return EXIT_FAILED;
}

static int run_agent(const struct config *c)
{
	struct agent agent;
	struct daemon_signals signals = { .on_stop = on_stop, .on_hangup = on_hangup, .arg = &agent };
	char *error = NULL;
	int status = agent_open(&agent, c, &error);

	if (status == EXIT_OK) {
		daemon_signals_watch(&signals, agent.loop);
		status = agent_start(&agent, &error);
	}
	if (status == EXIT_OK) {
		ev_run(agent.loop, 0);
		status = agent.exit_status;
		log_info("agent %s: stopped", c->own_name);
	}
	daemon_signals_unwatch(&signals);
	agent_close(&agent);
	return error ? fail(status, error) : status;
}

static int start(const struct config *c)
{
	char *error = NULL;
	int lock, status;

	if (c->daemon)
		daemon_start();
	log_init(program, c->level);
	notify_init();
	lock = lock_state_dir(c, &status, &error);
	if (lock < 0)
		return fail(status, error);
	fd_raise_limit(FILES_WANTED);
	status = open_log(c, &error);
	status = status == EXIT_OK ? run_agent(c) : fail(status, error);
	fd_close(&lock);
	return status;
}

int main(int argc, char **argv)
{
	struct config config;
	char *error = NULL;
	int status;

	proc_reset_signals();
	fd_occupy_standard();
	status = config_load(&config, argc, argv, &error);
	if (status != EXIT_OK)
		status = fail(status, error);
	else if (config.help)
		print_help();
	else if (config.version)
		printf("%s %s\n", program, SLOTH_VERSION);
	else
		status = start(&config);
	config_done(&config);
	return status;
}
