/* The open frame and the closed box, drawn into memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/box.h"
#include "cli/frame.h"
#include "test/lib/unit.h"

static const struct style plain = { .utf8 = true, .columns = 40 };
static const struct style ascii = { .columns = 40 };
static const struct style colored = { .utf8 = true, .color = true, .columns = 40 };

struct piece {
	enum frame_stream stream;
	const char *text;
};

/* What stands between the top and the bottom of a frame. */
static void check_lines(const struct style *style, const struct piece *pieces, size_t n, const char *expected)
{
	struct buf out = { 0 };
	struct frame f;

	frame_init(&f, style, &out);
	for (size_t i = 0; i < n; i++)
		frame_text(&f, pieces[i].stream, pieces[i].text, strlen(pieces[i].text));
	ck_assert_str_eq(buf_string(&out), expected);
	frame_done(&f);
	buf_done(&out);
}

#define CHECK_LINES(style, expected, ...) do { \
	const struct piece pieces_[] = { __VA_ARGS__ }; \
	check_lines(style, pieces_, sizeof pieces_ / sizeof *pieces_, expected); \
} while (0)

#define OUT(text) { FRAME_STDOUT, text }
#define ERR(text) { FRAME_STDERR, text }

START_TEST(frame_puts_a_gutter_before_each_line)
{
	CHECK_LINES(&plain, "│ a\n│ b\n", OUT("a\nb\n"));
	CHECK_LINES(&ascii, "| a\n| \n| b\n", OUT("a\n\nb\n"));
}
END_TEST

START_TEST(frame_shows_a_line_before_it_is_complete)
{
	CHECK_LINES(&plain, "│ pass", OUT("pass"));
	CHECK_LINES(&plain, "│ password: ", OUT("pass"), OUT("word: "));
}
END_TEST

START_TEST(frame_tells_stderr_apart)
{
	CHECK_LINES(&plain, "│ a\n! b\n", OUT("a\n"), ERR("b\n"));
	CHECK_LINES(&colored, "\033[2m│\033[0m a\n\033[31m┃\033[0m b\n", OUT("a\n"), ERR("b\n"));
}
END_TEST

START_TEST(frame_breaks_a_line_where_the_other_stream_comes_between)
{
	CHECK_LINES(&plain, "│ ab\n! oops\n│ cd\n", OUT("ab"), ERR("oops\n"), OUT("cd\n"));
	CHECK_LINES(&plain, "│ ab\n! oops\n│ next\n", OUT("ab"), ERR("oops\n"), OUT("\nnext\n"));
}
END_TEST

START_TEST(frame_keeps_progress_bars_inside)
{
	CHECK_LINES(&plain, "│ 10%\r│ 20%\n", OUT("10%\r20%\n"));
}
END_TEST

START_TEST(frame_keeps_columns_of_tabs)
{
	CHECK_LINES(&plain, "│ a       b\n│ 1234567 c\n", OUT("a\tb\n1234567\tc\n"));
	CHECK_LINES(&plain, "│ 中      b\n", OUT("中\tb\n"));
}
END_TEST

START_TEST(frame_keeps_colors_out_of_the_gutter)
{
	CHECK_LINES(&colored, "\033[2m│\033[0m \033[31mr\033[0m\n\033[2m│\033[0m \033[31ms\033[0m\n",
		    OUT("\033[31mr\ns\n"));
	CHECK_LINES(&plain, "│ r\n", OUT("\033[31mr\033[0m\n"));
}
END_TEST

static char *whole_frame(const struct style *style, const char *command, bool is_success)
{
	struct buf out = { 0 };
	struct frame f;

	frame_init(&f, style, &out);
	frame_open(&f, "web1", command);
	frame_text(&f, FRAME_STDOUT, "hi", 2);
	frame_close(&f, is_success, "exit 0 after 41 ms");
	frame_done(&f);
	return buf_take_string(&out);
}

