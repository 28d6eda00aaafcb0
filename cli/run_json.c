/*
 * run_json.c - the result of a run as one JSON document.
 *
 * Output is text in it; where bytes had to be replaced by U+FFFD the bytes themselves stand beside it in
 * base64.
 */
#include <string.h>

#include "cli/json.h"
#include "cli/view.h"
#include "common/str.h"
#include "common/utf8.h"
#include "wire/field.h"

static json_t *base64(const uint8_t *data, size_t n)
{
	struct buf text = { 0 };
	json_t *value;

	field_encode_bin(data, n, &text);
	while (buf_len(&text) % 4)
		buf_append_str(&text, "=");
	value = json_stringn((const char *)buf_data(&text), buf_len(&text));
	buf_done(&text);
	return value;
}

static void put_stream(json_t *object, const char *name, const char *name_base64, const struct buf *content)
{
	struct utf8_stream stream = { 0 };
	struct buf valid = { 0 };
	const uint8_t *data = buf_data(content);
	size_t n = buf_len(content);
	bool is_text = utf8_valid(data, n);

	if (!is_text) {
		utf8_stream_feed(&stream, data, n, &valid);
		utf8_stream_finish(&stream, &valid);
	}
	json_put(object, name, is_text ? json_stringn(n ? (const char *)data : "", n) :
		 json_stringn((const char *)buf_data(&valid), buf_len(&valid)));
	if (!is_text)
		json_put(object, name_base64, base64(data, n));
	buf_done(&valid);
}

static void put_request(json_t *object, const struct run_request *request)
{
	char id[2 * RUN_ID_SIZE + 1];
	json_t *argv;

	str_hex(request->id, RUN_ID_SIZE, id);
	json_put(object, "agent", json_text(request->agent));
	json_put(object, "command", json_text(request->command));
	if (request->argv) {
		argv = json_array();
		for (size_t i = 0; i < request->n_argv; i++)
			json_array_append_new(argv, *request->argv[i] ? json_text(request->argv[i]) : json_string(""));
		json_put(object, "argv", argv);
	}
	json_put(object, "run_id", json_string(id));
}

char *run_json(const struct run_request *request, const struct run_result *r,
	       const struct buf collected[FRAME_STREAMS])
{
	json_t *object = json_object();

	put_request(object, request);
	json_put(object, "state", json_string(run_outcome_name(r->outcome)));
	json_put(object, "exit_code", r->outcome == RESULT_EXITED ? json_integer(r->exit_code) : json_null());
	json_put(object, "signal", r->signal ? json_integer(r->signal) : json_null());
	json_put(object, "status", json_integer(r->status));
	put_stream(object, "stdout", "stdout_base64", &collected[FRAME_STDOUT]);
	put_stream(object, "stderr", "stderr_base64", &collected[FRAME_STDERR]);
	json_put(object, "duration_ms", r->is_trusted ? json_integer((json_int_t)r->duration_ms) : json_null());
	json_put(object, "output_cut", json_boolean(r->is_cut));
	json_put(object, "output_missing", json_integer((json_int_t)r->missing));
	json_put(object, "containment", json_text(r->containment));
	json_put(object, "error", json_text(r->error));
	return json_render(object);
}
