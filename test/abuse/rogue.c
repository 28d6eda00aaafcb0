/*
 * rogue.c - a server that attacks who dials it: the CLI, an agent that registers, a master that dials an agent
 * back. Each attack begins when the first call has come.
 */
#include <string.h>

#include "test/abuse/attack.h"

enum { MANY = 1500, BOMB = 60000, ENTRY = 4000 };

static void pings(struct peer *p)
{
	for (int i = 0; i < MANY && !peer_is_over(p); i++)
		peer_frame(p, RAW_PING, 0, 0, "12345678", 8);
}

static void settings(struct peer *p)
{
	for (int i = 0; i < MANY && !peer_is_over(p); i++)
		peer_frame(p, RAW_SETTINGS, 0, 0, NULL, 0);
}

static void put_response(struct buf *block)
{
	raw_field(block, ":status", "200");
	raw_field(block, "content-type", "application/grpc");
}

static void respond(struct peer *p)
{
	struct buf block = { 0 };

	put_response(&block);
	peer_block(p, p->seen.request, &block, 0);
	buf_done(&block);
}

static void empty_data(struct peer *p)
{
	respond(p);
	for (int i = 0; i < MANY && !peer_is_over(p); i++)
		peer_frame(p, RAW_DATA, 0, p->seen.request, NULL, 0);
}

/* Interim responses are HEADERS too, and there may be any number of them. */
static void interim_responses(struct peer *p)
{
	struct buf block = { 0 };

	raw_field(&block, ":status", "103");
	for (int i = 0; i < MANY * 10 && !peer_is_over(p); i++)
		peer_block(p, p->seen.request, &block, 0);
	buf_done(&block);
}

static void continuations(struct peer *p)
{
	struct buf block = { 0 };

	put_response(&block);
	peer_frame(p, RAW_HEADERS, 0, p->seen.request, buf_data(&block), buf_len(&block));
	buf_clear(&block);
	for (int i = 0; i < 900; i++)
		raw_field(&block, "x-more", "0123456789");
	for (int i = 0; i < MANY && !peer_is_over(p); i++)
		peer_frame(p, RAW_CONTINUATION, 0, p->seen.request, buf_data(&block), buf_len(&block));
	buf_done(&block);
}

/* See headers.c. */
static void hpack_bomb(struct peer *p)
{
	struct buf block = { 0 };
	char value[ENTRY];

	memset(value, 'a', sizeof value);
	put_response(&block);
	raw_integer(&block, 0x40, 6, 0);
	raw_integer(&block, 0, 7, 3);
	buf_append(&block, "x-b", 3);
	raw_integer(&block, 0, 7, ENTRY);
	buf_append(&block, value, ENTRY);
	memset(buf_reserve(&block, BOMB), 0x80 | 62, BOMB);
	buf_commit(&block, BOMB);
	for (int i = 0; i < 10 && !peer_is_over(p); i++)
		peer_block(p, p->seen.request, &block, 0);
	buf_done(&block);
}

static void prefix_of_4_gib(struct peer *p)
{
	respond(p);
	peer_frame(p, RAW_DATA, 0, p->seen.request, "\0\xff\xff\xff\xff", 5);
}

/* Messages without end: each one is small, no trailers ever come. */
static void endless_answer(struct peer *p)
{
	static const uint8_t messages[16000];

	respond(p);
	p->patience_ms = PEER_BLOCKED_MS;	/* the call ends, and with it what there is to send */
	p->windows[p->seen.request / 2 % PEER_STREAMS] = p->first_window;
	for (int i = 0; i < MANY && !peer_is_over(p); i++)
		if (!peer_data(p, p->seen.request, messages, sizeof messages, 0))
			break;
}

static void push(struct peer *p)
{
	struct buf block = { 0 };

	buf_append(&block, "\0\0\0\2", 4);
	raw_request(&block, PATH_CHECK, NULL);
	peer_frame(p, RAW_PUSH_PROMISE, RAW_END_HEADERS, p->seen.request, buf_data(&block), buf_len(&block));
	buf_done(&block);
}

static void garbage(struct peer *p)
{
	uint8_t noise[512];

	memset(noise, 0xa5, sizeof noise);
	peer_bytes(p, noise, sizeof noise);
}

static void no_status(struct peer *p)
{
	struct buf block = { 0 };

	put_response(&block);
	peer_block(p, p->seen.request, &block, RAW_END_STREAM);
	buf_done(&block);
}

static const struct attack rows[] = {
	{ "rogue-ping-flood", pings, GOAWAY(CALM) },
	{ "rogue-settings-flood", settings, GOAWAY(CALM) },
	{ "rogue-empty-data-flood", empty_data, GOAWAY(CALM) },
	{ "rogue-interim-responses", interim_responses, GOAWAY(CALM) },
	{ "rogue-continuation-flood", continuations, GOAWAY(CALM) },
	{ "rogue-hpack-bomb", hpack_bomb, GOAWAY(CALM) },
	{ "rogue-prefix-of-4-gib", prefix_of_4_gib, RESET(RST_CANCEL) },
	{ "rogue-endless-answer", endless_answer, RESET(RST_CANCEL) },
	{ "rogue-push", push, GOAWAY(PROTOCOL_ERROR) },
	{ "rogue-garbage", garbage, CLOSES },
	{ "rogue-no-status", no_status, LIVES },
};

const struct theme theme_rogue = { "rogue", rows, sizeof rows / sizeof *rows };
