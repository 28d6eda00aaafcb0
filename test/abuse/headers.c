/* headers.c - header blocks that are too long, grow when they are unpacked, or are none. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "test/abuse/attack.h"

enum { ENTRY = 4000, BOMB = 60000, KIB = 1024 };

static char *text_of(size_t n)
{
	char *text = mem_alloc(n + 1);

	memset(text, 'a', n);
	return text;
}

/* An entry of the dynamic table of the other end, then nothing but references to it: one byte is ENTRY. */
static void hpack_bomb(struct peer *p)
{
	struct buf block = { 0 };
	char *value = text_of(ENTRY);

	raw_request(&block, PATH_CHECK, NULL);
	raw_integer(&block, 0x40, 6, 0);
	raw_integer(&block, 0, 7, 3);
	buf_append(&block, "x-b", 3);
	raw_integer(&block, 0, 7, ENTRY);
	buf_append(&block, value, ENTRY);
	memset(buf_reserve(&block, BOMB), 0x80 | 62, BOMB);
	buf_commit(&block, BOMB);
	for (uint32_t id = 1; id < 200 && !peer_is_over(p); id += 2)
		peer_block(p, id, &block, 0);
	buf_done(&block);
	free(value);
}

static void send_metadata(struct peer *p, size_t bytes)
{
	char *value = text_of(bytes);

	peer_request(p, PATH_CHECK, "x-huge", value, RAW_END_STREAM);
	free(value);
}

static void huge_metadata(struct peer *p)
{
	send_metadata(p, 20 * KIB);
}

static void huge_metadata_again(struct peer *p)
{
	for (int i = 0; i < 10; i++)
		send_metadata(p, 20 * KIB);
}

/* A name or value over 64 KiB is over what the decoder itself takes. */
static void one_value_of_70_kib(struct peer *p)
{
	send_metadata(p, 70 * KIB);
}

static void many_fields(struct peer *p)
{
	struct buf block = { 0 };

	raw_request(&block, PATH_CHECK, NULL);
	for (int i = 0; i < 300; i++)
		raw_field(&block, "x-m", "1");
	peer_block(p, 1, &block, RAW_END_STREAM);
	buf_done(&block);
}

/* A "-bin" field is a list: each comma is a value of its own, under that name. */
static void list_of_empty_values(struct peer *p)
{
	struct buf block = { 0 };
	char *name = text_of(7 * KIB), *value = text_of(8 * KIB);

	memcpy(name + 7 * KIB - 4, "-bin", 4);
	memset(value, ',', 8 * KIB);
	raw_request(&block, PATH_CHECK, NULL);
	raw_field(&block, name, value);
	peer_block(p, 1, &block, 0);
	buf_done(&block);
	free(name);
	free(value);
}

static void long_path(struct peer *p)
{
	char *path = text_of(2 * KIB);

	path[0] = '/';
	peer_request(p, path, NULL, NULL, RAW_END_STREAM);
	free(path);
}

static void broken_compression(struct peer *p)
{
	peer_frame(p, RAW_HEADERS, RAW_END_HEADERS, 1, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
}

static void broken_huffman(struct peer *p)
{
	peer_frame(p, RAW_HEADERS, RAW_END_HEADERS, 1, "\0\x81\xff\x81\xff", 5);
}

static void table_over_the_limit(struct peer *p)
{
	struct buf block = { 0 };

	raw_integer(&block, 0x20, 5, 1024 * 1024);
	raw_request(&block, PATH_CHECK, NULL);
	peer_block(p, 1, &block, RAW_END_STREAM);
	buf_done(&block);
}

/* What we would compress answers with may not grow either. */
static void table_of_4_gib(struct peer *p)
{
	peer_setting(p, SETTING_HEADER_TABLE, UINT32_MAX);
	peer_request(p, PATH_CHECK, NULL, NULL, RAW_END_STREAM);
}

static void wrong_method(struct peer *p)
{
	struct buf block = { 0 };

	raw_field(&block, ":method", "GET");
	raw_field(&block, ":scheme", "http");
	raw_field(&block, ":path", PATH_CHECK);
	raw_field(&block, ":authority", "test");
	peer_block(p, 1, &block, RAW_END_STREAM);
	buf_done(&block);
}

static const struct attack rows[] = {
	{ "hpack-bomb", hpack_bomb, GOAWAY(CALM) },
	{ "huge-metadata", huge_metadata, STATUS(RESOURCE_EXHAUSTED, 1) },
	{ "huge-metadata-again", huge_metadata_again, GOAWAY(CALM) },
	{ "value-of-70-kib", one_value_of_70_kib, GOAWAY(COMPRESSION_ERROR) },
	{ "many-fields", many_fields, STATUS(RESOURCE_EXHAUSTED, 1) },
	{ "list-of-empty-values", list_of_empty_values, STATUS(RESOURCE_EXHAUSTED, 1), .flags = HOLD },
	{ "long-path", long_path, STATUS(UNIMPLEMENTED, 1) },
	{ "broken-compression", broken_compression, GOAWAY(COMPRESSION_ERROR) },
	{ "broken-huffman", broken_huffman, GOAWAY(COMPRESSION_ERROR) },
	{ "table-over-the-limit", table_over_the_limit, GOAWAY(COMPRESSION_ERROR) },
	{ "table-of-4-gib", table_of_4_gib, STATUS(INTERNAL, 1) },
	{ "no-grpc", wrong_method, HTTP_ERROR },
};

const struct theme theme_headers = { "headers", rows, sizeof rows / sizeof *rows };
