/*
 * main.c - slothd-agent: command line, start, signals, exit status.
 *
 * Until the agent works everything that is wrong goes to stderr, which with --daemon is that of whoever
 * started it. A first SIGTERM or SIGINT ends the agent, and the runs before it when it was told so; a second one ends it
 * at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/doctor.h"
#include "agent/spawn.h"
#include "agent/user.h"
#include "agent/version.h"
#include "common/daemon.h"
#include "common/daemon_files.h"
#include "common/daemon_signals.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/listen_fds.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/notify.h"
#include "common/opt_complete.h"
#include "common/str.h"
#include "common/turns.h"

static const char program[] = "slothd-agent";

enum { FILES_WANTED = 65536 };

/* ---- signals ---- */

static void on_stop(const char *name, void *arg)
{
	struct agent *a = arg;

	if (a->state != AGENT_UP) {
		log_warn("agent %s: second %s: ending at once", a->config->own_name, name);
		agent_abort(a);
		_exit(EXIT_FAILED);
	}
	agent_stop(a, a->config->kill_runs, EXIT_OK, name);
}

static void on_hangup(void *arg)
{
	struct agent *a = arg;
	int rc;

	notify_reloading();
	agent_reconfigure(a);
	rc = log_reopen();
	if (rc)
		log_warn("agent %s: log file cannot be opened again: %s", a->config->own_name, strerror(-rc));
	wire_log_counts(a->wire);
	agent_reload(a);
	if (!a->ready.is_due)
		notify_reloaded();
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

static int run_agent(struct config *c)
{
	struct agent agent;
	struct turns turns = { 0 };
	struct daemon_signals signals = { .on_stop = on_stop, .on_hangup = on_hangup, .arg = &agent };
	char *error = NULL;
	int status = agent_open(&agent, c, &error);

	if (status == EXIT_OK) {
		daemon_signals_watch(&signals, agent.loop);
		turns_watch(&turns, agent.loop);
		notify_watch(agent.loop);
		status = agent_start(&agent, &error);
	}
	token_wipe(&c->own_token);	/* who enrols has a copy, for as long as it is needed */
	if (status == EXIT_OK) {
		ev_run(agent.loop, 0);
		status = agent.exit_status;
		wire_log_counts(agent.wire);
		log_info("agent %s: stopped", c->own_name);
	}
	turns_unwatch(&turns);
	notify_unwatch();
	daemon_signals_unwatch(&signals);
	agent_close(&agent);
	return error ? fail(status, error) : status;
}

/* The state directory is ours: made, looked through, locked. */
static int take_state_dir(const struct config *c, int *lock, char **error)
{
	static const char *const files[] = { "agent.pid", "instance", "past-runs", "agent.key", "agent.crt", "ca.crt", NULL };
	int status = daemon_files_make_dir(c->own_state_dir, 0700, error);

	if (status == EXIT_OK)
		status = daemon_files_check(c->own_state_dir, files, error);
	if (status == EXIT_OK)
		status = daemon_files_lock(c->own_state_dir, files[0], "agent", lock, error);
	return status;
}

static int start(struct config *c)
{
	char *error = NULL;
	int lock = -1, status;

	if (c->daemon)
		daemon_start();
	log_init(program, c->level);
	if (c->own_token_was_shown)
		log_warn("--token: every user of this machine could read it; --token-file and SLOTH_TOKEN are not seen");
	notify_init();
	status = take_state_dir(c, &lock, &error);
	if (status == EXIT_OK)
		status = daemon_files_open_log(c->own_log_file, &error);
	fd_raise_limit(FILES_WANTED);
	status = status == EXIT_OK ? run_agent(c) : fail(status, error);
	fd_close(&lock);
	return status;
}

/*
 * Where there is no CLI, sloth and sloth-runner are links to this program, so that "sloth agent start ..." works, as in
 * units that were written for it. EXIT_OK with what follows "agent"; else what they are asked for needs the CLI.
 */
static int take_cli_words(int *argc, char ***argv, char **error)
{
	const char *slash = strrchr((*argv)[0], '/'), *name = slash ? slash + 1 : (*argv)[0];

	if (!str_equal(name, "sloth") && !str_equal(name, "sloth-runner"))
		return EXIT_OK;
	if (*argc > 2 && str_equal((*argv)[1], "agent") && str_equal((*argv)[2], "start")) {
		*argc -= 1;
		*argv += 1;
		return EXIT_OK;
	}
	*error = mem_printf("only \"%s agent start\" works here: this machine has the agent without the command line; it comes "
			    "with the package sloth-cli", name);
	return EXIT_BAD_USAGE;
}

/* Where the configuration is wrong nothing of it has been taken. */
static bool asks_doctor(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (str_equal(argv[i], "--doctor"))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct config config = { 0 };
	char *error = NULL;
	int status;

	if (opt_complete_main(config_options, argc, argv))
		return EXIT_OK;
	daemon_forbid_dumps();
	spawn_reset_signals();
	fd_occupy_standard();
	user_init();
	listen_fds_init();
	status = argc > 0 ? take_cli_words(&argc, &argv, &error) : EXIT_OK;
	if (status == EXIT_OK)
		status = config_load(&config, argc, argv, &error);
	if (status != EXIT_OK)
		status = asks_doctor(argc, argv) ? doctor_refuse(status, error) : fail(status, error);
	else if (config.help)
		print_help();
	else if (config.version)
		agent_print_version();
	else if (config.doctor)
		status = doctor_run(&config);
	else if (!config_show(&config))
		status = start(&config);
	config_done(&config);
	return status;
}
