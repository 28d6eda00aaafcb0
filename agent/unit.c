/*
 * unit.c - see unit.h. Owns the pipe of `systemctl show`, until it has said everything. What it does not say is fine.
 */
#include "agent/unit.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/cgroup.h"
#include "agent/spawn.h"
#include "common/buf.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/own_cgroup.h"
#include "common/str.h"

enum { ANSWER_MAX = 4096 };

struct unit {
	struct ev_loop *loop;
	char *name, *agent;
	struct buf answer;
	int fd;
	ev_io watcher;
};

bool unit_is_ours(void)
{
	const char *pid = getenv("SYSTEMD_EXEC_PID");

	return pid && strtol(pid, NULL, 10) == getpid();
}

char *unit_path(const char *group)
{
	static const char suffix[] = ".service";
	const char *end = NULL;

	for (const char *next = strstr(group, suffix); next; next = strstr(next + 1, suffix))
		end = next + strlen(suffix);
	return end ? mem_strndup(group, (size_t)(end - group)) : NULL;
}

/* Of "/system.slice/a.service/agent" it is "a.service". Owned or NULL. */
static char *name_in(const char *group)
{
	char *path = unit_path(group), *slash = path ? strrchr(path, '/') : NULL, *name = NULL;

	if (path)
		name = mem_strdup(slash ? slash + 1 : path);
	free(path);
	return name;
}

static void report(struct unit *u)
{
	const char *mode = strstr(buf_string(&u->answer), "KillMode=");
	size_t n = mode ? strcspn(mode, "\n") : 0;

	if (n && strncmp(mode, "KillMode=process", n) != 0 && strncmp(mode, "KillMode=none", n) != 0)
		log_warn("agent %s: unit %s has %.*s: whenever it is stopped or restarted all commands are killed; with "
			 "KillMode=process they go on", u->agent, u->name, (int)n, mode);
	if (!cgroup_is_delegated())
		log_warn("agent %s: unit %s has no Delegate=yes: commands get no control groups of their own, and what has "
			 "left its session and its parents is harder to find when one is cancelled", u->agent, u->name);
}

static void finish(struct unit *u)
{
	if (!ev_is_active(&u->watcher))
		return;
	ev_ref(u->loop);
	ev_io_stop(u->loop, &u->watcher);
	fd_close(&u->fd);
}

static void on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct unit *u = w->data;
	ssize_t n = read(u->fd, buf_reserve(&u->answer, 512), 512);

	(void)loop, (void)events;
	if (n > 0)
		buf_commit(&u->answer, (size_t)n);
	if ((n > 0 && buf_len(&u->answer) < ANSWER_MAX) || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	finish(u);
	report(u);
}

static bool ask(struct unit *u, bool is_users)
{
	char program[] = "systemctl", show[] = "show", whose[] = "--user", what[] = "--property=KillMode", end[] = "--";
	char *all[] = { program, show, what, whose, end, u->name, NULL };
	char *system[] = { program, show, what, end, u->name, NULL };

	return spawn_teller(is_users ? all : system, &u->fd) > 0;
}

struct unit *unit_look(struct ev_loop *loop, const char *agent)
{
	char *path = unit_is_ours() ? own_cgroup() : NULL, *name = path ? name_in(path) : NULL;
	struct unit *u = NULL;

	if (name) {
		u = mem_new(struct unit);
		*u = (struct unit){ .loop = loop, .name = name, .agent = mem_strdup(agent), .fd = -1 };
		ev_init(&u->watcher, on_readable);
		if (ask(u, strstr(path, "/user@") != NULL)) {
			ev_io_set(&u->watcher, u->fd, EV_READ);
			u->watcher.data = u;
			ev_io_start(loop, &u->watcher);
			ev_unref(loop);
		}
	}
	free(path);
	return u;
}

void unit_free(struct unit *u)
{
	if (!u)
		return;
	finish(u);
	buf_done(&u->answer);
	free(u->name);
	free(u->agent);
	free(u);
}
