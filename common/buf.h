/*
 * buf.h - a growing queue of bytes: append at the tail, consume at the head.
 *
 *   data          data+head            data+tail              data+cap
 *    |  consumed      |  content (buf_len)  |  room               |
 *
 * Invariant: head <= tail <= cap; head == tail implies both are 0. A zeroed struct is an empty buffer.
 * Pointers into the content are valid until the next call that may grow it.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;
	size_t head, tail, cap;
};

void buf_done(struct buf *b);		/* frees; the buffer is empty and usable afterwards */
static inline size_t buf_len(const struct buf *b) { return b->tail - b->head; }
static inline uint8_t *buf_data(const struct buf *b) { return b->data ? b->data + b->head : NULL; }

/* At least n bytes of room at the tail; what is written there counts after buf_commit(). */
uint8_t *buf_reserve(struct buf *b, size_t n);
void buf_commit(struct buf *b, size_t n);
void buf_append(struct buf *b, const void *data, size_t n);
void buf_append_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void buf_consume(struct buf *b, size_t n);	/* n <= buf_len() */
void buf_clear(struct buf *b);			/* empties, keeps the memory */
/* Gives memory back when the buffer is empty. */
void buf_trim(struct buf *b);
/* The content as a NUL-terminated string that the caller owns; the buffer is empty afterwards. */
char *buf_take_string(struct buf *b);
/* The content as a NUL-terminated string, borrowed until the next change. */
const char *buf_string(struct buf *b);

#endif
