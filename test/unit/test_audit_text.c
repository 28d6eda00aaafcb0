/* A master may send what it likes as a record: nothing of it reaches the terminal, and it stays one line. */
#include "cli/audit_text.h"
#include "test/lib/unit.h"

static const struct {
	const char *record, *json;
} records[] = {
	{ "{\"event\":\"run.start\",\"who\":\"gr\xc3\xbc\xc3\x9f\xef\xbf\xbd\"}", "{\"event\":\"run.start\",\"who\":\"gr\xc3\xbc\xc3\x9f\xef\xbf\xbd\"}\n" },
	{ "a\x1b]0;b\x07\n{\"event\":\"forged\"}\r", "a?]0;b??{\"event\":\"forged\"}?\n" },
	{ "\x7f\xc2\x9b" "31m\x9b", "??31m\xef\xbf\xbd\n" },
	{ "", "\n" },
};

START_TEST(a_record_is_one_clean_line)
{
	for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
		struct buf out = { 0 };

		audit_text_append_json(&out, records[i].record);
		ck_assert_str_eq(buf_string(&out), records[i].json);
		buf_done(&out);
	}
}
END_TEST

UNIT_MAIN(a_record_is_one_clean_line)
