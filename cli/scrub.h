/*
 * scrub.h - output of commands as pieces that cannot break a frame. Pure.
 *
 * Bytes go in as they come; out come runs of printable text, tabs, line ends, carriage returns and
 * colours (SGR). Every other control sequence is left out, every other control character and every
 * invalid byte is shown as U+FFFD. Pieces may be cut anywhere between calls.
 */
#ifndef CLI_SCRUB_H
#define CLI_SCRUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/utf8.h"

enum scrub_kind {
	SCRUB_TEXT,		/* printable characters, whole ones */
	SCRUB_TAB,
	SCRUB_NEWLINE,		/* "\n" or "\r\n" */
	SCRUB_RETURN,		/* "\r" before anything else */
	SCRUB_SGR		/* "\033[...m" */
};

enum { SCRUB_SGR_MAX = 48 };

/* data is borrowed; empty but for SCRUB_TEXT and SCRUB_SGR. */
typedef void scrub_piece(enum scrub_kind kind, const uint8_t *data, size_t n, void *arg);

enum scrub_state { SCRUB_GROUND, SCRUB_ESCAPE, SCRUB_CSI, SCRUB_STRING, SCRUB_STRING_ESCAPE };

struct scrub {			/* zeroed: fresh */
	struct utf8_stream utf8;
	struct buf valid;
	enum scrub_state state;
	bool has_return;	/* "\r" seen, what follows decides */
	uint8_t sequence[SCRUB_SGR_MAX];
	size_t n_sequence;
};

void scrub_feed(struct scrub *s, const void *data, size_t n, scrub_piece *piece, void *arg);
/* The stream has ended. */
void scrub_finish(struct scrub *s, scrub_piece *piece, void *arg);
void scrub_done(struct scrub *s);

/* The colours that are in force, to be set again at the head of the next line. Zeroed: none. */
struct scrub_colors {
	uint8_t text[2 * SCRUB_SGR_MAX];
	size_t n;
};
void scrub_colors_apply(struct scrub_colors *c, const uint8_t *sgr, size_t n);

#endif
