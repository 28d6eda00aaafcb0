/*
 * doctor_local.c - what can be found out on the machine itself: directories, control groups, the process, its port.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent/cgroup.h"
#include "agent/config.h"
#include "agent/doctor.h"
#include "agent/unit.h"
#include "common/buf.h"
#include "common/daemon.h"
#include "common/daemon_files.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/own_cgroup.h"
#include "common/paths.h"
#include "common/port_holder.h"
#include "common/str.h"

enum { PROC_MAX = 16 * 1024 * 1024 };
#define SPACE_MIN (UINT64_C(32) << 20)		/* in the runtime directory; beyond it runs are throttled */

/* ---- directories ---- */

static void look_at_state(struct doctor *d)
{
	static const char *const files[] = { "agent.pid", "instance", "past-runs", "agent.key", "agent.crt", "ca.crt",
					     NULL };
	static const char own_user[] = "as the user of the agent: slothd-agent --doctor";
	const char *dir = d->config->own_state_dir;
	struct stat st;
	char *error = NULL;

	if (stat(dir, &st))
		doctor_say(d, DOCTOR_FAILED, "state directory", mem_printf("%s: %s", dir, strerror(errno)),
			   errno == ENOENT ? "start the agent once: it makes the directory" : own_user);
	else if (daemon_files_check(dir, files, &error) != EXIT_OK)
		doctor_say(d, DOCTOR_FAILED, "state directory", error, "as it says there");
	else if (access(dir, W_OK))
		doctor_say(d, DOCTOR_FAILED, "state directory", mem_printf("%s: %s", dir, strerror(errno)), own_user);
	else
		doctor_say(d, DOCTOR_OK, "state directory", mem_strdup(dir), NULL);
}

static void look_at_runtime(struct doctor *d)
{
	const char *dir = d->config->own_runtime_dir;
	struct statvfs fs;
	uint64_t left;

	if (statvfs(dir, &fs)) {
		doctor_say(d, errno == ENOENT ? DOCTOR_SKIPPED : DOCTOR_FAILED, "runtime directory",
			   mem_printf("%s: %s", dir, strerror(errno)), NULL);
		return;
	}
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	doctor_say(d, left < SPACE_MIN ? DOCTOR_FAILED : DOCTOR_OK, "runtime directory",
		   mem_printf("%s: %s free", dir, str_bytes(left)),
		   left < SPACE_MIN ? "make room in that file system: the output of runs goes there" : NULL);
}

/* ---- the process and its port ---- */

static void look_at_port(struct doctor *d)
{
	unsigned port = (unsigned)d->config->port;
	enum port_listener who = port_listener((uint16_t)port, d->agent);
	char advice[60];

	snprintf(advice, sizeof advice, "sudo ss -ltnp 'sport = :%u'", port);
	if (port == 0)
		doctor_say(d, DOCTOR_SKIPPED, "port", mem_strdup("the kernel chooses it"), NULL);
	else if (who == PORT_SOMEBODYS || (who == PORT_ANOTHERS && d->is_hidden))
		doctor_say(d, DOCTOR_SKIPPED, "port",
			   mem_printf("%u is taken; whether by the agent is for root to see", port), NULL);
	else if (who == PORT_ITS)
		doctor_say(d, DOCTOR_OK, "port", mem_printf("the agent listens on %u", port), NULL);
	else if (who == PORT_ANOTHERS)
		doctor_say(d, DOCTOR_FAILED, "port", mem_printf("%u is taken by another process", port), advice);
	else if (d->agent)
		doctor_say(d, DOCTOR_FAILED, "port",
			   mem_printf("the agent does not listen on %u: it was started with other options", port), advice);
	else
		doctor_say(d, DOCTOR_SKIPPED, "port", mem_printf("%u is free", port), NULL);
}

