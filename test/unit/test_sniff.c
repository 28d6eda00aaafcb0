/* test_sniff.c - what the first bytes of a connection say. */
#include "wire/sniff.h"

#include <string.h>

#include "test/lib/unit.h"

START_TEST(kinds_are_told_by_their_first_bytes)
{
	static const struct {
		const char *text;
		enum sniff_kind kind;
	} cases[] = {
		{ "", SNIFF_MORE }, { "P", SNIFF_MORE }, { "PRI", SNIFF_MORE }, { "PRI ", SNIFF_HTTP2 },
		{ "PRI * HTTP/2.0", SNIFF_HTTP2 }, { "SLOTH-RH2 1\r", SNIFF_MORE }, { "SLOTH-RH2 1\r\n", SNIFF_REVERSE },
		{ "SLOTH-RH2 2\r\n", SNIFF_UNKNOWN }, { "\x16\x03\x01", SNIFF_TLS }, { "GET / HT", SNIFF_HTTP1 },
		{ "POS", SNIFF_MORE }, { "POST /", SNIFF_HTTP1 }, { "SSH-2.0", SNIFF_UNKNOWN }, { "\r\n", SNIFF_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(sniff_kind((const uint8_t *)cases[i].text, strlen(cases[i].text)) == cases[i].kind, "%s",
			      cases[i].text);
}
END_TEST

START_TEST(http1_answer_has_the_length_it_says)
{
	const char *body = strstr(sniff_http1_answer, "\r\n\r\n");

	ck_assert_ptr_nonnull(body);
	ck_assert_ptr_nonnull(strstr(sniff_http1_answer, "Content-Length: 57\r\n"));
	ck_assert_uint_eq(strlen(body + 4), 57);
}
END_TEST

UNIT_MAIN(kinds_are_told_by_their_first_bytes, http1_answer_has_the_length_it_says)
