/*
 * memory.c - what a peer leaves lying at the other end: answers that are never read, windows that stay shut,
 * messages that are never finished. Every attacker fills what he can, then all hold it at the same time.
 */
#include <stdlib.h>

#include "common/mem.h"
#include "test/abuse/attack.h"

enum { STREAMS = 90, QUESTIONS = 9000, FLOOD = 200000, UPLOAD = 900 * 1024, PREFIX = 5 };

/* Refused and unknown requests have answers too. */
static void flood_requests(struct peer *p)
{
	for (int i = 0; i < FLOOD && !peer_is_over(p); i++)
		peer_request(p, "/no.Such/Method", NULL, NULL, RAW_END_STREAM);
}

static void flood_streams(struct peer *p)
{
	for (int i = 0; i < FLOOD && !peer_is_over(p); i++)
		peer_request(p, PATH_REFLECT, NULL, NULL, 0);
}

static void flood_resets(struct peer *p)
{
	for (int i = 0; i < FLOOD && !peer_is_over(p); i++)
		peer_frame_u32(p, RAW_WINDOW_UPDATE, peer_request(p, PATH_REFLECT, NULL, NULL, 0), INT32_MAX);
}

/* On each stream more questions than a shut window lets answers out. */
static void ask_on_all_streams(struct peer *p)
{
	struct buf questions = { 0 };

	for (int i = 0; i < QUESTIONS; i++) {
		const uint8_t prefix[PREFIX] = { 0, 0, 0, 0, (uint8_t)reflect_file_len };

		buf_append(&questions, prefix, sizeof prefix);
		buf_append(&questions, reflect_file, reflect_file_len);
	}
	for (int i = 0; i < HANDLERS; i++)
		peer_request(p, PATH_REFLECT, NULL, NULL, 0);
	for (uint32_t id = 1; id < 2 * HANDLERS && !peer_is_over(p); id += 2)
		peer_data(p, id, buf_data(&questions), buf_len(&questions), 0);
	peer_flush(p);
	buf_done(&questions);
}

static void shut_windows(struct peer *p)
{
	peer_setting(p, SETTING_WINDOW, 0);
	ask_on_all_streams(p);
}

/* The windows are open, the socket is not read. What the other end takes is known without reading it. */
static void open_windows(struct peer *p)
{
	p->first_window = 256 * 1024;
	p->conn_window = 1024 * 1024;
	peer_open_windows(p);
	ask_on_all_streams(p);
}

/* When the socket takes no more, requests come that all have to be refused. */
static void open_windows_then_flood(struct peer *p)
{
	open_windows(p);
	flood_streams(p);
}

static void announce_without_sending(struct peer *p)
{
	for (int i = 0; i < STREAMS; i++)
		peer_frame(p, RAW_DATA, 0, peer_request(p, path_large(p), NULL, NULL, 0), "\0\0\x0f\xff\xff" "abc", 8);
}

static void unfinished_uploads(struct peer *p)
{
	uint8_t *body = mem_alloc(UPLOAD);

	body[1] = 0x00;
	body[2] = 0x0f;
	body[3] = body[4] = 0xff;
	p->patience_ms = PEER_BLOCKED_MS;
	for (int i = 0; i < STREAMS; i++)
		peer_request(p, path_large(p), NULL, NULL, 0);
	for (uint32_t id = 1; id < 2 * STREAMS && !peer_is_over(p); id += 2)
		peer_data(p, id, body, UPLOAD, 0);
	peer_flush(p);
	free(body);
}

static const struct attack rows[] = {
	{ "never-read-answers", flood_requests, CLOSES, .flags = MUTE },
	{ "never-read-refusals", flood_streams, CLOSES, .flags = MUTE | NO_ACK },
	{ "never-read-resets", flood_resets, CLOSES, .flags = MUTE },
	{ "announced-messages", announce_without_sending, LIVES, .flags = HOLD },
	{ "shut-windows", shut_windows, LIVES, .flags = HOLD, .max_jobs = HANDLER_JOBS, .growth_mib = 64 },
	{ "never-read-files", open_windows, LIVES, .flags = MUTE | HOLD, .max_jobs = HANDLER_JOBS, .growth_mib = 64 },
	{ "never-read-files-then-flood", open_windows_then_flood, CLOSES, .flags = MUTE | HOLD, .max_jobs = HANDLER_JOBS, .growth_mib = 64 },
};

static const struct attack upload_rows[] = {
	{ "unfinished-uploads", unfinished_uploads, STATUS(RESOURCE_EXHAUSTED, 1), .flags = HOLD, .growth_mib = 192 },
};

const struct theme theme_memory = { "memory", rows, sizeof rows / sizeof *rows };
const struct theme theme_uploads = { "uploads", upload_rows, sizeof upload_rows / sizeof *upload_rows };
