/* floods.c - more frames than anybody needs: CVE-2019-9512, 9513, 9515, 9518, 2024-27316 and what is left beside. */
#include "test/abuse/attack.h"

enum { MANY = 1500, PINGS = 500, PRIORITY_UPDATE = 0x10, UNKNOWN = 0xbe };

static void repeat(struct peer *p, unsigned n, uint8_t type, uint8_t flags, uint32_t stream, const void *payload, size_t len)
{
	for (unsigned i = 0; i < n && !peer_is_over(p); i++)
		peer_frame(p, type, flags, stream, payload, len);
}

static void pings(struct peer *p)
{
	repeat(p, PINGS, RAW_PING, 0, 0, "12345678", 8);
}

static void pings_unread(struct peer *p)
{
	repeat(p, MANY * 20, RAW_PING, 0, 0, "12345678", 8);
}

static void settings(struct peer *p)
{
	repeat(p, MANY, RAW_SETTINGS, 0, 0, NULL, 0);
}

static void settings_of_many_values(struct peer *p)
{
	uint8_t entries[33 * 6] = { 0 };

	for (unsigned i = 0; i < 33; i++)
		entries[6 * i + 1] = SETTING_WINDOW;
	peer_frame(p, RAW_SETTINGS, 0, 0, entries, sizeof entries);
}

static void empty_data(struct peer *p)
{
	repeat(p, MANY, RAW_DATA, 0, peer_request(p, PATH_REFLECT, NULL, NULL, 0), NULL, 0);
}

/* Padding is content to whoever looks at the length of a frame alone. */
static void padded_empty_data(struct peer *p)
{
	repeat(p, MANY, RAW_DATA, RAW_PADDED, peer_request(p, PATH_REFLECT, NULL, NULL, 0), "\0", 1);
}

static void window_updates(struct peer *p)
{
	repeat(p, MANY, RAW_WINDOW_UPDATE, 0, 0, "\0\0\0\1", 4);
}

/* Resource loop: the dependencies of streams are shuffled. */
static void priorities(struct peer *p)
{
	for (uint32_t i = 0; i < MANY && !peer_is_over(p); i++) {
		uint8_t payload[5] = { 0, 0, 0, (uint8_t)(2 * (i % 50) + 1), 16 };

		peer_frame(p, RAW_PRIORITY, 0, 2 * ((i + 7) % 50) + 101, payload, sizeof payload);
	}
}

static void priority_updates(struct peer *p)
{
	repeat(p, MANY, PRIORITY_UPDATE, 0, 0, "\0\0\0\1u=3", 7);
}

static void unknown_frames(struct peer *p)
{
	repeat(p, MANY, UNKNOWN, 0, 0, "x", 1);
}

/* The stream has been answered and is gone; its frames are dropped without a word. */
static void resets_of_a_closed_stream(struct peer *p)
{
	uint32_t id = peer_request(p, "/no.Such/Method", NULL, NULL, RAW_END_STREAM);

	peer_is_served(p);
	repeat(p, MANY, RAW_RST_STREAM, 0, id, "\0\0\0\x8", 4);
}

/* Ids below the highest one open nothing: such blocks are decoded and dropped. */
static void headers_of_old_streams(struct peer *p)
{
	struct buf block = { 0 };

	p->next_id = 100001;
	peer_request(p, "/no.Such/Method", NULL, NULL, RAW_END_STREAM);
	raw_request(&block, "/no.Such/Method", NULL);
	for (uint32_t id = 1; id < 6 * MANY && !peer_is_over(p); id += 2)
		peer_block(p, id, &block, RAW_END_STREAM);
	buf_done(&block);
}

static void reset_of_an_idle_stream(struct peer *p)
{
	peer_frame_u32(p, RAW_RST_STREAM, 77, RST_CANCEL);
}

static void goaways(struct peer *p)
{
	repeat(p, MANY, RAW_GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0more", 12);
}

static void continuations(struct peer *p)
{
	struct buf block = { 0 };

	raw_request(&block, PATH_CHECK, NULL);
	peer_frame(p, RAW_HEADERS, 0, 1, buf_data(&block), buf_len(&block));
	buf_clear(&block);
	for (int i = 0; i < 800; i++)		/* a frame may have 16 KiB */
		raw_field(&block, "x-more", "0123456789");
	repeat(p, MANY, RAW_CONTINUATION, 0, 1, buf_data(&block), buf_len(&block));
	buf_done(&block);
}

static void empty_continuations(struct peer *p)
{
	peer_frame(p, RAW_HEADERS, 0, 1, NULL, 0);
	repeat(p, MANY, RAW_CONTINUATION, 0, 1, NULL, 0);
}

static void frame_of_16_mib(struct peer *p)
{
	peer_bytes(p, "\xff\xff\xff\0\0\0\0\0\1", 9);
}

static const struct attack rows[] = {
	{ "ping-flood", pings, GOAWAY(CALM), .debug = "too_many_pings" },
	{ "ping-flood-unread", pings_unread, CLOSES, .flags = MUTE },
	{ "settings-flood", settings, GOAWAY(CALM) },
	{ "settings-of-33-values", settings_of_many_values, GOAWAY(CALM) },
	{ "empty-data-flood", empty_data, GOAWAY(CALM) },
	{ "padded-empty-data-flood", padded_empty_data, GOAWAY(CALM) },
	{ "window-update-flood", window_updates, GOAWAY(CALM) },
	{ "priority-shuffle", priorities, GOAWAY(CALM) },
	{ "priority-update-flood", priority_updates, GOAWAY(CALM) },
	{ "unknown-frame-flood", unknown_frames, GOAWAY(CALM) },
	{ "reset-of-closed-stream-flood", resets_of_a_closed_stream, GOAWAY(CALM) },
	{ "headers-of-old-streams", headers_of_old_streams, GOAWAY(CALM) },
	{ "reset-of-idle-stream", reset_of_an_idle_stream, GOAWAY(PROTOCOL_ERROR) },
	{ "goaway-flood", goaways, CLOSES },
	{ "continuation-flood", continuations, GOAWAY(CALM), .flags = NO_ACK },
	{ "empty-continuation-flood", empty_continuations, GOAWAY(CALM), .flags = NO_ACK },
	{ "frame-of-16-mib", frame_of_16_mib, GOAWAY(FRAME_SIZE_ERROR) },
};

const struct theme theme_floods = { "floods", rows, sizeof rows / sizeof *rows };
