/* test_hpack.c - RFC 7541 and RFC 9113 section 4.3: compressed header blocks, as a server decodes them. */
#include "test/lib/script.h"
#include "test/lib/unit.h"

#define TOLD		"goaway(COMPRESSION_ERROR) closed"
#define OK_GET		"1:405 1:data(16)."
#define OK_GET_3	"3:405 3:data(16)."
#define BLOCK(bytes_)	{ HEADERS(1, EH | ES, bytes_) }

/* "user-agent", "x-test" and "sloth", plain and in Huffman's code. */
#define AGENT		"\x0auser-agent"
#define AGENT_H		"\x87\xb5\x05\xb1\x61\xcc\x5a\x93"
#define TEST		"\6x-test"
#define TEST_H		"\x85\xf2\xb2\x4a\x84\xff"
#define VALUE		"\5sloth"
#define VALUE_H		"\x84\x45\x07\x4c\xff"

static const struct script fields[] = {
	{ "7541 6.1: static entry", BLOCK(GET "\xba"), OK_GET },
	{ "7541 6.1: dynamic entry", { HEADERS(1, EH | ES, GET "\x40" TEST VALUE), HEADERS(3, EH | ES, GET "\xbe") },
	  OK_GET " " OK_GET_3 },
	{ "7541 6.2.1: incremental, indexed name", BLOCK(GET "\x7a" VALUE), OK_GET },
	{ "7541 6.2.1: incremental, indexed name, Huffman", BLOCK(GET "\x7a" VALUE_H), OK_GET },
	{ "7541 6.2.1: incremental, new name", BLOCK(GET "\x40" TEST VALUE), OK_GET },
	{ "7541 6.2.1: incremental, new name, Huffman", BLOCK(GET "\x40" TEST_H VALUE_H), OK_GET },
	{ "7541 6.2.1: incremental, a name of the static table spelt out", BLOCK(GET "\x40" AGENT VALUE), OK_GET },
	{ "7541 6.2.1: the same in Huffman's code", BLOCK(GET "\x40" AGENT_H VALUE_H), OK_GET },
	{ "7541 6.2.2: without indexing, indexed name", BLOCK(GET "\x0f\x2b" VALUE), OK_GET },
	{ "7541 6.2.2: without indexing, new name", BLOCK(GET "\0" TEST VALUE), OK_GET },
	{ "7541 6.2.2: without indexing, new name, Huffman", BLOCK(GET "\0" TEST_H VALUE_H), OK_GET },
	{ "7541 6.2.2: it is not indexed", { HEADERS(1, EH | ES, GET "\0" TEST VALUE), HEADERS(3, EH | ES, GET "\xbe") },
	  OK_GET " " TOLD },
	{ "7541 6.2.3: never indexed, indexed name", BLOCK(GET "\x1f\x2b" VALUE), OK_GET },
	{ "7541 6.2.3: never indexed, new name", BLOCK(GET "\x10" TEST VALUE), OK_GET },
	{ "7541 6.2.3: never indexed, new name, Huffman", BLOCK(GET "\x10" TEST_H VALUE_H), OK_GET },
	{ "7541 5.2: empty value", BLOCK(GET "\0" TEST "\0"), OK_GET },
	{ "7541 2.3.2: an entry larger than the table empties it",
	  { HEADERS(1, EH | ES, "\x3f\x01" GET "\x40" TEST "\x08" "12345678"), HEADERS(3, EH | ES, GET "\xbe") },
	  OK_GET " " TOLD },
};

