/* Text forms of gRPC header fields. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "test/lib/unit.h"
#include "wire/code.h"
#include "wire/field.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define BYTES(text) (const uint8_t *)(text), strlen(text)
#define FFFD "\xef\xbf\xbd"

/* ---- timeouts ---- */

START_TEST(timeout_units_become_nanoseconds)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} cases[] = {
		{ "1n", 1 }, { "1u", 1000 }, { "1m", 1000000 }, { "1S", 1000000000 }, { "1M", 60000000000 },
		{ "1H", 3600000000000 }, { "0S", 0 }, { "00000005S", 5000000000 }, { "99999999S", 99999999000000000 },
		{ "5124095H", UINT64_C(5124095) * 3600000000000 }, { "5124096H", UINT64_MAX }, { "99999999H", UINT64_MAX },
	};
	uint64_t ns;

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(field_parse_timeout(BYTES(cases[i].text), &ns), 0);
		ck_assert_msg(ns == cases[i].ns, "%s", cases[i].text);
	}
}
END_TEST

START_TEST(malformed_timeout_is_refused)
{
	static const char *const texts[] = {
		"", "1", "S", "123456789S", "-1S", "+1S", " 1S", "1 S", "1S ", "1.5S", "1s", "1h", "1MS", "0x1S", "1\xc2\xb5",
	};
	uint64_t ns = 7;

	for (size_t i = 0; i < COUNT(texts); i++)
		ck_assert_msg(field_parse_timeout(BYTES(texts[i]), &ns) == -EINVAL, "%s", texts[i]);
	ck_assert_uint_eq(ns, 7);
}
END_TEST

START_TEST(timeout_is_formatted_in_the_finest_unit_rounded_up)
{
	static const struct {
		uint64_t us;
		const char *text;
	} cases[] = {
		{ 0, "0u" }, { 1, "1u" }, { 99999999, "99999999u" }, { 100000000, "100000m" }, { 100000001, "100001m" },
		{ UINT64_C(99999999000), "99999999m" }, { UINT64_C(99999999001), "100000S" },
		{ UINT64_C(99999999000001), "1666667M" }, { UINT64_C(99999999) * 60000000 + 1, "1666667H" },
		{ UINT64_MAX, "99999999H" },
	};
	char out[16];

	for (size_t i = 0; i < COUNT(cases); i++) {
		field_format_timeout(cases[i].us, out);
		ck_assert_str_eq(out, cases[i].text);
	}
}
END_TEST

/* ---- grpc-message ---- */

