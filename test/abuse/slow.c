/* slow.c - peers that take their time: each costs a connection until the time for it is over, no longer. */
#include "test/abuse/attack.h"

enum { DRIBBLE_MS = 400 };

static void say_nothing(struct peer *p)
{
	(void)p;
}

static void half_a_preface(struct peer *p)
{
	peer_bytes(p, RAW_PREFACE, 10);
}

static void preface_alone(struct peer *p)
{
	peer_bytes(p, RAW_PREFACE, sizeof RAW_PREFACE - 1);
}

static void reverse_line_alone(struct peer *p)
{
	peer_bytes(p, "SLOTH-RH2 1\r\n", 13);
}

static bool never(const struct peer *p, const void *arg)
{
	(void)p;
	(void)arg;
	return false;
}

/* Always some progress, never an end. */
static void preface_byte_by_byte(struct peer *p)
{
	static const char text[] = RAW_PREFACE;

	for (size_t i = 0; i < sizeof text - 1 && !p->is_closed; i++) {
		peer_bytes(p, text + i, 1);
		peer_wait(p, DRIBBLE_MS, never, NULL);
	}
}

static void header_block_byte_by_byte(struct peer *p)
{
	struct buf block = { 0 };

	raw_request(&block, PATH_CHECK, NULL);
	peer_frame(p, RAW_HEADERS, 0, 1, buf_data(&block), buf_len(&block));
	for (int i = 0; i < 50 && !peer_is_over(p); i++) {
		peer_frame(p, RAW_CONTINUATION, 0, 1, NULL, 0);
		peer_wait(p, DRIBBLE_MS, never, NULL);
	}
	buf_done(&block);
}

static const struct attack rows[] = {
	{ "silence", say_nothing, CLOSES, .flags = NO_HELLO | NO_ACK },
	{ "half-preface", half_a_preface, CLOSES, .flags = NO_HELLO | NO_ACK },
	{ "preface-without-settings", preface_alone, CLOSES, .flags = NO_HELLO | NO_ACK },
	{ "reverse-channel-without-settings", reverse_line_alone, CLOSES, .flags = NO_HELLO | NO_ACK },
	{ "preface-byte-by-byte", preface_byte_by_byte, CLOSES, .flags = NO_HELLO | NO_ACK },
	{ "settings-without-ack", say_nothing, GOAWAY(SETTINGS_TIMEOUT), .flags = NO_ACK },
	{ "header-block-without-end", header_block_byte_by_byte, GOAWAY(CALM), .flags = NO_ACK },
};

const struct theme theme_slow = { "slow", rows, sizeof rows / sizeof *rows };
