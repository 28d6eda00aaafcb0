/*
 * run_interrupt.c - what signals to sloth do to the run.
 */
#include "cli/run_interrupt.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run.h"
#include "cli/terminal.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

enum {
	INTERRUPT_GRACE_MS = 10000,	/* the agent's own --kill-grace */
	INTERRUPT_MARGIN_MS = 5000,
	INTERRUPT_LAST_S = 5,		/* for the last of the output after SIGTERM and SIGHUP */
	LAST_WORDS_MAX = 512		/* less than PIPE_BUF: fits where poll(2) says so */
};

/* ---- while it runs ---- */

/* The agent cannot be told. */
static void give_up_contact(struct run *run, int signal, bool is_cut)
{
	char hex[2 * RUN_ID_SIZE + 1];

	str_hex(run->request.id, RUN_ID_SIZE, hex);
	run_result_from_us(&run->result, EXIT_SIGNAL + signal,
			   mem_printf("gave up looking for contact%s; the command may go on%s",
				      is_cut ? "; not all of its output was written" : "",
				      run->request.is_kept ? "" : " until its agent misses us"));
	run->result.hint = mem_printf("sloth run stop %s, which ends it", hex);
	run->has_result = true;
	run_abort(run, run->result.status, NULL);
}

/* Output that nobody takes must not hold a person who wants out. */
static void give_up(struct run *run, int signal)
{
	bool is_cut = view_discard(&run->view);

	if (run->state == RUN_DIALLING || run->request.kind == RUN_KIND_OBSERVE)
		run_abort(run, EXIT_SIGNAL + signal, NULL);
	else if (run->state == RUN_RECONNECTING)
		give_up_contact(run, signal, is_cut);
	else
		run_abort(run, EXIT_SIGNAL + signal,
			  mem_printf("gave up waiting for the end of the command%s",
				     is_cut ? "; not all of its output was written" : ""));
}

static void on_give_up(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct run *run = w->data;

	(void)loop;
	(void)revents;
	give_up(run, run->interrupt.signal);
}

static void send_interrupt(struct run *run)
{
	Sloth__V1__RunInput event = SLOTH__V1__RUN_INPUT__INIT;
	Sloth__V1__RunSignal signal = SLOTH__V1__RUN_SIGNAL__INIT;

	signal.number = SIGINT;
	event.event_case = SLOTH__V1__RUN_INPUT__EVENT_SIGNAL;
	event.signal = &signal;
	run_send(run, &event);
	run->interrupt.level = INTERRUPT_SENT;
	run->view.ops->notice(&run->view, "interrupted; Ctrl-C again cancels the command");
}

static void start_give_up(struct run *run)
{
	uint64_t grace_ms = run->options->kill_grace_ms ? run->options->kill_grace_ms : INTERRUPT_GRACE_MS;

	ev_timer_set(&run->interrupt.give_up, (double)(grace_ms + INTERRUPT_MARGIN_MS) / 1000.0, 0);
	ev_timer_start(run->client.loop, &run->interrupt.give_up);
}

void run_interrupt_cancel_again(struct run *run)
{
	Sloth__V1__RunInput event = SLOTH__V1__RUN_INPUT__INIT;
	Sloth__V1__RunCancel cancel = SLOTH__V1__RUN_CANCEL__INIT;

	event.event_case = SLOTH__V1__RUN_INPUT__EVENT_CANCEL;
	event.cancel = &cancel;
	run_send(run, &event);
}

static void send_cancel(struct run *run, int signal)
{
	run_interrupt_cancel_again(run);
	run->interrupt.level = INTERRUPT_CANCELLED;
	run->interrupt.signal = signal;
	if (signal == SIGINT)
		run->view.ops->notice(&run->view, "cancelling; Ctrl-C again gives up waiting");
	else
		start_give_up(run);
}

static void on_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct run *run = w->data;
	int level = (int)run->interrupt.level;

	(void)loop;
	(void)revents;
	if (run->state == RUN_DIALLING || run->state == RUN_RECONNECTING || run->state == RUN_EXITED ||
	    run->request.kind == RUN_KIND_OBSERVE || level == INTERRUPT_CANCELLED)
		give_up(run, w->signum);
	else if (w->signum == SIGINT && level == INTERRUPT_NONE && run->state == RUN_RUNNING)
		send_interrupt(run);
	else
		send_cancel(run, w->signum);
}

void run_interrupt_start(struct run *run)
{
	static const int signals[RUN_INTERRUPT_SIGNALS] = { SIGINT, SIGTERM, SIGHUP };

	ev_timer_init(&run->interrupt.give_up, on_give_up, 0, 0);
	run->interrupt.give_up.data = run;
	for (int i = 0; i < RUN_INTERRUPT_SIGNALS; i++) {
		ev_signal *w = &run->interrupt.watchers[i];
		struct sigaction old;

		ev_signal_init(w, on_signal, signals[i]);
		w->data = run;
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			ev_signal_start(run->client.loop, w);
	}
}

/* ---- when the result is known ---- */

/* For the handler, which has no argument. */
static char last_words[LAST_WORDS_MAX];
static int last_signal;

/* The program may be anywhere, also in a write that blocks. */
static void on_last_signal(int number)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	terminal_restore();
	if (poll(&p, 1, 0) == 1 && p.revents & POLLOUT)
		(void)!write(STDERR_FILENO, last_words, strlen(last_words));
	_exit(EXIT_SIGNAL + (number == SIGALRM ? last_signal : number));
}

static void prepare_last_words(const struct run *run)
{
	char *summary = run_result_summary(&run->result);

	snprintf(last_words, sizeof last_words, "sloth: %s: not all of its output was written: %s\n", run->request.agent,
		 summary);
	free(summary);
}

void run_interrupt_last(struct run *run)
{
	const struct sigaction action = { .sa_handler = on_last_signal };

	prepare_last_words(run);
	last_signal = run->interrupt.signal;
	ev_timer_stop(run->client.loop, &run->interrupt.give_up);
	for (int i = 0; i < RUN_INTERRUPT_SIGNALS; i++) {
		ev_signal *w = &run->interrupt.watchers[i];

		if (!ev_is_active(w))
			continue;
		ev_signal_stop(run->client.loop, w);
		sigaction(w->signum, &action, NULL);
	}
	/* Who pressed Ctrl-C can press it again; who sent SIGTERM has gone on to other things. */
	if (last_signal && last_signal != SIGINT) {
		sigaction(SIGALRM, &action, NULL);
		alarm(INTERRUPT_LAST_S);
	}
}
