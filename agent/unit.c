/*
 * unit.c - see unit.h. Owns the pipe of `systemctl show`, until it has said everything. What it does not say is fine.
 */
#include "agent/unit.h"

#include <errno.h>
#include <ev.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/cgroup.h"
#include "agent/spawn.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/own_cgroup.h"
#include "common/str.h"

enum { ANSWER_MAX = 4096, ANSWER_MS = 3000 };

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

/* The value of that property in what systemctl says; owned or NULL. */
static char *value_in(const char *answer, const char *property)
{
	size_t n = strlen(property);

	for (const char *line = answer; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, property, n) == 0 && line[n] == '=')
			return mem_strndup(line + n + 1, strcspn(line + n + 1, "\n"));
	}
	return NULL;
}

/* Of a unit that it has not loaded systemd tells what would be so without saying anything. Owned or NULL. */
static char *kill_mode_in(const char *answer)
{
	char *load = value_in(answer, "LoadState"), *mode = NULL;

	if (load && str_equal(load, "loaded"))
		mode = value_in(answer, "KillMode");
	free(load);
	return mode;
}

bool unit_lets_live(const char *kill_mode)
{
	return str_equal(kill_mode, "process") || str_equal(kill_mode, "none");
}

static void report(struct unit *u)
{
	char *mode = kill_mode_in(buf_string(&u->answer));

	if (mode && !unit_lets_live(mode))
		log_warn("agent %s: unit %s has KillMode=%s: whenever it is stopped or restarted all commands are killed; with "
			 "KillMode=process they go on", u->agent, u->name, mode);
	free(mode);
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

/* The service at that path, whose name it is; true: what systemd says comes from *fd. */
static bool ask(const char *path, char *name, int *fd)
{
	char program[] = "systemctl", show[] = "show", whose[] = "--user", what[] = "--property=LoadState,KillMode", end[] = "--";
	char *all[] = { program, show, what, whose, end, name, NULL };
	char *system[] = { program, show, what, end, name, NULL };

	return spawn_teller(strstr(path, "/user@") ? all : system, fd) > 0;
}

/* To its end, or as long as there is time. */
static void read_answer(int fd, struct buf *answer)
{
	const uint64_t until_ms = mono_ms() + ANSWER_MS;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t now_ms;
	ssize_t n = 1;

	while (n != 0 && buf_len(answer) < ANSWER_MAX && (now_ms = mono_ms()) < until_ms &&
	       poll(&p, 1, (int)(until_ms - now_ms)) == 1) {
		n = read(fd, buf_reserve(answer, 512), 512);
		buf_commit(answer, n > 0 ? (size_t)n : 0);
	}
}

char *unit_kill_mode(const char *path)
{
	char *name = name_in(path), *mode = NULL;
	struct buf answer = { 0 };
	int fd = -1;

	if (name && ask(path, name, &fd)) {
		read_answer(fd, &answer);
		mode = kill_mode_in(buf_string(&answer));
	}
	fd_close(&fd);
	buf_done(&answer);
	free(name);
	return mode;
}

struct unit *unit_look(struct ev_loop *loop, const char *agent)
{
	char *path = unit_is_ours() ? own_cgroup() : NULL, *name = path ? name_in(path) : NULL;
	struct unit *u = NULL;

	if (name) {
		u = mem_new(struct unit);
		*u = (struct unit){ .loop = loop, .name = name, .agent = mem_strdup(agent), .fd = -1 };
		ev_init(&u->watcher, on_readable);
		if (ask(path, u->name, &u->fd)) {
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