START_TEST(message_is_percent_encoded)
{
	static const struct {
		const char *text, *encoded;
	} cases[] = {
		{ "", "" },
		{ "plain ~ text!", "plain ~ text!" },
		{ "100%", "100%25" },
		{ "\t\ntest with whitespace\r\n", "%09%0Atest with whitespace%0D%0A" },
		{ "\xe2\x98\xba and \xf0\x9f\x98\x88", "%E2%98%BA and %F0%9F%98%88" },
		{ "\x7f", "%7F" },
		{ "bad \xff\xfe", "bad %EF%BF%BD%EF%BF%BD" },
		{ " ", "%20" },
		{ "  two words  ", "%20 two words %20" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = { 0 };

		field_encode_message(cases[i].text, SIZE_MAX, &out);
		ck_assert_str_eq(buf_string(&out), cases[i].encoded);
		buf_done(&out);
	}
}
END_TEST

START_TEST(long_message_is_cut_between_characters)
{
	struct buf out = { 0 };
	char text[2000];

	memset(text, 'a', sizeof text);
	memcpy(text + 1022, "\xe2\x98\xba", 3);
	text[sizeof text - 1] = '\0';
	field_encode_message(text, SIZE_MAX, &out);
	ck_assert_uint_eq(buf_len(&out), 1022);
	buf_done(&out);
}
END_TEST

START_TEST(message_is_cut_where_its_room_ends)
{
	static const struct {
		size_t max;
		const char *encoded;
	} cases[] = {
		{ 0, "" }, { 1, "a" }, { 4, "a%20" }, { 5, "a b" }, { 13, "a b" }, { 14, "a b%E2%98%BA" }, { SIZE_MAX, "a b%E2%98%BA" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = { 0 };

		field_encode_message("a b\xe2\x98\xba", cases[i].max, &out);
		ck_assert_str_eq(buf_string(&out), cases[i].encoded);
		buf_done(&out);
	}
}
END_TEST

START_TEST(message_of_bad_bytes_is_bounded_as_well)
{
	struct buf out = { 0 };
	char text[2000];

	memset(text, '\xff', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	field_encode_message(text, SIZE_MAX, &out);
	ck_assert_uint_eq(buf_len(&out), 1024 / 3 * 9);
	buf_done(&out);
}
END_TEST

START_TEST(message_is_decoded_leniently)
{
	static const struct {
		const char *encoded, *text;
	} cases[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "100%25", "100%" },
		{ "%e2%98%BA", "\xe2\x98\xba" },
		{ "broken %", "broken %" },
		{ "broken %4", "broken %4" },
		{ "broken %zz%41", "broken %zzA" },
		{ "%%41", "%A" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = field_decode_message(BYTES(cases[i].encoded));

		ck_assert_str_eq(text, cases[i].text);
		free(text);
	}
}
END_TEST

/* Cleaning is for those who print it. */
START_TEST(control_characters_are_handed_on)
{
	static const struct {
		const char *encoded, *text;
	} cases[] = {
		{ "%09%0Atest with whitespace%0D%0Aand Unicode BMP %E2%98%BA and non-BMP %F0%9F%98%88%09%0A",
		  "\t\ntest with whitespace\r\nand Unicode BMP \xe2\x98\xba and non-BMP \xf0\x9f\x98\x88\t\n" },
		{ "%1b[2J%7f", "\x1b[2J\x7f" },
		{ "%c2%9b31m", "\xc2\x9b" "31m" },
		{ "raw \x1b", "raw \x1b" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = field_decode_message(BYTES(cases[i].encoded));

		ck_assert_str_eq(text, cases[i].text);
		free(text);
	}
}
END_TEST

START_TEST(decoded_message_is_a_string_of_valid_utf8)
{
	static const struct {
		const char *encoded, *text;
	} cases[] = {
		{ "a%00b", "a" FFFD "b" },
		{ "%ff%fe", FFFD FFFD },
		{ "%ed%a0%80", FFFD FFFD FFFD },	/* a surrogate */
		{ "raw \x80", "raw " FFFD },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = field_decode_message(BYTES(cases[i].encoded));

		ck_assert_str_eq(text, cases[i].text);
		free(text);
	}
}
END_TEST

START_TEST(message_survives_the_way_there_and_back)
{
	const char *text = "agent \"web1\": 100% gone,\r\n\t\x1b \xe2\x98\xba \xf0\x9f\x98\x88\n";
	struct buf out = { 0 };
	char *back;

	field_encode_message(text, SIZE_MAX, &out);
	back = field_decode_message(buf_data(&out), buf_len(&out));
	ck_assert_str_eq(back, text);
	free(back);
	buf_done(&out);
}
END_TEST

/* ---- base64 ---- */

static const struct {
	const char *raw, *plain, *padded;
} base64[] = {
	{ "", "", "" }, { "f", "Zg", "Zg==" }, { "fo", "Zm8", "Zm8=" }, { "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg", "Zm9vYg==" }, { "fooba", "Zm9vYmE", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xfb\xff\xbf", "+/+/", "+/+/" },
};

START_TEST(binary_values_are_encoded_without_padding)
{
	for (size_t i = 0; i < COUNT(base64); i++) {
		struct buf out = { 0 };

		field_encode_bin(base64[i].raw, strlen(base64[i].raw), &out);
		ck_assert_str_eq(buf_string(&out), base64[i].plain);
		buf_done(&out);
	}
}
END_TEST

START_TEST(binary_values_are_decoded_with_and_without_padding)
{
	for (size_t i = 0; i < COUNT(base64); i++) {
		struct buf out = { 0 };

		buf_append_str(&out, "<");
		ck_assert_int_eq(field_decode_bin(BYTES(base64[i].plain), &out), 0);
		ck_assert_int_eq(field_decode_bin(BYTES(base64[i].padded), &out), 0);
		ck_assert_uint_eq(buf_len(&out), 1 + 2 * strlen(base64[i].raw));
		ck_assert(strncmp(buf_string(&out) + 1, base64[i].raw, strlen(base64[i].raw)) == 0);
		buf_done(&out);
	}
}
END_TEST

START_TEST(every_byte_survives_base64)
{
	struct buf text = { 0 }, back = { 0 };
	uint8_t bytes[256];

	for (unsigned i = 0; i < 256; i++)
		bytes[i] = (uint8_t)i;
	field_encode_bin(bytes, sizeof bytes, &text);
	ck_assert_int_eq(field_decode_bin(buf_data(&text), buf_len(&text), &back), 0);
	ck_assert_mem_eq(buf_data(&back), bytes, sizeof bytes);
	buf_done(&text);
	buf_done(&back);
}
END_TEST

START_TEST(bad_base64_is_refused_and_leaves_the_buffer)
{
	static const char *const texts[] = {
		"A", "AAAAA", "=", "==", "====", "A===", "AA=", "AAA==", "AA=A", "=AAA", "AA==AAAA", "AA A", "AA-_", "AAA,", "A\xff",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct buf out = { 0 };

		buf_append_str(&out, "x");
		ck_assert_msg(field_decode_bin(BYTES(texts[i]), &out) == -EINVAL, "%s", texts[i]);
		ck_assert_str_eq(buf_string(&out), "x");
		buf_done(&out);
	}
}
END_TEST

START_TEST(binary_names_end_in_bin)
{
	ck_assert(field_is_bin("trace-bin", 9));
	ck_assert(field_is_bin("-bin", 4));
	ck_assert(!field_is_bin("bin", 3));
	ck_assert(!field_is_bin("trace-bin", 8));
	ck_assert(!field_is_bin("", 0));
}
END_TEST

/* ---- names, values, types ---- */

START_TEST(content_types_are_told_apart)
{
	static const struct {
		const char *text;
		enum field_content content;
	} cases[] = {
		{ "application/grpc", FIELD_CONTENT_OK },
		{ "application/grpc+proto", FIELD_CONTENT_OK },
		{ "application/grpc; charset=utf-8", FIELD_CONTENT_OK },
		{ "application/grpc+proto;x=y", FIELD_CONTENT_OK },
		{ "Application/GRPC", FIELD_CONTENT_OK },
		{ "application/grpc+json", FIELD_CONTENT_OTHER_CODEC },
		{ "application/grpc+protobuf", FIELD_CONTENT_OTHER_CODEC },
		{ "application/grpc+", FIELD_CONTENT_OTHER_CODEC },
		{ "application/grpc-web", FIELD_CONTENT_FOREIGN },
		{ "application/grpcx", FIELD_CONTENT_FOREIGN },
		{ "application/grp", FIELD_CONTENT_FOREIGN },
		{ "text/html", FIELD_CONTENT_FOREIGN },
		{ "", FIELD_CONTENT_FOREIGN },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_msg(field_content_type(BYTES(cases[i].text)) == cases[i].content, "%s", cases[i].text);
}
END_TEST

START_TEST(metadata_names_that_may_be_sent)
{
	static const char *const good[] = { "a", "x-y_z.0", "sloth-principal", "trace-bin", "grpc", "tea" };
	static const char *const bad[] = {
		"", "A", "a b", "a:b", ":path", "grpc-status", "grpc-", "\xc3\xa4", "a\n", "te", "connection", "host",
		"content-type", "transfer-encoding", "user-agent",
	};

	for (size_t i = 0; i < COUNT(good); i++)
		ck_assert_msg(field_name_is_valid(good[i]), "%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!field_name_is_valid(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(metadata_values_are_printable_without_outer_spaces)
{
	static const char *const good[] = { "", "a", "a b", "~!\"" };
	static const char *const bad[] = { " ", " a", "a ", "a\tb", "a\n", "\x7f", "\x80" };

	for (size_t i = 0; i < COUNT(good); i++)
		ck_assert_msg(field_value_is_valid(good[i], strlen(good[i])), "%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!field_value_is_valid(bad[i], strlen(bad[i])), "%s", bad[i]);
	ck_assert(!field_value_is_valid("a\0b", 3));
}
END_TEST

START_TEST(status_is_read_and_odd_ones_are_kept)
{
	static const struct {
		const char *text;
		int code;
		long odd;
	} cases[] = {
		{ "0", WIRE_OK, 0 }, { "5", WIRE_NOT_FOUND, 0 }, { "16", WIRE_UNAUTHENTICATED, 0 }, { "00", WIRE_OK, 0 },
		{ "17", WIRE_UNKNOWN, 17 }, { "1000", WIRE_UNKNOWN, 1000 },
		{ "99999999999999999999999", WIRE_UNKNOWN, LONG_MAX }, { "", WIRE_UNKNOWN, -1 }, { "-1", WIRE_UNKNOWN, -1 },
		{ "OK", WIRE_UNKNOWN, -1 }, { "0 ", WIRE_UNKNOWN, -1 }, { "1.0", WIRE_UNKNOWN, -1 },
	};
	long odd;

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_msg(field_parse_status(BYTES(cases[i].text), &odd) == cases[i].code, "%s", cases[i].text);
		ck_assert_msg(odd == cases[i].odd, "%s", cases[i].text);
	}
}
END_TEST

UNIT_MAIN(timeout_units_become_nanoseconds, malformed_timeout_is_refused,
	  timeout_is_formatted_in_the_finest_unit_rounded_up, message_is_percent_encoded,
	  long_message_is_cut_between_characters, message_is_cut_where_its_room_ends, message_of_bad_bytes_is_bounded_as_well, message_is_decoded_leniently,
	  control_characters_are_handed_on, decoded_message_is_a_string_of_valid_utf8, message_survives_the_way_there_and_back,
	  binary_values_are_encoded_without_padding, binary_values_are_decoded_with_and_without_padding,
	  every_byte_survives_base64, bad_base64_is_refused_and_leaves_the_buffer, binary_names_end_in_bin,
	  content_types_are_told_apart, metadata_names_that_may_be_sent,
	  metadata_values_are_printable_without_outer_spaces, status_is_read_and_odd_ones_are_kept)
