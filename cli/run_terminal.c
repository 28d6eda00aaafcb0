/*
 * run_terminal.c - see run_terminal.h.
 */
#include "cli/run_terminal.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/run.h"
#include "cli/terminal.h"
#include "common/buf.h"
#include "common/exits.h"
#include "common/mem.h"

/* ---- size ---- */

static struct winsize size_now(void)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };

	/* A terminal that does not know its size says 0: then that is passed on, as it is. */
	ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
	return size;
}

void run_terminal_describe(Sloth__V1__RunTerminal *terminal)
{
	const char *term = getenv("TERM");
	struct winsize size = size_now();

	terminal->term = (char *)(uintptr_t)(term ? term : "");		/* read only */
	terminal->rows = size.ws_row;
	terminal->columns = size.ws_col;
}

static void send_size(struct run *run)
{
	Sloth__V1__RunInput event = SLOTH__V1__RUN_INPUT__INIT;
	Sloth__V1__RunResize resize = SLOTH__V1__RUN_RESIZE__INIT;
	struct winsize size = size_now();

	resize.rows = size.ws_row;
	resize.columns = size.ws_col;
	event.event_case = SLOTH__V1__RUN_INPUT__EVENT_RESIZE;
	event.resize = &resize;
	run_send(run, &event);
}

static void on_resized(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct run *run = w->data;

	(void)loop;
	(void)revents;
	if (run->terminal.is_on)
		send_size(run);
}

/* ---- suspending ---- */

/* Somebody else's: Ctrl-Z is a key of the command. */
static void on_suspended(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
	terminal_restore();
	raise(SIGSTOP);
}

/* In the foreground again, that is: in the background the next SIGCONT is waited for, which `fg` sends. */
static void on_continued(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct run *run = w->data;

	(void)loop;
	(void)revents;
	if (!run->terminal.is_on)
		return;
	/* Whoever stopped us may have set the terminal to something else. */
	terminal_restore();
	if (terminal_raw())
		send_size(run);
}

static void watch(struct run *run)
{
	struct run_terminal *t = &run->terminal;

	if (t->is_watching)
		return;
	t->is_watching = true;
	ev_signal_init(&t->resized, on_resized, SIGWINCH);
	ev_signal_init(&t->suspended, on_suspended, SIGTSTP);
	ev_signal_init(&t->continued, on_continued, SIGCONT);
	t->resized.data = t->suspended.data = t->continued.data = run;
	ev_signal_start(run->client.loop, &t->resized);
	ev_signal_start(run->client.loop, &t->suspended);
	ev_signal_start(run->client.loop, &t->continued);
}

static void unwatch(struct run *run)
{
	struct run_terminal *t = &run->terminal;

	if (!t->is_watching)
		return;
	t->is_watching = false;
	ev_signal_stop(run->client.loop, &t->resized);
	ev_signal_stop(run->client.loop, &t->suspended);
	ev_signal_stop(run->client.loop, &t->continued);
}

/* ---- contact ---- */

void run_terminal_start(struct run *run)
{
	if (!run->options->tty)
		return;
	run->terminal.is_on = true;
	watch(run);
	terminal_raw();
	send_size(run);
}

void run_terminal_stop(struct run *run)
{
	if (!run->terminal.is_on)
		return;
	run->terminal.is_on = false;
	unwatch(run);
	terminal_restore();
}

/* ---- keys ---- */

static void pass(struct run_terminal *t, uint8_t key, struct buf *out)
{
	buf_append(out, &key, 1);
	t->is_inside = key != '\r' && key != '\n';
}

bool run_terminal_filter(struct run_terminal *t, const uint8_t *data, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (t->has_tilde) {
			t->has_tilde = false;
			if (data[i] == '.')
				return true;
			pass(t, '~', out);
			if (data[i] == '~')
				continue;	/* two are one */
		} else if (data[i] == '~' && !t->is_inside) {
			t->has_tilde = true;
			continue;
		}
		pass(t, data[i], out);
	}
	return false;
}

void run_terminal_leave(struct run *run)
{
	if (run->request.is_kept)
		run_detach(run, EXIT_LOST, mem_strdup("left; the command goes on"));
	else
		run_abort(run, EXIT_LOST, mem_strdup("left by ~.; the command is cancelled"));
}
