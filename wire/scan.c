/* scan.c - see scan.h. */
#include "wire/scan.h"

#include <string.h>

void scan_init(struct scan *s, uint32_t preface)
{
	*s = (struct scan){ .skip = preface };
}

enum { FRAME_HEAD = 9 };

static uint32_t stream_id(const uint8_t *p)
{
	return ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]) & 0x7fffffff;
}

static void parse(const uint8_t *h, struct scan_frame *f)
{
	f->length = (uint32_t)h[0] << 16 | (uint32_t)h[1] << 8 | h[2];
	f->type = h[3];
	f->flags = h[4];
	f->stream = stream_id(h + 5);
	f->parent = 0;
}

/* PRIORITY of a wrong length is for others to refuse. */
static size_t head_len(const struct scan *s)
{
	bool whole = s->n_head >= FRAME_HEAD && s->head[3] == SCAN_PRIORITY && s->head[0] == 0 && s->head[1] == 0 &&
		     s->head[2] == SCAN_PRIORITY_LEN;

	return whole ? FRAME_HEAD + 4 : FRAME_HEAD;
}

/* Moves input to the head up to n bytes of it; true: they are there. */
static bool fill_head(struct scan *s, const uint8_t **data, size_t *n, size_t want)
{
	size_t take = want - s->n_head;

	if (take > *n)
		take = *n;
	if (take)
		memcpy(s->head + s->n_head, *data, take);
	s->n_head = (uint8_t)(s->n_head + take);
	*data += take;
	*n -= take;
	return s->n_head == want;
}

bool scan_next(struct scan *s, const uint8_t **data, size_t *n, struct scan_frame *frame)
{
	size_t take = *n < s->skip ? *n : s->skip;

	s->skip -= (uint32_t)take;
	*data += take;
	*n -= take;
	if (s->skip)
		return false;
	if ((s->n_head < FRAME_HEAD && !fill_head(s, data, n, FRAME_HEAD)) || !fill_head(s, data, n, head_len(s)))
		return false;
	parse(s->head, frame);
	s->skip = frame->length;
	if (s->n_head > FRAME_HEAD) {
		frame->parent = stream_id(s->head + FRAME_HEAD);
		s->skip -= 4;
	}
	s->n_head = 0;
	return true;
}