START_TEST(frame_has_a_rule_above_and_a_summary_below)
{
	char *text = whole_frame(&plain, "uname -n", true);

	ck_assert_str_eq(text, "┌─ web1 ─ uname -n ─────────────────────\n│ hi\n└─  SUCCESS  exit 0 after 41 ms\n");
	free(text);
}
END_TEST

START_TEST(frame_cuts_a_long_command_to_the_width)
{
	char *text = whole_frame(&plain, "echo 1234567890 1234567890 1234567890 1234567890", true);

	*strchr(text, '\n') = '\0';
	ck_assert_uint_eq(utf8_width_of(text, strlen(text)), 40);
	ck_assert_ptr_nonnull(strstr(text, "…"));
	free(text);
}
END_TEST

START_TEST(frame_shows_a_command_of_several_lines_on_one)
{
	char *text = whole_frame(&plain, "a\nb\033[2J", true);

	ck_assert_ptr_nonnull(strstr(text, "─ a b?[2J ─"));
	free(text);
}
END_TEST

START_TEST(frame_is_green_or_red)
{
	char *good = whole_frame(&colored, "true", true), *bad = whole_frame(&colored, "false", false);

	ck_assert_ptr_nonnull(strstr(good, STYLE_ON_GREEN " SUCCESS " STYLE_RESET));
	ck_assert_ptr_nonnull(strstr(bad, STYLE_ON_RED " FAILED " STYLE_RESET));
	free(good);
	free(bad);
}
END_TEST

/* ---- the box ---- */

static int append(const void *data, size_t n, void *arg)
{
	buf_append(arg, data, n);
	return 0;
}

static char *draw(const struct style *style, const struct box_content *content)
{
	struct buf out = { 0 };

	ck_assert_int_eq(box_draw(style, content, append, &out), 0);
	return buf_take_string(&out);
}

static struct box_content content_of(const char *out, const char *err)
{
	struct box_content c = {
		.agent = "web1",
		.command = "uname -n && id -un",
		.summary = "exit 0 after 41 ms",
		.is_success = true,
	};

	c.streams[FRAME_STDOUT].data = out;
	c.streams[FRAME_STDOUT].n = strlen(out);
	c.streams[FRAME_STDERR].data = err;
	c.streams[FRAME_STDERR].n = strlen(err);
	return c;
}

START_TEST(box_looks_as_the_manual_shows_it)
{
	const struct box_content c = content_of("web1.example.net\ndeploy\n", "");
	const struct style style = { .utf8 = true };
	char *text = draw(&style, &c);

	ck_assert_str_eq(text,
			 "┌─  SUCCESS  Command Execution Result on web1 ─┐\n"
			 "│  SUCCESS  exit 0 after 41 ms                 │\n"
			 "│  INFO  Command: uname -n && id -un           │\n"
			 "│ # Stdout:                                    │\n"
			 "│ web1.example.net                             │\n"
			 "│ deploy                                       │\n"
			 "└──────────────────────────────────────────────┘\n");
	free(text);
}
END_TEST

/* Every line of a box is equally wide, and not wider than `columns`. */
static void check_widths(const char *text, size_t columns)
{
	size_t first = 0;

	for (const char *line = text; *line; ) {
		size_t n = strcspn(line, "\n"), width = utf8_width_of(line, n);

		first = first ? first : width;
		ck_assert_uint_eq(width, first);
		ck_assert_uint_le(width, columns);
		line += n + 1;
	}
}

START_TEST(box_fits_into_narrow_terminals)
{
	struct box_content c = content_of("a line that is longer than that\n", "");
	static const size_t columns[] = { 20, 21, 33, 47, 48, 49 };

	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
		struct style style = { .utf8 = true, .columns = (unsigned)columns[i] };
		char *text = draw(&style, &c);

		check_widths(text, columns[i]);
		ck_assert_ptr_nonnull(strstr(text, columns[i] < 48 ? "…" : "on web1"));
		free(text);
	}
}
END_TEST

