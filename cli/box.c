/*
 * box.c - the closed box. Everything is laid out twice, first to measure, then to draw, so that memory
 * does not grow with the number of lines.
 */
#include "cli/box.h"

#include <errno.h>
#include <string.h>

enum { BOX_COLUMNS = 120, BOX_BORDERS = 4, BOX_TAB = 8, BOX_FLUSH = 64 * 1024 };

static const char title[] = " Command Execution Result on ";

enum { TITLE_BORDERS = BOX_BORDERS + 2 };	/* its corner, a piece of the rule and spaces around it */

struct box {
	const struct style *style;
	const struct frame_glyphs *glyphs;
	const char *border;		/* colour of the border */
	struct buf out;
	box_write *write;
	void *arg;
	int error;
	bool is_drawing;		/* else measuring */
	size_t limit;			/* columns that a line may have */
	size_t width;			/* columns of the longest */
	struct buf title;		/* what of it fits */
	size_t title_width;		/* columns, with the badge */
	/* the line at work */
	struct buf line;
	size_t column;
	bool is_returned;		/* "\r" seen: the next text replaces the line */
	struct scrub_colors colors;
};

static void flush(struct box *b)
{
	if (!b->error && buf_len(&b->out))
		b->error = b->write(buf_data(&b->out), buf_len(&b->out), b->arg);
	buf_clear(&b->out);
}

static void color(struct box *b, const char *sequence)
{
	if (b->style->color)
		buf_append_str(&b->out, sequence);
}

static void border(struct box *b, const char *text)
{
	color(b, b->border);
	buf_append_str(&b->out, text);
	color(b, STYLE_RESET);
}

static void across(struct box *b, size_t n)
{
	color(b, b->border);
	while (n--)
		buf_append_str(&b->out, b->glyphs->across);
	color(b, STYLE_RESET);
}

/* ---- lines ---- */

static void end_line(struct box *b)
{
	if (!b->is_drawing) {
		b->width = b->column > b->width ? b->column : b->width;
	} else if (!b->error) {
		border(b, b->glyphs->down);
		buf_append_str(&b->out, " ");
		buf_append(&b->out, buf_data(&b->line), buf_len(&b->line));
		if (b->colors.n)
			color(b, STYLE_RESET);
		buf_printf(&b->out, "%*s", (int)(b->width - b->column + 1), "");
		border(b, b->glyphs->down);
		buf_append_str(&b->out, "\n");
		if (buf_len(&b->out) >= BOX_FLUSH)
			flush(b);
	}
	buf_clear(&b->line);
	b->column = 0;
	b->is_returned = false;
	if (b->style->color)
		buf_append(&b->line, b->colors.text, b->colors.n);
}

static void begin_text(struct box *b)
{
	if (!b->is_returned)
		return;
	b->is_returned = false;
	buf_clear(&b->line);
	b->column = 0;
}

static void add_character(struct box *b, const uint8_t *data, size_t n, size_t width)
{
	if (b->column + width > b->limit)
		end_line(b);
	buf_append(&b->line, data, n);
	b->column += width;
}

static void add_text(struct box *b, const uint8_t *data, size_t n)
{
	const uint8_t *p = data, *end = data + n;
	uint32_t cp;

	begin_text(b);
	while (p < end) {
		const uint8_t *here = p;

		utf8_next(&p, end, &cp);
		add_character(b, here, (size_t)(p - here), (size_t)utf8_width(cp));
	}
}

static void on_piece(enum scrub_kind kind, const uint8_t *data, size_t n, void *arg)
{
	struct box *b = arg;

	switch (kind) {
	case SCRUB_TEXT:
		add_text(b, data, n);
		break;
	case SCRUB_TAB:
		begin_text(b);
		for (size_t spaces = BOX_TAB - b->column % BOX_TAB; spaces; spaces--)
			add_character(b, (const uint8_t *)" ", 1, 1);
		break;
	case SCRUB_RETURN:
		b->is_returned = true;
		break;
	case SCRUB_SGR:
		scrub_colors_apply(&b->colors, data, n);
		if (b->style->color)
			buf_append(&b->line, data, n);
		break;
	case SCRUB_NEWLINE:
		end_line(b);
		break;
	}
}

/* ---- content ---- */

