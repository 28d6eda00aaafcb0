/*
 * frame.c - the open frame.
 *
 * Invariant: the gutter is the first thing on every line of output, and each line ends without colour.
 * A tab becomes spaces, because the gutter shifts the tab stops; a lone carriage return draws the gutter
 * again, so that progress bars stay inside the frame.
 */
#include "cli/frame.h"

#include <string.h>

enum { FRAME_COLUMNS = 80, FRAME_TAB = 8 };

static const struct frame_glyphs glyphs_utf8 = { "┌", "┐", "└", "┘", "─", "│", "┃", "…" };
static const struct frame_glyphs glyphs_ascii = { "+", "+", "+", "+", "-", "|", "!", "..." };

const struct frame_glyphs *frame_glyphs(const struct style *style)
{
	return style->utf8 ? &glyphs_utf8 : &glyphs_ascii;
}

static void color(struct frame *f, const char *sequence)
{
	if (f->style.color)
		buf_append_str(f->out, sequence);
}

static size_t text_width(const char *s)
{
	return utf8_width_of(s, strlen(s));
}

void frame_badge(const struct style *style, struct buf *out, const char *color_on, const char *word)
{
	if (style->color)
		buf_append_str(out, color_on);
	buf_printf(out, " %s ", word);
	if (style->color)
		buf_append_str(out, STYLE_RESET);
}

/* ---- lines ---- */

static void gutter(struct frame *f, int stream)
{
	const struct frame_glyphs *g = frame_glyphs(&f->style);
	bool is_stderr = stream == FRAME_STDERR;

	color(f, is_stderr ? STYLE_RED : STYLE_DIM);
	buf_append_str(f->out, !is_stderr ? g->down : f->style.color ? g->down_stderr : "!");
	color(f, STYLE_RESET);
	buf_append_str(f->out, " ");
	if (f->style.color)
		buf_append(f->out, f->streams[stream].colors.text, f->streams[stream].colors.n);
	f->column = 0;
}

static void end_line(struct frame *f)
{
	if (f->line < 0)
		return;
	if (f->streams[f->line].colors.n)
		color(f, STYLE_RESET);
	buf_append_str(f->out, "\n");
	f->line = -1;
}

/* Makes the open line one of the stream that is fed. */
static void need_line(struct frame *f)
{
	if (f->line == f->feeding)
		return;
	if (f->line >= 0) {
		f->streams[f->line].is_broken = true;
		end_line(f);
	}
	gutter(f, f->feeding);
	f->line = f->feeding;
	f->streams[f->feeding].is_broken = false;
}

/* A line that was cut ends where it was cut. */
static void on_newline(struct frame *f)
{
	if (f->line != f->feeding && f->streams[f->feeding].is_broken) {
		f->streams[f->feeding].is_broken = false;
		return;
	}
	need_line(f);
	end_line(f);
}

static void on_piece(enum scrub_kind kind, const uint8_t *data, size_t n, void *arg)
{
	struct frame *f = arg;
	size_t spaces;

	switch (kind) {
	case SCRUB_TEXT:
		need_line(f);
		buf_append(f->out, data, n);
		f->column += utf8_width_of(data, n);
		break;
	case SCRUB_TAB:
		need_line(f);
		spaces = FRAME_TAB - f->column % FRAME_TAB;
		buf_printf(f->out, "%*s", (int)spaces, "");
		f->column += spaces;
		break;
	case SCRUB_RETURN:
		need_line(f);
		if (f->streams[f->feeding].colors.n)
			color(f, STYLE_RESET);
		buf_append_str(f->out, "\r");
		gutter(f, f->feeding);
		break;
	case SCRUB_SGR:
		scrub_colors_apply(&f->streams[f->feeding].colors, data, n);
		if (f->style.color && f->line == f->feeding)
			buf_append(f->out, data, n);
		break;
	case SCRUB_NEWLINE:
		on_newline(f);
		break;
	}
}

/* ---- the frame ---- */

void frame_init(struct frame *f, const struct style *style, struct buf *out)
{
	*f = (struct frame){ .style = *style, .out = out, .line = -1 };
}

void frame_done(struct frame *f)
{
	for (int i = 0; i < FRAME_STREAMS; i++)
		scrub_done(&f->streams[i].scrub);
}

