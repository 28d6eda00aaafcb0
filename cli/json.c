/*
 * json.c - JSON documents on stdout. Failures of jansson on valid input are those of memory: they abort.
 */
#include "cli/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/utf8.h"

json_t *json_text(const char *text)
{
	struct utf8_stream stream = { 0 };
	struct buf valid = { 0 };
	json_t *value;

	if (!text || !*text)
		return json_null();
	utf8_stream_feed(&stream, text, strlen(text), &valid);
	utf8_stream_finish(&stream, &valid);
	value = json_stringn((const char *)buf_data(&valid), buf_len(&valid));
	buf_done(&valid);
	return value;
}

json_t *json_time(int64_t s)
{
	char text[WALL_TEXT_MAX];
	char *dot;

	if (s <= 0)
		return json_null();
	wall_format(s * 1000000, text);
	dot = strchr(text, '.');
	if (dot)
		memcpy(dot, "Z", 2);
	return json_string(text);
}

void json_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		abort();
}

char *json_render(json_t *document)
{
	size_t layout = isatty(STDOUT_FILENO) ? JSON_INDENT(2) | JSON_ENSURE_ASCII : JSON_COMPACT;
	char *text = json_dumps(document, layout | JSON_REAL_PRECISION(15));

	if (!text)
		abort();
	json_decref(document);
	return text;
}

void json_print(json_t *document)
{
	char *text = json_render(document);

	puts(text);
	free(text);
}
