/*
 * run.c - a run from its process to its end.
 *
 * It ends when three facts are in, in any order: the process was reaped, both streams are at their end, and, if it
 * was ended by us, nothing that descends from it is left. run_turn() looks at them once a turn and is the only place
 * where a run ends. What cannot be killed is given up, with its pids in the words.
 *
 *   IDLE --begin--> RUNNING --stop, timeout, lost--> TERMINATING --grace, kill--> KILLING
 *     |                |  \------------ kill -----------------------------------> |  |
 *     |                +----------------- all facts ------+-----------------------+--+--> ENDED --release--> IDLE
 *     +-- not started ----------------------------------------------------------------------^
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "agent/supervise/status.h"
#include "agent/supervise/supervisor.h"
#include "agent/supervise/terminal.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/sm.h"
#include "common/str.h"

enum { GRACE_MS = 10 * 1000, POLL_MIN_MS = 5, POLL_MAX_MS = 200, RETRY_MS = 200 };

static const struct sm_state states[] = {
	[SUP_IS_IDLE]        = { "idle",        SM(SUP_IS_RUNNING) | SM(SUP_IS_ENDED) },
	[SUP_IS_RUNNING]     = { "running",     SM(SUP_IS_TERMINATING) | SM(SUP_IS_KILLING) | SM(SUP_IS_ENDED) },
	[SUP_IS_TERMINATING] = { "terminating", SM(SUP_IS_KILLING) | SM(SUP_IS_ENDED) },
	[SUP_IS_KILLING]     = { "killing",     SM(SUP_IS_ENDED) },
	[SUP_IS_ENDED]       = { "ended",       SM(SUP_IS_IDLE) },
};

/* Not sm_move(): it would bring the log, and with that most of the C library, into every run's memory. */
void run_move(struct supervisor *s, enum supervisor_state to)
{
	if (!(states[s->state].next & SM(to)))
		abort();
	s->state = to;
}

static bool is_alive(const struct supervisor *s)
{
	return s->state != SUP_IS_IDLE && s->state != SUP_IS_ENDED;
}

static bool is_being_ended(const struct supervisor *s)
{
	return s->state == SUP_IS_TERMINATING || s->state == SUP_IS_KILLING;
}

/* ---- the end ---- */

static void set_reason(struct supervisor *s, const char *text, size_t n)
{
	if (n > SUP_REASON_MAX)
		n = SUP_REASON_MAX;
	memcpy(s->reason, text, n);
	s->reason[n] = '\0';
	s->status.reason_length = (uint32_t)n;
}

/* Somebody has removed it: nobody will read there how the run ended. */
static bool is_removed(int dir)
{
	struct stat st;

	return fstat(dir, &st) == 0 && st.st_nlink == 0;
}

static void save(struct supervisor *s)
{
	do
		s->is_saved = status_write(s->home.dir, &s->status, s->reason, s->spec.is_detached) == 0 ||
			      is_removed(s->home.dir);
	while (!s->is_saved && spool_drop(&s->home.spool));
	if (!s->is_saved)
		clocks_start(&s->clocks, CLOCK_RETRY, mono_ms(), RETRY_MS);
}

static void enter_end(struct supervisor *s)
{
	s->status.ended_us = (uint64_t)wall_us();
	s->clocks = (struct clocks){ { 0 } };
	run_move(s, SUP_IS_ENDED);
	save(s);
	s->owes |= OWES_ENDED;
}

void run_fail(struct supervisor *s, int code, const char *why)
{
	contain_done(&s->contain);
	s->status.end = SUP_END_NOT_STARTED;
	s->status.code = code;
	set_reason(s, why, strlen(why));
	enter_end(s);
}

static void finish(struct supervisor *s)
{
	struct sup_status *st = &s->status;
	uint64_t end_us = s->has_exited ? s->exited_us : mono_us();

	st->duration_us = end_us - s->started_us;
	st->output_cut = s->output.is_cut;
	for (size_t i = 0; i < OUTPUT_STREAMS; i++)
		st->total[i] = s->output.streams[i].total;
	if (st->end == SUP_END_UNKNOWN && st->signal) {
		const char *text = status_signal_text(st->signal);

		st->end = SUP_END_SIGNALLED;
		st->code = st->signal;
		set_reason(s, text, strlen(text));
	} else if (st->end == SUP_END_UNKNOWN) {
		st->end = SUP_END_EXITED;
	}
	input_done(&s->input);
	enter_end(s);
	if (contain_is_empty(&s->contain, s->has_children))
		contain_done(&s->contain);
}

static bool has_all_facts(const struct supervisor *s)
{
	return (s->has_exited || s->is_given_up) && output_has_ended(&s->output) && (!is_being_ended(s) || s->is_gone);
}

/* Nobody waits for a stream that is held open while what still ends in good order may write to it. */
static void start_linger(struct supervisor *s)
{
	if (!output_has_ended(&s->output) && (s->is_gone || (s->has_exited && !is_being_ended(s))))
		clocks_start(&s->clocks, CLOCK_LINGER, mono_ms(), SUP_LINGER_MS);
}

