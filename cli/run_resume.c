/*
 * run_resume.c - looking for a run that we lost contact with: another call, over another connection where it takes one,
 * again and again until the agent answers or the time of --reconnect is over.
 *
 *   lost -> wait -> dial, if there is no connection -> call -> started: contact
 *            ^------- failed -------------------------'
 *
 * A call that follows never starts a run twice: it resumes, and hands the start over only for an agent that can prove
 * that the run never began. Where the end of a call has proved that already, the next one is a start as the first was.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"
#include "common/clock.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

enum { RESUME_MIN_MS = 100, RESUME_MAX_MS = 5000 };

static void tell(struct run *run, const char *what)
{
	char *text;

	if (run->resume.is_noticed)
		return;
	run->resume.is_noticed = true;
	text = mem_printf("%s %s: %s; trying again for %s", what, run->request.agent, run->resume.why,
			  str_duration_ms(run->request.reconnect_ms));
	run->view.ops->notice(&run->view, text);
	free(text);
}

static void try_later(struct run *run)
{
	uint32_t random, delay_ms;

	random_bytes(&random, sizeof random);
	delay_ms = backoff_next_ms(&run->resume.backoff, random);
	ev_timer_stop(run->client.loop, &run->resume.retry);
	ev_timer_set(&run->resume.retry, delay_ms / 1000.0, 0);
	ev_timer_start(run->client.loop, &run->resume.retry);
}

static void on_retry(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct run *run = w->data;

	(void)loop;
	(void)revents;
	if (run->client.conn && wire_conn_is_open(run->client.conn))
		run_try(run);
	else
		client_redial(&run->client);
}

/* What is known is said; the run itself goes on for as long as its agent waits for us. */
void run_resume_give_up(struct run *run, const char *why)
{
	const struct run_lost lost = {
		.why = why,
		.for_ms = mono_ms() - run->resume.since_ms,
		.is_started = run->was_started,
		.arrived = run->arrived[FRAME_STDOUT] + run->arrived[FRAME_STDERR],
		.id = run->request.id,
		.interrupt = run->interrupt.signal,
	};

	run_result_from_lost(&run->result, &lost);
	run->has_result = true;
	if (run->call)
		wire_abandon(run->call, WIRE_UNAVAILABLE, "no answer");
	else
		run_over(run);
}

static void on_patience(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct run *run = w->data;

	(void)loop;
	(void)revents;
	if (run->state == RUN_STARTING) {
		run->resume.is_over = true;
	} else if (run->state == RUN_DIALLING) {
		run_fail(run, run->resume.why, "sloth master status on the master's machine");
		run_over(run);
	} else {
		run_resume_give_up(run, run->resume.why);
	}
}

bool run_resume_is_hopeless(const char *why)
{
	/* Each has a space, which no name has: an agent may be called "revoked". */
	static const char *const words[] = { "was revoked", "certificate: revoked", "another CA", "fingerprint differs", "answers as" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strstr(why, words[i]))
			return true;
	}
	return false;
}

static void start_patience(struct run *run)
{
	struct run_resume *r = &run->resume;

	if (ev_is_active(&r->patience))
		return;
	r->since_ms = mono_ms();
	ev_timer_set(&r->patience, (double)run->request.reconnect_ms / 1000.0, 0);
	ev_timer_start(run->client.loop, &r->patience);
}

void run_resume_begin(struct run *run, const char *why)
{
	start_patience(run);
	if (run->state != RUN_RECONNECTING) {
		run_enter(run, RUN_RECONNECTING);
		run_terminal_stop(run);
		run_output_stop(run);
	}
	run_resume_failed(run, why);
	tell(run, "lost contact with");
}

void run_resume_unbegun(struct run *run, const char *why)
{
	start_patience(run);
	run_resume_failed(run, why);
	tell(run, "not begun yet on");
}

bool run_resume_has_time(const struct run *run)
{
	return run->request.reconnect_ms > 0 && !run->resume.is_over;
}

bool run_resume_is_trying(const struct run *run)
{
	return ev_is_active(&run->resume.patience);
}

void run_resume_failed(struct run *run, const char *why)
{
	mem_set_string(&run->resume.why, why);
	try_later(run);
}

void run_resume_end(struct run *run)
{
	run_resume_stop(run);
	backoff_reset(&run->resume.backoff);
	if (run->resume.is_noticed)
		run->view.ops->notice(&run->view, "in contact again");
	run->resume.is_noticed = false;
}

void run_resume_init(struct run *run)
{
	struct run_resume *r = &run->resume;

	backoff_init(&r->backoff, RESUME_MIN_MS, RESUME_MAX_MS);
	ev_timer_init(&r->retry, on_retry, 0, 0);
	r->retry.data = run;
	ev_timer_init(&r->patience, on_patience, 0, 0);
	r->patience.data = run;
}

void run_resume_stop(struct run *run)
{
	ev_timer_stop(run->client.loop, &run->resume.retry);
	ev_timer_stop(run->client.loop, &run->resume.patience);
	mem_set_string(&run->resume.why, NULL);
}
