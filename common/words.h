/*
 * words.h - an argument vector as the text that a shell would take: to be shown, and compared.
 */
#ifndef COMMON_WORDS_H
#define COMMON_WORDS_H

#include <stddef.h>

struct buf;

/* One more word, behind a space when `out` has some. Of a long one about the first `max` bytes. Always valid UTF-8. */
void words_add(struct buf *out, const void *word, size_t n, size_t max);

#endif