static void look_at_process(struct doctor *d)
{
	char *path = paths_join(d->config->own_state_dir, "agent.pid");
	pid_t pid = daemon_find(path);

	d->agent = pid > 0 ? pid : 0;
	d->is_hidden = pid == -EACCES;
	if (d->is_hidden)
		doctor_say(d, DOCTOR_SKIPPED, "process", mem_printf("%s: %s", path, strerror(EACCES)), NULL);
	else if (d->agent)
		doctor_say(d, DOCTOR_OK, "process", mem_printf("the agent runs, pid %d", (int)pid), NULL);
	else
		doctor_say(d, DOCTOR_FAILED, "process",
			   mem_printf("no agent runs with the state directory %s", d->config->own_state_dir),
			   "sudo systemctl start slothd-agent; systemctl status slothd-agent says why it ended");
	free(path);
}

/* ---- control groups and units ---- */

/* Of the line "0::/PATH" of the process; owned; NULL: it is in no unit. */
static char *unit_of(pid_t pid)
{
	struct buf text = { 0 };
	char file[40], *line, *rest, *path = NULL;

	snprintf(file, sizeof file, "/proc/%d/cgroup", (int)pid);
	if (fd_read_file(file, PROC_MAX, &text) == 0) {
		buf_string(&text);
		for (line = strtok_r((char *)buf_data(&text), "\n", &rest); line && !path; line = strtok_r(NULL, "\n", &rest))
			if (strncmp(line, "0::/", 4) == 0)
				path = unit_path(line + 3);
	}
	buf_done(&text);
	return path;
}

static bool is_delegated(const char *unit)
{
	char *mount = own_cgroup_mount(), *dir = mem_printf("%s%s", mount ? mount : "", unit);
	bool is = cgroup_has_mark(dir);

	free(dir);
	free(mount);
	return is;
}

/* A unit that is not made for it costs the runs their groups, and with its usual KillMode their lives. `mode` NULL: systemd
 * does not say. */
static void judge_unit(struct doctor *d, const char *name, bool is_delegated, const char *mode)
{
	bool kills = mode && !unit_lets_live(mode);
	char advice[160];

	snprintf(advice, sizeof advice, "sudo systemctl edit %.60s: [Service]%s%s", name, is_delegated ? "" : " Delegate=yes",
		 kills || !mode ? " KillMode=process" : "");
	if (!is_delegated && (kills || !mode))
		doctor_say(d, DOCTOR_FAILED, "unit",
			   mem_printf("%s has no Delegate=yes: runs get no group of their own, and with %sKillMode=%s all are killed "
				      "whenever the agent is stopped or restarted", name, mode ? "" : "the usual ",
				      mode ? mode : "control-group"), advice);
	else if (!is_delegated)
		doctor_say(d, DOCTOR_FAILED, "unit", mem_printf("%s has no Delegate=yes: runs get no group of their own", name), advice);
	else if (kills)
		doctor_say(d, DOCTOR_FAILED, "unit",
			   mem_printf("%s has KillMode=%s: all runs are killed whenever the agent is stopped or restarted", name, mode),
			   advice);
	else
		doctor_say(d, DOCTOR_OK, "unit", mem_printf("%s, with Delegate=yes%s", name, mode ? ", and runs outlive it" : ""), NULL);
}

static void look_at_unit(struct doctor *d)
{
	char *unit = unit_of(d->agent), *mode = unit ? unit_kill_mode(unit) : NULL;

	if (unit)
		judge_unit(d, strrchr(unit, '/') + 1, is_delegated(unit), mode);
	else
		doctor_say(d, DOCTOR_OK, "unit", mem_strdup("none: the agent was started by hand"), NULL);
	free(mode);
	free(unit);
}

static void look_at_cgroup(struct doctor *d)
{
	char *path;

	if (d->agent) {
		look_at_unit(d);
		return;
	}
	path = cgroup_own();
	doctor_say(d, DOCTOR_OK, "cgroup", path ? mem_printf("v2, at %s", path) :
		   mem_strdup("none of our own here: runs are held together by their supervisors"), NULL);
	free(path);
}

void doctor_local(struct doctor *d)
{
	look_at_state(d);
	look_at_runtime(d);
	look_at_process(d);
	look_at_port(d);
	look_at_cgroup(d);
}