static void add_lines(struct box *b, const void *data, size_t n)
{
	struct scrub scrub = { 0 };

	scrub_feed(&scrub, data, n, on_piece, b);
	scrub_finish(&scrub, on_piece, b);
	scrub_done(&scrub);
	b->colors.n = 0;
	if (b->column)
		end_line(b);
	buf_clear(&b->line);
}

static void add_section(struct box *b, const char *name, const char *color_on, const void *data, size_t n)
{
	if (!n)
		return;
	if (b->style->color)
		buf_append_str(&b->line, color_on);
	buf_append_str(&b->line, name);
	if (b->style->color)
		buf_append_str(&b->line, STYLE_RESET);
	b->column = strlen(name);
	end_line(b);
	add_lines(b, data, n);
}

/* Words of the master or the agent: one line without colours. */
static void add_error(struct box *b, const char *error)
{
	struct buf clean = { 0 };

	style_append_clean(&clean, error);
	add_section(b, "# Error:", STYLE_RED, buf_data(&clean), buf_len(&clean));
	buf_done(&clean);
}

static void add_badge(struct box *b, const char *color_on, const char *word, const char *before, const char *text)
{
	struct buf clean = { 0 };

	frame_badge(b->style, &b->line, color_on, word);
	b->column = strlen(word) + 2;
	buf_append_str(&clean, before);
	style_append_clean(&clean, text);
	add_lines(b, buf_data(&clean), buf_len(&clean));
	buf_done(&clean);
}

static const char *badge_word(const struct box_content *c)
{
	return c->is_success ? "SUCCESS" : "FAILED";
}

static const char *badge_color(const struct box_content *c)
{
	return c->is_success ? STYLE_ON_GREEN : STYLE_ON_RED;
}

static void add_content(struct box *b, const struct box_content *c)
{
	add_badge(b, badge_color(c), badge_word(c), " ", c->summary);
	add_badge(b, STYLE_ON_BLUE, "INFO", " Command: ", c->command);
	add_section(b, "# Stdout:", STYLE_BOLD, c->streams[FRAME_STDOUT].data, c->streams[FRAME_STDOUT].n);
	add_section(b, "# Stderr:", STYLE_RED, c->streams[FRAME_STDERR].data, c->streams[FRAME_STDERR].n);
	if (c->error)
		add_error(b, c->error);
}

static void make_title(struct box *b, const struct box_content *c, size_t columns)
{
	size_t badge = strlen(badge_word(c)) + 2;
	size_t room = columns > badge + TITLE_BORDERS ? columns - badge - TITLE_BORDERS : 0;
	struct buf whole = { 0 };

	buf_append_str(&whole, title);
	buf_append_str(&whole, c->agent);
	b->title_width = badge + frame_append_cut(b->style, &b->title, buf_string(&whole), room);
	buf_done(&whole);
}

static void draw_top(struct box *b, const struct box_content *c)
{
	border(b, b->glyphs->top_left);
	border(b, b->glyphs->across);
	buf_append_str(&b->out, " ");
	frame_badge(b->style, &b->out, badge_color(c), badge_word(c));
	buf_append(&b->out, buf_data(&b->title), buf_len(&b->title));
	buf_append_str(&b->out, " ");
	across(b, b->width - b->title_width - 1);
	border(b, b->glyphs->top_right);
	buf_append_str(&b->out, "\n");
}

static void draw_bottom(struct box *b)
{
	border(b, b->glyphs->bottom_left);
	across(b, b->width + 2);
	border(b, b->glyphs->bottom_right);
	buf_append_str(&b->out, "\n");
}

int box_draw(const struct style *style, const struct box_content *c, box_write *write, void *arg)
{
	struct box b = { .style = style, .write = write, .arg = arg };
	size_t columns = style->columns ? style->columns : BOX_COLUMNS;
	size_t least;

	b.glyphs = frame_glyphs(style);
	make_title(&b, c, columns);
	least = b.title_width + TITLE_BORDERS - BOX_BORDERS;
	b.border = c->is_success ? STYLE_GREEN : STYLE_RED;
	b.limit = columns > least + BOX_BORDERS ? columns - BOX_BORDERS : least;
	b.width = least;
	add_content(&b, c);
	b.is_drawing = true;
	draw_top(&b, c);
	add_content(&b, c);
	draw_bottom(&b);
	flush(&b);
	buf_done(&b.title);
	buf_done(&b.line);
	buf_done(&b.out);
	return b.error;
}
