/* strict.c - see strict.h. */
#include "wire/strict.h"

#include <stdbool.h>
#include <stddef.h>

#include "wire/h2.h"
#include "wire/limits.h"

enum fault { TOO_LONG, BACKWARDS, ENDED, NO_STREAM, ITS_OWN_PARENT };

static const struct strict_fault faults[] = {
	[TOO_LONG] = { H2_FRAME_SIZE_ERROR, "a CONTINUATION frame is longer than announced" },
	[BACKWARDS] = { H2_PROTOCOL_ERROR, "a new stream has a lower id than one before" },
	[ENDED] = { H2_STREAM_CLOSED, "a frame came for a stream that the peer had ended" },
	[NO_STREAM] = { H2_PROTOCOL_ERROR, "PRIORITY without a stream" },
	[ITS_OWN_PARENT] = { H2_PROTOCOL_ERROR, "a stream depends on itself" },
};

static bool get(const uint32_t *bits, uint32_t i)
{
	return bits[i % STRICT_STREAMS / 32] >> i % 32 & 1;
}

static void set(uint32_t *bits, uint32_t i, bool on)
{
	uint32_t *word = &bits[i % STRICT_STREAMS / 32], bit = UINT32_C(1) << i % 32;

	*word = on ? *word | bit : *word & ~bit;
}

static bool is_remembered(const struct strict *s, uint32_t i)
{
	return i < s->n && s->n - i <= STRICT_STREAMS;
}

/* The ids between the last stream and this one are closed without having been open (RFC 9113 5.1.1). */
static void open_stream(struct strict *s, uint32_t i)
{
	uint32_t from = i - s->n < STRICT_STREAMS ? s->n : i - STRICT_STREAMS + 1;

	for (uint32_t at = from; at <= i; at++) {
		set(s->opened, at, at == i);
		set(s->ended, at, false);
	}
	s->n = i + 1;
}

static const struct strict_fault *check_priority(const struct scan_frame *f)
{
	if (f->stream == 0)
		return &faults[NO_STREAM];
	return f->length == SCAN_PRIORITY_LEN && f->parent == f->stream ? &faults[ITS_OWN_PARENT] : NULL;
}

/* HEADERS, DATA and RST_STREAM on the client's streams. */
static const struct strict_fault *check_stream(struct strict *s, const struct scan_frame *f)
{
	uint32_t i = f->stream / 2;

	if (f->type == SCAN_HEADERS && i >= s->n)
		open_stream(s, i);
	if (!is_remembered(s, i))
		return NULL;
	if (f->type == SCAN_RST_STREAM) {
		set(s->ended, i, true);
		return NULL;
	}
	if (f->type == SCAN_HEADERS && !get(s->opened, i))
		return &faults[BACKWARDS];
	if (!get(s->opened, i) || get(s->ended, i))
		return &faults[ENDED];
	if (f->flags & SCAN_FLAG_END_STREAM)
		set(s->ended, i, true);
	return NULL;
}

const struct strict_fault *strict_check(struct strict *s, const struct scan_frame *f)
{
	switch (f->type) {
	case SCAN_PRIORITY:
		return check_priority(f);
	case SCAN_CONTINUATION:
		return f->length > WIRE_FRAME_SERVER ? &faults[TOO_LONG] : NULL;
	case SCAN_HEADERS:
	case SCAN_DATA:
	case SCAN_RST_STREAM:
		return f->stream % 2 ? check_stream(s, f) : NULL;
	default:
		return NULL;
	}
}
