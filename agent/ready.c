/*
 * ready.c - see ready.h. Owns one timer and one file; cannot fail: a file that cannot be written is a warning.
 */
#include "agent/ready.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "common/daemon.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/notify.h"
#include "common/paths.h"
#include "common/str.h"

enum { WORDS_MAX = 800 };	/* of a status */

const char ready_file[] = "status";

static void on_waited(struct ev_loop *loop, ev_timer *w, int events)
{
	struct agent *a = w->data;
	char *words = mem_printf("not registered yet: no answer from master %s; still trying", a->config->master);

	(void)loop, (void)events;
	ready_tell(a, STANDING_TRYING, words);
	free(words);
}

void ready_await(struct agent *a)
{
	ev_timer_init(&a->ready.timer, on_waited, READY_WAIT_MS / 1000., 0.);
	a->ready.timer.data = a;
	ev_now_update(a->loop);
	ev_timer_start(a->loop, &a->ready.timer);
	a->ready.is_due = true;
}

static void disarm(struct agent *a)
{
	ev_timer_stop(a->loop, &a->ready.timer);
	a->ready.is_due = false;
}

/* One line: the word for the standing, a space, and the words. */
static void write_standing(struct agent *a, enum standing standing, const char *words)
{
	static const char *const names[] = {
		[STANDING_TRYING] = "trying", [STANDING_WAITING] = "waiting", [STANDING_DENIED] = "denied",
		[STANDING_REGISTERED] = "registered",
	};
	char *line, *path;
	int err;

	if (standing != STANDING_SAME)
		a->ready.standing = standing;
	line = mem_printf("%s %s\n", names[a->ready.standing], words);
	if (str_equal(line, a->ready.written)) {
		free(line);
		return;
	}
	path = paths_join(a->config->own_runtime_dir, ready_file);
	err = fd_write_file(path, line, strlen(line), 0644);
	if (err)
		log_warn("agent %s: %s cannot be written: %s", a->config->own_name, path, strerror(-err));
	free(a->ready.written);
	a->ready.written = line;
	free(path);
}

static void remove_file(struct agent *a)
{
	char *path = a->ready.written ? paths_join(a->config->own_runtime_dir, ready_file) : NULL;

	if (path)
		unlink(path);
	free(path);
	mem_set_string(&a->ready.written, NULL);
}

void ready_tell(struct agent *a, enum standing standing, const char *words)
{
	const struct config *c = a->config;
	const char *address = wire_listener_address(a->listeners[0]);
	char safe[WORDS_MAX + 1], *text;
	size_t n;

	if (a->ready.is_over)
		return;
	n = str_escape(safe, sizeof safe - 1, words, strlen(words), "");
	safe[n] = '\0';
	write_standing(a, standing, safe);
	notify_send("%sSTATUS=listening on %s; %s", a->ready.is_due ? "READY=1\n" : "", address, safe);
	if (!a->ready.is_due)
		return;
	disarm(a);
	text = mem_printf("slothd-agent: agent \"%s\" listens on %s, pid %d, log %s; %s", c->own_name, address,
			  (int)getpid(), c->own_log_file ? c->own_log_file : "stderr", safe);
	daemon_ready(text);
	free(text);
}

void ready_stop(struct agent *a)
{
	disarm(a);
	remove_file(a);
	a->ready.is_over = true;
}
