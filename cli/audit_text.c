/* audit_text.c - see audit_text.h. A record is the word of others: nothing of it reaches the terminal unclean. */
#include "cli/audit_text.h"

#include <jansson.h>
#include <string.h>

#include "cli/style.h"
#include "common/str.h"
#include "common/utf8.h"

static const char *text_of(const json_t *record, const char *key)
{
	const char *text = json_string_value(json_object_get(record, key));

	return text ? text : "";
}

/* In a column that is at least that wide. */
static void put_cell(struct buf *out, const char *text, size_t width)
{
	size_t before = buf_len(out), used;

	style_append_clean(out, *text ? text : "-");
	used = buf_len(out) - before;
	buf_printf(out, "%*s  ", used < width ? (int)(width - used) : 0, "");
}

static void put_who(struct buf *out, const json_t *record)
{
	struct buf who = { 0 };
	const char *claims = text_of(record, "claims");

	buf_append_str(&who, text_of(record, "who"));
	if (*claims)
		buf_printf(&who, " (claims %s)", claims);
	put_cell(out, buf_string(&who), 16);
	buf_done(&who);
}

/* Words with anything but plain letters in them are quoted: where one ends has to be seen. */
static void put_argv(struct buf *out, const json_t *argv)
{
	for (size_t i = 0; i < json_array_size(argv); i++) {
		const char *word = json_string_value(json_array_get(argv, i));

		if (!word)
			continue;
		buf_append_str(out, i ? " " : "");
		if (*word && !strpbrk(word, " \t\n\"'\\"))
			style_append_clean(out, word);
		else
			buf_append_str(out, str_quote(word));
	}
}

static void put_result(struct buf *out, const json_t *record)
{
	const json_t *exit_code = json_object_get(record, "exit_code"), *number = json_object_get(record, "signal");
	const json_t *duration = json_object_get(record, "duration_ms");

	style_append_clean(out, text_of(record, "result"));
	if (exit_code)
		buf_printf(out, " %lld", (long long)json_integer_value(exit_code));
	if (number)
		buf_printf(out, " by signal %lld", (long long)json_integer_value(number));
	if (!duration)
		return;
	buf_printf(out, ", %s out", str_bytes((uint64_t)json_integer_value(json_object_get(record, "stdout_bytes"))));
	buf_printf(out, ", %s err", str_bytes((uint64_t)json_integer_value(json_object_get(record, "stderr_bytes"))));
	buf_printf(out, ", %s", str_duration_ms((uint64_t)json_integer_value(duration)));
}

static void put_note(struct buf *out, const char *label, const char *text)
{
	if (!*text)
		return;
	buf_append_str(out, label);
	style_append_clean(out, text);
}

static void put_what(struct buf *out, const json_t *record)
{
	style_append_clean(out, text_of(record, "object"));
	style_append_clean(out, text_of(record, "command"));
	put_argv(out, json_object_get(record, "argv"));
	if (*text_of(record, "result"))
		put_result(out, record);
	if (str_equal(text_of(record, "decision"), "denied"))
		buf_append_str(out, " [denied]");
	put_note(out, " as ", text_of(record, "run_as"));
	put_note(out, ": ", text_of(record, "reason"));
}

void audit_text_append_json(struct buf *out, const char *line)
{
	const uint8_t *p = (const uint8_t *)line, *end = p + strlen(line);

	while (p < end) {
		const uint8_t *start = p;
		uint32_t cp;

		utf8_next(&p, end, &cp);
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			buf_append_str(out, "?");
		else if (cp == 0xfffd)
			buf_append_str(out, "\xef\xbf\xbd");
		else
			buf_append(out, start, (size_t)(p - start));
	}
	buf_append_str(out, "\n");
}

void audit_text_append(struct buf *out, const char *line)
{
	json_t *record = json_loads(line, JSON_ALLOW_NUL, NULL);

	if (!json_is_object(record)) {
		style_append_clean(out, line);
	} else {
		put_cell(out, text_of(record, "time"), 24);
		put_who(out, record);
		put_cell(out, text_of(record, "event"), 13);
		put_cell(out, text_of(record, "agent"), 10);
		put_what(out, record);
	}
	buf_append_str(out, "\n");
	json_decref(record);
}
