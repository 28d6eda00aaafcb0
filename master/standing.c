/*
 * standing.c - see standing.h. Owns the timer by which the counts are looked at, and the last line; without a service
 * manager there is neither.
 */
#include "master/standing.h"

#include <ev.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/notify.h"
#include "common/str.h"
#include "master/master.h"
#include "master/registry.h"
#include "wire/wire.h"

enum { LOOK_EVERY_S = 5 };

static ev_timer timer;
static char *said;		/* NULL: nothing */

/* Owned. */
static char *describe(const struct master *m)
{
	const struct registry_counts agents = registry_counts(m->registry);
	struct buf text = { 0 };
	char *line;

	buf_printf(&text, "listening on %s; agents: %u active", wire_listener_address(m->listeners[0]), agents.active);
	if (agents.unreachable)
		buf_printf(&text, ", %u of them not reached", agents.unreachable);
	if (agents.inactive)
		buf_printf(&text, ", %u inactive", agents.inactive);
	buf_printf(&text, "; runs: %u", m->runs_active);
	line = mem_strdup(buf_string(&text));
	buf_done(&text);
	return line;
}

static void say(const struct master *m, const char *before)
{
	char *line = describe(m);

	if (!str_equal(line, said ? said : ""))
		notify_send("%sSTATUS=%s", before, line);
	free(said);
	said = line;
}

static void on_look(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop, (void)events;
	say(w->data, "");
}

void standing_begin(struct master *m)
{
	if (!notify_has_manager())
		return;
	say(m, "READY=1\n");
	ev_timer_init(&timer, on_look, LOOK_EVERY_S, LOOK_EVERY_S);
	timer.data = m;
	ev_timer_start(m->loop, &timer);
	ev_unref(m->loop);
}

void standing_end(struct master *m)
{
	if (!ev_is_active(&timer))
		return;
	ev_ref(m->loop);
	ev_timer_stop(m->loop, &timer);
	mem_set_string(&said, NULL);
}
