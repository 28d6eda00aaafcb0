/* checkup.c - see checkup.h. */
#include "common/checkup.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/utf8.h"

enum { RESULT_WIDTH = 9, NAME_WIDTH = 17, DETAIL_AT = RESULT_WIDTH + NAME_WIDTH + 1, DETAIL_MIN = 20 };
static const char arrow[] = "-> ";

static void print_from(const char *text, size_t n, int indent, FILE *to)
{
	fprintf(to, "%*s%.*s\n", indent, "", (int)n, text);
}

/* How much of the text goes into one line: whole words, at least one. */
static size_t line_of(const char *text, unsigned room)
{
	size_t taken = strcspn(text, " "), next;

	while (text[taken]) {
		next = taken + 1 + strcspn(text + taken + 1, " ");
		if (utf8_width_of(text, next) > room)
			break;
		taken = next;
	}
	return taken;
}

/* The first line is indented already. */
static void print_detail(const char *text, unsigned columns, FILE *to)
{
	unsigned room = columns > DETAIL_AT + DETAIL_MIN ? columns - DETAIL_AT : UINT32_MAX;
	size_t n = line_of(text, room);

	print_from(text, n, 0, to);
	for (text += n; *text; text += n) {
		text++;
		n = line_of(text, room);
		print_from(text, n, DETAIL_AT, to);
	}
}

/* Where the machine ends ("on web1: "), or a note begins (" (no container?"): the text up to there. */
static size_t part_of(const char *text, bool is_first)
{
	const char *colon = is_first && strncmp(text, "on ", 3) == 0 ? strstr(text, ": ") : NULL, *note = strstr(text + 1, " (");

	if (colon && (!note || colon < note))
		return (size_t)(colon - text) + 1;
	return note ? (size_t)(note - text) : strlen(text);
}

static void print_advice(const char *text, unsigned columns, FILE *to)
{
	bool fits = !columns || DETAIL_AT + sizeof arrow - 1 + utf8_width_of(text, strlen(text)) <= columns;
	size_t n = fits ? strlen(text) : part_of(text, true);

	fprintf(to, "%*s%s", fits ? DETAIL_AT : RESULT_WIDTH, "", arrow);
	print_from(text, n, 0, to);
	for (text += n; *text; text += n) {
		text++;
		n = part_of(text, false);
		print_from(text, n, RESULT_WIDTH + (int)sizeof arrow - 1, to);
	}
}

void checkup_print(const struct checkup_line *line, FILE *to)
{
	int gap = RESULT_WIDTH - (int)strlen(line->result);

	fprintf(to, "%s%s%s%*s", line->color, line->result, line->reset, gap > 0 ? gap : 1, "");
	if (*line->detail) {
		fprintf(to, "%-*s ", NAME_WIDTH, line->name);
		print_detail(line->detail, line->columns, to);
	} else {
		fprintf(to, "%s\n", line->name);
	}
	if (*line->advice)
		print_advice(line->advice, line->columns, to);
}