size_t frame_append_cut(const struct style *style, struct buf *out, const char *text, size_t columns)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text), *start = p;
	const char *mark = frame_glyphs(style)->cut;
	size_t used = 0, room = columns > text_width(mark) ? columns - text_width(mark) : 0;
	uint32_t cp;

	if (text_width(text) <= columns) {
		buf_append_str(out, text);
		return text_width(text);
	}
	while (p < end) {
		const uint8_t *here = p;

		utf8_next(&p, end, &cp);
		if (used + (size_t)utf8_width(cp) > room) {
			p = here;
			break;
		}
		used += (size_t)utf8_width(cp);
	}
	buf_append(out, start, (size_t)(p - start));
	buf_append_str(out, mark);
	return used + text_width(mark);
}

void frame_open(struct frame *f, const char *agent, const char *command)
{
	const struct frame_glyphs *g = frame_glyphs(&f->style);
	size_t columns = f->style.columns ? f->style.columns : FRAME_COLUMNS;
	size_t used = 3 + strlen(agent) + 3;
	struct buf clean = { 0 };

	style_append_clean(&clean, command);
	color(f, STYLE_DIM);
	buf_printf(f->out, "%s%s ", g->top_left, g->across);
	color(f, STYLE_RESET STYLE_BOLD);
	buf_append_str(f->out, agent);
	color(f, STYLE_RESET STYLE_DIM);
	buf_printf(f->out, " %s ", g->across);
	color(f, STYLE_RESET);
	used += frame_append_cut(&f->style, f->out, buf_string(&clean), columns > used + 2 ? columns - used - 2 : 1);
	buf_append_str(f->out, " ");
	color(f, STYLE_DIM);
	for (used++; used < columns; used++)
		buf_append_str(f->out, g->across);
	color(f, STYLE_RESET);
	buf_append_str(f->out, "\n");
	buf_done(&clean);
}

void frame_text(struct frame *f, enum frame_stream stream, const void *data, size_t n)
{
	f->feeding = (int)stream;
	scrub_feed(&f->streams[stream].scrub, data, n, on_piece, f);
}

/* Characters that were held back come out; the open line ends. */
static void finish_lines(struct frame *f)
{
	for (f->feeding = 0; f->feeding < FRAME_STREAMS; f->feeding++)
		scrub_finish(&f->streams[f->feeding].scrub, on_piece, f);
	end_line(f);
}

/* On a terminal a typed ^C may stand where our own line begins. */
static void own_line(struct frame *f)
{
	if (f->style.is_terminal)
		buf_append_str(f->out, "\r");
}

void frame_notice(struct frame *f, const char *text)
{
	if (f->line >= 0) {
		f->streams[f->line].is_broken = true;
		end_line(f);
	}
	own_line(f);
	color(f, STYLE_DIM);
	buf_append_str(f->out, frame_glyphs(&f->style)->down);
	buf_append_str(f->out, " sloth: ");
	style_append_clean(f->out, text);
	color(f, STYLE_RESET);
	buf_append_str(f->out, "\n");
}

void frame_error(struct frame *f, const char *text)
{
	finish_lines(f);
	own_line(f);
	color(f, STYLE_RED);
	buf_append_str(f->out, frame_glyphs(&f->style)->down);
	color(f, STYLE_RESET);
	buf_append_str(f->out, " ");
	frame_badge(&f->style, f->out, STYLE_ON_RED, "ERROR");
	buf_append_str(f->out, " ");
	style_append_clean(f->out, text);
	buf_append_str(f->out, "\n");
}

void frame_close(struct frame *f, bool is_success, const char *summary)
{
	const struct frame_glyphs *g = frame_glyphs(&f->style);

	finish_lines(f);
	own_line(f);
	color(f, STYLE_DIM);
	buf_printf(f->out, "%s%s ", g->bottom_left, g->across);
	color(f, STYLE_RESET);
	frame_badge(&f->style, f->out, is_success ? STYLE_ON_GREEN : STYLE_ON_RED, is_success ? "SUCCESS" : "FAILED");
	buf_append_str(f->out, " ");
	style_append_clean(f->out, summary);
	buf_append_str(f->out, "\n");
}