static void set_gone(struct supervisor *s)
{
	clocks_stop(&s->clocks, CLOCK_GRACE);
	clocks_stop(&s->clocks, CLOCK_POLL);
	clocks_stop(&s->clocks, CLOCK_GIVE_UP);
	s->is_gone = true;
	start_linger(s);
}

static void give_up(struct supervisor *s)
{
	struct buf text = { 0 };

	buf_append_str(&text, s->reason);
	buf_append_str(&text, buf_len(&text) ? "; " : "");
	buf_append_str(&text, "processes left that could not be killed: ");
	contain_left(&s->contain, &text);
	set_reason(s, (const char *)buf_data(&text), buf_len(&text));
	buf_done(&text);
	s->is_given_up = true;
	set_gone(s);
}

/* ---- ending it ---- */

/* A run that has ended by itself by now stays so, whatever becomes of what it left. */
static void note_ending(struct supervisor *s, enum sup_end as, const char *reason, size_t n)
{
	if (s->status.end != SUP_END_UNKNOWN || s->has_exited)
		return;
	s->status.end = as;
	set_reason(s, reason, n);
}

static void start_poll(struct supervisor *s)
{
	clocks_start(&s->clocks, CLOCK_POLL, mono_ms(), s->poll_ms);
	s->poll_ms = 2 * s->poll_ms < POLL_MAX_MS ? 2 * s->poll_ms : POLL_MAX_MS;
}

static void check_gone(struct supervisor *s)
{
	if (is_being_ended(s) && !s->is_gone && contain_is_empty(&s->contain, s->has_children))
		set_gone(s);
}

static void start_killing(struct supervisor *s)
{
	run_move(s, SUP_IS_KILLING);
	clocks_stop(&s->clocks, CLOCK_GRACE);
	clocks_stop(&s->clocks, CLOCK_LINGER);
	clocks_start(&s->clocks, CLOCK_GIVE_UP, mono_ms(), SUP_GIVE_UP_MS);
	contain_kill(&s->contain);
	s->poll_ms = POLL_MIN_MS;
	start_poll(s);
}

static void terminate(struct supervisor *s)
{
	run_move(s, SUP_IS_TERMINATING);
	clocks_stop(&s->clocks, CLOCK_LINGER);
	clocks_start(&s->clocks, CLOCK_GRACE, mono_ms(), s->spec.grace_ms ? s->spec.grace_ms : GRACE_MS);
	contain_ask(&s->contain, s->terminal >= 0);
	s->poll_ms = POLL_MAX_MS;
	start_poll(s);
}

void run_stop(struct supervisor *s, enum sup_end as, const char *reason, size_t n, bool at_once)
{
	if (is_alive(s))
		run_reap(s);		/* what has ended by itself by now was not ended by this */
	if (!is_alive(s) || s->is_gone)
		return;
	if (as <= SUP_END_SIGNALLED || as >= SUP_END_NOT_STARTED)
		as = SUP_END_CANCELLED;
	note_ending(s, as, reason, n);
	clocks_stop(&s->clocks, CLOCK_TIMEOUT);
	clocks_stop(&s->clocks, CLOCK_LOST);
	if (at_once && s->state != SUP_IS_KILLING)
		start_killing(s);
	else if (s->state == SUP_IS_RUNNING)
		terminate(s);
	check_gone(s);
}

static void stop_in_words(struct supervisor *s, enum sup_end as, const char *what, uint64_t ms)
{
	char *reason = mem_printf("%s %s", what, str_duration_ms(ms));

	run_stop(s, as, reason, strlen(reason), false);
	free(reason);
}

void run_signal(struct supervisor *s, int number)
{
	pid_t group = s->has_exited ? 0 : s->pid;

	if (!is_alive(s) || number <= 0 || number >= NSIG)
		return;
	if (s->terminal >= 0 && terminal_foreground(s->terminal) > 1)
		group = terminal_foreground(s->terminal);
	if (group > 1)
		kill(-group, number);
}

/* ---- what happens ---- */

static void note_exit(struct supervisor *s, int status)
{
	s->has_exited = true;
	s->exited_us = mono_us();
	if (WIFSIGNALED(status))
		s->status.signal = WTERMSIG(status);
	else
		s->status.code = WEXITSTATUS(status);
	s->contain.leader = 0;
	clocks_stop(&s->clocks, CLOCK_TIMEOUT);
	start_linger(s);
}

void run_reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
		if (pid == s->pid && is_alive(s))
			note_exit(s, status);
	s->has_children = pid == 0;
	check_gone(s);
}

void run_lose_agent(struct supervisor *s)
{
	if (s->state == SUP_IS_IDLE) {
		home_remove(&s->home);
		s->is_over = true;
	} else if (is_being_ended(s)) {
		start_linger(s);
	} else if (is_alive(s) && s->spec.lost_ms) {
		clocks_start(&s->clocks, CLOCK_LOST, mono_ms(), s->spec.lost_ms);
	}
}

