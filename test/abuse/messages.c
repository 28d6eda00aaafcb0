/* messages.c - gRPC messages that are cut, too long, unreadable, compressed, or costly to read. */
#include "test/abuse/attack.h"

enum { FIELDS = 300000, EMPTY_MESSAGES = 100000, BOMBS = 5, PREFIX = 5 };
/* Each attacker has a message of 900 KiB under way, in a buffer that grows by doubling. */
enum { LARGE_MIB = 64 };

static void send_body(struct peer *p, const char *path, const void *body, size_t n, uint8_t flags)
{
	peer_frame(p, RAW_DATA, flags, peer_request(p, path, NULL, NULL, 0), body, n);
}

static void prefix_of_4_gib(struct peer *p)
{
	send_body(p, path_large(p), "\0\xff\xff\xff\xff", PREFIX, 0);
}

static void truncated(struct peer *p)
{
	send_body(p, path_large(p), "\0\0\0\0\x8\x0a\4w", 8, RAW_END_STREAM);
}

static void garbage(struct peer *p)
{
	send_body(p, path_large(p), "\0\0\0\0\2\x0a\xff", 7, RAW_END_STREAM);
}

static void compressed(struct peer *p)
{
	uint32_t id = peer_request(p, path_large(p), "grpc-encoding", "zstd", 0);

	peer_frame(p, RAW_DATA, RAW_END_STREAM, id, "\1\0\0\0\1x", 6);
}

static void unknown_flag(struct peer *p)
{
	send_body(p, path_large(p), "\x7f\0\0\0\1x", 6, RAW_END_STREAM);
}

static void put_prefix(struct buf *body, size_t n)
{
	uint8_t prefix[PREFIX] = { 0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	buf_append(body, prefix, sizeof prefix);
}

static void send_fields(struct peer *p, const void *field, size_t len)
{
	struct buf body = { 0 };

	put_prefix(&body, FIELDS * len);
	for (int i = 0; i < FIELDS; i++)
		buf_append(&body, field, len);
	for (int i = 0; i < BOMBS && !peer_is_over(p); i++)
		peer_data(p, peer_request(p, path_large(p), NULL, NULL, 0), buf_data(&body), buf_len(&body), RAW_END_STREAM);
	buf_done(&body);
}

/* Field 127, a varint: every one would be kept in a table of its own. */
static void unknown_fields(struct peer *p)
{
	send_fields(p, "\xf8\x07\x01", 3);
}

/* Field 1 over and over: of a text each one is copied, and only the last one counts. */
static void repeated_singular_field(struct peer *p)
{
	send_fields(p, "\x0a\x01x", 3);
}

/* Each is a message to a stream of requests, and each has an answer. */
static void empty_messages(struct peer *p)
{
	static const uint8_t zeros[1000 * PREFIX];
	uint32_t id;

	peer_open_windows(p);
	id = peer_request(p, PATH_REFLECT, NULL, NULL, 0);
	for (int i = 0; i < EMPTY_MESSAGES / 1000 && !peer_is_over(p); i++)
		peer_data(p, id, zeros, sizeof zeros, 0);
}

static const struct attack rows[] = {
	{ "prefix-of-4-gib", prefix_of_4_gib, STATUS(RESOURCE_EXHAUSTED, 1) },
	{ "truncated-message", truncated, STATUS(INTERNAL, 1) },
	{ "garbage-message", garbage, STATUS(INTERNAL, 1) },
	{ "unknown-compression", compressed, STATUS(UNIMPLEMENTED, 1) },
	{ "unknown-flag", unknown_flag, STATUS(INTERNAL, 1) },
	{ "unknown-fields", unknown_fields, STATUS(INTERNAL, BOMBS), .growth_mib = LARGE_MIB },
	{ "repeated-singular-field", repeated_singular_field, STATUS(INTERNAL, BOMBS), .growth_mib = LARGE_MIB },
	{ "empty-messages", empty_messages, LIVES },
};

const struct theme theme_messages = { "messages", rows, sizeof rows / sizeof *rows };