START_TEST(box_counts_columns_not_bytes)
{
	const struct box_content c = content_of("中文字符\ne\xcc\x81\nplain\ttab\n\xff\n", "grün\n");
	const struct style style = { .utf8 = true, .columns = 80 };
	char *text = draw(&style, &c);

	check_widths(text, 80);
	ck_assert_ptr_nonnull(strstr(text, "│ 中文字符  "));
	free(text);
}
END_TEST

START_TEST(box_wraps_what_is_wider_than_the_terminal)
{
	char line[1000];
	const struct style style = { .utf8 = true, .columns = 60 };
	struct box_content c;
	char *text;

	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	c = content_of(line, "");
	text = draw(&style, &c);
	check_widths(text, 60);
	free(text);
}
END_TEST

START_TEST(box_shows_the_last_state_of_a_progress_bar)
{
	const struct box_content c = content_of("10%\r20%\rdone\n", "");
	char *text = draw(&plain, &c);

	ck_assert_ptr_nonnull(strstr(text, "│ done "));
	ck_assert_ptr_null(strstr(text, "10%"));
	free(text);
}
END_TEST

START_TEST(box_has_sections_for_what_there_is)
{
	static const struct style wide_ascii = { .columns = 60 };
	struct box_content c = content_of("", "bad\n");
	char *text;

	c.is_success = false;
	c.error = "timed out";
	text = draw(&wide_ascii, &c);
	ck_assert_ptr_null(strstr(text, "# Stdout:"));
	ck_assert_ptr_nonnull(strstr(text, "| # Stderr:"));
	ck_assert_ptr_nonnull(strstr(text, "| # Error:"));
	ck_assert_ptr_nonnull(strstr(text, "  FAILED  Command Execution Result on web1"));
	check_widths(text, 60);
	free(text);
}
END_TEST

START_TEST(error_of_somebody_else_is_one_plain_line)
{
	struct box_content c = content_of("", "");
	struct buf framed = { 0 };
	struct frame f;
	char *text;

	c.is_success = false;
	c.error = "a\r\nb\033[31mc\xc2\x9bz\t.";
	text = draw(&ascii, &c);
	ck_assert_ptr_nonnull(strstr(text, "| a  b?[31mc?z . "));
	free(text);
	frame_init(&f, &ascii, &framed);
	frame_error(&f, c.error);
	ck_assert_ptr_nonnull(strstr(buf_string(&framed), " a  b?[31mc?z .\n"));
	frame_done(&f);
	buf_done(&framed);
}
END_TEST

static int refuse(const void *data, size_t n, void *arg)
{
	(void)data;
	(void)n;
	(void)arg;
	return -ENOSPC;
}

START_TEST(box_hands_on_a_failed_write)
{
	const struct box_content c = content_of("a\n", "");

	ck_assert_int_eq(box_draw(&plain, &c, refuse, NULL), -ENOSPC);
}
END_TEST

UNIT_MAIN(frame_puts_a_gutter_before_each_line, frame_shows_a_line_before_it_is_complete, frame_tells_stderr_apart,
	  frame_breaks_a_line_where_the_other_stream_comes_between, frame_keeps_progress_bars_inside,
	  frame_keeps_columns_of_tabs, frame_keeps_colors_out_of_the_gutter, frame_has_a_rule_above_and_a_summary_below,
	  frame_cuts_a_long_command_to_the_width, frame_shows_a_command_of_several_lines_on_one, frame_is_green_or_red,
	  box_looks_as_the_manual_shows_it, box_counts_columns_not_bytes, box_fits_into_narrow_terminals,
	  box_wraps_what_is_wider_than_the_terminal, box_shows_the_last_state_of_a_progress_bar,
	  box_has_sections_for_what_there_is, error_of_somebody_else_is_one_plain_line, box_hands_on_a_failed_write)
