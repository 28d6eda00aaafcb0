/*
 * master.c - `sloth master ...` becomes slothd-master(8); `sloth master stop` and `status` look after the
 * master of this machine, found by its pid file, whether it still answers or not.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/daemon_exec.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/target.h"
#include "common/daemon.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"

/* Longer than the time that a master gives to the runs it relays. */
enum { MASTER_STOP_MS = 60000 };

const struct opt master_options[] = {
	{ "state-dir", 0, OPT_STRING, "DIR", "the master's state directory, where it was started with one",
	  offsetof(struct master_options, state_dir), 0, 0 },
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

int master_exec(const struct cli_global *global, int argc, char **argv)
{
	if (!daemon_exec_check(global, "master"))
		return EXIT_USAGE;
	return daemon_exec("slothd-master", argc, argv);
}

static char *pid_path_of(const char *state_dir)
{
	return paths_join(state_dir, "master.pid");
}

/* The pid, 0 when none runs, or -errno. */
static pid_t master_find(const char *state_dir)
{
	char *path = pid_path_of(state_dir);
	pid_t pid = daemon_find(path);

	free(path);
	return pid;
}

static int find_failed(const struct output *output, const char *what, const char *state_dir, int err)
{
	char *path = pid_path_of(state_dir);
	char *error = mem_printf("%s: %s", path, strerror(-err));

	output_failed(output->global, what, error, "as the user that the master runs as");
	free(error);
	free(path);
	return EXIT_FAILED;
}

/* Waits for the end of the process; -ETIME when it goes on. */
static int wait_for_end(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, MASTER_STOP_MS);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n ? 0 : -ETIME;
}

/* The pid may have been given to another program since it was read: look again once it is held. */
static int stop_process(pid_t pid, const char *state_dir)
{
	int pidfd = pidfd_open(pid, 0);
	pid_t again;
	int ret = 0;

	if (pidfd < 0)
		return errno == ESRCH ? 0 : -errno;
	again = master_find(state_dir);
	if (again < 0)
		ret = again;
	else if (again == pid)
		ret = pidfd_send_signal(pidfd, SIGTERM, NULL, 0) ? -errno : wait_for_end(pidfd);
	fd_close(&pidfd);
	return ret == -ESRCH ? 0 : ret;
}

static int master_stop(const struct output *output, const char *state_dir)
{
	pid_t pid = master_find(state_dir);
	char *error;
	int err;

	if (pid < 0)
		return find_failed(output, "master stop", state_dir, pid);
	err = pid ? stop_process(pid, state_dir) : 0;
	if (pid && !err) {
		output->ops->done(output, "stopped", "master", "");
		return EXIT_OK;
	}
	if (!pid)
		error = mem_printf("no master runs with the state directory %s", state_dir);
	else
		error = mem_printf("pid %d: %s", (int)pid, err == -ETIME ? "still ends its runs" : strerror(-err));
	output_failed(output->global, "master stop", error,
		      err == -EPERM ? "as the user that the master runs as" : "sloth master status");
	free(error);
	return EXIT_FAILED;
}

/* The directory that was asked for, or where a master of this user has its own. Owned. */
static char *state_dir_of(const struct master_options *options)
{
	return options->state_dir ? mem_strdup(options->state_dir) : paths_state_dir("sloth");
}

int master_stop_main(void *options, int argc, char **argv)
{
	struct output output;
	char *state_dir;
	int status;

	(void)argc;
	(void)argv;
	if (output_init(&output, options))
		return EXIT_USAGE;
	state_dir = state_dir_of(options);
	status = master_stop(&output, state_dir);
	free(state_dir);
	return status;
}

/* Where no other directory was asked for, a service is the master. */
static const char *start_hint(const struct master_options *options)
{
	if (!options->state_dir && paths_has_unit(TARGET_UNIT))
		return TARGET_START_UNIT;
	return "sloth master --daemon";
}

int master_status_main(void *options, int argc, char **argv)
{
	struct master_found found = { 0 };
	struct output output;
	char *state_dir;

	(void)argc;
	(void)argv;
	if (output_init(&output, options))
		return EXIT_USAGE;
	state_dir = state_dir_of(options);
	found.state_dir = state_dir;
	found.pid = master_find(state_dir);
	if (found.pid < 0)
		find_failed(&output, "master status", state_dir, found.pid);
	else
		output.ops->master(&output, &found);
	if (!found.pid) {
		fflush(stdout);		/* that it does not run stands before what to try */
		report_hint("%s", start_hint(options));
	}
	free(state_dir);
	return found.pid > 0 ? EXIT_OK : EXIT_FAILED;
}
