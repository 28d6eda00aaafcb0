/*
 * scrub.c - from bytes to pieces that cannot break a frame.
 *
 *             "\033"            "["           "m", other final byte
 *   GROUND ----------> ESCAPE ---------> CSI ----------------------> GROUND (SGR is handed out)
 *     ^                  | "]", "P", "X", "^", "_"
 *     |  BEL, ST         v
 *     +--------------- STRING     A line end gets out of every state: a cut sequence costs one line at most.
 */
#include "cli/scrub.h"

#include <string.h>

static const uint8_t replacement[] = { 0xef, 0xbf, 0xbd };

static bool is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
}

/* A carriage return that was held back and turns out to stand alone. */
static void flush_return(struct scrub *s, scrub_piece *piece, void *arg)
{
	if (s->has_return)
		piece(SCRUB_RETURN, NULL, 0, arg);
	s->has_return = false;
}

static void newline(struct scrub *s, scrub_piece *piece, void *arg)
{
	s->has_return = false;
	s->state = SCRUB_GROUND;
	piece(SCRUB_NEWLINE, NULL, 0, arg);
}

static void control(struct scrub *s, uint32_t cp, scrub_piece *piece, void *arg)
{
	if (cp == '\n') {
		newline(s, piece, arg);
		return;
	}
	flush_return(s, piece, arg);
	if (cp == '\t')
		piece(SCRUB_TAB, NULL, 0, arg);
	else if (cp == '\r')
		s->has_return = true;
	else if (cp == 0x1b)
		s->state = SCRUB_ESCAPE;
	else
		piece(SCRUB_TEXT, replacement, sizeof replacement, arg);
}

static void escape(struct scrub *s, uint32_t cp)
{
	if (cp == '[') {
		s->state = SCRUB_CSI;
		s->n_sequence = 0;
	} else if (cp < 0x80 && cp && strchr("]PX^_", (int)cp)) {
		s->state = SCRUB_STRING;
	} else if (cp < 0x20 || cp > 0x2f) {
		s->state = SCRUB_GROUND;	/* 0x20..0x2f: one more byte follows */
	}
}

static bool is_sgr(const struct scrub *s, uint32_t final)
{
	if (final != 'm' || s->n_sequence > SCRUB_SGR_MAX - 3)
		return false;
	for (size_t i = 0; i < s->n_sequence; i++) {
		uint8_t c = s->sequence[i];

		if (!(c >= '0' && c <= ';'))		/* digits, ':' and ';' */
			return false;
	}
	return true;
}

/* Parameters are collected until the final byte; one that is too long is not SGR any more. */
static void csi(struct scrub *s, uint32_t cp, scrub_piece *piece, void *arg)
{
	if (cp >= 0x20 && cp < 0x40) {
		if (s->n_sequence < SCRUB_SGR_MAX)
			s->sequence[s->n_sequence++] = (uint8_t)cp;
		return;
	}
	s->state = SCRUB_GROUND;
	if (!is_sgr(s, cp))
		return;
	memmove(s->sequence + 2, s->sequence, s->n_sequence);
	memcpy(s->sequence, "\033[", 2);
	s->sequence[s->n_sequence + 2] = 'm';
	piece(SCRUB_SGR, s->sequence, s->n_sequence + 3, arg);
}

/* One character inside a sequence. */
static void sequence(struct scrub *s, uint32_t cp, scrub_piece *piece, void *arg)
{
	if (cp == '\n') {
		newline(s, piece, arg);
	} else if (s->state == SCRUB_ESCAPE) {
		escape(s, cp);
	} else if (s->state == SCRUB_CSI) {
		csi(s, cp, piece, arg);
	} else if (cp == 0x07 || (s->state == SCRUB_STRING_ESCAPE && cp == '\\')) {
		s->state = SCRUB_GROUND;
	} else {
		s->state = cp == 0x1b ? SCRUB_STRING_ESCAPE : SCRUB_STRING;
	}
}

/* Hands out runs of printable characters; everything else goes through the machine one by one. */
static void pieces(struct scrub *s, const uint8_t *p, const uint8_t *end, scrub_piece *piece, void *arg)
{
	const uint8_t *run = p;

	while (p < end) {
		const uint8_t *here = p;
		uint32_t cp;

		utf8_next(&p, end, &cp);
		if (s->state == SCRUB_GROUND && !is_control(cp)) {
			flush_return(s, piece, arg);
			continue;
		}
		if (here > run)
			piece(SCRUB_TEXT, run, (size_t)(here - run), arg);
		run = p;
		if (s->state == SCRUB_GROUND)
			control(s, cp, piece, arg);
		else
			sequence(s, cp, piece, arg);
	}
	if (p > run)
		piece(SCRUB_TEXT, run, (size_t)(p - run), arg);
}

static void feed_valid(struct scrub *s, scrub_piece *piece, void *arg)
{
	const uint8_t *data = buf_data(&s->valid);

	if (buf_len(&s->valid))
		pieces(s, data, data + buf_len(&s->valid), piece, arg);
	buf_clear(&s->valid);
}

void scrub_feed(struct scrub *s, const void *data, size_t n, scrub_piece *piece, void *arg)
{
	utf8_stream_feed(&s->utf8, data, n, &s->valid);
	feed_valid(s, piece, arg);
}

void scrub_finish(struct scrub *s, scrub_piece *piece, void *arg)
{
	utf8_stream_finish(&s->utf8, &s->valid);
	feed_valid(s, piece, arg);
	s->has_return = false;
	s->state = SCRUB_GROUND;
}

void scrub_done(struct scrub *s)
{
	buf_done(&s->valid);
	*s = (struct scrub){ 0 };
}

/* "\033[m", "\033[0m", "\033[0;...m" begin anew; others add. */
void scrub_colors_apply(struct scrub_colors *c, const uint8_t *sgr, size_t n)
{
	bool is_reset = n == 3 || (n == 4 && sgr[2] == '0');
	bool begins_anew = is_reset || (n > 4 && sgr[2] == '0' && sgr[3] == ';');

	if (begins_anew || c->n + n > sizeof c->text)
		c->n = 0;
	if (is_reset)
		return;
	memcpy(c->text + c->n, sgr, n);
	c->n += n;
}
