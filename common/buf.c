/*
 * buf.c - the growing queue of bytes of buf.h.
 *
 * Room is made by moving the content down when at least as much was consumed as is left (so each byte
 * is moved at most once per byte consumed), else by doubling. Fails only as mem.h does.
 */
#include "common/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

enum { CAP_MIN = 256 };

void buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}

static void move_down(struct buf *b)
{
	if (!b->data || !b->head)
		return;
	memmove(b->data, b->data + b->head, buf_len(b));
	b->tail -= b->head;
	b->head = 0;
}

static void grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : CAP_MIN;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	b->data = mem_realloc(b->data, cap);
	b->cap = cap;
}

uint8_t *buf_reserve(struct buf *b, size_t n)
{
	if (!b->data || b->cap - b->tail < n) {
		size_t len = buf_len(b);

		/* An impossible size is asked of the allocator, which aborts in the usual way. */
		size_t need = n > SIZE_MAX - len ? SIZE_MAX : len + n;

		if (b->head >= len)
			move_down(b);
		if (b->cap < need) {
			move_down(b);
			grow(b, need);
		} else if (b->cap - b->tail < n) {
			grow(b, b->tail + n);
		}
	}
	return b->data + b->tail;
}

void buf_commit(struct buf *b, size_t n)
{
	assert(n <= b->cap - b->tail);
	b->tail += n;
}

void buf_append(struct buf *b, const void *data, size_t n)
{
	if (!n)
		return;
	memcpy(buf_reserve(b, n), data, n);
	b->tail += n;
}

void buf_append_str(struct buf *b, const char *s)
{
	buf_append(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	size_t room;
	int n;

	buf_reserve(b, 1);
	room = b->cap - b->tail;
	va_copy(again, ap);
	n = vsnprintf((char *)b->data + b->tail, room, fmt, ap);
	if (n >= 0 && (size_t)n >= room) {
		room = (size_t)n + 1;
		n = vsnprintf((char *)buf_reserve(b, room), room, fmt, again);
	}
	va_end(again);
	if (n > 0)
		b->tail += (size_t)n;
}

void buf_consume(struct buf *b, size_t n)
{
	assert(n <= buf_len(b));
	b->head += n;
	if (b->head == b->tail)
		b->head = b->tail = 0;
}

void buf_clear(struct buf *b)
{
	b->head = b->tail = 0;
}

void buf_trim(struct buf *b)
{
	if (!buf_len(b))
		buf_done(b);
}

char *buf_take_string(struct buf *b)
{
	char *text;

	move_down(b);
	*buf_reserve(b, 1) = '\0';
	text = mem_realloc(b->data, b->tail + 1);
	*b = (struct buf){ 0 };
	return text;
}

const char *buf_string(struct buf *b)
{
	*buf_reserve(b, 1) = '\0';
	return (const char *)buf_data(b);
}
