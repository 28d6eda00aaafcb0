/*
 * frame.h - the open frame around output that streams: a rule above, a gutter left of each line, a
 * summary below. Lines are never wrapped or cut. Pure: everything is appended to a buffer.
 *
 *   ┌─ web1 ─ make test ─────────────────
 *   │ compiling
 *   ┃ warning: unused variable               (standard error; "!" without colours)
 *   └─  FAILED  exit 2 after 3.1 s
 */
#ifndef CLI_FRAME_H
#define CLI_FRAME_H

#include "cli/scrub.h"
#include "cli/style.h"

enum frame_stream { FRAME_STDOUT, FRAME_STDERR, FRAME_STREAMS };

struct frame {
	struct style style;
	struct buf *out;
	struct {
		struct scrub scrub;
		struct scrub_colors colors;
		bool is_broken;		/* its line was cut by a line of the other stream */
	} streams[FRAME_STREAMS];
	int line;			/* stream whose line is open; -1: none is */
	int feeding;
	size_t column;			/* of the open line, without the gutter */
};

/* `out` is borrowed until frame_done(). */
void frame_init(struct frame *f, const struct style *style, struct buf *out);
void frame_open(struct frame *f, const char *agent, const char *command);
void frame_text(struct frame *f, enum frame_stream stream, const void *data, size_t n);
/* A line of our own between those of the command. */
void frame_notice(struct frame *f, const char *text);
void frame_error(struct frame *f, const char *text);
void frame_close(struct frame *f, bool is_success, const char *summary);
void frame_done(struct frame *f);

/* " SUCCESS ", in colours where there are some. */
void frame_badge(const struct style *style, struct buf *out, const char *color, const char *word);

/* As much of the text as `columns` show, with a mark where it was cut. Returns the columns used. */
size_t frame_append_cut(const struct style *style, struct buf *out, const char *text, size_t columns);

/* The characters that lines are drawn with. */
struct frame_glyphs {
	const char *top_left, *top_right, *bottom_left, *bottom_right, *across, *down, *down_stderr, *cut;
};
const struct frame_glyphs *frame_glyphs(const struct style *style);

#endif
