#include "test/lib/block.h"

#include <string.h>

void raw_head(struct buf *out, uint8_t type, uint8_t flags, uint32_t stream, size_t n)
{
	uint8_t head[9] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, type, flags,
			    (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream };

	buf_append(out, head, sizeof head);
}

static void put_byte(struct buf *b, size_t byte)
{
	uint8_t one = (uint8_t)byte;

	buf_append(b, &one, 1);
}

void raw_integer(struct buf *block, uint8_t first, unsigned bits, size_t value)
{
	size_t limit = ((size_t)1 << bits) - 1;

	if (value < limit) {
		put_byte(block, first | value);
		return;
	}
	put_byte(block, first | limit);
	for (value -= limit; value > 0x7f; value >>= 7)
		put_byte(block, (value & 0x7f) | 0x80);
	put_byte(block, value);
}

static void put_string(struct buf *b, const char *s)
{
	raw_integer(b, 0, 7, strlen(s));
	buf_append(b, s, strlen(s));
}

void raw_field(struct buf *block, const char *name, const char *value)
{
	put_byte(block, 0);
	put_string(block, name);
	put_string(block, value);
}

void raw_request(struct buf *block, const char *path, const char *content_type)
{
	raw_field(block, ":method", "POST");
	raw_field(block, ":scheme", "http");
	raw_field(block, ":path", path);
	raw_field(block, ":authority", "test");
	raw_field(block, "te", "trailers");
	raw_field(block, "content-type", content_type ? content_type : "application/grpc");
}
