/* scan.c - see scan.h. */
#include "wire/scan.h"

#include <string.h>

void scan_init(struct scan *s, uint32_t preface)
{
	*s = (struct scan){ .skip = preface };
}

static void parse(const uint8_t *h, struct scan_frame *f)
{
	f->length = (uint32_t)h[0] << 16 | (uint32_t)h[1] << 8 | h[2];
	f->type = h[3];
	f->flags = h[4];
	f->stream = ((uint32_t)h[5] << 24 | (uint32_t)h[6] << 16 | (uint32_t)h[7] << 8 | h[8]) & 0x7fffffff;
}

bool scan_next(struct scan *s, const uint8_t **data, size_t *n, struct scan_frame *frame)
{
	size_t take = *n < s->skip ? *n : s->skip;

	s->skip -= (uint32_t)take;
	*data += take;
	*n -= take;
	if (s->skip)
		return false;
	take = sizeof s->head - s->n_head;
	if (take > *n)
		take = *n;
	if (take)
		memcpy(s->head + s->n_head, *data, take);
	s->n_head = (uint8_t)(s->n_head + take);
	*data += take;
	*n -= take;
	if (s->n_head < sizeof s->head)
		return false;
	parse(s->head, frame);
	s->n_head = 0;
	s->skip = frame->length;
	return true;
}