static const struct script bad[] = {
	{ "4.3: block ends in the middle of a field", { BYTES("\0\0\1\1\5\0\0\0\1\x40") }, TOLD },
	{ "7541 6.1: index 0", BLOCK(GET "\x80"), TOLD },
	{ "7541 2.3.3: index past both tables", BLOCK(GET "\xc6"), TOLD },
	{ "7541 2.3.3: name index past both tables", BLOCK(GET "\x7f\x07" VALUE), TOLD },
	{ "7541 2.3.3: name index past both tables, not indexed", BLOCK(GET "\x0f\x37" VALUE), TOLD },
	{ "7541 5.1: integer over 32 bits", BLOCK(GET "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), TOLD },
	{ "7541 5.1: endless integer", BLOCK(GET "\xff\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\1"), TOLD },
	{ "7541 5.1: integer without its end", BLOCK(GET "\xff\x80"), TOLD },
	{ "7541 5.2: string past the block", BLOCK(GET "\0" TEST "\x7f\x20xx"), TOLD },
	{ "7541 5.2: string of 2^28 bytes", BLOCK(GET "\0\x7f\xff\xff\xff\x7f"), TOLD },
	{ "7541 5.2: padding over 7 bits", BLOCK(GET "\0" TEST_H "\x84\x49\x50\x9f\xff"), TOLD },
	{ "7541 5.2: padding with zeros", BLOCK(GET "\0" TEST_H "\x83\x49\x50\x90"), TOLD },
	{ "7541 5.2: EOS within the string", BLOCK(GET "\0" TEST_H "\x87\xff\xff\xff\xfd\x25\x42\x7f"), TOLD },
	{ "4.3: the error counts in trailers too", { HEADERS(1, EH, GET), HEADERS(1, EH | ES, "\x80") }, TOLD },
	{ "4.3: and on a stream that was reset", { HEADERS(1, EH, GRPC), DATA(1, 0, "\2\0\0\0\1"), SYNC,
	  HEADERS(1, EH | ES, "\x80") }, "1:trailers(13). 1:reset(NO_ERROR) " TOLD },
};

static const struct script updates[] = {
	{ "7541 6.3: size 0", BLOCK("\x20" GET), OK_GET },
	{ "7541 6.3: two in a row", BLOCK("\x20\x3f\xe1\x1f" GET), OK_GET },
	{ "7541 6.3: the announced size", BLOCK("\x3f\xe1\x1f" GET), OK_GET },
	{ "7541 6.3: over the announced size", BLOCK("\x3f\xe2\x1f" GET), TOLD },
	{ "7541 4.2: at the end of a block", BLOCK(GET "\x21"), TOLD },
	{ "7541 4.2: in the middle of a block", BLOCK("\x82\x20" TARGET), TOLD },
	{ "7541 4.3: size 0 empties the table",
	  { HEADERS(1, EH | ES, GET "\x40" TEST VALUE), HEADERS(3, EH | ES, "\x20" GET "\xbe") }, OK_GET " " TOLD },
	{ "7541 4.4: an old entry goes when the table is full",
	  { HEADERS(1, EH | ES, "\x3f\x1f" GET "\x40" TEST VALUE "\x40" "\6x-last" VALUE), HEADERS(3, EH | ES, GET "\xbf") },
	  OK_GET " " TOLD },
};

START_TEST(representations)
{
	SCRIPT_CHECK(fields);
}
END_TEST

START_TEST(decoding_errors)
{
	SCRIPT_CHECK(bad);
}
END_TEST

START_TEST(table_size_updates)
{
	SCRIPT_CHECK(updates);
}
END_TEST

/* A client that keeps a table of its own: what it indexed in one request stands for it in a hundred others. */
START_TEST(dynamic_table_lasts)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_handshake(&r);
	for (uint32_t id = 1; id < 200; id += 2) {
		static const struct step first[STEPS_MAX] = { HEADERS(1, EH | ES, "\x83\x86" "\x44\x10/test.Echo/Unary"
			"\x41\4test" "\x5f\x10" "application/grpc" "\x40\2te\x8trailers") };
		struct step next[STEPS_MAX] = { HEADERS(1, EH | ES, "\x83\x86\xc1\xc0\xbf\xbe") };

		next[0].stream = id;
		script_send(&r, id == 1 ? first : next);
		ck_assert_str_eq(raw_wait_end(&r, id, "grpc-status"), "13");
	}
	raw_close(&r);
}
END_TEST

UNIT_MAIN(representations, decoding_errors, table_size_updates, dynamic_table_lasts)
