/*
 * mixture.h - the mixture as a whole, and its connections. For mix.c, conn.c and call.c.
 */
#ifndef TEST_TOOLS_MIXTURE_H
#define TEST_TOOLS_MIXTURE_H

#include "test/tools/mix/mix.h"

enum { MIX_CONNS = 6, MIX_KINDS_MAX = 64 };

struct mix;

/* How a connection comes to its end. */
enum mix_farewell { CLOSE_IDLE, CLOSE_NOW, CLOSE_IN_TIME, CUT_BOTH, CUT_READING, CUT_WRITING, N_FAREWELLS };

struct mix_conn {
	struct mix *mix;
	const char *address;
	unsigned place;			/* MIX_MASTER or MIX_AGENT */
	struct wire_conn *conn;		/* NULL: down */
	struct list calls;
	unsigned n_open, n_left;	/* calls: open; to begin before the end */
	enum mix_farewell farewell;
	bool is_ending;
};

struct mix {
	struct ev_loop *loop;
	struct wire *wire;
	struct mix_conn conns[MIX_CONNS];
	const char *agent;
	const struct mix_kind *kinds[MIX_KINDS_MAX];
	size_t n_kinds;
	unsigned counts[MIX_KINDS_MAX][32];	/* by kind and code */
	unsigned n_calls, n_conns, n_wrong;
	uint64_t random;
	bool is_over;
	ev_timer end, watch;
	uint8_t past_run[16];
	bool has_past_run;
};

/* ---- mix.c ---- */

uint64_t mix_next_random(uint64_t *state);
uint32_t mix_draw(struct mix *m, uint32_t below);
const struct mix_kind *mix_draw_kind(struct mix *m, unsigned place);
/* Something is not as it should be. mc: NULL where it is nobody's. */
void mix_complain(struct mix *m, const struct mix_conn *mc, const char *what, const char *words);

/* ---- conn.c ---- */

/* The last call of a connection that has been closed. */
extern const struct mix_kind mix_late_kind;

/* A new connection, with all the calls that it is to have at once. */
void mix_conn_dial(struct mix_conn *mc);
/* A call has ended: the next ones, or the end of the connection. */
void mix_conn_refill(struct mix_conn *mc);
/* No call begins any more. */
void mix_conn_end(struct mix_conn *mc);

/* ---- call.c ---- */

void mix_call_start(struct mix_conn *mc, const struct mix_kind *kind);
/* Its connection is down, so it has to have ended. */
void mix_call_free(struct mix_call *c);

#endif