static void forget_run(struct supervisor *s)
{
	contain_done(&s->contain);
	input_done(&s->input);
	output_done(&s->output);
	spec_done(&s->spec);
	s->terminal = -1;
	s->pid = 0;
	s->has_exited = s->has_children = s->is_gone = s->is_given_up = s->is_saved = s->is_homeless = false;
	s->reason[0] = '\0';
	s->status = (struct sup_status){ 0 };
	s->owes = 0;
	s->clocks = (struct clocks){ { 0 } };
}

/* What stays alive of it goes on without a supervisor: a daemon that was meant to. */
static bool has_left_something(struct supervisor *s)
{
	run_reap(s);
	return !contain_is_empty(&s->contain, s->has_children);
}

void run_release(struct supervisor *s, bool exits)
{
	int err = 0;

	if (s->state != SUP_IS_ENDED)
		return;
	exits = has_left_something(s) || exits;
	forget_run(s);
	run_move(s, SUP_IS_IDLE);
	if (exits || s->home.is_elsewhere) {
		home_remove(&s->home);
		err = exits ? 0 : begin_idle(s);
	} else {
		err = home_empty(&s->home);
		s->owes = OWES_IDLE;
	}
	if (exits || err)
		s->is_over = true;
}

/* ---- once a turn ---- */

static void retry(struct supervisor *s)
{
	spool_look(&s->home.spool);
	output_retry(&s->output);
	if (s->state == SUP_IS_ENDED && !s->is_saved)
		save(s);
}

static void on_poll(struct supervisor *s)
{
	if (s->state == SUP_IS_KILLING)
		contain_kill(&s->contain);
	else if (s->terminal >= 0)
		contain_nudge(&s->contain);
	start_poll(s);
	run_reap(s);
}

/* An agent makes room for what is in the pipes; without one a run that was ended does not wait for it. */
static void on_linger(struct supervisor *s)
{
	output_cut(&s->output);
	if (s->agent < 0 && is_being_ended(s))
		output_abandon(&s->output);
}

/* Pages that only the start has touched: of the heap, and of the stack below where we are. */
static void shed_memory(void)
{
	enum { PAGE = 4096, BELOW = 16 * PAGE };
	uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)(PAGE - 1);

	malloc_trim(0);
	madvise((void *)(here - PAGE - BELOW), BELOW, MADV_DONTNEED);
}

static void run_clocks(struct supervisor *s)
{
	uint64_t now = mono_ms();

	clocks_take(&s->clocks, CLOCK_STARTED, now);
	if (clocks_take(&s->clocks, CLOCK_SHED, now))
		shed_memory();
	if (clocks_take(&s->clocks, CLOCK_RETRY, now))
		retry(s);
	if (clocks_take(&s->clocks, CLOCK_TIMEOUT, now))
		stop_in_words(s, SUP_END_TIMED_OUT, "timed out after", s->spec.timeout_ms);
	if (clocks_take(&s->clocks, CLOCK_LOST, now))
		stop_in_words(s, SUP_END_CANCELLED, "its agent was gone for", s->spec.lost_ms);
	if (clocks_take(&s->clocks, CLOCK_GRACE, now))
		start_killing(s);
	if (clocks_take(&s->clocks, CLOCK_POLL, now))
		on_poll(s);
	if (clocks_take(&s->clocks, CLOCK_GIVE_UP, now))
		give_up(s);
	if (clocks_take(&s->clocks, CLOCK_LINGER, now))
		on_linger(s);
}

/* The terminal is one descriptor for both directions: with the output the input ends. */
static void check_terminal(struct supervisor *s)
{
	if (s->terminal < 0 || s->output.streams[0].fd >= 0)
		return;
	s->terminal = -1;
	input_done(&s->input);
}

/* A reader sets `wants` and looks at the end again: only what comes behind that look is news. */
static void tell_growth(struct supervisor *s)
{
	if (!is_alive(s) || s->home.spool.head->end == s->seen_end)
		return;
	s->seen_end = s->home.spool.head->end;
	if (spool_takes_wants(&s->home.spool))
		s->owes |= OWES_GREW;
}

/* Nobody comes back for it: what is to be known is in its files. */
static bool is_done(const struct supervisor *s)
{
	return s->state == SUP_IS_ENDED && s->is_saved &&
	       (s->agent < 0 || (s->spec.is_detached && !(s->owes & OWES_ENDED)));
}

void run_turn(struct supervisor *s)
{
	run_clocks(s);
	check_terminal(s);
	if (is_alive(s) && (s->output.is_pending || s->home.spool.is_low) && !clocks_runs(&s->clocks, CLOCK_RETRY))
		clocks_start(&s->clocks, CLOCK_RETRY, mono_ms(), RETRY_MS);
	tell_growth(s);
	if (is_alive(s) && has_all_facts(s))
		finish(s);
	control_flush(s);
	if (is_done(s)) {
		contain_done(&s->contain);
		if (s->is_homeless)
			home_remove(&s->home);
		else
			home_leave(&s->home);
		s->is_over = true;
	}
}
