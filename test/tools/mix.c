/*
 * mix.c - thousands of mixed calls with cancels and disconnects against a master and its agent.
 *
 *   mix MASTER_SOCKET MASTER_ADDRESS AGENT_ADDRESS NAME SECONDS SEED
 *
 * NAME is the agent that listens on AGENT_ADDRESS. Several connections have many
 * calls at once; each call is of a kind drawn from the tables in mix/. A connection lives for some calls, ends in
 * a way that is drawn too, and the next one takes its place. Every call has to end once, with a code that its
 * kind allows and with the output it was promised; what a disconnect cuts may also end as UNAVAILABLE.
 *
 * Prints how many calls of each kind ended with which code. Exit status 1 when something was not as it should be,
 * with words on stderr. After SECONDS nothing begins any more, and the program ends when nothing is alive.
 */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "test/tools/mix/mixture.h"

enum {
	STUCK_MS = 60000,			/* no kind takes a fraction of it */
	WRONG_MAX = 20				/* and it gives up */
};

/* ---- drawing ---- */

/* splitmix64 */
uint64_t mix_next_random(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

uint32_t mix_draw(struct mix *m, uint32_t below)
{
	return (uint32_t)(mix_next_random(&m->random) % below);
}

static unsigned weight_at(const struct mix_kind *kind, unsigned place)
{
	return kind->places & place ? kind->weight : 0;
}

const struct mix_kind *mix_draw_kind(struct mix *m, unsigned place)
{
	unsigned sum = 0, at;
	size_t i = 0;

	for (size_t k = 0; k < m->n_kinds; k++)
		sum += weight_at(m->kinds[k], place);
	assert(sum > 0);
	for (at = mix_draw(m, sum); at >= weight_at(m->kinds[i], place); i++)
		at -= weight_at(m->kinds[i], place);
	return m->kinds[i];
}

/* ---- what is wrong ---- */

void mix_complain(struct mix *m, const struct mix_conn *mc, const char *what, const char *words)
{
	if (++m->n_wrong > WRONG_MAX)
		return;				/* what giving up makes wrong is no news */
	fprintf(stderr, "%s at %s: %s\n", what, mc ? mc->address : "the end", words);
	if (m->n_wrong == WRONG_MAX)
		ev_break(m->loop, EVBREAK_ALL);
}

/* ---- the program ---- */

static void on_time(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct mix *m = w->data;

	(void)events;
	m->is_over = true;
	ev_timer_stop(loop, w);
	for (size_t i = 0; i < MIX_CONNS; i++)
		mix_conn_end(&m->conns[i]);
}

static void watch_conn(struct mix_conn *mc, uint64_t now)
{
	list_for_each(link, tmp, &mc->calls) {
		struct mix_call *c = list_entry(link, struct mix_call, link);

		if (c->has_ended || now - c->begun_ms < STUCK_MS)
			continue;
		mix_wrong(c, "does not end: %u messages, %zu and %zu bytes of output", c->n_messages,
			  c->run.n_got[0], c->run.n_got[1]);
		ev_break(mc->mix->loop, EVBREAK_ALL);
	}
}

static void on_watch(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct mix *m = w->data;

	(void)loop, (void)events;
	for (size_t i = 0; i < MIX_CONNS; i++)
		watch_conn(&m->conns[i], mono_ms());
}

static void take_kinds(struct mix *m, const struct mix_kind *kinds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		m->kinds[m->n_kinds++] = &kinds[i];
}

static void run(struct mix *m, double seconds)
{
	m->loop = ev_loop_new(EVFLAG_NOENV);
	m->wire = wire_new(m->loop);
	ev_timer_init(&m->end, on_time, seconds, 0);
	m->end.data = m;
	ev_timer_start(m->loop, &m->end);
	ev_timer_init(&m->watch, on_watch, 1, 1);
	m->watch.data = m;
	ev_timer_start(m->loop, &m->watch);
	ev_unref(m->loop);
	for (size_t i = 0; i < MIX_CONNS; i++)
		mix_conn_dial(&m->conns[i]);
	ev_run(m->loop, 0);
}

static void expect_nothing_alive(struct mix *m)
{
	struct wire_counts c = wire_count(m->wire);
	char text[120];

	snprintf(text, sizeof text, "%u connections, %u calls, %zu bytes", c.conns, c.calls, c.buffered);
	if (c.conns || c.calls || c.buffered)
		mix_complain(m, NULL, "still alive", text);
	m->is_over = true;
	wire_free(m->wire);
	ev_loop_destroy(m->loop);
}

static void print_counts(const struct mix *m)
{
	for (size_t i = 0; i < m->n_kinds; i++) {
		printf("%-22s", m->kinds[i]->name);
		for (unsigned code = 0; code < 32; code++)
			if (m->counts[i][code])
				printf(" %s %u", wire_code_name((enum wire_code)code), m->counts[i][code]);
		printf("\n");
	}
	printf("%u calls on %u connections, %u wrong\n", m->n_calls, m->n_conns, m->n_wrong);
}

static void set_up(struct mix *m, char **addresses)
{
	for (size_t i = 0; i < MIX_CONNS; i++) {
		struct mix_conn *mc = &m->conns[i];

		mc->mix = m;
		mc->address = addresses[i % 3];
		mc->place = i % 3 == 2 ? MIX_AGENT : MIX_MASTER;
		list_init(&mc->calls);
	}
	take_kinds(m, mix_plain_kinds, mix_n_plain_kinds);
	take_kinds(m, mix_run_kinds, mix_n_run_kinds);
	take_kinds(m, mix_execute_kinds, mix_n_execute_kinds);
	take_kinds(m, &mix_late_kind, 1);
}

int main(int argc, char **argv)
{
	struct mix m = { 0 };

	signal(SIGPIPE, SIG_IGN);
	if (argc != 7) {
		fputs("usage: mix MASTER_SOCKET MASTER_ADDRESS AGENT_ADDRESS NAME SECONDS SEED\n", stderr);
		return EXIT_FAILURE;
	}
	set_up(&m, argv + 1);
	m.agent = argv[4];
	m.random = strtoull(argv[6], NULL, 10);
	run(&m, strtod(argv[5], NULL));
	expect_nothing_alive(&m);
	print_counts(&m);
	return m.n_wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
